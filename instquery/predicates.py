"""Predicates: conditions on one field each. Frozen values that every room shares."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

from instquery.errors import QueryError
from instquery.folding import fold, needle_grams
from instquery.instants import EARLIEST, LATEST, to_micros, to_text

__all__ = ["Contains", "Eq", "In", "Predicate", "Range", "Value", "conditions"]

Value = str | int | bool
"""What a keyword field can hold. Compared as Python compares them."""


@dataclass(frozen=True, slots=True)
class Eq:
    """Matches records whose field is exactly `value`. For keyword, text and key fields.

    >>> Eq("status", "Running").matches({"status": "Running"})
    True
    """

    field: str
    value: Value

    def __post_init__(self) -> None:
        _check_name(self.field)
        _check_value(self.value, self.field)

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Tell whether the record's field equals the value; a missing field never does."""
        return bool(record.get(self.field) == self.value)

    def __str__(self) -> str:
        return f"{self.field} = {_short(self.value)}"


@dataclass(frozen=True, slots=True)
class In:
    """Matches records whose field is one of `values`; repeats do not count, and none matches nothing.

    >>> In("id", ["b", "a", "b"]).values
    ('b', 'a')
    """

    field: str
    values: tuple[Value, ...]
    members: frozenset[Value] = attribute(init=False, repr=False, compare=False)

    def __init__(self, field: str, values: Iterable[Value]) -> None:
        _check_name(field)
        if isinstance(values, str) or not isinstance(values, Iterable):
            raise QueryError("In takes a collection of values", field=field)
        listed = tuple(values)
        for value in listed:
            _check_value(value, field)
        object.__setattr__(self, "field", field)
        object.__setattr__(self, "values", tuple(dict.fromkeys(listed)))
        object.__setattr__(self, "members", frozenset(listed))

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Tell whether the record's field is among the values; a missing field never is."""
        return record.get(self.field) in self.members

    def __str__(self) -> str:
        listed = ", ".join(map(_short, self.values[:3])) + (", …" if len(self.values) > 3 else "")
        return f"{self.field} in {len(self.values)} values ({listed})"


@dataclass(frozen=True, slots=True)
class Contains:
    """Matches records whose text field has `needle` in it, whatever the letters' case or width.

    Both sides are folded (see `instquery.folding.fold`); every character is literal. A needle of any
    length and script is found; the empty one is in every text.

    >>> Contains("name", "ＰＲＯＤ").matches({"name": "shop-prod-1"})
    True
    """

    field: str
    needle: str
    folded: str = attribute(init=False, repr=False, compare=False)
    grams: tuple[str, ...] = attribute(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check_name(self.field)
        if not isinstance(self.needle, str):
            raise QueryError(f"a needle must be text, not {type(self.needle).__name__}", field=self.field)
        folded = fold(self.needle)
        object.__setattr__(self, "folded", folded)
        object.__setattr__(self, "grams", needle_grams(folded))

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Tell whether the needle is in the record's field; a missing field never has it."""
        text = record.get(self.field)
        return text is not None and self.folded in fold(text)

    def __str__(self) -> str:
        return f"{self.field} contains {_short(self.needle)}"


@dataclass(frozen=True, slots=True)
class Range:
    """Matches records whose instant lies between two bounds, either of which may stand alone.

    `since` and `until` include their end, `after` and `before` do not. Values are `datetime`, ISO 8601
    text or integer microseconds since 1970; without a zone they are UTC. Where two lower (or upper)
    bounds are given, both hold. `low` and `high` are the bounds as microseconds, both included; a range
    that ends before it starts matches nothing.

    >>> window = Range("expires", after="2026-01-01", until="2026-02-01")
    >>> window.matches({"expires": "2026-01-01T00:00:00Z"}), window.matches({"expires": "2026-02-01T00:00:00Z"})
    (False, True)
    """

    field: str
    low: int
    high: int

    def __init__(
        self, field: str, *, after: object = None, since: object = None, until: object = None, before: object = None
    ) -> None:
        _check_name(field)
        if after is since is until is before is None:
            raise QueryError("a range needs at least one of after, since, until, before", field=field)
        low = max(_bound(field, "since", since, EARLIEST), _bound(field, "after", after, EARLIEST - 1) + 1)
        high = min(_bound(field, "until", until, LATEST), _bound(field, "before", before, LATEST + 1) - 1)
        object.__setattr__(self, "field", field)
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)

    def within(self, other: "Range") -> "Range":
        """Return the range of what lies in both; they are of one field."""
        both = object.__new__(Range)
        object.__setattr__(both, "field", self.field)
        object.__setattr__(both, "low", max(self.low, other.low))
        object.__setattr__(both, "high", min(self.high, other.high))
        return both

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Tell whether the record's instant is within the bounds; a missing one never is."""
        value = record.get(self.field)
        return value is not None and self.low <= to_micros(value) <= self.high

    def __str__(self) -> str:
        low = high = ""
        if self.low > EARLIEST:
            low = f"{_brief(self.low - 1)} < " if self.low % 1_000_000 == 1 else f"{_brief(self.low)} <= "
        if self.high < LATEST:
            high = f" < {_brief(self.high + 1)}" if self.high % 1_000_000 == 999_999 else f" <= {_brief(self.high)}"
        return f"{low}{self.field}{high}" if low or high else f"{self.field} is set"


Predicate = Eq | In | Contains | Range
"""One condition on one field. A record's answer to it is `matches`; an index is only faster."""


def conditions(where: Iterable[Predicate]) -> tuple[Predicate, ...]:
    """Check that `where` is a collection of predicates, and freeze it."""
    if isinstance(where, Predicate) or not isinstance(where, Iterable):
        raise QueryError("where takes a collection of predicates, such as (Eq('status', 'Running'),)")
    listed = tuple(where)
    for predicate in listed:
        if not isinstance(predicate, Predicate):
            raise QueryError(f"{type(predicate).__name__} is not a predicate: give Eq, In, Contains or Range")
    return listed


def _check_name(field: object) -> None:
    if not isinstance(field, str):
        raise QueryError(f"a field name must be text, not {type(field).__name__}")


def _check_value(value: object, field: str) -> None:
    if not isinstance(value, Value):
        raise QueryError(f"a value must be text, an integer or a bool, not {type(value).__name__}", field=field)


def _bound(field: str, name: str, value: object, absent: int) -> int:
    """Read one bound of a range, or say which one is wrong; `absent` stands for one not given."""
    if value is None:
        return absent
    try:
        return to_micros(value)
    except ValueError as error:
        raise QueryError(f"{name} {error}", field=field) from None


def _short(value: Value) -> str:
    """Quote a value for people; a 10 MB needle does not belong in a log."""
    if isinstance(value, str):
        return repr(value) if len(value) <= 40 else f"{value[:40]!r}…"
    return repr(value) if value.bit_length() <= 64 else "a huge integer"


def _brief(micros: int) -> str:
    """Write an instant without the zeros at its end."""
    return to_text(micros, "microseconds" if micros % 1_000_000 else "seconds")
