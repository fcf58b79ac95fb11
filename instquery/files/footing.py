"""The footing of an open file: whether it is still the file that its store has opened."""

import ctypes
import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from time import time_ns
from typing import TypeAlias

from instquery.files.filelock import FileLock
from instquery.files.place import Identity, beside, identity_of
from instquery.files.refusals import DurableError

__all__ = ["Footing", "keep_for_ever"]

_Look: TypeAlias = tuple[int, int, int]

# Nanoseconds. Two changes of a folder may have one time, if that is coarse: 2 s on FAT.
_SETTLED = 3_000_000_000


class Footing:
    """What must stay as it is while a file is open: its lock, itself, and its log.

    To look at the three costs 20 µs, with what it does to the processor's caches. That is nothing
    beside a wait for the disk. A store that spares the wait has it `is_brief`: it looks at the
    folder alone, as nothing in it is moved, replaced or removed without changing its time.
    """

    def __init__(self, place: Path, lock: FileLock, *, is_brief: bool) -> None:
        self._place = place
        self._lock = lock
        # As text: made once, not with each write.
        self._paths = str(place), str(beside(place, "-wal"))
        self._identities = self._found()
        self._folder = str(place.parent)
        self._is_brief = is_brief
        self._seen: _Look | None = None  # at the folder, when all was last in order

    @property
    def is_ours(self) -> bool:
        """Whether this process has the lock."""
        return self._lock.is_ours

    def check(self) -> None:
        """Refuse where anything has changed. Raises `DurableError`; costs 7 µs."""
        self._lock.check()
        look = self._look() if self._is_brief else None
        if look is not None and look == self._seen:
            return

        self._lock.hold()
        if self._found() != self._identities:
            log = Path(self._paths[1]).name
            raise DurableError(
                f"{self._place}: the file, or its {log}, was moved, replaced or removed while it "
                "was open: nothing was written; put it back, or save what is in memory by backup()"
            )

        is_settled = look is not None and time_ns() - look[2] > _SETTLED
        self._seen = look if is_settled else None

    def end(self, database: sqlite3.Connection) -> None:
        """Close the file, wherever it is now, and unlock it."""
        with suppress(DurableError):
            self._lock.hold()
        place, log = self._found()
        is_moved = place != self._identities[0]
        has_log = log == self._identities[1]
        if self._lock.was_lost and not is_moved and not has_log:
            # Somebody else has opened and closed it. To close it now would undo what they wrote.
            self._lock.release()
            return

        if is_moved and not self._lock.was_lost:
            # SQLite leaves the log of a file that was moved. Without it, the file would lack its
            # last writes, and another one at its place would be given them.
            with suppress(sqlite3.Error):
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                if has_log:
                    Path(self._paths[1]).unlink(missing_ok=True)
        database.close()
        let_go(database)
        self._lock.release()

    def _found(self) -> list[Identity | None]:
        return [identity_of(path) for path in self._paths]

    def _look(self) -> "_Look | None":
        """Return what changes with whatever is moved, replaced or removed in the folder."""
        try:
            found = os.stat(self._folder)  # noqa: PTH116 - with each write
        except OSError:
            return None
        return found.st_dev, found.st_ino, found.st_mtime_ns


def keep_for_ever(database: sqlite3.Connection) -> None:
    """Give a connection a reference that nobody holds, so that nothing closes it by itself."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(database))


def let_go(database: sqlite3.Connection) -> None:
    """Take that reference back."""
    ctypes.pythonapi.Py_DecRef(ctypes.py_object(database))
