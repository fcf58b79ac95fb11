"""Read inventories: JSON lines, a JSON array, or saved replies of the real API."""

import codecs
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from dataclasses import field as attribute
from os import PathLike
from pathlib import Path
from types import NoneType
from typing import IO, Any, NamedTuple, cast

from instquery.apis.documents import Unreadable, Watch, documents, other_encoding
from instquery.apis.recognition import Members, foreign_record, foreign_reply, make_known
from instquery.apis.replies import Answers, Failures, Replies
from instquery.apis.taking import Taking
from instquery.errors import InstqueryError, RecordError, SchemaError
from instquery.instants import MICROS, Unit
from instquery.options import check_callable, check_flag, check_kind, told
from instquery.query import Record
from instquery.schema import Schema

__all__ = [
    "BadRecord",
    "Inventory",
    "InventoryError",
    "Reader",
    "fault_of_all",
    "standard_input",
]

Source = str | PathLike[str] | IO[str] | IO[bytes]

_SHOWN = 20

_EMPTY = (
    "the file is empty, and there is no record in it: save a reply of the API to it, "
    "or [] for an inventory without records"
)


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
    """Reads the records of one API. `Reader.of` makes one of an operation.

    Args:
        schema: what a record holds.
        path: the members that lead to the list in a reply of the API.
        integers: what an integer counts where a time is wanted: `"seconds"`, `"milliseconds"` or
            `"microseconds"`. Without it such an integer is refused, unless the field says its unit.
        name: the API's name in the catalog. Readers with a name recognise each other's records.
        failures: where a reply says why it has no records.
        members: paths to members within members, with dots, beside those of the schema. They are
            recognised as SDKs spell them.

    Raises:
        SchemaError: for a path that is no tuple of names, and an unknown unit.

    """

    schema: Schema
    path: tuple[str, ...]
    integers: Unit | None = None
    name: str | None = None
    failures: Failures = attribute(default_factory=Failures)
    members: tuple[str, ...] = ()
    _members: Members = attribute(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_kind("schema", self.schema, Schema, "a Schema", SchemaError)
        if not isinstance(self.path, tuple) or not all(isinstance(name, str) for name in self.path):
            raise SchemaError(
                f"must be a tuple of names, such as ('Data',), not {self.path!r}", field="path"
            )
        _check_unit(self.integers, SchemaError)
        check_kind("name", self.name, (str, NoneType), "the API's name", SchemaError)
        check_kind("failures", self.failures, Failures, "Failures(…)", SchemaError)

        key = self.schema.key
        keys = frozenset({key, *self.schema.fields[key].aliases})
        members = Members.of(self.schema, Replies(self.path, keys, self.failures), self.members)
        object.__setattr__(self, "_members", members)
        if self.name is not None:
            make_known(self.name, members)

    @classmethod
    def of(
        cls,
        operation: Answers,
        path: tuple[str, ...],
        *,
        integers: Unit | None = None,
        name: str | None = None,
    ) -> "Reader":
        """Make a reader of the records that an operation answers with.

        Its failures are recognised by the operation's envelope and error table.
        """
        failures, members = Failures.of(operation), operation.envelope.members
        return cls(operation.schema, path, integers, name, failures, members)

    def __call__(
        self, source: Source, *, skip_bad: bool = False, integers: Unit | None = None
    ) -> list[Record]:
        """Return the records of a path, of a file object, or of standard input (`-`).

        Takes JSON lines, JSON arrays, and replies of the API as they were saved, one or many, in
        any mixture; UTF-8 with or without a byte order mark. Each record is checked against the
        schema. A time that is `""` is no time. An integer is handed back as the text of its time.

        Args:
            source: what is read. A path or `-` without anything in it is an error: `[]` is an
                inventory without records.
            skip_bad: return the good records, whatever the others are.
            integers: for this file, what is said under `Reader`.

        Raises:
            InventoryError: that lists bad records by line and field, unless `skip_bad`; and for a
                file in another encoding.
            OSError: where there is nothing to read.

        """
        check_flag("skip_bad", skip_bad)
        inventory = self.load(source, integers=integers)
        if inventory.bad and not skip_bad:
            raise InventoryError(inventory.bad, inventory.bad_count)
        return inventory.records

    def load(
        self, source: Source, watch: Watch = iter, *, integers: Unit | None = None
    ) -> Inventory:
        """Read all there is, good and bad.

        `watch` is handed the lines and hands them on, to show progress. Costs 10 µs for a record of
        15 fields.
        """
        check_callable("watch", watch, "the lines that it is handed")
        _check_unit(integers, InstqueryError)
        taking = Taking(self.schema, integers or self.integers)
        records: list[Record] = []
        faults = _Faults()
        torn: str | None = None
        lines = _lines(source)
        for unit, number, value in self._values(lines, watch):
            if isinstance(value, Unreadable):
                fault: Unreadable | None = value
                torn = f"{unit} {number} {value.reason}"
            else:
                fault = self._keep(value, taking, records)
            if fault is not None:
                faults.add(unit, number, fault)

        if not any(map(bytes.strip, lines)):
            torn = "there is nothing in it: write [] for no records"
        return Inventory(records, tuple(faults.told), faults.count, torn)

    def _values(self, lines: list[bytes], watch: Watch) -> Iterator[tuple[str, int, Any]]:
        """Yield each record, or what stands in its place, with its line or number."""
        number = 0
        for document in documents(lines, watch):
            # The line says little of an item of an array, which may be all that the file holds.
            held = document.value
            is_line = document.is_single and (number > 0 or not _is_list(held))
            values: Iterable[Any] = (held,)
            if not isinstance(held, Unreadable):
                values = self._members.replies.values(held, self._foreign_reply)

            for value in values:
                number += 1
                yield ("line", document.line, value) if is_line else ("record", number, value)

    def _keep(self, value: Any, taking: Taking, records: list[Record]) -> Unreadable | None:
        """Check a record and keep it, or say what is wrong with it."""
        record = value
        if isinstance(value, dict) and self._members.replies.keys.isdisjoint(cast(Record, value)):
            foreign = foreign_record(value, self._members, self.name)
            if foreign is not None:
                return foreign
            record = self._members.respelled(cast(Record, value))

        try:
            records.append(taking.take(record))
        except RecordError as error:
            foreign = foreign_record(value, self._members, self.name)
            return foreign or Unreadable(error.reason, error.field, taking.kind_of(error))
        return None

    def _foreign_reply(self, document: Record) -> tuple[Unreadable, int] | None:
        return foreign_reply(document, self._members, self.name)


class _Faults:
    """The faults of a file: how many there are, and the first of them.

    One that many records share is told once.
    """

    def __init__(self) -> None:
        self.count = 0
        self.told: list[BadRecord] = []
        self._kinds: set[str] = set()

    def add(self, unit: str, number: int, fault: Unreadable) -> None:
        """Count a fault, and keep it if it is to be told."""
        self.count += 1
        if len(self.told) == _SHOWN or fault.kind in self._kinds:
            return
        if fault.kind is not None:
            self._kinds.add(fault.kind)
        self.told.append(BadRecord(unit, number, fault.field, fault.reason))


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _lines(source: Source) -> list[bytes]:
    """Return the lines of a source. Raises `InventoryError` for what is wrong with all of it."""
    data = _fetch(source)
    fault = fault_of_all(data)
    # A file object that is empty was opened on purpose; a download that failed leaves such a file.
    if fault is not None and (fault != _EMPTY or isinstance(source, str | PathLike)):
        raise InventoryError((BadRecord("line", 1, None, fault),), 1)
    return data.removeprefix(codecs.BOM_UTF8).split(b"\n")


def fault_of_all(data: bytes) -> str | None:
    """Say what is wrong with all of a file, by which none of it can be read."""
    fault = other_encoding(data)
    if fault is None and not data.removeprefix(codecs.BOM_UTF8).strip():
        fault = _EMPTY
    return fault


def _check_unit(integers: object, error: type[InstqueryError]) -> None:
    """Refuse an unknown unit of integers."""
    if integers is not None and integers not in tuple(MICROS):
        raise error(f"integers must be one of {', '.join(MICROS)}, not {told(integers)}")


def standard_input() -> bytes:
    """Return all bytes of standard input. Raises `InstqueryError` where it is closed."""
    if sys.stdin is None:  # pyright: ignore[reportUnnecessaryComparison] - it is, where it is closed
        raise InstqueryError("standard input is closed: give a file")
    return sys.stdin.buffer.read()


def _fetch(source: Source) -> bytes:
    """Return all bytes of a source."""
    if source == "-":
        return standard_input()
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
            f"the file is not {error.encoding}: {error.reason} at byte {error.start + 1}",
            code="record.inventory",
        ) from None
    check_kind("what a file object reads", data, (str, bytes, bytearray), "text or bytes")
    return data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
