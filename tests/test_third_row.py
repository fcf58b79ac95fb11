"""A third row of the catalog works in every command, HTTP, the description and the double."""

import asyncio
import json
import subprocess
import sys
from dataclasses import replace

import httpx
import pytest

import third_row
from instquery import InstqueryError, SchemaError, Store
from instquery.apis.catalog import CATALOG, Facts, Stores, fact_names
from instquery.asgi import create_app
from instquery.testing import Double
from test_serve import serving

COMMAND = [sys.executable, third_row.__file__]
PATH = third_row.ROW.path


def run(*arguments, code=0):
    told = subprocess.run(  # noqa: S603
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert told.returncode == code, told.stderr
    assert "Traceback" not in told.stdout + told.stderr
    return told.stdout


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("third") / "tablestore.jsonl"
    run("generate", "tablestore", "--count", 120, "--out", path)
    return path


@pytest.fixture
def row(monkeypatch):
    """The row in the table of this process."""
    monkeypatch.setitem(CATALOG, "tablestore", third_row.ROW)
    return third_row.ROW


def test_query(file):
    body = json.loads(
        run("query", "tablestore", file, "--status", "normal", "--max-results", 5, "--json")
    )
    assert [item["Status"] for item in body["Instances"]] == ["normal"] * 5
    shown = run("query", "tablestore", file, "--max-results", 5).splitlines()
    assert shown[0].split() == [
        "InstanceName",
        "Status",
        "CreateTime",
    ]  # no columns are named: all members
    assert "5 of 120 matches" in shown[-1]
    run("query", "tablestore", file, "--status", "gone", code=1)


def test_bench(file):
    told = run("bench", "tablestore", file, "--rounds", 2, "--ask", "InstanceName=a")
    for expected in (
        "120 records read",
        "The newest stores",
        "Those that answer",
        "InstanceName=a",
    ):
        assert expected in told


def test_demo():
    told = run("demo", "--count", 150)
    for expected in (
        "150 tablestore records",
        "ListInstances 2020-12-09",
        "The newest stores",
        "OTSParameterInvalid",
    ):
        assert expected in told
    assert "QueryAvailableInstances" in told


@pytest.mark.parametrize("place", ["kept.db", "sqlite:///{folder}/kept.sqlite"])
def test_copy(file, tmp_path, place):
    place = str(tmp_path / place) if "://" not in place else place.format(folder=tmp_path)
    assert "120 of 120 tablestore records copied" in run("copy", file, place)
    assert "120 of 120 tablestore records copied" in run("copy", place, tmp_path / "back.jsonl")


def test_serve(file):
    with serving("--tablestore", file, command=COMMAND) as served:
        assert "120 tablestore records" in served.lines[0]
        assert httpx.get(served.url + PATH, params={"MaxResults": 3}).json()["TotalCount"] == 120
    assert "--airec or --bss or --tablestore" in subprocess.run(  # noqa: S603
        [*COMMAND, "serve"], capture_output=True, text=True, check=False
    ).stderr.replace("\n", " ")


def ask(app, method, path, **params):
    async def answer():
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://x"
        ) as client:
            return await client.request(method, path, params=params)

    return asyncio.run(answer())


def test_http_and_its_description(row):
    app = create_app(tablestore=Store(row.operation.schema, row.samples(20)))
    assert ask(app, "GET", PATH, Status="normal").json()["TotalCount"] > 10
    assert ask(app, "POST", PATH).json()["TotalCount"] == 20
    assert ask(app, "GET", PATH, Status="gone").json()["Code"] == "OTSParameterInvalid"
    assert (
        ask(app, "GET", "/", Action="ListInstances").status_code == 400
    )  # found by its path alone
    (method,) = ask(app, "GET", "/openapi.json").json()["paths"][PATH]
    assert method == "get"


def test_an_api_that_is_found_by_its_action(row, monkeypatch):
    monkeypatch.setitem(CATALOG, "tablestore", replace(row, path="/"))
    stores = {name: Store(api.operation.schema, api.samples(20)) for name, api in CATALOG.items()}
    app = create_app(**stores)
    assert ask(app, "GET", "/", Action="ListInstances").json()["TotalCount"] == 20
    assert ask(app, "GET", "/", Action="QueryAvailableInstances").json()["Data"]["TotalCount"] == 20
    described = ask(app, "GET", "/openapi.json").json()["paths"]["/"]["get"]
    action, *others = described["parameters"]
    assert action["schema"]["enum"] == ["QueryAvailableInstances", "ListInstances"]
    assert {"MaxResults", "PageSize"} < {param["name"] for param in others}
    assert len({param["name"] for param in others}) == len(others)


def test_two_apis_that_no_request_tells_apart_are_refused(row, monkeypatch):
    path, version = CATALOG["airec"].path, CATALOG["airec"].operation.version
    same = replace(row, path=path, operation=replace(row.operation, version=version))
    monkeypatch.setitem(CATALOG, "tablestore", same)
    stores = {name: Store(api.operation.schema) for name, api in CATALOG.items()}
    with pytest.raises(
        InstqueryError, match="two APIs are found by /v2/openapi/instances: serve one of them"
    ):
        create_app(**stores)
    create_app(tablestore=stores["tablestore"])


def test_the_double(row):
    double = Double()
    double.tablestore.put({"InstanceName": "one"})
    assert double["tablestore"] is double.tablestore
    assert "tablestore" in dir(double)
    assert ask(double.app, "GET", PATH).json()["Instances"] == [{"InstanceName": "one"}]
    double.reset()
    assert len(double.tablestore) == 0


def test_an_api_that_is_not_in_the_table_is_told_of():
    with pytest.raises(
        AttributeError, match="a double has no tablestore: its stores are airec, bss"
    ):
        Double().tablestore  # noqa: B018 - asking is the point
    with pytest.raises(
        TypeError, match="neither an API nor a fact tablestore: the APIs are airec, bss, the facts"
    ):
        create_app(tablestore=Store(third_row.ROW.operation.schema))
    with pytest.raises(TypeError, match="there are 2 APIs"):
        create_app(None, None, None)
    with pytest.raises(TypeError, match="the store bss is given twice"):
        create_app(
            None, Store(CATALOG["bss"].operation.schema), bss=Store(CATALOG["bss"].operation.schema)
        )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"path": "v1"}, "path: must begin with /"),
        ({"method": "PUT"}, "method: must be GET or POST"),
        ({"columns": ("Gone",)}, "columns: Gone is no member of an item"),
        ({"checks": {"gone": print}}, "checks: gone is no fact of the host"),
    ],
)
def test_a_row_that_contradicts_its_operation_is_refused(changes, told):
    with pytest.raises(SchemaError, match=told):
        replace(third_row.ROW, **changes)


def test_checkers_of_types_know_the_names_of_the_table():
    assert Stores.__annotations__.keys() == CATALOG.keys()
    assert list(Facts.__annotations__) == fact_names()
