"""Kinds of fields: what one literal gives to every room."""

import copy
import pickle
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
import sqlalchemy as sa

import naive
from instquery import (
    Contains,
    Eq,
    In,
    Order,
    Query,
    QueryError,
    Range,
    RecordError,
    Schema,
    SchemaError,
    Store,
    instant,
    keyword,
    stored,
    text,
)
from instquery.durable import DurableStore
from instquery.engine.segment import _INDEXES, _MANY
from instquery.fields import Field
from instquery.kinds import _SERVED, KINDS, Each, Kind
from instquery.predicates import Among, Interval, Missing, Some, Span
from instquery.sql import SqlStore


def capitals(value, field):
    if not isinstance(value, str) or not value.isascii():
        raise RecordError("must be ASCII text", field=field)
    return value.upper()


CODE = Kind(
    "code",
    answers=(Eq, In),
    take=Each(capitals),
    index="values",
    facts="counts",
    columns=("value",),
)

FIELDS = {
    "id": text(),
    "code": Field(CODE),
    "plain": Field(CODE, indexed=False),
    "at": instant(),
    "note": stored(),
}
SCHEMA = Schema(key="id", order=Order("at"), fields=FIELDS)
DAY = datetime(2026, 1, 1, tzinfo=UTC)
CODES = ["eu", "us", "AP", "Cn", "me"]


def records(count=400):
    random = Random(5)
    for number in range(count):
        code = random.choice(CODES)
        yield {
            "id": f"i-{number:04}",
            "code": code,
            "plain": None if number % 7 == 0 else code.lower(),
            "at": DAY + timedelta(hours=number // 2),
            "note": number,
        }


def taken(record):
    """A record as it is kept."""
    return {
        name: value.upper() if name in ("code", "plain") and value is not None else value
        for name, value in record.items()
    }


KEPT = [taken(record) for record in records()]


def in_memory(path):
    return Store(SCHEMA, records(), segment_rows=64)


def on_disk(path):
    with DurableStore.open(path / "codes.db", SCHEMA, segment_rows=64) as kept:
        kept.put_many(records())
    return DurableStore.open(path / "codes.db", SCHEMA, segment_rows=64)


def in_a_table(path):
    made = SqlStore(sa.create_engine("sqlite://"), SCHEMA)
    made.create()
    made.put_many(records())
    return made


@pytest.fixture(scope="module", params=[in_memory, on_disk, in_a_table])
def store(request, tmp_path_factory):
    made = request.param(tmp_path_factory.mktemp("kinds"))
    yield made
    if isinstance(made, DurableStore):
        made.close()


CONDITIONS = [
    [("eq", "code", "EU")],
    [("eq", "code", "eu")],
    [("in", "code", ["US", "AP", "never"])],
    [("eq", "plain", "ME")],
    [("in", "plain", ["CN"]), ("range", "at", {"since": DAY + timedelta(days=2)})],
    [("eq", "code", "EU"), ("contains", "id", "1")],
    [("in", "code", [])],
]


@pytest.mark.parametrize("conditions", CONDITIONS, ids=str)
def test_a_kind_of_ones_own_is_asked_like_the_four(store, conditions):
    made = {
        "eq": Eq,
        "in": In,
        "contains": Contains,
        "range": lambda field, bounds: Range(field, **bounds),
    }
    where = [made[kind](field, value) for kind, field, value in conditions]
    for offset in (0, 5, 70):
        expected = naive.page(KEPT, conditions, offset, 10, "id", "at")
        page = store.page(Query(where, offset=offset, limit=10))
        assert (page.items, page.total) == expected
    found = naive.page(KEPT, conditions, 0, 10**6, "id", "at")[0]
    counts = {}
    for record in found:
        counts[record["code"]] = counts.get(record["code"], 0) + 1
    assert store.facets("code", where) == counts


@pytest.mark.parametrize("predicate", [Contains("code", "E"), Range("code", since=DAY)])
def test_it_answers_no_more_than_it_says(store, predicate):
    with pytest.raises(QueryError, match="a code field does not answer"):
        store.count(predicate)


def test_its_check_takes_values_in(store):
    with pytest.raises(RecordError, match="code: must be ASCII text"):
        store.put({"id": "i-9999", "code": "é"})
    store.put({"id": "i-9999", "code": "new", "at": DAY})
    assert store.get("i-9999")["code"] == "NEW"
    assert store.count(Eq("code", "NEW")) == 1
    store.put({"id": "i-9999", "code": "newer", "at": DAY})
    assert (store.count(Eq("code", "NEW")), store.count(Eq("code", "NEWER"))) == (0, 1)
    assert store.discard("i-9999")
    assert "NEWER" not in store.facets("code")


def test_its_facts_are_kept_and_verified():
    store = Store(SCHEMA, records(), segment_rows=64)
    before = store.snapshot()
    for record in KEPT[::3]:
        store.put({**record, "code": "new"})
    assert store.verify() == []
    assert store.explain(Query(Eq("code", "NEW"))).total == "known"
    assert store.explain(Query(Eq("plain", "EU"))).total == "counted"
    assert "NEW" not in before.facets("code")
    assert store.facets("code")["NEW"] == len(KEPT[::3])


def test_facts_are_no_index():
    """A store that counts a field's values does not select rows by them."""
    counted = Kind(
        "code", answers=(Eq, In), take=Each(capitals), facts="counts", columns=("value",)
    )
    fields = {"id": text(), "code": Field(counted), "at": instant()}
    store = Store(Schema(key="id", order=Order("at"), fields=fields), records())
    where = Eq("code", "EU")
    for reading in (store, store.snapshot()):
        plan = reading.explain(Query(where))
        assert plan.driver != "row sets"
        assert plan.steps[0].role in ("driver", "residual")
    assert (
        store.explain(Query(where)).known
        == store.snapshot().count(where)
        == store.facets("code")["EU"]
    )


def test_a_table_has_the_columns_and_indexes_that_it_says():
    table = in_a_table(None).table
    assert {"code", "plain"} <= set(table.c.keys())
    assert "code_folded" not in table.c
    assert {"instances_code"} == {index.name for index in table.indexes} - {"instances_in_order"}


def test_a_schema_with_it_compares_copies_and_pickles():
    for twin in (pickle.loads(pickle.dumps(SCHEMA)), copy.deepcopy(SCHEMA), copy.copy(SCHEMA)):
        assert twin == SCHEMA
        assert hash(twin) == hash(SCHEMA)
        assert twin.take({"id": "a", "code": "x"}).row["code"] == "X"
    assert pickle.loads(pickle.dumps(KINDS["text"])) is KINDS["text"]
    other = Kind("code", answers=(Eq,), take=Each(capitals), index="values")
    assert other != CODE
    assert other == "code" == CODE
    assert keyword().kind == "keyword"
    assert Field("keyword") == keyword()


def test_a_file_notes_it_by_name(tmp_path):
    on_disk(tmp_path).close()
    assert DurableStore.key_of(tmp_path / "codes.db") == "id"


def test_it_is_no_key_and_no_order_unless_it_says_so():
    with pytest.raises(SchemaError, match="the key must be declared"):
        Schema(key="code", order=Order("at"), fields=FIELDS)
    with pytest.raises(SchemaError, match="the order must be"):
        Schema(key="id", order=Order("code"), fields=FIELDS)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"answers": (Contains,), "index": "values"},
            "an index of values does not answer Contains",
        ),
        ({"answers": (Range,), "index": "parts"}, "an index of parts does not answer Range"),
        ({"answers": (Eq,), "index": "slices"}, "an index of slices does not answer Eq"),
        ({"index": "slices"}, "instants need a reader"),
        ({"facts": "instants"}, "instants need a reader"),
        ({"columns": ("value", "micros")}, "instants need a reader"),
    ],
)
def test_a_kind_that_contradicts_itself_is_refused(options, said):
    with pytest.raises(SchemaError, match=f"an odd field: {said}"):
        Kind("odd", **options)


def test_what_an_index_serves_is_what_its_class_answers():
    assert _INDEXES.keys() == _SERVED.keys()
    for name, served in _SERVED.items():
        bound = {Missing, *(Interval if one is Range else one for one in served)}
        if name == "ranks":  # which is asked by numbers alone
            bound = {Missing, Span, Among}
        assert set(_INDEXES[name].answers) == bound
    assert all(set(index.answers) == {Some, Missing} for index in _MANY.values())
    has_many = {kind.index for kind in KINDS.values() if kind.has_many}
    assert _MANY.keys() == has_many
