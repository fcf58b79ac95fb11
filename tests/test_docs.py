"""Every example of the documents runs, and what it shows is what comes out."""

import doctest
import re
import shlex
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from instquery.asgi import app as app_room
from instquery.asgi import server, signing
from instquery.cli.app import app

pytest_plugins = ["pytester"]
ROOT = Path(__file__).parent.parent
DOCUMENTS = [
    *("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "CHANGELOG.md", "SECURITY.md"),
    *("instquery/sql/README.md", "examples/README.md", ".github/pull_request_template.md"),
]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]


def blocks(document, language):
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / document).read_text("utf-8"), re.DOTALL | re.MULTILINE)


def test_the_readmes_python_runs(monkeypatch, tmp_path):
    """In one session from top to bottom, as a reader would type it."""
    monkeypatch.chdir(tmp_path)
    session = "\n".join(blocks("README.md", "python"))
    test = doctest.DocTestParser().get_doctest(session, {}, "README", "README.md", 0)
    assert len(test.examples) > 25
    runner = doctest.DocTestRunner()
    told = []
    runner.run(test, out=told.append)
    assert runner.failures == 0, "".join(told)


def test_the_python_of_the_page_on_databases_runs():
    test = doctest.DocTestParser().get_doctest("\n".join(blocks("instquery/sql/README.md", "python")), {}, "sql", "", 0)
    assert len(test.examples) > 7
    assert doctest.DocTestRunner().run(test).failed == 0


def test_the_newcomers_test_in_the_readme_is_short_and_passes(pytester):
    (code,) = [block for block in blocks("README.md", "python") if "def test_" in block]
    assert len(code.splitlines()) <= 15
    pytester.makepyfile(code)
    pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:schemathesis").assert_outcomes(passed=1)


def test_the_readmes_commands_run(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    lines = [line[2:] for block in blocks("README.md", "console") for line in block.splitlines() if line[:2] == "$ "]
    assert len(lines) >= 2
    told = ""
    for line in lines:
        program, *arguments = shlex.split(line)
        assert program == "instquery"
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, result.stderr
        told += result.stdout
    for expected in ("推荐", "3 of ", "p99 µs"):
        assert expected in told


def test_the_readme_has_two_commands_and_the_gate_runs_them():
    demo, tests = blocks("README.md", "sh")
    assert demo.strip().endswith("instquery demo")
    assert tests.strip().endswith("-m pytest")
    gate = (ROOT / ".ci" / "run").read_text("utf-8")
    assert 'bash -euc "$(readme_command 1)"' in gate
    assert 'bash -euc "$(readme_command 2)"' in gate
    assert "-m pytest --long -m long" in gate  # what the second has tried in part


def test_code_comes_by_line_20():
    assert (ROOT / "README.md").read_text("utf-8").splitlines().index("```python") < 20


def test_contributing_shows_the_third_api_as_it_is_tested():
    (shown,) = blocks("CONTRIBUTING.md", "python")
    tested = (ROOT / "tests" / "tablestore.py").read_text("utf-8")
    assert tested.endswith(shown)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_documents_point_to_is_there(document):
    text = (ROOT / document).read_text("utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / document).parent.joinpath(target).exists(), target
    for path in re.findall(r"`((?:instquery|tests|benchmarks|examples)/[\w/]*(?:\.py)?)`", text):
        assert (ROOT / path).exists(), path


def test_every_example_is_listed():
    (table,) = re.findall(r"(?:^\|.*\n)+", (ROOT / "examples/README.md").read_text("utf-8"), re.MULTILINE)
    listed = re.findall(r"^\| \[(\w+\.py)\]\(\1\)", table, re.MULTILINE)
    assert sorted(listed) == sorted(path.name for path in (ROOT / "examples").glob("*.py"))
    for document in ("README.md", "CONTRIBUTING.md"):
        assert "](examples/README.md)" in (ROOT / document).read_text("utf-8")


def test_the_page_on_security_states_the_limits_in_force():
    text = " ".join((ROOT / "SECURITY.md").read_text("utf-8").split())
    minutes = signing._SKEW // 60
    assert app_room._PATIENCE == server._PATIENCE
    for stated in (
        f"within {minutes} minutes of its timestamp",
        f"remembered for {2 * minutes} minutes",
        f"Beyond {signing._MOST:,} signed requests in {2 * minutes} minutes",
        f"| body | {app_room._BODY:,} bytes |",
        f"| time for a body to arrive | {app_room._PATIENCE} seconds |",
        f"| time for a head to arrive | {server._PATIENCE:.0f} seconds |",
        f"and of the form | {app_room._PARAMETERS:,} each |",
        f"| headers | {app_room._HEADERS} |",
        f"({VERSION}, unreleased)",
    ):
        assert stated in text, stated


def test_the_top_level_holds_what_it_should():
    known = {
        *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "ARCHITECTURE.md", "SECURITY.md"),
        *("instquery", "tests", "benchmarks", "examples", ".ci", ".git", ".gitignore", ".github"),
        *("pyproject.toml", "noxfile.py", ".editorconfig", ".git-blame-ignore-revs", ".pre-commit-config.yaml"),
    }
    ignored = {line.strip("/ ") for line in (ROOT / ".gitignore").read_text("utf-8").splitlines()}
    extra = {path.name for path in ROOT.iterdir()} - known - ignored
    assert not {name for name in extra if not name.endswith(".egg-info")}
