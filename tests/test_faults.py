"""Faults: whichever step of a write fails, nothing of it has happened, at real sizes too."""

import inspect
import random
from collections import Counter
from contextlib import ExitStack, contextmanager
from functools import wraps

import pytest

from effort import is_full
from instquery import Order, Query, Schema, Store, instant, keyword, text
from instquery.engine import current as current_room
from instquery.engine import writer as writer_room
from instquery.engine.books import GramBook, InstantBook, KeywordBook
from instquery.engine.census import Census
from instquery.engine.directory import Directory
from instquery.engine.history import History
from instquery.engine.indexes.blocks import Blocks
from instquery.engine.indexes.frequent import FrequentPieces
from instquery.engine.indexes.grams import GramBlocks
from instquery.engine.indexes.instant import InstantIndex
from instquery.engine.indexes.keyword import KeywordIndex
from instquery.engine.indexes.narrowing import Narrowing
from instquery.engine.indexes.order import OrderIndex
from instquery.engine.indexes.postings import Postings
from instquery.engine.indexes.repeats import Repeats
from instquery.engine.indexes.runs import Runs
from instquery.engine.indexes.shifts import Shifts
from instquery.engine.indexes.text import TextIndex
from instquery.engine.published import Published
from instquery.engine.rowsets import MOST_ROWS
from instquery.engine.segment import Segment
from instquery.engine.version import Version
from instquery.engine.writer import Writer
from writes import WRITES, Case, elsewhere, go_on, observed

SEED = random.randrange(10**6)

ROOMS = [
    Segment, KeywordIndex, TextIndex, Narrowing, InstantIndex, OrderIndex, FrequentPieces,
    GramBlocks, Blocks, Postings, Repeats, Runs, Shifts, Census, KeywordBook, InstantBook, GramBook,
    Directory, History, Version, Writer, Published,
]  # fmt: skip


def steps():
    """Name all functions of the rooms above that a write may go through."""
    for room in ROOMS:
        for name, member in vars(room).items():
            function = getattr(member, "__func__", member)
            if inspect.isfunction(function) and not inspect.isgeneratorfunction(function):
                yield room, name


STEPS = list(steps())


@contextmanager
def wrapped(room, name, around):
    """Have every call of a function go through another one."""
    member = inspect.getattr_static(room, name)
    function = getattr(member, "__func__", member)

    @wraps(function)
    def call(*arguments, **options):
        return around(function, *arguments, **options)

    setattr(room, name, classmethod(call) if isinstance(member, classmethod) else call)
    try:
        yield
    finally:
        setattr(room, name, member)


def called(write):
    """Return the steps that a write goes through, and how often."""
    counts = Counter()

    def counted(step):
        def count(function, *arguments, **options):
            counts[step] += 1
            return function(*arguments, **options)

        return count

    with ExitStack() as stack:
        for step in STEPS:
            stack.enter_context(wrapped(*step, counted(step)))
        write()
    return counts


@contextmanager
def failing(room, name, at, *, afterwards):
    """Have call number `at` of a function fail for want of memory, before or after its work."""
    left = at

    def fail(function, *arguments, **options):
        nonlocal left
        left -= 1
        if left or afterwards:
            result = function(*arguments, **options)
        if not left:
            raise MemoryError(f"{room.__name__}.{name}, call {at}, {afterwards=}, seed {SEED}")
        return result

    with wrapped(room, name, fail):
        yield


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(current_room, "_BRIEF", 16)
    monkeypatch.setattr(writer_room, "_BULK", 0)


@pytest.mark.parametrize("holder", ["nobody", "snapshot"])
@pytest.mark.parametrize("journal", ["memory", "stub"])
@pytest.mark.parametrize("kind", WRITES)
def test_a_write_of_which_any_step_fails_has_not_happened(small, kind, journal, holder):
    chance = random.Random(SEED)
    case = Case(kind, journal, holder, None)
    old, new, _ = case.outcomes()

    with ExitStack() as stack:
        store, _held = case.store(stack)
        counts = called(lambda: case.write(store))
    steps = sorted(counts, key=str)
    for step in steps if is_full() else chance.sample(steps, 8):
        for at in {1, (counts[step] + 1) // 2, counts[step]}:
            afterwards = chance.choice([True, False])
            with ExitStack() as stack:
                store, held = case.store(stack)
                before = held()
                with failing(*step, at, afterwards=afterwards), pytest.raises(MemoryError):
                    case.write(store)

                kept = store._current._journal
                has_happened = kept is not None and kept.has(new["version"])
                where = (*step, at, afterwards, SEED)
                assert elsewhere(observed, store, chance) == (new if has_happened else old), where
                assert held() == before, where
                go_on(store, store.version)


WIDE = Schema(
    key="id",
    order=Order("created"),
    fields={
        "id": keyword(),
        "owner": keyword(),
        "status": keyword(),
        "name": text(),
        "created": instant(integers="microseconds"),
        "expires": instant(integers="microseconds"),
    },
)


def made(number, created=None, **members):
    return {
        "id": f"i-{number:07}",
        "owner": f"o-{number}",
        "status": number % 3,
        "name": f"n-{number % 97}",
        "created": 10 * number if created is None else created,
        "expires": 7 * number,
        **members,
    }


LARGE_WRITES = {
    "put in place": lambda store: store.put(made(500, status="new", name="new", expires=3)),
    "put between": lambda store: store.put(made(10**6, created=305_005)),
    "put moved": lambda store: store.put(made(500, created=305_005)),
    "discard": lambda store: store.discard("i-0000500"),
    "brief batch": lambda store: store.put_many(
        made(10**6 + number, created=10 * number + 5) for number in range(15)
    ),
    "large batch": lambda store: store.put_many(
        made(10**6 + number, created=10 * number + 5) for number in range(300)
    ),
}


@pytest.fixture(scope="module")
def wide():
    """Make stores of one segment, which has room for one more row as far as its positions go."""
    records = [made(number) for number in range(MOST_ROWS - 1)]
    entries = [WIDE.take(record) for record in records]
    mark = object()
    directory = Directory(mark)
    for entry in entries:
        directory.set(entry.key, entry.row)
    segment = Segment.build(WIDE, entries, mark)

    def make():
        owner = object()
        version = Version(
            WIDE, (segment.copy(owner),), directory.copy(owner), len(entries), 0, "epoch"
        )
        census = Census.of(WIDE, [entry.row for entry in entries])
        store = Store(WIDE)
        store._current._published = Published(version, census, History(1000), owner)
        return store

    return make, records


def kinds():
    return LARGE_WRITES if is_full() else random.Random(SEED).sample(sorted(LARGE_WRITES), 1)


@pytest.mark.parametrize("kind", kinds())
def test_a_write_of_which_any_step_fails_has_not_happened_at_real_sizes(wide, kind):
    make, records = wide
    write = LARGE_WRITES[kind]
    chance = random.Random(SEED)
    store = make()
    counts = called(lambda: write(store))
    after = list(store)

    steps = sorted(counts, key=str)
    for step in chance.sample(steps, 6 if is_full() else 1):
        at = chance.choice([1, (counts[step] + 1) // 2, counts[step]])
        afterwards = chance.choice([True, False])
        store = make()
        with failing(*step, at, afterwards=afterwards), pytest.raises(MemoryError):
            write(store)

        assert store.version == 0
        assert store.changes(0) == []
        assert store.page(Query(limit=0)).total == len(store) == len(records)
        assert list(store) == records[::-1]
        assert store.verify() == []
        write(store)
        assert (store.version, list(store)) == (1, after)
