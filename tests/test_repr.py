"""What things say they are: short, whatever they hold, and without secrets or effects."""

from datetime import timedelta

import pytest
from dateutil.relativedelta import relativedelta
from sqlalchemy import create_engine

from instquery import (
    Contains,
    Eq,
    In,
    Leases,
    Order,
    Page,
    Query,
    Range,
    Schema,
    Store,
    instant,
    keyword,
    stored,
    text,
)
from instquery.apis.catalog import CATALOG
from instquery.apis.walks import Walks
from instquery.asgi import AccessKey, Keys
from instquery.durable import DurableStore
from instquery.fields import Field
from instquery.kinds import Kind
from instquery.sql import SqlStore
from instquery.testing import Double

FIELDS = {
    "id": text(),
    "status": keyword(as_text=True, aliases=("Status",)),
    "created": instant(integers="seconds", blank_is_missing=True),
    "note": stored(),
    "zone": keyword(indexed=False),
}
SCHEMA = Schema(key="id", order=Order("created", descending=False), fields=FIELDS)


def filled(**options):
    return Store(SCHEMA, [{"id": f"i-{n}", "status": "Running"} for n in range(3)], **options)


def test_stores_and_snapshots_say_how_many_records_of_which_version(tmp_path):
    store = filled()
    assert repr(store) == "<Store of 3 records by 'id', version 0>"
    store.discard_many(["i-0", "i-1"])
    assert repr(store) == "<Store of 1 record by 'id', version 1>"
    assert repr(store.snapshot()) == "<Snapshot of 1 record by 'id', version 1>"
    assert repr(Walks(store)) == "<Walks over <Store of 1 record by 'id', version 1>>"
    with DurableStore.open(tmp_path / "a.db", SCHEMA) as durable:
        durable.put({"id": "i-1"})
        assert repr(durable) == "<DurableStore of 1 record by 'id', version 1>"
    assert repr(durable) == "<DurableStore of 1 record by 'id', version 1>"


def test_a_store_on_a_database_says_where_without_asking_it_and_without_a_password():
    url = "postgresql+psycopg://user:secret@nowhere:1/db?password=secret"
    store = SqlStore(create_engine(url), SCHEMA, "instances")
    assert repr(store) == "<SqlStore on postgresql: table 'instances' by 'id'>"


def test_a_page_says_how_much_it_has_and_keeps_no_state_for_that():
    leases = Leases()
    store = filled(leases=leases)
    assert repr(store.page(Query(limit=2))) == "<Page of 2 items, total 3, more follow>"
    assert repr(store.page(Query(limit=1, total=False))) == "<Page of 1 item, more follow>"
    assert repr(store.page(Query())) == "<Page of 3 items, total 3>"
    assert repr(Page([{"id": "x" * 10**6}] * 1000, 1000)) == "<Page of 1,000 items, total 1,000>"
    assert len(leases) == 0
    page = store.page(Query(limit=2))
    assert page.cursor
    assert repr(page) == "<Page of 2 items, total 3, more follow>"


def test_plans_say_what_drives_them():
    store = filled()
    told = repr(store.explain(Query(Eq("status", "Running"))))
    assert told == "<Plan by keys: 1 predicate, 3 records, total known 3>"
    assert len(repr(store.explain(Query([In("id", map(str, range(10**5)))] * 50)))) < 100


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (Range("at", after=timedelta(0)), "Range('at', after=timedelta(0))"),
        (
            Range("at", since="2026-01-01", before=relativedelta(months=1)),
            "Range('at', since='2026-01-01T00:00:00Z', before=relativedelta(months=1))",
        ),
        (In("id", ["a", 1]), "In(field='id', values=('a', 1))"),
        (In("id", ["a"]), "In(field='id', values=('a',))"),
        (In("id", ["abcde"]), "In(field='id', values=('abcde',))"),
        (In("id", list("abcde")), "In(field='id', values=('a', 'b', 'c', … 2 more))"),
        (Contains("id", "推荐"), "Contains(field='id', needle='推荐')"),
        (
            Query(Eq("a", 1), offset=5, limit=10, now="1970-01-02"),
            "Query(where=(Eq(field='a', value=1),), offset=5, limit=10, total=True, "
            "now=86400000000)",
        ),
        (Query(), "Query(where=(), offset=0, limit=50, total=True, now=None)"),
        (
            SCHEMA,
            "Schema(key='id', order=Order('created', descending=False), fields={"
            "'id': text(), 'status': keyword(aliases=('Status',), as_text=True), "
            "'created': instant(integers='seconds', blank_is_missing=True), 'note': stored(), "
            "'zone': keyword(indexed=False)})",
        ),
        (Order("created"), "Order('created')"),
        (Field(Kind("code")), "Field('code')"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_what_is_declared_and_asked_reads_like_its_declaration(made, told):
    assert repr(made) == told


LONG = "x" * 10**6


@pytest.mark.parametrize(
    "made",
    [
        Eq(LONG, LONG),
        In(LONG, [LONG] * 10),
        In("id", map(str, range(300_000))),
        In("id", [10**4999 + n for n in range(9)]),
        Contains(LONG, LONG),
        Range(LONG, after="2026-01-01"),
        Query([Eq("a", LONG)] * 1000, offset=10**5000),
        Query([In("id", map(str, range(300_000)))] * 20),
        Schema(
            key=LONG,
            order=Order(LONG * 2),
            fields={
                LONG: keyword(aliases=tuple(f"{LONG}{n}" for n in range(9))),
                LONG * 2: instant(),
                **{f"{LONG}-{n}": keyword(aliases=(f"{n}",)) for n in range(500)},
            },
        ),
        Store(Schema(key=LONG, order=Order("at"), fields={LONG: text(), "at": instant()})),
    ],
    ids=lambda made: type(made).__name__,
)
def test_however_much_there_is_it_is_told_in_short(made):
    assert len(repr(made)) < 1200


def test_a_double_says_what_it_serves_and_no_secret():
    names = ", ".join(CATALOG)
    double = Double(keys=Keys({"id": AccessKey("topsecret")}))
    assert repr(double) == f"<Double of {names}, not served>"
    with double:
        assert repr(double) == f"<Double of {names}, at {double.endpoint}>"
    assert "topsecret" not in repr(double)
    assert "Double" in repr(Double.__new__(Double))
