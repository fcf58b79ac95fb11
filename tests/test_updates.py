"""Updates of members, removals of many and by predicate: each one step, on every engine."""

import random
import sys
from contextlib import suppress
from datetime import timedelta
from threading import Barrier, Thread

import pytest

import naive
from instquery import (
    Conflict,
    Contains,
    Eq,
    In,
    InstqueryError,
    Order,
    Query,
    QueryError,
    Range,
    RecordError,
    Schema,
    Store,
    instant,
    keyword,
    stored,
    text,
)
from instquery.durable import DurableStore
from instquery.sql import SqlStore
from interrupts import ByteCodes
from strategies import NOW
from writes import Kept

pytestmark = pytest.mark.usefixtures("engine")

FIELDS = {
    "id": text(aliases=("ID",)),
    "name": text(),
    "status": keyword(),
    "owner": keyword(as_text=True, aliases=("OwnerID",)),
    "created": instant(),
    "note": stored(),
}
ALIASES = {"ID": "id", "OwnerID": "owner"}.items()
SCHEMA = Schema(key="id", order=Order("created"), fields=FIELDS)
STRICT = Schema(key="id", order=Order("created"), fields=FIELDS, strict=True)


def made(number, **members):
    return {
        "id": f"i-{number}",
        "name": f"db-{number}",
        "status": "Running",
        "owner": str(number % 3),
        "created": f"2026-01-{number + 1:02}T00:00:00Z",
        **members,
    }


def estate(count=12):
    return [made(number) for number in range(count)]


def held(store):
    return list(store), len(store), store.facets("status"), getattr(store, "version", None)


@pytest.mark.parametrize(
    "members",
    [
        {"status": "Stopped"},
        {"status": "Stopped", "name": "推荐", "colour": "red"},
        {"status": None},
        {"owner": None, "created": None},
        {"created": "2026-09-01"},
        {"OwnerID": 7},
        {"OwnerID": None},
        {"note": {"a": [1, {"b": None}]}},
        {"ID": "i-5", "id": "i-5", "name": "same key"},
        {},
        {"gone": None},
    ],
    ids=str,
)
def test_an_update_replaces_the_members_it_names_and_leaves_the_others(members):
    store = Store(SCHEMA, estate())
    expected = naive.updated(made(5), members, aliases=ALIASES)
    if members.get("OwnerID"):
        expected["owner"] = "7"
    assert store.update("i-5", members) is True
    assert store.get("i-5") == expected
    records = [expected if record["id"] == "i-5" else record for record in estate()]
    assert list(store) == naive.in_order(records, "id", "created")
    assert store.count(Eq("status", "Running")) == sum(
        record.get("status") == "Running" for record in records
    )
    assert store.count(Contains("name", "db-")) == sum("db-" in one["name"] for one in records)


def test_an_update_of_what_is_not_there_does_nothing():
    store = Store(SCHEMA, estate())
    before = held(store)
    for key in ("i-99", "", "x" * 5000, 5, None):
        assert store.update(key, {"status": "Stopped"}) is False
        assert store.update(key, {"status": 1.5}, expect={"status": "Ready"}) is False
    assert held(store) == before


def test_a_member_that_is_replaced_is_replaced_whole():
    store = Store(SCHEMA, [made(1, note={"a": 1, "b": 2})])
    note = {"a": [3]}
    assert store.update("i-1", {"note": note})
    note["a"].append(4)
    assert store.get("i-1")["note"] == {"a": [3]}


@pytest.mark.parametrize("name", ["id", "ID"])
@pytest.mark.parametrize("value", ["i-6", None, 5, "", ["i-5"]])
def test_the_key_cannot_be_changed(name, value):
    store = Store(SCHEMA, estate())
    before = held(store)
    with pytest.raises(RecordError, match="cannot be changed") as caught:
        store.update("i-5", {name: value, "status": "Stopped"})
    assert (caught.value.field, caught.value.code) == ("id", "record.key")
    assert held(store) == before


@pytest.mark.parametrize(
    ("members", "code", "field"),
    [
        ({"name": 5}, "record.field", "name"),
        ({"created": "soon"}, "record.field", "created"),
        ({"created": 5}, "record.field", "created"),
        ({"status": "x" * 5000}, "record.field", "status"),
        ({"note": 1j}, "record.field", "note"),
        ({"owner": "1", "OwnerID": "2"}, "record.field", "owner"),
        ({5: 6}, "record.shape", None),
        ([("status", "Ready")], "record.shape", None),
        ("status", "record.shape", None),
        (None, "record.shape", None),
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused_as_by_put_and_nothing_is_done(members, code, field):
    store = Store(SCHEMA, estate())
    before = held(store)
    with pytest.raises(RecordError) as caught:
        store.update("i-5", members)
    assert (caught.value.code, caught.value.field) == (code, field)
    assert held(store) == before


@pytest.mark.parametrize("how", [{"members": {"stauts": None}}, {"expect": {"stauts": None}}])
def test_a_strict_schema_knows_no_other_member(how):
    store = Store(STRICT, estate())
    with pytest.raises(RecordError) as caught:
        store.update("i-5", **{"members": {}, **how})
    assert (caught.value.code, caught.value.field) == ("record.unknown", "stauts")
    assert Store(SCHEMA, estate()).update("i-5", **{"members": {}, **how})


@pytest.mark.parametrize(
    ("expect", "is_so"),
    [
        ({}, True),
        ({"status": "Running"}, True),
        ({"status": "running"}, False),
        ({"status": None}, False),
        ({"status": "Running", "name": "db-5"}, True),
        ({"status": "Running", "name": "db-6"}, False),
        ({"OwnerID": "2"}, True),
        ({"OwnerID": 2}, True),
        ({"OwnerID": 3}, False),
        ({"absent": None}, True),
        ({"absent": 0}, False),
        ({"none": None}, True),
        ({"note": {"a": [1, 2.0]}}, True),
        ({"note": {"a": (1, 2)}}, False),
        ({"flag": 1}, True),
        ({"created": "2026-01-06T00:00:00Z"}, True),
        ({"created": "2026-01-06T00:00:00+00:00"}, False),
        ({"id": "i-5"}, True),
        ({"id": "i-6"}, False),
        ({"name": 10**5000}, False),
        ({"name": float("nan")}, False),
    ],
    ids=lambda value: str(value)[:50] if not isinstance(value, dict) else ",".join(value),
)
def test_what_is_expected_is_compared_by_equality(expect, is_so):
    record = made(5, note={"a": [1, 2]}, flag=True, none=None)
    store = Store(SCHEMA, [*estate(5), record])
    before = held(store)
    if is_so:
        assert store.update("i-5", {"status": "Stopped"}, expect=expect) is True
        assert store.get("i-5")["status"] == "Stopped"
        return
    with pytest.raises(Conflict) as caught:
        store.update("i-5", {"status": "Stopped"}, expect=expect)
    named = {"OwnerID": "owner"}.get(list(expect)[-1], list(expect)[-1])
    assert (caught.value.code, caught.value.field) == ("write.conflict", named)
    assert "read the record again" in caught.value.reason
    assert len(str(caught.value)) < 300
    assert held(store) == before


@pytest.mark.parametrize("expect", ["status", [("status", "Running")], {5: 6}])
def test_what_is_expected_must_be_a_mapping(expect):
    with pytest.raises(RecordError) as caught:
        Store(SCHEMA, estate()).update("i-5", {}, expect=expect)
    assert caught.value.code == "record.shape"


def test_code_of_the_callers_in_what_is_expected_cannot_change_the_record():
    class Nosy(list):
        def __eq__(self, other):
            other.append("changed")
            return True

        __hash__ = None

    store = Store(SCHEMA, [made(1, note=[1])])
    assert store.update("i-1", {"status": "Stopped"}, expect={"note": Nosy()})
    assert store.get("i-1")["note"] == [1]


@pytest.mark.memory
def test_each_is_one_version_and_none_where_nothing_changes():
    store = Store(SCHEMA, estate())
    for write, changed in [
        (lambda: store.update("i-5", {"status": "Stopped", "name": "new"}), ["i-5"]),
        (lambda: store.update("i-5", {"status": "Stopped", "gone": None}), []),
        (lambda: store.update("i-5", {}), []),
        (lambda: store.update("gone", {"status": "Stopped"}), []),
        (lambda: store.discard_many(["i-1", "i-2", "i-1", "gone"]), ["i-1", "i-2"]),
        (lambda: store.discard_many(["i-1", "gone"]), []),
        (lambda: store.discard_many([]), []),
        (lambda: store.discard_where(In("owner", ["1"])), ["i-10", "i-4", "i-7"]),
        (lambda: store.discard_where(In("owner", ["1"])), []),
        (lambda: store.discard("i-1"), []),
    ]:
        version = store.version
        write()
        assert store.version == version + bool(changed)
        assert sorted(change.key for change in store.changes(version)) == changed
    assert store.verify() == []


def test_many_are_discarded_each_once():
    store = Store(SCHEMA, estate())
    keys = ["i-1", "i-3", "i-1", "gone", "", 5, None, "x" * 5000, "\ud800"]
    assert store.discard_many(iter(keys)) == 2
    assert [record["id"] for record in store] == [
        f"i-{number}" for number in reversed(range(12)) if number not in (1, 3)
    ]
    assert store.discard_many({"i-0", "i-2"}) == 2
    assert store.discard_many(()) == 0
    assert len(store) == 8


@pytest.mark.parametrize("keys", ["i-1", b"i-1", 5, None, {"id": "i-1"}])
def test_one_key_is_no_collection_of_keys(keys):
    store = Store(SCHEMA, estate())
    with pytest.raises(RecordError, match="collection of keys") as caught:
        store.discard_many(keys)
    assert caught.value.code == "record.batch"
    assert ("discard(key) takes one" in str(caught.value)) == (keys == "i-1")
    assert len(store) == 12


@pytest.mark.parametrize(
    "where",
    [
        [("eq", "status", "Running")],
        [("eq", "owner", "1")],
        [("contains", "name", "DB-1")],
        [("range", "created", {"before": "2026-01-05T00:00:00Z"})],
        [("eq", "owner", "1"), ("in", "id", ["i-1", "i-2"])],
        [("eq", "owner", "7")],
        [("in", "id", [])],
    ],
    ids=str,
)
def test_what_matches_is_discarded(where):
    records = {record["id"]: record for record in [*estate(), made(20, created=None)]}
    store = Store(SCHEMA, records.values())
    kept = naive.without(records, where)
    asked = [
        {"eq": Eq, "in": In, "contains": Contains}[kind](field, value)
        if kind != "range"
        else Range(field, **value)
        for kind, field, value in where
    ]
    assert store.discard_where(iter(asked)) == len(records) - len(kept)
    assert list(store) == naive.in_order(list(kept.values()), "id", "created")
    assert store.discard_where(asked) == 0


@pytest.mark.parametrize("where", [(), [], iter(())], ids=["tuple", "list", "iterator"])
def test_an_empty_where_would_discard_all_and_is_refused(where):
    store = Store(SCHEMA, estate())
    with pytest.raises(QueryError, match=r"replace_all\(\[\]\)") as caught:
        store.discard_where(where)
    assert caught.value.code == "query.empty"
    assert len(store) == 12


def test_a_where_that_cannot_be_asked_discards_nothing():
    store = Store(SCHEMA, estate())
    for where in (Eq("colour", "red"), Contains("status", "R"), "status", 5):
        with pytest.raises(QueryError):
            store.discard_where(where)
    assert len(store) == 12


def test_a_window_is_counted_from_the_stores_clock_or_from_now():
    days = [NOW + timedelta(days=number) for number in range(6)]
    records = [made(number, created=day) for number, day in enumerate(days)]
    reads = []
    store = Store(SCHEMA, records, clock=lambda: reads.append(1) or NOW + timedelta(days=2))
    assert store.discard_where(Range("created", before=timedelta(0)), now=NOW) == 0
    assert reads == []
    assert store.discard_where(Range("created", before=timedelta(0))) == 2
    assert reads == [1]
    assert store.discard_where(Eq("status", "Ready")) == 0
    assert reads == [1]
    assert store.discard_where(Range("created", after=timedelta(0)), now=days[4]) == 1
    assert sorted(record["id"] for record in store) == ["i-2", "i-3", "i-4"]


def every_thread(count, function):
    """Call a function in threads that begin together; return what they return or raise."""
    results = []
    together = Barrier(count)

    def run(number):
        together.wait(10)
        try:
            results.append(function(number))
        except InstqueryError as error:
            results.append(error)

    threads = [Thread(target=run, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return results


@pytest.mark.long
@pytest.mark.one_server
def test_of_several_updates_that_expect_the_same_exactly_one_wins(tries):
    store = Store(SCHEMA, estate())
    if isinstance(store, SqlStore) and store._layout.keeps_versions:
        pytest.skip("ClickHouse has no transactions: the later version counts")
    for turn in range(tries(30, quick=5)):
        state = {"status": store.get("i-5")["status"]}
        results = every_thread(
            4,
            lambda number, turn=turn, state=state: store.update(
                "i-5", {"status": f"{turn}-{number}"}, expect=state
            ),
        )
        lost = [result for result in results if result is not True]
        assert len(lost) == 3, results
        assert {type(result) for result in lost} == {Conflict}, results


@pytest.mark.long
@pytest.mark.one_server
def test_updates_of_different_members_at_once_lose_none(tries):
    store = Store(SCHEMA, estate())
    if isinstance(store, SqlStore) and store._layout.keeps_versions:
        pytest.skip("ClickHouse has no transactions: the later version counts")
    turns = tries(50, quick=5)

    def count_up(number):
        for turn in range(turns):
            store.update("i-5", {f"member-{number}": turn})

    every_thread(4, count_up)
    found = store.get("i-5")
    assert [found[f"member-{number}"] for number in range(4)] == [turns - 1] * 4


@pytest.mark.memory
def test_a_brief_update_copies_no_segment():
    store = Store(SCHEMA, estate())
    owner = store._current._published.owner
    store.update("i-5", {"status": "Stopped"})
    store.discard_many(["i-4"])
    store.discard_where(Eq("owner", "1"))
    assert store._current._published.owner is owner


HANDLED = {
    "update": lambda store: store.update("i-5", {"name": "late"}),
    "update all": lambda store: store.update("i-5", {"name": "late"}, expect={"owner": "2"}),
    "discard": lambda store: store.discard("i-5"),
    "discard many": lambda store: store.discard_many(["i-5", "i-6"]),
    "discard where": lambda store: store.discard_where(Eq("status", "Running")),
}


@pytest.mark.long
@pytest.mark.memory
@pytest.mark.parametrize("journal", [False, True])
@pytest.mark.parametrize("kind", HANDLED)
def test_what_a_signal_handler_writes_in_the_middle_is_not_lost(kind, journal, tries):
    """It comes before the write or behind it, wherever it runs: never in between."""
    write = HANDLED[kind]

    def between(store):
        store.update("i-5", {"status": "Stopped", "owner": "9"})

    def store():
        return Store(SCHEMA, estate(), segment_rows=4, journal=Kept() if journal else None)

    def outcome(*steps):
        fresh = store()
        for step in steps:
            with suppress(Conflict):
                step(fresh)
        return list(fresh)

    allowed = [outcome(between, write), outcome(write, between)]
    with ByteCodes() as codes:
        write(store())
    points = random.sample(codes.points, min(len(codes.points), tries(400, quick=60)))
    for at in points:
        fresh = store()

        def handler(fresh=fresh):
            sys.settrace(None)
            between(fresh)

        codes = ByteCodes(handler, at, as_signal=True)
        with codes, suppress(Conflict):
            write(fresh)
        if codes.is_over:  # the first run of all had more byte codes
            between(fresh)
        assert list(fresh) in allowed, at
        assert all(change.before != change.after for change in fresh.changes(0)), at
        assert fresh.verify() == []


@pytest.mark.memory
def test_a_durable_store_keeps_them(tmp_path):
    path = tmp_path / "kept.db"
    with DurableStore.open(path, SCHEMA) as store:
        store.put_many(estate())
        store.update("i-5", {"status": "Stopped", "name": None}, expect={"name": "db-5"})
        with pytest.raises(Conflict):
            store.update("i-6", {"status": "Stopped"}, expect={"status": "Ready"})
        store.discard_many(["i-1", "i-2"])
        store.discard_where(Eq("owner", "0"))
        before, version = list(store), store.version
    with DurableStore.open(path, SCHEMA) as store:
        assert (list(store), store.version) == (before, version)
        assert store.get("i-5") == naive.updated(made(5), {"status": "Stopped", "name": None})


@pytest.mark.memory
def test_a_watch_and_a_walk_see_an_update():
    store = Store(SCHEMA, estate())
    watch = store.watch(Eq("status", "Running"))
    watch.poll()
    first = store.page(Query(limit=4))
    store.update("i-5", {"status": "Stopped"})
    store.update("i-6", {"name": "new"})
    events = watch.poll()
    assert [record["id"] for record in events.left] == ["i-5"]
    assert [record["name"] for record in events.changed] == ["new"]
    rest = store.page(Query(limit=20), first.cursor).items
    assert [record["status"] for record in rest] == ["Running"] * 8


@pytest.mark.memory
def test_a_watch_reads_its_stores_clock():
    now = [NOW]
    store = Store(SCHEMA, estate(3), clock=lambda: now[0])
    store.put(made(9, created=NOW + timedelta(days=5)))
    soon = store.watch(Range("created", within=timedelta(days=3)))
    asked = []
    made_by_a_function = store.watch(lambda at: asked.append(at) or Eq("id", "i-1"))
    assert soon.poll().entered == []
    now[0] = NOW + timedelta(days=4)
    assert [record["id"] for record in soon.poll().entered] == ["i-9"]
    made_by_a_function.poll()
    assert asked[0] == (now[0] - naive.moment(0)) // timedelta(microseconds=1)
    now[0] = NOW + timedelta(days=9)
    assert [record["id"] for record in soon.poll().left] == ["i-9"]
    assert soon.poll(now=NOW + timedelta(days=4)).entered != []
