"""Where no durable store can be: each place has its own message, and nothing is left there."""

import errno
import os
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from instquery.durable import DurableError, DurableStore
from instquery.files import layout, place
from strategies import SCHEMA

TESTS = str(Path(__file__).parent)


def made(number, **members):
    return {"id": f"i-{number:05}", "created": number * 1_000_000, **members}


def content(folder):
    """Return what a folder holds, with the content of files."""
    return {
        entry.relative_to(folder).as_posix(): entry.read_bytes() if entry.is_file() else None
        for entry in folder.rglob("*")
    }


def a_link_to_nothing(folder):
    (folder / "kept.db").symlink_to(folder / "absent.db")
    return folder / "kept.db"


def a_link_to_itself(folder):
    (folder / "kept.db").symlink_to(folder / "kept.db")
    return folder / "kept.db"


def a_folder(folder):
    (folder / "kept.db").mkdir()
    return folder / "kept.db"


def a_file_as_folder(folder):
    (folder / "file").write_text("x")
    return folder / "file" / "kept.db"


def a_pipe(folder):
    os.mkfifo(folder / "kept.db")
    return folder / "kept.db"


def a_socket(folder):
    with socket.socket(socket.AF_UNIX) as made_here:
        made_here.bind(str(folder / "s"))
    return folder / "s"


def a_text(folder):
    (folder / "kept.db").write_text("not a database, but longer than its header" * 10)
    return folder / "kept.db"


def an_empty_file(folder):
    (folder / "kept.db").touch()
    return folder / "kept.db"


def a_database(folder):
    database = sqlite3.connect(folder / "kept.db")
    database.execute("CREATE TABLE records (key, body)")
    database.commit()
    database.close()
    return folder / "kept.db"


def a_later_one(folder):
    DurableStore.open(folder / "kept.db", SCHEMA).close()
    database = sqlite3.connect(folder / "kept.db")
    database.execute("PRAGMA user_version = 9")
    database.close()
    return folder / "kept.db"


def a_log_alone(folder):
    (folder / "kept.db-wal").write_bytes(b"x" * 5000)
    return folder / "kept.db"


PLACES = [
    (a_link_to_nothing, "is a link to .*absent.db, which does not exist"),
    (a_link_to_itself, "is a link"),
    (a_folder, "is a folder: name a file in it"),
    (a_file_as_folder, "its folder is a file"),
    (a_pipe, "is no regular file"),
    (a_socket, "is no regular file"),
    (a_text, "is no durable store, or is damaged"),
    (an_empty_file, "is not a durable store"),
    (a_database, "is not a durable store"),
    (a_later_one, "has format 9, and this release knows up to 2"),
    (a_log_alone, "put that file back, or remove kept.db-wal"),
    (
        lambda folder: folder / "absent" / "kept.db",
        "its folder does not exist: make .*absent first",
    ),
    (lambda folder: folder / ("x" * 300), "its name is too long"),
    (lambda folder: folder / ("x" * 253), "its name is too long"),
    (lambda folder: folder / ":memory:", "take Store"),
    (lambda folder: ":memory:", "take Store"),
    (lambda folder: "", "it is empty"),
    (lambda folder: ".", "is a folder"),
    (lambda folder: f"file:{folder}/kept.db?mode=memory", "is a URI: give the path alone"),
    (lambda folder: "a\0b", "no name holds a NUL"),
]


@pytest.mark.parametrize(("make", "said"), PLACES)
def test_each_place_has_its_message_and_nothing_is_left(make, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = make(tmp_path)
    before = content(tmp_path)
    with pytest.raises(DurableError, match=said) as caught:
        DurableStore.open(path, SCHEMA)
    assert content(tmp_path) == before
    assert "damaged" not in str(caught.value) or make is a_text


@pytest.mark.parametrize(("make", "said"), PLACES)
def test_no_backup_is_made_there_either(make, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with DurableStore.open("store.db", SCHEMA) as store:
        path = make(tmp_path)
        before = content(tmp_path)
        with pytest.raises(DurableError):
            store.backup(path)
        assert content(tmp_path) == before
        store.put(made(1))


def test_a_link_to_a_file_is_that_file(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.db").symlink_to(tmp_path / "folder" / "kept.db")
    with DurableStore.open(tmp_path / "folder" / "kept.db", SCHEMA) as store:
        with pytest.raises(DurableError, match="is open elsewhere"):
            DurableStore.open(tmp_path / "link.db", SCHEMA)
        store.put(made(1))
    with DurableStore.open(tmp_path / "link.db", SCHEMA) as store:
        assert len(store) == 1
        assert sorted(content(tmp_path)) == [
            "folder",
            *("folder/kept.db", "folder/kept.db-wal", "folder/kept.db.lock"),
            "link.db",
        ]


@pytest.mark.parametrize(
    "name", ["a b.db", "实例.db", "a?b#c%20.db", "a\udcff.db", "-wal", "a.lock"]
)
def test_any_name_will_do(name, tmp_path):
    with DurableStore.open(tmp_path / name, SCHEMA) as store:
        store.put(made(1))
        store.backup(tmp_path / f"{name}.saved")
    for file in (name, f"{name}.saved"):
        with DurableStore.open(tmp_path / file, SCHEMA) as store:
            assert len(store) == 1
    assert sorted(content(tmp_path)) == sorted([name, f"{name}.saved"])


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK])
def test_a_file_system_without_hard_links_will_do(number, tmp_path, monkeypatch):
    def refuse(source, target, **_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(place.os, "link", refuse)
    with DurableStore.open(tmp_path / "kept.db", SCHEMA) as store:
        store.put(made(1))
        store.backup(tmp_path / "saved.db")
        with pytest.raises(DurableError, match="is there already"):
            store.backup(tmp_path / "saved.db")
    with DurableStore.open(tmp_path / "saved.db", SCHEMA) as store:
        assert len(store) == 1
    assert sorted(content(tmp_path)) == ["kept.db", "saved.db"]


def test_a_file_that_appears_while_one_is_made_is_not_written_over(tmp_path, monkeypatch):
    path = tmp_path / "kept.db"

    def appear(draft, target, real=layout.publish):
        target.write_text("somebody else's")
        real(draft, target)

    monkeypatch.setattr(layout, "publish", appear)
    with pytest.raises(DurableError, match="is open elsewhere"):
        DurableStore.open(path, SCHEMA)
    assert content(tmp_path) == {"kept.db": b"somebody else's"}


def test_what_fails_after_a_file_was_made_takes_it_away_again(tmp_path, monkeypatch):
    from instquery.files import live  # noqa: PLC0415 - to have it fail

    for error in (sqlite3.OperationalError("no"), KeyboardInterrupt(), MemoryError()):

        def fail(*_, error=error):
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(live, "keep_for_ever", fail)
            with pytest.raises((DurableError, sqlite3.Error, KeyboardInterrupt, MemoryError)):
                DurableStore.open(tmp_path / "kept.db", SCHEMA)
        assert content(tmp_path) == {}


# Without the rights of the user that the tests run as: root may write anywhere.

AS_NOBODY = """
import os, sys
os.chdir("/")
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from instquery.durable import DurableError, DurableStore
from strategies import SCHEMA
if os.geteuid() == 0:
    os.setegid(65534)
    os.seteuid(65534)
try:
    DurableStore.open(sys.argv[2], SCHEMA)
except DurableError as error:
    print(error)
"""


def as_nobody(path):
    command = [sys.executable, "-c", AS_NOBODY, TESTS, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.stderr == ""
    return done.stdout


@pytest.fixture
def open_folder(tmp_path):
    """A folder that everybody may get at and nobody may write to."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == Path.home().owner() and "pytest" in str(folder):
            folder.chmod(0o755)
    return tmp_path


def test_a_folder_without_the_right_to_write(open_folder):
    path = open_folder / "kept.db"
    if os.geteuid() != 0:
        open_folder.chmod(0o555)
    said = as_nobody(path)
    assert "cannot be written to: this process needs the right" in said
    assert content(open_folder) == {}
    open_folder.chmod(0o755)
    DurableStore.open(path, SCHEMA).close()
    path.chmod(0o666)
    before = content(open_folder)
    if os.geteuid() != 0:
        open_folder.chmod(0o555)
    assert "cannot be written to" in as_nobody(path)
    assert content(open_folder) == before
    open_folder.chmod(0o755)


def test_a_file_without_the_right_to_write_or_read(open_folder):
    path = open_folder / "kept.db"
    DurableStore.open(path, SCHEMA).close()
    open_folder.chmod(0o777)
    before = content(open_folder)
    for mode in (0o444, 0o000):
        path.chmod(mode)
        assert "cannot be written to: this process needs the right" in as_nobody(path)
        path.chmod(0o644)
        assert content(open_folder) == before


# A full disk


def limited(code, path, *, limit):
    """Run a program in which no file may grow beyond a limit."""
    begin = (
        "import os, sys; sys.path.insert(0, sys.argv[1])\n"
        "import resource\n"
        "from instquery.durable import DurableError, DurableStore\n"
        "from strategies import SCHEMA\n"
        "from test_places import made\n"
    )
    command = [sys.executable, "-c", begin + code, TESTS, str(path)]
    done = subprocess.run(  # noqa: S603
        command,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY)
        ),
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("limit", [0, 10, 5_000, 12_000])
def test_no_room_for_a_new_file_leaves_nothing(limit, tmp_path):
    code = """
try:
    with DurableStore.open(sys.argv[2], SCHEMA) as store:
        store.put(made(1))
    os.unlink(sys.argv[2])
except DurableError as error:
    os.path.exists(sys.argv[2]) and os.unlink(sys.argv[2])
    print(error)
"""
    (said,) = limited(code, tmp_path / "kept.db", limit=limit)
    assert "limit on the size of files" in said
    assert "damaged" not in said
    assert content(tmp_path) == {}


def test_a_write_without_room_changes_nothing_and_later_ones_go_on(tmp_path):
    path = tmp_path / "kept.db"
    code = """
refused = 0
with DurableStore.open(sys.argv[2], SCHEMA) as store:
    for number in range(300):
        before, version = list(store), store.version
        try:
            store.put_many([made(number), made(1000 + number, name="x" * 9000)])
        except DurableError as error:
            refused += 1
            assert "limit on the size of files" in str(error), error
            assert list(store) == before
            assert store.version == version
            if refused == 1:
                print(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert store.discard(before[0]["id"])
    store.put({**before[1], "name": "y"})
    assert store.verify() == []
    print(refused)
    print([item["id"] for item in store])
"""
    _, refused, held = limited(code, path, limit=600_000)
    assert int(refused) > 50
    with DurableStore.open(path, SCHEMA) as store:
        assert str([item["id"] for item in store]) == held
        assert store.verify() == []
        store.put(made(5000))


def test_a_backup_without_room_leaves_nothing(tmp_path):
    path = tmp_path / "kept.db"
    with DurableStore.open(path, SCHEMA) as store:
        store.put_many(made(number, name="x" * 900) for number in range(200))
    code = """
with DurableStore.open(sys.argv[2], SCHEMA) as store:
    try:
        store.backup(sys.argv[2] + ".saved")
    except DurableError as error:
        print(error)
    store.put(made(1))
"""
    (said,) = limited(code, path, limit=100_000)
    assert "limit on the size of files" in said
    assert list(content(tmp_path)) == ["kept.db"]


@pytest.mark.skipif(shutil.which("mount") is None or os.geteuid() != 0, reason="mounts a disk")
def test_a_full_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(disk)]
    if subprocess.run(command, check=False, capture_output=True).returncode:  # noqa: S603
        pytest.skip("may not mount")
    try:
        (disk / "filler").write_bytes(b"x" * 190_000)
        with pytest.raises(DurableError, match="no room on the disk"):
            DurableStore.open(disk / "kept.db", SCHEMA)
        assert list(content(disk)) == ["filler"]
        (disk / "filler").write_bytes(b"x" * 100_000)
        with DurableStore.open(disk / "kept.db", SCHEMA) as store:
            kept = []
            with pytest.raises(DurableError, match="no room on the disk"):  # noqa: PT012
                for number in range(100):
                    store.put(made(number, name="x" * 2000))
                    kept.append(number)
            with pytest.raises(DurableError, match="no room on the disk"):
                store.backup(disk / "saved.db")
            (disk / "filler").unlink()
            store.put(made(500))
        with DurableStore.open(disk / "kept.db", SCHEMA) as store:
            assert sorted(int(item["id"][2:]) for item in store) == [*kept, 500]
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)  # noqa: S603, S607
        before = content(disk)
        for name in ("kept.db", "new.db"):
            with pytest.raises(DurableError, match="read-only"):
                DurableStore.open(disk / name, SCHEMA)
        assert content(disk) == before
    finally:
        subprocess.run(["umount", str(disk)], check=True)  # noqa: S603, S607
