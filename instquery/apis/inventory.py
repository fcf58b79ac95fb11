"""Read inventories: JSON lines, a JSON array, or saved replies of the real API."""

import codecs
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from instquery.errors import InstqueryError, RecordError, SchemaError
from instquery.options import check_callable, check_flag, check_kind, told
from instquery.query import Record
from instquery.schema import Schema

__all__ = ["BadRecord", "Inventory", "InventoryError", "Reader"]

Source = str | PathLike[str] | IO[str] | IO[bytes]

Watch = Callable[[list[Any]], Iterable[Any]]

_SHOWN = 20


class BadRecord(NamedTuple):
    """One record that was refused.

    `unit` says what `number` counts from 1: lines or records.
    """

    unit: str
    number: int
    field: str | None
    reason: str

    def __str__(self) -> str:
        return f"{self.unit} {self.number}: {f'{self.field}: ' if self.field else ''}{self.reason}"


class InventoryError(RecordError):
    """An inventory with bad records: the first of them, and how many there are."""

    code = "record.inventory"

    def __init__(self, bad: tuple[BadRecord, ...], count: int) -> None:
        more = f"\n… and {count - len(bad)} more" if count > len(bad) else ""
        super().__init__("\n".join(map(str, bad)) + more)
        self.bad = bad
        self.count = count


@dataclass(frozen=True, slots=True)
class Inventory:
    """The good records, the first of the bad ones, and the number of bad ones.

    Attributes:
        torn: why the text may be a part of what was meant, as after a copy that has ended early: it
            is blank, or some of it is no JSON. `None` where it was read whole. What is empty and
            meant so is written as `[]`.

    """

    records: list[Record]
    bad: tuple[BadRecord, ...]
    bad_count: int
    torn: str | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the records of one API.

    `path` names the members that lead to the list in a reply of the API. Raises `SchemaError` for a
    path that is no tuple of names.
    """

    schema: Schema
    path: tuple[str, ...]

    def __post_init__(self) -> None:
        check_kind("schema", self.schema, Schema, "a Schema", SchemaError)
        if not isinstance(self.path, tuple) or not all(isinstance(name, str) for name in self.path):
            raise SchemaError(
                f"must be a tuple of names, such as ('Data',), not {self.path!r}", field="path"
            )

    def __call__(self, source: Source, *, skip_bad: bool = False) -> list[Record]:
        """Return the records of a path, of a file object, or of standard input (`-`).

        Takes JSON lines, a JSON array, or replies of the API as they were saved, one or many; UTF-8
        with or without a byte order mark. Each record is checked against the schema. Raises
        `InventoryError` that lists bad records by line and field, unless `skip_bad`; `OSError`
        where there is nothing to read.
        """
        check_flag("skip_bad", skip_bad)
        inventory = self.load(source)
        if inventory.bad and not skip_bad:
            raise InventoryError(inventory.bad, inventory.bad_count)
        return inventory.records

    def load(self, source: Source, watch: Watch = iter) -> Inventory:
        """Read all there is, good and bad.

        `watch` is handed the lines and hands them on, to show progress.
        """
        check_callable("watch", watch, "the lines that it is handed")
        records: list[Record] = []
        bad: list[BadRecord] = []
        count = 0
        torn: str | None = None
        lines = _fetch(source).removeprefix(codecs.BOM_UTF8).split(b"\n")
        for unit, number, value in self._values(lines, watch):
            fault = value if isinstance(value, _Unreadable) else self._keep(value, records)
            if fault is not None:
                count += 1
                if isinstance(fault, _Unreadable):
                    torn = f"{unit} {number} {fault.reason}"
                if count <= _SHOWN:
                    bad.append(BadRecord(unit, number, fault.field, fault.reason))
        if not any(map(bytes.strip, lines)):
            torn = "there is nothing in it: write [] for no records"
        return Inventory(records, tuple(bad), count, torn)

    def _values(self, lines: list[bytes], watch: Watch) -> Iterator[tuple[str, int, Any]]:
        """Yield each record, or what stands in its place, with its line or number."""
        first = next(filter(bytes.strip, lines), b"")
        documents = None if _is_object(first) else list(_parse(b"\n".join(lines)))
        if documents and isinstance(documents[-1], _Unreadable) and any(map(_is_object, lines)):
            documents = None  # lines after all, the first of them broken
        if documents is not None:
            values = (value for document in watch(documents) for value in self._unwrap(document))
            yield from (("record", number, value) for number, value in enumerate(values, 1))
            return
        for number, line in enumerate(watch(lines), 1):
            for document in _parse(line):
                yield from (("line", number, value) for value in self._unwrap(document))

    def _unwrap(self, document: Any) -> list[Any]:
        """List the records of a parsed document: an array, a reply, or one record."""
        if isinstance(document, dict) and self.schema.key not in document:
            found = cast(object, document)
            for name in self.path:
                found = cast(Record, found).get(name) if isinstance(found, dict) else None
            if isinstance(found, list):
                return cast(list[object], found)
        return cast(list[object], document) if isinstance(document, list) else [document]

    def _keep(self, value: Any, records: list[Record]) -> RecordError | None:
        """Check a record and keep it, or say what is wrong with it."""
        try:
            records.append(self.schema.take(value).row)
        except RecordError as error:
            return error
        return None


class _Unreadable(NamedTuple):
    """What stands in the place of a value that is not JSON."""

    reason: str
    field: None = None


def _fetch(source: Source) -> bytes:
    """Return all bytes of a source."""
    if source == "-":
        return sys.stdin.buffer.read()
    if isinstance(source, str | PathLike):
        try:
            return Path(source).read_bytes()
        except ValueError as error:  # a NUL, or half of a surrogate pair
            raise InstqueryError(f"a source must be a path that can be: {error}") from None
    if not callable(getattr(source, "read", None)):
        given = told(source)
        raise InstqueryError(
            f"a source must be a path, a file object or - (standard input), not {given}"
        )
    try:
        data = source.read()
    except UnicodeDecodeError as error:
        raise RecordError(
            f"the file is not {error.encoding}: {error.reason} at byte {error.start + 1}"
        ) from None
    check_kind("what a file object reads", data, (str, bytes, bytearray), "text or bytes")
    return data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data


def _is_object(line: bytes) -> bool:
    """Tell whether a line looks like an object of its own."""
    return line[:1] == b"{" and line.rstrip()[-1:] == b"}"


def _parse(data: bytes) -> Iterator[Any]:
    """Yield the JSON documents of `data`, and at the end what is wrong, if anything."""
    try:
        text = data.decode("utf-8")
        at = _skip_blanks(text, 0)
        while at < len(text):
            document, at = _DECODER.raw_decode(text, at)
            yield document
            at = _skip_blanks(text, at)
    except UnicodeDecodeError as error:
        yield _Unreadable(f"is not UTF-8: byte {error.start + 1}")
    except json.JSONDecodeError as error:
        line = f"line {error.lineno} " if b"\n" in data else ""
        yield _Unreadable(f"is not JSON: {error.msg} at {line}column {error.colno}")
    except RecursionError:
        yield _Unreadable("is nested too deeply")
    except ValueError as error:  # from the hooks below, or a number of too many digits
        yield _Unreadable(f"is not usable JSON: {error}")


def _skip_blanks(text: str, at: int) -> int:
    """Return where the next document begins."""
    found = _BLANKS.match(text, at)
    return found.end() if found else at


def _members(pairs: list[tuple[str, Any]]) -> Record:
    """Make an object of its members; a name given twice is an error.

    JSON readers would silently drop one of the two.
    """
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the member {Counter(names).most_common(1)[0][0]} is given twice")
    return members


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number of JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_refuse_constant)
_BLANKS = re.compile(r"[ \t\r\n]*")
