"""A local double of the APIs for tests: real clients talk to it, over loopback or in process.

With pytest the fixture `instquery_double` is there once the extra `testing` is installed.
Elsewhere:

>>> with Double() as double:
...     double.airec.put({"instanceId": "i-1", "gmtCreate": "2026-01-01T00:00:00Z"})
...     double.endpoint.startswith("127.0.0.1:")
True
"""

from collections import deque
from datetime import UTC, datetime
from types import TracebackType
from typing import Self, Unpack, cast

from instquery.apis.catalog import CATALOG, Facts, join_installed, name_of
from instquery.apis.served import Served
from instquery.errors import InstqueryError
from instquery.extras import needing
from instquery.instants import Moment, to_datetime
from instquery.options import check_flag, check_kind, check_seconds, check_whole
from instquery.query import moment_of
from instquery.store import Store

with needing("testing", "the double"):
    import httpx
    from starlette.types import ASGIApp

    from instquery.asgi.app import create_app
    from instquery.asgi.keys import Keys
    from instquery.asgi.server import Server
    from instquery.asgi.signing import Gate
    from instquery.faults import Fault, Recorded, Recorder, tables_with

__all__ = ["Double", "Recorded", "Served"]


class Double:
    """APIs on a free port of this machine: those of the catalog, or any that are named.

    Their clock can be set. Faults are injected for the next calls by `fail`, `delay` and
    `throttle`; they apply one after the other.

    The store of an operation is an item by its name, such as `double["ListThings"]`, or by the name
    of its API in the catalog, such as `double["airec"]`, which is an attribute too:
    `double.airec`. Where a name is served in several versions it is `double["ListThings", "v2"]`.

    Args:
        served: operations with the stores that answer them; see `Served`. Without any, all APIs of
            the catalog, each with an empty store.
        keys: the access keys that requests must be signed with; none need be signed without them.
        strict: refuse parameters that the operation does not declare, which a real gateway ignores:
            status 400, and a message that names them.
        facts: what the rules of operations ask of their host, such as `directory=` and `products=`.

    Attributes:
        endpoint: host and port, what clients are pointed to.
        requests: what has come so far.

    """

    def __init__(
        self,
        *served: Served,
        keys: Keys | Gate | None = None,
        strict: bool = False,
        **facts: Unpack[Facts],
    ) -> None:
        check_flag("strict", strict)
        for one in served:
            check_kind("each of what is served", one, Served, "Served(operation, store)")
        join_installed()
        if not served:
            served = tuple(api.served(Store(api.operation.schema)) for api in CATALOG.values())
        self._served = served
        self.requests: list[Recorded] = []
        self._faults: deque[Fault] = deque()
        self._now: datetime | None = None
        app = create_app(*served, keys=keys, clock=self._clock, metrics=False, **facts)
        self.app: ASGIApp = Recorder(app, self.requests, self._faults, served, strict=strict)
        """The application itself, to be mounted or called."""
        self._server: Server | None = None

    def __repr__(self) -> str:
        stores = ", ".join(self._names())
        server: Server | None = vars(self).get("_server")
        place = "not served" if server is None else f"at {server.endpoint}"
        return f"<Double of {stores}, {place}>"

    def __getitem__(self, name: str | tuple[str, str]) -> Store:
        """Return the store of an operation, by its name, or by its name and version.

        Raises `KeyError` where there is none, and where the name alone is that of several.
        """
        wanted, version = name if isinstance(name, tuple) else (name, None)
        served = [one for one in self._served if name_of(one.operation) == wanted]
        served = served or [one for one in self._served if one.operation.name == wanted]
        if version is not None:
            served = [one for one in served if one.operation.version == version]
        if len(served) == 1:
            return cast(Store, served[0].store)
        if not served:
            raise KeyError(f"no {name!r} is served: there are {', '.join(self._names())}")

        versions = [one.operation.version for one in served]
        if len(set(versions)) < len(versions):
            raise KeyError(f"{name!r} is served at several paths: ask the stores that you gave")
        told = " or ".join(f"[{wanted!r}, {one!r}]" for one in versions)
        raise KeyError(f"{wanted!r} is served in several versions: ask for {told}")

    def __getattr__(self, name: str) -> Store:
        """Return the store of an API; called for what is no attribute otherwise."""
        # Nothing is served yet by one that is being copied.
        for one in vars(self).get("_served", ()):
            if name_of(one.operation) == name:
                return cast(Store, one.store)
        raise AttributeError(
            f"a double has no {name}: its stores are {', '.join(self._names())}",
            name=name,
            obj=self,
        )

    def __dir__(self) -> list[str]:
        """List the stores too."""
        return [*super().__dir__(), *self._names()]

    def _names(self) -> list[str]:
        """Return the names of what is served: by the catalog, else by the operation."""
        served: tuple[Served, ...] = vars(self).get("_served", ())
        return [name_of(one.operation) or one.operation.name for one in served]

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
        self,
        code: str,
        *,
        status: int | None = None,
        message: str = "Injected: a fault.",
        times: int = 1,
    ) -> None:
        """Let the next calls end in an error.

        Args:
            code: as the error table of an operation has it; any other needs a status.
            status: the HTTP status; that of the error table unless given.
            message: what the reply says.
            times: how many calls end so.

        Raises:
            InstqueryError: for what cannot be used.

        """
        check_kind("code", code, str, "the code of an error, as text")
        check_kind("message", message, str, "text")
        if status is not None:
            check_whole("status", status, least=200, most=599)
        elif not tables_with(code, [one.operation for one in self._served]):
            names = ", ".join(one.operation.name for one in self._served)
            raise InstqueryError(
                f"{code} is in no error table ({names}): give its status too, such as status=503"
            )
        check_whole("times", times, most=1_000_000)
        self._faults.extend([Fault(code, status, message, 0)] * times)

    def throttle(self, times: int = 1) -> None:
        """Let the next calls be refused as too many."""
        self.fail(
            "Throttling.User",
            status=400,
            message="Request was denied due to user flow control.",
            times=times,
        )

    def delay(self, seconds: float, times: int = 1) -> None:
        """Let the next calls be answered later."""
        check_seconds("seconds", seconds, most=86_400)
        check_whole("times", times, most=1_000_000)
        self._faults.extend([Fault(None, 200, "", seconds)] * times)

    def reset(self) -> None:
        """Empty the stores that take records, forget requests and faults, let the clock run."""
        for one in self._served:
            empty = getattr(one.store, "replace_all", None)
            if empty is not None:
                empty([])
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
