"""Values of parameters: what was given, read into text, a number or an instant.

What breaks a rule is a `ValueError` with the rule.
"""

import re
from collections.abc import Hashable, Iterable
from datetime import datetime
from decimal import Decimal
from math import isfinite

from instquery.instants import LATEST, TrustedMicros, to_micros
from instquery.numbers import Number, is_number, unfit
from instquery.predicates import Eq, In, Value

__all__ = [
    "LARGEST",
    "LONGEST",
    "first_repeated",
    "integer",
    "is_given",
    "iso_time",
    "number",
    "number_of",
    "numbered",
    "plain",
    "plain_text",
    "spells_more",
    "typed",
    "unix_seconds",
    "word",
]

_INTEGER = re.compile(r"[0-9]{1,19}", re.ASCII)
_DIGITS = re.compile("[0-9]+")

LARGEST = (1 << 63) - 1
"""The largest integer that a parameter may be."""

LONGEST = 1_024
"""Characters of a needle or a pattern that comes over a network: looking for it costs by them."""

# A text that a bool or a number of a record is written as: in JSON, in a query string, by Python.
_SPELLS_BOOL = {"true": True, "false": False}
_SPELLS_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,19}", re.ASCII)
_SPELLS_ANY_NUMBER = re.compile(
    r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,3})?", re.ASCII
)
_IS_FRACTION = re.compile("[.eE]")
_LAST_OF_BOOLS = frozenset("eE")
_LAST_OF_NUMBERS = frozenset("0123456789")
_NUMBERS = range(-(1 << 63), 1 << 64)


def first_repeated(names: Iterable[str]) -> str | None:
    """Return the first name that is given twice; `None` where each is given once."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def plain(value: object) -> object:
    """Return a number or a bool as the text that spells it in a query string, all else as it is.

    >>> plain(5), plain(True), plain("5")
    ('5', 'true', '5')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value.bit_length() <= 64:
        return str(value)
    return value


def named(value: object) -> Hashable:
    """Return a value as a part of a name, equal for the spellings that a param takes for one."""
    try:
        hash(value)
    except TypeError:  # such as a list, which a param of a user's own may take
        return type(value), repr(value)
    return plain(value)


def is_given(value: object) -> bool:
    """Tell whether a parameter asks for anything: nothing and empty text do not."""
    return value is not None and value != ""


def word(value: object) -> str:
    """Take a value that is matched whole: text, or a number or a bool as its text."""
    return value if isinstance(value, str) else plain_text(plain(value))


def plain_text(value: object) -> str:
    """Take text as it is, and a number as its digits; a bool is refused."""
    text = plain(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(text, str):
        return text
    raise ValueError("must be text")


def integer(value: object, most: int, *, least: int = 1) -> int:
    """Read an integer from `least` to `most`, in digits alone."""
    text = plain_text(value)
    if not _INTEGER.fullmatch(text) or not least <= int(text) <= most:
        to_most = f" to {most}" if most < LARGEST else ""
        raise ValueError(f"must be an integer from {least}{to_most}")
    return int(text)


def iso_time(value: object) -> TrustedMicros:
    """Read a `datetime` or ISO 8601 text into microseconds."""
    if isinstance(value, str | datetime):
        return TrustedMicros(to_micros(value))
    raise ValueError("must be an ISO 8601 time")


def unix_seconds(value: object) -> TrustedMicros:
    """Read a UNIX time in seconds into microseconds; one of milliseconds is known by its length."""
    text = plain_text(value)
    if not _DIGITS.fullmatch(text):
        raise ValueError("must be a UNIX time in seconds, digits only")
    if len(text) == 13:
        raise ValueError("must be a UNIX time in seconds; 13 digits are milliseconds")
    if len(text) > 13 or int(text) * 1_000_000 > LATEST:
        raise ValueError("must be a UNIX time in seconds before the year 10000")
    return TrustedMicros(int(text) * 1_000_000)


def number_of(given: object) -> Number | None:
    """Return the number that a value is or spells, `None` where it is none that a field can hold.

    A fraction is a `Decimal`, digit by digit as it is spelled.

    >>> number_of("5"), number_of("2.50"), number_of(0.1), number_of("five"), number_of(True)
    (5, Decimal('2.50'), Decimal('0.1'), None, None)
    """
    number: Number
    if isinstance(given, str):
        if not _SPELLS_ANY_NUMBER.fullmatch(given):
            return None
        number = Decimal(given)
        if not _IS_FRACTION.search(given) and int(given) in _NUMBERS:
            number = int(given)
    elif is_number(given):
        number = Decimal(float.__repr__(given)) if isinstance(given, float) else given
    else:
        return None
    return number if unfit(number) is None else None


def number(given: object) -> Number:
    """Read a number: what `number_of` returns, or a `ValueError`."""
    found = number_of(given)
    if found is None:
        raise ValueError("must be a number")
    return found


def numbered(predicate: Eq | In) -> Eq | In:
    """Look for the numbers that the values of a predicate spell; what spells none is not found.

    A fraction is looked for as a `Decimal`, and as the float that is read from its digits.
    """
    given = (predicate.value,) if isinstance(predicate, Eq) else predicate.values
    found: list[Number] = []
    for one in given:
        exact = number_of(one)
        if exact is None:
            continue
        found.append(exact)
        near = float(exact) if isinstance(exact, Decimal) else 0.0
        if near and isfinite(near):  # 1e-400 is not 0
            found.append(near)
    among = In(predicate.field, found)
    return Eq(among.field, among.values[0]) if len(among.values) == 1 else among


def typed(predicate: Eq | In, *, as_text: bool) -> Eq | In:
    """Look for the bools and numbers that the texts of a predicate spell, beside the texts."""
    if isinstance(predicate, Eq):
        value = predicate.value
        spelled = _spelled(value, as_text=as_text) if isinstance(value, str) else None
        return predicate if spelled is None else In(predicate.field, (value, spelled))

    texts = [value for value in predicate.values if isinstance(value, str)]
    found = [_spelled(text, as_text=as_text) for text in texts]
    added = [value for value in found if value is not None]
    return In(predicate.field, (*predicate.values, *added)) if added else predicate


def spells_more(text: str) -> bool:
    """Tell whether a text spells a bool or a number too.

    >>> spells_more("5"), spells_more("true"), spells_more("Running")
    (True, True, False)
    """
    return _spelled(text, as_text=False) is not None


def _spelled(text: str, *, as_text: bool) -> Value | None:
    """Return the bool or number that a text spells, `None` where it spells none."""
    last = text[-1:]  # tells most texts from both
    if last in _LAST_OF_BOOLS:
        return _SPELLS_BOOL.get(text.lower())
    if last not in _LAST_OF_NUMBERS or as_text or not _SPELLS_NUMBER.fullmatch(text):
        return None
    return int(text) if int(text) in _NUMBERS else None
