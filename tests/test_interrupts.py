"""Interrupts: wherever one comes, a write has either happened as a whole or not at all."""

import gc
import random
import signal
import time
from contextlib import ExitStack, contextmanager, suppress

import pytest

from effort import tries
from instquery import Eq, Query, Store
from instquery.durable import DurableStore
from instquery.engine import current as current_room
from instquery.engine import writer as writer_room
from instquery.engine.writer import Writer
from interrupts import ByteCodes
from strategies import SCHEMA
from writes import OLD, WRITES, Case, Kept, chosen, elsewhere, go_on, made, observed

SEED = random.randrange(10**6)


@pytest.fixture
def small(monkeypatch):
    """Few records are many: a batch of three is written aside, each record is entered by itself."""
    monkeypatch.setattr(current_room, "_BRIEF", 16)
    monkeypatch.setattr(writer_room, "_BULK", 0)


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

    for at in chosen(codes.points, 8, chance, one_in=3):
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

    for at in chosen(codes.points, 12, chance, one_in=10):
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

    told, lost = [], []
    chance = random.Random(SEED)
    for at in chosen(codes.points, 100, chance):
        watch = followed()
        with suppress(KeyboardInterrupt), ByteCodes(interrupting(KeyboardInterrupt), at):
            watch.poll()
        events = watch.poll()
        assert events == expected or events[1:] == ([], [], []), f"seed {SEED}, byte code {at}"
        (told if events == expected else lost).append(at)
    # What is lost is lost between the one step and the return, as of any call.
    assert told
    assert max(told) < min(lost, default=codes.number)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer of the system")
@pytest.mark.parametrize("kind", ["put in place", "brief batch", "large batch", "replace all"])
def test_real_signals_leave_no_lock_taken(small, tmp_path, kind):
    """The other tests raise by a trace, this one as Ctrl-C does, at any moment."""
    chance = random.Random(SEED)
    case = Case(kind, "stub", "nobody", tmp_path)
    old, new, _ = case.outcomes()
    begun = time.perf_counter()
    with ExitStack() as stack:
        case.write(case.store(stack)[0])
    longest = time.perf_counter() - begun

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    gc.disable()  # what is raised in a callback of the collector is lost
    try:
        for _ in range(tries(300, quick=40)):
            with ExitStack() as stack:
                store, _held = case.store(stack)
                with suppress(KeyboardInterrupt):
                    signal.setitimer(signal.ITIMER_REAL, 1e-6 + chance.random() * longest)
                    case.write(store)
                    signal.setitimer(signal.ITIMER_REAL, 0)
                signal.setitimer(signal.ITIMER_REAL, 0)
                seen = elsewhere(observed, store, chance)
                assert seen in (old, new)
                go_on(store, seen["version"])
    finally:
        gc.enable()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
