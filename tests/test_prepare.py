"""Prepared queries: planned without I/O, answered once, from the snapshot they were planned on."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from engines import readings
from instquery import Contains, CursorInvalid, Eq, In, Query, QueryError, Store
from instquery.apis import airec
from instquery.contract import prepare
from strategies import SCHEMA

pytestmark = pytest.mark.usefixtures("engine")


def made(number, **members):
    return {"id": f"i-{number:05}", "created": number * 1_000_000, **members}


def estate(count=60):
    return [made(n, status="Running" if n % 3 else "Ready", name=f"web-{n}") for n in range(count)]


QUERIES = [
    Query(limit=7),
    Query(Eq("status", "Ready"), limit=7),
    Query([Eq("status", "Running"), Contains("name", "5")], offset=2, limit=7),
    Query(In("id", [f"i-{n:05}" for n in range(0, 60, 2)]), limit=7),
    Query(In("status", [f"s-{n}" for n in range(2_000)] + ["Ready"]), limit=7),
    Query([Eq("status", "Ready")] * 80, limit=7),
]


@pytest.mark.parametrize("number", range(len(QUERIES)))
def test_a_prepared_page_is_the_page(number):
    store = Store(SCHEMA, estate(), segment_rows=8)
    query = QUERIES[number]
    for reading in readings(store):
        prepared = reading.prepare(query)
        assert str(prepared.plan)
        with ThreadPoolExecutor(1) as pool:
            assert (
                pool.submit(prepared.page).result()
                == reading.page(query)
                == reading.prepare(query).page()
            )


def test_what_is_wrong_is_said_when_it_is_prepared_or_asked():
    store = Store(SCHEMA, estate())
    for reading in readings(store):
        with pytest.raises(QueryError):
            reading.prepare(Query(Eq("gone", "x"))).page()
        with pytest.raises(QueryError):
            reading.prepare(Eq("status", "Ready"))
        with pytest.raises(CursorInvalid):
            reading.prepare(Query(), "made up").page()


@pytest.mark.memory
def test_a_prepared_query_is_of_the_snapshot_it_was_prepared_on():
    store = Store(SCHEMA, estate(), segment_rows=8)
    for query in QUERIES:
        expected = store.page(query)
        prepared = store.prepare(query)
        store.replace_all([])
        assert prepared.page() == expected
        store.replace_all(estate())


@pytest.mark.memory
def test_a_cursor_is_prepared_as_it_is_answered():
    store = Store(SCHEMA, estate(), segment_rows=8)
    query = Query(Eq("status", "Running"), limit=9)
    for reading in readings(store):
        cursor = reading.page(query).cursor
        assert reading.prepare(query, cursor).page() == reading.page(query, cursor)
    first = store.page(query)
    cursor = first.cursor
    store.put(made(99, status="Running"))
    assert store.prepare(query, cursor).page() == store.page(query, cursor)


@pytest.mark.memory
def test_brief_is_what_looks_at_little(monkeypatch):
    store = Store(SCHEMA, estate(), segment_rows=8)
    verdicts = [store.prepare(query).brief for query in QUERIES]
    assert verdicts == [True, True, True, False, False, False]
    assert store.prepare(Query(Eq("id", "none"))).brief

    large = Store(SCHEMA, estate(7_000))
    assert not large.prepare(QUERIES[2]).brief  # too many for keys, and texts to be looked at
    for count, is_brief in ((1, True), (100, True), (101, False), (900, False)):
        prepared = large.prepare(
            Query(In("id", ["i-00001", *[f"x-{n}" for n in range(count - 1)]]))
        )
        assert (prepared.plan.driver, prepared.brief) == ("keys", is_brief)


@pytest.mark.memory
def test_preparing_beyond_its_bounds_plans_nothing(monkeypatch):
    from instquery.engine import current, view  # noqa: PLC0415

    planned = []
    for room in (current, view):
        real = room.plan
        monkeypatch.setattr(
            room, "plan", lambda *given, real=real: (planned.append(1), real(*given))[1]
        )
    store = Store(SCHEMA, estate(), segment_rows=1)
    for query in QUERIES[4:]:
        for reading in readings(store):
            prepared = reading.prepare(query)
            assert not planned
            prepared.page()
            assert len(planned) == 1
            planned.clear()


@pytest.mark.memory
def test_a_prepared_query_that_is_dropped_lets_its_snapshot_go():
    store = Store(SCHEMA, estate(), segment_rows=8)
    store.prepare(QUERIES[1])
    assert store._current._viewed is None or store._current._viewed() is None


@pytest.mark.memory
def test_a_store_that_only_answers_pages_is_taken_to_be_slow():
    class Bare:
        def page(self, query):
            return store.page(query)

    store = Store(airec.SCHEMA, [{"instanceId": "i-1"}])
    prepared = prepare(Bare(), Query())
    assert (prepared.brief, prepared.plan.to_dict()) == (False, {})
    assert prepared.page() == store.page(Query())
    asking = airec.list_instance.prepare(Bare(), {})
    assert not asking.brief
    assert asking.reply().body["result"] == [{"instanceId": "i-1"}]
    refused = airec.list_instance.prepare(store, {"size": "0"})
    assert (refused.brief, refused.plan, refused.query) == (True, None, None)
    assert refused.reply().status == 400
