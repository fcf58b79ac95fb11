"""Kinds of fields: one value says all that the package knows of a kind.

To add one is to write one literal.

| what a kind says | who reads it |
| --- | --- |
| `answers` | `Schema.bound` |
| `take` | `intake` |
| `reader` | `intake`, segments and books of the engine, columns of instants |
| `bind` | `Schema.bound` |
| `index` | segments (which class of index), tables (which index of the database) |
| `facts` | what a store counts of all its records, and whether facets are answered |
| `columns` | tables |

A kind that is not one of the four below is declared as theirs are, and used as `Field(kind)`:

>>> def check(value: object, field: str) -> object:
...     if not isinstance(value, str) or not value.isupper():
...         raise RecordError("must be text in capitals", field=field)
...     return value
>>> code = Kind(
...     "code", (Eq, In), take=Each(check), index="values", facts="counts", columns=("value",)
... )
>>> code.is_counted, code == "code"
(True, True)
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from sys import intern
from typing import Any, Literal, Protocol, TypeAlias, cast

from instquery.errors import QueryError, RecordError, SchemaError
from instquery.instants import Unit
from instquery.numbers import Number, check_number, is_number
from instquery.predicates import (
    Among,
    Bounded,
    Contains,
    Eq,
    Has,
    In,
    Like,
    Missing,
    Predicate,
    Range,
    Span,
)
from instquery.readers import reader
from instquery.values import LONGEST, check_keyword

__all__ = [
    "KINDS",
    "Column",
    "Each",
    "Kind",
    "Read",
    "Readers",
    "Row",
    "not_answered",
    "read_member",
]

Read: TypeAlias = Callable[[object], int | None]
"""Reads an instant into microseconds, `None` where there is none; raises `ValueError`."""

Readers: TypeAlias = Mapping[str, Read | None]
"""The fields of one kind, and how each is read; `None` where a value is read as itself."""

Row: TypeAlias = dict[str, Any]
"""A record while it is taken in: its own values may be replaced."""

Index = Literal["values", "parts", "slices", "ranks", "pairs"]
"""An index of whole values, of parts of texts, of instants or numbers cut into bits, or of tags."""

Facts = Literal["counts", "grams", "instants", "pairs"]
"""The number of records by value or tag, the grams that any text has, or all instants, sorted."""

Column = Literal["value", "folded", "micros"]
"""A column of whole values, of folded text, or of microseconds."""


_SERVED: Mapping[Index, tuple[type[Predicate], ...]] = {
    "values": (Eq, In, Like),
    "parts": (Eq, In, Contains, Like),
    "slices": (Range,),
    "ranks": (Eq, In, Range),
    "pairs": (Has,),
}
"""The predicates that each index serves."""


class Declared(Protocol):
    """What a reader of instants needs to know of a field."""

    @property
    def integers(self) -> Unit | None: ...

    @property
    def blank_is_missing(self) -> bool: ...


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Kind:
    """What a field of one kind is. It equals its name, and any kind that says the same.

    Args:
        name: as errors name it; files note it.
        answers: the classes of predicates that it answers. Where it answers any, it answers
            `Missing` too: every index does.
        take: checks the values of all fields of this kind in a row, and may replace them. Without
            it any value is taken. `Each` makes one of a check of a single value.
        bind: makes of a leaf what its index is asked; without it leaves are asked as they are.
            Raises `QueryError` for a value that no such field can hold.
        reader: makes what reads a field's values into microseconds; without it they are read as
            they are.
        index: the index that a field has, if it is declared as indexed.
        facts: what a store keeps of all its records.
        columns: how a field stands in a table.
        is_key: whether such a field may be the key.
        is_bounded: whether it holds nothing that `values.fits` says no to.
        has_numbers: whether it holds integers and bools beside text.
        has_many: whether a field may have many values.
        has_order: whether records may be ordered by its values, as `values.sortable` has it;
            instants always have an order.

    """

    name: str
    answers: tuple[type[Predicate], ...] = ()
    take: Callable[[Row, Readers], None] | None = None
    bind: Callable[[Any], Bounded] | None = None
    reader: Callable[[Declared], Read] | None = None
    index: Index | None = None
    facts: Facts | None = None
    columns: tuple[Column, ...] = ()
    is_key: bool = False
    is_bounded: bool = False
    has_numbers: bool = False
    has_order: bool = False
    has_many: bool = False

    def __post_init__(self) -> None:
        beyond = (
            []
            if self.index is None
            else [one for one in self.answers if one not in _SERVED[self.index]]
        )
        if beyond:
            raise SchemaError(
                f"{self.phrase}: an index of {self.index} does not answer {beyond[0].__name__}"
            )

        if self.reader is None and {self.index, self.facts, *self.columns} & {
            "slices",
            "instants",
            "micros",
        }:
            raise SchemaError(f"{self.phrase}: instants need a reader")

    def does_answer(self, asked: type[Predicate]) -> bool:
        """Tell whether a field of this kind answers a leaf of this class."""
        return asked in self.answers or (asked is Missing and bool(self.answers))

    @property
    def is_counted(self) -> bool:
        """Whether facets are counted."""
        return self.facts in ("counts", "pairs")

    @property
    def has_pairs(self) -> bool:
        """Whether values are the pairs of tags."""
        return self.index == "pairs"

    @property
    def is_instant(self) -> bool:
        """Whether values are instants, so that a store can be ordered by them."""
        return self.reader is not None

    @property
    def is_text(self) -> bool:
        """Whether values are text that is searched for parts."""
        return Contains in self.answers

    @property
    def phrase(self) -> str:
        """The kind as sentences name a field of it."""
        article = "an" if self.name[:1] in set("aeiou") else "a"
        return f"{article} {self.name} field"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            return self.name == other
        if not isinstance(other, Kind):
            return NotImplemented
        return self is other or self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(self.name)

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return repr(self.name)

    def __reduce__(self) -> tuple[Callable[..., "Kind"], tuple[Any, ...]]:
        # Our own by name, so that a pickle does not depend on what their functions are called.
        is_ours = KINDS.get(self.name) is self
        return (_named, (self.name,)) if is_ours else (Kind, self._parts())

    def _parts(self) -> tuple[Any, ...]:
        return tuple([getattr(self, one.name) for one in fields(self)])


@dataclass(frozen=True, slots=True)
class Each:
    """Takes in a field's value by a check of it alone, which returns the value to keep."""

    check: Callable[[object, str], object]
    """Called with a value that is not `None` and the field's name; raises `RecordError`."""

    def __call__(self, row: Row, readers: Readers) -> None:
        """Check the values of all fields that there are readers for."""
        for name in readers:
            value = row.get(name)
            if value is not None:
                row[name] = self.check(value, name)


def not_answered(kind: Kind, asked: type[Predicate]) -> str:
    """Say that a kind does not answer a predicate, what to ask with, and which kinds do answer it.

    >>> not_answered(KINDS["keyword"], Contains)
    'a keyword field does not answer Contains: ask with Eq or In or Like, or declare it as text()'
    """
    answered = " or ".join([one.__name__ for one in kind.answers])
    others = " or ".join([f"{name}()" for name, one in KINDS.items() if one.does_answer(asked)])
    cures = [f"ask with {answered}"] if answered else []
    cures += [f"declare it as {others}"] if others else []
    reason = f"{kind.phrase} does not answer {asked.__name__}"
    return f"{reason}: {', or '.join(cures)}" if cures else reason


def read_member(read: Read, value: object, name: str) -> int | None:
    """Read an instant of a record. Raises `RecordError` that names the field that it is in."""
    try:
        return read(value)
    except ValueError as error:
        raise RecordError(str(error), field=name) from None


def _take_keywords(row: Row, readers: Readers) -> None:
    for name in readers:
        value = row.get(name)
        if type(value) is str and len(value) <= LONGEST:
            row[name] = intern(value)  # few values, many records: each value is kept once
        elif value is not None:
            check_keyword(value, name)


def _take_texts(row: Row, readers: Readers) -> None:
    for name in readers:
        value = row.get(name)
        if type(value) is not str and value is not None and not isinstance(value, str):
            raise RecordError(f"must be text, not {type(value).__name__}", field=name)


def _take_numbers(row: Row, readers: Readers) -> None:
    for name in readers:
        value = row.get(name)
        if value is not None:
            check_number(value, name)


def _bind_number(leaf: Eq | In | Range) -> Bounded:
    """Return what an index of numbers is asked. Raises `QueryError` for what is no number."""
    if isinstance(leaf, Range):
        span = Span(leaf.field, None, None)
        for low, high, is_open in leaf.spans():
            span = span.intersection(Span(leaf.field, low, high, is_open, is_open))
        return span

    given: Iterable[object] = (leaf.value,) if isinstance(leaf, Eq) else leaf.values
    values = cast(tuple[Number, ...], tuple(given))
    for value in values:
        if not is_number(value):
            reason = f"is a number field, which holds no {type(value).__name__}: ask for a number"
            raise QueryError(reason, field=leaf.field, code="query.value")
    among = Among(leaf.field, values)
    return Span.of(leaf.field, among.values[0]) if len(among.values) == 1 else among


def _take_instants(row: Row, readers: Readers) -> None:
    for name, read in readers.items():
        value = row.get(name)
        if value is not None and read is not None:
            read_member(read, value, name)


def _reader(declared: Declared) -> Read:
    return reader(declared.integers, blank_is_missing=declared.blank_is_missing)


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "keyword",
            answers=(Eq, In, Like),
            take=_take_keywords,
            index="values",
            facts="counts",
            columns=("value",),
            is_key=True,
            is_bounded=True,
            has_numbers=True,
            has_order=True,
            has_many=True,
        ),
        Kind(
            "text",
            answers=(Eq, In, Contains, Like),
            take=_take_texts,
            index="parts",
            facts="grams",
            columns=("value", "folded"),
            is_key=True,
            has_many=True,
        ),
        Kind(
            "instant",
            answers=(Range,),
            take=_take_instants,
            reader=_reader,
            index="slices",
            facts="instants",
            columns=("micros",),
        ),
        Kind(
            "number",
            answers=(Eq, In, Range),
            take=_take_numbers,
            bind=_bind_number,
            index="ranks",
            has_order=True,
        ),
        Kind("tags", answers=(Has,), index="pairs", facts="pairs"),
        Kind("stored"),
    )
}
"""The kinds of fields that the functions of `fields` declare, by name."""


def _named(name: str) -> Kind:
    """Return one of our own kinds."""
    return KINDS[name]
