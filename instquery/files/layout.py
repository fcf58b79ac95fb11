"""The layout of a file: its tables, the checksum of each record, and the sum of them all.

| table | holds |
| --- | --- |
| `records` | key, body (JSON text), mark: one row a record, in the order of keys |
| `facts` | name, value, mark: `state`, `schema`, `cursor_key`, `file` |

A *mark* is a checksum of 64 bits over the name of a row and what it holds. The state is the number
of writes, the number of records, and the sum of their marks: whatever row is lost, or is from an
older moment, changes the sum. So a page of the file that was exchanged for another one is noticed,
each row of which is as it was written.

BLAKE2 and not a CRC: the sum of two CRCs is often the same where two records have exchanged their
differences (one Running and one Stopped), as a CRC is linear.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from hashlib import blake2b
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple

from instquery.errors import InstqueryError
from instquery.files.place import draft_of, publish, remove
from instquery.files.refusals import DurableError, refusal

__all__ = [
    "APPLICATION",
    "FORMAT",
    "State",
    "StateError",
    "make",
    "mark_of",
    "note",
    "octets_of",
    "read_fact",
    "read_state",
    "upgrade",
]

APPLICATION = 0x69_6E_73_71
"""In the header of each of our files: "insq"."""

FORMAT = 2
"""Format 1 had no checksums."""

_MODULUS = 1 << 64

_TABLES = """
CREATE TABLE facts (
    name TEXT PRIMARY KEY, value NOT NULL, mark INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE records (
    key BLOB PRIMARY KEY, body TEXT NOT NULL, mark INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
"""

_NOTE = (
    "INSERT INTO facts VALUES (?, ?, ?) "
    "ON CONFLICT (name) DO UPDATE SET value = excluded.value, mark = excluded.mark"
)


class StateError(InstqueryError):
    """A fact that is missing, or is not as it was written."""

    code = "store.file"


class State(NamedTuple):
    """What a write leaves: kept with it, in one transaction."""

    version: int
    size: int
    total: int

    def followed_by(self, *, came: Iterable[int], went: Iterable[int], grown: int) -> "State":
        """Return the state after a write, from the marks that came and went."""
        total = (self.total + sum(came) - sum(went)) % _MODULUS
        return State(self.version + 1, self.size + grown, total)


def octets_of(key: str) -> bytes:
    """Return a key as it stands in a file: in the order of code points, any text."""
    return key.encode("utf-8", "surrogatepass")


def mark_of(name: bytes, content: str) -> int:
    """Return the checksum of a row, of 64 bits with a sign, as SQLite has them. Costs 1.2 µs."""
    digest = blake2b(name + content.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def note(database: sqlite3.Connection, name: str, value: str) -> None:
    """Write a fact, in the transaction that there is."""
    database.execute(_NOTE, [name, value, mark_of(name.encode(), value)])


def read_fact(database: sqlite3.Connection, name: str) -> str:
    """Return a fact. Raises `StateError`."""
    row = database.execute("SELECT value, mark FROM facts WHERE name = ?", [name]).fetchone()
    if row is None:
        raise StateError(f"its {name} is missing")
    value, mark = row
    if not isinstance(value, str) or mark != mark_of(name.encode(), value):
        raise StateError(f"the checksum of its {name} differs")
    return value


def note_state(database: sqlite3.Connection, state: State) -> None:
    """Write the state, in the transaction that it is of."""
    note(database, "state", " ".join(map(str, state)))


def read_state(database: sqlite3.Connection) -> State:
    """Return the state that the last write has left. Raises `StateError`."""
    return State(*map(int, read_fact(database, "state").split(" ")))


def make(
    place: Path,
    version: int,
    notes: str,
    cursor_key: str,
    rows: Iterable[tuple[bytes, str]] = (),
) -> None:
    """Make a file of its records, in the order of keys.

    Nobody ever sees it half made: it is made under another name, for its owner's eyes alone (mode
    0600). Raises `DurableError`, and `FileExistsError` where there is a file; then nothing is left.
    """
    draft = draft_of(place)
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(draft, isolation_level=None)) as database:
            _fill(database, version, notes, cursor_key, rows)
        publish(draft, place)
    except FileExistsError:
        raise
    except (OSError, sqlite3.Error) as error:
        raise DurableError(f"{refusal(place, error)} (it was not made)") from error
    finally:
        remove(draft)


def _fill(
    database: sqlite3.Connection,
    version: int,
    notes: str,
    cursor_key: str,
    rows: Iterable[tuple[bytes, str]],
) -> None:
    """Write all of a new file."""
    # Nobody sees the draft: what fails here is thrown away, and it is synchronised in the end.
    database.execute("PRAGMA journal_mode = OFF")
    database.execute("PRAGMA synchronous = OFF")
    database.executescript(_TABLES)
    marks = _Marks()
    database.execute("BEGIN")
    database.executemany("INSERT INTO records VALUES (?, ?, ?)", marks.marked(rows))
    _note_all(database, marks.state(version), notes, cursor_key)
    database.execute("COMMIT")
    database.execute(f"PRAGMA application_id = {APPLICATION}")
    database.execute(f"PRAGMA user_version = {FORMAT}")
    # So that SQLite need not change the file, with a journal beside it, when it is first opened.
    database.execute("PRAGMA journal_mode = WAL")


def _note_all(database: sqlite3.Connection, state: State, notes: str, cursor_key: str) -> None:
    """Write every fact of a file, in the transaction that there is."""
    note_state(database, state)
    note(database, "schema", notes)
    note(database, "cursor_key", cursor_key)
    note(database, "file", token_hex(16))  # no other file has it: see `Reading`


class _Marks:
    """Counts and sums up the marks of the rows that go through it."""

    def __init__(self) -> None:
        self._count = 0
        self._total = 0

    def mark(self, key: bytes, body: str) -> int:
        """Return the mark of a row."""
        mark = mark_of(key, body)
        self._count += 1
        self._total += mark
        return mark

    def state(self, version: int) -> State:
        """Return the state of a file of these rows."""
        return State(version, self._count, self._total % _MODULUS)

    def marked(self, rows: Iterable[tuple[bytes, str]]) -> Iterator[tuple[bytes, str, int]]:
        """Put the mark to each row."""
        for key, body in rows:
            yield key, body, self.mark(key, body)


def upgrade(database: sqlite3.Connection, cursor_key: str) -> None:
    """Make a file of format 1 one of this format, in the transaction that there is."""
    version, notes = [
        database.execute("SELECT value FROM facts WHERE name = ?", [name]).fetchone()[0]
        for name in ("version", "schema")
    ]
    for table in ("facts", "records"):
        database.execute(f"ALTER TABLE {table} ADD COLUMN mark INTEGER NOT NULL DEFAULT 0")
    marks = _Marks()
    database.create_function("mark_of", 2, marks.mark)
    database.execute("UPDATE records SET mark = mark_of(key, body)")
    database.create_function("mark_of", 2, None)

    database.execute("DELETE FROM facts")
    _note_all(database, marks.state(version), notes, cursor_key)
    database.execute(f"PRAGMA user_version = {FORMAT}")
