"""Whose file it is: forks, copies, other processes and threads, files that are moved away."""

import gc
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from instquery import CursorExpired, CursorInvalid, Query
from instquery.durable import DurableError, DurableStore
from strategies import SCHEMA

TESTS = str(Path(__file__).parent)
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")


def made(number, **members):
    return {"id": f"i-{number:05}", "created": number * 1_000_000, **members}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "kept.db"


def beside(path):
    """Name what there is in the folder."""
    return sorted(entry.name for entry in path.parent.iterdir())


def keys(path):
    with DurableStore.open(path, SCHEMA) as store:
        assert store.verify() == []
        return sorted(int(item["id"][2:]) for item in store)


def run(code, *arguments):
    """Run a program, and return what it has printed."""
    begin = (
        "import sys; sys.path.insert(0, sys.argv[-1])\n"
        "import gc, multiprocessing, os, threading, time\n"
        "from instquery.durable import DurableError, DurableStore\n"
        "from strategies import SCHEMA\n"
        "from test_file_owner import made\n"
    )
    command = [sys.executable, "-c", begin + code, *map(str, arguments), TESTS]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


CHILDREN = {
    "leaves": "os._exit(0)",
    "exits": "sys.exit(0)",
    "lets go": "del store; gc.collect(); os._exit(0)",
    "lets go and exits": "del store; gc.collect(); sys.exit(0)",
    "closes": """
try:
    store.close()
except DurableError as error:
    assert "alone" in str(error)
    sys.exit(0)
sys.exit(1)
""",
    "leaves a with": "store.__exit__(None, None, None); sys.exit(0)",
    "writes": """
refused = 0
for write in (
    lambda: store.put(made(7)),
    lambda: store.put_many([made(7)]),
    lambda: store.discard("i-00001"),
    lambda: store.replace_all([]),
    lambda: store.backup(sys.argv[1] + ".backup"),
):
    try:
        write()
    except DurableError:
        refused += 1
assert refused == 5
assert [item["id"] for item in store] == ["i-00001"]
assert store.verify() == []
assert store.get("i-00001") == made(1)
sys.exit(0)
""",
    "opens it": """
try:
    DurableStore.open(sys.argv[1], SCHEMA)
except DurableError as error:
    assert "is open elsewhere" in str(error)
    sys.exit(0)
sys.exit(1)
""",
    "forks again": """
if os.fork() == 0:
    del store
    gc.collect()
    sys.exit(0)
os.wait()
sys.exit(0)
""",
}


@forks
@pytest.mark.parametrize("does", CHILDREN)
def test_a_child_touches_nothing(does, path):
    code = f"""
store = DurableStore.open(sys.argv[1], SCHEMA)
store.put(made(1))
child = os.fork()
if child == 0:
    {CHILDREN[does].strip().replace(chr(10), chr(10) + "    ")}
assert os.waitpid(child, 0)[1] == 0
for number in range(2, 50):
    store.put(made(number))
print(sorted(os.listdir(os.path.dirname(sys.argv[1]))))
store.close()
"""
    told = run(code, path)
    assert told.strip() == str(["kept.db", "kept.db-wal", "kept.db.lock"])
    assert keys(path) == list(range(1, 50))
    assert beside(path) == ["kept.db"]


@forks
def test_processes_of_multiprocessing_touch_nothing(path):
    code = """
def work(store):
    try:
        store.put(made(99))
    except DurableError:
        return len(store)

def child(store, results):
    results.put(work(store))

context = multiprocessing.get_context("fork")
with DurableStore.open(sys.argv[1], SCHEMA) as store:
    store.put(made(1))
    results = context.Queue()
    children = [context.Process(target=child, args=(store, results)) for _ in range(3)]
    for one in children:
        one.start()
    for number in range(2, 20):
        store.put(made(number))
    for one in children:
        one.join()
        assert one.exitcode == 0
    print([results.get() for _ in children])
"""
    assert all(1 <= seen < 20 for seen in eval(run(code, path)))  # noqa: S307 - what we have printed
    assert keys(path) == list(range(1, 20))


@forks
@pytest.mark.long
def test_forks_beside_writes_touch_nothing(path, tries):
    """The children end as interpreters do, and drop what a write was under way with."""
    code = """
store = DurableStore.open(sys.argv[1], SCHEMA, survive_power_loss=False)
written = 0
is_over = False

def write():
    global written
    while not is_over:
        store.put_many([made(written), made(written + 1)])
        written += 2

writer = threading.Thread(target=write)
writer.start()
for number in range(int(sys.argv[2])):
    child = os.fork()
    if child == 0:
        try:
            store.close()
        except DurableError:
            if number % 2:
                del store
                gc.collect()
            sys.exit(0)
        os._exit(1)
    time.sleep(0.002)
    assert os.waitpid(child, 0)[1] == 0
is_over = True
writer.join()
print(written)
store.close()
"""
    written = int(run(code, path, tries(100, quick=10)))
    assert written > 10
    assert keys(path) == list(range(written))


@forks
def test_a_child_that_outlives_its_parent_does_not_hold_the_file(path):
    code = """
store = DurableStore.open(sys.argv[1], SCHEMA)
store.put(made(1))
if os.fork() == 0:
    sys.stdout.close(), sys.stderr.close()
    os.close(1), os.close(2)
    time.sleep(3)
    sys.exit(0)
print("parent", flush=True)
os.kill(os.getpid(), 9)
"""
    with pytest.raises(AssertionError):
        run(code, path)
    assert keys(path) == [1]


def other_opens(path):
    """Tell what another process gets that opens the file."""
    code = """
try:
    with DurableStore.open(sys.argv[1], SCHEMA) as store:
        store.put(made(500))
        print("written")
except DurableError as error:
    print(error)
"""
    return run(code, path).strip()


def refused(path, call=lambda path: DurableStore.open(path, SCHEMA)):
    with pytest.raises(DurableError, match="is open elsewhere"):
        call(path)


def by_a_link(path):
    link = Path(f"{path}.link")
    link.symlink_to(path)
    refused(link)


OPENED_BY_THE_OWNER = {
    "copy": lambda path: shutil.copy(path, f"{path}.copy"),
    "read": lambda path: path.read_bytes(),
    "log": lambda path: Path(f"{path}-wal").read_bytes(),
    "lock": lambda path: Path(f"{path}.lock").read_bytes(),
    "refused": refused,
    "by another name": lambda path: refused(path.parent / ".." / path.parent.name / path.name),
    "by a link": by_a_link,
    "key": lambda path: refused(path, DurableStore.key_of),
}


@pytest.mark.parametrize("kind", OPENED_BY_THE_OWNER)
def test_the_owner_may_open_the_file_in_any_way_and_nobody_else_gets_it(kind, path):
    with DurableStore.open(path, SCHEMA) as store:
        store.put(made(1))
        OPENED_BY_THE_OWNER[kind](path)
        assert "is open elsewhere" in other_opens(path)
        store.put(made(2))
    assert keys(path) == [1, 2]
    assert other_opens(path) == "written"


def test_a_lock_that_is_removed_is_taken_again(path):
    with DurableStore.open(path, SCHEMA) as store:
        store.put(made(1))
        Path(f"{path}.lock").unlink()
        store.put(made(2))
        assert "is open elsewhere" in other_opens(path)
        Path(f"{path}.lock").rename(f"{path}.lock.old")
        store.put(made(3))
        assert "is open elsewhere" in other_opens(path)
    assert keys(path) == [1, 2, 3]


def test_who_has_lost_its_file_to_another_writes_no_more(path):
    """Lock removed, SQLite's locks ended by a copy: the other one gets the file."""
    with DurableStore.open(path, SCHEMA) as store:
        store.put(made(1))
        Path(f"{path}.lock").unlink()
        shutil.copy(path, f"{path}.copy")
        assert other_opens(path) == "written"
        for _ in range(2):
            with pytest.raises(DurableError, match="was moved, replaced or removed"):
                store.put(made(2))
        assert [item["id"] for item in store] == ["i-00001"]
    held = "print(len(DurableStore.open(sys.argv[1], SCHEMA)))"
    assert run(held, path).strip() == "2"


def test_a_store_that_is_let_go_of_closes_its_file(path):
    store = DurableStore.open(path, SCHEMA)
    store.put(made(1))
    del store
    gc.collect()
    assert beside(path) == ["kept.db"]
    run("store = DurableStore.open(sys.argv[1], SCHEMA); store.put(made(2))", path)
    assert beside(path) == ["kept.db"]
    assert keys(path) == [1, 2]


@pytest.mark.parametrize("is_new", [True, False])
def test_of_threads_that_open_one_path_at_once_one_gets_it(is_new, path):
    if not is_new:
        DurableStore.open(path, SCHEMA).close()
    for _ in range(20):
        barrier = threading.Barrier(4)
        got, refused = [], []

        def opens(barrier=barrier, got=got, refused=refused):
            barrier.wait()
            try:
                got.append(DurableStore.open(path, SCHEMA))
            except DurableError as wrong:
                refused.append(str(wrong))

        threads = [threading.Thread(target=opens) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(got) == 1
        assert all("is open elsewhere" in error for error in refused)
        got[0].put(made(1))
        got[0].close()
        assert beside(path) == ["kept.db"]
        if is_new:
            path.unlink()


def test_of_processes_that_open_one_path_at_once_one_gets_it(path):
    code = """
try:
    store = DurableStore.open(sys.argv[1], SCHEMA)
    store.put(made(1))
    print("mine", flush=True)
    sys.stdin.read()
except DurableError as error:
    print(error, flush=True)
"""
    begin = (
        "import sys; sys.path.insert(0, sys.argv[-1])\n"
        "from instquery.durable import DurableError, DurableStore\n"
        "from test_file_owner import made; from strategies import SCHEMA\n"
    )
    command = [sys.executable, "-c", begin + code, str(path), TESTS]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    racers = [subprocess.Popen(command, **pipes) for _ in range(4)]  # noqa: S603
    told = [racer.stdout.readline() for racer in racers]
    for racer in racers:
        racer.communicate()
    assert sorted(line == "mine\n" for line in told) == [False, False, False, True]
    assert all("is open elsewhere" in line for line in told if line != "mine\n")
    assert keys(path) == [1]


def test_drafts_that_were_left_do_no_harm(path):
    drafts = [f"{path.name}.{os.getpid()}.new", f"{path.name}.0123456789abcdef.new"]
    for draft in drafts:
        (path.parent / draft).write_text("half made")
    DurableStore.open(path, SCHEMA).close()
    assert beside(path) == sorted([path.name, *drafts])


def test_a_draft_that_was_left_as_a_second_name_is_removed(path):
    """By a process that was killed between the two steps of putting a file in its place."""
    DurableStore.open(path, SCHEMA).close()
    os.link(path, f"{path}.0123456789abcdef.new")
    DurableStore.open(path, SCHEMA).close()
    assert beside(path) == ["kept.db"]


def test_a_file_of_two_names_is_refused(path):
    """The last writes of a killed process are kept beside one of them alone."""
    DurableStore.open(path, SCHEMA).close()
    os.link(path, f"{path}.other")
    with pytest.raises(DurableError, match="has another name"):
        DurableStore.open(path, SCHEMA)
    Path(f"{path}.other").unlink()
    assert keys(path) == []


def removed(path):
    path.unlink()


def renamed(path):
    path.rename(f"{path}.old")


def replaced(path):
    other = path.with_name("other.db")
    with DurableStore.open(other, SCHEMA) as store:
        store.put(made(77))
    other.replace(path)


def replaced_by_a_killed_one(path):
    """With a log of its own, which is not ours to remove."""
    other = path.with_name("other.db")
    code = """
store = DurableStore.open(sys.argv[1], SCHEMA)
store.put(made(77))
os.kill(os.getpid(), 9)
"""
    with pytest.raises(AssertionError):
        run(code, other)
    Path(f"{other}-wal").replace(f"{path}-wal")
    other.replace(path)


def log_removed(path):
    Path(f"{path}-wal").unlink()


def folder_renamed(path):
    path.parent.rename(f"{path.parent}-old")


@pytest.mark.parametrize(
    "change", [removed, renamed, replaced, replaced_by_a_killed_one, log_removed, folder_renamed]
)
def test_a_file_that_is_changed_under_a_store_takes_no_more_writes(change, tmp_path):
    path = tmp_path / "folder" / "kept.db"
    path.parent.mkdir()
    store = DurableStore.open(path, SCHEMA)
    store.put(made(1))
    change(path)
    for write in (
        lambda: store.put(made(2)),
        lambda: store.put_many(map(made, range(2, 50))),
        lambda: store.replace_all([]),
        lambda: store.discard("i-00001"),
    ):
        with pytest.raises(DurableError):
            write()
    assert list(store) == [made(1)]
    assert store.version == 1
    store.backup(tmp_path / "saved.db")
    store.close()
    assert keys(tmp_path / "saved.db") == [1]
    if change in (replaced, replaced_by_a_killed_one):
        assert keys(path) == [77]
    if change is renamed:
        assert keys(Path(f"{path}.old")) == [1]
    if change is log_removed:
        assert keys(path) == [1]
    if change is removed:
        assert keys(path) == []


def test_a_file_in_the_place_of_a_killed_one_is_not_given_its_last_writes(path):
    other = path.with_name("other.db")
    replaced_by_a_killed_one(path)
    with DurableStore.open(other, SCHEMA) as store:
        store.put(made(78))
    other.replace(path)
    with pytest.raises(DurableError, match="put in the place of another file"):
        DurableStore.open(path, SCHEMA)
    Path(f"{path}-wal").unlink()
    assert keys(path) == [78]


def test_a_file_that_is_put_back_takes_writes_again(path):
    with DurableStore.open(path, SCHEMA) as store:
        store.put(made(1))
        path.rename(f"{path}.old")
        with pytest.raises(DurableError):
            store.put(made(2))
        Path(f"{path}.old").rename(path)
        store.put(made(3))
    assert keys(path) == [1, 3]


def test_a_change_of_folder_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    with DurableStore.open("kept.db", SCHEMA) as store:
        monkeypatch.chdir(other)
        store.put(made(1))
    assert beside(other / "any") == []
    assert keys(tmp_path / "kept.db") == [1]
    assert beside(tmp_path / "kept.db") == ["kept.db", "other"]


# backups


def test_a_backup_is_a_store_of_one_moment(path):
    saved = path.with_name("saved.db")
    with DurableStore.open(path, SCHEMA) as store:
        store.put_many(map(made, range(60)))
        cursor = store.page(Query(limit=10)).cursor
        store.backup(saved)
        store.put(made(99))
        expected = [made(number) for number in range(59, -1, -1)]
        with DurableStore.open(saved, SCHEMA) as copy:
            assert list(copy) == expected
            assert copy.version == 1
            assert copy.verify() == []
            assert copy.page(Query(limit=10), cursor, live=True).items == expected[10:20]
        with pytest.raises(DurableError, match="is there already"):
            store.backup(saved)
        with pytest.raises(DurableError, match=r"is there already|is open elsewhere"):
            store.backup(path)
    assert keys(saved) == list(range(60))
    assert saved.stat().st_mode & 0o777 == 0o600
    assert beside(path) == ["kept.db", "saved.db"]


def test_backups_are_made_beside_writes_and_each_is_whole(path):
    with DurableStore.open(path, SCHEMA, survive_power_loss=False) as store:
        store.put_many([made(0), made(1)])
        is_over = threading.Event()

        def write():
            number = 2
            while not is_over.is_set():
                store.put_many([made(number), made(number + 1)])
                number += 2

        writer = threading.Thread(target=write)
        writer.start()
        for number in range(10):
            store.backup(f"{path}.{number}")
        is_over.set()
        writer.join()
    for number in range(10):
        held = keys(f"{path}.{number}")
        assert len(held) % 2 == 0
        assert held == list(range(len(held)))


def test_the_key_of_cursors_stays_with_the_file(path):
    """One that is given counts; without `live` the message says why a cursor is of no use."""
    with DurableStore.open(path, SCHEMA) as store:
        store.put_many(map(made, range(20)))
        first = store.page(Query(limit=5))
    with DurableStore.open(path, SCHEMA) as store:
        assert store.page(Query(limit=5), first.cursor, live=True).items == [
            made(number) for number in range(14, 9, -1)
        ]
        with pytest.raises(CursorExpired, match="live=True"):
            store.page(Query(limit=5), first.cursor)
    with DurableStore.open(path, SCHEMA, cursor_key=b"another") as store:
        with pytest.raises(CursorInvalid):
            store.page(Query(limit=5), first.cursor, live=True)
        other = store.page(Query(limit=5))
    with DurableStore.open(path, SCHEMA) as store:
        assert store.page(Query(limit=5), first.cursor, live=True).items
        with pytest.raises(CursorInvalid):
            store.page(Query(limit=5), other.cursor, live=True)
    assert path.stat().st_mode & 0o777 == 0o600


def test_two_files_have_two_keys(tmp_path):
    cursors = []
    for name in ("a.db", "b.db"):
        with DurableStore.open(tmp_path / name, SCHEMA) as store:
            store.put_many(map(made, range(20)))
            cursors.append(store.page(Query(limit=5)).cursor)
            if len(cursors) == 2:
                with pytest.raises(CursorInvalid):
                    store.page(Query(limit=5), cursors[0], live=True)


def test_a_write_by_a_signal_handler_is_not_part_of_the_write_it_interrupts(path, monkeypatch):
    """A handler may run between any two steps of a write of its own thread."""
    from instquery.files import live  # noqa: PLC0415 - to interrupt it where it writes

    if not hasattr(signal, "SIGUSR1"):
        pytest.skip("needs signals")
    with DurableStore.open(path, SCHEMA) as store:
        store.put(made(1))
        refused = []

        def handler(*_):
            try:
                store.put(made(50))
            except DurableError as error:
                refused.append(str(error))

        def note_state(database, state, real=live.note_state):
            os.kill(os.getpid(), signal.SIGUSR1)
            real(database, state)

        former = signal.signal(signal.SIGUSR1, handler)
        monkeypatch.setattr(live, "note_state", note_state)
        try:
            store.put(made(2))
        finally:
            signal.signal(signal.SIGUSR1, former)
        monkeypatch.undo()
        assert "under way" in refused[0]
        store.put(made(3))
        assert len(store) == 3
    assert keys(path) == [1, 2, 3]
