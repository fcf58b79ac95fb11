"""Parameters as an API's document declares them, read into predicates and pages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from instquery.apis.values import (
    LARGEST,
    LONGEST,
    integer,
    iso_time,
    plain_text,
    typed,
    unix_seconds,
    word,
)
from instquery.bounds import Instant
from instquery.errors import QueryError, SchemaError
from instquery.predicates import Contains, Eq, In, Predicate, Range, Value
from instquery.schema import Schema

__all__ = [
    "Param",
    "Read",
    "contains",
    "exact",
    "expiring_until",
    "listed",
    "not_after",
    "not_before",
    "one_of",
    "page_number",
    "page_size",
]

Read: TypeAlias = Callable[[Any, int], Predicate | int]
"""Makes a predicate or a number of a value, at the moment of the request in microseconds."""

_EXACT = (Eq, In)


def _as_given(given: object) -> Any:
    """Take a value as it was given."""
    return given


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of an operation, read in two steps: what is meant, then what that asks for now.

    Attributes:
        name: the parameter's name, as requests spell it.
        role: a filter, or the page's number or size.
        read: turns a value, and the moment of the request in microseconds, into a predicate (for a
            filter) or a number (for the page's number and size).
        about: the rule in words.
        default: the number where none is given.
        value: turns what was given into the value that it means at any moment: text, a number, an
            instant in microseconds, a tuple of texts. Two spellings of one value are equal. By
            default a value is what was given.
        examples: a predicate of the form that `read` makes, for each field that it asks. An
            operation checks that its schema answers them. Without any, nothing is checked.
        is_typed: whether a text that `read` looks for (by `Eq` or `In`) also stands for the bool or
            the number that it spells, where the field is a keyword.
        longest: the characters that a value may have where it comes over a network; `None` leaves
            that to the bound of a request.

    `value` and `read` raise `ValueError` with the rule that is broken, or a `Refusal`, which is
    the reply.

    Raises:
        SchemaError: for an attribute that cannot be used.

    """

    name: str
    role: Literal["filter", "number", "size"]
    read: Read
    about: str
    default: int = 1
    value: Callable[[object], Any] = _as_given
    examples: tuple[Predicate, ...] = ()
    is_typed: bool = False
    longest: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise SchemaError(
                f"a parameter's name must be text that is not empty, not {self.name!r}"
            )
        if self.role not in ("filter", "number", "size"):
            raise SchemaError(
                f"role must be filter, number or size, not {self.role!r}", field=self.name
            )
        if not callable(self.read) or not callable(self.value):
            raise SchemaError("read and value must be functions", field=self.name)
        if type(self.default) is not int or self.default < 1:
            raise SchemaError("default must be an integer from 1", field=self.name)
        if self.longest is not None and not _is_count(self.longest):
            raise SchemaError("longest must be an integer from 1, or None", field=self.name)

    @property
    def fields(self) -> frozenset[str]:
        """The fields that the parameter asks, where it says so."""
        return frozenset[str]().union(*[example.fields for example in self.examples])

    def over(self, schema: Schema) -> Read:
        """Return `read` as it is for the fields of a schema.

        Raises:
            SchemaError: if a field is not declared, or does not answer what the parameter asks.

        """
        for example in self.examples:
            try:
                schema.bound(example, 0)
            except QueryError as error:
                asked = ", ".join(sorted(example.fields))
                reason = f"asks for {asked} with {type(example).__name__}: {error.reason}"
                cure = "declare the field so, or name another by field="
                raise SchemaError(f"{reason}; {cure}", field=self.name) from None

        # The key holds nothing but text, although it may be a keyword.
        keywords = {name for name in self.fields if schema.fields[name].kind.has_numbers} - {
            schema.key
        }
        if not self.is_typed or not keywords:
            return self.read

        is_kept_as_text = {name: schema.fields[name].as_text for name in keywords}
        read_text = self.read

        def read(value: Any, now: int) -> Predicate | int:
            made = read_text(value, now)
            if isinstance(made, _EXACT) and made.field in is_kept_as_text:
                return typed(made, as_text=is_kept_as_text[made.field])
            return made

        return read


def page_number(name: str) -> Param:
    """Declare the number of the page that is wanted: an integer from 1 that fits 64 bits."""

    def value(given: object) -> int:
        return integer(given, LARGEST)

    return Param(name, "number", _as_number, "page number, from 1", value=value)


def page_size(name: str, *, default: int, most: int) -> Param:
    """Declare how many items a page holds: an integer from 1 to `most`."""
    if not _is_count(default) or not _is_count(most) or default > most:
        raise SchemaError(
            "default and most must be integers from 1, default not above most", field=name
        )

    def value(given: object) -> int:
        return integer(given, most)

    return Param(name, "size", _as_number, f"items on a page, 1 to {most}", default, value)


def exact(name: str, field: str | None = None) -> Param:
    """Declare a filter for records whose field is exactly the value.

    `field` is `name` unless given.

    Parameters arrive as text, and a keyword may hold numbers and bools. So `1` finds the text and
    the number, `true` (in any case) the text and the bool. A store takes 1 and True for one
    value, so both texts find either. A field declared with `as_text` holds no numbers.
    """
    target = field or name
    return _words(name, target, f"{target}, exact", word)


def one_of(name: str, values: Sequence[Value], field: str | None = None) -> Param:
    """Declare an exact filter, typed as `exact`, that takes one of a few values and no other."""
    if (
        isinstance(values, str)
        or not values
        or not all(isinstance(value, Value) for value in values)
    ):
        raise SchemaError("values must be a tuple of at least one text, number or bool", field=name)
    words = tuple(map(word, values))

    def value(given: object) -> str:
        chosen = word(given)
        if chosen not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return chosen

    return _words(name, field or name, " | ".join(words), value)


def contains(name: str, field: str | None = None) -> Param:
    """Declare a filter for records whose text field has the value in it.

    What vendors call fuzzy. Over a network a value has at most 1,024 characters.
    """
    target = field or name

    def read(value: str, _now: int) -> Predicate:
        return Contains(target, value)

    about = f"part of {target}, any case"
    return Param(
        name,
        "filter",
        read,
        about,
        value=plain_text,
        examples=(Contains(target, ""),),
        longest=LONGEST,
    )


def listed(name: str, field: str, *, most: int) -> Param:
    """Declare a filter for up to `most` exact values, commas between; each is typed as `exact`.

    Blanks around a value and repeats do not count.
    """
    if not _is_count(most):
        raise SchemaError("most must be an integer from 1", field=name)

    def value(given: object) -> tuple[str, ...]:
        chosen = {part.strip() for part in word(given).split(",")} - {""}
        if not 1 <= len(chosen) <= most:
            raise ValueError(f"must hold 1 to {most} values, commas between")
        return tuple(sorted(chosen))

    def read(value: tuple[str, ...], _now: int) -> Predicate:
        return In(field, value)

    about = f"up to {most} values of {field}, commas between"
    return Param(name, "filter", read, about, 1, value, (In(field, ()),), is_typed=True)


def not_before(name: str, field: str) -> Param:
    """Declare the start of a window on a time field, itself included."""

    def read(value: int, _now: int) -> Predicate:
        return Range(field, since=Instant(value))

    return _window(name, field, f"{field} from, ISO 8601", iso_time, read)


def not_after(name: str, field: str) -> Param:
    """Declare the end of a window on a time field, itself included."""

    def read(value: int, _now: int) -> Predicate:
        return Range(field, until=Instant(value))

    return _window(name, field, f"{field} up to, ISO 8601", iso_time, read)


def expiring_until(name: str, field: str) -> Param:
    """Declare a filter for what expires after now and up to a later UNIX time in seconds."""

    def value(given: object) -> int:
        return iso_time(given) if isinstance(given, datetime) else unix_seconds(given)

    def read(value: int, now: int) -> Predicate:
        if value <= now:
            raise ValueError("must be later than now")
        return Range(field, after=Instant(now), until=Instant(value))

    return _window(
        name, field, f"{field} after now and up to this UNIX time in seconds", value, read
    )


def _words(name: str, field: str, about: str, value: Callable[[object], str]) -> Param:
    """Make a filter for exactly one value."""

    def read(value: str, _now: int) -> Predicate:
        return Eq(field, value)

    return Param(name, "filter", read, about, 1, value, (Eq(field, ""),), is_typed=True)


def _window(name: str, field: str, about: str, value: Callable[[object], int], read: Read) -> Param:
    """Make a filter for a time, by an instant."""
    return Param(name, "filter", read, about, 1, value, (Range(field, since=Instant(0)),))


def _as_number(value: int, _now: int) -> int:
    """Take the number or the size of a page, which is read already."""
    return value


def _is_count(number: object) -> bool:
    return type(number) is int and number >= 1
