"""Parameters as an API's document declares them, read into predicates and pages.

Each function declares one and returns a `Param`. All of them take by keyword what `Common` says:
`required`, `code` and `names`.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Unpack

from instquery.apis.families import repeated
from instquery.apis.jsontext import json_array, json_numbers, json_texts
from instquery.apis.pagination import page_number, page_size, page_token
from instquery.apis.param import Common, Param, Predicates, Read, is_count
from instquery.apis.tagging import tag_family, tag_list, tag_map
from instquery.apis.texts import contains, search_key, wildcard
from instquery.apis.values import iso_time, number, unix_seconds, word
from instquery.bounds import Instant
from instquery.errors import SchemaError
from instquery.numbers import Number
from instquery.predicates import Eq, In, Not, Or, Predicate, Range, Value

__all__ = [
    "Common",
    "Param",
    "Predicates",
    "Read",
    "boolean",
    "contains",
    "exact",
    "expired",
    "expiring_until",
    "ignored",
    "json_list",
    "listed",
    "not_after",
    "not_before",
    "one_of",
    "page_number",
    "page_size",
    "page_token",
    "repeated",
    "search_key",
    "tag_family",
    "tag_list",
    "tag_map",
    "wildcard",
]

# How a record may spell a bool that it holds as text; the bool itself is looked for as well.
_BOOLS: dict[str, tuple[Value, ...]] = {
    "true": (True, "true", "True"),
    "false": (False, "false", "False"),
}


def exact(name: str, field: str | tuple[str, ...] | None = None, **common: Unpack[Common]) -> Param:
    """Declare a filter for records whose field is exactly the value.

    `field` is `name` unless given. Of several fields at least one is the value.

    Parameters arrive as text, and a keyword may hold numbers and bools. So `1` finds the text and
    the number, `true` (in any case) the text and the bool. A store takes 1 and True for one
    value, so both texts find either. A field declared with `as_text` holds no numbers.

    Of a number field the text is a number, `2.5` both the float and the `Decimal`. Any other text
    is refused; where other fields are asked too, it is merely not found there.
    """
    target = field or name
    fields = (target,) if isinstance(target, str) else target
    param = _words(name, fields, f"{' or '.join(fields)}, exact", word, **common)
    return replace(param, numbers=number)


def one_of(
    name: str, values: Sequence[Value], field: str | None = None, **common: Unpack[Common]
) -> Param:
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

    return _words(name, (field or name,), " | ".join(words), value, words, **common)


def listed(name: str, field: str, *, most: int | None, **common: Unpack[Common]) -> Param:
    """Declare a filter for up to `most` exact values, commas between; each is typed as `exact`.

    Blanks around a value and repeats do not count. With `None` there may be any number.
    """
    if most is not None and not is_count(most):
        raise SchemaError("most must be an integer from 1, or None", field=name)
    limit = "1 or more" if most is None else f"1 to {most}"

    def value(given: object) -> tuple[str, ...]:
        chosen = {part.strip() for part in word(given).split(",")} - {""}
        if not chosen or (most is not None and len(chosen) > most):
            raise ValueError(f"must hold {limit} values, commas between")
        return tuple(sorted(chosen))

    about = (
        f"{'any number of' if most is None else f'up to {most}'} values of {field}, commas between"
    )

    def numbers(given: object) -> tuple[Number, ...]:
        return tuple(sorted({number(one) for one in value(given)}))

    return replace(_any_of(name, field, about, value, **common), numbers=numbers)


def json_list(
    name: str,
    field: str | None = None,
    *,
    most: int,
    bare: bool = False,
    read: Callable[[Any, int], Predicates | None] | None = None,
    **common: Unpack[Common],
) -> Param:
    """Declare a filter for values in a JSON array, such as `["i-1", "i-2"]`.

    Args:
        name: of the parameter.
        field: is one of the values, each typed as `exact`; `name` unless given. An empty array
            matches nothing.
        most: how many values there may be. Repeats count.
        bare: takes a text that begins with no bracket for the only value.
        read: makes predicates of the items and the moment of the request, in the place of `field`.
            Then an item may be of any JSON type. Objects are taken only here.
        common: see `Common`.

    Python code may give a list or a tuple.

    >>> json_list("InstanceIds", "InstanceId", most=100).value('["i-2", "i-1", "i-2"]')
    ('i-1', 'i-2')

    """
    if not is_count(most):
        raise SchemaError("most must be an integer from 1", field=name)
    target = field or name

    if read is not None:
        value = partial(json_array, most=most, bare=bare)
        about = f"up to {most} items, a JSON array"
        return Param(name, "filter", read, about, value=value, **common)
    about = f"up to {most} values of {target}, a JSON array"
    param = _any_of(name, target, about, partial(json_texts, most=most, bare=bare), **common)
    return replace(param, numbers=partial(json_numbers, most=most, bare=bare))


def boolean(
    name: str,
    field: str | None = None,
    *,
    read: Callable[[bool, int], Predicates | None] | None = None,
    words: tuple[str, str] | None = None,
    **common: Unpack[Common],
) -> Param:
    """Declare a filter that is true or false, in any case.

    Args:
        name: of the parameter.
        field: is true or false, as a bool or as text; `name` unless given.
        read: makes predicates of the bool and the moment of the request, in the place of `field`.
        words: the only spellings of true and false that are taken, in that order and as they stand.
            Python code may give a bool all the same.
        common: see `Common`.

    """
    target = field or name
    true, false = words or ("true", "false")

    def value(given: object) -> bool:
        if isinstance(given, bool):
            return given
        text = word(given) if words else word(given).lower()
        if text not in (true, false):
            raise ValueError(f"must be {true} or {false}")
        return text == true

    def read_field(value: bool, _now: int) -> Predicate:  # noqa: FBT001 - as every param is read
        return In(target, _BOOLS["true" if value else "false"])

    about, choices = f"{true} | {false}", (true, false)
    asks: Read = read_field if read is None else read
    examples = (In(target, _BOOLS["true"]),) if read is None else ()
    return Param(
        name, "filter", asks, about, value=value, examples=examples, choices=choices, **common
    )


def expired(
    name: str, field: str, *, words: tuple[str, str] | None = None, **common: Unpack[Common]
) -> Param:
    """Declare a filter for what has expired: at now or before it, by a time field.

    False asks for all else, records without a time included. `words` are those of `boolean`.
    """

    def read(value: bool, now: int) -> Predicate:  # noqa: FBT001 - as every param is read
        over = Range(field, until=Instant(now))
        return over if value else Not(over)

    param = boolean(name, read=read, words=words, **common)
    return replace(param, examples=(Range(field, until=Instant(0)),))


def ignored(name: str) -> Param:
    """Declare a parameter that is taken and changes nothing, whatever is given.

    So it is described, and a double that refuses unknown parameters takes it. Numbered parts of it
    (`name.1`) are taken too.
    """
    prefix = f"{name}."

    def value(_given: object) -> None:
        """Take anything for one value."""

    def read(_value: None, _now: int) -> Predicates:
        return ()

    def is_part(given: str) -> bool:
        return given.startswith(prefix)

    return Param(name, "filter", read, "taken, and ignored", value=value, is_part=is_part)


def not_before(name: str, field: str, **common: Unpack[Common]) -> Param:
    """Declare the start of a window on a time field, itself included."""

    def read(value: int, _now: int) -> Predicate:
        return Range(field, since=Instant(value))

    return _window(name, field, f"{field} from, ISO 8601", iso_time, read, **common)


def not_after(name: str, field: str, **common: Unpack[Common]) -> Param:
    """Declare the end of a window on a time field, itself included."""

    def read(value: int, _now: int) -> Predicate:
        return Range(field, until=Instant(value))

    return _window(name, field, f"{field} up to, ISO 8601", iso_time, read, **common)


def expiring_until(name: str, field: str, **common: Unpack[Common]) -> Param:
    """Declare a filter for what expires after now and up to a later UNIX time in seconds."""

    def value(given: object) -> int:
        return iso_time(given) if isinstance(given, datetime) else unix_seconds(given)

    def read(value: int, now: int) -> Predicate:
        if value <= now:
            raise ValueError("must be later than now")
        return Range(field, after=Instant(now), until=Instant(value))

    about = f"{field} after now and up to this UNIX time in seconds"
    return _window(name, field, about, value, read, **common)


def _words(
    name: str,
    fields: tuple[str, ...],
    about: str,
    value: Callable[[object], str],
    choices: tuple[str, ...] = (),
    **common: Unpack[Common],
) -> Param:
    """Make a filter for exactly one value, in any of several fields."""
    if len(fields) == 1:
        field = fields[0]

        def read(value: str, _now: int) -> Predicate:
            return Eq(field, value)
    else:

        def read(value: str, _now: int) -> Predicate:
            return Or(*[Eq(one, value) for one in fields])

    examples = tuple([Eq(one, "") for one in fields])
    return Param(
        name, "filter", read, about, 1, value, examples, is_typed=True, choices=choices, **common
    )


def _any_of(
    name: str,
    field: str,
    about: str,
    value: Callable[[object], tuple[str, ...]],
    **common: Unpack[Common],
) -> Param:
    """Make a filter for any of several values."""

    def read(value: tuple[str, ...], _now: int) -> Predicate:
        return In(field, value)

    return Param(name, "filter", read, about, 1, value, (In(field, ()),), is_typed=True, **common)


def _window(
    name: str,
    field: str,
    about: str,
    value: Callable[[object], int],
    read: Read,
    **common: Unpack[Common],
) -> Param:
    """Make a filter for a time, by an instant."""
    return Param(name, "filter", read, about, 1, value, (Range(field, since=Instant(0)),), **common)
