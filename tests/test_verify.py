"""verify(): nothing to name after any kind of write, and every planted difference named."""

import random
from array import array

import pytest

from instquery import Store
from strategies import SCHEMA


def made(number, **members):
    return {
        "id": f"i-{number:05}",
        "name": f"prod-{number % 7}-推荐{number}",
        "status": "Ready" if number % 5 else "Running",
        "owner": str(number % 300),
        "created": number * 1_000_000,
        "expires": number * 2_000_000,
    } | members


@pytest.fixture
def store():
    store = Store(SCHEMA, map(made, range(1200)), segment_rows=600)
    chance = random.Random(1)
    for _ in range(300):
        number = chance.randrange(1500)
        if chance.random() < 0.3:
            store.discard(f"i-{number:05}")
        else:
            store.put(
                made(
                    number,
                    status=chance.choice(["Ready", "Stopped"]),
                    created=chance.randrange(10**9),
                )
            )
    store.put_many(made(number, name="renamed") for number in range(100, 140))
    return store


def test_nothing_differs_after_writes_of_every_kind(store):
    assert store.verify() == []
    store.replace_all(made(number) for number in range(500, 1600))
    assert store.verify() == []


def index(store, field):
    return store._current.version.segments[0]._indexes[field]


def segment(store):
    return store._current.version.segments[0]


def position(store):
    """Return the position of a row that is there."""
    return store._current.version.segments[0].occupied.bit_length() - 1


FAULTS = {
    "status: the rows of": lambda store: index(store, "status")._frequent.update({"Ready": 1}),
    "status: the count of": lambda store: index(store, "status")._counts.update({"Ready": 1}),
    "owner: the rows of": lambda store: index(store, "owner")._rare.set(
        next(iter(index(store, "owner")._rare)), array("H")
    ),
    "expires: the column": lambda store: index(store, "expires").drop(position(store), 0),
    "expires: the slices": lambda store: index(store, "expires")._slices.bits.__setitem__(5, 0),
    "name: the folded texts": lambda store: index(store, "name")._texts.__setitem__(
        position(store), "other"
    ),
    "name: the rows that have a text": lambda store: setattr(index(store, "name"), "_present", 1),
    "name: the rows of 'prod": lambda store: index(store, "name")._frequent.rows.__setitem__(
        index(store, "name")._frequent.numbers["prod"], 1
    ),
    "id: the rows of the rare": lambda store: setattr(index(store, "id"), "built", empty()),
    "id: the rows of the rare '": lambda store: index(
        store, "id"
    ).built.volume.grams._ends.__setitem__(slice(-2, None), array("I", [0, 0])),
    "name: the list of the frequent 'pro": lambda store: setattr(
        index(store, "name").built.volume, "unlisted", frozenset()
    ),
    "owner: the values in order": lambda store: setattr(index(store, "owner"), "_in_order", ("x",)),
    "the list by key": lambda store: (
        segment(store).keys.all(segment(store).records, "id").reverse()
    ),
    "the codes of keys": lambda store: setattr(
        segment(store).keys,
        "_codes",
        segment(store).keys.codes(segment(store).records, "id")._replace(slices=(0b101,)),
    ),
    "created: ranks": lambda store: store._current.version.segments[0]._order.ranks.__setitem__(
        3, 7
    ),
    "the rows said to be there": lambda store: setattr(
        store._current.version.segments[0], "count", 3
    ),
    "count: ": lambda store: object.__setattr__(store._current.version, "count", 3),
    "order: ": lambda store: object.__setattr__(
        store._current.version, "segments", store._current.version.segments[::-1]
    ),
    "keys: ": lambda store: store._current.version.directory.set("stranger", {}),
    "totals of status": lambda store: store._current.census._books["status"].counts.update(
        {"Ready": 1}
    ),
    "keys by owner": lambda store: (
        store._current.census._books["owner"]._rare.popitem()[1].clear()
        or store._current.census._books["owner"]._rare.update({"7": ["nobody"]})
    ),
    "instants of expires": lambda store: store._current.census._books["expires"]._instants.pop(),
    "grams of name": lambda store: store._current.census._books["name"]._grams.clear(),
}


def empty():
    from instquery.engine.indexes.alphabet import Alphabet  # noqa: PLC0415 - for this fault alone
    from instquery.engine.indexes.postings import Postings  # noqa: PLC0415

    return Postings(Alphabet("", shares=False), {})


@pytest.mark.parametrize("named", FAULTS)
def test_what_differs_is_named(store, named):
    FAULTS[named](store)
    assert any(named in fault for fault in store.verify())
