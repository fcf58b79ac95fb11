"""`instquery copy`: to every kind of place and back, resumed, and checked at the end."""

import json
import re
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from instquery.apis import airec, bss
from instquery.apis.catalog import CATALOG
from instquery.cli import copy
from instquery.cli.app import app
from instquery.durable import DurableStore
from instquery.sql import SqlStore

SCHEMAS = {"airec": airec.SCHEMA, "bss": bss.SCHEMA}


@pytest.fixture(params=CATALOG)
def file(request, tmp_path):
    path = tmp_path / f"{request.param}.jsonl"
    path.write_text(
        "".join(json.dumps(record) + "\n" for record in CATALOG[request.param].samples(500)),
        "utf-8",
    )
    return path


def run(*arguments):
    return CliRunner().invoke(app, ["copy", *map(str, arguments)])


def records(path):
    return sorted((json.loads(line) for line in path.read_text("utf-8").splitlines()), key=str)


@pytest.fixture(params=["sqlite", "chdb", "postgresql", "shards"])
def place(request, databases):
    return databases.tables(request.param)


def test_to_a_database_and_back(file, place, tmp_path):
    url, table = place.engine.url.render_as_string(hide_password=False), f"moved_{file.stem}"
    place.make(SqlStore(place.engine, SCHEMAS[file.stem], table))
    there = run(file, url, "--table", table)
    assert there.exit_code == 0, there.stderr
    assert f"500 of 500 {file.stem} records copied; the target holds the same" in there.stdout
    again = run(file, url, "--table", table)
    assert f"0 of 500 {file.stem} records copied; the target holds the same" in again.stdout
    back = run(url, tmp_path / "back.jsonl", "--table", table)
    assert back.exit_code == 0, back.stderr
    assert records(tmp_path / "back.jsonl") == records(file)
    assert (
        len({re.search("checksum ([0-9a-f]{32})", told.stdout)[1] for told in (there, again, back)})
        == 1
    )


def test_by_way_of_a_durable_store(file, tmp_path):
    database = f"sqlite:///{tmp_path}/made.sqlite"
    assert run(file, tmp_path / "kept.db").exit_code == 0
    with DurableStore.open(tmp_path / "kept.db", SCHEMAS[file.stem]) as kept:
        assert len(kept) == 500
    assert "500 of 500" in run(tmp_path / "kept.db", database).stdout
    assert "500 of 500" in run(database, tmp_path / "other.db").stdout
    assert "0 of 500" in run(database, tmp_path / "other.db").stdout


def test_it_goes_on_where_it_was_interrupted(file, tmp_path, monkeypatch):
    database = f"sqlite:///{tmp_path}/made.sqlite"
    monkeypatch.setattr(copy, "_BATCH", 100)
    put, batches = SqlStore.put_many, []

    def interrupted(store, batch):
        batches.append(len(batch))
        if len(batches) == 3:
            raise KeyboardInterrupt
        return put(store, batch)

    monkeypatch.setattr(SqlStore, "put_many", interrupted)
    assert run(file, database).exit_code == 130
    told = run(file, database)
    assert "300 of 500" in told.stdout
    assert batches == [100, 100, 100, 0, 0, 100, 100, 100]


def test_no_connection_is_left_open_also_when_it_fails(file, tmp_path, monkeypatch):
    made = []

    def create(url):
        made.append(sa.create_engine(url))
        return made[-1]

    monkeypatch.setattr(copy, "create_engine", create)
    target, other = f"sqlite:///{tmp_path}/target", f"sqlite:///{tmp_path}/other"

    assert run(file, target).exit_code == 0
    assert run(other, target).exit_code == 2  # there is no table
    monkeypatch.setattr(copy, "is_same", lambda *_: 1 / 0)
    assert run(file, target).exception is not None

    assert len(made) == 4
    assert [engine.pool.checkedin() for engine in made] == [0] * 4


def test_a_target_that_holds_something_else_is_told(file, tmp_path):
    database = f"sqlite:///{tmp_path}/made.sqlite"
    assert run(file, database).exit_code == 0
    store = SqlStore(sa.create_engine(database), SCHEMAS[file.stem])
    store.put({store.schema.key: "another"})
    told = run(file, database)
    assert told.exit_code == 2
    assert "holds 501 records and not the 500 of the source" in told.stderr


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("none.jsonl", "sqlite://", "No such file"),
        ("none.db", "sqlite://", "none.db"),
        ("sqlite:///none.sqlite", "x.jsonl", "the database has no table instances"),
        ("empty.jsonl", "sqlite://", "holds no records of airec or bss"),
        ("postgresql+psycopg://nobody@127.0.0.1:1/none", "x.jsonl", "Connection refused"),
        ("nonsense://", "x.jsonl", "nonsense"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_line(tmp_path, monkeypatch, source, target, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.jsonl").write_text("{}\n")
    told = run(source, target)
    assert told.exit_code == 2
    assert said in told.stderr
    assert "Traceback" not in told.stderr
    assert not (tmp_path / "x.jsonl").exists()


ODD = [
    {"instanceId": "i-1", "name": "half \ud800, both \U00010000"},
    {"instanceId": "i-2", "name": "\udc00\ud800"},
]


def test_halves_of_surrogate_pairs_are_copied_to_a_file_and_back(tmp_path):
    with DurableStore.open(tmp_path / "kept.db", airec.SCHEMA) as kept:
        kept.put_many(ODD)
    told = run(tmp_path / "kept.db", tmp_path / "odd.jsonl")
    assert told.exit_code == 0, told.stderr
    assert records(tmp_path / "odd.jsonl") == ODD
    assert run(tmp_path / "odd.jsonl", tmp_path / "again.db").exit_code == 0
    with DurableStore.open(tmp_path / "again.db", airec.SCHEMA) as again:
        assert sorted(again, key=str) == ODD


@pytest.mark.parametrize("value", ["\ud800\udc00", datetime(2026, 1, 1, tzinfo=UTC), b"x"])
def test_what_a_file_of_json_cannot_carry_is_refused_and_databases_take_it(tmp_path, value):
    with DurableStore.open(tmp_path / "kept.db", airec.SCHEMA) as kept:
        kept.put({"instanceId": "i-1", "dataSetVersion": value})
    told = run(tmp_path / "kept.db", tmp_path / "odd.jsonl")
    assert told.exit_code == 2
    assert "has no form for" in told.stderr
    assert not (tmp_path / "odd.jsonl").exists()
    database = f"sqlite:///{tmp_path}/made.sqlite"
    assert run(tmp_path / "kept.db", database).exit_code == 0
    (record,) = SqlStore(sa.create_engine(database), airec.SCHEMA)
    assert record["dataSetVersion"] == value


def test_an_inventory_without_records_is_copied_to_a_file_and_back(tmp_path):
    path, target = tmp_path / "empty.db", tmp_path / "empty.jsonl"
    DurableStore.open(path, airec.SCHEMA).close()
    result = run(path, target)
    assert "0 of 0 airec records copied" in result.stdout
    assert airec.read(target) == []
