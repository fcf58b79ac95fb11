"""The HTTP face: both operations as the official clients ask for them, an application to be mounted anywhere."""

import json
import logging
from asyncio import timeout
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, NamedTuple, cast
from urllib.parse import parse_qsl
from uuid import uuid4

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from instquery.apis import airec, bss
from instquery.apis.envelope import Reply
from instquery.apis.operation import Engine, Operation
from instquery.asgi.keys import Keys
from instquery.asgi.openapi import describe
from instquery.asgi.signing import Denied, Gate, Pairs, Signed
from instquery.errors import InstqueryError
from instquery.options import check_callable, check_kind, told
from instquery.schema import Schema

__all__ = ["FORM", "Face", "Wrong", "create_app", "read_body", "refusal"]

_access = logging.getLogger("instquery.access")
_log = logging.getLogger(__name__)

_BODY = 65_536  # bytes of a form; the longest documented one has a hundred IDs
_PARAMETERS = 1_000
_HEADERS = 200
_PATIENCE = 10  # seconds for a body to arrive
FORM = "application/x-www-form-urlencoded"
_JSON = (b"content-type", b"application/json;charset=utf-8")
_HAS_BODY = frozenset({b"content-length", b"transfer-encoding"})
_ROA_PATH = "/v2/openapi/instances"


class Wrong(InstqueryError):  # noqa: N818 - it becomes the reply
    """A request that is refused before any operation sees it; `code` is the API's."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class Asking(NamedTuple):
    """A request that has been read: what is asked of which store, and by whom."""

    operation: Operation
    store: Engine
    params: dict[str, str]
    host: dict[str, Any]


class Face:
    """Reads requests, finds out what they ask and who asks, and writes replies.

    It stands before `app`, which answers what is asked of `aside` paths alone: so the usual request passes no router.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        aside: Iterable[str],
        stores: Iterable[tuple[Operation, Engine]],
        keys: Keys | None,
        facts: Mapping[str, Any],
        clock: Callable[[], datetime],
    ) -> None:
        self._app = app
        self._aside = frozenset(aside)
        self._actions = {operation.name: (operation, store) for operation, store in stores}
        self._gate = None if keys is None else Gate(keys)
        self._facts = {name: fact for name, fact in facts.items() if fact is not None}
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; never raises."""
        path = _path(scope) if scope["type"] == "http" else None
        if path is None or path in self._aside:
            await self._app(scope, receive, send)
            return
        identity, start = str(uuid4()).upper(), perf_counter()
        name, caller = "-", None
        try:
            asking, caller = await self._read(path, scope, receive)
            name = asking.operation.name
            reply = await self._ask(asking, identity)
            status, body = reply.status, reply.body if reply.answer is not None else _in_both_casings(reply.body)
        except Wrong as wrong:
            status, body = wrong.status, refusal(wrong.code, wrong.reason, identity)
        except ClientDisconnect:
            return
        except Exception:
            _log.exception("the face failed, request %s", identity)
            fault = _BSS.errors[_BSS.internal]
            status, body = fault.status, refusal(_BSS.internal, fault.message, identity)
        octets = _json(body)
        headers = [_JSON, (b"content-length", b"%d" % len(octets))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else octets})
        if _access.isEnabledFor(logging.INFO):
            milliseconds = round((perf_counter() - start) * 1000, 3)
            told = {"request_id": identity, "action": name, "status": status, "ms": milliseconds, "caller": caller}
            record = _access.makeRecord(
                _access.name, logging.INFO, __file__, 0, _json(told).decode(), (), None, extra=told
            )
            _access.handle(record)  # made here, as `info` would look for who has called it

    async def _read(self, path: str, scope: Scope, receive: Receive) -> tuple[Asking, str | None]:
        """Read a request, find out who asks, and which operation is meant. Raises `Wrong`."""
        if scope["method"] not in ("GET", "POST"):
            raise Wrong(405, "UnsupportedHTTPMethod", "Specified HTTP method is not supported: use GET or POST.")
        if len(scope["headers"]) > _HEADERS:
            raise Wrong(431, "RequestHeaderFieldsTooLarge", f"There are more than {_HEADERS} headers: send fewer.")
        body = await read_body(scope, receive)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        query = _pairs(scope["query_string"])
        form = _pairs(body) if headers.get("content-type", "").lower().startswith(FORM) else ()
        caller = None
        if self._gate is not None:
            signed = Signed(scope["method"], path, query, form, headers, body)
            try:
                caller = self._gate.admit(signed).caller
            except Denied as denied:
                raise Wrong(403, denied.code, denied.reason) from None
        params = {name: value for name, value in query + form if value}
        operation, store = self._meant(path, params, headers)
        facts = self._facts if caller is None else {**self._facts, "caller": caller}
        host = {fact: value for fact, value in facts.items() if fact in operation.host}
        return Asking(operation, store, params, host), caller

    def _meant(self, path: str, params: Mapping[str, str], headers: Mapping[str, str]) -> tuple[Operation, Engine]:
        """Find the operation that a request means: by its path, or by its action. Raises `Wrong`."""
        if path == _ROA_PATH:
            if airec.list_instance.name in self._actions:
                return self._actions[airec.list_instance.name]
        elif path in ("", "/"):
            action = params.get("Action") or headers.get("x-acs-action", "")
            name = action[:1].upper() + action[1:]
            if name in self._actions and name != airec.list_instance.name:
                return self._actions[name]
            raise Wrong(400, "InvalidAction.NotFound", "Specified api is not found: check the action and its version.")
        raise Wrong(404, "InvalidApi.NotFound", "Specified api is not found: check the path.")

    async def _ask(self, asking: Asking, identity: str) -> Reply:
        """Ask the operation: at once if that is sure to be brief, else in a thread."""
        operation, store, params, host = asking
        prepared = operation.prepare(store, params, now=self._clock(), request_id=identity, **host)
        if prepared.brief:
            return prepared.reply()
        return await run_in_threadpool(prepared.reply)


def create_app(
    airec: Engine | None = None,
    bss: Engine | None = None,
    *,
    keys: Keys | None = None,
    directory: Mapping[str, object] | None = None,
    products: object = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Starlette:
    """Return the face of these stores as an ASGI application, which may be mounted under a prefix.

    With `keys` every request must be signed with one of them, and the key's caller is who asks; without, no
    signature is looked at. `directory` and `products` are facts for the rules of QueryAvailableInstances,
    `clock` tells the moment of each request, though not to signatures. `/healthz` says that the face is up,
    `/openapi.json` describes it. Raises `InstqueryError` for anything else in their place.
    """
    _check_options(keys, directory, products, clock)
    _check_store("airec", airec, _AIREC)
    _check_store("bss", bss, _BSS)
    stores = [(operation, store) for operation, store in ((_AIREC, airec), (_BSS, bss)) if store is not None]
    document = describe((operation, _PATHS[operation.name]) for operation, _ in stores)

    async def openapi(_: Request) -> Response:
        return JSONResponse(document)

    async def healthy(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    routes = [Route("/healthz", healthy), Route("/openapi.json", openapi)]
    facts = {"directory": directory, "products": products}
    face = Middleware(Face, aside=[route.path for route in routes], stores=stores, keys=keys, facts=facts, clock=clock)
    return Starlette(routes=routes, middleware=[face])


def _check_options(keys: object, directory: object, products: object, clock: object) -> None:
    """Refuse what a face cannot work with, before the first request does."""
    if keys is not None:
        check_kind("keys", keys, Keys, "an instance of Keys, as Keys.from_file makes it")
    if directory is not None:
        wanted = "a mapping of owner IDs to callers, such as bss.Directory"
        if isinstance(directory, type) or not callable(getattr(directory, "get", None)):
            raise InstqueryError(f"directory must be {wanted}, not {told(directory)}")
        if type(directory) is dict:  # any other may look its callers up elsewhere
            bss.Directory(cast(dict[str, bss.Caller], directory))
    if products is not None:
        bss.check_products(products)
    check_callable("clock", clock, "a datetime")


def _check_store(name: str, store: object, operation: Operation) -> None:
    """Refuse what an operation cannot ask; a store says by its schema whose records it holds."""
    if store is None:
        return
    if isinstance(store, type) or not callable(getattr(store, "page", None)):
        given = told(store)
        raise InstqueryError(f"{name} must be a store with the records of {operation.name}, not {given}")

    schema = getattr(store, "schema", None)
    if isinstance(schema, Schema) and schema.key != operation.schema.key:
        wanted = f"{operation.name} asks for records by {operation.schema.key}"
        raise InstqueryError(f"{name}: {wanted}, and this store holds them by {schema.key}")


_AIREC, _BSS = airec.list_instance, bss.query_available_instances
_PATHS = {_AIREC.name: _ROA_PATH, _BSS.name: "/"}


def _json(value: object) -> bytes:
    """Write JSON; the fast library refuses what UTF-8 cannot hold, such as half of a surrogate pair."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """Read the body, but no more than is allowed. Raises `Wrong`."""
    if not any(name in _HAS_BODY for name, _ in scope["headers"]):
        return b""
    parts: list[bytes] = []
    size = 0
    try:
        async with timeout(_PATIENCE):
            async for part in Request(scope, receive).stream():
                size += len(part)
                if size > _BODY:
                    raise Wrong(413, "RequestEntityTooLarge", f"The body is larger than {_BODY} bytes: shorten it.")
                parts.append(part)
    except TimeoutError:
        raise Wrong(408, "RequestTimeout", f"The body has not come within {_PATIENCE} seconds: send it.") from None
    return b"".join(parts)


def _pairs(text: bytes) -> Pairs:
    """Read parameters; what is no valid percent-encoding or UTF-8 is taken as it stands. Raises `Wrong`."""
    if not text:
        return ()
    try:
        found = parse_qsl(text.decode("latin-1"), keep_blank_values=True, errors="replace", max_num_fields=_PARAMETERS)
    except ValueError:
        raise Wrong(400, "InvalidParameter", f"There are more than {_PARAMETERS} parameters: send fewer.") from None
    return tuple(found)


def _path(scope: Scope) -> str:
    """Return the path that a request has behind any prefix that the face is mounted under."""
    path, prefix = scope["path"], scope.get("root_path", "")
    return str(path.removeprefix(prefix) if prefix else path)


def refusal(code: str, message: str, identity: str) -> dict[str, Any]:
    """Return the body of a request that no operation has answered."""
    return _in_both_casings({"Code": code, "Message": message, "RequestId": identity})


def _in_both_casings(body: Mapping[str, Any]) -> dict[str, Any]:
    """Give the members of a failure both of the spellings that clients read."""
    whole = dict(body)
    for upper in ("Code", "Message", "RequestId"):
        lower = upper[:1].lower() + upper[1:]
        value = body.get(upper, body.get(lower))
        whole |= {upper: value, lower: value}
    return whole
