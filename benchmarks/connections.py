"""Idle and silent clients: what they cost the others, and how much memory.

Some clients go on asking, first alone, then beside many connections that are idle and many that ask
for pages and never read: `python -m benchmarks.connections --idle 10000 --silent 600`. The server's
patience is longer here than it is by default, so that the crowd stays while it is measured.
"""

import argparse
import multiprocessing
import re
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import count
from typing import Any, NamedTuple

import psutil

__all__ = ["Figures", "main", "measure"]

_PAGE = "/?Action=QueryAvailableInstances&PageSize=300"
_ASKED = "/?Action=QueryAvailableInstances"
_PIPELINED = 300  # requests that a silent client sends at once


class Figures(NamedTuple):
    """Latencies in milliseconds, and the memory of the server in MB."""

    quiet_p50: float
    quiet_p99: float
    burst_p99: float
    crowded_p50: float
    crowded_p99: float
    errors: int
    memory_before: float
    memory_after: float
    idle_open: int
    silent_open: int


def main() -> int:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.connections", description=__doc__)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--idle", type=int, default=10_000, help="connections that say nothing")
    parser.add_argument("--silent", type=int, default=600, help="clients that ask and never read")
    parser.add_argument("--clients", type=int, default=8, help="clients that go on asking")
    parser.add_argument("--seconds", type=float, default=5, help="how long they ask, each time")
    parser.add_argument("--limit", type=int, default=65_536, help="open files of each process")
    options = parser.parse_args()
    figures = measure(**vars(options))
    for name, value in figures._asdict().items():
        print(f"{name:>14} {value:10,.2f}")  # noqa: T201 - the report
    return 0


def measure(
    *, records: int, idle: int, silent: int, clients: int, seconds: float, limit: int = 65_536
) -> Figures:
    """Start a server, crowd it, and measure those that go on asking."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))

    command = [sys.executable, "-m", "benchmarks.connections_server", str(records)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        try:
            found = re.search(r"127.0.0.1:(\d+)", process.stdout.readline())
            assert found is not None
            server = psutil.Process(process.pid)
            return _measured(int(found[1]), server, idle, silent, clients, seconds)
        finally:
            process.kill()


def _measured(
    port: int, server: psutil.Process, idle: int, silent: int, clients: int, seconds: float
) -> Figures:
    quiet = _asked(port, clients, seconds)
    before = server.memory_info().rss

    idles = _opened(port, idle, b"")
    octets = f"GET {_PAGE} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * _PIPELINED
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        pool.apply(_ask, (port, 1, 0.1))  # it is there before the burst begins
        asking = pool.apply_async(_ask, (port, clients, 3))
        silents = _opened(port, silent, octets)
        burst = asking.get()
    crowded = _asked(port, clients, seconds)

    figures = Figures(
        _quantile(quiet, 0.5),
        _quantile(quiet, 0.99),
        _quantile(burst, 0.99),
        _quantile(crowded, 0.5),
        _quantile(crowded, 0.99),
        sum(time < 0 for time in [*quiet, *burst, *crowded]),
        before / 1e6,
        server.memory_info().rss / 1e6,
        sum(map(_is_open, idles)),
        sum(map(_is_open, silents)),
    )
    for connection in [*idles, *silents]:
        connection.close()
    return figures


def _opened(port: int, number: int, octets: bytes) -> list[socket.socket]:
    """Open connections, and send each of them the same, as far as it is taken."""
    opened = []
    for _ in range(number):
        connection = socket.create_connection(("127.0.0.1", port), timeout=20)
        connection.settimeout(0)
        if octets:
            connection.send(octets)
        opened.append(connection)
    return opened


def _is_open(connection: socket.socket) -> bool:
    """Tell whether the other side still holds a connection, without reading from it."""
    try:
        return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == 1  # established
    except OSError:
        return False


def _asked(port: int, clients: int, seconds: float) -> list[float]:
    """Ask from a process of its own; return how long each reply took, -1 for one that failed."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_ask, (port, clients, seconds))


def _ask(port: int, clients: int, seconds: float) -> list[float]:
    """Ask by turns from several connections, as fast as replies come, 10 ms between rounds."""
    from http.client import HTTPConnection, HTTPException  # noqa: PLC0415 - in a process of its own

    connections = [HTTPConnection("127.0.0.1", port, timeout=20) for _ in range(clients)]
    times: list[float] = []
    end = time.perf_counter() + seconds
    for number in count():
        connection = connections[number % clients]
        start = time.perf_counter()
        if start > end:
            return times
        try:
            connection.request("GET", _ASKED)
            connection.getresponse().read()
            times.append((time.perf_counter() - start) * 1000)
        except (OSError, HTTPException):
            connection.close()
            times.append(-1)
        time.sleep(0.002)
    return times


def _quantile(times: Sequence[float], part: float) -> Any:
    ordered = sorted(times)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


if __name__ == "__main__":
    sys.exit(main())
