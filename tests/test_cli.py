"""The command line: what it prints, where, and its exit codes."""

import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from rich.cells import cell_len
from typer.testing import CliRunner

from instquery import __version__
from instquery.apis.catalog import CATALOG
from instquery.cli.answers import _with_options
from instquery.cli.app import app, generate_command
from instquery.cli.failures import Commands
from instquery.cli.options import flags_of
from instquery.cli.show import plain
from instquery.durable import DurableStore

NOW = ["--now", "2026-06-01"]
# Without tokens, so that they are answered from a database too.
NUMBERED = ("airec", "bss", "airec2018")
# What a request has to say.
MUST = dict.fromkeys(("ecs", "rds"), ("--region-id", "cn-hangzhou"))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inventories")
    for name in CATALOG:
        result = run("generate", name, "--count", "300", "--out", str(folder / f"{name}.jsonl"))
        assert (result.exit_code, result.stdout) == (0, "")
    return {name: str(folder / f"{name}.jsonl") for name in CATALOG}


def run(*arguments, stdin=None):
    return CliRunner().invoke(app, [*arguments], input=stdin)


def test_a_table_by_default(files):
    result = run(
        "query",
        "airec",
        files["airec"],
        "--status",
        "Running",
        "--name",
        "推荐",
        "--size",
        "5",
        *NOW,
    )
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["instanceId", "name", "status", "gmtCreate", "expiredTime"]
    assert sum("Running" in line for line in lines) == 5
    assert "5 of " in lines[-1]
    assert "page 1 of size 5" in lines[-1]
    assert result.stderr == ""


def test_one_match_is_one_match():
    line = '{"instanceId": "i-1", "name": "n", "gmtCreate": "2026-01-01T00:00:00Z"}'
    assert "1 of 1 match, page 1" in run("query", "airec", "-", stdin=line).stdout


def test_the_apis_own_reply(files):
    result = run(
        "query", "bss", files["bss"], "--product-code", "ecs", "--page-size", "3", "--json", *NOW
    )
    body = json.loads(result.stdout)
    assert body["Success"] is True
    assert len(body["Data"]["InstanceList"]) == 3
    assert {item["ProductCode"] for item in body["Data"]["InstanceList"]} == {"ecs"}
    assert body["Data"]["TotalCount"] > 3


@pytest.mark.parametrize(
    "now", ["1971-06-01", "1970-01-02T00:00:00Z", "0001-01-01", "9999-12-31T23:59:59.999999Z"]
)
def test_a_moment_of_any_year_is_a_moment(files, now):
    """The package has read it itself, so it is no integer of a caller's."""
    result = run("query", "airec", files["airec"], "--now", now, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["code"] == ""
    timed = run(
        "bench", "airec", files["airec"], "--now", now, "--rounds", "1", "--ask", "status=Ready"
    )
    assert timed.exit_code == 0
    (own,) = [line for line in timed.stdout.splitlines() if "Your own, 1" in line]
    assert "refused" not in own


def test_the_plan(files):
    result = run("query", "airec", files["airec"], "--instance-id", "airec-cn", "--explain", *NOW)
    assert "300 records in 1 segment" in result.stdout
    assert "instanceId contains 'airec-cn'" in result.stdout
    result = run("query", "airec", files["airec"], "--json", "--explain", *NOW)
    assert json.loads(result.stdout)["code"] == ""
    assert "300 records in 1 segment" in result.stderr


@pytest.mark.parametrize("name", CATALOG)
def test_every_parameter_is_an_option(name):
    result = CliRunner(env={"COLUMNS": "200", "TERM": "dumb"}).invoke(
        app, ["query", name, "--help"]
    )
    assert result.exit_code == 0
    flags = {
        "airec": "page size status name instance-id expired-time",
        "bss": "page-num page-size product-code product-type subscription-type instance-ids region "
        "end-time-start end-time-end create-time-start create-time-end renew-status owner-id",
        "tablestore": "instance-name instance-name-list status resource-group-id tag max-results "
        "next-token",
        "airec2018": "page size status name expired-time",
    }
    own = flags_of(CATALOG[name].operation).values()
    expected = [f"--{flag}" for flag in flags[name].split()] if name in flags else own
    assert set(expected) == set(own)
    for flag in expected:
        assert f"{flag} " in result.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "parameter"),
    [
        (["airec", "--size", "51"], "ValidationError", "size"),
        (["bss", "--region", "cn-beijing"], "MissingParameter", "ProductCode"),
    ],
)
def test_a_refusal_with_json_is_the_apis_own_reply_and_exit_code_1(
    files, arguments, code, parameter
):
    result = run("query", arguments[0], files[arguments[0]], *arguments[1:], "--json", *NOW)
    assert (result.exit_code, result.stderr) == (1, "")
    body = json.loads(result.stdout)
    assert code in (body.get("code"), body.get("Code"))
    assert parameter in body.get("message", body.get("Message"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["query", "airec", "no such file"], "No such file"),
        (["query", "airec", "/"], "Is a directory"),
        (["query", "airec", "\0"], "null"),
        (["query", "airec"], "Missing argument"),
        (["query", "airec", "-", "--colour", "red"], "No such option"),
        (["query", "nothing", "-"], "No such command"),
        (["query", "airec", "-", "--now", "soon"], "is not an ISO 8601 time"),
        (["generate", "airec", "--count", "-1"], "--count"),
        (["generate", "airec", "--count", "many"], "--count"),
        (["generate", "bss", "--out", "/no/such/folder"], "No such file"),
        (["demo", "--count", "0"], "--count"),
    ],
)
def test_what_cannot_be_used_is_exit_code_2_with_a_message_and_no_traceback(arguments, said):
    result = run(*arguments, stdin="")
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr + result.stdout
    assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize("flags", [["--version"], ["--version", "query"]])
def test_the_version(flags):
    told = run(*flags)
    assert (told.exit_code, told.stdout, told.stderr) == (0, f"instquery {__version__}\n", "")


@pytest.mark.parametrize("flag", ["-h", "--help"])
@pytest.mark.parametrize(
    "command", [[], ["query"], ["query", "bss"], ["generate", "airec"], ["copy"], ["serve"]]
)
def test_help_by_either_name(command, flag):
    told = run(*command, flag)
    assert told.exit_code == 0
    assert "Usage: instquery" in told.stdout.replace("root", "instquery")
    assert told.stderr == ""


@pytest.mark.parametrize("module", ["instquery", "instquery.cli"])
def test_it_runs_as_a_module(module):
    told = python("-m", module, "--version")
    assert (told.returncode, told.stdout) == (0, f"instquery {__version__}\n")


def python(*arguments, **options):
    return subprocess.run(  # noqa: S603
        [sys.executable, *arguments], capture_output=True, text=True, check=False, **options
    )


HEAVY = {"sqlalchemy", "starlette", "uvicorn", "orjson", "httpx", "pytest"}


@pytest.mark.parametrize(
    "arguments",
    [["--version"], ["query", "airec", "-"], ["generate", "bss", "--count", "1"], ["copy", "-h"]],
)
def test_a_command_imports_what_it_needs_alone(arguments):
    code = f"""
import sys
from instquery.cli import main
sys.argv = ["instquery", *{arguments!r}]
try:
    main()
except SystemExit:
    pass
print(sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)
"""
    told = python("-c", code, stdin=subprocess.DEVNULL)
    assert told.stderr.splitlines()[-1] == "[]", told.stderr


REFUSE = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Refuse())
from instquery.cli import main
sys.argv = ["instquery", *{arguments!r}]
main()
"""


@pytest.mark.parametrize(
    ("missing", "arguments", "said"),
    [
        ("sqlalchemy", ["copy", "{}/a.jsonl", "sqlite:///{}/x"], "a database needs sqlalchemy"),
        ("sqlalchemy", ["query", "airec", "sqlite:///{}/x"], "a database needs sqlalchemy"),
        ("uvicorn", ["serve", "--airec", "{}/a.jsonl"], "serving needs uvicorn"),
        ("starlette", ["serve", "--airec", "{}/a.jsonl"], "serving needs starlette"),
        ("typer", ["query"], "the command line needs typer"),
    ],
)
def test_a_missing_extra_is_named_with_how_it_is_installed(tmp_path, missing, arguments, said):
    (tmp_path / "a.jsonl").write_text('{"instanceId": "a"}\n')
    arguments = [word.format(tmp_path) for word in arguments]
    told = python("-c", REFUSE.format(missing={missing}, arguments=arguments))
    assert told.returncode == 2
    assert told.stderr.startswith(f"error: {said}: pip install '.[")
    assert "in a checkout (once it is published: pip install 'instquery[" in told.stderr


def test_a_durable_store_needs_no_database(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"instanceId": "a"}\n')
    for source, target in [("a.jsonl", "a.db"), ("a.db", "b.db"), ("b.db", "b.jsonl")]:
        arguments = ["copy", str(tmp_path / source), str(tmp_path / target)]
        missing = HEAVY - {"pytest"}
        told = python("-c", REFUSE.format(missing=missing, arguments=arguments))
        assert "1 of 1 airec records copied; the target holds the same" in told.stdout, told.stderr


@pytest.fixture(scope="module")
def stores(files, tmp_path_factory):
    """Each inventory as a file, a durable store and a table of a database."""
    folder = tmp_path_factory.mktemp("stores")
    places = {}
    for name in NUMBERED:
        file, url = files[name], f"sqlite:///{folder}/all.sqlite"
        assert run("copy", file, str(folder / f"{name}.db")).exit_code == 0
        assert run("copy", file, url, "--table", name).exit_code == 0
        places[name] = [[file], [str(folder / f"{name}.db")], [url, "--table", name]]
    return places


@pytest.mark.parametrize("name", NUMBERED)
def test_every_place_answers_alike(stores, name):
    told = [run("query", name, *place, "--json", *NOW) for place in stores[name]]
    bodies = [json.loads(one.stdout) for one in told]
    for body in bodies:
        del body["requestId" if "requestId" in body else "RequestId"]
    assert bodies[0] == bodies[1] == bodies[2]
    for place in stores[name]:
        shown = run("query", name, *place, "--explain", *NOW)
        assert "of 300 matches" in shown.stdout, shown.stderr
        timed = run("bench", name, *place, "--rounds", "1", *NOW)
        assert "300 records read and loaded" in timed.stdout, timed.stderr


def test_reading_a_durable_store_leaves_it_as_it_was(stores):
    file = Path(stores["airec"][1][0])
    before = [json.loads(line) for line in DurableStore.lines_of(file)]
    assert run("query", "airec", str(file)).exit_code == 0
    assert [json.loads(line) for line in DurableStore.lines_of(file)] == before
    beside = [path.name for path in file.parent.iterdir() if path.name.startswith("airec.")]
    assert beside == ["airec.db"]


def at_width(width, *arguments):
    """Run the command in a process of its own: a terminal's width is looked up once."""
    env = {**os.environ, "COLUMNS": str(width), "TERM": "xterm"}
    told = python("-m", "instquery", *arguments, env=env)
    assert told.returncode == 0, told.stderr
    return told.stdout


@pytest.mark.parametrize("width", [40, 60, 80])
@pytest.mark.parametrize("name", CATALOG)
def test_a_narrow_terminal_loses_nothing_of_a_reply(files, name, width):
    asked = ("query", name, files[name], *MUST.get(name, ()), *NOW)
    items = json.loads(run(*asked, "--json").stdout)
    api = CATALOG[name]
    for member in api.read.path:
        items = items[member]
    shown = at_width(width, *asked)
    lines = shown.splitlines()
    assert max(map(cell_len, lines)) <= width
    if width <= 40:
        joined = re.sub(r"\s", "", shown)
        for item in items:
            for column in api.columns:
                is_time = column in api.operation.envelope.times
                text = str(item.get(column, ""))[: 10 if is_time else None]
                assert all(part in joined for part in re.split(r"\s+", text)), (column, text)


@pytest.mark.parametrize("command", ["bench", "demo"])
def test_a_narrow_terminal_names_each_question_and_each_figure(files, command):
    arguments = {
        "bench": ["bench", "airec", files["airec"], "--rounds", "1", *NOW],
        "demo": ["demo", "--count", "100"],
    }
    shown = at_width(40, *arguments[command])
    if command == "bench":
        assert max(map(cell_len, shown.splitlines())) <= 40
    summary = shown.rpartition("all requests")[2]
    asked = CATALOG["airec"].sample_questions if command == "demo" else {}
    joined = re.sub(r"\s", "", summary)
    for title in ("The newest instances", "The last page of everything", *asked):
        assert re.sub(r"\s", "", title) in joined, title
    figures = {"bench": ("matches", "median", "p99"), "demo": ("answer", "first", "usual")}
    counts = {
        name: len(re.findall(rf"^  {name}.*: \S", summary, re.M)) for name in figures[command]
    }
    assert len(set(counts.values())) == 1
    assert min(counts.values()) >= 5


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("statu=Running", "statu is no parameter of ListInstance: did you mean status?"),
        ("STATUS=Running", "STATUS is no parameter of ListInstance: did you mean status?"),
        ("foo=1&size=2", "foo is no parameter of ListInstance: it takes page, size, status"),
        ("foo=1&bar=2", "foo, bar are no parameters of ListInstance"),
    ],
)
def test_a_question_by_an_unknown_name_is_told(files, asked, said):
    told = run("bench", "airec", files["airec"], "--ask", asked, "--rounds", "1", *NOW)
    assert told.exit_code == 0
    assert told.stderr.startswith(f"warning: --ask: {said}")
    assert "Your own, 1" in told.stdout
    known = run("bench", "airec", files["airec"], "--ask", "status=Ready", "--rounds", "1", *NOW)
    assert known.stderr == ""


def test_what_is_generated_is_whole_or_not_there(tmp_path, monkeypatch):
    assert (
        run("generate", "airec", "--count", "2", "--out", str(tmp_path / "a.json")).exit_code == 0
    )
    assert len(json.loads((tmp_path / "a.json").read_text("utf-8"))) == 2
    assert (
        run("generate", "airec", "--count", "0", "--out", str(tmp_path / "b.json")).exit_code == 0
    )
    assert json.loads((tmp_path / "b.json").read_text("utf-8")) == []

    def broken(*_, **__):
        yield {"instanceId": "i-1"}
        raise KeyboardInterrupt

    monkeypatch.setitem(CATALOG, "airec", replace(CATALOG["airec"], samples=broken))
    made = typer.Typer(cls=Commands)
    made.command("x")(generate_command(CATALOG["airec"]))
    made.command("y")(lambda: None)
    told = CliRunner().invoke(made, ["x", "--out", str(tmp_path / "c.jsonl")])
    assert told.exit_code == 130
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "b.json"]


def test_whoever_reads_the_output_may_stop():
    command = f"{sys.executable} -m instquery generate airec --count 20000 | head -n 1"
    told = subprocess.run(  # noqa: S602 - a fixed command
        command, shell=True, capture_output=True, text=True, check=True
    )
    assert len(told.stdout.splitlines()) == 1
    assert told.stderr == ""


def test_lines_are_json_whatever_the_output_can_show(tmp_path):
    """An ASCII terminal has no form for what lies beyond the first plane; lines are no terminal."""
    with DurableStore.open(tmp_path / "a.db", CATALOG["airec"].operation.schema) as store:
        store.put({"instanceId": "a", "name": "\U0001f600"})
    told = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "instquery", "copy", str(tmp_path / "a.db"), "-"],
        capture_output=True,
        check=True,
        env={"PYTHONIOENCODING": "ascii"},
    )
    assert json.loads(told.stdout)["name"] == "\U0001f600"


def test_a_refusal_is_said_as_an_error_of_the_options_and_is_exit_code_1(files):
    told = run("query", "bss", files["bss"], "--page-size", "301", *NOW)
    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr == (
        "error: InvalidParameter: The specified parameter --page-size is not valid. "
        "It must be an integer from 1 to 300.\n"
    )


def test_bad_lines_are_told_all_at_once_and_left_out_on_request():
    lines = '{"instanceId": "a"}\n{"instanceId": 5}\n{"name": "[red]\\u001b[31m"}\n{bad\n'
    result = run("query", "airec", "-", stdin=lines)
    assert result.exit_code == 2
    assert result.stdout == ""
    head, *lines_told = result.stderr.splitlines()
    assert head == "error: there are 3 bad records (--skip-bad leaves them out):"
    assert [line.split(":")[0] for line in lines_told] == ["line 2", "line 3", "line 4"]
    result = run("query", "airec", "-", "--skip-bad", "--json", stdin=lines)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["result"] == [{"instanceId": "a"}]
    assert "left out 3 bad records" in result.stderr


def test_names_cannot_steer_the_terminal():
    line = json.dumps({"instanceId": "a", "name": "[bold]x\x1b[31m\u202e\ud800"})
    result = run("query", "airec", "-", stdin=line)
    assert "[bold]x\\u001b[31m\\u202e\\ud800" in result.stdout.replace("\n", "").replace(" ", "")
    assert plain("推荐 ok") == "推荐 ok"


def test_what_the_output_cannot_show_is_escaped():
    line = json.dumps({"instanceId": "a", "name": "推\ud800"})
    for encoding, shown in (("utf-8", '"推\\ud800"'), ("ascii", '"\\u63a8\\ud800"')):
        command = [sys.executable, "-m", "instquery.cli", "query", "airec", "-", "--json"]
        result = subprocess.run(  # noqa: S603
            command,
            input=line.encode(),
            capture_output=True,
            check=True,
            env={"PYTHONIOENCODING": encoding},
        )
        assert shown in result.stdout.decode(encoding)
        assert json.loads(result.stdout)["result"][0]["name"] == "推\ud800"


def test_generate_to_standard_output():
    result = run("generate", "bss", "--count", "3")
    assert len([json.loads(line) for line in io.StringIO(result.stdout)]) == 3


def test_the_demonstration():
    result = run("demo", "--count", "400")
    assert result.exit_code == 0
    for expected in (
        "ListInstance 2020-11-26, 400 records",
        "QueryAvailableInstances",
        "usual µs",
        "refused",
        "推荐",
    ):
        assert expected in result.stdout
    assert "InternalError" not in result.stdout
    assert "InternalServerError" not in result.stdout
    assert "Traceback" not in result.stdout
    assert "100 matches" in result.stdout  # a hundred IDs


@pytest.mark.parametrize("name", NUMBERED)
def test_what_questions_cost(files, name):
    own = {
        "airec": "status=Running&name=推荐",
        "bss": "ProductCode=ecs&PageSize=5",
        "airec2018": "Status=Running&Name=推荐",
    }[name]
    result = run(
        "bench", name, files[name], "--ask", own, "--ask", "page=0&PageNum=0", "--rounds", "3", *NOW
    )
    assert result.exit_code == 0
    assert "300 records read and loaded" in result.stdout
    for expected in (
        "The last page of everything",
        "matches",
        "median µs",
        "p99 µs",
        own[:12],
        "refused",
    ):
        assert expected in result.stdout
    rows = [line.split() for line in result.stdout.splitlines() if "The newest instances" in line]
    assert "300" in rows[0]


def test_questions_to_short_names_ask_for_a_piece_of_them(tmp_path):
    path = tmp_path / "short.jsonl"
    path.write_text(
        '{"instanceId": "i-1", "name": "x"}\n{"instanceId": "i-2", "name": "我的推荐"}\n', "utf-8"
    )
    lines = run("bench", "airec", str(path), "--rounds", "1", *NOW).stdout
    assert "name=" in lines
    assert "name=\n" not in re.sub(" +\n", "\n", lines)
    assert "name=&" not in lines


def test_what_questions_cost_needs_records_and_questions(files):
    assert "no record" in run("bench", "airec", "-", stdin="").stderr
    assert run("bench", "airec", files["airec"], "--ask", "nonsense").exit_code == 2


def test_all_bad_records_are_counted_and_some_are_told(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"instanceId": 5}\n' * 1234)
    told = run("query", "airec", str(tmp_path / "a.jsonl"))
    assert told.stderr.startswith("error: there are 1,234 bad records (--skip-bad leaves them out)")
    assert told.stderr.endswith("… and 1214 more\n")


def test_an_interrupt_has_an_exit_code_of_its_own(files, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("instquery.cli.app.print_answer", interrupted)
    told = run("query", "airec", files["airec"])
    assert (told.exit_code, told.stdout) == (130, "")


def test_names_that_are_words_as_well_are_left_in_a_reason():
    options = {"name": "--name", "ProductCode": "--product-code"}
    reason = "needs the name of a ProductCode, not of ProductCodes"
    assert _with_options(reason, options) == (
        "needs the name of a --product-code, not of ProductCodes"
    )


def test_a_question_may_give_a_blank_value(files):
    told = run("bench", "airec", files["airec"], "--rounds", "1", "--ask", "status=&colour=")
    assert told.exit_code == 0
    assert "status=&colour=" in told.stdout
    assert told.stderr.startswith("warning: --ask: colour")
