"""A local double of the APIs for tests: real clients talk to it, over loopback or in process.

With pytest the fixture `instquery_double` is there once the extra `testing` is installed.
Elsewhere:

>>> with Double() as double:
...     double.airec.put({"instanceId": "i-1", "gmtCreate": "2026-01-01T00:00:00Z"})
...     double.endpoint.startswith("127.0.0.1:")
True
"""

import asyncio
import json
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import NamedTuple, Self, Unpack

import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from instquery.apis.catalog import CATALOG, Facts
from instquery.apis.envelope import new_request_id
from instquery.asgi.app import create_app, read_body
from instquery.asgi.keys import Keys
from instquery.asgi.refusals import Wrong, refusal
from instquery.asgi.server import Server
from instquery.asgi.signing import Gate
from instquery.asgi.wire import Pairs, is_form, origin_path, read_pairs
from instquery.errors import InstqueryError
from instquery.instants import Moment, to_datetime
from instquery.options import check_kind, check_seconds, check_whole
from instquery.query import moment_of
from instquery.store import Store

__all__ = ["Double", "Recorded"]


class Recorded(NamedTuple):
    """A request that was received: its parameters, and its headers in lower case."""

    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]


class Fault(NamedTuple):
    """What happens to a request in the place of an answer, or before it."""

    code: str | None
    status: int
    message: str
    delay: float


class Double:
    """The APIs of the catalog on a free port of this machine.

    Their stores are empty, to be filled; their clock can be set.

    The store of an API is an attribute by its name, such as `double.airec`, and an item:
    `double["airec"]`. Faults are injected for the next calls by `fail`, `delay` and `throttle`;
    they apply one after the other.

    Args:
        keys: the access keys that requests must be signed with; none need be signed without them.
        facts: what the rules of operations ask of their host, such as `directory=` and `products=`.

    Attributes:
        endpoint: host and port, what clients are pointed to.
        requests: what has come so far.

    """

    def __init__(self, *, keys: Keys | Gate | None = None, **facts: Unpack[Facts]) -> None:
        self._stores = {name: Store(api.operation.schema) for name, api in CATALOG.items()}
        self.requests: list[Recorded] = []
        self._faults: deque[Fault] = deque()
        self._now: datetime | None = None
        app = create_app(
            *self._stores.values(), keys=keys, clock=self._clock, metrics=False, **facts
        )
        self.app: ASGIApp = _Recorder(app, self.requests, self._faults)
        """The application itself, to be mounted or called."""
        self._server: Server | None = None

    def __repr__(self) -> str:
        stores = ", ".join(vars(self).get("_stores", {}))
        server: Server | None = vars(self).get("_server")
        place = "not served" if server is None else f"at {server.endpoint}"
        return f"<Double of {stores}, {place}>"

    def __getitem__(self, name: str) -> Store:
        """Return the store of an API, by its name in the catalog."""
        return self._stores[name]

    def __getattr__(self, name: str) -> Store:
        """Return the store of an API; called for what is no attribute otherwise."""
        # Not there yet in one that is being copied.
        stores: dict[str, Store] = vars(self).get("_stores", {})
        if name not in stores:
            raise AttributeError(
                f"a double has no {name}: its stores are {', '.join(stores)}", name=name, obj=self
            )
        return stores[name]

    def __dir__(self) -> list[str]:
        """List the stores too."""
        return [*super().__dir__(), *self._stores]

    @property
    def endpoint(self) -> str:
        """Host and port, as the official clients take them.

        There is one between entering and leaving alone.
        """
        if self._server is None:
            raise InstqueryError(
                "the double is not being served: use it as a context manager",
                code="server.stopped",
            )
        return self._server.endpoint

    @property
    def url(self) -> str:
        """The same with a scheme."""
        return f"http://{self.endpoint}"

    def set_clock(self, now: Moment | None) -> None:
        """Stop the clock at a moment, and let it run again for `None`.

        Raises `QueryError` for what is no moment.
        """
        self._now = None if now is None else to_datetime(moment_of(now))

    def fail(
        self, code: str, *, status: int = 400, message: str = "Injected: a fault.", times: int = 1
    ) -> None:
        """Let the next calls end in an error."""
        check_kind("code", code, str, "the code of an error, as text")
        check_kind("message", message, str, "text")
        check_whole("status", status, least=200, most=599)
        check_whole("times", times, most=1_000_000)
        self._faults.extend([Fault(code, status, message, 0)] * times)

    def throttle(self, times: int = 1) -> None:
        """Let the next calls be refused as too many."""
        self.fail(
            "Throttling.User", message="Request was denied due to user flow control.", times=times
        )

    def delay(self, seconds: float, times: int = 1) -> None:
        """Let the next calls be answered later."""
        check_seconds("seconds", seconds, most=86_400)
        check_whole("times", times, most=1_000_000)
        self._faults.extend([Fault(None, 200, "", seconds)] * times)

    def reset(self) -> None:
        """Empty the stores, forget requests and faults, let the clock run."""
        for store in self._stores.values():
            store.replace_all([])
        self.requests.clear()
        self._faults.clear()
        self._now = None

    def transport(self) -> httpx.ASGITransport:
        """Return a transport for `httpx.AsyncClient` that needs no socket."""
        return httpx.ASGITransport(app=self.app)

    def __enter__(self) -> Self:
        self._server = Server(self.app).__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.__exit__(kind, error, trace)
            self._server = None

    def _clock(self) -> datetime:
        return datetime.now(UTC) if self._now is None else self._now


class _Recorder:
    """Notes each request that the application answers, and lets faults happen to it."""

    def __init__(self, app: ASGIApp, requests: list[Recorded], faults: deque[Fault]) -> None:
        self._app, self._requests, self._faults = app, requests, faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or origin_path(scope["path"]) in ("/healthz", "/openapi.json"):
            await self._app(scope, receive, send)
            return
        body: list[bytes] = []
        fault = self._faults.popleft() if self._faults else None

        async def listen() -> Message:
            message = await receive()
            body.append(message.get("body", b""))
            return message

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._requests.append(_recorded(scope, b"".join(body)))
            await send(message)

        if fault is not None:
            await asyncio.sleep(fault.delay)
        if fault is None or fault.code is None:
            await self._app(scope, listen, answer)
            return
        with suppress(Wrong):
            await read_body(scope, listen)
        await _refuse(answer, fault)


def _recorded(scope: Scope, body: bytes) -> Recorded:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    params = dict(_read(scope["query_string"]) + (_read(body) if is_form(headers) else ()))
    return Recorded(scope["method"], origin_path(scope["path"]), params, headers)


def _read(text: bytes) -> Pairs:
    """Read parameters as the application does, which refuses what cannot be read."""
    try:
        return read_pairs(text)
    except Wrong:
        return ()


async def _refuse(send: Send, fault: Fault) -> None:
    """Answer with a fault, in the shape of any API."""
    body = refusal(fault.code or "", fault.message, new_request_id())
    octets = json.dumps(body).encode()
    headers = [
        (b"content-type", b"application/json;charset=utf-8"),
        (b"content-length", str(len(octets)).encode()),
    ]
    await send({"type": "http.response.start", "status": fault.status, "headers": headers})
    await send({"type": "http.response.body", "body": octets})
