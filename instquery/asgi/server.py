"""A server for the application: uvicorn, with bounds on what a client may hold and for how long.

Theory of operation
===================

A connection is in one of these states, each with its end:

    state                                         ends, at the latest, after
    --------------------------------------------  --------------------------------------------
    nothing has come, or a part of a head         `_PATIENCE`: closed
    a head has come, the body is awaited          the application's own bound; refused at once
                                                  where the client ends its side
    a reply is being made                         the application
    octets of replies wait for the client         `_PATIENCE`, counted from when the first of
    (writing is paused), closing ones included    them had to wait: aborted
    replied, no next request                      `idle`: closed

While writing is paused, no further reply leaves: at most one is made and waits. While a request is
answered, no more is read than one piece (256 KB in asyncio): so pipelined requests are bounded.
They are answered in turns with those of other connections.
"""

import asyncio
import errno
import socket
from functools import partial
from threading import Thread
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Self, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import RequestResponseCycle

from instquery.asgi.connections import BACKLOG, Connections
from instquery.asgi.parser import BoundedProtocol
from instquery.errors import InstqueryError
from instquery.options import check_callable, check_kind, check_seconds, check_whole

__all__ = ["CONNECTIONS", "Server"]

CONNECTIONS = "instquery.connections"
"""The name by which a request's `state` has the server's connections."""

_PATIENCE = 10.0  # seconds for a request's head to arrive, and for replies to be taken
_UNSENT = 65_536  # octets that the system may hold for a client; Linux doubles that


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
    """HTTP/1.1 by uvicorn, with one write a reply and the bounds of this room."""

    _cut_off: asyncio.TimerHandle | None = None
    _stuck: asyncio.TimerHandle | None = None
    _is_admitted = False
    _has_more = False

    def __init__(self, *given: Any, held: Connections, **named: Any) -> None:
        super().__init__(*given, **named)
        self._held = held
        self.app_state = {**self.app_state, CONNECTIONS: held}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._is_admitted = self._held.admit()
        if not self._is_admitted:
            transport.abort()
            return

        # Writing counts as paused as soon as anything has to wait: so no unread octet, not even of
        # a connection that is being closed, escapes the timer.
        transport.set_write_buffer_limits(high=0)
        _narrow(transport)

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
        """Keep the connection for the answer to a client that has said all it has to say.

        A request whose body ends too soon is refused: nothing more comes.
        """
        if self._is_answering():
            if self.cycle.more_body:
                super().data_received(b"")  # by which h11 is told of the end
            return True
        self.transport.close()  # here, as asyncio would not write what waits to be joined
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._is_admitted:
            return
        self._held.leave()
        self._stop_waiting()
        self._stop_counting()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        # Uvicorn pauses reading where a further request has come before the reply.
        self._has_more = self.flow.read_paused
        super().on_response_complete()
        self._has_more = False

    def handle_events(self) -> None:
        if not self._has_more:
            super().handle_events()
            return
        self._has_more = False
        self._unset_keepalive_if_required()  # it has asked already
        self._held.turns.queue(self._go_on)

    def _go_on(self) -> None:
        if not self.transport.is_closing():
            self.handle_events()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._stuck is None:
            self._stuck = self.loop.call_later(_PATIENCE, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_counting()

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

    def _stop_counting(self) -> None:
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None


def _narrow(transport: asyncio.Transport) -> None:
    """Bound what the system takes over for a client that does not read."""
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _UNSENT)


class _Uvicorn(uvicorn.Server):
    """Uvicorn, its loop's errors handed to those who count them."""

    def __init__(self, config: uvicorn.Config, held: Connections) -> None:
        super().__init__(config)
        self._held = held

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().set_exception_handler(self._held.on_loop_error)
        await super().startup(sockets)


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens: who calls from now on is answered once the server runs."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except (OSError, ValueError, TypeError) as error:  # the latter two for what is no name
        listener.close()
        reason = getattr(error, "strerror", None) or error
        is_taken = getattr(error, "errno", None) == errno.EADDRINUSE
        cure = ": free the port, or take another (0 takes any)" if is_taken else ""
        raise InstqueryError(
            f"cannot listen on {host}:{port}: {reason}{cure}", code="server.address"
        ) from error
    return listener


class Server:
    """Serves an application over HTTP/1.1.

    In this thread with `run`, in one of its own as a context manager. The end is graceful: what has
    begun is answered.

    Args:
        app: the application.
        host: the address to listen on.
        port: 0 is any that is free; the attribute `port` says which.
        grace: seconds that requests have to end in, once the server is told to end.
        connections: how many it takes; one beyond them is closed at once. By default 16,384, or
            less where the limit of open files is low.
        idle: seconds that a connection is kept without a request.

    Raises:
        InstqueryError: for an option that cannot be, or an address that cannot be listened on.

    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        grace: float = 5,
        connections: int | None = None,
        idle: int = 5,
    ) -> None:
        check_callable("app", app, "an awaitable, as ASGI has it")
        check_kind("host", host, str, "an address or a name of this machine")
        if not host:  # which sockets take for all addresses
            raise InstqueryError("host must not be empty: 0.0.0.0 listens on every address")
        check_whole("port", port, most=65_535)
        check_seconds("grace", grace, most=86_400)
        check_whole("idle", idle, least=1, most=86_400)
        held = Connections(connections)
        self._socket = _listen(host, port)
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            app,
            http=cast(type[_Protocol], partial(_Protocol, held=held)),
            backlog=BACKLOG,
            timeout_keep_alive=idle,
            ws="none",
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=int(grace),
        )
        self._server = _Uvicorn(config, held)
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
                raise InstqueryError("the server has not started", code="server.stopped")
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
