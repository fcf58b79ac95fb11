"""Connections: bounded in number, in what they hold, and in how long they hold it."""

import asyncio
import resource
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import httpx
import pytest

from instquery import InstqueryError
from instquery.asgi import Server
from instquery.asgi import connections as room
from instquery.asgi import server as server_room
from instquery.asgi.connections import Connections

PATIENCE = 0.5
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def answering(size, served=None, delay=0.0):
    """Return an application that answers with so many octets."""

    async def app(scope, receive, send):
        if served is not None:
            served.append(scope["path"])
        time.sleep(delay)  # it is to hold the loop
        headers = [(b"content-length", b"%d" % size)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"x" * size})

    return app


@contextmanager
def serving(app, **options):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server_room, "_PATIENCE", PATIENCE)
        with Server(app, **options) as server:
            yield server


def connect(server, octets=b""):
    connection = socket.create_connection((server.host, server.port), timeout=5)
    if octets:
        connection.sendall(octets)
    return connection


def is_closed(connection):
    """Tell whether the other side has closed a connection, without waiting for more than 5 s."""
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def held(server):
    return server._server._held.held


def wait_until(claim, seconds=5.0):
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_connection_beyond_the_bound_is_closed_at_once_and_counted(caplog):
    with serving(answering(5), connections=3) as server:
        taken = [connect(server) for _ in range(3)]
        wait_until(lambda: held(server) == 3)
        start = time.perf_counter()
        for _ in range(50):
            with connect(server) as connection:
                assert is_closed(connection)
        assert time.perf_counter() - start < 5
        assert held(server) == 3
        assert server._server._held.refused == 50

        taken.pop().close()
        wait_until(lambda: held(server) == 2)
        assert httpx.get(f"http://{server.endpoint}").text == "xxxxx"
        wait_until(lambda: "closed at once" in caplog.text)
        for connection in taken:
            connection.close()
    lines = [record for record in caplog.records if "closed at once" in record.getMessage()]
    assert sum(int(record.getMessage().split()[0]) for record in lines) == 50
    assert len(lines) <= 1 + (time.perf_counter() - start)
    assert "more need a higher bound" in lines[0].getMessage()
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize(
    ("octets", "size"),
    [
        pytest.param(GET * 20, 150_000, id="large pages, pipelined"),
        pytest.param(GET, 20_000, id="few pages, pipelined"),
        pytest.param(GET, 3_000_000, id="one page"),
        pytest.param(
            GET.replace(b"Host", b"Connection: close\r\nHost"), 3_000_000, id="one that closes"
        ),
    ],
)
def test_who_never_reads_is_cut_off(octets, size):
    """Also while closing, and also where less waits than asyncio calls much."""
    with serving(answering(size)) as server:
        connections = [connect(server, octets * number) for number in range(1, 21)]
        wait_until(lambda: held(server) == 20)
        wait_until(lambda: held(server) == 0, PATIENCE + 7)  # 5 s where all fits into the system
        for connection in connections:
            connection.close()


def test_who_reads_slowly_but_in_time_gets_everything():
    with serving(answering(1_000_000)) as server, connect(server, GET) as connection:
        time.sleep(PATIENCE / 2)
        got = 0
        while got < 1_000_000:
            part = connection.recv(1 << 20)
            assert part, got
            got += len(part)


def test_who_had_to_be_waited_for_once_is_not_cut_off_later():
    with serving(answering(1_000_000)) as server, connect(server) as connection:
        for _ in range(3):
            connection.sendall(GET)
            time.sleep(PATIENCE * 0.6)
            got = 0
            while got < 1_000_000:
                part = connection.recv(1 << 20)
                assert part, got
                got += len(part)


def test_what_is_sent_ahead_is_bounded():
    with serving(answering(150_000)) as server:
        connection = connect(server)
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.sendall(GET * 1_000_000)
        (protocol,) = server._server.server_state.connections
        assert len(protocol.conn._receive_buffer) <= 262_144 + 65_536
        connection.close()


def test_requests_that_were_sent_ahead_take_turns_with_those_of_others():
    served = []
    with serving(answering(10, served, delay=0.002)) as server:
        ahead = b"GET /ahead HTTP/1.1\r\nHost: x\r\n\r\n" * 100
        connections = [connect(server, ahead) for _ in range(30)]
        wait_until(lambda: len(served) > 100)
        client = httpx.Client(base_url=f"http://{server.endpoint}")
        client.get("/other")
        for _ in range(5):
            before = len(served)
            client.get("/other")
            assert len(served) - before < 15, "it has waited for one of each other connection"
        for connection in connections:
            connection.close()


def test_all_that_was_sent_ahead_is_answered_in_order():
    served = []
    with serving(answering(10, served)) as server:
        paths = [f"/{number}" for number in range(300)]
        asked = [f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for path in paths]
        with connect(server) as connection:
            threading.Thread(target=connection.sendall, args=(b"".join(asked),)).start()
            told = b""
            while told.count(b"xxxxxxxxxx") < 300:
                told += connection.recv(1 << 20)
    assert served == paths


def test_who_resets_a_connection_gives_its_place_back():
    with serving(answering(5), connections=3) as server:
        for _ in range(10):
            connection = connect(server, GET[:9])
            wait_until(lambda: held(server) == 1)
            (protocol,) = server._server.server_state.connections
            reset = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
            connection.close()
            wait_until(lambda: held(server) == 0)
            assert (protocol._cut_off, protocol._stuck) == (None, None)
        assert server._server._held.refused == 0


@pytest.mark.parametrize("octets", [b"", GET])
def test_an_idle_connection_is_closed(octets):
    with serving(answering(5), idle=1) as server, connect(server, octets) as connection:
        start = time.perf_counter()
        while not is_closed(connection):
            assert time.perf_counter() - start < 4


@pytest.mark.parametrize(
    ("limit", "most"),
    [(None, 16_384), (1_000_000, 16_384), (1024, 796), (256, 128), (300, 150), (1, 1)],
)
def test_the_bound_is_below_the_limit_of_open_files(monkeypatch, limit, most):
    monkeypatch.setattr(room, "_limit", lambda: limit)
    assert Connections().most == most


def test_a_bound_above_the_limit_of_open_files_is_refused_with_the_cure(monkeypatch):
    monkeypatch.setattr(room, "_limit", lambda: 1024)
    with pytest.raises(InstqueryError, match=r"from 1 to 796, not 797: .* 1024 files .* ulimit -n"):
        Connections(797)
    for wrong in (0, -1, True, 1.5, "3"):
        with pytest.raises(InstqueryError, match="connections must be an integer from 1"):
            Connections(wrong)


def test_running_out_of_descriptors_is_one_line_a_second(caplog):
    connections = Connections(5)

    async def starve():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(connections.on_loop_error)
        context = {"message": "socket.accept() out of system resource", "exception": OSError(24)}
        for _ in range(500):
            loop.call_exception_handler(context)
        loop.call_exception_handler({"message": "another error"})
        await asyncio.sleep(1.2)
        loop.call_exception_handler(context)
        await asyncio.sleep(1.2)

    asyncio.run(starve())
    lines = [record.getMessage() for record in caplog.records]
    assert [line.split(":")[0] for line in lines] == [
        "another error",
        "no connection could be accepted, 500 times",
        "no connection could be accepted, 1 times",
    ]


STARVED = """
import resource, sys
from instquery.asgi import Server, create_app
from instquery.asgi import connections
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
if sys.argv[1] == "unbounded":
    connections._limit = lambda: None
server = Server(create_app())
print(server.port, flush=True)
server.run()
"""


@pytest.mark.parametrize("bound", ["bounded", "unbounded"])
def test_a_process_that_is_short_of_descriptors_recovers_and_says_little(tmp_path, bound):
    """Even if the bound is wrong: nothing is logged again and again."""
    log = tmp_path / "log"
    with (
        log.open("wb") as told,
        subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, "-c", STARVED, bound],
            stdout=subprocess.PIPE,
            stderr=told,
        ) as process,
    ):
        try:
            port = int(process.stdout.readline())
            crowd = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(120)]
            time.sleep(2.5)
            for connection in crowd:
                connection.close()
            assert httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=10).status_code == 200
        finally:
            process.kill()
    assert log.stat().st_size < 2_000, log.read_text()
    assert "Traceback" not in log.read_text()
    assert ("closed at once" if bound == "bounded" else "could be accepted") in log.read_text()


@pytest.mark.long
def test_ten_thousand_idle_and_six_hundred_silent_hold_nobody_up(tries):
    """The figures are those of `python -m benchmarks.connections`; here they are bounded widely."""
    measured = pytest.importorskip("benchmarks.connections")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    idle = tries(10_000, quick=300)
    if hard != resource.RLIM_INFINITY and hard < idle * 1.1 + 1_000:
        pytest.skip(f"needs more open files than {hard}")
    crowd = {"idle": idle, "silent": tries(600, quick=40), "clients": 8}
    try:
        for _ in range(3):  # what else runs on the machine may hold the clients up
            figures = measured.measure(records=2_000, seconds=1.5, **crowd)
            assert figures.errors == 0
            assert figures.idle_open == idle
            slowest = max(figures.burst_p99, figures.crowded_p99)
            if slowest < max(100, 10 * figures.quiet_p99):
                break
        else:
            pytest.fail(f"held up three times out of three: {figures}")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert figures.memory_after - figures.memory_before < 400
