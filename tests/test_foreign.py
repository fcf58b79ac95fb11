"""Predicates of unknown classes are refused everywhere, never taken for another."""

from dataclasses import dataclass

import pytest
import sqlalchemy as sa

import naive
from instquery import (
    Contains,
    Eq,
    In,
    Missing,
    Order,
    Query,
    QueryError,
    Range,
    Schema,
    Store,
    instant,
    keyword,
    stored,
    text,
)
from instquery.engine.census import Census
from instquery.engine.cursors import fingerprint
from instquery.engine.indexes.index import matching
from instquery.engine.indexes.instant import InstantIndex
from instquery.engine.indexes.keyword import KeywordIndex
from instquery.engine.indexes.many import ManyIndex
from instquery.engine.indexes.manytext import ManyTextIndex
from instquery.engine.indexes.number import NumberIndex
from instquery.engine.indexes.order import ranks_of
from instquery.engine.indexes.tag import TagIndex
from instquery.engine.indexes.text import TextIndex
from instquery.engine.match import match
from instquery.leaves import Among, Has, Like, Some, Span
from instquery.predicates import Interval, check_answered
from instquery.sql import SqlStore
from instquery.sql.statements import Statements, shape_of

FIELDS = {
    "id": text(),
    "name": text(),
    "plain": text(indexed=False),
    "status": keyword(),
    "at": instant(),
    "until": instant(),
    "note": stored(),
}
SCHEMA = Schema(key="id", order=Order("at"), fields=FIELDS)
RECORDS = [
    {
        "id": f"i-{number}",
        "name": "shop",
        "plain": "shop",
        "status": "up",
        "at": "2026-01-01",
        "until": "2026-02-01",
    }
    for number in range(3)
]


@dataclass(frozen=True)
class Foreign:
    """Has all that any predicate has, and means something else."""

    field: str
    value: str = "up"
    values: tuple[str, ...] = ("up",)
    members: frozenset[str] = frozenset({"up"})
    needle: str = "shop"
    folded: str = "shop"
    grams: tuple[str, ...] = ("sho", "hop")
    low: int = 0
    high: int = 1 << 62
    is_relative: bool = False

    def matches(self, record):
        return False

    def bound(self, read, now):
        return self


class Derived(Eq):
    """Is an Eq by its class, and means something else."""

    __slots__ = ()

    def matches(self, record):
        return not super().matches(record)


def version_of(store):
    return store.snapshot()._view.version


@pytest.fixture(scope="module")
def store():
    return Store(SCHEMA, RECORDS)


@pytest.fixture(scope="module")
def table():
    made = SqlStore(sa.create_engine("sqlite://"), SCHEMA)
    made.create()
    made.put_many(RECORDS)
    return made


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(
    "make", [Foreign, lambda field: Derived(field, "up")], ids=["foreign", "derived"]
)
def test_the_doors_that_callers_use_refuse_it(store, table, field, make):
    predicate = make(field)
    doors = [
        lambda: SCHEMA.bound(predicate, 0),
        lambda: SCHEMA.matches(predicate, RECORDS[0]),
        lambda: store.count([predicate]),
        lambda: store.page(Query([predicate])),
        lambda: store.explain(Query([predicate])),
        lambda: store.facets("status", [predicate]),
        lambda: store.watch([predicate]).poll(),
        lambda: table.count([predicate]),
        lambda: table.page(Query([predicate])),
        lambda: table.facets("status", [predicate]),
    ]
    for door in doors:
        with pytest.raises(QueryError, match=type(predicate).__name__):
            door()


@pytest.mark.parametrize("field", FIELDS)
def test_the_doors_inside_refuse_it(store, table, field):
    foreign = Foreign(field)
    version = version_of(store)
    segment = version.segments[0]
    doors = [
        lambda: version.estimate(foreign),
        lambda: segment.size(foreign),
        lambda: match(segment, [foreign]),
        lambda: match(segment, [], [foreign]),
        lambda: Census.of(SCHEMA, RECORDS).estimate(foreign),
        lambda: matching(foreign, [0], RECORDS),
        lambda: ranks_of(foreign, descending=True),
        lambda: fingerprint([foreign], SCHEMA),
        lambda: shape_of([foreign]),
        lambda: Statements(table._layout, ((Foreign, "status"),)),
        lambda: Statements(table._layout, ()).values([foreign]),
        lambda: check_answered(foreign),
    ]
    for door in doors:
        with pytest.raises(QueryError, match="Foreign is not answered here: ask with "):
            door()


INDEXES = {
    KeywordIndex.build(["up"]): (Eq, In, Like, Missing),
    TextIndex.build(["shop"]): (Contains, Eq, In, Like, Missing),
    InstantIndex.build([5]): (Interval, Missing),
    NumberIndex.build([5]): (Span, Among, Missing),
    TagIndex.build([(("env", "up"),)]): (Has, Missing),
    ManyIndex.build([("up",)]): (Some, Missing),
    ManyTextIndex.build([("up",)]): (Some, Missing),
}
ROW = {KeywordIndex: "up", TextIndex: "up", InstantIndex: 5, NumberIndex: 5}
BOUND = [
    Eq("x", "up"),
    In("x", ["up"]),
    Contains("x", "shop"),
    Like("x", "sh*"),
    Interval("x", 0, 9, int),
    Span.of("x", 5),
    Among("x", (5, 6.5)),
    Has("x", "env"),
    Some("x", Eq("x", "up")),
    Missing("x"),
    Foreign("x"),
]


@pytest.mark.parametrize("index", INDEXES, ids=lambda index: type(index).__name__)
@pytest.mark.parametrize("predicate", BOUND, ids=lambda predicate: type(predicate).__name__)
def test_an_index_answers_what_it_says_and_refuses_the_others(index, predicate):
    assert index.answers == INDEXES[index]
    doors = [
        lambda: index.size(predicate, 1),
        lambda: index.select(predicate),
        lambda: index.test(predicate, [0], [{"x": ROW.get(type(index), (("env", "up"),))}]),
    ]
    for door in doors:
        if type(predicate) in index.answers:
            door()
            continue
        with pytest.raises(QueryError, match=type(predicate).__name__):
            door()


def test_the_order_answers_intervals_and_what_is_missing_alone(store):
    lookup = version_of(store).segments[0].lookup("at")
    assert lookup.answers == (Interval, Missing)
    for predicate in (Foreign("at"), Eq("at", "up")):
        for door in (
            lookup.size,
            lookup.select,
            lambda predicate, _: lookup.test(predicate, [0], RECORDS),
        ):
            with pytest.raises(QueryError, match="ask with Interval"):
                door(predicate, 1) if door != lookup.select else door(predicate)


def test_a_range_is_none_until_it_is_bound(store):
    with pytest.raises(QueryError, match="Range is not answered here"):
        match(version_of(store).segments[0], [Range("until", since=0)])


def test_the_naive_reading_refuses_a_condition_that_it_does_not_know():
    with pytest.raises(ValueError, match="no such condition"):
        naive.holds({"at": "2026-01-01"}, ("glob", "at", {}))
