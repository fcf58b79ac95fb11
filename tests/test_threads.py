"""Threads: what a read sees and when a write is seen.

The dangerous moments are held open, and threads run under load.
"""

import random
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import sleep

import pytest

import naive
from instquery import Contains, Eq, Query, Range, Store
from instquery.engine import current as current_room
from instquery.engine import view as view_room
from instquery.engine.segment import Segment
from instquery.engine.writer import Writer
from strategies import SCHEMA

SOON = 20  # seconds; nothing here takes so long unless it is stuck


def made(number, **members):
    return {"id": f"i-{number:05}", "created": number * 1_000_000, **members}


@pytest.fixture
def store():
    return Store(
        SCHEMA, (made(number, status="old", name="prod") for number in range(200)), segment_rows=32
    )


@contextmanager
def paused(monkeypatch, room, name, *, after=0):
    """Hold whoever makes the call number `after` of a function, until told to go on.

    Yields (reached, go on).
    """
    reached, go_on, calls = threading.Event(), threading.Event(), iter(range(10**9))
    real = getattr(room, name)

    def pause(*arguments, **options):
        if next(calls) == after:
            reached.set()
            assert go_on.wait(SOON)
        return real(*arguments, **options)

    monkeypatch.setattr(room, name, pause)
    try:
        yield reached, go_on
    finally:
        go_on.set()


@contextmanager
def switching_often():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def statuses(reading):
    """Ask in every way; return what each way has seen of the statuses."""
    page = reading.page(Query([Contains("name", "prod")], limit=500))
    facets = reading.facets("status")
    counted = {status for status in ("old", "new") if reading.count([Eq("status", status)])}
    return [{item["status"] for item in page.items}, set(facets), counted], [
        page.total,
        sum(facets.values()),
    ]


@pytest.mark.parametrize("size", [10, 150], ids=["in place", "aside"])
def test_no_read_sees_half_a_batch(store, monkeypatch, size):
    """A write is held in its middle.

    Reads wait for it, or see nothing of it, and see all of it afterwards.
    """
    batch = [made(number, status="new", name="prod") for number in range(0, 200, 200 // size)][
        :size
    ]
    keys = {record["id"] for record in batch}

    def ask():
        return [item["status"] for item in store.page(Query(limit=500)).items if item["id"] in keys]

    with (
        ThreadPoolExecutor(4) as threads,
        paused(monkeypatch, Segment, "replace", after=size // 2) as (reached, go_on),
    ):
        write = threads.submit(store.put_many, batch)
        assert reached.wait(SOON)
        reads = [threads.submit(ask), threads.submit(ask)]
        counts = threads.submit(lambda: store.count([Eq("status", "new")]))
        threading.Event().wait(0.1)  # time enough for reads that do not wait
        go_on.set()
        assert write.result(SOON) == size
        for read in reads:
            assert len(set(read.result(SOON))) == 1
        assert counts.result(SOON) in (0, size)
    assert set(ask()) == {"new"}
    assert store.verify() == []


def test_reads_go_on_while_a_large_batch_is_written(store, monkeypatch):
    with ThreadPoolExecutor(2) as threads, paused(monkeypatch, Writer, "apply") as (reached, go_on):
        write = threads.submit(
            store.replace_all, [made(number, status="new") for number in range(300)]
        )
        assert reached.wait(SOON)
        seen, totals = threads.submit(statuses, store).result(SOON)
        assert (seen, totals) == ([{"old"}] * 3, [200, 200])
        assert not write.done()
        go_on.set()
        assert write.result(SOON) == (100, 200, 0)
    assert store.facets("status") == {"new": 300}


def test_a_long_read_holds_up_no_write_and_sees_the_state_it_began_with(store, monkeypatch):
    with (
        ThreadPoolExecutor(2) as threads,
        paused(monkeypatch, view_room, "search") as (reached, go_on),
    ):
        read = threads.submit(store.page, Query([Eq("status", "old")], limit=500))
        assert reached.wait(SOON)
        for number in range(200):  # each of these returns while the read is not done
            threads.submit(store.put, made(number, status="new")).result(SOON)
        threads.submit(store.discard, "i-00007").result(SOON)
        assert not read.done()
        go_on.set()
        page = read.result(SOON)
    assert (len(page.items), page.total, page.version) == (200, 200, 0)
    assert {item["status"] for item in page.items} == {"old"}
    assert store.verify() == []


def test_a_look_up_by_key_during_a_write_belongs_to_one_state(store, monkeypatch):
    query = Query([Eq("id", "i-00003")])
    with (
        ThreadPoolExecutor(1) as threads,
        paused(monkeypatch, view_room, "search") as (reached, go_on),
    ):
        read = threads.submit(store.page, query)
        assert reached.wait(SOON)
        store.discard("i-00003")
        go_on.set()
        page = read.result(SOON)
    assert (len(page.items), page.total) == (1, 1)
    assert store.page(query).total == 0


def test_writers_wait_for_each_other(store, monkeypatch):
    """Two writes both read before they write: while one is held, the other must not begin."""
    with (
        ThreadPoolExecutor(2) as threads,
        paused(monkeypatch, current_room.Writer, "apply") as (reached, go_on),
    ):
        first = threads.submit(
            store.put_many, [made(number, status="first") for number in range(100)]
        )
        assert reached.wait(SOON)
        second = threads.submit(
            store.put_many, [made(number, status="second") for number in range(100, 300)]
        )
        threading.Event().wait(0.1)
        go_on.set()
        first.result(SOON)
        second.result(SOON)
    assert store.facets("status") == {"second": 200, "first": 100}
    assert store.verify() == []


class Kept:
    """A journal that keeps the number of the last version alone."""

    begun_at = last = 0

    def record(self, version, puts, gone):
        self.last = version

    def has(self, version):
        return self.last >= version


@pytest.mark.parametrize("after", [0, 3, 9])
@pytest.mark.parametrize("is_viewed", [True, False], ids=["viewed", "alone"])
@pytest.mark.parametrize("journal", [Kept, None], ids=["journal", "memory"])
def test_an_interrupt_in_the_middle_of_a_brief_write_leaves_nothing_or_what_the_journal_kept(
    monkeypatch, after, is_viewed, journal
):
    interrupted = Segment.replace
    calls = iter(range(10**9))

    def replace(*arguments):
        if next(calls) == after:
            raise KeyboardInterrupt
        interrupted(*arguments)

    old = [made(number, status="old", name="prod") for number in range(200)]
    store = Store(SCHEMA, old, segment_rows=32, journal=journal and journal())
    before = store.snapshot()
    held = before if is_viewed else None
    if not is_viewed:
        del before
    monkeypatch.setattr(Segment, "replace", replace)
    with pytest.raises(KeyboardInterrupt):
        store.put_many(made(number, status="new", name="prod") for number in range(10))
    assert store.version == bool(journal)
    assert store.facets("status") == ({"old": 190, "new": 10} if journal else {"old": 200})
    assert [change.version for change in store.changes(0)] == ([1] * 10 if journal else [])
    assert store.verify() == []
    if held is not None:
        assert held.facets("status") == {"old": 200}


def test_an_interrupt_in_the_middle_of_a_large_write_leaves_nothing_of_it(store, monkeypatch):
    before = list(store)
    real = Segment.replace
    calls = iter(range(10**9))

    def replace(*arguments):
        if next(calls) == 50:
            raise MemoryError
        real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Segment, "replace", replace)
        with pytest.raises(MemoryError):
            store.put_many(made(number, status="new") for number in range(150))
    assert list(store) == before
    assert store.version == 0
    assert store.verify() == []
    store.put(made(1, status="new"))  # the next write takes the census anew
    assert store.facets("status") == {"old": 199, "new": 1}
    assert store.verify() == []


def test_no_update_is_lost_and_every_write_is_counted(store):
    def write(writer):
        for turn in range(60):
            store.put(made(1000 + 100 * writer + turn, owner=str(writer)))
            store.put_many(
                made(number, status=f"{writer}")
                for number in range(turn, turn + (5 if turn % 2 else 30))
            )
            store.discard(f"i-{1000 + 100 * writer + turn - 10:05}")

    with switching_often(), ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))
    assert store.facets("owner") == {str(writer): 10 for writer in range(4)}
    assert store.version == 4 * (60 + 60 + 50)
    assert store.verify() == []


WHERES = [
    [],
    [("eq", "status", "a")],
    [("eq", "status", "b"), ("contains", "name", "推")],
    [("contains", "id", "-0001")],
    [("range", "created", {"since": 20_000_000, "before": 90_000_000})],
    [("eq", "owner", "3")],
]


@pytest.mark.long
def test_every_page_is_the_naive_reading_of_a_state_that_was_committed(tries):
    """Readers and writers at once.

    Afterwards each page is compared with the state of its version.
    """
    start = [made(number, status="a", name="推荐", owner=str(number % 5)) for number in range(120)]
    store = Store(SCHEMA, start, segment_rows=16, history=10**6)
    kinds = {"eq": Eq, "contains": Contains, "range": lambda field, ends: Range(field, **ends)}
    asked = [Query([kinds[kind](*rest) for kind, *rest in where], limit=30) for where in WHERES]
    writes_each = tries(150, quick=30)
    stop = threading.Event()

    def write(seed):
        chance = random.Random(seed)
        for _ in range(writes_each):
            numbers = chance.sample(range(150), chance.choice([1, 1, 1, 5, 40]))
            if chance.random() < 0.3:
                store.discard(f"i-{numbers[0]:05}")
            else:
                store.put_many(
                    made(
                        n,
                        status=chance.choice("ab"),
                        name=chance.choice(["推荐", "x"]),
                        owner=str(n % 5),
                    )
                    for n in numbers
                )
            sleep(0.0005)  # on one processor too, readers have their turn between the writes

    def read(seed):
        chance, seen = random.Random(seed), []
        while not stop.is_set():
            number = chance.randrange(len(asked))
            seen.append((number, store.page(asked[number])))
        return seen

    with switching_often(), ThreadPoolExecutor(6) as threads:
        reads = [threads.submit(read, seed) for seed in range(3)]
        writes = [threads.submit(write, seed) for seed in range(3)]
        for each in writes:
            each.result()
        stop.set()
        seen = [pair for each in reads for pair in each.result()]
    held, states = {record["id"]: record for record in start}, {}
    states[0] = dict(held)
    for change in store.changes(0):
        held[change.key] = change.after
        states[change.version] = {key: record for key, record in held.items() if record is not None}
    assert len({page.version for _, page in seen}) > 20
    for number, page in seen:
        expected = naive.page(states[page.version].values(), WHERES[number], 0, 30, "id", "created")
        assert (page.items, page.total) == expected
    assert store.verify() == []
