"""Declare what a record holds: its key, its order, and the kind of each field."""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from datetime import date, datetime
from decimal import Decimal
from sys import intern
from types import MappingProxyType
from typing import Any, NamedTuple

from instquery.errors import QueryError, RecordError, SchemaError
from instquery.fields import Field, Kind, Read, checked_aliases, instant, keyword, stored, text
from instquery.instants import Moment, reader
from instquery.options import check_flag, check_kind
from instquery.predicates import Bounded, Contains, Eq, In, Predicate, Range, Where, conditions
from instquery.query import Order, Record, moment_of
from instquery.values import LONGEST, check_key, check_keyword, fits

__all__ = [
    "UNDATED",
    "Entry",
    "Field",
    "Kind",
    "Read",
    "Schema",
    "instant",
    "keyword",
    "stored",
    "take_all",
    "take_batch",
    "text",
]

UNDATED = -(1 << 62)
"""The rank of a record without its order field: below that of every instant, so that it comes last."""


class Entry(NamedTuple):
    """A record taken in: its place in the order (rank, then key) and the row that is kept.

    Answers show the highest rank first and, within a rank, the lowest key.
    """

    rank: int
    key: str
    row: Record


class Nested(dict[str, Any]):
    """A row with values that could be changed from outside; its copy copies them too."""

    def copy(self) -> Record:
        """Return a plain dict that shares nothing changeable with this row."""
        return deepcopy(dict(self))


# Values that nobody can change, so that a row may share them with whoever reads it.
_UNCHANGEABLE = frozenset({str, int, float, bool, type(None), bytes, date, datetime, Decimal})


@dataclass(frozen=True, slots=True)
class Schema:
    """The key, the order and the fields of the records of a store.

    The key is a text or keyword field whose value is unique text of 1 to 4,096 characters (code points).
    The order is by an instant field. Fields not declared are kept and handed back, or refused with
    `strict=True`.
    Raises `SchemaError` for a declaration that contradicts itself.

    >>> schema = Schema(key="id", order=Order("created"), fields={"id": text(), "created": instant()})
    >>> schema.take({"id": "i-1", "created": "1970-01-01T00:00:01Z", "colour": "red"}).rank
    1000000
    """

    key: str
    order: Order
    fields: Mapping[str, Field]
    strict: bool = False
    _aliases: Mapping[str, str] = attribute(init=False, repr=False, compare=False)
    _as_text: tuple[str, ...] = attribute(init=False, repr=False, compare=False)
    _keywords: tuple[str, ...] = attribute(init=False, repr=False, compare=False)
    _texts: tuple[str, ...] = attribute(init=False, repr=False, compare=False)
    _instants: tuple[str, ...] = attribute(init=False, repr=False, compare=False)
    _readers: Mapping[str, Read] = attribute(init=False, repr=False, compare=False)
    _read_order: Read = attribute(init=False, repr=False, compare=False)
    _row_type: type[object] = attribute(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_kind("key", self.key, str, "the name of a field", SchemaError)
        check_kind("order", self.order, Order, "an Order", SchemaError)
        check_kind("fields", self.fields, Mapping, "a mapping of names to fields", SchemaError)
        check_flag("strict", self.strict, SchemaError)
        fields = dict(self.fields)
        aliases = checked_aliases(fields)
        if self.key not in fields or fields[self.key].kind not in ("text", "keyword"):
            raise SchemaError("the key must be declared, as text() or keyword()", field=self.key)
        if self.order.field not in fields or fields[self.order.field].kind != "instant":
            raise SchemaError("the order must be by a field declared as instant()", field=self.order.field)
        if fields[self.key].kind == "keyword":  # its values are unique: the key's own directory is the index
            fields[self.key] = replace(fields[self.key], indexed=False)
        kinds: dict[str, list[str]] = {"keyword": [], "text": [], "instant": [], "stored": []}
        for name, declared in fields.items():
            if not (name == self.key and declared.kind == "keyword") and name != self.order.field:
                kinds[declared.kind].append(name)  # the key and the order are checked by themselves
        object.__setattr__(self, "fields", MappingProxyType(fields))
        object.__setattr__(self, "_aliases", aliases)
        object.__setattr__(self, "_as_text", tuple(name for name in fields if fields[name].as_text))
        object.__setattr__(self, "_keywords", tuple(kinds["keyword"]))
        object.__setattr__(self, "_texts", tuple(kinds["text"]))
        object.__setattr__(self, "_instants", tuple(kinds["instant"]))
        readers = {
            name: reader(declared.integers, blank_is_missing=declared.blank_is_missing)
            for name, declared in fields.items()
            if declared.kind == "instant"
        }
        object.__setattr__(self, "_readers", readers)
        object.__setattr__(self, "_read_order", readers[self.order.field])
        object.__setattr__(self, "_row_type", type("Row", (), {}))

    def __reduce__(self) -> tuple[type["Schema"], tuple[Any, ...]]:
        return Schema, (self.key, self.order, dict(self.fields), self.strict)

    def __hash__(self) -> int:
        return hash((self.key, self.order, frozenset(self.fields.items()), self.strict))

    def take(self, record: Mapping[str, Any]) -> Entry:
        """Take a record in: check it, and copy it so that nobody outside can change it.

        Raises `RecordError` that names the field and the reason. Costs 6 µs for 15 fields.
        """
        row = self._own(record)
        for name in self._keywords:
            value = row.get(name)
            if type(value) is str and len(value) <= LONGEST:
                row[name] = intern(value)  # few values, many records: each value is kept once
            elif value is not None:
                check_keyword(value, name)
        for name in self._texts:
            value = row.get(name)
            if type(value) is not str and value is not None and not isinstance(value, str):
                raise RecordError(f"must be text, not {type(value).__name__}", field=name)
        for name in self._instants:
            value = row.get(name)
            if value is not None:
                _read(self._readers[name], value, name)
        return Entry(self.rank(row), check_key(row.get(self.key), self.key), row)

    def rank(self, row: Record) -> int:
        """Return a row's place in the order as a number: the higher, the earlier it is answered."""
        micros = _read(self._read_order, row.get(self.order.field), self.order.field)
        if micros is None:
            return UNDATED
        return micros if self.order.descending else -micros

    def read(self, field: str) -> Read:
        """Return how the instants of a field are read: into microseconds, `None` where there is none."""
        return self._readers[field]

    def bound(self, predicate: Predicate, now: int | None) -> Bounded:
        """Return a predicate with its bounds read: what indexes and databases are asked.

        Raises `QueryError` that names the field: where it is not declared or does not answer the
        predicate, for an integer bound of another unit, and for a delta where now is not known.
        """
        declared = self.fields.get(predicate.field)
        if declared is None:
            raise QueryError("no such field in the schema", field=predicate.field)
        if type(predicate) not in _ANSWERS[declared.kind]:
            name = type(predicate).__name__
            article = "an" if declared.kind == "instant" else "a"
            raise QueryError(f"{article} {declared.kind} field does not answer {name}", field=predicate.field)
        if isinstance(predicate, Range):
            return predicate.bound(self._readers[predicate.field], now)
        return predicate

    def matches(self, where: Where, record: Mapping[str, Any], *, now: Moment | None = None) -> bool:
        """Tell whether a record matches all predicates: the truth that indexes only speed up.

        Args:
            where: a predicate, or any collection of them.
            record: a record as stores hand it out.
            now: the moment that deltas are counted from.

        Raises:
            QueryError: where the schema cannot answer a predicate, or needs now for it.

        >>> schema = Schema(key="id", order=Order("at"), fields={"id": text(), "at": instant(integers="seconds")})
        >>> schema.matches(Range("at", before="1970-01-02"), {"id": "i-1", "at": 86_399})
        True

        """
        check_kind("record", record, Mapping, "a mapping", QueryError)
        micros = None if now is None else moment_of(now)
        bound = [self.bound(one, micros) for one in conditions(where)]
        return all(one.matches(record) for one in bound)

    def check_facets(self, field: str) -> None:
        """Refuse a field whose values are not counted: all but keywords, with a `QueryError`."""
        check_kind("field", field, str, "the name of a field", QueryError)
        declared = self.fields.get(field)
        if declared is None or declared.kind != "keyword":
            raise QueryError("facets are counted for keyword fields of the schema", field=field)

    def _own(self, record: Mapping[str, Any]) -> Record:
        """Copy a record, its members under their own names, sharing nothing changeable with the giver."""
        if not isinstance(record, Mapping):
            raise RecordError(f"a record must be a mapping, not {type(record).__name__}")
        row: Record = vars(self._row_type())  # such dicts share one table of names: a third of a plain one's size
        for name, value in record.items():
            row[name] = value
        if not _TEXT.issuperset(map(type, row)):
            raise RecordError("the names of a record's members must be text")
        self._rename(row)
        if self.strict and not row.keys() <= self.fields.keys():
            raise RecordError("no such field in the schema", field=min(row.keys() - self.fields.keys()))
        if _UNCHANGEABLE.issuperset(map(type, row.values())):
            return row
        try:
            return Nested(deepcopy(dict(row)))
        except Exception as error:  # deepcopy runs code of the values' own classes
            raise RecordError(f"cannot be copied: {type(error).__name__}") from error

    def _rename(self, row: Record) -> None:
        """Bring members that go by another name, and numbers that are to be text, into the schema's form."""
        for alias, name in self._aliases.items():
            if alias in row:
                value = row.pop(alias)
                if row.setdefault(name, value) != value:
                    raise RecordError(f"given again, with another value, as {alias}", field=name)
        for name in self._as_text:
            if type(number := row.get(name)) is int:
                if not fits(number):
                    raise RecordError("must be text, or a number of up to 64 bits", field=name)
                row[name] = str(number)


def take_all(schema: Schema, records: Iterable[Mapping[str, Any]]) -> Iterator[Entry]:
    """Take records in one by one; a bad one is named by its number, from 1, in the `RecordError`."""
    if not isinstance(records, Iterable) or isinstance(records, str | bytes | Mapping):
        raise RecordError(f"records must be a collection of mappings, not {type(records).__name__}")
    take = schema.take
    for number, record in enumerate(records, 1):
        try:
            entry = take(record)
        except RecordError as error:
            raise RecordError(f"{error.reason} (record {number} of the batch)", field=error.field) from None
        yield entry


def take_batch(schema: Schema, records: Iterable[Mapping[str, Any]]) -> dict[str, Entry]:
    """Take a whole batch in, the last record of each key counting, before anything is touched."""
    return {entry.key: entry for entry in take_all(schema, records)}


def _read(read: Read, value: object, name: str) -> int | None:
    """Read an instant of a record, or name the field that it is in."""
    try:
        return read(value)
    except ValueError as error:
        raise RecordError(str(error), field=name) from None


_TEXT = frozenset({str})

_ANSWERS: Mapping[str, tuple[type, ...]] = {
    "keyword": (Eq, In),
    "text": (Eq, In, Contains),
    "instant": (Range,),
    "stored": (),
}
"""The predicates that a field of each kind answers."""
