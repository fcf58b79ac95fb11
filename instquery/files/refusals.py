"""What is said where a file cannot be used: the culprit and the cure, from what the system says."""

import errno
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from instquery.errors import InstqueryError

__all__ = ["DurableError", "damage", "elsewhere", "reason_of", "refusal"]


class DurableError(InstqueryError):
    """A file that cannot be used as a durable store, or a write that did not reach it."""

    code = "store.file"


_NO_ROOM = "there is no room on the disk: make room and try again"
_NO_RIGHT = (
    "cannot be written to: this process needs the right to write to the file, and to its folder, "
    "as more files are kept beside it"
)

_BY_ERRNO: Mapping[int, str] = {
    errno.ENOENT: "its folder does not exist: make it first",
    errno.ENOTDIR: "its folder is a file: name another",
    errno.EISDIR: "is a folder: name a file in it",
    errno.EACCES: _NO_RIGHT,
    errno.EPERM: _NO_RIGHT,
    errno.EROFS: "its file system is read-only: open a copy of it elsewhere",
    errno.ENOSPC: _NO_ROOM,
    errno.EDQUOT: _NO_ROOM,
    errno.EFBIG: "a limit on the size of files is reached: see ulimit -f",
    errno.ENAMETOOLONG: "its name is too long, also with .lock behind it: take a shorter one",
    errno.ELOOP: "is a link that cannot be followed: name a file",
    errno.EMFILE: "this process has too many open files: see ulimit -n",
    errno.ENOLCK: "its file system has no locks: keep it on a local disk",
    errno.EOPNOTSUPP: "its file system lacks what a durable store needs: keep it on a local disk",
}

_BY_SQLITE: Mapping[str, str] = {
    "FULL": _NO_ROOM,
    "READONLY": _NO_RIGHT,
    "CANTOPEN": _NO_RIGHT,
    "PERM": _NO_RIGHT,
    "IOERR": "the disk refuses: see that there is room, and no limit on the size of files",
    "NOMEM": "there is no memory left",
    "NOTADB": "is no durable store, or is damaged",
}
"""By the first word of the name of SQLite's error."""


def reason_of(error: OSError | sqlite3.Error) -> str:
    """Return what is wrong, and the cure, as far as an error of the system tells it."""
    if isinstance(error, OSError):
        known = _BY_ERRNO.get(error.errno or 0)
        return known or f"cannot be used: {error.strerror or error}"

    word = _word(error)
    if word in ("BUSY", "LOCKED"):
        return "is open elsewhere: close it there"
    return f"{_BY_SQLITE.get(word, 'is damaged')}: {error}"


def refusal(place: Path, error: OSError | sqlite3.Error) -> DurableError:
    """Return the error of this package for one of the system, about a file."""
    return DurableError(f"{place}: {reason_of(error)}")


def damage(place: Path, what: str) -> DurableError:
    """Return the error about a file that is not as it was written."""
    return DurableError(
        f"{place}: is damaged: {what}; it is left as it is: put a backup in its place"
    )


def elsewhere(place: Path) -> DurableError:
    """Return the error about a file that somebody else has."""
    return DurableError(
        f"{place}: is open elsewhere, in this process or another: close it there first"
    )


def _word(error: sqlite3.Error) -> str:
    """Return the first word of the name of SQLite's error, such as IOERR."""
    name: str = getattr(error, "sqlite_errorname", None) or ""
    return name.removeprefix("SQLITE_").partition("_")[0]
