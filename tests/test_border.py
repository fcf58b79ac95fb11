"""The border of a segment: batches of every size around it, in every order of arrival."""

import random

import pytest

import naive
from effort import is_full
from instquery import Eq, Order, Query, Schema, Store, instant, keyword
from instquery.engine import writer as writer_room
from instquery.engine.census import Census
from instquery.engine.directory import Directory
from instquery.engine.history import History
from instquery.engine.published import Published
from instquery.engine.rowsets import MOST_ROWS
from instquery.engine.segment import Segment
from instquery.engine.version import Version

SCHEMA = Schema(
    key="id",
    order=Order("created"),
    fields={
        "id": keyword(),
        "owner": keyword(),
        "status": keyword(),
        "created": instant(integers="microseconds"),
    },
)
SEED = random.randrange(10**6)


def made(number, created, *, owner=None):
    """A record whose owner is its own, and one of three statuses."""
    owner = f"o-{number}" if owner is None else owner
    return {"id": f"i-{number:07}", "owner": owner, "status": number % 3, "created": created}


def ascending(count, middle, chance):
    return [middle + number for number in range(count)]


def descending(count, middle, chance):
    return [middle - number for number in range(count)]


def shuffled(count, middle, chance):
    return chance.sample(range(middle - 2 * count, middle + 2 * count), count)


def anywhere(count, middle, chance):
    return [chance.randrange(2 * middle) for _ in range(count)]


def equal(count, middle, chance):
    return [middle] * count


def highest(count, middle, chance):
    return [3 * middle + number for number in range(count)]


def lowest(count, middle, chance):
    return [-number for number in range(count)]


ARRIVALS = [ascending, descending, shuffled, anywhere, equal, highest, lowest]


def agrees(store, held, chance):
    """Check every index, and some pages beside the naive reading."""
    assert store.verify() == []
    assert len(store) == len(held)
    rare = chance.choice(list(held.values()))["owner"]
    for where in ([], [("eq", "owner", rare)], [("eq", "status", 1)]):
        offset = chance.randrange(len(held))
        asked = [Eq(*rest) for _, *rest in where]
        page = store.page(Query(asked, offset=offset, limit=20))
        expected = naive.page(held.values(), where, offset, 20, "id", "created")
        assert (page.items, page.total) == expected


@pytest.mark.parametrize("bulk", [0, 24], ids=["one by one", "in bulk"])
@pytest.mark.parametrize("rows", [1, 2, 3, 8])
@pytest.mark.parametrize("arrival", ARRIVALS)
def test_batches_of_every_size_around_the_border_of_small_segments(
    monkeypatch, arrival, rows, bulk
):
    monkeypatch.setattr(writer_room, "_BULK", bulk)
    chance = random.Random(SEED)
    store = Store(SCHEMA, segment_rows=rows)
    held, numbers = {}, iter(range(10**6))

    sizes = [*range(1, 2 * rows + 3), 4 * rows, 5 * rows + 1]
    chance.shuffle(sizes)
    for size in sizes if is_full() else sizes[:8]:
        batch = [made(next(numbers), at) for at in arrival(size, 1000, chance)]
        store.put_many(batch)
        held.update((record["id"], record) for record in batch)
        agrees(store, held, chance)
        assert all(len(each) <= 2 * rows for each in store._current.version.segments)

        # Records that move, stay, or go.
        moved = chance.sample(sorted(held), min(len(held), chance.choice([1, rows, 3 * rows])))
        batch = [{**held[key], "created": arrival(1, 1000, chance)[0]} for key in moved]
        store.put_many(batch)
        held.update((record["id"], record) for record in batch)
        for key in chance.sample(sorted(held), len(held) // 3):
            store.discard(key)
            del held[key]
        agrees(store, held, chance) if held else None

    listing = [made(number, 1000 + number % 7) for number in range(5 * rows)]
    store.replace_all(listing)
    agrees(store, {record["id"]: record for record in listing}, chance)


def store_of_one_segment(rows):
    """Return a store of one segment, as it is after many writes to it, and the same by key."""
    held = {
        record["id"]: record for record in (made(number, 10 * number) for number in range(rows))
    }
    entries = [SCHEMA.take(record) for record in held.values()]
    owner = object()
    directory = Directory(owner)
    for entry in entries:
        directory.set(entry.key, entry.row)
    segment = Segment.build(SCHEMA, entries, owner)
    census = Census.of(SCHEMA, [entry.row for entry in entries])
    version = Version(SCHEMA, (segment,), directory, len(entries), 0, "epoch")

    store = Store(SCHEMA)
    store._current._published = Published(version, census, History(100), owner)
    return store, held


# How many rows there is room for, and how many come, in batches of how many.
BORDERS = [
    (0, 1, 1),
    (1, 3, 1),
    (5, 12, 3),
    (16, 16, 16),
    (16, 17, 17),
    (16, 15, 15),
    (100, 101, 101),
    (100, 400, 40),
    (1000, 3000, 1000),
    (1000, 1001, 1001),
    (2730, 2731, 2731),
    (2731, 5000, 2500),
    (2000, 40_000, 20_000),
]


def borders():
    cases = [(border, arrival) for border in BORDERS for arrival in ARRIVALS]
    return cases if is_full() else random.Random(SEED).sample(cases, 3)


@pytest.mark.parametrize(("border", "arrival"), borders())
def test_batches_around_the_border_that_positions_of_two_bytes_set(border, arrival):
    """The keyword's values are rare, so that it has positions: it was an error, for good."""
    room, count, size = border
    chance = random.Random(SEED)
    store, held = store_of_one_segment(MOST_ROWS - room)
    middle = 10 * chance.randrange(MOST_ROWS // 2, MOST_ROWS)
    batch = [
        made(MOST_ROWS + number, at) for number, at in enumerate(arrival(count, middle, chance))
    ]
    for first in range(0, count, size):
        store.put_many(batch[first : first + size])
    held.update((record["id"], record) for record in batch)
    agrees(store, held, chance)
    assert max(map(len, store._current.version.segments)) <= MOST_ROWS


@pytest.mark.parametrize("room", [0, 1])
def test_records_that_move_within_a_full_segment(room):
    """A place that is left stays, vacant, so each move takes another one."""
    chance = random.Random(SEED)
    store, held = store_of_one_segment(MOST_ROWS - room)
    moved = chance.sample(sorted(held), 5)
    for key in moved:
        record = {**held[key], "created": 10 * chance.randrange(MOST_ROWS) + 5}
        store.put(record)
        held[key] = record
    batch = [{**held[key], "created": held[key]["created"] + 3} for key in sorted(held)[:300]]
    store.put_many(batch)
    held.update((record["id"], record) for record in batch)
    agrees(store, held, chance)


@pytest.mark.long
def test_batches_in_random_order_of_creation():
    chance = random.Random(SEED)
    numbers = list(range(80_000))
    chance.shuffle(numbers)
    store, held = Store(SCHEMA), {}
    for first in range(0, len(numbers), 1000):
        batch = [made(number, 1000 * number) for number in numbers[first : first + 1000]]
        store.put_many(batch)
        held.update((record["id"], record) for record in batch)
        if first % 10_000 == 0 or first in (64_000, 65_000, 66_000):
            assert store.verify() == []
    agrees(store, held, chance)
