"""Requests that end badly or in two places: refused in one reply, and never logged at length."""

import json
import logging
import socket
import struct
import time

import h11
import pytest

from instquery import Store
from instquery.apis import airec, bss
from instquery.asgi import Server, create_app
from instquery.asgi.parser import BoundedConnection
from instquery.testing import Double

ROA = b"/v2/openapi/instances"
HOST = b"Host: x\r\n"
CHUNKED = HOST + b"Transfer-Encoding: chunked\r\n"
MEMBERS = ("Code", "Message", "RequestId", "code", "message", "requestId")


@pytest.fixture(scope="module")
def server():
    app = create_app(airec=Store(airec.SCHEMA), bss=Store(bss.SCHEMA))
    with Server(app) as server:
        yield server


@pytest.fixture(autouse=True)
def _whole_log(server, caplog):
    """Note what the server logs by itself, which no other handler is given."""
    log = logging.getLogger("uvicorn.error")
    log.addHandler(caplog.handler)
    yield
    log.removeHandler(caplog.handler)


def connect(server):
    host, port = server.endpoint.split(":")
    return socket.create_connection((host, int(port)), timeout=5)


def talk(server, octets, *, ends=True):
    """Send octets, and return all that comes until the other side closes."""
    with connect(server) as connection:
        connection.sendall(octets)
        if ends:
            connection.shutdown(socket.SHUT_WR)
        told = b""
        while part := connection.recv(65_536):
            told += part
    return told


def refused(told):
    """Return the status of the only reply, whose body is a refusal in JSON."""
    assert told.count(b"HTTP/1.1 ") == 1, told
    head, _, body = told.partition(b"\r\n\r\n")
    assert b"content-type: application/json" in head
    assert all(json.loads(body)[name] for name in MEMBERS)
    return int(head.split(b" ")[1])


def tracebacks(caplog):
    return [record for record in caplog.records if record.exc_info]


BROKEN = {
    "one of no digits": b"zz\r\n",
    "one behind a whole one": b"3\r\nabc\r\n-1\r\n",
    "one that is longer than it says": b"1\r\nabc\r\n",
    "a large one before": b"11170\r\n" + b"a" * 70_000 + b"\r\nzz\r\n",
    "trailers that are none": b"0\r\n \r\n\r\n",
}


@pytest.mark.parametrize("chunks", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("target", [b"/", b"/healthz", b"/openapi.json", b"/gone"])
@pytest.mark.parametrize("method", [b"GET", b"PUT", b"HEAD"])
def test_a_broken_chunk_is_refused_once_by_whomever(server, caplog, method, target, chunks):
    """The application may be about to answer: it says no more, and nothing fails inside."""
    told = talk(server, method + b" " + target + b" HTTP/1.1\r\n" + CHUNKED + b"\r\n" + chunks)
    if method == b"HEAD":
        assert told.count(b"HTTP/1.1 ") == 1
        assert told.split(b" ")[1] in (b"400", b"405", b"404", b"200")
        assert told.endswith(b"\r\n\r\n"), "a reply to HEAD has no body"
    elif told.startswith(b"HTTP/1.1 200"):
        assert told.count(b"HTTP/1.1 ") == 1
    else:
        assert refused(told) in (400, 405, 413, 404)
    assert not tracebacks(caplog)


def test_what_breaks_behind_a_reply_ends_the_connection_without_a_second_one(server, caplog):
    with connect(server) as connection:
        connection.sendall(b"PUT / HTTP/1.1\r\n" + CHUNKED + b"\r\n")
        assert refused(connection.recv(65_536)) == 405
        connection.sendall(b"zz\r\n")
        assert connection.recv(65_536) == b""
    assert not tracebacks(caplog)


def test_what_is_no_request_has_a_refusal_with_a_body_behind_a_head_request_too(server):
    with connect(server) as connection:
        connection.sendall(b"HEAD / HTTP/1.1\r\n" + HOST + b"\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 405")
        connection.sendall(b"garbage\r\n\r\n")
        assert refused(connection.recv(65_536)) == 400


@pytest.mark.parametrize("order", [1, -1])
def test_a_body_with_a_length_and_chunks_is_refused(server, order):
    """A proxy that goes by the length would take what is behind the chunks for a body."""
    ends = [b"Content-Length: 4\r\n", b"Transfer-Encoding: chunked\r\n"][::order]
    hidden = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
    octets = b"POST / HTTP/1.1\r\n" + HOST + b"".join(ends) + b"\r\n0\r\n\r\n" + hidden
    assert refused(talk(server, octets)) == 400


@pytest.mark.parametrize(
    "octets",
    [
        HOST + b"Content-Length: 100\r\n\r\nabc",
        HOST + b"Content-Length: 100\r\nExpect: 100-continue\r\n\r\n",
        CHUNKED + b"\r\n3\r\nabc\r\n",
        CHUNKED + b"\r\n" + b"f" * 20 + b"\r\nabc\r\n",
        CHUNKED + b"\r\n3;a=",
    ],
)
def test_who_ends_in_the_middle_of_a_body_is_not_waited_for(server, caplog, octets):
    start = time.monotonic()
    told = talk(server, b"POST / HTTP/1.1\r\n" + octets).removeprefix(
        b"HTTP/1.1 100 Continue\r\n\r\n"
    )
    assert refused(told) == 400
    assert time.monotonic() - start < 5
    assert not tracebacks(caplog)


@pytest.mark.parametrize("protocol", [b"websocket", b"h2c", b"TLS/1.2"])
def test_another_protocol_is_not_spoken_and_no_line_is_logged(server, caplog, protocol):
    upgrade = b"Connection: upgrade, close\r\nUpgrade: " + protocol + b"\r\n"
    octets = b"GET /healthz HTTP/1.1\r\n" + HOST + upgrade + b"\r\n"
    with caplog.at_level(logging.INFO):
        assert talk(server, octets, ends=False).startswith(b"HTTP/1.1 200")
    assert not caplog.records


def test_a_target_beyond_all_bounds_is_told_from_large_headers(server):
    for size in (70_000, 140_000):
        octets = b"GET " + ROA + b"?" + b"a" * size + b" HTTP/1.1\r\n" + HOST
        assert refused(talk(server, octets + b"Connection: close\r\n\r\n")) == 414


def test_lines_behind_a_head_of_bare_line_feeds_are_no_headers(server):
    body = b"size=1&x=" + b"\n" * 3_000
    head = b"POST " + ROA + b" HTTP/1.1\nHost: x\nConnection: close\nContent-Length: %d\n\n"
    assert talk(server, head % len(body) + body).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_head_beyond_the_bound_is_not_parsed(is_whole):
    connection = BoundedConnection()
    end = b"\r\n\r\n" if is_whole else b""
    connection.receive_data(b"GET / HTTP/1.1\r\nHost: x\r\na: " + b"x" * 200_000 + end)
    with pytest.raises(h11.RemoteProtocolError, match="too large headers"):
        connection.next_event()
    assert connection.status == 431


@pytest.mark.parametrize("is_strict", [True, False])
@pytest.mark.parametrize("body", [b"Content-Length: 100\r\n\r\nabc", CHUNKED + b"\r\n3\r\nabc\r\n"])
def test_a_client_that_leaves_a_double_is_no_failure(caplog, is_strict, body):
    with Double(strict=is_strict) as double:
        # Starting a server resets the handlers of this log.
        logging.getLogger("uvicorn.error").addHandler(caplog.handler)
        double.fail("Gone", status=503, times=0 if is_strict else 1)
        with connect(double) as connection:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n" + body.removeprefix(HOST))
            time.sleep(0.1)
            reset = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        end = time.monotonic() + 5
        while double._server._server._held.held and time.monotonic() < end:
            time.sleep(0.01)  # until it has noticed
        with connect(double) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n")
            assert connection.recv(999).startswith(b"HTTP/1.1 200")
    assert not tracebacks(caplog)
    assert double.requests == []
