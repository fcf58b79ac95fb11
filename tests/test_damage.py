"""Damaged files: each opens with exactly the right records, or is refused and left as it was."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from instquery.durable import DurableError, DurableStore
from strategies import SCHEMA

PAGE = 4096  # bytes; as SQLite makes them


def made(number, **members):
    return {"id": f"i-{number:05}", "created": number * 1_000_000, **members}


def pages(octets):
    """Cut a file into its pages."""
    return [octets[start : start + PAGE] for start in range(0, len(octets), PAGE)]


def is_leaf(page):
    """Whether a page holds rows of a table and nothing of its tree."""
    return page[0] == 10 and len(page) == PAGE


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A closed file, and the same before its last writes; each with the records that are in it."""
    folder = tmp_path_factory.mktemp("kept")
    path = folder / "kept.db"
    kept = []
    chance = random.Random(1)
    with DurableStore.open(path, SCHEMA) as store:
        store.put_many(
            made(n, name="x" * chance.randrange(400), status="Running", note={"n": [n]})
            for n in range(400)
        )
        store.put(made(1000, name="long " * 5000))  # on pages of its own
    kept.append((path.read_bytes(), list(store)))
    with DurableStore.open(path, SCHEMA) as store:
        for n in range(0, 400, 9):
            store.put({**store.get(f"i-{n:05}"), "status": "Stopped"})
        store.discard("i-00007")
        store.put(made(7_000, status="Running"))
    kept.append((path.read_bytes(), list(store)))
    assert kept[0] != kept[1]
    assert len(kept[0][0]) == len(kept[1][0])
    return kept


def one_byte(chance, present, former):
    octets = bytearray(present)
    octets[chance.randrange(len(octets))] ^= 1 << chance.randrange(8)
    return bytes(octets)


def another_byte(chance, present, former):
    octets = bytearray(present)
    octets[chance.randrange(len(octets))] = chance.randrange(256)
    return bytes(octets)


def a_byte_of_a_head(chance, present, former):
    """The first bytes of a page say what it is, and where its rows are."""
    octets = bytearray(present)
    place = PAGE * chance.randrange(len(pages(present))) + chance.randrange(120)
    octets[place] = chance.randrange(256)
    return bytes(octets)


def two_pages_swapped(chance, present, former):
    cut = pages(present)
    one, other = chance.sample([n for n, page in enumerate(cut) if is_leaf(page)], 2)
    cut[one], cut[other] = cut[other], cut[one]
    return b"".join(cut)


def a_stale_page(chance, present, former):
    cut, before = pages(present), pages(former)
    changed = [n for n in range(len(cut)) if cut[n] != before[n]]
    number = chance.choice(changed)
    return b"".join([*cut[:number], before[number], *cut[number + 1 :]])


def a_page_twice(chance, present, former):
    cut = pages(present)
    one, other = chance.sample(range(1, len(cut)), 2)
    cut[one] = cut[other]
    return b"".join(cut)


def truncated(chance, present, former):
    return present[: chance.randrange(len(present))]


def empty_page(chance, present, former):
    start = PAGE * chance.randrange(len(pages(present)))
    return present[:start] + bytes(PAGE) + present[start + PAGE :]


KINDS = [
    *(one_byte, another_byte, a_byte_of_a_head, two_pages_swapped),
    *(a_stale_page, a_page_twice, truncated, empty_page),
]


def opened(path):
    """Return what is in a file, or `None` where it is refused."""
    try:
        with DurableStore.open(path, SCHEMA) as store:
            assert store.verify() == []
            return list(store)
    except DurableError as error:
        assert str(path) in str(error)
        return None


def go_on(path, expected):
    """Later writes find the file in order: damage that spares the records may be in its tree."""
    more = [made(20_000 + n, name="y" * 700) for n in range(60)]
    with DurableStore.open(path, SCHEMA) as store:
        store.put_many(more)
        store.discard("i-01000")
    kept = [item for item in expected if item["id"] != "i-01000"]
    assert opened(path) == [*reversed(more), *kept]


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_file_opens_with_the_right_records_or_is_refused(kind, files, tmp_path, tries):
    (former, _), (present, expected) = files
    path = tmp_path / "damaged.db"
    chance = random.Random(KINDS.index(kind))
    refused = 0
    turns = tries(125 if kind in (two_pages_swapped, a_stale_page) else 160, quick=12)
    for _ in range(turns):
        octets = kind(chance, present, former)
        path.write_bytes(octets)
        found = opened(path)
        if found is None:
            refused += 1
            assert path.read_bytes() == octets
        else:
            assert found == expected
            if kind is not a_stale_page:
                go_on(path, expected)
        assert [entry.name for entry in tmp_path.iterdir()] == ["damaged.db"]
    if kind in (two_pages_swapped, a_stale_page):
        assert refused == turns


WRITER = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from instquery.durable import DurableStore
from test_damage import made
from strategies import SCHEMA

store = DurableStore.open(sys.argv[1], SCHEMA)
for number in range(50):
    store.put(made(number, name="x" * 300))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """What a killed process has left: the content of each file."""
    path = tmp_path_factory.mktemp("killed") / "killed.db"
    command = [sys.executable, "-c", WRITER, str(path), str(Path(__file__).parent)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert run.returncode == -signal.SIGKILL, run.stderr
    return {entry.name: entry.read_bytes() for entry in path.parent.iterdir()}


def a_byte(chance, log):
    octets = bytearray(log)
    octets[chance.randrange(len(octets))] ^= 1 << chance.randrange(8)
    return bytes(octets)


def a_byte_at_the_top(chance, log):
    octets = bytearray(log)
    octets[chance.randrange(32)] ^= 1 << chance.randrange(8)
    return bytes(octets)


def torn(chance, log):
    return log[: chance.randrange(len(log))]


def removed(chance, log):
    return None


@pytest.mark.long
@pytest.mark.parametrize("has_note", [True, False], ids=["with its lock", "alone"])
@pytest.mark.parametrize("kind", [a_byte, a_byte_at_the_top, torn, removed])
def test_a_damaged_log_opens_with_all_that_has_returned_or_is_refused(
    kind, has_note, killed, tmp_path, tries
):
    """Without the lock beside it a torn log is one that was written so far, and no further."""
    assert sorted(killed) == ["killed.db", "killed.db-wal", "killed.db.lock"]
    path = tmp_path / "killed.db"
    chance = random.Random(2)
    writes = [made(number, name="x" * 300) for number in range(50)]
    for _ in range(tries(50, quick=6) if kind is not removed else 1):
        log = kind(chance, killed["killed.db-wal"])
        given = killed | {"killed.db-wal": log}
        for name, octets in given.items():
            (tmp_path / name).unlink(missing_ok=True)
            if octets is not None and (has_note or name != "killed.db.lock"):
                (tmp_path / name).write_bytes(octets)
        before = {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()}

        found = opened(path)
        if found is None:
            assert {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()} == before
        elif has_note:
            assert found == writes[::-1]
        else:
            least = 49 if kind is a_byte else 0
            assert least <= len(found) <= 50
            assert found == writes[: len(found)][::-1]


def test_the_last_writes_can_be_given_up(killed, tmp_path):
    for name, octets in killed.items():
        (tmp_path / name).write_bytes(octets)
    log = tmp_path / "killed.db-wal"
    octets = log.read_bytes()
    log.write_bytes(octets[: len(octets) // 2] + b"?" + octets[len(octets) // 2 + 1 :])
    path = tmp_path / "killed.db"
    with pytest.raises(DurableError, match="survive_power_loss=False"):
        DurableStore.open(path, SCHEMA)
    with DurableStore.open(path, SCHEMA, survive_power_loss=False) as store:
        assert 10 < len(store) < 40
        assert store.verify() == []
    assert opened(path) is not None


def test_an_older_copy_that_was_put_back_says_what_is_in_its_way(killed, tmp_path):
    path = tmp_path / "killed.db"
    path.write_bytes(killed["killed.db"])
    (tmp_path / "killed.db.lock").write_bytes(killed["killed.db.lock"])
    with pytest.raises(DurableError, match=r"remove killed\.db\.lock"):
        DurableStore.open(path, SCHEMA)
    (tmp_path / "killed.db.lock").unlink()
    assert opened(path) == []


def test_the_lock_of_a_killed_process_is_not_in_the_way_of_another_file(killed, tmp_path):
    path = tmp_path / "killed.db"
    (tmp_path / "killed.db.lock").write_bytes(killed["killed.db.lock"])
    assert opened(path) == []
    with DurableStore.open(path, SCHEMA) as store:
        store.put(made(1))
        store.backup(tmp_path / "saved.db")
    for name, octets in killed.items():
        (tmp_path / name).write_bytes(octets)
    (tmp_path / "killed.db-wal").unlink()
    (tmp_path / "saved.db").rename(path)
    assert opened(path) == [made(1)]
