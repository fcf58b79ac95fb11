"""Files of older formats, and other schemas: upgraded whole or left alone, misfits named."""

import json
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from instquery import Eq, Order, Query, Schema, instant, keyword, stored, text
from instquery.apis import airec
from instquery.cli.app import app
from instquery.durable import DurableError, DurableStore
from strategies import SCHEMA

TESTS = str(Path(__file__).parent)


def made(number, **members):
    return {"id": f"i-{number:05}", "created": number * 1_000_000, **members}


def make_format_1(path, records, *, key="id", version=7, schema=SCHEMA):
    """Make a file as the release before checksums did."""
    database = sqlite3.connect(path)
    fields = {name: field.kind.name for name, field in schema.fields.items()}
    noted = {"key": key, "order": [schema.order.field, True], "fields": fields}
    database.executescript(
        "CREATE TABLE facts (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;"
        "CREATE TABLE records (key BLOB PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;"
    )
    rows = [(record[key].encode(), json.dumps(record)) for record in records]
    database.executemany("INSERT INTO records VALUES (?, ?)", rows)
    facts = [("version", version), ("schema", json.dumps(noted))]
    database.executemany("INSERT INTO facts VALUES (?, ?)", facts)
    database.commit()
    database.execute("PRAGMA application_id = 1768846193")
    database.execute("PRAGMA user_version = 1")
    database.execute("PRAGMA journal_mode = WAL")
    database.close()


def format_of(path):
    database = sqlite3.connect(path)
    number = database.execute("PRAGMA user_version").fetchone()[0]
    database.close()
    return number


@pytest.fixture
def path(tmp_path):
    return tmp_path / "kept.db"


def test_a_file_of_format_1_is_upgraded(path):
    path.touch()
    path.chmod(0o644)
    records = [made(number, name="推荐", note={"n": [number]}) for number in range(500)]
    make_format_1(path, records)
    with DurableStore.open(path, SCHEMA) as store:
        assert list(store) == records[::-1]
        assert store.version == 7
        cursor = store.page(Query(limit=5)).cursor
        store.put(made(900))
        assert store.discard("i-00003")
    assert format_of(path) == 2
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["kept.db"]
    with DurableStore.open(path, SCHEMA) as store:
        assert len(store) == 500
        assert store.version == 9
        assert store.verify() == []
        assert len(store.page(Query(limit=5), cursor, live=True).items) == 5
    octets = path.read_bytes()
    place = octets.index(b"i-00007")
    path.write_bytes(octets[:place] + b"I" + octets[place + 1 :])
    with pytest.raises(DurableError, match="is damaged"):
        DurableStore.open(path, SCHEMA)


def test_a_killed_file_of_format_1_is_upgraded_with_its_last_writes(path):
    code = """
import os, sqlite3, sys
sys.path.insert(0, sys.argv[2])
from test_upgrade import made, make_format_1
make_format_1(sys.argv[1], [made(1)])
database = sqlite3.connect(sys.argv[1])
database.execute("INSERT INTO records VALUES (?, ?)", [b"i-00002", '{"id":"i-00002"}'])
database.execute("UPDATE facts SET value = 8 WHERE name = 'version'")
database.commit()
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", code, str(path), TESTS], check=False)  # noqa: S603
    assert Path(f"{path}-wal").stat().st_size
    with DurableStore.open(path, SCHEMA) as store:
        assert list(store) == [made(1), {"id": "i-00002"}]
        assert store.version == 8
    assert format_of(path) == 2


BAD = [made(0, created=None), made(1, size=float("nan")), made(2, size=1 << 70), made(3)]
BAD += [made(10 + number, note={"huge": 1 << 80}) for number in range(5)]


def test_records_that_this_release_refuses_are_named_and_the_file_is_left(path):
    make_format_1(path, BAD)
    before = path.read_bytes()
    with pytest.raises(DurableError) as caught:
        DurableStore.open(path, SCHEMA)
    said = str(caught.value)
    assert "does not fit 7 of its records: i-00001 (size: " in said
    assert f"instquery copy {path} -" in said
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["kept.db"]


def test_the_way_out_is_open(path):
    """The command that the message names writes every record, those that are refused too."""
    make_format_1(path, BAD)
    before = path.read_bytes()
    told = CliRunner().invoke(app, ["copy", str(path), "-"])
    assert told.exit_code == 0, told.output
    lines = told.stdout.splitlines()
    assert f"{len(BAD)} records as they stand in {path}" in told.stderr
    assert len(lines) == len(BAD)
    assert [json.loads(line)["id"] for line in lines] == sorted(one["id"] for one in BAD)
    assert json.loads(lines[2]) == BAD[2]
    assert path.read_bytes() == before
    mended = [json.loads(line) for line in lines]
    path.unlink()
    with DurableStore.open(path, SCHEMA) as store:
        store.put_many({"id": one["id"], "created": one["created"]} for one in mended)


def test_copy_reads_a_file_of_format_1(tmp_path):
    path, lines = tmp_path / "old.db", tmp_path / "lines.jsonl"
    records = [{"instanceId": f"i-{number}", "name": "n"} for number in range(20)]
    make_format_1(path, records, key="instanceId", schema=airec.SCHEMA)
    told = CliRunner().invoke(app, ["copy", str(path), str(lines)])
    assert told.exit_code == 0, told.output
    assert len(lines.read_text().splitlines()) == 20


@pytest.mark.parametrize("damage", ["swapped", "not json", "no object", "other key", "no fact"])
def test_a_damaged_file_of_format_1_is_refused(damage, path):
    make_format_1(path, [made(number) for number in range(50)])
    database = sqlite3.connect(path)
    statement, values = {
        "swapped": ("UPDATE records SET body = ? WHERE key = ?", [json.dumps(made(3)), b"i-00004"]),
        "not json": ("UPDATE records SET body = ? WHERE key = ?", ["{", b"i-00004"]),
        "no object": ("UPDATE records SET body = ? WHERE key = ?", ["[1]", b"i-00004"]),
        "other key": ("UPDATE records SET key = ? WHERE key = ?", [b"j-00004", b"i-00004"]),
        "no fact": ("DELETE FROM facts WHERE name = ?", ["schema"]),
    }[damage]
    database.execute(statement, values)
    database.commit()
    database.close()
    before = path.read_bytes()
    with pytest.raises(DurableError, match="is damaged"):
        DurableStore.open(path, SCHEMA)
    assert path.read_bytes() == before


def test_a_number_of_a_format_that_the_tables_are_not_of_is_damage(path):
    DurableStore.open(path, SCHEMA).close()
    for number in (0, 1):
        database = sqlite3.connect(path)
        database.execute(f"PRAGMA user_version = {number}")
        database.close()
        with pytest.raises(DurableError, match="is damaged"):
            DurableStore.open(path, SCHEMA)


def test_an_upgrade_without_room_leaves_the_file(path):
    make_format_1(path, [made(number, name="x" * 500) for number in range(2000)])
    before = path.read_bytes()
    code = """
import sys; sys.path.insert(0, sys.argv[2])
from instquery.durable import DurableError, DurableStore
from strategies import SCHEMA
try:
    DurableStore.open(sys.argv[1], SCHEMA)
except DurableError as error:
    print(error)
"""
    for limit in (100_000, 600_000, len(before)):
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-c", code, str(path), TESTS],
            capture_output=True,
            text=True,
            check=True,
            preexec_fn=lambda limit=limit: resource.setrlimit(
                resource.RLIMIT_FSIZE, (limit, limit)
            ),
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        assert "limit on the size of files" in done.stdout
        assert path.read_bytes() == before
        assert [entry.name for entry in path.parent.iterdir()] == ["kept.db"]
    with DurableStore.open(path, SCHEMA) as store:
        assert len(store) == 2000


@pytest.mark.long
def test_an_upgrade_that_is_killed_has_happened_or_has_not(path, tries):
    code = """
import sys; sys.path.insert(0, sys.argv[2])
from instquery.durable import DurableStore
from instquery.files.live import LiveFile
from strategies import SCHEMA
def begin(self, *given, real=LiveFile.begin, **options):
    print("begins", flush=True)
    real(self, *given, **options)
    print("over", flush=True)
LiveFile.begin = begin
DurableStore.open(sys.argv[1], SCHEMA)
"""
    records = [made(number, name="x" * 100) for number in range(2000)]
    chance = random.Random(3)
    for _ in range(tries(40, quick=4)):
        for entry in path.parent.iterdir():
            entry.unlink()
        make_format_1(path, records)
        command = [sys.executable, "-c", code, str(path), TESTS]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as upgrader:  # noqa: S603
            upgrader.stdout.readline()
            time.sleep(chance.random() * 0.04)
            upgrader.send_signal(signal.SIGKILL)
        with DurableStore.open(path, SCHEMA) as store:
            assert list(store) == records[::-1]
            assert store.verify() == []
        assert format_of(path) == 2


# schemas


def schema(**fields):
    declared = {"id": text(), "created": instant(integers="microseconds"), **fields}
    return Schema(key="id", order=Order("created"), fields=declared)


CHANGES = {
    "kind": ({"x": keyword()}, {"x": text()}, "kind='keyword'"),
    "stored": ({"x": stored()}, {"x": keyword()}, "kind='stored'"),
    "unit": (
        {"x": instant(integers="seconds")},
        {"x": instant(integers="milliseconds")},
        "seconds",
    ),
    "no unit": ({"x": instant(integers="seconds")}, {"x": instant()}, "integers='seconds'"),
    "blank": ({"x": instant()}, {"x": instant(blank_is_missing=True)}, "blank_is_missing=False"),
    "text": ({"x": keyword()}, {"x": keyword(as_text=True)}, "as_text=False"),
    "order": ({}, {"created": instant(integers="seconds")}, "integers='microseconds'"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_field_that_means_something_else_is_refused_unless_it_is_to_migrate(change, path):
    before, after, said = CHANGES[change]
    name = next(iter(after))
    with DurableStore.open(path, schema(**before)) as store:
        store.put({"id": "a", "created": 5})
    octets = path.read_bytes()
    with pytest.raises(DurableError, match=said) as caught:
        DurableStore.open(path, schema(**after))
    assert caught.value.field == name
    assert "migrate=True" in str(caught.value)
    assert path.read_bytes() == octets
    with DurableStore.open(path, schema(**after), migrate=True) as store:
        assert store.version == 1
    with DurableStore.open(path, schema(**after)) as store:
        assert len(store) == 1
    with pytest.raises(DurableError, match="migrate=True"):
        DurableStore.open(path, schema(**before))


def test_what_means_nothing_may_change(path):
    with DurableStore.open(path, schema(x=keyword())) as store:
        store.put({"id": "a", "x": "b"})
    for fields in (
        {"x": keyword(indexed=False)},
        {"x": keyword(aliases=("X",))},
        {"x": keyword(), "y": text()},
    ):
        with DurableStore.open(path, schema(**fields)) as store:
            assert store.count([Eq("x", "b")]) == 1


def test_a_field_that_was_left_out_is_still_what_it_was(path):
    DurableStore.open(path, schema(x=instant(integers="seconds"))).close()
    DurableStore.open(path, schema()).close()
    with pytest.raises(DurableError, match="integers='seconds'"):
        DurableStore.open(path, schema(x=instant(integers="milliseconds")))
    DurableStore.open(path, schema(x=instant(integers="seconds"))).close()


def test_the_key_stays_whatever_is_to_migrate(path):
    with DurableStore.open(path, schema(x=keyword())) as store:
        store.put({"id": "a", "x": "b"})
    other = Schema(key="x", order=Order("created"), fields=schema(x=keyword()).fields)
    with pytest.raises(DurableError, match="named by id"):
        DurableStore.open(path, other, migrate=True)


def test_values_that_a_migration_does_not_fit_are_named(path):
    with DurableStore.open(path, schema(x=stored())) as store:
        store.put_many({"id": f"i-{number:05}", "x": number % 2 or "text"} for number in range(100))
    octets = path.read_bytes()
    with pytest.raises(DurableError, match="50 of its records: i-00001 "):
        DurableStore.open(path, schema(x=text()), migrate=True)
    assert path.read_bytes() == octets


def test_a_file_of_format_1_knows_kinds_alone(path):
    make_format_1(path, [made(1)], schema=schema(x=instant(integers="seconds")))
    with pytest.raises(DurableError, match="kind='instant'"):
        DurableStore.open(path, schema(x=keyword()))
    DurableStore.open(path, schema(x=instant(integers="milliseconds"))).close()
    with pytest.raises(DurableError, match="integers='milliseconds'"):
        DurableStore.open(path, schema(x=instant(integers="seconds")))
