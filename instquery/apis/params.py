"""Parameters as an API's document declares them, read into predicates and pages.

Each function declares one and returns a `Param`. All of them take by keyword what `Common` says:
`required`, `code` and `names`.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Unpack, cast

from instquery.apis.facts import unrepeated
from instquery.apis.families import repeated
from instquery.apis.pagination import page_number, page_size, page_token
from instquery.apis.param import Common, Param, Predicates, Read, is_count
from instquery.apis.values import LONGEST, iso_time, plain_text, unix_seconds, word
from instquery.bounds import Instant
from instquery.errors import InstqueryError, SchemaError
from instquery.predicates import Contains, Eq, In, Or, Predicate, Range, Value

__all__ = [
    "Common",
    "Param",
    "Predicates",
    "Read",
    "boolean",
    "contains",
    "exact",
    "expiring_until",
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
]

# How a record may spell a bool that it holds as text; the bool itself is looked for as well.
_BOOLS: dict[str, tuple[Value, ...]] = {
    "true": (True, "true", "True"),
    "false": (False, "false", "False"),
}


def exact(name: str, field: str | None = None, **common: Unpack[Common]) -> Param:
    """Declare a filter for records whose field is exactly the value.

    `field` is `name` unless given.

    Parameters arrive as text, and a keyword may hold numbers and bools. So `1` finds the text and
    the number, `true` (in any case) the text and the bool. A store takes 1 and True for one
    value, so both texts find either. A field declared with `as_text` holds no numbers.
    """
    target = field or name
    return _words(name, target, f"{target}, exact", word, **common)


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

    return _words(name, field or name, " | ".join(words), value, words, **common)


def contains(name: str, field: str | None = None, **common: Unpack[Common]) -> Param:
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
        **common,
    )


def search_key(name: str, *fields: str, **common: Unpack[Common]) -> Param:
    """Declare a filter for records with the value in at least one of several text fields.

    Such as a part of the id or of the description. The key is one of them where it is `text()`.
    Over a network a value has at most 1,024 characters.

    >>> search_key("SearchKey", "Id", "Name").read("web", 0)
    Or(Contains(field='Id', needle='web'), Contains(field='Name', needle='web'))
    """
    if not fields or not all(isinstance(field, str) and field for field in fields):
        reason = "name at least one text field: search_key('SearchKey', 'InstanceId', 'Name')"
        raise SchemaError(reason, field=name)

    def read(value: str, _now: int) -> Predicate:
        return Or(*[Contains(field, value) for field in fields])

    about = f"part of {' or '.join(fields)}, any case"
    examples = tuple([Contains(field, "") for field in fields])
    return Param(name, "filter", read, about, 1, plain_text, examples, longest=LONGEST, **common)


def listed(name: str, field: str, *, most: int, **common: Unpack[Common]) -> Param:
    """Declare a filter for up to `most` exact values, commas between; each is typed as `exact`.

    Blanks around a value and repeats do not count.
    """
    if not is_count(most):
        raise SchemaError("most must be an integer from 1", field=name)

    def value(given: object) -> tuple[str, ...]:
        chosen = {part.strip() for part in word(given).split(",")} - {""}
        if not 1 <= len(chosen) <= most:
            raise ValueError(f"must hold 1 to {most} values, commas between")
        return tuple(sorted(chosen))

    about = f"up to {most} values of {field}, commas between"
    return _any_of(name, field, about, value, **common)


def json_list(
    name: str,
    field: str | None = None,
    *,
    most: int,
    read: Callable[[Any, int], Predicates] | None = None,
    **common: Unpack[Common],
) -> Param:
    """Declare a filter for values in a JSON array, such as `["i-1", "i-2"]`.

    Args:
        name: of the parameter.
        field: is one of the values, each typed as `exact`; `name` unless given. An empty array
            matches nothing.
        most: how many values there may be. Repeats count.
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
        about = f"up to {most} items, a JSON array"
        return Param(name, "filter", read, about, value=partial(_json_array, most), **common)
    about = f"up to {most} values of {target}, a JSON array"
    return _any_of(name, target, about, partial(_json_texts, most), **common)


def boolean(
    name: str,
    field: str | None = None,
    *,
    read: Callable[[bool, int], Predicates] | None = None,
    **common: Unpack[Common],
) -> Param:
    """Declare a filter that is true or false, in any case.

    Args:
        name: of the parameter.
        field: is true or false, as a bool or as text; `name` unless given.
        read: makes predicates of the bool and the moment of the request, in the place of `field`.
        common: see `Common`.

    """
    target = field or name

    def value(given: object) -> bool:
        text = word(given).lower()
        if text not in _BOOLS:
            raise ValueError("must be true or false")
        return text == "true"

    def read_field(value: bool, _now: int) -> Predicate:  # noqa: FBT001 - as every param is read
        return In(target, _BOOLS["true" if value else "false"])

    about, choices = "true | false", ("true", "false")
    asks: Read = read_field if read is None else read
    examples = (In(target, ()),) if read is None else ()
    return Param(
        name, "filter", asks, about, value=value, examples=examples, choices=choices, **common
    )


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
    field: str,
    about: str,
    value: Callable[[object], str],
    choices: tuple[str, ...] = (),
    **common: Unpack[Common],
) -> Param:
    """Make a filter for exactly one value."""

    def read(value: str, _now: int) -> Predicate:
        return Eq(field, value)

    examples = (Eq(field, ""),)
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


def _json_texts(most: int, given: object) -> tuple[str, ...]:
    """Read a JSON array of values that are matched whole; repeats and order do not count."""
    items = _json_array(most, given)
    if any(isinstance(item, float) or item is None for item in items):
        raise ValueError("must hold texts")
    return tuple(sorted(set(map(word, items))))


def _json_array(most: int, given: object) -> tuple[Any, ...]:
    """Read the text of a JSON array; a list of Python's is taken as it is."""
    items: object = given
    if not isinstance(given, list | tuple):
        try:
            items = json.loads(plain_text(given), object_pairs_hook=unrepeated)
        except (ValueError, RecursionError, InstqueryError):
            raise ValueError("must be a JSON array") from None
    if not isinstance(items, list | tuple):
        raise ValueError("must be a JSON array")
    listed_items = tuple(cast(Sequence[Any], items))
    if len(listed_items) > most:
        raise ValueError(f"must hold at most {most} values")
    return listed_items
