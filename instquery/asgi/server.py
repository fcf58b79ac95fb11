"""A server for the application: uvicorn, each reply in one write, slow requests cut off."""

import asyncio
import socket
from threading import Thread
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Self, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import RequestResponseCycle

from instquery.asgi.parser import BoundedProtocol
from instquery.errors import InstqueryError
from instquery.options import check_callable, check_kind, check_seconds, check_whole

__all__ = ["Server"]

_PATIENCE = 10.0  # seconds for a request's head to arrive


class _Joined:
    """A transport that joins what is written in one turn of the event loop.

    Head and body of a reply leave in one write.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Write with whatever else is written in this turn."""
        if not self._waiting:
            self._loop.call_soon(self._flush)
        self._waiting.append(data)

    def close(self) -> None:
        """Close, once everything is written."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._waiting:
            self._transport.write(b"".join(self._waiting))
            self._waiting.clear()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class _Protocol(BoundedProtocol):
    """HTTP/1.1 by uvicorn, with one write a reply and a time limit for heads."""

    _cut_off: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        # It has what is used.
        super().connection_made(_Joined(transport, self.loop))  # type: ignore[arg-type]
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_answering():
            self._stop_waiting()
        else:
            self._expect_head()

    def eof_received(self) -> bool:  # type: ignore[override]  # as asyncio declares it
        """Keep the connection for the answer to a client that has said all it has to say."""
        if self._is_answering():
            return True
        self.transport.close()  # here, as asyncio would not write what waits to be joined
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _is_answering(self) -> bool:
        """Tell whether a request has come whose reply is not written yet."""
        # Its types leave out that there is none at first.
        cycle = cast(RequestResponseCycle | None, self.cycle)
        return cycle is not None and not cycle.response_complete

    def _expect_head(self) -> None:
        if self._cut_off is None:
            self._cut_off = self.loop.call_later(_PATIENCE, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._cut_off is not None:
            self._cut_off.cancel()
            self._cut_off = None


class Server:
    """Serves an application over HTTP/1.1.

    In this thread with `run`, in one of its own as a context manager.

    Port 0 is any that is free; `port` says which. The end is graceful: what has begun is answered.
    """

    def __init__(
        self, app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0, grace: float = 5
    ) -> None:
        check_callable("app", app, "an awaitable, as ASGI has it")
        check_kind("host", host, str, "an address or a name of this machine")
        if not host:  # which sockets take for all addresses
            raise InstqueryError("host must not be empty: 0.0.0.0 listens on every address")
        check_whole("port", port, most=65_535)
        check_seconds("grace", grace, most=86_400)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((host, port))
            self._socket.listen(2048)  # whoever calls from now on is answered once the server runs
        except (OSError, ValueError, TypeError) as error:  # the latter two for what is no name
            self._socket.close()
            reason = getattr(error, "strerror", None) or error
            raise InstqueryError(f"cannot listen on {host}:{port}: {reason}") from error
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            app,
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=int(grace),
        )
        self._server = uvicorn.Server(config)
        self._thread: Thread | None = None

    @property
    def endpoint(self) -> str:
        """Host and port, as the official clients take them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def run(self) -> None:
        """Serve until the process is told to end (SIGINT or SIGTERM)."""
        self._server.run(sockets=[self._socket])

    def __enter__(self) -> Self:
        self._thread = Thread(target=self.run, name="instquery", daemon=True)
        self._thread.start()
        end = monotonic() + _PATIENCE
        while not self._server.started:
            if monotonic() > end or not self._thread.is_alive():
                raise InstqueryError("the server has not started")
            sleep(0.001)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()
        self._socket.close()
