"""APIs that join the catalog: on the command line by --api, and by entry points of a package."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

import own_api
from instquery import Eq, InstqueryError, Order, Store
from instquery.apis import catalog, generic, recognition
from instquery.apis.catalog import CATALOG, Api
from instquery.apis.params import Param, search_key
from instquery.cli.app import app
from instquery.testing import Double
from test_serve import serving

HERE = Path(__file__).parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(HERE)}
COMMAND = [sys.executable, "-m", "instquery"]
THINGS = ("--api", "own_api:list_things")
ROW = ("--api", "own_api:things")


def run(*arguments, code=0, env=ENVIRONMENT, cwd=None):
    told = subprocess.run(  # noqa: S603
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=env,
        cwd=cwd,
    )
    assert told.returncode == code, told.stderr
    assert "Traceback" not in told.stdout + told.stderr
    return told.stdout if code == 0 else told.stderr


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "things.jsonl"
    run("generate", *ROW, "things", "--count", 60, "--out", path)
    return path


def test_records_are_made_up_from_the_declaration(file):
    records = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert len(records) == 60
    assert {record["State"] for record in records} == {"up", "down"}
    assert {record["Public"] for record in records} == {"true", "false"}
    assert all(own_api.SCHEMA.take(record) for record in records)
    assert set(records[0]) == set(own_api.SCHEMA.fields)


@pytest.mark.parametrize("before", [True, pytest.param(False, marks=pytest.mark.long)])
def test_an_operation_alone_is_asked_from_the_command_line(file, before):
    words = [*THINGS, "query"] if before else ["query", *THINGS]
    body = json.loads(run(*words, "list_things", file, "--state", "up", "--json"))
    assert {item["State"] for item in body["Data"]["Things"]} == {"up"}
    assert body["NextToken"]
    first, second = [item["Id"] for item in body["Data"]["Things"]][:2]
    shown = run(*words, "list_things", file, "--thing-id", json.dumps([first, second]))
    assert "2 of 2 matches" in shown
    shown = run(*words, "list_things", file, "--ids", json.dumps([first]))
    assert "1 of 1 match" in shown
    told = run(*words, "list_things", file, "--thing-id", "x", code=2)
    assert "--thing-id: must be a JSON array" in told
    told = run(*words, "list_things", file, "--state", "gone", code=1)
    assert "error: Invalid: --state must be one of up, down" in told
    told = run(*words, "list_things", file, "--continue", "up", "--param-table", "down")
    assert "0 of 0 matches" in told


@pytest.mark.long
def test_bench_demo_copy_and_help(file, tmp_path):
    told = run("bench", *ROW, "things", file, "--rounds", 2)
    for title in ("The newest records", "By Zone", "By State", "By Name", "By Public", "By Ids"):
        assert title in told
    told = run(*ROW, "demo", "--count", 120)
    assert "ListThings 2026-01-01" in told
    assert "QueryAvailableInstances" in told
    kept = tmp_path / "kept.db"
    assert "60 of 60 things records copied" in run(*ROW, "copy", file, kept)
    assert "60 of 60 things records copied" in run(*ROW, "copy", kept, tmp_path / "x.jsonl")
    assert "things" in run("query", *ROW, "--help")
    assert "--next-token" in run("query", *ROW, "things", "--help")
    assert "things" not in run("query", "--help")


@pytest.mark.parametrize("how", ["row", "operation", "called"])
def test_serve_by_store(file, how):
    api, name, path = {
        "row": ("own_api:things", "things", "/v1/zones/zone-1/things"),
        "operation": ("own_api:list_things", "ListThings", "/?Action=ListThings&Zone=zone-1"),
        "called": ("mine=own_api:list_things", "mine", "/?Action=ListThings&Zone=zone-1"),
    }[how]
    arguments = ("--api", api, "--store", f"{name}={file}")
    with serving(*arguments, env={"PYTHONPATH": str(HERE)}) as served:
        body = httpx.get(served.url + path).json()
        assert {item["Zone"] for item in body["Data"]["Things"]} == {"zone-1"}
        assert 0 < body["Total"] < 60


def test_serve_takes_stores_of_the_catalog_by_name_and_facts(tmp_path):
    made = tmp_path / "bss.jsonl"
    run("generate", "bss", "--count", 30, "--out", made)
    products = tmp_path / "products.json"
    products.write_text('["ecs"]', "utf-8")
    with serving("--store", f"bss={made}", "--fact", f"products={products}") as served:
        url = f"{served.url}/?Action=QueryAvailableInstances&ProductCode="
        assert httpx.get(url + "ecs").status_code == 200
        assert httpx.get(url + "gone").json()["Code"] == "ProductNotFind"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--store", "gone=x.jsonl"), "--store: there is no API gone: name one of airec, bss,"),
        (("--store", "airec"), "--store: must be NAME=FILE, not 'airec'"),
        (("--store", "airec=a", "--store", "airec=b"), "airec is given twice"),
        (("--ecs", "a", "--store", "DescribeInstances=b"), "ecs is given twice"),
        (("--store", "ListInstance=b"), "ListInstance is several APIs: name one of airec, airec2"),
        (("--fact", "caller=x"), "--fact: caller is no fact: name one of directory, products"),
        (("--api", "own_api"), "--api: must be module:name, or NAME=module:name"),
        (("--api", "own_api:gone"), "own_api:gone cannot be had"),
        (("--api", "own_apis:gone"), "own_apis:gone cannot be had: No module named"),
        (("--api", "own_api:nothing"), "nothing must be an Api or an Operation, not 5"),
        (("--api", "airec=own_api:things"), "there is an API airec already"),
        (("--api", "host=own_api:things"), "host is an option already"),
        (("--api", "products=own_api:things"), "products is an option already"),
        (("--api", "my-things=own_api:things"), "named as a function of Python is"),
        (("--api", "class=own_api:things"), "named as a function of Python is, not 'class'"),
        (("--api", "_x=own_api:things"), "named as a function of Python is, not '_x'"),
        (("--api", "help=own_api:things"), "help is an option already"),
    ],
)
def test_what_cannot_join_or_be_served_is_said(arguments, said):
    assert said in run("serve", *arguments, code=2).replace("\n", " ")


@pytest.fixture
def joined(monkeypatch):
    """The table of this process, to be changed."""
    monkeypatch.setattr(catalog, "CATALOG", CATALOG)
    before = dict(CATALOG)
    yield catalog
    CATALOG.clear()
    CATALOG.update(before)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("raise RuntimeError('boom')", "mine:x cannot be had: RuntimeError: boom"),
        ("raise AssertionError", "mine:x cannot be had: AssertionError"),
        ("x = (", "mine:x cannot be had: SyntaxError: '(' was never closed"),
        ("import sys; sys.exit(0)", "mine:x cannot be had: SystemExit: 0"),
    ],
)
def test_a_module_that_raises_is_named(joined, tmp_path, monkeypatch, text, said):
    (tmp_path / "mine.py").write_text(text, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    with pytest.raises(InstqueryError) as caught:
        joined.join_by_name("mine:x")
    assert str(caught.value).startswith(said)

    entry = EntryPoint("mine", "mine:x", joined.GROUP)
    monkeypatch.setattr(joined, "_installed", lambda: waiting)
    waiting, left_out = [entry], []
    joined.join_installed(left_out.append)
    why = said.removeprefix("mine:x cannot be had: ")
    assert left_out[0].startswith(f"the API mine (mine:x) is left out: {why}")


def test_a_parameter_that_raises_is_a_fault_of_ours(joined, file):
    def fails(*_given):
        raise KeyError("own")

    params = (
        Param("Read", "filter", fails, "x", examples=(Eq("Zone", ""),)),
        Param("Value", "filter", lambda *_: (), "x", value=fails, examples=(Eq("Zone", ""),)),
        Param("Number", "filter", lambda *_: 5, "x"),
    )
    joined.join("fails", replace(own_api.list_things, params=params))
    for name in ("--read", "--value", "--number"):
        told = CliRunner().invoke(app, ["query", "fails", str(file), name, "x"])
        assert (told.exit_code, told.output) == (1, "error: Internal: ours\n")
    told = CliRunner().invoke(app, ["bench", "fails", str(file), "--rounds", "1"])
    assert told.exit_code == 0, told.output


def test_what_cannot_join_leaves_the_readers_as_they_were(joined):
    before = dict(recognition._known)
    with pytest.raises(InstqueryError, match="there is an API ecs already"):
        joined.join("ecs", own_api.list_things)
    assert recognition._known == before


@pytest.mark.parametrize("fact", ["ecs", "port", "own"])
def test_a_fact_has_no_name_that_means_something_else(joined, fact):
    operation = replace(own_api.list_things, host=("caller", fact))
    with pytest.raises(InstqueryError, match=f"{fact} is an option already: take another name"):
        joined.join("own", operation)
    assert "own" not in joined.CATALOG


def test_a_module_of_the_present_folder_is_found(tmp_path):
    (tmp_path / "mine.py").write_text((HERE / "own_api.py").read_text("utf-8"), "utf-8")
    code = "import sys; sys.path.remove(''); from instquery.cli import main; main()"
    told = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code, "query", "--api", "mine:things", "--help"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert told.returncode == 0, told.stderr
    assert "things" in told.stdout


@pytest.fixture
def package(tmp_path):
    """A folder with a package that declares APIs, as pip would have put it there."""

    def make(entries):
        folder = tmp_path / "own-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: own\nVersion: 1.0\n")
        lines = "\n".join(f"{name} = {value}" for name, value in entries.items())
        (folder / "entry_points.txt").write_text(f"[instquery.apis]\n{lines}\n")
        return {**ENVIRONMENT, "PYTHONPATH": f"{tmp_path}{os.pathsep}{HERE}"}

    return make


TOLD = f"<Double of {', '.join(CATALOG)}, things, not served> 1\n"
PROGRAM = """
from instquery import Store
from instquery.asgi import create_app
from instquery.testing import Double
import own_api

double = Double()
double.things.put({"Id": "a"})
print(double, len(double["ListThings"]))
create_app(things=Store(own_api.SCHEMA))
"""


def test_what_an_installed_package_declares_is_everywhere(package, tmp_path):
    env = package({"things": "own_api:things"})
    told = subprocess.run(  # noqa: S603
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, env=env
    )
    assert told.stdout == TOLD, told.stderr
    made = tmp_path / "made.jsonl"
    run("generate", "things", "--count", 5, "--out", made, env=env)
    assert "5 of 5 matches" in run("query", "things", made, env=env)
    assert "--things" in run("serve", "--help", env=env)


def test_a_package_that_is_broken_is_left_out_and_told_of(package):
    env = package({"things": "own_api:things", "gone": "own_api:gone", "bss": "own_api:things"})
    told = subprocess.run(  # noqa: S603
        [*COMMAND, "query", "--help"], capture_output=True, text=True, check=False, env=env
    )
    assert told.returncode == 0
    assert "the API gone (own_api:gone) is left out" in told.stderr
    assert "the API bss (own_api:things) is left out: there is an API bss already" in told.stderr
    assert "things" in told.stdout
    told = subprocess.run(  # noqa: S603
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, env=env
    )
    assert told.stdout == TOLD
    assert "the API gone (own_api:gone) is left out" in told.stderr


def test_joining_is_once(joined):
    row = joined.join("things", own_api.things)
    assert joined.join("things", own_api.things) is row
    assert joined.join("things", own_api.list_things) is row
    assert joined.named("ListThings") == "things"
    assert joined.join_by_name("own_api:list_things") == "list_things"
    with pytest.raises(InstqueryError, match="ListThings is several APIs: name one of things, li"):
        joined.named("ListThings")


def test_commands_of_what_joins_later_are_there(joined, file):
    assert CliRunner().invoke(app, ["query", "things", str(file)]).exit_code == 2
    joined.join("things", own_api.things)
    told = CliRunner().invoke(app, ["query", "things", str(file)])
    assert told.exit_code == 0, told.output
    assert "of 60 matches" in told.output


def test_a_row_of_an_operation_alone():
    row = Api.of(own_api.list_things)
    assert (row.path, row.read.path) == ("/", ("Data", "Things"))
    records = list(row.samples(40, seed=3))
    assert records == list(row.samples(40, seed=3))
    assert records != list(row.samples(40, seed=4))
    store = Store(own_api.SCHEMA, records)
    questions = row.questions(store, 0)
    assert "By Zone" in questions
    assert all(own_api.list_things(store, params).status == 200 for params in questions.values())
    double = Double(row.served(store))
    assert double["ListThings"] is store


def test_a_database_has_no_tokens(file, tmp_path):
    url = f"sqlite:///{tmp_path}/things.sqlite"
    run(*ROW, "copy", file, url)
    for words in (("query", *ROW, "things", url), ("serve", *ROW, "--store", f"things={url}")):
        told = run(*words, code=2).replace("\n", " ")
        assert "ListThings leads to further pages by NextToken" in " ".join(told.split())


@pytest.mark.usefixtures("joined")
@pytest.mark.parametrize("words", [(), ("--json",)])
def test_a_refused_token_is_said_in_both_forms(file, words):
    told = CliRunner().invoke(
        app, ["query", *ROW, "things", str(file), "--next-token", "x", *words]
    )
    assert told.exit_code == 1
    if words:
        assert json.loads(told.stdout) == {"Error": "Invalid", "Message": "NextToken is invalid"}
    else:
        assert told.stderr == "error: Invalid: --next-token is invalid\n"


@pytest.mark.parametrize("name", ["things.jsonl", "things.db"])
def test_a_token_leads_on_in_a_later_command(file, tmp_path, name):
    place = tmp_path / name
    run(*ROW, "copy", file, place)
    found, token = [], ""
    while token is not None:
        words = ("--next-token", token, "--max-results", 25, "--json")
        body = json.loads(run("query", *ROW, "things", place, *words))
        found += [item["Id"] for item in body["Data"]["Things"]]
        token = body["NextToken"]
    records = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert len(found) == 60
    assert set(found) == {record["Id"] for record in records}

    first = json.loads(run("query", *ROW, "things", place, "--json"))
    told = run(
        "query", *ROW, "things", place, "--state", "up", "--next-token", first["NextToken"], code=1
    )
    assert "--next-token is invalid" in told


@pytest.mark.parametrize(
    "order",
    [None, Order("Zone"), (Order("Zone", descending=False), Order("Created")), Order("Id")],
)
def test_records_and_questions_are_made_up_in_any_order(order):
    schema = replace(own_api.SCHEMA, order=order)
    searched = (search_key("Key", "Name", "Id"), *own_api.list_things.params)
    operation = replace(own_api.list_things, schema=schema, params=searched)
    records = list(generic.samples_of(operation)(30))
    assert all(schema.take(record) for record in records)
    has_instant = isinstance(order, tuple)
    assert ("Created" in records[0]) or not has_instant
    assert len({record["Id"] for record in records}) == 30
    asked = generic.questions_of(operation)(Store(schema, records), 1_780_000_000_000_000)
    assert {"The first records", "By Key", "By State", "By Ids"} <= set(asked)
    assert len(asked["By Key"]["Key"]) == 4
