"""The local double, in process or over loopback.

Tests the fixture, a clock to set, the log of requests, and faults on demand.
"""

import asyncio
import time
import tomllib
import unittest
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

import _instquery_pytest
from instquery import InstqueryError, QueryError
from instquery.apis.catalog import CATALOG
from instquery.apis.envelope import Fault
from instquery.asgi import AccessKey, Keys
from instquery.pytest_plugin import instquery_double as by_its_old_name
from instquery.testing import Double
from test_clients import CLIENTS

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


ALONE = ("-p", "no:cacheprovider", "-p", "no:schemathesis")
PLUGIN = ("-p", "no:instquery", "-p", "_instquery_pytest")
"""As the entry point loads it, whatever is installed here."""


def test_the_plugin_does_not_load_the_package_for_those_who_do_not_use_it(pytester):
    pytester.makepyfile(
        """
        import sys

        def test_nothing_is_loaded():
            assert "_instquery_pytest" in sys.modules
            names = ("instquery", "sortedcontainers", "dateutil", "starlette", "uvicorn", "httpx")
            assert [name for name in names if name in sys.modules] == []
        """
    )
    pytester.runpytest_subprocess(*ALONE, *PLUGIN).assert_outcomes(passed=1)


def test_the_entry_point_is_the_module_beside_the_package():
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["entry-points"] == {"pytest11": {"instquery": "_instquery_pytest"}}
    assert by_its_old_name is _instquery_pytest.instquery_double


@pytest.mark.parametrize("missing", ["httpx", "starlette", "uvicorn", "orjson"])
def test_the_fixture_says_which_extra_is_missing(pytester, missing):
    pytester.makeconftest(
        f"""
        import sys

        class Refuse:
            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] == {missing!r}:
                    raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

        sys.meta_path.insert(0, Refuse())
        """
    )
    pytester.makepyfile("def test_it(instquery_double): pass")
    told = pytester.runpytest_subprocess(*ALONE, *PLUGIN)
    told.assert_outcomes(errors=1)
    cure = "pip install '.[testing]' in a checkout"
    assert f"the fixture instquery_double needs {missing}: {cure}" in told.stdout.str()


STRICT_TEST = """
import httpx

def test_it(instquery_double):
    reply = httpx.get(instquery_double.url + "/v2/openapi/instances", params={"colour": "red"})
    assert reply.status_code == %d
"""


@pytest.mark.parametrize(
    ("options", "settings", "status"),
    [
        ([], "", 200),
        (["--instquery-strict"], "", 400),
        ([], "instquery_strict = true", 400),
        ([], "instquery_strict = false", 200),
    ],
)
def test_the_fixture_is_strict_by_an_option_or_a_setting(pytester, options, settings, status):
    pytester.makepyfile(STRICT_TEST % status)
    pytester.makeini(f"[pytest]\n{settings}\n")
    pytester.runpytest_subprocess(*ALONE, *PLUGIN, *options).assert_outcomes(passed=1)


def test_the_fixture_is_there_by_its_old_name(pytester):
    pytester.makeconftest('pytest_plugins = ["instquery.pytest_plugin"]')
    pytester.makepyfile(STRICT_TEST % 200)
    for plugin in (PLUGIN, ("-p", "no:instquery")):
        pytester.runpytest_subprocess(*ALONE, *plugin).assert_outcomes(passed=1)


CODES = [
    (name, code, fault.status)
    for name, api in CATALOG.items()
    for code, fault in api.operation.errors.items()
]
assert {status for *_, status in CODES} >= {400, 500}


def ask(double, name, /, **params):
    """Ask an operation by its name in the catalog."""
    api = CATALOG[name]
    params = {param.name: "x" for param in api.operation.params if param.required} | params
    if api.is_rpc:
        return httpx.post(double.url, data={"Action": api.operation.name, **params})
    return httpx.get(double.url + api.path, params=params)


@pytest.mark.parametrize(("name", "code", "status"), CODES)
def test_a_fault_has_the_status_of_the_error_table(instquery_double, name, code, status):
    instquery_double.fail(code, times=2)
    for reply in (ask(instquery_double, name), httpx.get(instquery_double.url + "/nowhere")):
        assert (reply.status_code, reply.json()["Code"]) == (status, code)
    assert ask(instquery_double, name).status_code == 200


def test_a_code_of_several_tables_has_the_status_of_the_operation_that_is_asked(monkeypatch):
    for name, status in (("airec", 404), ("bss", 409)):
        api = CATALOG[name]
        errors = {**api.operation.errors, "Shared": Fault("Shared.", status=status)}
        operation = replace(api.operation, errors=errors)
        monkeypatch.setitem(CATALOG, name, replace(api, operation=operation))
    with Double() as double:
        for name, status in (("airec", 404), ("bss", 409)):
            double.fail("Shared")
            assert ask(double, name).status_code == status
        double.fail("Shared", status=503)
        assert ask(double, "bss").status_code == 503


@pytest.mark.parametrize("code", ["Nope", "internalerror", ""])
def test_an_unknown_code_needs_a_status(instquery_double, code):
    with pytest.raises(InstqueryError, match=r"is in no error table .*status=503"):
        instquery_double.fail(code)
    assert ask(instquery_double, "airec").status_code == 200
    instquery_double.fail(code or "X", status=503)
    assert ask(instquery_double, "airec").status_code == 503


@pytest.fixture
def strict():
    with Double(strict=True) as double:
        yield double


def test_a_strict_double_names_parameters_that_are_not_declared(strict):
    reply = ask(strict, "airec", statu="Running", size="3")
    assert (reply.status_code, reply.json()["Code"]) == (400, "ValidationError")
    assert "statu is no parameter of ListInstance: did you mean status?" in reply.json()["message"]
    reply = ask(strict, "bss", Colour="red", Size="XL")
    assert (reply.status_code, reply.json()["Code"]) == (400, "InvalidParameter")
    assert "Colour, Size are no parameters of QueryAvailableInstances" in reply.json()["Message"]
    assert [seen.params for seen in strict.requests] == [
        {"statu": "Running", "size": "3"},
        {"Action": "QueryAvailableInstances", "Colour": "red", "Size": "XL"},
    ]


def test_a_strict_double_answers_what_is_declared(strict):
    strict.airec.put({"instanceId": "i-1", "name": "推荐"})
    strict.bss.put({"InstanceID": "b-1", "ProductCode": "ecs"})
    assert len(ask(strict, "airec", name="荐", RegionId="cn-beijing").json()["result"]) == 1
    body = ask(strict, "bss", ProductCode="ecs", PageNum="1").json()
    assert body["Data"]["TotalCount"] == 1
    with_query = httpx.get(
        strict.url, params={"Action": "QueryAvailableInstances", "ProductCode": "x"}
    )
    assert with_query.json()["Data"]["TotalCount"] == 0
    assert ask(strict, "bss", PageSize="0").json()["Code"] == "InvalidParameter"
    assert httpx.get(strict.url + "/nowhere?x=1").status_code == 404
    strict.fail("ValidationError")
    assert ask(strict, "airec", statu="x").json()["message"] == "Injected: a fault."


def test_a_strict_double_refuses_what_is_too_large_as_any_other(strict, instquery_double):
    for double in (strict, instquery_double):
        reply = httpx.post(
            double.url, data={"Action": "QueryAvailableInstances", "x": "a" * 70_000}
        )
        assert (reply.status_code, reply.json()["Code"]) == (413, "RequestEntityTooLarge")


@pytest.mark.parametrize("client", CLIENTS)
def test_the_official_clients_send_nothing_that_is_refused(client):
    with Double(strict=True, keys=Keys({"AK": AccessKey("s")})) as double:
        double.airec.put({"instanceId": "i-1"})
        double.bss.put({"InstanceID": "b-1"})
        ask = CLIENTS[client]
        items = ask(double, "airec", {"page": "1", "size": "50"}, ("AK", "s"))["result"]
        assert [item["instanceId"] for item in items] == ["i-1"]
        assert ask(double, "bss", {"PageSize": "300"}, ("AK", "s"))["Data"]["TotalCount"] == 1


def test_a_strict_double_may_be_mounted_under_a_prefix():
    double = Double(strict=True)
    app = Starlette(routes=[Mount("/aliyun", double.app)])

    async def ask_mounted(**params):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://double") as client:
            return await client.get("/aliyun" + ROA, params=params)

    assert asyncio.run(ask_mounted(size="1")).status_code == 200
    assert asyncio.run(ask_mounted(siz="1")).status_code == 400


def test_strict_is_a_flag():
    with pytest.raises(InstqueryError, match="strict must be True or False"):
        Double(strict="yes")


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
