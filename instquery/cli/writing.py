"""Records written as plain JSON: in a form that is read as the same records, or not at all.

JSON has no form for times, sets, bytes and some more of what a record may hold. A time of a field
of times is written as ISO 8601 text, which the field takes for the same instant. It is counted, as
the record is then not the same. Whatever else JSON cannot tell is refused by name.
"""

import json
import os
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, cast

from instquery.cli.show import plain
from instquery.contents import is_same
from instquery.errors import RecordError
from instquery.query import Record
from instquery.schema import Read, Schema

__all__ = ["JsonForm", "whole_file", "write_lines"]

_LONGEST = 200
"""Bytes of a file's name that its part is named by; a name has at most 255."""


class JsonForm:
    """The records of a schema in the form that JSON has for them.

    Attributes:
        times: how many times have been written as text so far.

    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._instants = {
            name: schema.read(name)
            for name, field in schema.fields.items()
            if field.kind.is_instant
        }
        self.times = 0

    def line(self, record: Record) -> str:
        """Return a record as one line of JSON.

        Raises:
            RecordError: that names the record and the member that JSON has no form for.

        """
        told = self.told(record)
        line = _json(told)
        if line is None:
            odd = next(name for name, value in told.items() if _json({name: value}) is None)
            raise RecordError(
                f"plain JSON has no form for {plain(odd)} of {plain(self._schema.key_of(record))}, "
                f"{_kind_of(told[odd])}: copy to *.db or to a database instead"
            )
        self.times += sum(told[name] is not record[name] for name in self._instants if name in told)
        return line

    def told(self, record: Record) -> Record:
        """Return a record as it is read again: the times of its fields as text."""
        made = {
            name: _as_text(value, self._instants[name])
            for name, value in record.items()
            if name in self._instants and isinstance(value, date)  # as a datetime is one too
        }
        return {**record, **made} if made else record


def write_lines(path: Path, lines: Iterable[str], *, as_array: bool = False) -> None:
    """Write a new file of JSON lines, or of an array with a record on each line."""
    before, between, after = ("[\n", ",\n", "\n]\n") if as_array else ("", "\n", "\n")
    is_empty = True
    with path.open("x", encoding="utf-8", newline="\n") as file:
        for line in lines:
            file.write((before if is_empty else between) + line)
            is_empty = False
        # A file without anything could as well be a copy that failed.
        file.write("[]\n" if is_empty else after)


@contextmanager
def whole_file(path: Path) -> Generator[Path]:
    """Hand out the name under which a file is written; it takes its place in the end.

    Nothing is left of one that was not finished, and what stood in its place stays.
    """
    place = Path(os.path.realpath(path))  # a link goes on pointing to the file
    cut = os.fsdecode(os.fsencode(place.name)[:_LONGEST])  # with what follows it has to be a name
    part = place.with_name(f"{cut}.{os.getpid()}.part")
    try:
        yield part
        part.replace(place)
    except OSError as error:
        if error.filename in (None, str(part)):  # which nobody has named
            error.filename, error.filename2 = str(path), None
        raise
    finally:
        part.unlink(missing_ok=True)


def _as_text(value: date, read: Read) -> Any:
    """Return a time as text, where that is read as the same instant."""
    text = value.isoformat()
    return text if read(text) == read(value) else value


def _json(record: Mapping[str, Any]) -> str | None:
    """Write a record as JSON in UTF-8; `None` where it would not be read as the same."""
    try:
        line = json.dumps(record, ensure_ascii=False, allow_nan=False)
        if not _is_utf8(line):  # half of a surrogate pair has an escape alone
            line = json.dumps(record)
        return line if is_same(record, json.loads(line)) else None
    except (TypeError, ValueError, RecursionError):
        return None


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _kind_of(value: Any) -> str:
    """Name the kind of value that JSON has no form for; of a container, that of its item."""
    kind = type(cast(object, value))
    items: list[object] = []
    if kind is dict:
        items = list(cast(dict[str, object], value).values())
    elif kind is list:
        items = value

    for item in items:
        if _json({"": item}) is None:
            return f"{_kind_of(item)} in it"
    if kind is str:
        return "two halves of a surrogate pair side by side"
    return f"of type {kind.__name__}"
