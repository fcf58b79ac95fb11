"""A row of the catalog is all that an API needs: commands, HTTP, its description, the double."""

import asyncio
import json
import subprocess
import sys
from dataclasses import replace

import httpx
import pytest

from instquery import InstqueryError, SchemaError, Store
from instquery.apis.catalog import CATALOG, Facts, Stores, fact_names
from instquery.apis.samples import ANCHOR
from instquery.asgi import create_app
from instquery.instants import to_micros
from instquery.testing import Double
from test_serve import serving

COMMAND = [sys.executable, "-m", "instquery"]
# What every request has to say, and the list in a reply.
ROWS = {
    "ecs": ({"RegionId": "cn-hangzhou"}, ("Instances", "Instance")),
    "rds": ({"RegionId": "cn-hangzhou"}, ("Items", "DBInstance")),
    "tablestore": ({}, ("Instances",)),
    "airec2018": ({}, ("Result",)),
}
every_row = pytest.mark.parametrize("name", ROWS)


def run(*arguments, code=0):
    told = subprocess.run(  # noqa: S603
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert told.returncode == code, told.stderr
    assert "Traceback" not in told.stdout + told.stderr
    return told.stdout


def items_in(body, name):
    for member in ROWS[name][1]:
        body = body[member]
    return body


def asked_of(name, **params):
    """Return what a request to an API says, its action and version or none."""
    api = CATALOG[name]
    action = {"Action": api.operation.name, "Version": api.operation.version}
    return {**(action if api.is_rpc else {}), **ROWS[name][0], **params}


def options_of(name):
    return {param.name for param in CATALOG[name].operation.params}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    made = {name: folder / f"{name}.jsonl" for name in ROWS}
    for name, path in made.items():
        run("generate", name, "--count", 120, "--out", path)
    return made


@every_row
def test_query(files, name):
    options = ["--region-id", "cn-hangzhou"] if ROWS[name][0] else []
    body = json.loads(run("query", name, files[name], *options, "--json"))
    shown = run("query", name, files[name], *options).splitlines()
    assert shown[0].split() == list(CATALOG[name].columns)
    key = CATALOG[name].operation.schema.key
    assert [line.split()[0] for line in shown if items_in(body, name)[0][key] in line]
    assert "matches" in shown[-1]
    wrong = "--max-results" if "MaxResults" in options_of(name) else "--size"
    run("query", name, files[name], *options, wrong, "x", code=1)


@every_row
def test_bench(files, name):
    told = run("bench", name, files[name], "--rounds", 2)
    assert "120 records read" in told
    assert "refused" not in told


@every_row
def test_copy(files, tmp_path, name):
    kept = tmp_path / "kept.db"
    assert f"120 of 120 {name} records copied" in run("copy", files[name], kept)
    back = tmp_path / "back.jsonl"
    assert f"120 of 120 {name} records copied" in run("copy", kept, back)
    assert CATALOG[name].read(back) == list(
        Store(CATALOG[name].operation.schema, CATALOG[name].read(files[name]))
    )


def test_demo():
    told = run("demo", "--count", 150)
    for name, api in CATALOG.items():
        assert f"150 {name} records" in told
        assert f"{api.operation.name} {api.operation.version}" in told


def test_serve(files):
    options = [part for name, file in files.items() for part in (f"--{name}", file)]
    with serving(*options) as served:
        assert "120 tablestore records" in "".join(served.lines)
        for name in ROWS:
            reply = httpx.get(served.url + CATALOG[name].path, params=asked_of(name))
            assert items_in(reply.json(), name), reply.text
    said = subprocess.run(  # noqa: S603
        [*COMMAND, "serve"], capture_output=True, text=True, check=False
    ).stderr.replace("\n", " ")
    assert "--airec or --bss or --ecs or --rds or --tablestore" in " ".join(said.split())


def ask(app, method, path, **params):
    async def answer():
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://x"
        ) as client:
            return await client.request(method, path, params=params)

    return asyncio.run(answer())


@pytest.fixture(scope="module")
def stores():
    return {name: Store(api.operation.schema, api.samples(60)) for name, api in CATALOG.items()}


@every_row
def test_http(stores, name):
    app = create_app(**stores)
    path, asked = CATALOG[name].path, asked_of(name)
    found = items_in(ask(app, "GET", path, **asked).json(), name)
    assert found
    assert items_in(ask(app, "POST", path, **asked).json(), name) == found
    alone = create_app(**{name: stores[name]})
    assert items_in(ask(alone, "GET", path, **asked).json(), name) == found


def test_actions_are_described_together_and_told_apart_by_name(stores):
    described = ask(create_app(**stores), "GET", "/openapi.json").json()["paths"]
    action, *others = described["/"]["get"]["parameters"]
    assert action["schema"]["enum"] == [
        *("QueryAvailableInstances", "DescribeInstances", "DescribeDBInstances")
    ]
    names = [one["name"] for one in others]
    assert {"MaxResults", "PageNum", "DBInstanceId", "Ipv6Address.1"} < set(names)
    assert len(set(names)) == len(names)
    assert {"/openapi/instances", "/v2/openapi/listinstances"} < described.keys()


def test_two_apis_that_no_request_tells_apart_are_refused(monkeypatch):
    path, version = CATALOG["airec"].path, CATALOG["airec"].operation.version
    row = CATALOG["tablestore"]
    same = replace(row, path=path, operation=replace(row.operation, version=version))
    monkeypatch.setitem(CATALOG, "tablestore", same)
    stores = {name: Store(api.operation.schema) for name, api in CATALOG.items()}
    with pytest.raises(
        InstqueryError, match="two APIs are found by /v2/openapi/instances: serve one of them"
    ):
        create_app(**stores)
    create_app(tablestore=stores["tablestore"])


def test_an_api_that_is_found_by_its_action(monkeypatch):
    row = CATALOG["tablestore"]
    monkeypatch.setitem(CATALOG, "tablestore", replace(row, path="/"))
    app = create_app(tablestore=Store(row.operation.schema, row.samples(20)))
    assert ask(app, "GET", "/", Action="ListInstances").json()["TotalCount"] == 20


def test_the_double():
    double = Double()
    double.tablestore.put({"InstanceName": "one"})
    assert double["tablestore"] is double.tablestore
    assert "tablestore" in dir(double)
    path = CATALOG["tablestore"].path
    assert ask(double.app, "GET", path).json()["Instances"] == [{"InstanceName": "one"}]
    double.reset()
    assert len(double.tablestore) == 0


@every_row
def test_samples_are_answered_and_have_members_alone(stores, name):
    api = CATALOG[name]
    found = items_in(api.operation(stores[name], ROWS[name][0]).body, name)
    members = {path.partition(".")[0] for path in api.operation.envelope.members}
    assert set().union(*found) <= members
    for title, asked in api.questions(stores[name], to_micros(ANCHOR)).items():
        assert api.operation(stores[name], asked, now=ANCHOR).status == 200, title


def test_an_api_that_is_not_in_the_table_is_told_of():
    known = ", ".join(CATALOG)
    with pytest.raises(AttributeError, match=f"a double has no things: its stores are {known}"):
        Double().things  # noqa: B018 - asking is the point
    with pytest.raises(
        TypeError, match=f"neither an API nor a fact things: the APIs are {known}, the facts"
    ):
        create_app(things=Store(CATALOG["bss"].operation.schema))
    with pytest.raises(TypeError, match=f"there are {len(CATALOG)} APIs"):
        create_app(*[None] * (len(CATALOG) + 1))
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
        replace(CATALOG["tablestore"], **changes)


def test_checkers_of_types_know_the_names_of_the_table():
    assert Stores.__annotations__.keys() == CATALOG.keys()
    assert list(Facts.__annotations__) == fact_names()
