"""Predicates: conditions on one field each, and trees of them. Values that every room shares."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any, TypeAlias, cast, get_args

from instquery.errors import QueryError
from instquery.folding import fold, needle_grams
from instquery.leaves import Among, Has, Like, Missing, Some, Span
from instquery.numbers import hashed, number_key, unfit
from instquery.options import brief, is_collection, some, told
from instquery.ranges import Interval, Range, check_name
from instquery.trees import (
    MOST_DEEP,
    MOST_LEAVES,
    And,
    Compound,
    Leaf,
    Not,
    Or,
    Predicate,
    as_predicate,
)

__all__ = [
    "ASKED",
    "BOUND",
    "Among",
    "And",
    "AnyValue",
    "Asked",
    "Bounded",
    "Compound",
    "Contains",
    "Eq",
    "Has",
    "In",
    "Interval",
    "Leaf",
    "Like",
    "Missing",
    "Not",
    "Or",
    "Predicate",
    "Range",
    "Some",
    "Span",
    "Value",
    "Where",
    "check_answered",
    "check_size",
    "conditions",
    "has_fractions",
    "is_relative",
    "unanswered",
]

Value = str | int | bool
"""What a keyword field can hold. Compared as Python compares them."""

AnyValue: TypeAlias = Value | float | Decimal
"""What can be asked for by value: floats and decimals of number fields alone."""

_TEXT = frozenset({str})
_EXACT = frozenset({str, int, bool})


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Eq(Leaf):
    """Matches records whose field is exactly `value`. For keyword, text, number and key fields.

    >>> Eq("status", "Running").matches({"status": "Running"})
    True
    """

    field: str
    value: AnyValue

    def __init__(self, field: str, value: AnyValue) -> None:
        if type(field) is not str or type(value) is not str:  # as nearly all are
            check_name(field)
            _check_value(value, field)
        object.__setattr__(self, "field", field)
        object.__setattr__(self, "value", value)

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Tell whether the record's field equals the value; a missing field never does."""
        value = record.get(self.field)
        if isinstance(value, Decimal) and value.is_snan():  # to compare it is an error
            return False
        return bool(value == self.value)

    def __hash__(self) -> int:
        return hash((self.field, hashed(self.value)))

    def __repr__(self) -> str:  # Python refuses to write an integer of more than 4,300 digits
        return f"Eq(field={_short(self.field)}, value={_short(self.value)})"

    def __str__(self) -> str:
        return f"{self.field} = {_short(self.value)}"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class In(Leaf):
    """Matches records whose field is one of `values`.

    Neither repeats nor their sequence count, and none matches nothing.

    What no record can hold does not count either, such as an integer of 2,000 bits.

    >>> In("id", ["b", "a", "b"]).values
    ('b', 'a')
    """

    field: str
    values: tuple[Any, ...]
    members: frozenset[Any] = attribute(init=False, repr=False, compare=False)
    """The values as they are looked up: see `numbers.number_key`."""

    def __init__(self, field: str, values: Iterable[AnyValue]) -> None:
        check_name(field)
        if not is_collection(values):
            one = f"In({brief(field)}, [{brief(values)}])"
            reason = (
                f"In takes a collection of values, not {told(values)}: write {one}, or ask with Eq"
            )
            raise QueryError(reason, field=field, code="query.value")
        given: Sequence[AnyValue] = tuple(values)
        if _TEXT.issuperset(map(type, given)):
            by_key: dict[Any, Any] = dict.fromkeys(given)
            listed: tuple[Any, ...] = tuple(by_key)
        else:
            by_key = {}
            for value in given:
                _check_value(value, field)
                # A set of numbers can be made to cost the square of their number: see `hashed`.
                key = value if isinstance(value, str) else number_key(value)
                if key is not None:
                    by_key.setdefault(key, value)
            listed = tuple(by_key.values())
        object.__setattr__(self, "field", field)
        object.__setattr__(self, "values", listed)
        object.__setattr__(self, "members", frozenset(by_key))

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Tell whether the record's field is among the values; a missing field never is."""
        value = record.get(self.field)
        return (number_key(value) if isinstance(value, Decimal) else value) in self.members

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        if self.members is other.members:
            return self.field == other.field
        return self.field == other.field and self.members == other.members

    def __hash__(self) -> int:
        return hash((self.field, self.members))

    def __repr__(self) -> str:
        return f"In(field={_short(self.field)}, values={some(self.values)})"

    def __str__(self) -> str:
        listed = ", ".join(map(_short, self.values[:3])) + (", …" if len(self.values) > 3 else "")
        return f"{self.field} in {len(self.values)} values ({listed})"


@dataclass(frozen=True, slots=True, repr=False)
class Contains(Leaf):
    """Matches records whose text field has `needle` in it, whatever the letters' case or width.

    Both sides are folded (see `instquery.folding.fold`); every character is literal. A needle of
    any length and script is found; the empty one is in every text.

    >>> Contains("name", "ＰＲＯＤ").matches({"name": "shop-prod-1"})
    True
    """

    field: str
    needle: str
    folded: str = attribute(init=False, repr=False, compare=False)
    grams: tuple[str, ...] = attribute(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_name(self.field)
        if not isinstance(self.needle, str):
            reason = f"a needle must be text, not {type(self.needle).__name__}"
            raise QueryError(reason, field=self.field, code="query.value")
        folded = fold(self.needle)
        object.__setattr__(self, "folded", folded)
        object.__setattr__(self, "grams", needle_grams(folded))

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Tell whether the needle is in the record's field; a missing field never has it."""
        text = record.get(self.field)
        return text is not None and self.folded in fold(text)

    def __repr__(self) -> str:
        return f"Contains(field={_short(self.field)}, needle={_short(self.needle)})"

    def __str__(self) -> str:
        return f"{self.field} contains {_short(self.needle)}"


Asked: TypeAlias = Eq | In | Contains | Like | Range | Has | Missing
"""A leaf as a caller makes it."""

Bounded: TypeAlias = Eq | In | Contains | Like | Interval | Has | Span | Among | Some | Missing
"""A leaf that needs neither schema nor now any more: see `Schema.bound`."""

ASKED: tuple[type[Predicate], ...] = (*get_args(Asked), And, Or, Not)
"""The classes of predicates that a caller asks with."""

BOUND: tuple[type[Bounded], ...] = get_args(Bounded)
"""The classes of bound predicates: every door of the package refuses others."""

Where: TypeAlias = Predicate | Iterable[Predicate]
"""What is asked: one predicate, or several that must all hold."""

_LEAVES = frozenset(get_args(Asked))

_TOO_MANY = (
    f"there are more than {MOST_LEAVES:,} predicates: ask for many values of one field with In"
)


def check_answered(predicate: object, answered: Iterable[type] = BOUND) -> None:
    """Refuse a predicate of a class that is not answered: by default, not bound.

    A class derived from one of them is refused too: what it means may differ.

    Raises:
        QueryError: that names the class of the predicate, and those that are answered.

    >>> check_answered(Contains("name", "x"), (Eq, In))
    Traceback (most recent call last):
        ...
    instquery.errors.QueryError: name: Contains is not answered here: ask with Eq or In

    """
    if type(predicate) not in answered:
        raise unanswered(predicate, answered)


def unanswered(predicate: object, answered: Iterable[type], field: str | None = None) -> QueryError:
    """Return the error for a predicate, or a class, that is not among those that are answered.

    Indexes, censuses and statements end their cases with it, so that no class falls through to
    another one's meaning.
    """
    named = getattr(predicate, "field", None) if field is None else field
    cure = " or ".join(one.__name__ for one in answered) or "another field"
    kind = predicate if isinstance(predicate, type) else type(predicate)
    reason = f"{kind.__name__} is not answered here: ask with {cure}"
    return QueryError(reason, field=named if isinstance(named, str) else None, code="query.kind")


def conditions(where: Where) -> tuple[Predicate, ...]:
    """Return the predicates of `where`, checked and frozen.

    Raises `QueryError` for what is none, and for trees that are too deep or have too many leaves.
    """
    if isinstance(where, Predicate):
        if type(where) not in _LEAVES:
            check_size(where)
        return (where,)
    # That costs less to know than that it is iterable. (By `type()` a checker would narrow it.)
    is_tuple = where.__class__ is tuple
    if not is_tuple and not is_collection(where):
        kind = type(where).__name__
        cure = ": give its where" if isinstance(getattr(where, "where", None), tuple) else ""
        raise QueryError(f"where takes a predicate or a collection of predicates, not {kind}{cure}")

    # One more than the most is enough: it may have no end.
    listed = tuple(where if is_tuple else islice(where, MOST_LEAVES + 1))
    if len(listed) > MOST_LEAVES:
        raise QueryError(_TOO_MANY)
    if not _LEAVES.issuperset(map(type, listed)):
        for predicate in listed:
            if not isinstance(predicate, Predicate):
                raise _no_predicate(where, predicate)
        check_size(And(*listed))
    return listed


def _no_predicate(where: object, found: object) -> QueryError:
    """Return the error for what is found in `where`, with the predicate that a mapping may mean."""
    for given in (where, found):
        if isinstance(given, Mapping):
            mapping = cast(Mapping[object, object], given)
            return QueryError(f"{type(mapping).__name__} is not a predicate{as_predicate(mapping)}")
    known = "Eq, In, Contains, Like, Range, Has, Missing, And, Or or Not"
    return QueryError(f"{type(found).__name__} is not a predicate: give {known}")


def check_size(predicate: Predicate) -> None:
    """Refuse a tree that is too deep or has too many leaves, with a `QueryError`."""
    if predicate.depth > MOST_DEEP:
        raise QueryError(
            f"predicates are nested {predicate.depth:,} deep, and {MOST_DEEP} is the most: "
            "And in And and Or in Or count once, so regroup them"
        )
    if predicate.leaves > MOST_LEAVES:
        raise QueryError(_TOO_MANY)


def is_relative(where: Iterable[Predicate]) -> bool:
    """Tell whether a predicate has a bound that is counted from now."""
    for predicate in where:  # noqa: SIM110 - a generator would cost more than the look
        if predicate.is_relative:
            return True
    return False


def has_fractions(leaf: Eq | In) -> bool:
    """Tell whether a float or a `Decimal` is asked for, which number fields alone can hold."""
    if isinstance(leaf, Eq):
        return isinstance(leaf.value, (float, Decimal))
    return not _EXACT.issuperset(map(type, leaf.values)) and any(
        isinstance(value, float | Decimal) for value in leaf.values
    )


def _check_value(value: object, field: str) -> None:
    if isinstance(value, float | Decimal):
        reason = unfit(value)
        if reason is not None:
            raise QueryError(reason, field=field, code="query.value")
    elif not isinstance(value, Value):
        given, cure = type(value).__name__, ""
        if value is None:
            given, cure = "None", ": ask with Missing for records without a value"
        elif isinstance(value, date):  # a datetime is one
            cure = ": ask with Range for times"
        elif is_collection(value):
            cure = ": ask with In for one of several values"
        reason = f"a value must be text, a number or a bool, not {given}{cure}"
        raise QueryError(reason, field=field, code="query.value")


def _short(value: AnyValue) -> str:
    """Quote a value for people; a 10 MB needle does not belong in a log."""
    if isinstance(value, str):
        return repr(value) if len(value) <= 40 else f"{value[:40]!r}…"
    if isinstance(value, float | Decimal):
        return repr(value)
    return repr(value) if value.bit_length() <= 64 else "a huge integer"
