"""The ASGI application: operations as the official clients ask for them."""

import logging
from asyncio import timeout
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, Unpack

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from instquery.apis.asking import Asking as Planned
from instquery.apis.catalog import Hosted
from instquery.apis.envelope import Reply
from instquery.apis.operation import Engine
from instquery.apis.served import Served
from instquery.asgi import tracing
from instquery.asgi.access import Exchange, SlowLog, log_access
from instquery.asgi.arguments import HostFacts, served_of
from instquery.asgi.keys import Keys
from instquery.asgi.metrics import Metrics, metrics_for
from instquery.asgi.openapi import describe
from instquery.asgi.refusals import Written, Wrong, failure, refused, reply_headers, written
from instquery.asgi.routes import Routes
from instquery.asgi.service import refused_by_router, service_routes
from instquery.asgi.signing import Denied, Gate, Signed
from instquery.asgi.wire import (
    MOST_BYTES,
    Headers,
    canonical_headers,
    checked_size,
    is_form,
    mounted_path,
    read_pairs,
    unsupported_body,
)
from instquery.options import check_callable, check_kind, check_seconds

__all__ = ["Application", "create_app", "read_body"]

_log = logging.getLogger(__name__)

_PATIENCE = 10  # seconds for a body to arrive
_LIGHT = 4_096  # bytes of a request that is read on the event loop; the usual one has 1,000
_HAS_BODY = frozenset({b"content-length", b"transfer-encoding"})


class Asking(NamedTuple):
    """A request that has been read: which operation is asked what, and by whom.

    `host` holds the facts that the operation asks of a host, and who walks through its pages. A
    large request is planned in a thread, as parsing what it asks for may take long already.
    """

    served: Served
    params: dict[str, str]
    host: dict[str, Any]
    is_large: bool


class Application:
    """Reads requests, finds out what they ask and who asks, and writes replies.

    It stands before `app`, which answers what is asked of `aside` paths alone: so the usual request
    passes no router.
    """

    def __init__(  # noqa: PLR0913 - made by `create_app` alone
        self,
        app: ASGIApp,
        *,
        aside: Iterable[str],
        routes: Routes,
        gate: Gate | None,
        facts: HostFacts,
        clock: Callable[[], datetime],
        slow: float,
        metrics: Metrics | None,
    ) -> None:
        self._app = app
        self._aside = frozenset(aside)
        self._routes = routes
        self._gate = gate
        self._facts = facts
        self._clock = clock
        self._slow = SlowLog(slow)
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; never raises."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope, path = _located(scope)
        if path in self._aside:
            await self._app(scope, receive, send)
            return

        exchange = Exchange(scope)
        span = tracing.begin(exchange)
        try:
            reply = await self._answer(exchange, path, receive)
            exchange.stop()
            if reply is not None:
                exchange.size = 0 if scope["method"] == "HEAD" else len(reply.octets)
                headers = reply_headers(reply)
                status, body = exchange.status, reply.octets[: exchange.size]
                await send({"type": "http.response.start", "status": status, "headers": headers})
                await send({"type": "http.response.body", "body": body})
        finally:
            tracing.end(span, exchange)
        await self._tell(exchange)

    async def _answer(self, exchange: Exchange, path: str, receive: Receive) -> Written | None:
        """Return the reply as octets, `None` where the client has gone. Never raises."""
        identity = exchange.request_id
        try:
            asking, caller = await self._read(path, exchange.scope, receive)
            operation = asking.served.operation
            exchange.is_read(operation, caller)
            reply = written(operation, await self._ask(asking, exchange))
        except Wrong as wrong:
            reply = refused(self._routes.at(path), wrong, identity)
        except ClientDisconnect:
            return None
        except Exception:
            _log.exception("the application failed, request %s", identity)
            reply = refused(exchange.operation or self._routes.at(path), failure(), identity)
        exchange.status = reply.status
        return reply

    async def _tell(self, exchange: Exchange) -> None:
        """Tell operators of a request that has been answered."""
        log_access(exchange)
        if self._metrics is not None:
            self._metrics.note(exchange)
        if self._slow.wants(exchange):
            await run_in_threadpool(self._slow.write, exchange)

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
        served, in_path = self._routes.find(scope["method"], path, params, headers)
        if in_path:
            params.update(in_path)
        host = served.host(self._facts.by_name, caller)
        if served.is_pinned:
            host["walker"] = served.walks_as(headers, caller, _peer(scope))
        return Asking(served, params, host, is_large), caller

    def _headers(self, scope: Scope) -> Headers:
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

    async def _ask(self, asking: Asking, exchange: Exchange) -> Reply:
        """Ask the operation: at once if that is sure to be brief, else in a thread."""
        if asking.is_large:
            return await run_in_threadpool(lambda: self._plan(asking, exchange).reply())

        planned = self._plan(asking, exchange)
        return planned.reply() if planned.brief else await run_in_threadpool(planned.reply)

    def _plan(self, asking: Asking, exchange: Exchange) -> Planned:
        """Read what a request asks for, and plan it."""
        served, params, host, _ = asking
        exchange.asking = served.operation.prepare(
            served.store,
            params,
            now=self._clock(),
            request_id=exchange.request_id,
            is_remote=True,
            **host,
        )
        return exchange.asking


def create_app(
    *served: Served | Engine | None,
    keys: Keys | Gate | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    slow: float = 0.1,
    metrics: bool | None = None,
    **named: Unpack[Hosted],
) -> Starlette:
    """Return an ASGI application that answers what these operations are asked.

    It may be mounted under a prefix. `/healthz` says that it is up, `/openapi.json` describes it,
    `/metrics` has its figures. `state.facts.replace` replaces facts while it runs.

    Args:
        served: operations with their stores, of any API; see `Served`. In their place there may be
            stores alone, of the APIs of the catalog in its order; `None` leaves one out.
        keys: the access keys that requests are signed with. The caller of a key is who asks.
            Without keys no signature is looked at. A `Gate` holds keys that can be replaced while
            the application runs.
        clock: tells the moment of each request, though not to signatures.
        slow: seconds from which a request is logged with its plan.
        metrics: whether there is `/metrics`; by default where the extra `metrics` is installed.
        named: stores by the name of an API in the catalog, such as `airec=` and `bss=`: the short
            form of `Served`. And facts that the rules of operations ask of their host, such as
            `directory=` and `products=`.

    Raises:
        InstqueryError: for anything else in their place, and for two operations that no request
            could tell apart.
        TypeError: for a name that is neither of an API nor of a fact.

    """
    if keys is not None:
        check_kind("keys", keys, (Keys, Gate), "an instance of Keys, as Keys.from_file makes it")
    check_callable("clock", clock, "a datetime")
    check_seconds("slow", slow)
    everything = served_of(served, named)
    gate = Gate(keys) if isinstance(keys, Keys) else keys
    facts = HostFacts(named, everything.values())
    return _assembled(everything, gate, facts, clock, slow, metrics)


def _assembled(
    everything: Mapping[str, Served],
    gate: Gate | None,
    facts: HostFacts,
    clock: Callable[[], datetime],
    slow: float,
    metrics: bool | None,  # noqa: FBT001
) -> Starlette:
    """Put an application together."""
    counting = metrics_for(everything, wanted=metrics)
    aside = service_routes(describe(everything.values()), counting)
    application = Middleware(
        Application,
        aside=[route.path for route in aside],
        routes=Routes(everything.values()),
        gate=gate,
        facts=facts,
        clock=clock,
        slow=slow,
        metrics=counting,
    )
    app = Starlette(
        routes=aside,
        middleware=[application],
        exception_handlers={HTTPException: refused_by_router},
    )
    app.state.facts = facts
    return app


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


def _located(scope: Scope) -> tuple[Scope, str]:
    """Return a request without scheme and host, and its path behind the prefix of a mount."""
    path = mounted_path(scope)
    whole = scope.get("root_path", "") + path
    return (scope if whole == scope["path"] else {**scope, "path": whole}), path


def _peer(scope: Scope) -> str | None:
    """Name whoever has the peer's address."""
    client = scope.get("client")
    return None if client is None else f"peer {client[0]}"
