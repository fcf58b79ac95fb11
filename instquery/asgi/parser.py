"""The HTTP parser of the server: what is costly to parse is refused, and every refusal is JSON.

h11 parses a head, or the chunks of a body, in one go. The costs grow with their lines: 16,000
headers of one letter fit 64 KB and take 20 ms, during which nobody else is answered. So lines are
counted first.
"""

import re
from http import HTTPStatus
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from instquery.apis.envelope import new_request_id
from instquery.asgi.refusals import Wrong, refused, reply_headers
from instquery.asgi.wire import MOST_BYTES

__all__ = ["BoundedConnection", "BoundedProtocol"]

_HEAD = 2 * MOST_BYTES + 4_096  # bytes of a target, of headers, and of what stands around them
_TARGET = 2 * MOST_BYTES  # the application refuses more than half of it with a better message
_ESCAPES = 1_000  # of a path, which uvicorn decodes as soon as it has come: 20,000 take 5 to 20 ms
_HEADER_LINES = 256  # the application refuses more than 200 with a better message
_CHUNK_LINES = 1_000  # of chunks that have come and are not parsed: 500 chunks, 3 ms

_BLANK_LINE = re.compile(rb"\n\r?\n")

# Code and reason by HTTP status; 400 for all others.
_REASONS = {
    400: (
        "InvalidRequest",
        "The request is not valid HTTP/1.1: see its first line, where what is not ASCII must be "
        "percent-encoded, its headers and its body.",
    ),
    414: (
        "RequestURITooLarge",
        "Path and query string are too large, or the path has too many escapes: shorten them.",
    ),
    431: ("RequestHeaderFieldsTooLarge", "Target and headers are too large: send fewer headers."),
    501: ("NotImplemented", "The transfer coding is not supported: send Content-Length."),
}


class BoundedConnection(h11.Connection):
    """A connection that refuses a head or chunks of too many lines before they are parsed."""

    status = 400
    """The HTTP status of the refusal, once something is refused."""

    method = b""
    """The method of the last request."""

    def __init__(self) -> None:
        super().__init__(h11.SERVER, _HEAD)
        self._is_chunked = False
        self._is_checked = False

    def next_event(self) -> Any:
        """Return what has come next, as h11 does.

        Raises:
            RemoteProtocolError: for what is no HTTP, and for what would take long to parse.

        """
        try:
            self._check()
            event = super().next_event()
            if isinstance(event, h11.Request):
                self.method = event.method
                self._is_chunked = _is_chunked(event)
        except h11.RemoteProtocolError as error:
            self.status = error.error_status_hint if error.error_status_hint in _REASONS else 400
            raise
        # Behind data there is more of the same kind alone. What comes later follows NEED_DATA.
        if not isinstance(event, h11.Data):
            self._is_checked = False
        return event

    def _check(self) -> None:
        """Refuse what would take long to parse. Costs a copy of what has come, once."""
        if self._is_checked:
            return
        self._is_checked = True
        if self.their_state is h11.IDLE:
            _check_head(self.trailing_data[0])
        elif self.their_state is h11.SEND_BODY and self._is_chunked:
            _check_chunks(self.trailing_data[0])


class BoundedProtocol(H11Protocol):
    """uvicorn's protocol on such a connection, with JSON for what the parser refuses."""

    conn: BoundedConnection

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.conn = BoundedConnection()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's text is not told
        """Refuse what the parser has refused, in the shape of every error, and close."""
        state = self.conn.our_state
        self._silence_application()
        if state not in (h11.IDLE, h11.SEND_RESPONSE):  # it is answered already
            self.transport.close()
            return

        status = self.conn.status
        refusal = refused(None, Wrong(status, *_REASONS[status]), new_request_id())
        octets = refusal.octets
        headers = [*reply_headers(refusal), (b"connection", b"close")]
        response = h11.Response(
            status_code=status, headers=headers, reason=HTTPStatus(status).phrase.encode()
        )
        # Of a broken head no method is known; of a broken body it is.
        has_body = state is h11.IDLE or self.conn.method != b"HEAD"
        body = h11.Data(data=octets if has_body else b"")
        for event in (response, body, h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _silence_application(self) -> None:
        """Drop what the application may still say to a request whose body is broken.

        It has begun when the head had come. A second reply would be an error, logged at length.
        """
        # Its types leave out that there is none at first.
        cycle = cast(RequestResponseCycle | None, self.cycle)
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()

    def _should_upgrade(self) -> bool:
        """Never: another protocol may be asked for, and is not spoken here.

        Uvicorn would log two lines for each request that asks.
        """
        return False


def _is_chunked(request: h11.Request) -> bool:
    """Tell whether the body of a request comes in chunks.

    Raises `RemoteProtocolError` for one that has a length as well: a proxy may go by that, and find
    another end of the body, behind which a second request is hidden.
    """
    names = {name for name, _ in request.headers}
    if b"transfer-encoding" not in names:
        return False
    if b"content-length" in names:
        raise h11.RemoteProtocolError("two ends of a body", error_status_hint=400)
    return True


def _check_head(received: bytes) -> None:
    """Refuse a head that would take long to parse. Raises `RemoteProtocolError`."""
    end = _BLANK_LINE.search(received)
    head = received if end is None else received[: end.start()]
    target = head.partition(b"\n")[0]
    path = target.partition(b"?")[0]
    if len(target) > _TARGET or path.count(b"%") > _ESCAPES:
        raise h11.RemoteProtocolError("too long a path", error_status_hint=414)
    if len(head) > _HEAD or head.count(b"\n") > _HEADER_LINES:
        raise h11.RemoteProtocolError("too many or too large headers", error_status_hint=431)


def _check_chunks(received: bytes) -> None:
    """Refuse chunks, or what follows the last, that would take long to parse.

    Raises `RemoteProtocolError`.
    """
    if received.count(b"\n") > _CHUNK_LINES:
        raise h11.RemoteProtocolError("too many chunks", error_status_hint=400)
