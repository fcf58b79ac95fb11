"""What every command says of wrong input: each in the words that `golden/wrong_input.txt` holds.

`python tests/test_wrong_input.py` writes that file anew, to be read before it is kept.
"""

import json
import os
import re
import shlex
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from instquery import Order, Schema, instant, text
from instquery.apis import airec, bss
from instquery.apis.catalog import CATALOG
from instquery.cli.app import app
from instquery.durable import DurableStore

GOLDEN = Path(__file__).parent / "golden" / "wrong_input.txt"
COMMANDS = ("query", "generate", "bench", "demo", "copy", "serve")

ANY = "…"
"""What stands for words of others, which change with their releases."""

OTHERS = (
    r"(Invalid value for '--[\w-]+': ).*",  # Typer
    r"(No such option: --\w+).*",
    r"(Option '--\w+' requires an argument).*",
    r"(Missing argument ').*",
    r"(Got unexpected extra argument)(?:.*)",
    r"(is not JSON: ).*",  # the standard library
    r"(connection failed: ).*",  # PostgreSQL
    r"(Error HTTPConnectionPool).*",  # ClickHouse
)


def cases():
    """Return what is to be said, and the exit code, by the command as it is typed."""
    found = {}
    for block in GOLDEN.read_text("utf-8").split("\n$ ")[1:]:
        line, *told = block.rstrip("\n").split("\n")
        found[line] = "\n".join(told[:-1]), int(told[-1].removeprefix("exit "))
    return found


CASES = cases() if GOLDEN.exists() else {}


def furnish(folder):
    """Make the files that the commands name."""
    records = [{"instanceId": f"i-{number}", "name": "n"} for number in range(3)]
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (folder / "good.jsonl").write_text(lines)
    (folder / "empty.jsonl").write_text("")
    (folder / "bad.jsonl").write_text('{"instanceId": "a"}\n{"instanceId": 5}\n{bad\n')
    (folder / "text.db").write_text("no store\n" * 100)
    (folder / "packed.jsonl.gz").write_bytes(b"\x1f\x8b\x08" + bytes(20))
    (folder / "table.parquet").write_bytes(b"PAR1" + bytes(20))
    (folder / "keys.json").write_text("[]")
    (folder / "wide.jsonl").write_text('{"instanceId": "a"}', "utf-16")
    os.mkfifo(folder / "pipe.jsonl")
    (folder / "folder.jsonl").mkdir()
    (folder / "link.jsonl").symlink_to(folder / "good.jsonl")
    own = Schema(key="id", order=Order("at"), fields={"id": text(), "at": instant()})
    for name, schema, held in (
        ("good.db", airec.SCHEMA, records),
        ("odd.db", airec.SCHEMA, [{"instanceId": "i-1", "dataSetVersion": (1, 2)}]),
        ("bills.db", bss.SCHEMA, [{"InstanceID": "b-1"}]),
        ("own.db", own, [{"id": "1"}]),
    ):
        with DurableStore.open(folder / name, schema) as store:
            store.put_many(held)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("wrong")
    furnish(place)
    return place


def contents(folder):
    return {
        path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def said(line, folder):
    """Run a command; return what it says on stderr, and its exit code. It says nothing else."""
    arguments = [json.loads(f'"{word}"') if "\\u" in word else word for word in shlex.split(line)]
    told = CliRunner().invoke(app, arguments[1:], prog_name="instquery", input="")
    assert told.exception is None or isinstance(told.exception, SystemExit), told.exc_info
    assert "Traceback" not in told.stderr
    return told.stdout, told.stderr.replace(str(folder), "{folder}").rstrip("\n"), told.exit_code


@pytest.mark.parametrize("line", CASES)
def test_what_is_said_of_wrong_input(line, folder, monkeypatch):
    monkeypatch.chdir(folder)
    before = contents(folder)
    shown, words, code = said(line, folder)

    expected, expected_code = CASES[line]
    pattern = re.escape(expected).replace(re.escape(ANY), ".*")
    assert re.fullmatch(pattern, words), words
    assert code == expected_code
    assert shown == ""
    assert contents(folder) == before  # nothing is made, nothing is changed


def test_every_command_has_ten_and_each_begins_with_error():
    counts = dict.fromkeys(COMMANDS, 0)
    for line, (words, code) in CASES.items():
        counts[shlex.split(line)[1]] += 1
        assert words.startswith("error: "), line
        assert code in (1, 2)
    assert min(counts.values()) >= 10, counts
    assert set(COMMANDS) == {command.name or command.callback.__name__ for command in commands()}


def commands():
    return [*app.registered_commands, *app.registered_groups]


def test_a_refusal_names_options_as_they_are_typed():
    refusals = {line: words for line, (words, code) in CASES.items() if code == 1}
    assert len(refusals) >= 6
    for line, words in refusals.items():
        assert re.search(r"--[a-z]+", words), line
        for api in CATALOG.values():
            for param in api.operation.params:
                is_word = param.name.islower()
                assert is_word or not re.search(rf"\b{param.name}\b", words), line


if __name__ == "__main__":
    import tempfile

    lines = sys.stdin.read().splitlines() or list(CASES)
    with tempfile.TemporaryDirectory() as made:
        furnish(Path(made))
        os.chdir(made)
        blocks = []
        for line in lines:
            _, words, code = said(line, Path(made))
            for pattern in OTHERS:
                words = re.sub(pattern, rf"\1{ANY}", words)
            blocks.append(f"$ {line}\n{words}\nexit {code}\n")
        os.chdir("/")
    GOLDEN.write_text("What commands say of wrong input.\n\n" + "\n".join(blocks), "utf-8")
