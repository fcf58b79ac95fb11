"""Forks: a child process goes on with a store whatever other threads were doing at that moment."""

import os
import re
import signal
import threading
import time
import traceback
from contextlib import contextmanager
from pathlib import Path

import pytest

import instquery
from instquery import Eq, Leases, Query, Store
from instquery.durable import DurableError, DurableStore
from strategies import SCHEMA

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked here")

SOON = 10  # seconds


def made(number, **members):
    return {"id": f"i-{number:05}", "created": number * 1_000_000, **members}


def forked(run):
    """Fork, run a function in the child, and return how that ended: 0 if it returned in time."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            run()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)

    end = time.monotonic() + SOON
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "hung"


@contextmanager
def busy(*actions):
    """Have threads do things over and over."""
    stop = threading.Event()

    def go_on(action):
        turn = 0
        while not stop.is_set():
            action(turn)
            turn += 1

    threads = [threading.Thread(target=go_on, args=[action]) for action in actions]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def use(store):
    """Read and write as a child may; every read agrees with the others."""
    query = Query(Eq("status", "even"), limit=5)
    page = store.page(query)
    version = store.version
    assert page.version == version
    assert page.total == store.count(Eq("status", "even")) == store.facets("status")["even"]
    assert sum(store.facets("status").values()) == len(store) == len(list(store))
    assert store.page(query, page.cursor).total == page.total
    assert store.verify() == []
    assert store.snapshot().version == version

    store.put(made(3, status="child"))
    store.put_many(made(number, status="child") for number in range(150))
    store.discard("i-00005")
    assert store.version == version + 3
    assert {change.version for change in store.changes(version)} == {
        version + 1,
        version + 2,
        version + 3,
    }
    assert store.count(Eq("status", "child")) == 149
    assert store.verify() == []


def status(number):
    return "odd" if number % 2 else "even"


@pytest.mark.long
def test_a_child_forked_beside_writes_finds_a_store_in_order(tries):
    leases = Leases(count=4)
    store = Store(
        SCHEMA,
        [made(number, status=status(number)) for number in range(400)],
        segment_rows=64,
        leases=leases,
    )

    def write_little(turn):
        number = turn * 7 % 400
        store.put({**made(number, status=status(turn)), "created": turn % 500 * 1_000_000})

    def write_much(turn):
        store.put_many(made(number, status=status(number + turn)) for number in range(100, 300))
        store.discard(f"i-{turn % 400:05}")

    def read(turn):
        query = Query(Eq("status", "even"), limit=3)
        store.page(query, store.page(query).cursor)

    with busy(write_little, write_much, read):
        ends = []
        for _ in range(tries(60, quick=6)):
            time.sleep(0.01)
            ends.append(forked(lambda: use(store)))
    assert ends == [0] * len(ends)
    assert store.verify() == []


@pytest.mark.parametrize("room", ["writing", "_lock"])
def test_a_child_does_not_wait_for_a_lock_of_a_thread_that_it_has_not(room):
    store = Store(SCHEMA, [made(number, status=status(number)) for number in range(20)])
    taken, done = threading.Event(), threading.Event()

    def hold():
        with getattr(store._current, room):
            taken.set()
            done.wait(SOON)

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait(SOON)
    try:
        assert forked(lambda: use(store)) == 0
    finally:
        done.set()
        thread.join()


def test_a_child_does_not_wait_for_leases():
    leases = Leases()
    taken, done = threading.Event(), threading.Event()

    def hold():
        with leases._lock:
            taken.set()
            done.wait(SOON)

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait(SOON)
    try:
        assert forked(lambda: leases.grant("a", "b")) == 0
    finally:
        done.set()
        thread.join()


def test_a_process_that_forks_in_the_middle_of_its_own_write_goes_on_in_both():
    """As a signal handler may: the locks that the child's own thread holds are let go twice."""
    ends = []

    class Forking:
        begun_at = last = 0

        def record(self, version, puts, gone):
            self.last = version
            if version == 1:
                ends.append(os.fork())

        def has(self, version):
            return self.last >= version

    store = Store(SCHEMA, [made(number) for number in range(20)], journal=Forking())
    store.put(made(3, status="new"))
    if ends[0] == 0:
        is_well = store.count(Eq("status", "new")) == 1 and store.verify() == []
        os._exit(0 if is_well else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(ends[0], 0)[1]) == 0
    assert store.count(Eq("status", "new")) == 1


# An open file is left to its parent before its lock is asked for; the command line forks nothing.
NOT_RENEWED = {"files/live.py", "cli/serve.py"}


def test_whoever_has_a_lock_renews_it():
    root = Path(instquery.__file__).parent
    for path in root.rglob("*.py"):
        text = path.read_text("utf-8")
        has_lock = re.search(r"\b(R?Lock|Condition|Semaphore|Event|Barrier)\(\)", text)
        if has_lock and path.relative_to(root).as_posix() not in NOT_RENEWED:
            assert "renew_after_fork(self)" in text, path


@pytest.mark.long
def test_a_child_reads_a_durable_store_and_leaves_its_file_to_the_parent(tmp_path, tries):
    path = tmp_path / "a.db"
    old = [made(number, status=status(number)) for number in range(100)]
    store = DurableStore.open(path, SCHEMA, survive_power_loss=False, segment_rows=32)
    store.put_many(old)

    def read():
        page = store.page(Query(limit=5))
        assert (page.version, page.total) == (store.version, len(store))
        assert store.verify() == []
        with pytest.raises(DurableError):
            store.put(made(3, status="child"))
        assert store.page(Query(limit=5)).version == page.version
        assert store.verify() == []

    def write(turn):
        store.put(made(turn % 100, status=status(turn)))
        store.put_many(made(number, status=status(number + turn)) for number in range(90))

    with busy(write, write):
        ends = []
        for _ in range(tries(60, quick=10)):
            time.sleep(0.01)
            ends.append(forked(read))
    assert ends == [0] * len(ends)
    records = list(store)
    store.close()
    with DurableStore.open(path, SCHEMA) as again:
        assert list(again) == records
