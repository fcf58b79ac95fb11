"""What an answer costs is bounded by what was sent: a leaf of many values may stand anywhere."""

import random

import pytest

import naive
import worn
from instquery import (
    And,
    Eq,
    In,
    Not,
    Or,
    Query,
    QueryError,
    Range,
    Schema,
    Store,
    keyword,
    number,
    text,
)
from instquery import canonical as canonical_room
from instquery.canonical import canonical_form, mark_of
from instquery.engine import placed as placed_room
from instquery.engine.books import KeywordBook
from instquery.engine.indexes.keyword import KeywordIndex
from instquery.engine.indexes.rare import RareRows
from instquery.terms import leaves_of
from strategies import SCHEMA

MANY = [*map(str, range(5_000))]
PLACES = 300


def stock(count=400):
    return [
        {"id": str(n), "owner": str(n % 150), "status": "ab"[n % 2], "created": n}
        for n in range(count)
    ]


def counting(monkeypatch, owner, name):
    """Count the calls of a function by what it is called with last."""
    calls = []
    function = getattr(owner, name)

    def counted(*given, **options):
        calls.append(given[-1])
        return function(*given, **options)

    monkeypatch.setattr(owner, name, counted)
    return calls


def ask_both(store, query, expected):
    for reading in (store, store.snapshot()):
        page = reading.page(query)
        assert {record["id"] for record in page} == expected
        assert page.total == len(expected)


def test_of_very_many_values_a_segment_is_asked_for_those_it_holds(monkeypatch):
    store = Store(SCHEMA, stock(), segment_rows=40)
    counted = counting(monkeypatch, KeywordIndex, "count")
    looked_up = counting(monkeypatch, RareRows, "rows")
    members = {"id": {f"{n}" for n in range(400)}, "owner": {f"{n}" for n in range(400)}}
    for field in ("owner", "id"):
        wide = In(field, MANY)
        ask_both(store, Query(Or(wide, Eq("status", "z")), limit=500), members[field])
        ask_both(store, Query([Eq("status", "a"), Not(wide)], limit=500), set())
    assert len(counted) + len(looked_up) < 10 * 40 * 10  # segments, values of each, questions


TREES = [
    lambda leaf, n: And(leaf, Eq("status", "ab"[n % 2]), Not(Eq("id", str(n)))),
    lambda leaf, n: Not(Or(leaf, Eq(leaf.field, f"x{n}"))),
    lambda leaf, n: And(Or(leaf, Eq(leaf.field, f"x{n}")), Not(Eq("status", f"{n}"))),
]


@pytest.mark.parametrize("make", TREES)
@pytest.mark.parametrize("field", ["owner", "id"])
def test_a_leaf_that_stands_in_many_places_is_asked_once(make, field, monkeypatch):
    leaf = In(field, MANY[: len(MANY) // 2])
    tree = Or(*[make(leaf, n) for n in range(PLACES)])
    query = Query(tree, limit=1_000)
    held = stock()
    expected = {one["id"] for one in held if tree.matches(one)}
    store = Store(SCHEMA, held, segment_rows=40)
    segments = len(store._current.version.segments)
    selected = counting(monkeypatch, KeywordIndex, "select")
    estimated = counting(monkeypatch, KeywordBook, "estimate")
    placed = counting(monkeypatch, placed_room, "_placed")
    made = counting(monkeypatch, In, "__init__")

    ask_both(store, query, expected)
    assert sum(one is leaf for one in selected) <= 2 * segments
    assert sum(one is leaf for one in estimated) <= 1
    assert sum(len(one) >= len(leaf.values) for one in placed) <= 2
    assert not [one for one in made if len(one) >= len(leaf.values)]


@pytest.mark.parametrize(
    "leaf", [In("size", range(2_000)), In("groups", MANY), Range("size", since=5)], ids=str
)
def test_a_leaf_that_stands_in_many_places_is_bound_once(leaf):
    """Bound anew in each of 2,000 places, 9,000 numbers took 12 s, as many values 3 s."""
    schema = Schema(key="id", fields={"id": text(), "size": number(), "groups": keyword(many=True)})
    tree = Or(*[And(leaf, Eq("id", str(n))) for n in range(PLACES)])
    bound = [one for one in leaves_of(schema.bound(tree, None)) if one.field == leaf.field]
    assert len(bound) == PLACES
    assert all(one is bound[0] for one in bound)
    records = [{"id": str(n), "size": n, "groups": [str(n), "x"]} for n in range(9)]
    store = Store(schema, records)
    assert store.count(tree) == sum(schema.matches(leaf, one) for one in records)


def test_a_leaf_that_stands_in_many_places_of_one_group_is_there_once():
    leaf = In("owner", MANY)
    store = Store(SCHEMA, stock())
    for where in ([leaf] * 50, Or(*[leaf] * 50), [leaf, And(leaf, Eq("status", "a"))]):
        steps = store.explain(Query(where)).steps
        assert sum(step.predicate is leaf for step in steps) == 1


def test_a_leaf_that_stands_in_many_places_is_written_and_read_once(monkeypatch):
    leaf = In("owner", MANY)
    query = Query(Or(*[TREES[0](leaf, n) for n in range(PLACES)]))
    write = canonical_room._WRITE[In]
    written = []
    monkeypatch.setitem(canonical_room._WRITE, In, lambda one: written.append(one) or write(one))
    plain = query.to_dict()
    mark = mark_of(query.where)
    assert written == [leaf, leaf]
    assert len(mark) < 2 * len(repr(leaf.values)) + 200 * PLACES

    made = counting(monkeypatch, In, "__init__")
    assert Query.from_dict(plain) == query
    assert len(made) == 1


def test_operands_are_sorted_by_their_json():
    def check(form):
        ((word, parts),) = form.items()
        if word == "not":
            check(parts)
        if word in ("and", "or"):
            assert parts == sorted(parts, key=canonical_room._as_json)
            for part in parts:
                check(part)

    for seed in range(300):
        chance = random.Random(seed)
        leaves = worn.some_conditions(chance)
        trees = [worn.some_tree(chance, leaves) for _ in range(4)]
        predicates = worn.predicates(trees)
        check(canonical_form([Or(*predicates), Not(And(*predicates[:2]))]))


@pytest.mark.parametrize("seed", range(20))
def test_marks_are_one_exactly_where_forms_are(seed):
    chance = random.Random(seed)
    leaves = worn.some_conditions(chance)[:4]
    asked = [worn.predicates([worn.some_tree(chance, leaves, 3)]) for _ in range(40)]
    asked += [[And(*where)] for where in asked] + [[*where, *where] for where in asked[:20]]
    marks = {}
    for where in asked:
        marks.setdefault(mark_of(where), []).append(And(*where))
    assert all(one == same[0] for same in marks.values() for one in same)
    assert len({same[0] for same in marks.values()}) == len(marks)


def endless(one):
    for _ in range(50_000):
        yield one
    raise AssertionError("it was read to its end")


@pytest.mark.parametrize("one", [Eq("status", "a"), And(), Or(Eq("status", "a"), Eq("id", "b"))])
def test_predicates_without_end_are_refused(one):
    store = Store(SCHEMA, stock(3))
    for ask in (Query, store.select, store.count, store.discard_where):
        with pytest.raises(QueryError, match="more than 10,000 predicates"):
            ask(endless(one))
    few = (Eq("status", value) for value in "aa")
    assert store.count(few) == 2
    assert naive.holds(store.page(Query(one)).items[0], ("eq", "status", "a"))


def test_names_without_end_are_refused():
    with pytest.raises(QueryError, match="up to 10,000 names"):
        Query(fields=endless("id"))
