"""Interrupts: wherever one comes, a write has either happened as a whole or not at all."""

import random
from contextlib import ExitStack, contextmanager, suppress
from threading import Thread

import pytest

from effort import is_full, tries
from instquery import Eq, Query, Store
from instquery.durable import DurableStore
from instquery.engine import current as current_room
from instquery.engine import writer as writer_room
from instquery.engine.writer import Writer
from interrupts import ByteCodes
from strategies import SCHEMA

SOON = 10  # seconds; nothing here takes so long unless it is stuck
SEED = random.randrange(10**6)


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


@pytest.fixture
def small(monkeypatch):
    """Few records are many: a batch of three is written aside, each record is entered by itself."""
    monkeypatch.setattr(current_room, "_BRIEF", 16)
    monkeypatch.setattr(writer_room, "_BULK", 0)


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


@pytest.mark.parametrize("holder", ["nobody", "snapshot", "page"])
@pytest.mark.parametrize("journal", ["memory", "stub", "file"])
@pytest.mark.parametrize("kind", WRITES)
def test_a_write_that_is_interrupted_anywhere_has_happened_or_has_not(
    small, tmp_path, kind, journal, holder
):
    chance = random.Random(SEED)
    case = Case(kind, journal, holder, tmp_path)
    old, new, codes = case.outcomes()
    assert old["version"] + 1 == new["version"]

    one_in = 10 if journal == "file" else 5 if holder == "page" else 1
    for at in chosen(codes.points, 12, chance, one_in=one_in):
        error = chance.choice([KeyboardInterrupt, MemoryError])
        where = f"seed {SEED}, byte code {at}, {error.__name__}"
        with ExitStack() as stack:
            store, held = case.store(stack)
            before = held()
            numbers = []

            def interrupt(error=error, current=store._current, numbers=numbers):
                numbers.append(current._published.version.number)
                raise error

            codes = ByteCodes(interrupt, at)
            with suppress(KeyboardInterrupt, MemoryError), codes:
                case.write(store)

            # A write that raises has changed nothing, unless it had been published by then, or the
            # journal has kept it.
            kept = store._current._journal
            if kept is not None:
                numbers.append(new["version"] if kept.has(new["version"]) else old["version"])
            has_happened = codes.is_over or max(numbers) == new["version"]
            seen = elsewhere(observed, store, chance)
            assert seen == (new if has_happened else old), where
            assert held() == before, where

            go_on(store, seen["version"])
            if journal == "file":
                after = list(store)
                store.close()
                with DurableStore.open(case.path, SCHEMA) as again:
                    assert list(again) == after, where


@contextmanager
def broken_off(monkeypatch):
    """Interrupt every write once its work is done, before anything is published."""

    def finish(writer, number):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Writer, "finish", finish)
        yield


def interrupting(error):
    """Make what raises an error in the place of the next byte code."""

    def interrupt():
        raise error

    return interrupt


@pytest.mark.parametrize("journal", ["memory", "stub"])
@pytest.mark.parametrize("kind", WRITES)
def test_mending_a_write_may_be_interrupted_anywhere(small, monkeypatch, tmp_path, kind, journal):
    chance = random.Random(SEED)
    case = Case(kind, journal, "nobody", tmp_path)
    old, new, _ = case.outcomes()

    def torn(stack):
        store, _held = case.store(stack)
        with broken_off(monkeypatch), pytest.raises(KeyboardInterrupt):
            case.write(store)
        return store

    with ExitStack() as stack:
        store = torn(stack)
        with ByteCodes() as codes:
            store.page(Query())

    for at in chosen(codes.points, 8, chance):
        error = chance.choice([KeyboardInterrupt, MemoryError])
        where = f"seed {SEED}, byte code {at}, {error.__name__}"
        with ExitStack() as stack:
            store = torn(stack)
            with pytest.raises(error), ByteCodes(interrupting(error), at):
                store.page(Query())
            seen = elsewhere(observed, store, chance)
            assert seen == (old if journal == "memory" else new), where
            go_on(store, seen["version"])


class Failing(Kept):
    """A journal that raises before or after it has kept a write, and may not tell which."""

    def __init__(self, *, keeps, tells):
        self.keeps = keeps
        self.tells = tells
        self.fails = False

    def record(self, version, puts, gone):
        if not self.fails or self.keeps:
            self.last = version
        if self.fails:
            raise OSError("the disk is full")

    def has(self, version):
        if self.fails and not self.tells:
            raise OSError("the disk is gone")
        return super().has(version)


@pytest.mark.parametrize("keeps", [True, False], ids=["kept", "not kept"])
@pytest.mark.parametrize("tells", [True, False], ids=["told", "not told"])
@pytest.mark.parametrize("kind", WRITES)
def test_a_journal_that_raises_is_believed(small, kind, keeps, tells):
    prepare, write = WRITES[kind]
    journal = Failing(keeps=keeps, tells=tells)
    store = Store(SCHEMA, OLD, segment_rows=4, journal=journal)
    prepare(store)
    old = observed(store)
    journal.fails = True
    with pytest.raises(OSError, match="the disk is full"):
        write(store)

    seen = elsewhere(observed, store)
    assert (seen == old) == (not (keeps and tells))
    assert seen["version"] == old["version"] + (keeps and tells)
    if not tells:  # nobody knows, so nothing is written
        with pytest.raises(OSError, match="the disk is gone"):
            store.put(made(3, status="newest"))
        assert observed(store) == old
    journal.fails = False
    store.put(made(2, status="newest"))
    assert store.version == old["version"] + keeps + 1
    go_on(store, store.version)


@pytest.mark.parametrize("journal", ["memory", "stub"])
@pytest.mark.parametrize("kind", ["put in place", "put moved", "brief batch", "large batch"])
def test_a_second_interrupt_while_the_first_is_dealt_with(
    small, monkeypatch, tmp_path, kind, journal
):
    """Nobody has seen which of the two it was: reads agree, and the next write finds out."""
    chance = random.Random(SEED)
    case = Case(kind, journal, "nobody", tmp_path)
    old, new, _ = case.outcomes()

    with ExitStack() as stack:
        store, _held = case.store(stack)
        with broken_off(monkeypatch), pytest.raises(KeyboardInterrupt), ByteCodes() as codes:
            case.write(store)

    for at in chosen(codes.points, 30, chance):
        with ExitStack() as stack:
            store, _held = case.store(stack)
            with (
                broken_off(monkeypatch),
                pytest.raises((KeyboardInterrupt, MemoryError)),
                ByteCodes(interrupting(MemoryError), at),
            ):
                case.write(store)
            seen = elsewhere(observed, store, chance)
            assert seen in (old, new)
            kept = store._current._journal
            has_happened = kept is not None and kept.has(new["version"])
            store.put(made(2, status="newest"))
            assert store.version == old["version"] + has_happened + 1
            go_on(store, store.version)


@pytest.mark.parametrize("journal", ["memory", "stub"])
@pytest.mark.parametrize("holder", ["nobody", "snapshot"])
@pytest.mark.parametrize("kind", WRITES)
def test_a_signal_handler_may_read_and_write_in_the_middle_of_a_write(
    small, tmp_path, kind, journal, holder
):
    """What both have written is there, each counted once, whichever was published first."""
    chance = random.Random(SEED)
    case = Case(kind, journal, holder, tmp_path)
    old, new, codes = case.outcomes()

    for at in chosen(codes.points, 12, chance):
        writes = chance.choice([True, False])
        where = f"seed {SEED}, byte code {at}, {writes=}"
        with ExitStack() as stack:
            store, held = case.store(stack)
            before = held()
            seen = []

            def handler(store=store, seen=seen, writes=writes):
                if writes:
                    store.put(made(70, status="handled"))
                seen.append(observed(store, chance))

            codes = ByteCodes(handler, at, as_signal=True)
            with codes:
                case.write(store)
            assert held() == before, where
            if not codes.is_over and not writes:
                assert seen[0] in (old, new), where
            after = observed(store, chance)
            handled = [record for record in after["items"] if record.get("status") == "handled"]
            others = [record for record in after["items"] if record.get("status") != "handled"]
            has_written = writes and not codes.is_over
            if handled or kind != "replace all":  # a listing without it may have taken it out
                assert handled == [made(70, status="handled")] * has_written, where
            assert others == new["items"], where
            assert after["version"] == new["version"] + has_written, where
            go_on(store, after["version"])


def test_a_watch_that_is_interrupted_has_not_been_polled():
    def followed():
        store = Store(SCHEMA, OLD)
        watch = store.watch(Eq("status", "old"))
        watch.poll()
        store.put_many([made(1, status="new"), made(2, status="old"), made(40, status="old")])
        store.discard("i-00030")
        return watch

    expected = followed().poll()
    assert len(expected.entered) == len(expected.changed) == 1
    assert len(expected.left) == 2
    watch = followed()
    with ByteCodes() as codes:
        watch.poll()

    lost = 0
    chance = random.Random(SEED)
    for at in chosen(codes.points, 100, chance):
        watch = followed()
        with suppress(KeyboardInterrupt), ByteCodes(interrupting(KeyboardInterrupt), at) as codes:
            watch.poll()
        events = watch.poll()
        if events != expected:
            assert events[1:] == ([], [], []), f"seed {SEED}, byte code {at}"
            lost += 1
    assert lost < 40  # between the step and the return, as of any call
