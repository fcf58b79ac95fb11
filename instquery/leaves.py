"""Leaves beside those of single values: patterns, tags, numbers, and many values of one field."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any, Self, cast

from instquery.errors import QueryError
from instquery.numbers import Number, NumberKey, comparable, number_key
from instquery.options import brief, is_collection, some
from instquery.patterns import Pattern
from instquery.ranges import check_name
from instquery.trees import Leaf

__all__ = ["Among", "Has", "Like", "Missing", "Some", "Span"]


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Like(Leaf):
    r"""Matches records that have a whole text which fits a pattern.

    `*` stands for any run of characters, the empty one too, `?` for one character, and a backslash
    makes the next character literal. Without `case`, each literal run of the pattern is folded by
    itself and compared with the folded text, of which `?` is one character; so a `*` of full width
    is no wildcard. With `case=True` raw text is compared with raw text. Numbers and bools never
    fit. For keyword, text and key fields.

    Raises `QueryError` for a pattern that ends in a lone backslash.

    >>> Like("name", "*web*prod*").matches({"name": "my-WEB-1-prod"})
    True
    >>> Like("name", r"100\*").matches({"name": "100%"})
    False
    """

    field: str
    pattern: str
    case: bool
    read: Pattern = attribute(repr=False, compare=False)

    def __init__(self, field: str, pattern: str, *, case: bool = False) -> None:
        check_name(field)
        if not isinstance(pattern, str):
            reason = f"a pattern must be text, not {type(pattern).__name__}"
            raise QueryError(reason, field=field, code="query.value")
        if not isinstance(case, bool):
            reason = f"case must be true or false, not {type(case).__name__}"
            raise QueryError(reason, field=field, code="query.value")

        try:
            read = Pattern(str.__str__(pattern), case)
        except ValueError as error:
            raise QueryError(f"the pattern {error}", field=field, code="query.value") from None
        object.__setattr__(self, "field", field)
        object.__setattr__(self, "pattern", read.given)
        object.__setattr__(self, "case", case)
        object.__setattr__(self, "read", read)

    def __reduce__(self) -> tuple[Callable[..., "Like"], tuple[str, str, bool]]:
        return _like, (self.field, self.pattern, self.case)

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Tell whether the record's text fits; a missing one never does."""
        value = record.get(self.field)
        return isinstance(value, str) and self.read.fits(value)

    def __repr__(self) -> str:
        case = ", case=True" if self.case else ""
        return f"Like({brief(self.field)}, {brief(self.pattern)}{case})"

    def __str__(self) -> str:
        return f"{self.field} like {brief(self.pattern)}{' by case' if self.case else ''}"


def _like(field: str, pattern: str, case: bool) -> Like:  # noqa: FBT001 - it restores a pickle
    return Like(field, pattern, case=case)


@dataclass(frozen=True, slots=True, init=False, repr=False, eq=False)
class Has(Leaf):
    """Matches records that have a tag: a pair of this key, and of this value if one is given.

    Key and value are of one pair, and compared as they are: letters of another case are others. An
    empty value is a value. For tags fields.

    Args:
        field: the name of a tags field.
        key: the key of the pair.
        value: its value; or a collection of values, of which it has one. Any value will do without
            it, and none of an empty collection.

    Raises:
        QueryError: for a key or a value that is no text.

    >>> Has("tags", "env", ["prod", "pre"]).values
    ('prod', 'pre')

    """

    field: str
    key: str
    values: tuple[str, ...] | None
    members: frozenset[str] | None = attribute(repr=False)

    def __init__(self, field: str, key: str, value: str | Iterable[str] | None = None) -> None:
        check_name(field)
        if not isinstance(key, str):
            reason = f"the key of a tag must be text, not {type(key).__name__}"
            raise QueryError(reason, field=field, code="query.value")

        values: tuple[str, ...] | None = None
        if isinstance(value, str):
            values = (str.__str__(value),)
        elif value is not None:
            values = _texts(field, value)
        object.__setattr__(self, "field", field)
        object.__setattr__(self, "key", str.__str__(key))
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "members", None if values is None else frozenset(values))

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Tell whether a row of the schema's has the tag.

        What a record itself holds may have any shape, which only the schema knows: ask
        `Schema.matches`.
        """
        pairs: Any = record.get(self.field)
        if pairs is None:
            return False
        if type(pairs) is not tuple:
            reason = "only the schema knows the shape of tags: ask Schema.matches"
            raise QueryError(reason, field=self.field, code="query.value")
        return self.has(cast(tuple[tuple[str, str], ...], pairs))

    def has(self, pairs: Sequence[tuple[str, str]]) -> bool:
        """Tell whether the tag is among some pairs."""
        key, members = self.key, self.members
        if members is None:
            return any(held == key for held, _ in pairs)
        return any(held == key and value in members for held, value in pairs)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return (self.field, self.key, self.members) == (other.field, other.key, other.members)

    def __hash__(self) -> int:
        return hash((self.field, self.key, self.members))

    def __repr__(self) -> str:
        shown = [brief(self.field), brief(self.key)]
        if self.values is not None:
            is_one = len(self.values) == 1
            shown.append(brief(self.values[0]) if is_one else some(self.values))
        return f"Has({', '.join(shown)})"

    def __str__(self) -> str:
        if self.values is None:
            return f"{self.field} has {brief(self.key)}"
        if len(self.values) == 1:
            return f"{self.field} has {brief(self.key)} = {brief(self.values[0])}"
        return f"{self.field} has {brief(self.key)} in {len(self.values)} values"


def _texts(field: str, given: object) -> tuple[str, ...]:
    if not is_collection(given):
        reason = (
            f"the value of a tag must be text or a collection of it, not {type(given).__name__}"
        )
        raise QueryError(reason, field=field, code="query.value")
    listed: tuple[object, ...] = tuple(given)
    for one in listed:
        if not isinstance(one, str):
            reason = f"the value of a tag must be text, not {type(one).__name__}"
            raise QueryError(reason, field=field, code="query.value")
    return tuple(dict.fromkeys([str.__str__(one) for one in listed if isinstance(one, str)]))


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Missing(Leaf):
    """Matches records that have no value in a field: it is absent or `None`.

    So is `""` in an instant field that is declared with `blank_is_missing=True`, which only the
    schema knows: see `Schema.matches`.

    >>> Missing("status").matches({"id": "i-1"}), Missing("status").matches({"status": ""})
    (True, False)
    """

    field: str
    read: Callable[[object], int | None] | None = attribute(repr=False, compare=False)
    """How the schema reads the field, once it is bound; `None` where values are as they are."""

    def __init__(self, field: str) -> None:
        check_name(field)
        object.__setattr__(self, "field", field)
        object.__setattr__(self, "read", None)

    def bound(self, read: Callable[[object], int | None] | None) -> Self:
        """Return the predicate as indexes and databases are asked it."""
        twin = type(self)(self.field)
        object.__setattr__(twin, "read", read)
        return twin

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Tell whether the record has no value in the field."""
        value = record.get(self.field)
        return value is None or (self.read is not None and self.read(value) is None)

    def __repr__(self) -> str:
        return f"Missing({brief(self.field)})"

    def __str__(self) -> str:
        return f"{self.field} is missing"


# what is made once the schema is known


@dataclass(frozen=True, slots=True)
class Span:
    """The numbers between two bounds: a range or a value whose field is known to hold numbers.

    A bound that is `None` is none; an open one is not within. `comparable` numbers alone.
    """

    field: str
    low: Number | None
    high: Number | None
    is_low_open: bool = False
    is_high_open: bool = False

    @classmethod
    def of(cls, field: str, value: Number) -> "Span":
        """Return the span of one number."""
        return cls(field, value, value)

    def intersection(self, other: "Span") -> "Span":
        """Return what lies in both; they are of one field."""
        low, is_low_open = self.low, self.is_low_open
        if low is None or (other.low is not None and comparable(other.low) > comparable(low)):
            low, is_low_open = other.low, other.is_low_open
        elif other.low is not None and comparable(other.low) == comparable(low):
            is_low_open = is_low_open or other.is_low_open

        high, is_high_open = self.high, self.is_high_open
        if high is None or (other.high is not None and comparable(other.high) < comparable(high)):
            high, is_high_open = other.high, other.is_high_open
        elif other.high is not None and comparable(other.high) == comparable(high):
            is_high_open = is_high_open or other.is_high_open
        return Span(self.field, low, high, is_low_open, is_high_open)

    def holds(self, value: Number) -> bool:
        """Tell whether a number lies within the bounds."""
        number = comparable(value)
        if self.low is not None:
            low = comparable(self.low)
            if number < low or (self.is_low_open and number == low):
                return False
        if self.high is not None:
            high = comparable(self.high)
            if number > high or (self.is_high_open and number == high):
                return False
        return True

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Tell whether the record's number lies within the bounds; a missing one never does."""
        value = record.get(self.field)
        return value is not None and self.holds(value)

    def __str__(self) -> str:
        is_open = self.is_low_open or self.is_high_open
        if self.low is not None and self.low == self.high and not is_open:
            return f"{self.field} = {_told(self.low)}"
        low = "" if self.low is None else f"{_told(self.low)} {'<' if self.is_low_open else '<='} "
        high = (
            "" if self.high is None else f" {'<' if self.is_high_open else '<='} {_told(self.high)}"
        )
        return f"{low}{self.field}{high}" if low or high else f"{self.field} is set"


def _told(value: Number) -> str:
    """Write a number for people; one that no field holds may be very long."""
    is_huge = isinstance(value, int) and value.bit_length() > 64
    return "a huge integer" if is_huge else str(value)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Among:
    """Some numbers, each once: the values of an `In` whose field is known to hold numbers."""

    field: str
    values: tuple[Number, ...]
    members: frozenset[NumberKey] = attribute(init=False, repr=False)

    def __post_init__(self) -> None:
        by_key = {number_key(value): value for value in self.values}
        by_key.pop(None, None)
        object.__setattr__(self, "values", tuple(by_key.values()))
        members = [key for key in by_key if key is not None]
        object.__setattr__(self, "members", frozenset(members))

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Tell whether the record's number is one of them; a missing one never is."""
        value = record.get(self.field)
        return value is not None and number_key(value) in self.members

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return (self.field, self.members) == (other.field, other.members)

    def __hash__(self) -> int:
        return hash((self.field, self.members))

    def __repr__(self) -> str:
        return f"Among({brief(self.field)}, {some(self.values)})"

    def __str__(self) -> str:
        return f"{self.field} in {len(self.values)} numbers"


@dataclass(frozen=True, slots=True)
class Some:
    """A leaf of which some value of a many-valued field is to meet it.

    The values of a row are a tuple, or `None` where there is none. What would be asked of one value
    is asked of each.
    """

    field: str
    leaf: Any
    """The bound leaf of single values: `Eq`, `In`, `Contains` or `Like`."""

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Tell whether some value of the row does."""
        values: tuple[Any, ...] = record.get(self.field) or ()
        field, matches = self.field, self.leaf.matches
        return any(matches({field: value}) for value in values)

    def __str__(self) -> str:
        return f"some {self.leaf}"
