"""Hostile traffic: what is broken, slow or far too much is refused.

Nothing hangs, fails inside, or grows.
"""

import socket
import time

import httpx
import psutil
import pytest
import schemathesis
from hypothesis import HealthCheck, given
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from effort import examples
from instquery.apis.catalog import CATALOG
from instquery.asgi import app as app_room
from instquery.asgi import server as server_room
from instquery.testing import Double

ROA = "/v2/openapi/instances"
PATIENCE = 0.5


@pytest.fixture(scope="module")
def double():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server_room, "_PATIENCE", PATIENCE)
        patch.setattr(app_room, "_PATIENCE", PATIENCE)
        with Double() as double:
            double.airec.put_many(CATALOG["airec"].samples(100))
            double.bss.put_many(CATALOG["bss"].samples(100))
            yield double


CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]


@pytest.mark.long
def test_whatever_is_made_of_the_description_is_answered_as_described(double, tries):
    described = schemathesis.openapi.from_url(double.url + "/openapi.json")
    asked = []
    for found in described.get_all_operations():
        operation = found.ok()

        @examples(150, quick=12, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def ask(case):
            asked.append(case.call_and_validate(checks=CHECKS))

        ask()
    assert len(asked) >= tries(450, quick=54)
    answered = {reply.status_code for reply in asked}
    assert {200, 400} <= answered <= {200, 400, 404}  # some names that are not known are a 404


def talk(double, octets, *, wait=5.0, close=True):
    """Send octets as they are; return all that comes until the other side closes or is silent."""
    with socket.create_connection(double.endpoint.split(":"), timeout=wait) as connection:
        told = b""
        try:
            connection.sendall(octets)
            if close:
                connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                told += part
        except TimeoutError:
            told += b"<nothing more came>"
        except OSError:  # the other side has had enough
            told += b"<closed>"
        return told


def get(path, headers=b"", version=b"HTTP/1.1"):
    return (
        b"GET "
        + path
        + b" "
        + version
        + b"\r\nHost: x\r\nConnection: close\r\n"
        + headers
        + b"\r\n"
    )


def status(told):
    return int(told.split(b" ", 2)[1]) if told.startswith(b"HTTP/1.1 ") else None


MANY = b"&".join(b"p%d=1" % number for number in range(10_000))
CASES = {
    "broken percent-encoding": (get(b"/v2/openapi/instances?name=%zz%E6%8E&status=%"), {200, 400}),
    "no UTF-8": (get(b"/v2/openapi/instances?name=%ff%fe"), {400}),
    "octets that are no text": (get(b"/v2/openapi/instances?name=\xff\xfe\xe6"), {200, 400}),
    "duplicate parameters": (get(b"/v2/openapi/instances?size=5&size=7&size=9"), {200, 400}),
    "10,000 parameters": (get(b"/?" + MANY), {400}),
    "10,000 parameters in a form": (
        b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: %d\r\n\r\n" % len(MANY) + MANY,
        {400, 413},
    ),
    "mixed casing": (
        get(b"/?action=x&ACTION=y", b"X-ACS-ACTION: queryAvailableInstances\r\n"), {200},
    ),
    "a NUL": (get(b"/v2/openapi/instances?name=%00&instanceId=a%00b"), {200}),
    "a Host without a port, with a scheme": (
        b"GET /v2/openapi/instances HTTP/1.1\r\n"
        b"Host: http://airec.aliyuncs.com\r\nConnection: close\r\n\r\n",
        {200, 400},
    ),
    "a head of 200 kB": (get(b"/", b"X-Long: " + b"x" * 200_000 + b"\r\n"), {400, 431, None}),
    "300 headers": (get(b"/v2/openapi/instances", b"X-A: 1\r\n" * 300), {431}),
    "5,000 headers": (
        get(b"/", b"".join(b"X-%d: 1\r\n" % number for number in range(5000))), {400, 431, None},
    ),
    "an oversized body": (
        b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1000000\r\n\r\n"
        + b"x" * 1_000_000,
        {413, None},
    ),
    "an oversized body in chunks": (
        b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"10000\r\n" + b"x" * 65536 + b"\r\n" + b"10000\r\n" + b"x" * 65536 + b"\r\n0\r\n\r\n",
        {413, None},
    ),
    "garbage": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc" * 50, {400, None}),
    "two lengths": (
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        {400},
    ),
    "a page beyond 64 bits": (get(b"/v2/openapi/instances?page=" + b"9" * 5000), {400}),
    "a needle of 30 kB": (get(b"/v2/openapi/instances?name=" + b"%E6%8E%A8" * 3000), {400}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_raw_octets_are_answered_or_refused(double, name):
    octets, allowed = CASES[name]
    told = talk(double, octets)
    assert b"<nothing more came>" not in told
    assert status(told) in allowed, told[:300]
    assert httpx.get(double.url + "/healthz").status_code == 200


def test_text_that_is_not_percent_encoded_is_told_as_such(double):
    told = talk(double, get("/v2/openapi/instances?name=推荐".encode()))
    assert status(told) == 400
    assert b"what is not ASCII must be percent-encoded" in told


def test_pipelined_requests_are_answered_in_their_order(double):
    asked = b"".join(
        b"GET /v2/openapi/instances?size=%d HTTP/1.1\r\nHost: x\r\n\r\n" % size
        for size in (1, 2, 51, 3)
    ) + get(b"/healthz")
    told = talk(double, asked)
    assert told.count(b"HTTP/1.1 ") == 5
    assert [part[:3] for part in told.split(b"HTTP/1.1 ")[1:]] == [
        b"200",
        b"200",
        b"400",
        b"200",
        b"200",
    ]


def test_a_reply_leaves_in_one_write(double, monkeypatch):
    written = []
    real = server_room._Joined._flush

    def flush(self):
        written.append(len(self._waiting))
        real(self)

    monkeypatch.setattr(server_room._Joined, "_flush", flush)
    with socket.create_connection(double.endpoint.split(":"), timeout=5) as connection:
        connection.sendall(b"GET /v2/openapi/instances?size=50 HTTP/1.1\r\nHost: x\r\n\r\n")
        told = connection.recv(1 << 20)
    assert told.startswith(b"HTTP/1.1 200")
    assert told.endswith(b"]}")
    assert (
        next(count for count in written if count) >= 2
    )  # head and body were written apart and left together


@pytest.mark.long
@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET /v2/openapi/inst",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nPageNum=",
    ],
)
def test_a_request_that_does_not_end_is_cut_off(double, begun):
    start = time.perf_counter()
    told = talk(double, begun, wait=10, close=False)
    assert b"<nothing more came>" not in told
    assert time.perf_counter() - start < 9
    assert status(told) in (None, 408)


def test_one_octet_at_a_time_is_cut_off_too(double):
    with socket.create_connection(double.endpoint.split(":"), timeout=5) as connection:
        start = time.perf_counter()
        with pytest.raises(ConnectionError):  # noqa: PT012 - which of them fails does not matter
            for _ in range(200):
                connection.sendall(b"x")
                time.sleep(0.05)
        assert time.perf_counter() - start < 9


def test_memory_does_not_grow_under_hostile_traffic(double):
    process = psutil.Process()

    def storm(times):
        for _ in range(times):
            for octets, _ in CASES.values():
                talk(double, octets)
        double.requests.clear()

    storm(2)
    before = process.memory_info().rss
    storm(6)
    grown = process.memory_info().rss - before
    assert grown < 20_000_000, f"{grown:,} bytes"
