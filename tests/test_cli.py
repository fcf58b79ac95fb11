"""The command line: what it prints, where, and its exit codes."""

import io
import json
import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from instquery.apis.catalog import CATALOG
from instquery.cli.app import app
from instquery.cli.show import plain

NOW = ["--now", "2026-06-01"]


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
    flags = {"airec": "page size status name instance-id expired-time"}.get(
        name,
        "page-num page-size product-code product-type subscription-type instance-ids region "
        "end-time-start end-time-end create-time-start create-time-end renew-status owner-id",
    )
    assert len(flags.split()) == len(CATALOG[name].operation.params)
    for flag in flags.split():
        assert f"--{flag} " in result.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "parameter"),
    [
        (["airec", "--size", "51"], "ValidationError", "size"),
        (["bss", "--region", "cn-beijing"], "MissingParameter", "ProductCode"),
    ],
)
def test_a_refusal_is_printed_and_is_exit_code_1(files, arguments, code, parameter):
    result = run("query", arguments[0], files[arguments[0]], *arguments[1:], *NOW)
    assert result.exit_code == 1
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


def test_bad_lines_are_told_all_at_once_and_left_out_on_request():
    lines = '{"instanceId": "a"}\n{"instanceId": 5}\n{"name": "[red]\\u001b[31m"}\n{bad\n'
    result = run("query", "airec", "-", stdin=lines)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == [
        "line 2",
        "line 3",
        "line 4",
    ]
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


@pytest.mark.parametrize("name", CATALOG)
def test_what_questions_cost(files, name):
    own = {"airec": "status=Running&name=推荐", "bss": "ProductCode=ecs&PageSize=5"}[name]
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
