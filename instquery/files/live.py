"""The file of a store that is open: each write is committed to it before it returns.

Theory of operation
===================

Whose it is: only the process that has the lock writes, and only as long as file and log are still
those that it has opened. Whatever else happens to them is found before the next write.

    what happens               what follows
    -------------------------  -----------------------------------------------------------------
    the process is forked      the child has a copy of SQLite's connection. To close that would
                               write the log into the file and remove it, under the parent. So the
                               connection has a reference that no process ever drops but the owner,
                               once it has closed it: in a child nothing closes it, neither the
                               garbage collector nor the end of the interpreter
    the file is moved,         the next write is refused. As the file is closed its log is written
    replaced or removed        into it, where it is now, and removed: it does not belong to the file
                               that may be there instead
    ... by somebody who took   the next write is refused. The connection is left as it is: to close
    its lock too               it would write over what they have written
    a write is interrupted     SQLite undoes it. `has` tells whether it was committed, and the state
                               is read anew before the next write
    a signal handler writes,   it is refused: it would be part of the transaction that is under way
    in the middle of a write
"""

import sqlite3
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Condition, RLock
from weakref import finalize

from instquery.bodies import to_json
from instquery.files.filelock import FileLock
from instquery.files.footing import Footing, keep_for_ever
from instquery.files.layout import (
    FORMAT,
    State,
    StateError,
    mark_of,
    note,
    note_state,
    octets_of,
    read_fact,
    read_state,
    upgrade,
)
from instquery.files.reading import Reading
from instquery.files.refusals import DurableError, damage, reason_of, refusal
from instquery.schema import Entry

__all__ = ["LiveFile"]

_PUT = (
    "INSERT INTO records VALUES (?, ?, ?) "
    "ON CONFLICT (key) DO UPDATE SET body = excluded.body, mark = excluded.mark"
)
_AT_EXIT = 5  # seconds that the end of the interpreter waits for a write of another thread


class LiveFile:
    """An open file of ours: the journal of a store.

    It begins to be written to with `begin`.
    """

    def __init__(self, lock: FileLock, reading: Reading, cursor_key: str) -> None:
        self._place = reading.place
        self._lock = lock
        self._format = reading.format
        self._state: State | None = reading.state
        self._notes = reading.notes
        self.cursor_key = cursor_key
        self.begun_at: int = reading.state.version

        self._busy = RLock()
        self._turn = Condition(self._busy)
        self._is_open = False

    @property
    def notes(self) -> str:
        """What the file says of the schema."""
        return self._notes

    def begin(self, notes: str, *, survive_power_loss: bool) -> None:
        """Open the file for writes; one of format 1 becomes one of this format, in one transaction.

        Raises `DurableError`, having changed nothing.
        """
        self._database = _connected(self._place, survive_power_loss=survive_power_loss)
        try:
            self._prepare(notes)
            self._footing = Footing(self._place, self._lock, is_brief=not survive_power_loss)
        except BaseException:
            self._database.close()
            raise

        keep_for_ever(self._database)
        self._end = finalize(self, _end, self._database, self._footing, self._busy)
        self._is_open = True
        self._notes_writes = survive_power_loss  # the next opening looks at notes only then

    def check(self) -> None:
        """Refuse to write where it would not reach the file. Raises `DurableError`."""
        if not self._is_open:
            raise DurableError(f"{self._place}: is closed: open it anew")
        self._footing.check()

    @property
    def is_ours(self) -> bool:
        """Whether this process is the one that has opened the file."""
        return self._lock.is_ours

    def check_owner(self) -> None:
        """Refuse another process than that which has opened the file. Raises `DurableError`."""
        if self._is_open:
            self._lock.check()

    def record(self, version: int, puts: Mapping[str, Entry], gone: Collection[str]) -> None:
        """Commit a write to the file.

        Raises `DurableError` or `RecordError`, having changed nothing.
        """
        self.check()
        rows: list[tuple[bytes, str, int]] = []
        for key, entry in puts.items():
            name, body = octets_of(key), to_json(entry.row)
            rows.append((name, body, mark_of(name, body)))

        if self._is_interrupting():
            raise DurableError(
                f"{self._place}: a write is under way, which this one has interrupted: "
                "write after it"
            )
        try:
            with self._busy:
                state, self._state = self._known_state(), None
                self._state = self._commit(state, version, rows, [octets_of(key) for key in gone])
        except sqlite3.Error as error:
            self._make_room()
            raise DurableError(
                f"{self._place}: the write did not reach the file: {reason_of(error)}"
            ) from error
        if self._notes_writes:
            self._lock.note(self._file, version)

    def has(self, version: int) -> bool:
        """Tell whether the file holds this version: an interrupt may have come after the commit.

        Raises `DurableError` where that cannot be told.
        """
        if not self._is_open or not self._lock.is_ours:
            return False
        if self._is_interrupting():
            raise DurableError(f"{self._place}: a write is under way")
        try:
            with self._busy:
                self._state = None
                return self._known_state().version >= version
        except sqlite3.Error as error:
            raise refusal(self._place, error) from error

    def _is_interrupting(self) -> bool:
        """Tell whether this thread is in the middle of a write already: then a handler asks.

        The lock tells. A flag of our own would stay for good if an interrupt came before it is
        taken back.
        """
        try:
            self._turn.notify()  # nobody waits; it is an error where this thread has not the lock
        except RuntimeError:
            return False
        return True

    def close(self) -> None:
        """Let go of the file. Raises `DurableError` in another process."""
        self.check_owner()
        with self._busy:
            self._is_open = False
            self._end()

    def _prepare(self, notes: str) -> None:
        """Bring the file to this format, and note the schema, in one transaction."""
        database = self._database
        try:
            with database:
                database.execute("BEGIN IMMEDIATE")
                if self._format < FORMAT:
                    upgrade(database, self.cursor_key)
                    self._state = None
                if notes != self._notes or self._format < FORMAT:
                    note(database, "schema", notes)
                if self._state is not None and read_state(database) != self._state:
                    raise DurableError(f"{self._place}: was changed while it was read: try again")
        except StateError as error:
            raise damage(self._place, str(error)) from error
        except sqlite3.Error as error:
            raise refusal(self._place, error) from error
        self._notes = notes
        self._file = read_fact(database, "file")
        if self._format < FORMAT:
            with suppress(OSError):  # it holds a secret now
                self._place.chmod(self._place.stat().st_mode & 0o700)

    def _make_room(self) -> None:
        """Write the log into the file, so that it begins anew: it may not have had room to grow."""
        with suppress(sqlite3.Error):
            self._database.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()

    def _known_state(self) -> State:
        """Return the state of the file; read anew after a write that has failed."""
        if self._state is None:
            if self._database.in_transaction:
                self._database.rollback()
            try:
                self._state = read_state(self._database)
            except StateError as error:
                raise damage(self._place, str(error)) from error
        return self._state

    def _commit(
        self, state: State, version: int, rows: list[tuple[bytes, str, int]], gone: list[bytes]
    ) -> State:
        """Write to the file, in one transaction, and return the state that it then has."""
        if state.version != version - 1:
            raise DurableError(
                f"{self._place}: has {state.version:,} writes and this store {version - 1:,}: "
                "close it, and open it anew"
            )

        with self._database as database:
            database.execute("BEGIN IMMEDIATE")  # so that what is read is of the transaction too
            went: list[int] = []
            if state.size:
                for key in {*gone, *(row[0] for row in rows)}:
                    went += database.execute(_MARK, [key]).fetchone() or ()
            followed = state.followed_by(
                came=[row[2] for row in rows],
                went=went,
                grown=len(rows) - len(went),
            )
            if gone:
                database.executemany("DELETE FROM records WHERE key = ?", [[key] for key in gone])
            database.executemany(_PUT, rows)
            note_state(database, followed)
        return followed


_MARK = "SELECT mark FROM records WHERE key = ?"


def _connected(place: Path, *, survive_power_loss: bool) -> sqlite3.Connection:
    """Return a connection that has the file to itself."""
    try:
        database = sqlite3.connect(
            f"{place.as_uri()}?mode=rw", uri=True, timeout=0, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise refusal(place, error) from error
    try:
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(f"PRAGMA synchronous = {'FULL' if survive_power_loss else 'NORMAL'}")
        database.execute("BEGIN EXCLUSIVE")
        database.commit()
    except sqlite3.Error as error:
        database.close()
        raise refusal(place, error) from error
    return database


def _end(database: sqlite3.Connection, footing: Footing, busy: RLock) -> None:
    """Close a file: when its store is closed, collected, or at the end of the interpreter."""
    if not footing.is_ours:
        return
    if not busy.acquire(timeout=_AT_EXIT):
        return  # what has been committed is in the log
    try:
        footing.end(database)
    finally:
        busy.release()
