"""Interrupts: wherever one comes, a write has either happened as a whole or not at all."""

import sys
from pathlib import Path

import pytest

import instquery.engine
from effort import tries
from instquery import Query, Store
from instquery.engine import current as current_room
from instquery.engine.writer import Writer
from strategies import SCHEMA

ROOMS = Path(instquery.engine.__file__).parent
INTERRUPTED = {
    str(ROOMS / f"{name}.py") for name in ("current", "history", "writer", "directory", "version")
}


def made(number, **members):
    return {"id": f"i-{number:05}", "created": number * 1_000_000, **members}


class Interrupt:
    """Raises a `KeyboardInterrupt` before instruction number `at` of the rooms above, once."""

    def __init__(self, at):
        self.at = at
        self.number = 0

    def __enter__(self):
        sys.settrace(self.trace)
        return self

    def __exit__(self, *raised):
        sys.settrace(None)

    def trace(self, frame, event, argument):
        is_walk = (
            frame.f_code.co_name == "<genexpr>"
        )  # of all shards: thousands of steps that change nothing
        if is_walk or frame.f_code.co_filename not in INTERRUPTED:
            return None
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        if event == "opcode":
            self.number += 1
            if self.number == self.at:
                raise KeyboardInterrupt
        return self.trace

    @property
    def is_over(self):
        """Whether there were not so many instructions."""
        return self.number < self.at


class Kept:
    """A journal that keeps the numbers of versions alone."""

    begun_at = 0

    def __init__(self):
        self.last = 0

    def record(self, version, puts, gone):
        self.last = version

    def has(self, version):
        return self.last >= version


BEFORE = [made(number, status="old", owner=str(number % 5)) for number in range(16)]
BATCHES = {
    "in place": [made(3, status="new"), {**made(7), "created": 99_000_000}],
    "aside": [*(made(number, status="new") for number in range(0, 10, 2)), made(20)],
    "all": [made(number, status="new") for number in range(18)],
}
STEP = tries(5, quick=29)


def store_of(records, *, journal=None):
    return Store(SCHEMA, records, segment_rows=4, history=1000, journal=journal)


def check(store, before, after, batch):
    """The store is as before or as after; tells whether the write has happened."""
    seen = list(store)
    assert seen in (before, after)
    has_happened = seen == after
    assert store.version == has_happened
    assert store.page(Query(limit=100)).items == seen
    assert [change.key for change in store.changes(0)] == [
        record["id"] for record in batch if has_happened
    ]
    assert store.verify() == []
    return has_happened


def go_on(store):
    """The next writes find the store in order."""
    version = store.version
    store.put(made(3, status="newest"))
    store.put_many(made(number, status="newest") for number in range(10))
    store.discard("i-00001")
    assert store.version == version + 3
    assert len(store.changes(version)) == 1 + 10 + 1
    assert store.verify() == []


@pytest.fixture(params=BATCHES)
def batch(request, monkeypatch):
    monkeypatch.setattr(current_room, "_BRIEF", 16)
    return BATCHES[request.param]


@pytest.mark.parametrize("is_viewed", [True, False], ids=["viewed", "alone"])
@pytest.mark.parametrize("is_journaled", [True, False], ids=["journal", "memory"])
def test_a_write_that_is_interrupted_anywhere_has_happened_or_has_not(
    batch, is_viewed, is_journaled
):
    changed = store_of(BEFORE)
    before = list(changed)
    changed.put_many(batch)
    after = list(changed)

    outcomes = set()
    at = 1
    while True:
        journal = Kept() if is_journaled else None
        store = store_of(BEFORE, journal=journal)
        held = store.snapshot() if is_viewed else None
        interrupt = Interrupt(at)
        try:
            with interrupt:
                store.put_many(batch)
        except KeyboardInterrupt:
            pass
        if interrupt.is_over:
            break

        has_happened = check(store, before, after, batch)
        outcomes.add(has_happened)
        if journal is not None:
            assert has_happened == journal.has(1)
        if held is not None:
            assert list(held) == before
        go_on(store)
        at += STEP
    assert outcomes == {True, False}


def test_completing_a_write_may_be_interrupted_anywhere(batch, monkeypatch):
    def interrupted(writer, number):
        raise KeyboardInterrupt

    changed = store_of(BEFORE)
    before = list(changed)
    changed.put_many(batch)
    after = list(changed)

    at = 1
    while True:
        store = store_of(BEFORE, journal=Kept())
        with monkeypatch.context() as patch:
            patch.setattr(Writer, "finish", interrupted)
            with pytest.raises(KeyboardInterrupt):
                store.put_many(batch)
        interrupt = Interrupt(at)
        try:
            with interrupt:
                store.page(Query())
        except KeyboardInterrupt:
            pass
        if interrupt.is_over:
            break
        assert check(store, before, after, batch)
        at += STEP
    assert at > 100
