"""Plans: the cheapest is chosen, by query and state alone, and says what it does."""

import json

import pytest

from instquery import Contains, Eq, In, Query, QueryError, Range, Store
from instquery.engine.plan import plan, plans
from instquery.engine.version import Version
from strategies import SCHEMA, at

RARE, OFTEN, NONE = Eq("owner", "7"), Eq("status", "Running"), Eq("status", "Stopped")
NOWHERE = Contains("name", "nowhere")


def made(number):
    return {
        "id": f"i-{number:04}",
        "name": f"推荐-{number}",
        "status": "Ready" if number % 10 == 0 else "Running",
        "owner": str(number % 100),
        "created": number * 1_000_000,
        "expires": number * 2_000_000,
    }


@pytest.fixture(scope="module")
def store():
    return Store(SCHEMA, map(made, range(1000)))


@pytest.mark.parametrize(
    ("where", "driver", "total", "known"),
    [
        ([], "row sets", "known", 1000),
        ([Eq("status", "Ready")], "row sets", "known", 100),
        ([In("owner", ["1", "2", "none"])], "row sets", "known", 20),
        ([Range("expires", since=0, before=at(100_000_000))], "row sets", "known", 50),
        (
            [Range("expires", since=0), Range("expires", before=at(100_000_000))],
            "row sets",
            "known",
            50,
        ),
        ([Range("created", until=9_000_000)], "row sets", "known", 10),
        ([Eq("status", "Ready"), Range("expires", since=0)], "row sets", "counted", None),
        ([Eq("status", "Ready"), Eq("owner", "0")], "keys", "counted", None),
        ([In("owner", ["1", "none"])], "keys", "known", 10),
        ([Contains("name", "推")], "row sets", "counted", None),
        ([Eq("id", "i-0001")], "keys", "known", 1),
        ([In("id", ["i-0001", "gone"]), Eq("status", "Running")], "keys", "counted", None),
        ([In("id", [f"i-{n:04}" for n in range(900)])], "row sets", "known", 900),
        ([Eq("id", "gone")], "nothing", "known", 0),
        ([Contains("name", "推"), Eq("status", "Stopped")], "nothing", "known", 0),
        ([Range("expires", since=9, until=5)], "nothing", "known", 0),
    ],
)
def test_the_cheapest_plan(store, where, driver, total, known):
    chosen = store.explain(Query(where))
    assert (chosen.driver, chosen.total, chosen.known) == (driver, total, known)
    assert store.explain(Query(where)) == chosen
    if known is not None:
        assert store.count(where) == known


def test_the_rarest_predicate_comes_first(store):
    chosen = store.explain(
        Query(
            [
                Eq("status", "Running"),
                Range("expires", since=at(1_000_000_000)),
                Range("created", until=99_000_000),
            ]
        )
    )
    assert [step.size.count for step in chosen.steps] == [100, 500, 900]
    assert all(step.exact and step.role == "row set" for step in chosen.steps)


@pytest.mark.parametrize(
    ("where", "driver", "asked"),
    [
        ([Range("expires", since=0), Contains("name", "推"), RARE, OFTEN], "keys", [RARE, OFTEN]),
        ([Range("expires", since=0), Contains("name", "推"), NONE, OFTEN], "nothing", [NONE]),
        ([Contains("name", "nowhere"), Contains("name", "推")], "nothing", [NOWHERE]),
        ([Contains("name", "推"), OFTEN], "row sets", [Contains("name", "推"), OFTEN]),
    ],
)
def test_what_cannot_change_the_plan_is_not_asked(store, monkeypatch, where, driver, asked):
    seen = []
    estimate = Version.estimate

    def noted(self, term, census=None):
        seen.append(term)
        return estimate(self, term, census)

    monkeypatch.setattr(Version, "estimate", noted)
    chosen = store.explain(Query(where))
    assert (chosen.driver, seen) == (driver, asked)
    for step in chosen.steps:
        assert step.exact or step.size.most == len(store)


def test_a_plan_for_people_and_for_logs(store):
    chosen = store.explain(
        Query([Contains("name", "推荐-99"), Eq("status", "Running")], total=False)
    )
    assert str(chosen) == (
        "1,000 records in 1 segment: row sets, newest segment first\n"
        "  row set   about 11 with name contains '推荐-99'\n"
        "  row set   900 with status = 'Running'\n"
        "  total     not asked for, so the walk ends with the page"
    )
    plain = json.loads(json.dumps(chosen.to_dict()))
    assert plain["driver"] == "row sets"
    assert plain["steps"][1] == {
        "predicate": "status = 'Running'",
        "role": "row set",
        "size": 900,
        "exact": True,
    }
    assert (plain["records"], plain["segments"], plain["total"]) == (1000, 1, "not asked")


def test_every_way_to_answer_is_offered_the_scan_last(store):
    version = store._current.version
    drivers = [
        each.driver for each in plans(Query([Eq("id", "i-0001"), Contains("name", "推")]), version)
    ]
    assert drivers == ["keys", "row sets", "scan"]
    assert plan(Query([Eq("id", "i-0001")]), version).driver == "keys"


def test_without_the_census_sizes_are_the_same(store):
    where = [
        Eq("status", "Ready"),
        Range("expires", until=at(100_000_000)),
        Range("created", since=0),
        In("id", ["i-0001"]),
    ]
    live, snapshot = store.explain(Query(where)), store.snapshot().explain(Query(where))
    assert live == snapshot


def test_a_predicate_that_cannot_be_answered_is_refused_on_any_plan(store):
    for where in ([Eq("gone", "x")], [Eq("id", "none"), Contains("status", "x")]):
        with pytest.raises(QueryError):
            store.page(Query(where))
        with pytest.raises(QueryError):
            store.count(where)
    for ask in (store.page, store.explain):
        with pytest.raises(QueryError, match="ask with a Query, not with Eq"):
            ask(Eq("status", "Ready"))
    for field in ("gone", "name", "created"):
        with pytest.raises(QueryError) as caught:
            store.facets(field)
        assert caught.value.field == field
