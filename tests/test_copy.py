"""`instquery copy`: to every kind of place and back, resumed, and checked at the end."""

import json
import os
import re
import subprocess
from datetime import UTC, date, datetime
from decimal import Decimal
from errno import ENOSPC
from operator import itemgetter
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from instquery import InstqueryError
from instquery.apis import airec, bss, ecs
from instquery.apis.catalog import CATALOG
from instquery.cli import copy
from instquery.cli import databases as cli_databases
from instquery.cli.app import app
from instquery.cli.places import target_of
from instquery.cli.writing import JsonForm, whole_file, write_lines
from instquery.durable import DurableStore
from instquery.sql import SqlStore

SCHEMAS = {"airec": airec.SCHEMA, "bss": bss.SCHEMA, "ecs": ecs.SCHEMA}


@pytest.fixture(params=SCHEMAS)
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

    monkeypatch.setattr(cli_databases, "create_engine", create)
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


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("\ud800\udc00", "two halves of a surrogate pair side by side"),
        (datetime(2026, 1, 1, tzinfo=UTC), "of type datetime"),
        (date(2026, 1, 1), "of type date"),
        (b"x", "of type bytes"),
        (Decimal("1.50"), "of type Decimal"),
        (UUID(int=7), "of type UUID"),
        ({1, 2}, "of type set"),
        (frozenset(), "of type frozenset"),
        ((1, 2), "of type tuple"),
        (float("inf"), "of type float"),
        ([1, {"a": (1,)}], "of type tuple in it in it"),
    ],
)
@pytest.mark.parametrize("target", ["odd.jsonl", "odd.json", "-"])
def test_what_a_file_of_json_cannot_carry_is_refused_by_name(tmp_path, value, kind, target):
    with DurableStore.open(tmp_path / "kept.db", airec.SCHEMA) as kept:
        kept.put_many([{"instanceId": "i-0"}, {"instanceId": "i-1", "dataSetVersion": value}])
    place = target if target == "-" else tmp_path / target
    told = run(tmp_path / "kept.db", place)
    assert (told.exit_code, told.stdout) == (2, "")
    assert f"has no form for dataSetVersion of i-1, {kind}: copy to *.db" in told.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["kept.db"]

    database = f"sqlite:///{tmp_path}/made.sqlite"
    assert run(tmp_path / "kept.db", database).exit_code == 0
    record = SqlStore(sa.create_engine(database), airec.SCHEMA).get("i-1")
    assert record["dataSetVersion"] == value
    assert type(record["dataSetVersion"]) is type(value)


TIMES = [
    datetime(2026, 1, 1, 12, 30, 0, 5, tzinfo=UTC),
    datetime(2026, 1, 1, 12, 30),  # noqa: DTZ001 - one without a zone is UTC
    datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")),
    datetime(1890, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")),  # 8:05:43 before UTC
    datetime.max.replace(tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=UTC),
]


@pytest.mark.parametrize("target", ["odd.jsonl", "odd.json", "-"])
def test_a_time_of_a_time_field_is_written_as_the_same_instant_and_it_is_said(tmp_path, target):
    made = [{"instanceId": f"i-{n}", "gmtCreate": at} for n, at in enumerate(TIMES)]
    made.append({"instanceId": "i-9", "gmtCreate": "2026-01-01T00:00:00Z"})
    with DurableStore.open(tmp_path / "kept.db", airec.SCHEMA) as kept:
        kept.put_many(made)
    told = run(tmp_path / "kept.db", target if target == "-" else tmp_path / target)
    assert told.exit_code == 0, told.stderr
    said = told.stderr if target == "-" else told.stdout
    assert f"the target holds them, but {len(TIMES)} times are ISO 8601 text there" in said
    assert "the same" not in said

    text = told.stdout if target == "-" else (tmp_path / target).read_text("utf-8")
    (tmp_path / "lines.jsonl").write_text(text, "utf-8")
    read = airec.read(tmp_path / "lines.jsonl")
    instants = airec.SCHEMA.read("gmtCreate")
    key = itemgetter("instanceId")
    assert [instants(record["gmtCreate"]) for record in sorted(read, key=key)] == [
        instants(record["gmtCreate"]) for record in made
    ]


def test_to_standard_output_go_lines_alone(file, tmp_path):
    assert run(file, tmp_path / "kept.db").exit_code == 0
    for source in (file, tmp_path / "kept.db"):
        told = run(source, "-")
        lines = [json.loads(line) for line in told.stdout.splitlines()]
        assert sorted(lines, key=str) == records(file)
        assert "500 of 500" in told.stderr


def test_from_standard_input_and_pipes(file, tmp_path):
    told = CliRunner().invoke(app, ["copy", "-", str(tmp_path / "a.db")], input=file.read_bytes())
    assert "500 of 500" in told.stdout, told.stderr
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["/bin/cp", str(file), str(pipe)]):  # noqa: S603 - a pipe is read once
        assert "500 of 500" in run(pipe, tmp_path / "b.db").stdout


def test_an_array_is_one(file, tmp_path):
    assert run(file, tmp_path / "array.json").exit_code == 0
    made = json.loads((tmp_path / "array.json").read_text("utf-8"))
    assert sorted(made, key=str) == records(file)
    assert "500 of 500" in run(tmp_path / "array.json", tmp_path / "back.jsonl").stdout
    assert records(tmp_path / "back.jsonl") == records(file)


@pytest.mark.parametrize("name", ["OUT.JSONL", "out.ndjson", "out.Json"])
def test_endings_are_of_either_case(file, tmp_path, name):
    assert run(file, tmp_path / name).exit_code == 0
    assert (tmp_path / name).read_bytes()


def test_a_link_goes_on_pointing_to_the_file_that_is_written(file, tmp_path):
    (tmp_path / "there").mkdir()
    link = tmp_path / "out.jsonl"
    link.symlink_to(tmp_path / "there" / "out.jsonl")
    assert run(file, link).exit_code == 0
    assert link.is_symlink()
    assert records(tmp_path / "there" / "out.jsonl") == records(file)


def test_source_and_target_may_not_be_the_same_by_any_name(file, tmp_path):
    assert run(file, tmp_path / "a.db").exit_code == 0
    hard, soft = tmp_path / "hard.jsonl", tmp_path / "soft.jsonl"
    hard.hardlink_to(file)
    soft.symlink_to(file)
    before = file.read_bytes()
    url = f"sqlite:///{tmp_path}/x.sqlite"
    assert run(file, url).exit_code == 0
    for source, target in [
        (file, file),
        (file, hard),
        (soft, file),
        (file, tmp_path / "." / file.name),
        (tmp_path / "a.db", f"sqlite:///{tmp_path}/a.db"),
        (url, url),
        (url, f"sqlite+pysqlite:///{tmp_path}/x.sqlite?timeout=5"),
    ]:
        told = run(source, target)
        assert told.exit_code == 2
        assert "source and target are the same" in told.stderr
    assert file.read_bytes() == before


def interrupted(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize("error", [KeyboardInterrupt, InstqueryError("no"), OSError("full")])
@pytest.mark.parametrize("target", ["x.jsonl", "x.json", "x.db", "sqlite:///{}/x.sqlite", "-"])
@pytest.mark.parametrize("at", ["start", "middle", "check"])
def test_a_failure_leaves_nothing(tmp_path, file, monkeypatch, error, target, at):
    """Neither a file nor a part of one, at whatever step it comes."""
    places = {"start": "_put", "middle": "is_same", "check": "_compare"}

    def fail(*_):
        raise error

    if (at != "check" and target.startswith("x.j")) or target == "-":
        monkeypatch.setattr(JsonForm, "line", fail)
    else:
        monkeypatch.setattr(copy, places[at], fail)
    place = target.format(tmp_path) if "{}" in target else target
    monkeypatch.chdir(tmp_path)
    before = sorted(path.name for path in tmp_path.iterdir())
    told = run(file, place)
    assert told.exit_code == (130 if error is KeyboardInterrupt else 2)
    assert told.stdout == ""
    left = sorted(path.name for path in tmp_path.iterdir())
    # A whole copy that was interrupted stays: the next one goes on from it.
    is_store = not target.startswith("x.j") and target != "-"
    if at == "check" and is_store and not isinstance(error, InstqueryError):
        assert len(left) == len(before) + 1
    else:
        assert left == before


def test_a_failure_leaves_no_table_in_a_database_that_was_there(file, tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path}/there.sqlite"
    assert run(file, url, "--table", "first").exit_code == 0
    monkeypatch.setattr(SqlStore, "put_many", interrupted)
    assert run(file, url, "--table", "second").exit_code == 130
    assert sa.inspect(sa.create_engine(url)).get_table_names() == ["first"]


def test_a_failure_leaves_what_was_there(file, tmp_path, monkeypatch):
    target = tmp_path / "out.jsonl"
    target.write_text("kept\n")
    monkeypatch.setattr(copy, "_compare", interrupted)
    assert run(file, target).exit_code == 130
    assert target.read_text() == "kept\n"


def test_an_interrupted_copy_says_that_it_can_go_on(file, tmp_path, monkeypatch):
    monkeypatch.setattr(copy, "_compare", interrupted)
    told = run(file, tmp_path / "kept.db")
    assert "the same command goes on from there" in told.stderr
    monkeypatch.undo()
    assert "0 of 500" in run(file, tmp_path / "kept.db").stdout


@pytest.mark.parametrize("name", ["o.csv", "o.parquet", "o.jsonl.gz", "o.txt", "o", "a.x"])
def test_an_unknown_form_is_refused_before_anything_is_read(tmp_path, name):
    told = run(tmp_path / "none.jsonl", tmp_path / name)
    assert told.exit_code == 2
    for form in ("*.jsonl", "*.json", "*.db", "URL", "- (JSON lines"):
        assert form in told.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_password_is_not_said(tmp_path, file):
    told = run(file, "postgresql+psycopg://someone:the-secret@127.0.0.1:1/none")
    assert told.exit_code == 2
    assert "someone:***@" in told.stderr
    assert "the-secret" not in told.stderr


def test_an_inventory_without_records_is_copied_to_a_file_and_back(tmp_path):
    path, target = tmp_path / "empty.db", tmp_path / "empty.jsonl"
    DurableStore.open(path, airec.SCHEMA).close()
    result = run(path, target)
    assert "0 of 0 airec records copied" in result.stdout
    assert airec.read(target) == []


@pytest.mark.parametrize(
    ("text", "api"),
    [
        ('{"instance_id": "a", "gmt_create": "2026-01-01T00:00:00Z"}', "airec"),
        (
            '{"body": {"data": {"instance_list": [{"instance_id": "b", "product_code": "x"}]}}}',
            "bss",
        ),
        (
            json.dumps({"requestId": "R", "result": [], "more": "x" * 200_000})
            + '\n{"instanceId": "a"}',
            "airec",
        ),
    ],
    ids=["Python", "response", "late"],
)
def test_records_in_any_casing_and_anywhere_are_copied(tmp_path, text, api):
    (tmp_path / "a.jsonl").write_text(text)
    told = run(str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl"))
    assert told.exit_code == 0, told.stderr
    assert f"1 of 1 {api} records copied" in told.stdout


def test_a_file_that_may_be_of_either_api_is_refused(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"instance_id": "a"}')
    told = run(str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl"))
    assert told.exit_code == 2
    assert "holds no records of airec or bss" in told.stderr


def test_a_name_as_long_as_names_may_be_is_written(file, tmp_path):
    target = tmp_path / ("推" * 83 + ".jsonl")  # of 255 bytes
    told = run(str(file), str(target))
    assert told.exit_code == 0, told.stderr
    assert [path for path in tmp_path.iterdir() if path.suffix == ".part"] == []


def test_no_room_is_said_of_the_file_as_it_was_typed(tmp_path):
    def fill(path):
        with whole_file(path) as part:
            part.write_text("x")
            raise OSError(ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space") as refused:
        fill(tmp_path / "a")
    assert refused.value.filename == str(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [".jsonl", ".json", ".db"])
def test_a_name_that_is_an_ending_alone_is_of_that_form(file, tmp_path, name):
    told = run(str(file), str(tmp_path / name))
    assert told.exit_code == 0, told.stderr


def test_of_records_with_one_key_the_last_is_copied(tmp_path):
    (tmp_path / "a.jsonl").write_text(
        '{"instanceId": "a", "name": "old"}\n{"instanceId": "a", "name": "new"}\n'
    )
    for target in ("b.db", "b.jsonl"):
        told = run(tmp_path / "a.jsonl", tmp_path / target)
        assert told.stdout.startswith("1 of 1 airec records copied"), told.stderr
    assert records(tmp_path / "b.jsonl") == [{"instanceId": "a", "name": "new"}]


def test_a_checksum_is_of_what_records_hold_in_any_order():
    one, two = {"id": "a", "n": 1}, {"id": "b", "n": 2}
    told = copy._checksum([one, two])
    assert told == copy._checksum([two, dict(reversed(one.items()))])
    assert told != copy._checksum([one, {**two, "n": 3}])
    assert told != copy._checksum([one, {**two, "n": True}])


def test_as_many_records_that_are_others_are_no_copy(tmp_path, monkeypatch):
    put = copy._put
    monkeypatch.setattr(copy, "_put", lambda store, moved: put(store, list(moved)) + spoilt(store))

    def spoilt(store):
        store.update("a", {"name": "spoilt"})
        return 0

    (tmp_path / "a.jsonl").write_text('{"instanceId": "a", "name": "n"}\n')
    told = run(tmp_path / "a.jsonl", tmp_path / "b.db")
    assert told.exit_code == 2
    assert "the target holds 1 records as the source does, but not the same" in told.stderr
    assert not (tmp_path / "b.db").exists()


def test_lines_are_written_to_a_new_file_alone(tmp_path):
    (tmp_path / "a").write_text("another's")
    with pytest.raises(FileExistsError):
        write_lines(tmp_path / "a", ["{}"])
    assert (tmp_path / "a").read_text() == "another's"


@pytest.mark.parametrize("name", ["gone.db", "sqlite:///{}/gone.sqlite"])
def test_a_link_to_nothing_is_there(tmp_path, name):
    """So a copy to it that fails does not take the link away as what it has made."""
    link = tmp_path / name.rpartition("/")[2]
    link.symlink_to(tmp_path / "nothing")
    typed = name.format(tmp_path) if "{}" in name else str(link)
    assert target_of(typed).is_there()
