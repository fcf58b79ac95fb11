"""The ASGI application: operations as the official clients ask for them."""

import json
import logging
from asyncio import timeout
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, NamedTuple, Unpack

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from instquery.apis.asking import Asking as Planned
from instquery.apis.catalog import CATALOG, Hosted
from instquery.apis.envelope import Reply, new_request_id
from instquery.apis.operation import Engine, Operation
from instquery.asgi.arguments import checked_names, facts_of, stores_of
from instquery.asgi.keys import Keys
from instquery.asgi.openapi import describe
from instquery.asgi.refusals import Wrong, failure, in_both_casings, refusal
from instquery.asgi.routes import Routes
from instquery.asgi.signing import Denied, Gate, Signed
from instquery.asgi.wire import (
    MOST_BYTES,
    bad_method,
    canonical_headers,
    checked_size,
    is_form,
    origin_path,
    read_pairs,
    unsupported_body,
)
from instquery.options import check_callable, check_kind

__all__ = ["Application", "create_app", "read_body"]

_access = logging.getLogger("instquery.access")
_log = logging.getLogger(__name__)

_PATIENCE = 10  # seconds for a body to arrive
_LIGHT = 4_096  # bytes of a request that is read on the event loop; the usual one has 1,000
_JSON = (b"content-type", b"application/json;charset=utf-8")
_HAS_BODY = frozenset({b"content-length", b"transfer-encoding"})


class Asking(NamedTuple):
    """A request that has been read: what is asked of which store, and by whom.

    A large one is planned in a thread, as parsing what it asks for may take long already.
    """

    operation: Operation
    store: Engine
    params: dict[str, str]
    host: dict[str, Any]
    is_large: bool


class Application:
    """Reads requests, finds out what they ask and who asks, and writes replies.

    It stands before `app`, which answers what is asked of `aside` paths alone: so the usual request
    passes no router.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        aside: Iterable[str],
        routes: Routes,
        gate: Gate | None,
        facts: Mapping[str, Any],
        clock: Callable[[], datetime],
    ) -> None:
        self._app = app
        self._aside = frozenset(aside)
        self._routes = routes
        self._gate = gate
        self._facts = facts
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; never raises."""
        path = _path(scope) if scope["type"] == "http" else None
        if path is None:
            await self._app(scope, receive, send)
            return
        if path in self._aside:
            await self._app({**scope, "path": scope.get("root_path", "") + path}, receive, send)
            return
        identity, start = new_request_id(), perf_counter()
        name, caller = "-", None
        try:
            asking, caller = await self._read(path, scope, receive)
            name = asking.operation.name
            reply = await self._ask(asking, identity)
            status, body = (
                reply.status,
                reply.body if reply.answer is not None else in_both_casings(reply.body),
            )
        except Wrong as wrong:
            status, body = wrong.status, refusal(wrong.code, wrong.reason, identity)
        except ClientDisconnect:
            return
        except Exception:
            _log.exception("the application failed, request %s", identity)
            failed = failure()
            status, body = failed.status, refusal(failed.code, failed.reason, identity)
        octets = _json(body)
        headers = [_JSON, (b"content-length", b"%d" % len(octets))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send(
            {"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else octets}
        )
        if _access.isEnabledFor(logging.INFO):
            milliseconds = round((perf_counter() - start) * 1000, 3)
            told = {
                "request_id": identity,
                "action": name,
                "status": status,
                "ms": milliseconds,
                "caller": caller,
            }
            record = _access.makeRecord(
                _access.name, logging.INFO, __file__, 0, _json(told).decode(), (), None, extra=told
            )
            _access.handle(record)  # made here, as `info` would look for who has called it

    async def _read(self, path: str, scope: Scope, receive: Receive) -> tuple[Asking, str | None]:
        """Read a request, a large one in a thread: decoding and signatures cost by its size.

        Returns what is asked, and the caller. Raises `Wrong`.
        """
        size = checked_size(path, scope)
        body = await read_body(scope, receive)
        if size + len(body) <= _LIGHT:
            return self._understand(path, scope, body, is_large=False)
        return await run_in_threadpool(self._understand, path, scope, body, is_large=True)

    def _understand(
        self, path: str, scope: Scope, body: bytes, *, is_large: bool
    ) -> tuple[Asking, str | None]:
        """Find out who asks, and which operation is meant. Raises `Wrong`."""
        headers = self._headers(scope)
        has_form = is_form(headers)
        query = read_pairs(scope["query_string"])
        form = read_pairs(body) if has_form else ()
        caller = None
        if self._gate is not None:
            signed = Signed(scope["method"], path, query, form, headers, body)
            try:
                caller = self._gate.admit(signed).caller
            except Denied as denied:
                raise Wrong(denied.status, denied.code, denied.reason) from None
        if body and not has_form:
            raise unsupported_body(headers)

        params = {name: value for name, value in query + form if value}
        operation, store = self._routes.find(path, params, headers)
        facts = self._facts if caller is None else {**self._facts, "caller": caller}
        host = {fact: value for fact, value in facts.items() if fact in operation.host}
        return Asking(operation, store, params, host, is_large), caller

    def _headers(self, scope: Scope) -> dict[str, str]:
        """Return the headers in the one form that is signed and read. Raises `Wrong`."""
        given = [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
        ]
        try:
            return canonical_headers(given)
        except Wrong as wrong:
            if self._gate is None:
                raise
            # Nothing tells which of two readings is the signed one.
            raise Wrong(403, "SignatureDoesNotMatch", f"Not as signed: {wrong.reason}") from None

    async def _ask(self, asking: Asking, identity: str) -> Reply:
        """Ask the operation: at once if that is sure to be brief, else in a thread."""
        if asking.is_large:
            return await run_in_threadpool(lambda: self._plan(asking, identity).reply())

        planned = self._plan(asking, identity)
        return planned.reply() if planned.brief else await run_in_threadpool(planned.reply)

    def _plan(self, asking: Asking, identity: str) -> Planned:
        """Read what a request asks for, and plan it."""
        operation, store, params, host, _ = asking
        return operation.prepare(
            store, params, now=self._clock(), request_id=identity, is_remote=True, **host
        )


def create_app(
    *stores: Engine | None,
    keys: Keys | Gate | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    **named: Unpack[Hosted],
) -> Starlette:
    """Return an ASGI application that answers what these stores hold.

    It may be mounted under a prefix. `/healthz` says that it is up, `/openapi.json` describes it.

    Args:
        stores: in the order of the catalog; `None` leaves an API out.
        keys: the access keys that requests are signed with. The caller of a key is who asks.
            Without keys no signature is looked at. A `Gate` holds keys that can be replaced while
            the application runs.
        clock: tells the moment of each request, though not to signatures.
        named: stores by their API's name, such as `airec=` and `bss=`; and facts that the rules
            of operations ask of their host, such as `directory=` and `products=`.

    Raises:
        InstqueryError: for anything else in their place.
        TypeError: for a name that is neither of an API nor of a fact.

    """
    if keys is not None:
        check_kind("keys", keys, (Keys, Gate), "an instance of Keys, as Keys.from_file makes it")
    check_callable("clock", clock, "a datetime")
    given = checked_names(named)
    served = [(CATALOG[name], store) for name, store in stores_of(stores, given).items()]
    aside = _aside(describe(api for api, _ in served))

    application = Middleware(
        Application,
        aside=[route.path for route in aside],
        routes=Routes(served),
        gate=Gate(keys) if isinstance(keys, Keys) else keys,
        facts=facts_of(given),
        clock=clock,
    )
    refused = {HTTPException: _refused}
    return Starlette(routes=aside, middleware=[application], exception_handlers=refused)


def _aside(document: dict[str, Any]) -> list[Route]:
    """Return the routes that are of no API: whether it is up, and its description."""

    async def openapi(_: Request) -> Response:
        return JSONResponse(document)

    async def healthy(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    return [Route("/healthz", healthy), Route("/openapi.json", openapi)]


async def _refused(_: Request, error: Exception) -> Response:
    """Answer a request that the router refuses, such as a POST to `/healthz`."""
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for these alone
    wrong = bad_method("GET")
    body = refusal(wrong.code, wrong.reason, new_request_id())
    return JSONResponse(body, error.status_code, error.headers)


def _json(value: object) -> bytes:
    """Write JSON.

    The fast library refuses what UTF-8 cannot hold, such as half of a surrogate pair.
    """
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """Read the body, but no more than is allowed. Raises `Wrong`."""
    # Before HTTP/2 a body without either of these headers does not exist.
    may_have_body = not scope.get("http_version", "1.1").startswith("1")
    if not may_have_body and not any(name in _HAS_BODY for name, _ in scope["headers"]):
        return b""
    parts: list[bytes] = []
    size = 0
    try:
        async with timeout(_PATIENCE):
            async for part in Request(scope, receive).stream():
                size += len(part)
                if size > MOST_BYTES:
                    raise Wrong(
                        413,
                        "RequestEntityTooLarge",
                        f"The body is larger than {MOST_BYTES} bytes: shorten it.",
                    )
                parts.append(part)
    except TimeoutError:
        raise Wrong(
            408, "RequestTimeout", f"The body has not come within {_PATIENCE} seconds: send it."
        ) from None
    return b"".join(parts)


def _path(scope: Scope) -> str:
    """Return the path of a request behind the prefix that the application is mounted under."""
    path, prefix = scope["path"], scope.get("root_path", "")
    return origin_path(path.removeprefix(prefix) if prefix else path)
