"""Batches that arrive in any order: whichever way they are entered, the outcome is the same."""

import random

import pytest

import naive
from effort import tries
from instquery import Contains, Eq, In, Range, Store
from instquery.engine import directory as directory_room
from instquery.engine import opening as opening_room
from instquery.engine import writer as writer_room
from instquery.engine.opening import Opening
from instquery.engine.rowsets import positions, set_of
from instquery.engine.segment import Segment
from instquery.engine.writer import Writer
from instquery.intake import take_batch
from worn import have_small_numbers, made, matching, predicates, schema, some_wheres, worn

SCHEMA = schema()
AT_ONCE, STRETCHES, BULK = 4, 3, 4

ORDERS = {
    "oldest first": lambda records, chance: records.sort(key=lambda one: one["created"]),
    "newest first": lambda records, chance: records.sort(
        key=lambda one: one["created"], reverse=True
    ),
    "in no order": lambda records, chance: chance.shuffle(records),
    "by key": lambda records, chance: records.sort(key=lambda one: one["id"]),
}


@pytest.fixture
def _small(monkeypatch):
    """Let a few records be many, so that each of the ways costs least for some of the batches."""
    have_small_numbers(monkeypatch)
    monkeypatch.setattr(opening_room, "_AT_ONCE", AT_ONCE)
    monkeypatch.setattr(opening_room, "_STRETCHES", STRETCHES)
    monkeypatch.setattr(writer_room, "_BULK", BULK)
    monkeypatch.setattr(writer_room, "_MANY", 9)
    monkeypatch.setattr(directory_room, "_FEWEST", 2)
    monkeypatch.setattr(directory_room, "_FULL", 8)


def some_batch(chance, held, size, seconds):
    """New records, some that change or move, and some that were there before, of equal times."""
    batch = {}
    while len(batch) < size:
        record = made(chance, chance.randrange(10 * size + 40), seconds)
        record["created"] = record.get("created") or "2026-06-01T00:00:07Z"
        if held and chance.random() < 0.2:
            record["id"] = chance.choice(sorted(held))
        batch[record["id"]] = record
    return list(batch.values())


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("order", ORDERS)
def test_batches_in_every_order_of_arrival_and_of_every_size(order):
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    sizes = [1, 2, STRETCHES - 1, STRETCHES, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 7, 12, 16, 17, 40]

    for _ in range(tries(20, quick=3)):
        store, held = worn(SCHEMA, chance, segment_rows=chance.choice([4, 8, 24]))
        for size in chance.sample(sizes, 6):
            batch = some_batch(chance, held, size, seconds=chance.choice([3, 20]))
            ORDERS[order](batch, chance)
            snapshot, before = store.snapshot(), list(store)
            store.put_many(batch)
            held |= {record["id"]: record for record in batch}

            where = f"seed {seed}, {size} records"
            expected = matching(held.values(), [])
            assert [record["id"] for record in store] == [one["id"] for one in expected], where
            assert store.verify() == [], where
            assert list(snapshot) == before, where
            for key in chance.sample(sorted(held), min(3, len(held))):
                store.discard(key)
                del held[key]

        for asked in some_wheres(chance):
            expected = matching(held.values(), asked)
            assert store.count(predicates(asked)) == len(expected), f"seed {seed}, {asked}"


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("count", [1, 2, 3, 30])
def test_grams_that_only_a_batch_has_are_known(count):
    """As no needle is looked for that has another one."""
    chance = random.Random(count)
    store, _ = worn(SCHEMA, chance, segment_rows=24)
    needle = Contains("name", "zyx")
    assert store.count([needle]) == 0
    store.put_many([made(chance, 5000 + at) | {"name": f"{at} ZYX"} for at in range(count)])
    assert store.count([needle]) == count
    assert store.verify() == []


def entries_of(chance, count):
    """Entries, oldest first, many of them of equal rank."""
    records = [made(chance, number) for number in range(count)]
    entries = list(take_batch(SCHEMA, records).values())
    return writer_room._sort(entries)


def contents(segment):
    """Everything that can be seen of a segment."""
    ways = [Eq("status", "Running"), In("owner", ["3", "4", "11"]), Contains("name", "web")]
    ways += [Contains("id", "实例"), Contains("id", "-1")]
    window = SCHEMA.bound(Range("expires", after="2026-06-01T00:00:01Z"), 0)
    matches = []
    for predicate in [*ways, window]:
        lookup = segment.lookup(predicate.field)
        everywhere = list(range(len(segment)))
        matches.append(lookup.test(predicate, everywhere, segment.records))
        found, _ = lookup.select(predicate)
        found = set_of(found, len(segment)) if isinstance(found, list) else found
        assert set(matches[-1]) <= set(positions(found & segment.occupied))
    assert list(segment.faults()) == []
    return segment.entries(), segment.occupied, segment.count, matches


@pytest.mark.usefixtures("_small")
def test_all_three_ways_give_the_same_segment(monkeypatch):
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    for _ in range(tries(60, quick=10)):
        entries = entries_of(chance, chance.randint(4, 60))
        late = sorted(chance.sample(range(len(entries)), chance.randint(1, len(entries) - 2)))
        early = [entry for at, entry in enumerate(entries) if at not in late]
        batch = [entries[at] for at in late]

        outcomes = [contents(Segment.build(SCHEMA, entries, None))]
        for most in (1, 1000):
            monkeypatch.setattr(opening_room, "_AT_ONCE", most)
            segment = Segment.build(SCHEMA, early, None)
            segment.insert(batch)
            outcomes.append(contents(segment))
        assert outcomes[0] == outcomes[1] == outcomes[2], f"seed {seed}"


@pytest.mark.parametrize(
    ("count", "way"),
    [
        (1, ["one by one"]),
        (AT_ONCE - 1, ["one by one"]),
        (AT_ONCE, ["at once"]),
        (64 // BULK, ["at once"]),
        (64 // BULK + 1, ["anew"]),
    ],
)
@pytest.mark.usefixtures("_small")
def test_the_cheapest_of_three_ways_is_taken(monkeypatch, count, way):
    taken = []
    for name in ("_one_by_one", "_at_once"):
        steps = getattr(opening_room, name)
        monkeypatch.setattr(
            opening_room,
            name,
            lambda places, width, name=name, steps=steps: (
                taken.append(name.strip("_").replace("_", " ")),
                steps(places, width),
            )[1],
        )
    built = Writer._built
    monkeypatch.setattr(
        Writer, "_built", lambda self, entries: (taken.append("anew"), built(self, entries))[1]
    )

    records = [
        {"id": f"i-{number}", "created": f"2026-06-01T00:{number % 60:02}:{number // 60:02}Z"}
        for number in range(64)
    ]
    store = Store(SCHEMA, records, segment_rows=200)
    assert taken == ["anew"]
    taken.clear()
    store.put_many(
        {"id": f"late-{number}", "created": f"2026-06-01T00:{number:02}:30Z"}
        for number in range(count)
    )
    assert taken == way
    assert store.verify() == []
    assert list(store) == naive.in_order(list(store), "id", "created")


def test_a_batch_opens_each_segment_once(monkeypatch):
    """Each record opened a place of its own in every row set."""
    opened = []
    make = Opening.__init__
    monkeypatch.setattr(
        Opening, "__init__", lambda self, places, width: (opened.append(len(places)),
                                                          make(self, places, width))[1]
    )  # fmt: skip
    store = Store(SCHEMA, ({"id": f"i-{at}", "created": second(at)} for at in range(4000)),
                  segment_rows=1000)  # fmt: skip
    store.put_many({"id": f"j-{at}", "created": second(at)} for at in range(5, 4000, 50))
    assert opened == [20] * 4


def second(number):
    minutes, seconds = divmod(number, 60)
    return f"2026-06-01T{minutes // 60:02}:{minutes % 60:02}:{seconds:02}Z"
