"""The local double, in process or over loopback.

Tests the fixture, a clock to set, the log of requests, and faults on demand.
"""

import asyncio
import time
import unittest
from datetime import UTC, datetime

import httpx
import pytest

from instquery import QueryError
from instquery.testing import Double

pytest_plugins = ["pytester"]
ROA = "/v2/openapi/instances"


def test_the_fixture_is_there_without_being_imported(instquery_double):
    instquery_double.airec.put(
        {"instanceId": "i-1", "name": "推荐", "gmtCreate": "2026-01-01T00:00:00Z"}
    )
    body = httpx.get(instquery_double.url + ROA, params={"name": "荐"}).json()
    assert [item["instanceId"] for item in body["result"]] == ["i-1"]
    (seen,) = instquery_double.requests
    assert (seen.method, seen.path, seen.params) == ("GET", ROA, {"name": "荐"})


def test_faults_happen_to_the_next_calls_and_then_no_more(instquery_double):
    url = instquery_double.url + ROA
    instquery_double.fail("InternalError", status=503, message="Out: of order.")
    instquery_double.throttle(times=2)
    told = [httpx.get(url) for _ in range(4)]
    assert [reply.status_code for reply in told] == [503, 400, 400, 200]
    assert told[0].json()["Message"] == told[0].json()["message"] == "Out: of order."
    assert told[1].json()["Code"] == "Throttling.User"
    instquery_double.delay(0.2)
    start = time.perf_counter()
    assert httpx.get(url).status_code == 200
    assert time.perf_counter() - start >= 0.2
    assert len(instquery_double.requests) == 5


def test_the_clock_is_set_and_everything_is_reset(instquery_double):
    double = instquery_double
    double.airec.put({"instanceId": "i-1", "expiredTime": "2019-01-06T16:00:00Z"})
    params = {"expiredTime": "1546900000"}
    assert httpx.get(double.url + ROA, params=params).status_code == 400  # long past
    double.set_clock("2019-01-01T00:00:00Z")
    assert len(httpx.get(double.url + ROA, params=params).json()["result"]) == 1
    double.throttle()
    double.reset()
    assert (len(double.airec), double.requests) == (0, [])
    assert httpx.get(double.url + ROA).json()["result"] == []


def test_in_process_without_a_socket():
    double = Double()
    double.bss.put({"InstanceID": "i-1"})

    async def ask():
        async with httpx.AsyncClient(
            transport=double.transport(), base_url="http://double"
        ) as client:
            return await client.post("/", data={"Action": "QueryAvailableInstances"})

    body = asyncio.run(ask()).json()
    assert body["Data"]["TotalCount"] == 1
    assert double.requests[0].params == {"Action": "QueryAvailableInstances"}


class WithUnittest(unittest.TestCase):
    """The context manager, for those who use unittest."""

    def test_it(self):
        with Double() as double:
            assert httpx.get(double.url + "/healthz").status_code == 200
            assert double.requests == []


def test_each_double_has_a_port_and_stores_of_its_own():
    with Double() as one, Double() as other:
        one.airec.put({"instanceId": "i-1"})
        assert one.endpoint != other.endpoint
        assert len(httpx.get(one.url + ROA).json()["result"]) == 1
        assert httpx.get(other.url + ROA).json()["result"] == []


def test_the_plugin_does_not_load_the_server_for_those_who_do_not_use_it(pytester):
    pytester.makepyfile(
        """
        import sys

        def test_nothing_is_loaded():
            assert "instquery.pytest_plugin" in sys.modules
            assert "starlette" not in sys.modules and "uvicorn" not in sys.modules
        """
    )
    pytester.runpytest_subprocess(
        "-p", "no:cacheprovider", "-p", "no:schemathesis"
    ).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("now", "expired"),
    [
        ("9999-12-31T23:59:58.999999Z", "9999-12-31T23:59:59Z"),
        ("2500-06-01T00:00:00.000001Z", "2500-06-01T00:00:00.000002Z"),
        ("0001-01-01T00:00:00.000001Z", "0001-01-01T00:00:00.000002Z"),
        ("1969-12-31T23:59:59.999999Z", "1970-01-01T00:00:00Z"),
    ],
)
def test_the_clock_is_set_to_the_microsecond_in_any_year(now, expired):
    double = Double()
    double.airec.put_many(
        [{"instanceId": "at", "expiredTime": now}, {"instanceId": "next", "expiredTime": expired}]
    )
    double.set_clock(now)

    async def ask():
        async with httpx.AsyncClient(
            transport=double.transport(), base_url="http://double"
        ) as client:
            return await client.get(ROA, params={"expiredTime": "253402300799"})

    assert [item["instanceId"] for item in asyncio.run(ask()).json()["result"]] == ["next"]


def test_the_last_instant_can_be_set():
    double = Double()
    double.set_clock("9999-12-31T23:59:59.999999Z")
    double.set_clock(datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC))
    double.set_clock("0001-01-01")


def test_a_number_of_seconds_is_no_moment_of_the_clock():
    with pytest.raises(QueryError, match="can only be seconds or milliseconds"):
        Double().set_clock(1_767_225_600)
