"""Writes of every kind to small stores, and everything that is seen of them."""

import random
from contextlib import ExitStack
from threading import Thread

from effort import is_full
from instquery import Eq, Query, Store
from instquery.durable import DurableStore
from interrupts import ByteCodes
from strategies import SCHEMA

SOON = 10  # seconds; nothing here takes so long unless it is stuck


def made(number, **members):
    return {"id": f"i-{int(10 * number):05}", "created": int(number * 1_000_000), **members}


class Kept:
    """A journal that keeps the number of the last version alone."""

    begun_at = last = 0

    def record(self, version, puts, gone):
        self.last = version

    def has(self, version):
        return self.last >= version


def filled(store):
    """Bring one segment to its border: twice the four rows that it was built with."""
    store.put_many(made(number, status="old") for number in (4.2, 4.4, 4.6, 4.8))


def thinned(store):
    store.discard("i-00050")
    store.discard("i-00060")


def nothing(store):
    """Leave the store as it is."""


OLD = [made(number, status="old", name="prod", owner=str(number % 5)) for number in range(16)]
LARGE = [*(made(number, status="new", name="web") for number in range(0, 10, 2)), made(20)]

# What the store has been through, and the write.
WRITES = {
    "put new": (nothing, lambda store: store.put(made(99, status="new", name="web"))),
    "put between": (nothing, lambda store: store.put(made(5.5, status="new", name="web"))),
    "put in place": (nothing, lambda store: store.put(made(3, status="new", name="web"))),
    "put moved": (nothing, lambda store: store.put({**made(3), "created": 50_500_000})),
    "discard": (nothing, lambda store: store.discard("i-00050")),
    "update": (nothing, lambda store: store.update("i-00030", {"status": "new", "name": None})),
    "discard many": (nothing, lambda store: store.discard_many(["i-00050", "i-00010", "gone"])),
    "discard where": (nothing, lambda store: store.discard_where(Eq("owner", "3"))),
    "brief batch": (
        nothing,
        lambda store: store.put_many([made(3, status="new"), {**made(7), "created": 99_000_000}]),
    ),
    "large batch": (nothing, lambda store: store.put_many(LARGE)),
    "replace all": (
        nothing,
        lambda store: store.replace_all(made(number, status="new") for number in range(2, 18)),
    ),
    "first": (
        lambda store: store.replace_all([]),
        lambda store: store.put_many([made(1, status="new"), made(2)]),
    ),
    "split": (filled, lambda store: store.put(made(4.5, status="new"))),
    "merge": (thinned, lambda store: store.discard("i-00070")),
}

FACTS = {
    "version": lambda store: store.version,
    "items": lambda store: store.page(Query(limit=100)).items,
    "of": lambda store: store.page(Query(limit=0)).version,
    "total": lambda store: (len(store), store.count()),
    "counts": lambda store: [
        (status, owner, store.count([Eq("status", status), Eq("owner", owner)]))
        for status in ("old", "new")
        for owner in "01234"
    ],
    "facets": lambda store: store.facets("status"),
    "filtered": lambda store: store.facets("status", Eq("owner", "3")),
    "keys": lambda store: [record["id"] for record in store],
    "one": lambda store: store.get("i-00030"),
    "changes": lambda store: store.changes(0),
    "faults": lambda store: store.verify(),
}


def elsewhere(function, *arguments):
    """Call a function in another thread: it finds no lock taken by whoever was interrupted."""
    results = []
    thread = Thread(target=lambda: results.append(function(*arguments)), daemon=True)
    thread.start()
    thread.join(SOON)
    assert not thread.is_alive(), "a lock is held by nobody"
    return results[0]


def observed(store, chance=random):
    """Read everything, in any sequence."""
    facts = list(FACTS)
    chance.shuffle(facts)
    seen = {fact: FACTS[fact](store) for fact in facts}
    assert seen["faults"] == []
    assert [change.version for change in seen["changes"]] == sorted(
        change.version for change in seen["changes"]
    )
    return seen


def held_by_nobody(store):
    return list


def held_by_snapshot(store):
    snapshot = store.snapshot()
    return lambda: list(snapshot)


def held_by_page(store):
    query = Query(limit=2)
    cursor = store.page(query).cursor
    return lambda: store.page(Query(limit=100), cursor).items if cursor else []


HOLDERS = {"nobody": held_by_nobody, "snapshot": held_by_snapshot, "page": held_by_page}


class Case:
    """One kind of write, on stores that are made anew for each interrupt."""

    def __init__(self, kind, journal, holder, folder):
        self.prepare, self.write = WRITES[kind]
        self.journal = journal
        self.holder = holder
        self.folder = folder
        self.numbers = iter(range(10**9))

    def store(self, stack):
        """Return a store before the write, and what reads the state that somebody holds."""
        if self.journal == "file":
            self.path = self.folder / f"{next(self.numbers)}.db"
            store = DurableStore.open(self.path, SCHEMA, segment_rows=4, survive_power_loss=False)
            stack.enter_context(store)
            store.put_many(OLD)
        elif self.journal == "stub":
            store = Store(SCHEMA, OLD, segment_rows=4, journal=Kept())
        else:
            store = Store(SCHEMA, OLD, segment_rows=4)
        self.prepare(store)
        return store, HOLDERS[self.holder](store)

    def outcomes(self):
        """Return what is seen before the write and after it, and its byte codes."""
        with ExitStack() as stack:
            store, _held = self.store(stack)
            old = observed(store)
            with ByteCodes() as codes:
                self.write(store)
            return old, observed(store), codes


def go_on(store, version):
    """The next writes find the store in order; each is in the history once."""
    store.put(made(3, status="newest"))
    store.put_many(made(number, status="newest") for number in range(10))
    store.discard("i-00010")
    assert store.version == version + 3
    written = [change.version for change in store.changes(version)]
    assert written == [version + 1] + [version + 2] * 10 + [version + 3]
    assert sorted({change.version for change in store.changes(0)}) == list(
        range(1, store.version + 1)
    )
    assert store.verify() == []


def chosen(points, few, chance, *, one_in=1):
    """Choose among the points: all of them in full, or one in so many; else a few."""
    share = len(points) // one_in if is_full() else few
    return sorted(chance.sample(points, min(share, len(points))))
