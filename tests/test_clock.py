"""The clock of a store: read once by what needs it, and a walk goes on from its own now."""

from datetime import UTC, datetime, timedelta

import pytest
from dateutil.relativedelta import relativedelta

import naive
from instquery import Eq, Order, Query, Range, Schema, Store, instant, keyword, text
from strategies import NOW

pytestmark = pytest.mark.usefixtures("engine")


class Clock:
    """A clock that is set by hand and counts how often it is read."""

    def __init__(self, now=NOW):
        self.now = now
        self.reads = 0

    def __call__(self):
        self.reads += 1
        return self.now


def estate(count=40):
    return [
        {
            "id": f"i-{n:02}",
            "status": "Running" if n % 3 else "Ready",
            "created": NOW - timedelta(days=n // 4),
            "expires": NOW + timedelta(hours=6 * n - 48),
        }
        for n in range(count)
    ]


STATED = Schema(
    key="id",
    order=Order("created"),
    fields={"id": text(), "status": keyword(), "created": instant(), "expires": instant()},
)
SOON = [
    Range("expires", within=timedelta(days=3)),
    Range("created", since=relativedelta(months=-1)),
]


def soon_at(now, records):
    return [
        record["id"]
        for record in naive.in_order(records, "id", "created")
        if now < record["expires"] <= now + timedelta(days=3)
        and record["created"] >= now - timedelta(days=31)
    ]


def test_the_clock_is_read_once_by_a_read_that_needs_it():
    clock = Clock()
    store = Store(STATED, estate(), clock=clock)
    reads = [
        lambda **how: store.count(SOON, **how),
        lambda **how: store.facets("status", SOON, **how),
        lambda **how: store.page(Query(SOON, **how)),
        lambda **how: store.explain(Query(SOON, **how)),
    ]
    for read in reads:
        clock.reads = 0
        read()
        assert clock.reads == 1
        read(now=NOW)
        assert clock.reads == 1
    clock.reads = 0
    store.count(Range("expires", after="2026-06-01"))
    store.page(Query(Eq("status", "Ready"), now=NOW))
    assert clock.reads == 0
    assert (
        sum(store.facets("status", SOON).values())
        == store.count(SOON)
        == len(soon_at(NOW, estate()))
    )
    assert store.count(SOON, now=NOW + timedelta(days=2)) == len(
        soon_at(NOW + timedelta(days=2), estate())
    )


@pytest.mark.memory
def test_a_snapshot_reads_its_stores_clock_when_it_is_asked():
    clock = Clock()
    store = Store(STATED, estate(), clock=clock)
    view = store.snapshot()
    store.replace_all([])
    for days in (0, 2, 5):
        clock.now = NOW + timedelta(days=days)
        expected = soon_at(clock.now, estate())
        assert [item["id"] for item in view.page(Query(SOON)).items] == expected
        assert view.count(SOON) == sum(view.facets("status", SOON).values()) == len(expected)


@pytest.mark.memory
@pytest.mark.parametrize("segment_rows", [4, 32_768])
@pytest.mark.parametrize("named", [False, True])
def test_a_walk_goes_on_from_its_own_now_while_the_clock_goes_on(segment_rows, named):
    clock = Clock()
    store = Store(STATED, estate(), clock=clock, segment_rows=segment_rows)
    expected = soon_at(NOW, estate())
    assert len(expected) > 8
    for reading in (store, store.snapshot()):
        clock.now = NOW
        found, cursor = [], None
        while True:
            query = Query(SOON, limit=3, now=clock.now if named else None)
            page = reading.page(query, cursor)
            assert page.total == len(expected)
            found += [item["id"] for item in page.items]
            cursor = page.cursor
            if cursor is None:
                break
            assert store.moment(cursor) == naive_micros(NOW)
            clock.now += timedelta(days=1)
        assert found == expected


def reopened(store):
    """Return a store of the same records and cursor key, as if in another process."""
    return Store(STATED, store, clock=lambda: NOW + timedelta(days=60), cursor_key=b"k" * 32)


@pytest.mark.memory
def test_a_live_walk_goes_on_from_its_own_now():
    clock = Clock()
    store = Store(STATED, estate(), clock=clock, cursor_key=b"k" * 32)
    first = store.page(Query(SOON, limit=3))
    late = {"id": "i-99", "created": NOW - timedelta(days=9), "expires": NOW + timedelta(days=3)}
    store.put(late)
    clock.now += timedelta(days=30)
    rest = reopened(store).page(Query(SOON, limit=100), first.cursor, live=True)
    expected = soon_at(NOW, [*estate(), late])
    assert "i-99" in expected[3:]
    assert [item["id"] for item in first.items + rest.items] == expected
    assert rest.total == len(expected)
    assert store.count(SOON) == 0


@pytest.mark.memory
def test_a_window_made_from_the_clock_is_told_the_cure():
    store = Store(STATED, estate())
    first = store.page(Query(Range("expires", after=NOW), limit=2))
    with pytest.raises(Exception, match=r"another query.*within=timedelta"):
        store.page(Query(Range("expires", after=NOW + timedelta(seconds=1)), limit=2), first.cursor)


def naive_micros(at):
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
