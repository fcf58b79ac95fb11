"""Values of records that JSON has no form for, as replies write them.

| a record may hold | a reply has |
| --- | --- |
| a `Decimal` | the number, as near as a float comes to it; else its text |
| a set | its items in an array, sorted where they can be |
| bytes | their Base64 |
| a time, a date, a UUID | their text |
"""

from base64 import b64encode
from datetime import date
from decimal import Decimal
from math import inf, isfinite
from typing import Any, cast
from uuid import UUID

__all__ = ["plain_value"]

_LEAST, _MOST = -(1 << 63), (1 << 64) - 1


def plain_value(value: object) -> Any:
    """Return what a reply has for a value that JSON has no form for, as a hook of `json`.

    Raises `TypeError` for what no record can hold.

    >>> from decimal import Decimal
    >>> plain_value(Decimal("0.50")), plain_value(Decimal(2)), plain_value({2, 1}), plain_value(b"a")
    (0.5, 2, [1, 2], 'YQ==')
    """
    if isinstance(value, Decimal):
        # Before it is made an integer, which one of a huge exponent never ends to be.
        if value.is_finite() and _LEAST <= value <= _MOST and value == value.to_integral_value():
            return int(value)
        near = float(value) if value.is_finite() else inf
        return near if isfinite(near) else str(value)
    if isinstance(value, set | frozenset):
        items = cast(set[Any], value)
        try:
            return sorted(items)
        except TypeError:
            return sorted(items, key=repr)
    if isinstance(value, bytes):
        return b64encode(value).decode("ascii")
    if isinstance(value, date):  # which a datetime is too
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"a reply cannot hold {type(value).__name__}")
