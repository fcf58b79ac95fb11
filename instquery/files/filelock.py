"""The lock of a file: whose it is, for as long as a store has it open.

SQLite's own locks do not suffice. POSIX ends them as soon as the process closes any descriptor of
the file, such as that of a copy or a checksum. So there is a file of ours beside it, NAME.lock,
with a lock (`flock`) that belongs to an open file description and not to a process.

Theory of operation
===================

    what happens                        what follows
    ----------------------------------  ---------------------------------------------------------
    another open, here or elsewhere     the lock is held: it is refused
    the owner closes the file           NAME.lock is removed, while it is still held
    ... as another waits to lock it     that one has locked a file without a name: it tries again
    the owner is killed                 the system ends the lock; NAME.lock stays, with a note
    NAME.lock is removed from outside   the owner makes and locks it anew before its next write, or
                                        finds that somebody else has: then it writes no more
    the owner is forked                 the child closes its descriptor and owns nothing. It must
                                        not unlock: the description is the parent's too

The note is the number of the last write that has returned. It is not synchronised with the disk, so
after a loss of power it may be too low; it is never too high. A file with fewer writes than the
note has lost some.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from instquery.files.place import Identity, beside, identity_of
from instquery.files.refusals import DurableError, elsewhere, refusal

if sys.platform == "win32":
    import msvcrt
if sys.platform != "win32":
    import fcntl

__all__ = ["FileLock", "Note"]

_TURNS = 100  # a lock that is removed by its owner each time we have opened it: hardly ever twice
_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
_LENGTH = 62  # of a note: 32 digits of a file, 20 of a number, 8 of a checksum, blanks between

_held: set[int] = set()
"""The descriptors of all locks of this process: a child closes them."""

_generation = [0]
"""How often this process was forked from one that had loaded this module: it tells a child from its
parent where a PID is given again."""


class Note(NamedTuple):
    """That a write has returned."""

    file: str
    """The name that a file gives itself: one that was put in its place has another."""

    version: int


class FileLock:
    """A lock on a file that nobody else can hold, in this process or another.

    Raises `DurableError` if somebody has it.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        self._path = beside(place, ".lock")
        self._owner = os.getpid(), _generation[0]
        self.was_lost = False
        """Whether somebody may have had it meanwhile."""

        self._number = self._acquire()
        self._identity = _identity(self._number)
        note = os.pread(self._number, _LENGTH, 0) if hasattr(os, "pread") else b""

        self.noted = _read(note)
        """The last write that a former owner has told of, unless it has closed the file."""

    @property
    def is_ours(self) -> bool:
        """Whether this process is the one that has taken the lock, and has it still."""
        return self._number >= 0 and self._owner == (os.getpid(), _generation[0])

    def check(self) -> None:
        """Refuse whoever is not the owner. Raises `DurableError`."""
        if not self.is_ours:
            raise DurableError(
                f"{self._place}: is open in process {self._owner[0]} alone: "
                "open it in the process that is to write, after the fork"
            )

    def hold(self) -> None:
        """Make sure that the lock is held by its name too. Raises `DurableError`; costs 2 µs."""
        if identity_of(self._path) == self._identity:
            return

        self.was_lost = True
        former, self._number = self._number, self._acquire()
        self._identity = _identity(self._number)
        _close(former)

    def note(self, file: str, version: int) -> None:
        """Write down that a write has returned. Costs 2 µs."""
        if hasattr(os, "pwrite"):
            text = f"{file} {version:020}".encode()
            with suppress(OSError):  # no room: then there is no note, which nobody relies on
                os.pwrite(self._number, b"%b %08x" % (text, crc32(text)), 0)

    def release(self, *, keep_note: bool = False) -> None:
        """Unlock the file, and remove the lock unless its note is to be kept."""
        if not self.is_ours:
            return

        number, self._number = self._number, -1
        is_there = identity_of(self._path) == self._identity
        if is_there and not (keep_note and self.noted is not None):
            with suppress(OSError):  # Windows removes no open file
                self._path.unlink()
        _unlock(number)
        _close(number)

    def _acquire(self) -> int:
        """Return the descriptor of the lock, locked."""
        for _ in range(_TURNS):
            try:
                number = os.open(self._path, _FLAGS, 0o600)
            except OSError as error:
                raise refusal(self._path, error) from error
            _held.add(number)
            try:
                is_free = _lock(number)
            except OSError as error:
                _close(number)
                raise refusal(self._path, error) from error

            if is_free and identity_of(self._path) == _identity(number):
                return number
            _close(number)
            if not is_free:
                break
        raise elsewhere(self._place)


def _read(octets: bytes) -> Note | None:
    """Return a note; `None` for what is none, or is damaged."""
    text, _, checksum = octets.rpartition(b" ")
    if len(octets) != _LENGTH or checksum != b"%08x" % crc32(text):
        return None
    file, _, version = text.decode().partition(" ")
    return Note(file, int(version))


def _identity(number: int) -> Identity:
    found = os.fstat(number)
    return found.st_dev, found.st_ino


def _lock(number: int) -> bool:
    """Lock an open file, and tell whether it was free."""
    try:
        if sys.platform == "win32":
            os.lseek(number, _LENGTH, os.SEEK_SET)
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _unlock(number: int) -> None:
    """Unlock an open file, even where a process that is just being started has it open too."""
    if sys.platform == "win32":
        os.lseek(number, _LENGTH, os.SEEK_SET)
        msvcrt.locking(number, msvcrt.LK_UNLCK, 1)
    else:
        fcntl.flock(number, fcntl.LOCK_UN)


def _close(number: int) -> None:
    _held.discard(number)  # first: a child that is forked now must not close another file
    os.close(number)


def _leave_to_parent() -> None:
    """Let go of the locks of the process that this one was forked from."""
    _generation[0] += 1
    for number in list(_held):
        with suppress(OSError):
            os.close(number)
    _held.clear()


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing is forked
    os.register_at_fork(after_in_child=_leave_to_parent)
