"""The place of a file: which file a path means, whether it is still there, how one is put there."""

import os
import re
import stat
from contextlib import suppress
from errno import EACCES
from pathlib import Path
from secrets import token_hex
from typing import TypeAlias

from instquery.files.refusals import DurableError, refusal
from instquery.options import told

__all__ = [
    "Identity",
    "beside",
    "check_rights",
    "draft_of",
    "identity_of",
    "place_of",
    "publish",
    "refuse_leftovers",
    "refuse_other_names",
    "remove",
]

Identity: TypeAlias = tuple[int, int]
"""Device and inode: what tells a file from another one of its name."""

_BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a file."""


def place_of(path: object) -> Path:
    """Return the real path of a regular file, or of one that can be made.

    Links are followed, so that one file has one place, and a later `chdir` changes nothing. Raises
    `DurableError` for anything else, with the cure.
    """
    given = _path(path)
    place = Path(os.path.realpath(given))
    try:
        found = place.stat()
    except FileNotFoundError:
        if given.is_symlink():
            raise DurableError(
                f"{given}: is a link to {place}, which does not exist: make that, or remove "
                "the link"
            ) from None
        if not place.parent.exists():
            raise DurableError(
                f"{place}: its folder does not exist: make {place.parent} first"
            ) from None
        return place
    except OSError as error:
        raise refusal(place, error) from error

    if stat.S_ISDIR(found.st_mode):
        raise DurableError(f"{place}: is a folder: name a file in it")
    if not stat.S_ISREG(found.st_mode):
        raise DurableError(f"{place}: is no regular file: name another")
    return place


def _path(path: object) -> Path:
    """Return what is given as a path, if it can name a file."""
    try:
        given = Path(path)  # type: ignore[arg-type]  # anything else is a TypeError
        os.fsencode(given)
    except (TypeError, ValueError) as error:
        raise DurableError(f"path must be text or a PathLike, not {told(path)}: {error}") from None
    if "\0" in str(given):
        raise DurableError("path must name a file: no name holds a NUL")
    if path == "":
        raise DurableError("path must name a file: it is empty")
    if given.name == ":memory:":
        raise DurableError("path must name a file: for a store in memory alone take Store(schema)")
    if str(given).startswith("file:"):
        raise DurableError(f"{given}: is a URI: give the path alone, without file: and options")
    return given


def beside(place: Path, ending: str) -> Path:
    """Return the path of a file that is kept beside another."""
    return place.with_name(place.name + ending)


def identity_of(place: Path | str) -> Identity | None:
    """Return which file there is at a place; `None` where there is none. Costs 2 µs."""
    try:
        found = os.stat(place)  # noqa: PTH116 - with each write: half the cost of Path.stat
    except OSError:
        return None
    return found.st_dev, found.st_ino


def draft_of(place: Path) -> Path:
    """Return a name beside a place that nobody else has, in no other process either."""
    return beside(place, f".{token_hex(8)}.new")


def publish(draft: Path, place: Path) -> None:
    """Put a whole file in its place, where there must be none. Raises `FileExistsError`.

    It is there for good when this returns: file and folder are synchronised with the disk.
    """
    _synchronise(draft)
    try:
        os.link(draft, place)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(place):
            raise FileExistsError(str(place)) from None
        draft.rename(place)
    else:
        draft.unlink()
    _synchronise(place.parent)


def _synchronise(place: Path) -> None:
    """Wait until the disk has a file, or the names in a folder."""
    if os.name == "nt" and place.is_dir():  # which Windows cannot open
        return
    number = os.open(place, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def remove(place: Path) -> None:
    """Remove a file and what SQLite keeps beside it, as far as it is there."""
    for ending in ("", *_BESIDE):
        with suppress(OSError):
            beside(place, ending).unlink()


def check_rights(place: Path) -> None:
    """Refuse a file that this process may not read and write; it is not opened for that."""
    is_effective = os.access in os.supports_effective_ids
    if not os.access(place, os.R_OK | os.W_OK, effective_ids=is_effective):
        raise refusal(place, PermissionError(EACCES, "no right"))


def refuse_leftovers(place: Path) -> None:
    """Refuse to make a file where writes of another one of its name are left.

    SQLite would take them for its own.
    """
    for ending in ("-wal", "-journal"):
        left = beside(place, ending)
        if left.exists() and left.stat().st_size:
            raise DurableError(
                f"{place}: is not there, but {left.name} is, with the last writes of a file of "
                f"this name: put that file back, or remove {left.name}"
            )


def refuse_other_names(place: Path) -> None:
    """Refuse a file that has several names: the last writes may be kept beside another one.

    A draft that was left by a process that ended while it made the file is removed: it is a name
    of the same file.
    """
    is_draft = re.compile(re.escape(place.name) + r"\.[0-9a-f]{16}\.new").fullmatch
    if place.stat().st_nlink == 1:
        return

    for other in place.parent.iterdir():
        if is_draft(other.name) and identity_of(other) == identity_of(place):
            other.unlink(missing_ok=True)
    if place.stat().st_nlink > 1:
        raise DurableError(
            f"{place}: has another name (a hard link), and the last writes may be kept beside "
            "that: remove the other name, or open a copy"
        )
