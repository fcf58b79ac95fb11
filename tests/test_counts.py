"""Counts: facets of one field and of several, and histograms, agree with the naive reading."""

import copy
import pickle
import random
from datetime import UTC, datetime, timedelta

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

import naive
import worn
from effort import examples
from engines import readings
from instquery import Eq, Order, Query, QueryError, Range, Store
from instquery.sql import SqlStore
from strategies import SCHEMA, conditions, moments, predicate, records
from test_search import UNINDEXED

FIELDS = ["status", "owner"]
combinations = st.lists(st.sampled_from(FIELDS), min_size=1, max_size=4)


@pytest.mark.parametrize("small", [True, False])
@given(
    st.lists(records(), max_size=40),
    st.lists(conditions(), max_size=2),
    combinations,
    st.booleans(),
    st.booleans(),
    st.integers(1, 9),
    st.one_of(st.none(), st.integers(0, 4)),
)
@examples(200, quick=30)
def test_facets_agree_with_the_naive_reading(
    small, inventory, where, fields, missing, indexed, segment_rows, limit
):
    with pytest.MonkeyPatch.context() as patch:
        if small:
            worn.have_small_numbers(patch)
        store = Store(SCHEMA if indexed else UNINDEXED, inventory, segment_rows=segment_rows)
        held = {record["id"]: record for record in inventory}.values()
        wanted = [predicate(condition) for condition in where]
        for reading in (store, store.snapshot()):
            expected = naive.facets(held, where, fields, missing)
            found = reading.facets(tuple(fields), wanted, missing=missing)
            assert found == {tuple(values): count for values, count in expected}
            assert [*found.values()] == [count for _, count in expected]
            assert [list(values) for values in found] == [values for values, _ in expected]
            fewer = reading.facets(tuple(fields), wanted, missing=missing, limit=limit)
            assert [*fewer.items()] == [*found.items()][:limit]

            expected = naive.facets(held, where, fields[:1], missing)
            found = reading.facets(fields[0], wanted, missing=missing)
            assert found == {values[0]: count for values, count in expected}
            assert [*found.values()] == [count for _, count in expected]


@pytest.mark.parametrize("small", [True, False])
@given(
    st.lists(records(), max_size=40),
    st.lists(conditions(), max_size=2),
    st.sets(moments, min_size=1, max_size=7).map(sorted),
    st.sampled_from(["created", "expires"]),
    st.booleans(),
    st.integers(1, 9),
)
@examples(200, quick=30)
def test_histograms_agree_with_the_naive_reading(
    small, inventory, where, edges, field, indexed, segment_rows
):
    with pytest.MonkeyPatch.context() as patch:
        if small:
            worn.have_small_numbers(patch)
        store = Store(SCHEMA if indexed else UNINDEXED, inventory, segment_rows=segment_rows)
        held = {record["id"]: record for record in inventory}.values()
        wanted = [predicate(condition) for condition in where]
        for reading in (store, store.snapshot()):
            found = reading.histogram(field, edges, wanted)
            assert found == naive.histogram(held, where, field, edges)
            assert found.edges == edges


@pytest.mark.long
def test_counts_of_worn_stores(monkeypatch, tries):
    worn.have_small_numbers(monkeypatch)
    for seed in range(tries(60, quick=8)):
        chance = random.Random(seed)
        store, held = worn.worn(worn.schema(indexed=chance.random() < 0.7), chance)
        where = chance.sample(worn.some_conditions(chance), chance.randrange(3))
        fields = chance.choices(FIELDS, k=chance.randint(1, 3))
        for missing in (True, False):
            expected = naive.facets(held.values(), where, fields, missing)
            found = store.facets(tuple(fields), worn.predicates(where), missing=missing)
            assert found == {tuple(values): count for values, count in expected}
        for field in ("created", "expires"):
            edges = [worn.second(number) for number in (0, 2, 3, 9, 18)]
            found = store.histogram(field, edges, worn.predicates(where))
            assert found == naive.histogram(held.values(), where, field, edges)


def dated(*days):
    return Store(SCHEMA, [{"id": f"i-{n}", "expires": day} for n, day in enumerate(days)])


def day(year, month, number):
    return datetime(year, month, number, tzinfo=UTC)


def test_ties_of_one_text_do_not_depend_on_how_they_were_counted():
    given = ["1", 1, "None", None, "True", "0", False]
    for chance in map(random.Random, range(20)):
        chance.shuffle(given)
        found = [{"id": f"i-{n}", "owner": value} for n, value in enumerate(given)]
        for counted in readings(Store(SCHEMA, found)):
            facets = counted.facets("owner", missing=True)
            assert [*facets] == ["0", 0, "1", 1, "None", None, "True"]
            assert [*map(type, facets)][:4] == [str, bool, str, int]
            together = counted.facets(("owner", "status"), missing=True)
            assert [first for first, _ in together] == [*facets]
            assert [*counted.facets("owner", limit=3)] == ["0", 0, "1"]


def test_bins_by_month_are_counted_from_the_first_edge():
    store = dated("2026-02-10", "2026-03-30", "2026-03-31", "2026-04-01")
    month = relativedelta(months=1)
    found = store.histogram("expires", every=month, since="2026-01-31", until="2026-04-15")
    assert found.edges == [
        day(2026, 1, 31),
        day(2026, 2, 28),
        day(2026, 3, 31),
        day(2026, 4, 15),
    ]
    assert found == [1, 1, 2]
    assert isinstance(found, list)

    for copied in (copy.copy(found), copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
        assert (copied, copied.edges) == (found, found.edges)


def test_bins_from_now_read_the_clock_once():
    calls = []

    def clock():
        calls.append(1)
        return day(2026, 6, 1)

    records_ = [{"id": "a", "expires": "2026-06-02"}, {"id": "b", "expires": "2026-05-01"}]
    store = Store(SCHEMA, records_, clock=clock)
    soon = {"every": timedelta(days=1), "since": timedelta(0), "until": timedelta(days=3)}
    where = Range("expires", within=timedelta(days=30))
    for reading in (store, store.snapshot()):
        assert reading.histogram("expires", where=where, **soon) == [0, 1, 0]
        assert reading.histogram("expires", [timedelta(-40), timedelta(0)]) == [1]
    assert len(calls) == 4
    assert store.histogram("expires", [timedelta(0), timedelta(2)], now="2026-05-01") == [1]
    assert len(calls) == 4


def test_edges_at_the_ends_of_time_and_none():
    store = dated("0001-01-01", "9999-12-31T23:59:59.999999Z", "2026-01-01", None)
    wide = store.histogram("expires", ["0001-01-01", "2000-01-01", "9999-12-31T23:59:59.999999Z"])
    assert wide == [1, 1]
    assert store.histogram("expires", ["2026-01-01"]) == []
    same = {"since": "2026-01-01", "until": "2026-01-01", "every": timedelta(1)}
    assert store.histogram("expires", **same).edges == [day(2026, 1, 1)]
    far = store.histogram(
        "expires", every=relativedelta(years=9000), since="0001-01-01", until="9999-12-31"
    )
    assert far.edges == [day(1, 1, 1), day(9001, 1, 1), day(9999, 12, 31)]
    assert far == [2, 0]
    step = {"since": 0, "every": timedelta(seconds=10), "until": "1970-01-02T03:46:40"}
    assert len(store.histogram("created", **step)) == 10_000
    assert len(store.histogram("created", range(10_001))) == 10_000


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (
            lambda store: store.histogram("status", ["2026-01-01"]),
            "status: a histogram is of an instant field: declare it instant",
        ),
        (
            lambda store: store.histogram("gone", ["2026-01-01"]),
            "gone: no such field",
        ),
        (lambda store: store.histogram(["created"], []), "field must be the name of a field"),
        (lambda store: store.histogram("created"), "either edges, or every"),
        (lambda store: store.histogram("created", [], every=timedelta(1)), "either edges, or"),
        (lambda store: store.histogram("created", ["2026"], since="2026-01-01"), "go with every"),
        (lambda store: store.histogram("created", []), "edges must hold at least one"),
        (lambda store: store.histogram("created", "2026-01-01"), "a collection of instants"),
        (
            lambda store: store.histogram("created", Eq("status", "a")),
            "a collection of instants, not Eq: where= takes predicates",
        ),
        (
            lambda store: store.histogram("created", [Eq("status", "a")]),
            "or a delta from now, not Eq: where= takes predicates",
        ),
        (lambda store: store.histogram("created", ["soon"]), "edges is not an ISO 8601"),
        (lambda store: store.histogram("created", [10**9, 10**9 + 1]), "an edge "),
        (lambda store: store.histogram("created", ["2026-01-02", "2026-01-01"]), "must ascend"),
        (
            lambda store: store.histogram("created", ["2026-01-01", "2026-01-03", "2026-01-02"]),
            "edges must ascend, and 2026-01-02T00:00:00Z follows 2026-01-03T00:00:00Z",
        ),
        (
            lambda store: store.histogram(
                "created", every=timedelta(1), since="2026-02-01", until="2026-01-01"
            ),
            "since and until must ascend, and 2026-01-01T00:00:00Z follows 2026-02-01",
        ),
        (lambda store: store.histogram("created", ["2026-01-02"] * 2), "edges must ascend"),
        (lambda store: store.histogram("created", range(10_002)), "up to 10,000 bins"),
        (lambda store: store.histogram("created", every=timedelta(1)), "takes since and until"),
        (lambda store: every(store, timedelta(0)), "every must be more than nothing"),
        (lambda store: every(store, timedelta(-1)), "every must be more than nothing"),
        (lambda store: every(store, relativedelta(months=-1)), "every must be more than"),
        (lambda store: every(store, relativedelta(day=1)), "every must be a distance"),
        (lambda store: every(store, 5), "every must be a timedelta"),
        (lambda store: every(store, timedelta(microseconds=1)), "up to 10,000 bins"),
        (lambda store: every(store, relativedelta(months=1, days=-29)), "more than nothing"),
        (lambda store: store.facets(()), "counted by 1 to 4 fields, not 0"),
        (lambda store: store.facets(("status",) * 5), "counted by 1 to 4 fields, not 5"),
        (
            lambda store: store.facets(("status", "name")),
            "name: facets are counted for keyword and tags fields: declare it key",
        ),
        (lambda store: store.facets(("status", 1)), "field must be the name of a field"),
        (lambda store: store.facets("status", limit=-1), "limit must be an integer from 0"),
    ],
)
def test_what_cannot_be_counted_is_refused(ask, said):
    store = dated("2026-01-01")
    for reading in (store, store.snapshot()):
        with pytest.raises(QueryError, match=said):
            ask(reading)


def every(store, width):
    return store.histogram("created", every=width, since="2026-01-01", until="2027-01-01")


def test_a_selection_is_of_the_moment_at_which_it_was_asked_for():
    store = Store(
        SCHEMA,
        [{"id": f"i-{n}", "status": "a" if n % 2 else "b"} for n in range(50)],
        segment_rows=8,
    )
    own, other = store.select(Eq("status", "a")), store.select(order=[])
    store.replace_all([])
    assert len([*own]) == 25
    assert len([*other]) == 50
    assert [*store.select()] == []


@pytest.fixture
def table():
    sa = pytest.importorskip("sqlalchemy")
    engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    store = SqlStore(engine, SCHEMA)
    store.create()
    yield store
    engine.dispose()


def test_a_selection_from_now_reads_the_clock_once_when_it_is_asked_for():
    asked = []

    def clock():
        asked.append(len(asked))
        return f"2026-01-0{len(asked)}"

    found = [{"id": f"i-{n}", "expires": f"2026-01-0{n}T12:00:00Z"} for n in range(1, 6)]
    store = Store(SCHEMA, found, clock=clock)
    today = Range("expires", within=timedelta(days=1))
    for selecting in readings(store):
        asked.clear()
        first, second = selecting.select(today), selecting.select(~today, fields=["id"])
        assert len(asked) == 2
        assert [one["id"] for one in first] == ["i-1"]
        assert sorted(one["id"] for one in second) == ["i-1", "i-3", "i-4", "i-5"]
        assert [*selecting.select(today, now="2026-01-05")] == found[-1:]
        assert len(asked) == 2


def test_a_store_on_a_database_says_what_it_does_not_answer_yet(table):
    held = [
        {"id": f"i-{n}", "status": "ab"[n % 2], "owner": str(n % 3), "created": n * 1_000_000}
        for n in range(12)
    ]
    held += [{"id": "none"}]
    table.put_many(held)
    memory = Store(SCHEMA, held)
    for fields in ("status", ("status",), ("status", "owner")):
        for missing in (True, False):
            for limit in (None, 0, 1, 3):
                options = {"missing": missing, "limit": limit}
                assert [*table.facets(fields, **options).items()] == [
                    *memory.facets(fields, **options).items()
                ]

    query = Query(order=Order("created"), fields=["id"], limit=2)
    assert table.page(query) == memory.page(query)
    assert table.page(query).items == [{"id": "i-11"}, {"id": "i-10"}]
    asking = [
        lambda: table.page(Query(order=Order("status"))),
        lambda: table.explain(Query(order=Order("created", descending=False))),
        lambda: table.prepare(Query(order=Order("id"))),
        table.select,
        lambda: table.histogram("created", ["2026-01-01"]),
    ]
    for ask in asking:
        with pytest.raises(QueryError, match=r"^(\w+: )?as yet, .*Store\(schema, sql_store\)"):
            ask()
