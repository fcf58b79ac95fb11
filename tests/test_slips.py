"""Slips of whoever uses the package for the first time: none is passed over, each is named."""

from datetime import date

import pytest
import sqlalchemy as sa

from instquery import (
    And,
    CursorInvalid,
    Eq,
    In,
    Not,
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
    text,
)
from instquery.durable import DurableStore
from instquery.sql import SqlStore

FIELDS = {
    "vm": text(aliases=("id",)),
    "label": text(),
    "region": keyword(),
    "created": instant(),
}
SCHEMA = Schema(key="vm", order=Order("created"), fields=FIELDS)
STRICT = Schema(key="vm", order=Order("created"), fields=FIELDS, strict=True)
RECORDS = [
    {"vm": f"i-{number}", "region": region, "label": "db", "created": f"2026-01-0{number}"}
    for number, region in enumerate(["eu", "us", "eu"], 1)
]


@pytest.fixture
def database():
    made = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    yield made
    made.dispose()


def table_of(database, schema, name="instances"):
    store = SqlStore(database, schema, name)
    store.create()
    return store


# names of members


def test_a_member_that_no_record_can_have_is_refused_where_it_is_asked_for(tmp_path, database):
    memory = Store(STRICT, RECORDS)
    table = table_of(database, STRICT)
    with DurableStore.open(tmp_path / "a.db", STRICT) as durable:
        query = Query(Eq("region", "eu"), fields=["vm", "regon"], limit=1)
        cursor = memory.page(Query(query.where, limit=1)).cursor
        asking = [
            lambda: memory.page(query),
            lambda: memory.page(query, cursor),
            lambda: memory.prepare(query).page(),
            lambda: memory.explain(query),
            lambda: memory.select(fields=["regon"]),
            lambda: memory.snapshot().page(query),
            lambda: memory.snapshot().select(fields=["regon"]),
            lambda: durable.page(query),
            lambda: durable.select(fields=["regon"]),
            lambda: table.page(query),
            lambda: table.prepare(query),
            lambda: table.explain(query),
        ]
        for ask in asking:
            with pytest.raises(QueryError, match="did you mean region") as caught:
                ask()
            assert (caught.value.field, caught.value.code) == ("regon", "query.field")
        for store in (memory, durable, table):
            store.put_many(RECORDS)
            assert store.page(Query(fields=["region"], limit=1)).items == [{"region": "eu"}]


def test_a_schema_that_is_not_strict_has_members_that_it_does_not_declare(database):
    for store in (Store(SCHEMA), table_of(database, SCHEMA)):
        store.put({"vm": "i-1", "regon": 5})
        assert store.page(Query(fields=["regon", "x"])).items == [{"regon": 5}]


# a table of another schema


def test_a_table_that_lacks_columns_is_refused_by_their_names(database):
    old = Schema(key="vm", order=Order("created"), fields={"vm": text(), "created": instant()})
    table_of(database, old).put({"vm": "i-1"})
    said = "instances was made for another schema: it lacks label, label_folded, region"
    with pytest.raises(SchemaError, match=said) as caught:
        table_of(database, SCHEMA)
    assert caught.value.code == "store.table"
    assert len(SqlStore(database, old)) == 1

    wide = table_of(database, SCHEMA, "wide")
    wide.put_many(RECORDS)
    assert len(table_of(database, old, "wide")) == 3  # what it does not ask for may be there


# what other libraries take


@pytest.mark.parametrize(
    ("slip", "said"),
    [
        (
            lambda store: Query({"region": "eu"}),
            "dict is not a predicate: write Eq('region', 'eu')",
        ),
        (
            lambda store: Query([{"region": "eu"}]),
            "dict is not a predicate: write Eq('region', 'eu')",
        ),
        (lambda store: store.count({"region": ["eu", "us"]}), "write In('region', ['eu', 'us'])"),
        (lambda store: store.discard_where({"region": "eu"}), "dict is not a predicate: write Eq("),
        (
            lambda store: store.select({"region": "eu"}),
            "dict is not a predicate: write Eq('region'",
        ),
        (lambda store: store.watch({"region": "eu"}), "dict is not a predicate: write Eq('region'"),
        (lambda store: And({"region": "eu"}), "And takes predicates, not dict: write Eq('region'"),
        (lambda store: Not({"region": "eu"}), "Not takes predicates, not dict: write Eq('region'"),
        (lambda store: Query(["eu"]), "str is not a predicate: give Eq, In"),
        (
            lambda store: Eq("region", ["eu", "us"]),
            "region: a value must be text, a number or a bool, not list: "
            "ask with In for one of several values",
        ),
        (
            lambda store: In("region", "eu"),
            "region: In takes a collection of values, not str: "
            "write In('region', ['eu']), or ask with Eq",
        ),
    ],
)
def test_what_is_no_predicate_is_named_with_what_to_write(slip, said):
    with pytest.raises(QueryError) as caught:
        slip(Store(SCHEMA, RECORDS))
    assert said in str(caught.value)


def test_a_date_is_refused_with_what_to_give():
    store, day = Store(SCHEMA, RECORDS), date(2026, 1, 2)
    cure = r"a datetime.* not date: its isoformat\(\) is midnight in UTC$"
    asking = [
        (lambda: Range("created", since=day), QueryError, "created: since must be "),
        (lambda: store.histogram("created", [day]), QueryError, "created: edges must be "),
        (lambda: Query(now=day), QueryError, "now must be "),
        (lambda: store.put({"vm": "i-9", "created": day}), RecordError, "created: must be "),
        (
            lambda: SCHEMA.matches(Range("created", after=0), {"created": day}),
            RecordError,
            "created: must be ",
        ),
    ]
    for ask, kind, said in asking:
        with pytest.raises(kind, match=f"^{said}{cure}"):
            ask()
    assert store.count(Range("created", since=day.isoformat())) == 2


# cursors


@pytest.mark.parametrize("wrong", ["", "abc", "推荐", "made up", 5, b"abc", "A" * 20])
def test_what_is_no_cursor_is_called_so(wrong):
    store = Store(SCHEMA, RECORDS)
    for reading in (store, store.snapshot()):
        with pytest.raises(
            CursorInvalid, match=r"^the cursor must be that of a page, as page\.cursor has it"
        ):
            reading.page(Query(), wrong)


def test_a_cursor_of_another_order_is_told_from_one_of_other_predicates():
    store = Store(SCHEMA, RECORDS)
    cursor = store.page(Query(limit=1)).cursor
    by_key = Store(Schema("label", SCHEMA.order, FIELDS), cursor_key=b"k")
    same_key = Store(SCHEMA, RECORDS, cursor_key=b"k")
    asking = [
        (lambda: store.page(Query(order=Order("region")), cursor), "issued in another order"),
        (
            lambda: store.page(Query(order=Order("created", descending=False)), cursor),
            "issued in another order, or by another key: ask in the order of its first page",
        ),
        (
            lambda: by_key.page(Query(limit=1), same_key.page(Query(limit=1)).cursor),
            "issued in another order",
        ),
        (lambda: store.page(Query(Eq("region", "eu")), cursor), "issued for another query: ask"),
        (lambda: same_key.page(Query(), cursor), "issued by another store or process"),
    ]
    for ask, said in asking:
        with pytest.raises(CursorInvalid, match=f"^the cursor was {said}"):
            ask()

    store.discard("i-1")
    with pytest.raises(CursorInvalid, match="the cursor was issued for another state of the store"):
        store.snapshot().page(Query(), cursor)
