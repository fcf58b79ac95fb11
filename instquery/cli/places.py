"""Places that hold inventories, or are to hold one: told apart by name, before any is opened.

| name | is |
| --- | --- |
| `-` | standard input, or JSON lines to standard output |
| a URL with `://` | a table of a database |
| `*.db` | a durable store |
| `*.jsonl`, `*.ndjson` | JSON lines |
| `*.json` | a JSON array |

What is read may have any other name as well: its content says whether it can be used. What is
written may not, as it would be JSON under the name of something else.
"""

import os
import re
from dataclasses import dataclass
from errno import ENOENT
from pathlib import Path
from typing import Literal

from instquery.cli.show import plain
from instquery.errors import InstqueryError

__all__ = [
    "Form",
    "Place",
    "PlaceError",
    "check_apart",
    "file_target_of",
    "folder_error",
    "masked",
    "source_of",
    "target_of",
]

Form = Literal["stream", "file", "array", "durable", "database"]

_ENDINGS: dict[str, Form] = {
    ".jsonl": "file",
    ".ndjson": "file",
    ".json": "array",
    ".db": "durable",
}

_JSON_NAMES = "*.jsonl or *.ndjson (JSON lines), *.json (a JSON array)"
_OUTPUT = "- (JSON lines to standard output)"
_MISSING = os.strerror(ENOENT)
_PASSWORD = re.compile(r"(\w:/{0,2}[^/@:\s]*):\S*@")
_SECRET = re.compile(r"([?&][^=&\s]*(?:password|passwd|pwd|secret|token)[^=&\s]*=)[^&\s]*", re.I)
_NO_URL = re.compile(r"(?:sqlite|postgres(?:ql)?|clickhouse\w*|mysql|mariadb|oracle)(?:\+\w+)?:")
_SQLITE = re.compile(r"sqlite(?:\+\w+)?:///([^?]+)")


class PlaceError(InstqueryError):
    """What the database of a place refuses, in its own words; it may take it at the next try."""

    code = "option.invalid"


@dataclass(frozen=True, slots=True)
class Place:
    """A place by its name, as it was typed."""

    name: str
    form: Form

    @property
    def shown(self) -> str:
        """The name as it may be printed: without a password, and without control characters."""
        return plain(masked(self.name))

    @property
    def path(self) -> Path | None:
        """The file that is meant, also by the URL of SQLite; `None` where there is none."""
        if self.form == "stream":
            return None
        if self.form != "database":
            return Path(self.name)
        found = _SQLITE.match(self.name)
        is_file = found is not None and not found[1].startswith((":memory:", "file:"))
        return Path(found[1]) if found is not None and is_file else None

    def is_there(self) -> bool:
        """Tell whether the file is there; true where none is meant."""
        return self.path is None or os.path.lexists(self.path)


def folder_error(place: Place) -> InstqueryError:
    """Return the error for a folder where a file is meant."""
    return InstqueryError(f"{place.shown}: is a folder: name a file in it")


def masked(text: str) -> str:
    """Return a text without the passwords of URLs in it.

    >>> masked("postgresql://user:secret@host/inventory")
    'postgresql://user:***@host/inventory'
    >>> masked("postgresql://host/inventory?password=secret&sslmode=require")
    'postgresql://host/inventory?password=***&sslmode=require'
    """
    return _SECRET.sub(r"\1***", _PASSWORD.sub(r"\1:***@", text))


def source_of(name: str) -> Place:
    """Return the place that is read; a file may have any name.

    Raises:
        InstqueryError: for a durable store that is not there. Opening it would make it.

    """
    form = _form_of(name) or "file"
    place = Place(name, "file" if form == "array" else form)
    _check_name(place)
    if place.form == "durable" and not place.is_there():
        raise InstqueryError(f"{place.shown}: {_MISSING}")
    return place


def target_of(name: str) -> Place:
    """Return the place that is written. Nothing is touched.

    Raises:
        InstqueryError: for a name that stands for no form of ours, for a folder, and for a file
            whose folder is not there.

    """
    others = f"*.db (a durable store), a database's URL, or {_OUTPUT}"
    return _target(name, f"{_JSON_NAMES}, {others}")


def file_target_of(name: str) -> Place:
    """Return the file of JSON that is written, or standard output; raises as `target_of` does."""
    place = _target(name, f"{_JSON_NAMES} or {_OUTPUT}")
    if place.form in ("durable", "database"):
        raise InstqueryError(
            f"{place.shown}: only JSON is written here: name {_JSON_NAMES}, then instquery copy "
            "moves the records"
        )
    return place


def check_apart(source: Place, target: Place) -> None:
    """Refuse to read and write one and the same place, by whatever name.

    Raises:
        InstqueryError: that names both.

    """
    ours, theirs = source.path, target.path
    is_same = source.form == target.form == "database" and source.name == target.name
    if ours is not None and theirs is not None:
        is_same = os.path.realpath(ours) == os.path.realpath(theirs)
        if not is_same and ours.exists() and theirs.exists():  # by another name, a hard link
            is_same = ours.samefile(theirs)
    if is_same:
        raise InstqueryError(f"{target.shown}: source and target are the same: name another target")


def _target(name: str, forms: str) -> Place:
    form = _form_of(name)
    place = Place(name, form or "file")
    _check_name(place)
    path = place.path
    if path is not None and (path.is_dir() or os.fspath(name).endswith(os.sep)):
        raise folder_error(place)
    if path is not None and not path.parent.is_dir():
        folder = plain(path.parent)
        raise InstqueryError(f"{place.shown}: {_MISSING}: make {folder} first")
    if path is not None and path.exists() and not path.is_file():
        # A pipe would be replaced by a file, and whoever reads it would wait.
        raise InstqueryError(
            f"{place.shown}: is no regular file: name another, or redirect - to it"
        )
    if form is None:
        raise InstqueryError(
            f"{place.shown}: its name stands for no form that can be written: name {forms}"
        )
    return place


def _form_of(name: str) -> Form | None:
    """Return what a name stands for; `None` for a file of no known ending."""
    if name == "-":
        return "stream"
    if "://" in name:
        return "database"
    last = Path(name).name.lower()
    return next((form for ending, form in _ENDINGS.items() if last.endswith(ending)), None)


def _check_name(place: Place) -> None:
    """Refuse a name that no file can have."""
    if not place.name:
        raise InstqueryError("a place must have a name, not an empty one")
    if "\0" in place.name:
        raise InstqueryError(f"{place.shown}: no file can have a null character in its name")
    if place.form != "database" and _NO_URL.match(place.name):
        raise InstqueryError(
            f"{place.shown}: a database's URL has :// in it, such as sqlite:///inventory.sqlite"
        )
