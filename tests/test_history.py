"""The change feed and watches, beside a plain comparison of what was there before and after."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effort import examples
from instquery import Contains, Eq, HistoryGap, Query, QueryError, Range, Store
from instquery.instants import moment
from strategies import NOW, SCHEMA, records

WEEK = 7 * 86_400_000_000


def made(number, **members):
    return {"id": f"i-{number:02}", "created": number * 1_000_000, **members}


def test_changes_tell_before_and_after_of_every_write():
    store = Store(SCHEMA, [made(1), made(2)])
    assert (store.version, store.changes(0)) == (0, [])
    store.put(made(3))
    store.put_many([made(1, name="new"), made(4)])
    store.discard("i-02")
    store.replace_all([made(3), made(4), made(5)])
    assert store.discard("gone") is False
    told = [
        (change.version, change.key, change.before, change.after) for change in store.changes(0)
    ]
    assert told == [
        (1, "i-03", None, made(3)),
        (2, "i-01", made(1), made(1, name="new")),
        (2, "i-04", None, made(4)),
        (3, "i-02", made(2), None),
        (4, "i-01", made(1, name="new"), None),
        (4, "i-05", None, made(5)),
    ]
    assert store.version == 4
    assert [change.version for change in store.changes(3)] == [4, 4]
    assert store.page(Query()).version == store.snapshot().version == 4
    store.changes(0)[0].after["name"] = "changed by the one who asked"
    assert "name" not in store.get("i-03")


def test_what_is_forgotten_or_yet_to_come_is_a_gap():
    store = Store(SCHEMA, history=3)
    for number in range(5):
        store.put(made(number))
    assert [change.version for change in store.changes(2)] == [3, 4, 5]
    for since in (1, 0, -1, 6):
        with pytest.raises(HistoryGap):
            store.changes(since)
    store.put_many(map(made, range(4)))  # more than is kept: nothing before is known
    assert store.changes(6) == []
    with pytest.raises(HistoryGap):
        store.changes(5)
    assert Store(SCHEMA, history=0).changes(0) == []


def test_a_gap_after_which_the_feed_goes_on():
    store = Store(SCHEMA, history=2)
    for number in range(5):
        store.put(made(number))
    view = store.snapshot()
    store.put(made(9))
    assert [change.key for change in store.changes(view.version)] == ["i-09"]


def test_a_watch_tells_what_came_went_and_changed():
    store = Store(SCHEMA, [made(1, status="a"), made(2, status="b")])
    watch = store.watch([Eq("status", "a")])
    assert watch.poll() == (0, [made(1, status="a")], [], [])
    assert watch.poll() == (0, [], [], [])
    store.put(made(2, status="a"))
    store.put(made(1, status="a", name="new"))
    assert watch.poll() == (2, [made(2, status="a")], [], [made(1, status="a", name="new")])
    store.put(made(1, status="b", name="new"))
    store.discard("i-02")
    store.put(made(3, status="a"))
    store.discard("i-03")
    events = watch.poll()
    assert [item["id"] for item in events.left] == ["i-01", "i-02"]
    assert (events.entered, events.changed) == ([], [])


def test_events_are_the_callers_own_to_change():
    """A nested value changed by a caller was once reported as the store's, and as a change."""
    store = Store(SCHEMA, [made(1, status="a", note={"z": [1]})])
    watch = store.watch(Eq("status", "a"))
    watch.poll().entered[0]["note"]["z"].append("mine")
    store.put(made(2, status="a"))
    store.put(made(1, status="a", note={"z": [1]}))
    assert watch.poll().changed == []
    store.put(made(1, status="a", name="new", note={"z": [1]}))
    watch.poll().changed[0]["note"]["z"].append("mine")
    store.discard("i-01")
    assert watch.poll().left == [made(1, status="a", name="new", note={"z": [1]})]


def test_a_watch_tells_what_the_clock_has_moved():
    day = 86_400_000_000
    start = moment(NOW)
    clock = [NOW]
    store = Store(
        SCHEMA, [made(n, expires=start + n * day) for n in range(30)], clock=lambda: clock[-1]
    )
    made_from_now = store.watch(
        lambda now: [Range("expires", after=now, until=now + WEEK), Contains("id", "i-")]
    )
    counted_from_now = store.watch(
        [Range("expires", within=timedelta(days=7)), Contains("id", "i-")]
    )
    for watch in (made_from_now, counted_from_now):
        assert [item["id"] for item in watch.poll(now=NOW).entered] == [
            f"i-{n:02}" for n in range(1, 8)
        ]
        events = watch.poll(now=start + 2 * day)
        assert [item["id"] for item in events.entered] == ["i-08", "i-09"]
        assert [item["id"] for item in events.left] == ["i-01", "i-02"]
        assert [item["id"] for item in watch.poll(now=NOW).left] == [
            "i-08",
            "i-09",
        ]  # clocks are also set back
        clock.append(NOW + timedelta(days=1))
        assert [item["id"] for item in watch.poll().entered] == ["i-08"]
        clock.pop()
    with pytest.raises(QueryError, match="now is not an ISO 8601 time"):
        counted_from_now.poll("soon")


@given(
    st.lists(records(), max_size=20),
    st.lists(st.tuples(st.lists(records(), max_size=4), st.integers(-9, 9)), max_size=6),
    st.sampled_from([0, 3, 100]),
)
@examples(150)
def test_a_watch_agrees_with_a_plain_comparison(inventory, steps, history):
    """However far the clock moves, whatever is written, and however little of it is remembered."""
    store = Store(SCHEMA, inventory, segment_rows=4, history=history)
    start = int(NOW.timestamp()) * 1_000_000

    def where(now):
        return [
            Range("created", after=now - 400_000_000, until=now + 500_000),
            Range("expires", since=now),
        ]

    watch = store.watch(where)
    held, now = {}, start
    for batch, moved in [([], 0), *steps]:
        store.put_many(batch)
        for record in batch[:1]:
            store.discard(record["id"])
        now += moved * 500_000
        items = store.page(Query(where(now), limit=1000)).items
        found = {item["id"]: item for item in items}
        events = watch.poll(now=now)
        assert {item["id"]: item for item in events.entered} == {
            k: v for k, v in found.items() if k not in held
        }
        assert {item["id"]: item for item in events.left} == {
            k: v for k, v in held.items() if k not in found
        }
        assert {item["id"]: item for item in events.changed} == {
            k: v for k, v in found.items() if k in held and held[k] != v
        }
        held = found
