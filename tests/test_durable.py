"""Durable stores: a write that returned is on disk, and batches are whole.

Foreign and damaged files are left unchanged.
"""

import datetime as dt
import decimal
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from instquery import (
    Eq,
    InstqueryError,
    Order,
    Query,
    RecordError,
    Schema,
    instant,
    keyword,
    number,
    tags,
    text,
)
from instquery.durable import DurableError, DurableStore
from strategies import SCHEMA


def made(number, **members):
    return {"id": f"i-{number:05}", "created": number * 1_000_000, **members}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "instances.db"


def reopened(path, schema=SCHEMA, **options):
    with DurableStore.open(path, schema, **options) as store:
        assert store.verify() == []
        return store


def test_what_was_written_is_there_after_closing(path):
    with DurableStore.open(path, SCHEMA) as store:
        store.put(made(1, name="推荐\udcff", note={"tags": ["a", None], "n": 1.5}))
        store.put_many(made(number) for number in range(40))
        store.discard("i-00003")
        store.replace_all([*map(made, range(5, 30)), made(99)])
        expected, version = list(store), store.version
    again = reopened(path)
    assert list(again) == expected
    assert again.version == version == 4
    assert again.page(Query([Eq("id", "i-00099")])).total == 1


def test_values_come_back_as_they_were(path):
    zone = dt.timezone(dt.timedelta(hours=8))
    note = {
        "at": dt.datetime(2026, 1, 1, 5, tzinfo=zone),
        "day": dt.date(2026, 1, 1),
        "price": decimal.Decimal("1.10"),
        "raw": b"\x00\xff",
        "deep": [{"a": [1, True, None, 1.5]}],
    }
    with DurableStore.open(path, SCHEMA) as store:
        store.put(made(1, note=note, expires=dt.datetime(2026, 1, 1, tzinfo=zone)))
        expected = store.get("i-00001")
    assert reopened(path).get("i-00001") == expected
    assert expected["note"] == note


@pytest.mark.parametrize("note", [{1: 2}, 1j, object()])
def test_what_json_cannot_tell_is_refused_and_changes_nothing(path, note):
    with DurableStore.open(path, SCHEMA) as store:
        store.put(made(1))
        with pytest.raises(RecordError):
            store.put_many([made(2), made(3, note=note)])
        assert list(store) == [made(1)]
    assert list(reopened(path)) == [made(1)]


def test_a_file_is_open_for_one_at_a_time(path):
    with DurableStore.open(path, SCHEMA) as store:
        store.put(made(1))
        with pytest.raises(DurableError, match="open elsewhere"):
            DurableStore.open(path, SCHEMA)
        code = (
            "import sys; sys.path.insert(0, sys.argv[2])\n"
            "from instquery.durable import DurableStore; from strategies import SCHEMA\n"
            "DurableStore.open(sys.argv[1], SCHEMA)"
        )
        command = [sys.executable, "-c", code, str(path), str(Path(__file__).parent)]
        other = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ourselves
        assert "open elsewhere" in other.stderr
        store.put(made(2))
    assert len(reopened(path)) == 2


@pytest.mark.parametrize("arguments", [(SCHEMA,), ("own.db", SCHEMA), (SCHEMA, [{"id": "a"}]), ()])
def test_a_store_without_a_file_is_refused_as_its_writes_would_be_lost(arguments):
    with pytest.raises(InstqueryError, match=r"made by DurableStore\.open\(path, schema\)"):
        DurableStore(*arguments)


def test_after_closing_reads_go_on_and_writes_are_refused(path):
    with DurableStore.open(path, SCHEMA) as store:
        store.put(made(1))
    assert store.page(Query()).total == 1
    for write in (
        lambda: store.put(made(2)),
        lambda: store.discard("i-00001"),
        lambda: store.replace_all([]),
    ):
        with pytest.raises(DurableError):
            write()
    assert list(store) == [made(1)]


def test_a_write_that_does_not_reach_the_file_changes_nothing(path):
    with DurableStore.open(path, SCHEMA) as store:
        store.put(made(1))
        store._file._database.execute("PRAGMA query_only = 1")
        with pytest.raises(DurableError, match="did not reach"):
            store.put_many([made(2), made(3)])
        assert list(store) == [made(1)]
        store._file._database.execute("PRAGMA query_only = 0")
        store.put(made(4))
    assert [item["id"] for item in reopened(path)] == ["i-00004", "i-00001"]


def foreign(path):
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE records (key, body)")
    database.commit()
    database.close()


def kept(path):
    with DurableStore.open(path, SCHEMA) as store:
        store.put_many(made(number, name="x" * 200) for number in range(200))


def truncated(path):
    kept(path)
    path.write_bytes(path.read_bytes()[:20_000])


def scribbled(path):
    kept(path)
    octets = bytearray(path.read_bytes())
    octets[8192:9192] = bytes(range(250)) * 4
    path.write_bytes(bytes(octets))


def not_json(path):
    kept(path)
    database = sqlite3.connect(path)
    database.execute("UPDATE records SET body = '{' WHERE key = ?", [b"i-00007"])
    database.commit()
    database.close()


def newer(path):
    kept(path)
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 9")
    database.close()


BAD_FILES = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("not a database"),
    "foreign": foreign,
    "truncated": truncated,
    "scribbled": scribbled,
    "not JSON": not_json,
    "of a later release": newer,
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_foreign_or_damaged_file_is_refused_and_left_as_it_was(path, kind):
    BAD_FILES[kind](path)
    before = path.read_bytes()
    with pytest.raises(DurableError, match=r"instances\.db"):
        DurableStore.open(path, SCHEMA)
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir() if entry.name.endswith(".new")] == []


def test_a_place_where_nothing_can_be_made_is_refused(tmp_path):
    with pytest.raises(DurableError):
        DurableStore.open(tmp_path / "no such folder" / "a.db", SCHEMA)
    with pytest.raises((DurableError, OSError)):
        DurableStore.open(tmp_path, SCHEMA)


def test_a_schema_that_grew_is_taken_and_one_that_does_not_fit_is_refused(path):
    def schema(key="id", **fields):
        return Schema(
            key=key,
            order=Order("created"),
            fields={"id": text(), "created": instant(integers="microseconds"), **fields},
        )

    with DurableStore.open(path, schema()) as store:
        store.put_many([made(1, zone="a"), made(2, zone="b", size=5.5)])
    with DurableStore.open(path, schema(zone=keyword())) as store:
        assert store.count([Eq("zone", "b")]) == 1
    before = path.read_bytes()
    with pytest.raises(DurableError, match="size"):
        DurableStore.open(path, schema(size=text()))
    with pytest.raises(DurableError, match="named by id"):
        DurableStore.open(path, schema(key="zone", zone=keyword()))
    assert path.read_bytes() == before
    assert len(reopened(path, schema(zone=keyword(indexed=False)))) == 2


def test_a_refused_schema_lets_go_of_the_file(path):
    """In the middle of reading: the error is still held, as an interpreter at a prompt does."""

    def schema(**declared):
        fields = {"id": text(), "created": instant(integers="microseconds"), **declared}
        return Schema(key="id", order=Order("created"), fields=fields)

    with DurableStore.open(path, schema()) as store:
        store.put_many([made(n, size=5.5) for n in range(100)])
    with pytest.raises(DurableError, match="size") as caught:
        DurableStore.open(path, schema(size=text()))
    with DurableStore.open(path, schema()) as store:
        assert len(store) == 100
    assert caught.value.field == "size"


def test_progress_is_told(path):
    with DurableStore.open(path, SCHEMA) as store:
        store.put_many(map(made, range(2500)))
    told = []
    reopened(path, progress=lambda done, total: told.append((done, total)))
    assert told == [(0, 2500), (1000, 2500), (2000, 2500), (2500, 2500)]


WRITER = """
import random, sys
sys.path.insert(0, sys.argv[2])
from instquery.durable import DurableStore
from test_durable import made, step
from strategies import SCHEMA

store = DurableStore.open(sys.argv[1], SCHEMA)
print("open", store.version, flush=True)
chance = random.Random(int(sys.argv[3]))
while True:
    step(store, store.version)
    print(store.version, flush=True)
"""


def step(store, version):
    """Make the write that leads from one version to the next; the same in every process."""
    chance = random.Random(version)
    kind = chance.choice(["put", "batch", "large batch", "discard", "all"])
    if kind == "put":
        store.put(made(chance.randrange(60), name=f"v{version}"))
    elif kind == "discard" and len(store):
        store.discard(chance.choice(sorted(item["id"] for item in store)))
    elif kind == "all":
        numbers = chance.sample(range(60), 30)
        store.replace_all(made(number, name=f"v{version}") for number in numbers)
    else:
        size = 5 if kind == "batch" else 40
        store.put_many(
            made(number, name=f"v{version}") for number in chance.sample(range(60), size)
        )


@pytest.mark.long
def test_a_process_killed_at_any_moment_loses_nothing_that_returned(path, tries):
    """Kill a writer again and again.

    Every acknowledged write is there, and the state is that of one whole version.
    """
    from instquery import Store  # noqa: PLC0415 - the same writes in memory are the naive reading

    naive = Store(SCHEMA)
    chance = random.Random(7)
    kills = tries(500, quick=5)
    for turn in range(kills):
        command = [sys.executable, "-c", WRITER, str(path), str(Path(__file__).parent), "1"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:  # noqa: S603 - ourselves
            assert writer.stdout.readline().startswith("open")
            # On a slow machine too more is written than killed: every second writer gets to its
            # third write.
            told = "".join([writer.stdout.readline() for _ in range(3 * (turn % 2))])
            time.sleep(chance.random() * 0.05)
            writer.send_signal(signal.SIGKILL)
            told += writer.stdout.read()
            acknowledged = [int(line) for line in told.split("\n")[:-1]]
        with DurableStore.open(path, SCHEMA) as store:
            assert store.version >= max(acknowledged, default=0)
            while naive.version < store.version:
                step(naive, naive.version)
            assert list(store) == list(naive)
            assert store.verify() == []
    assert naive.version > kills


NESTED = Schema(
    key="id",
    fields={
        "id": keyword(path="meta.id", as_text=True),
        "groups": keyword(many=True, path="net.groups.id"),
        "tags": tags(path="Tags.Tag"),
        "size": number(path="size"),
    },
)


def nested(number, name=None):
    return {
        "meta": {"id": f"i-{number}" if name is None else name},
        "net": {"groups": [{"id": "a"}, None, {"id": "a"}]},
        "Tags": {"Tag": [{"Key": "env", "Value": ""}]},
        "size": number / 2,
        "pair": (number, [number]),
    }


def test_records_whose_key_has_a_path_are_there_after_closing(path):
    records = [nested(1), nested(2), nested(3, name=3)]
    with DurableStore.open(path, NESTED) as store:
        store.put_many([*records, nested(4)])
        assert store.update("i-2", {"size": 7})
        assert store.discard("i-4")
        store.backup(path.with_suffix(".copy"))
    records[1]["size"] = 7
    assert DurableStore.key_of(path) == "id"
    for place in (path, path.with_suffix(".copy")):
        with DurableStore.open(place, NESTED) as store:
            assert [store.get(key) for key in ("i-1", "i-2", "3")] == records
            assert len(store) == 3
            assert store.verify() == []


def test_where_the_key_is_in_a_record_may_not_change(path):
    with DurableStore.open(path, NESTED) as store:
        store.put(nested(1))
    for place in ("meta.name", None):
        fields = {**NESTED.fields, "id": keyword(path=place, as_text=True)}
        with pytest.raises(DurableError, match=r"named by id at meta\.id"):
            DurableStore.open(path, Schema(key="id", fields=fields), migrate=True)


def test_records_that_a_schema_refuses_are_named_by_a_key_with_a_path(path):
    with DurableStore.open(path, NESTED) as store:
        store.put({**nested(1), "size": 1})
    fields = {**NESTED.fields, "size": keyword(path="size.of")}
    with pytest.raises(DurableError, match=r"of its records: i-1 \("):
        DurableStore.open(path, Schema(key="id", fields=fields), migrate=True)
