"""The way in: parameters as an API's document declares them, read into predicates and page numbers."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from instquery.bounds import Instant
from instquery.instants import LATEST, to_micros
from instquery.predicates import Contains, Eq, In, Predicate, Range

__all__ = [
    "Param",
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

_INTEGER = re.compile(r"[0-9]{1,19}", re.ASCII)
_LARGEST = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of an operation.

    `read` turns a value that was given, and the moment of the request, into a predicate (for a filter) or
    a number (for the page's number and size); it raises `ValueError` with the rule that the value breaks.
    `about` is the rule in words.
    """

    name: str
    role: Literal["filter", "number", "size"]
    read: Callable[[object, int], Predicate | int]
    about: str
    default: int = 1


def page_number(name: str) -> Param:
    """Declare the number of the page that is wanted: an integer from 1 that fits 64 bits."""
    return Param(name, "number", lambda value, _now: _integer(value, _LARGEST), "page number, from 1")


def page_size(name: str, *, default: int, most: int) -> Param:
    """Declare how many items a page holds: an integer from 1 to `most`."""
    about = f"items on a page, 1 to {most}"
    return Param(name, "size", lambda value, _now: _integer(value, most), about, default)


def exact(name: str, field: str | None = None) -> Param:
    """Declare a filter for records whose field is exactly the value. `field` is `name` unless given."""
    target = field or name
    return Param(name, "filter", lambda value, _now: Eq(target, _text(value)), f"{target}, exact")


def one_of(name: str, values: tuple[str, ...], field: str | None = None) -> Param:
    """Declare an exact filter that takes one of a few values and refuses others."""

    def read(value: object, _now: int) -> Predicate:
        chosen = _text(value)
        if chosen not in values:
            raise ValueError(f"must be one of {', '.join(values)}")
        return Eq(field or name, chosen)

    return Param(name, "filter", read, " | ".join(values))


def contains(name: str, field: str | None = None) -> Param:
    """Declare a filter for records whose text field has the value in it; what vendors call fuzzy."""
    target = field or name
    return Param(name, "filter", lambda value, _now: Contains(target, _text(value)), f"part of {target}, any case")


def listed(name: str, field: str, *, most: int) -> Param:
    """Declare a filter for up to `most` exact values, commas between; blanks and repeats do not count."""

    def read(value: object, _now: int) -> Predicate:
        chosen = {part.strip() for part in _text(value).split(",")} - {""}
        if not 1 <= len(chosen) <= most:
            raise ValueError(f"must hold 1 to {most} values, commas between")
        return In(field, sorted(chosen))

    return Param(name, "filter", read, f"up to {most} values of {field}, commas between")


def not_before(name: str, field: str) -> Param:
    """Declare the start of a window on a time field, itself included."""
    return Param(name, "filter", lambda value, _now: Range(field, since=_time(value)), f"{field} from, ISO 8601")


def not_after(name: str, field: str) -> Param:
    """Declare the end of a window on a time field, itself included."""
    return Param(name, "filter", lambda value, _now: Range(field, until=_time(value)), f"{field} up to, ISO 8601")


def expiring_until(name: str, field: str) -> Param:
    """Declare a filter for what expires after now and up to a UNIX time in seconds, which must be later than now."""

    def read(value: object, now: int) -> Predicate:
        until = to_micros(value) if isinstance(value, datetime) else _unix_seconds(value)
        if until <= now:
            raise ValueError("must be later than now")
        return Range(field, after=Instant(now), until=Instant(until))

    return Param(name, "filter", read, f"{field} after now and up to this UNIX time in seconds")


def _text(value: object) -> str:
    """Take text as it is and a number as its digits."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= 64:
        return str(value)
    raise ValueError("must be text")


def _integer(value: object, most: int) -> int:
    text = _text(value)
    if not _INTEGER.fullmatch(text) or not 1 <= int(text) <= most:
        raise ValueError("must be an integer from 1" + (f" to {most}" if most < _LARGEST else ""))
    return int(text)


def _time(value: object) -> Instant:
    if isinstance(value, str | datetime):
        return Instant(to_micros(value))
    raise ValueError("must be an ISO 8601 time")


def _unix_seconds(value: object) -> int:
    text = _text(value)
    if not re.fullmatch("[0-9]+", text):
        raise ValueError("must be a UNIX time in seconds, digits only")
    if len(text) == 13:
        raise ValueError("must be a UNIX time in seconds; 13 digits are milliseconds")
    if len(text) > 13 or int(text) * 1_000_000 > LATEST:
        raise ValueError("must be a UNIX time in seconds before the year 10000")
    return int(text) * 1_000_000
