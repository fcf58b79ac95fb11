"""Standard streams that are closed or full, and an early interrupt: a line, and no traceback."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from instquery import cli
from instquery.cli.app import app

RECORD = '{"instanceId": "a", "gmtCreate": "2026-01-01T00:00:00Z"}\n'
TELLING = [
    "query airec a.jsonl",
    "query airec a.jsonl --json",
    "query airec a.jsonl --json --size 99",
    "bench airec a.jsonl --rounds 1",
    "demo --count 100",
    "generate airec --count 2",
    "copy a.jsonl -",
]
HELP = ["--version", "--help", "query airec -h"]


@pytest.fixture
def run(tmp_path, monkeypatch, capfd):
    (tmp_path / "a.jsonl").write_text(RECORD)
    monkeypatch.chdir(tmp_path)

    def run(line, **streams):
        for name, stream in streams.items():
            monkeypatch.setattr(sys, name, stream)
        with pytest.raises(SystemExit) as ended:
            app(line.split())
        monkeypatch.undo()
        return ended.value.code, capfd.readouterr().err

    return run


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("line", [*TELLING, *HELP, "copy a.jsonl b.jsonl"])
def test_a_full_output_is_named(run, line):
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        code, said = run(line, stdout=full)
        with pytest.raises(OSError, match="No space"):
            full.close()
    assert (code, said) == (2, "error: standard output: No space left on device\n")


@pytest.mark.parametrize("line", TELLING)
def test_no_answer_is_lost_to_a_closed_output(run, line):
    code, said = run(line, stdout=None)
    assert code == 2
    assert said.startswith("error: standard output is closed")
    assert said.count("\n") == 1


def test_what_has_another_result_needs_no_output(run, tmp_path):
    assert run("copy a.jsonl b.jsonl", stdout=None) == (0, "")
    assert (tmp_path / "b.jsonl").read_text() == RECORD


@pytest.mark.parametrize(
    "line", ["query airec -", "bench airec -", "copy - b.jsonl", "serve --airec -"]
)
def test_a_closed_input_is_named(run, line):
    code, said = run(line, stdin=None)
    assert (code, said.removeprefix("error: -: ").removeprefix("error: ")) == (
        2,
        "standard input is closed: give a file\n",
    )


@pytest.mark.parametrize("columns", ["0", "00", ""])
def test_a_terminal_of_no_columns_is_one_of_unknown_width(tmp_path, columns):
    (tmp_path / "a.jsonl").write_text(RECORD)
    arguments = [sys.executable, "-m", "instquery", "query", "airec", tmp_path / "a.jsonl"]
    told = subprocess.run(  # noqa: S603
        arguments, env={"COLUMNS": columns}, capture_output=True, text=True, check=True
    )
    assert told.stdout.split()[:2] == ["instanceId", "name"]


def test_an_interrupt_while_the_command_line_is_imported(monkeypatch, capsys):
    def interrupted(name):
        assert name == "instquery.cli.app"
        raise KeyboardInterrupt

    monkeypatch.setattr(import_module("instquery.cli.rooms"), "import_module", interrupted)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 130
    assert capsys.readouterr() == ("", "")
