"""Values of records that JSON has no form for, as replies write them.

| a record may hold | a reply has |
| --- | --- |
| a `Decimal` | the number, as near as a float comes to it; else its text |
| a set | its items in an array, sorted where they can be |
| bytes | their Base64 |
| a time, a date, a UUID | their text |
"""

from base64 import b64encode
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from math import inf, isfinite
from typing import Any
from uuid import UUID

__all__ = ["plain_value"]

_LEAST, _MOST = -(1 << 63), (1 << 64) - 1


def plain_value(value: object) -> Any:
    """Return what a reply has for a value that JSON has no form for, as a hook of `json`.

    Raises `TypeError` for what no record can hold.

    >>> plain_value(Decimal("0.50")), plain_value(Decimal(2)), plain_value({2, 1})
    (0.5, 2, [1, 2])
    """
    for kinds, write in _FORMS:
        if isinstance(value, kinds):
            return write(value)
    raise TypeError(f"a reply cannot hold {type(value).__name__}")


def _number(value: Decimal) -> int | float | str:
    # Before it is made an integer, which takes seconds for one of a huge exponent.
    if value.is_finite() and _LEAST <= value <= _MOST and value == value.to_integral_value():
        return int(value)
    near = float(value) if value.is_finite() else inf
    return near if isfinite(near) else str(value)


def _items(value: set[Any]) -> list[Any]:
    try:
        return sorted(value)
    except TypeError:
        return sorted(value, key=repr)


def _base64(value: bytes) -> str:
    return b64encode(value).decode("ascii")


def _time(value: date) -> str:
    return value.isoformat()


_FORMS: tuple[tuple[type | tuple[type, ...], Callable[[Any], Any]], ...] = (
    (Decimal, _number),
    ((set, frozenset), _items),
    (bytes, _base64),
    (date, _time),  # which a datetime is too
    (UUID, str),
)
