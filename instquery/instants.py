"""Instants as integers: microseconds since 1970-01-01T00:00:00Z, exact and compared as numbers."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

from dateutil.parser import isoparse

__all__ = [
    "EARLIEST",
    "LATEST",
    "MICROS",
    "Moment",
    "Unit",
    "moment",
    "moment_of_integer",
    "reader",
    "to_datetime",
    "to_micros",
    "to_text",
]

Moment = datetime | str | int
"""A moment as a caller names it, such as `now`: a `datetime`, ISO 8601 text or integer microseconds."""

Unit = Literal["seconds", "milliseconds", "microseconds"]
"""What an integer in a record counts since 1970-01-01T00:00:00Z."""

MICROS: Mapping[Unit, int] = {"seconds": 1_000_000, "milliseconds": 1_000, "microseconds": 1}
"""The microseconds of each unit."""

# Integers of this range would lie between 1970-01-01 and 1973-03-03 as microseconds. As seconds the
# first is in 1973, as milliseconds the last in 5138: that is what they are.
_SECONDS_OF_THIS_AGE, _MILLISECONDS_OF_THIS_AGE = 10**8, 10**14

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - formats without an offset, to which "Z" is added

EARLIEST = -62_135_596_800_000_000
"""0001-01-01T00:00:00Z, the first instant a `datetime` can hold, in microseconds."""

LATEST = 253_402_300_799_999_999
"""9999-12-31T23:59:59.999999Z, the last one."""

# What is left to dateutil: dates and times of ISO 8601 that hold a "-" or a "T". Digits alone are
# refused: "1608533404" is a UNIX time that somebody forgot to convert, never a date.
_ODD_ISO = re.compile(r"(?=.*[-T])[0-9W-]{8,10}(T[0-9:.,]+(Z|[+-][0-9:]+)?)?", re.ASCII)


def to_micros(value: object) -> int:
    """Read a time that says what it is: a `datetime`, or ISO 8601 text.

    A value without a zone is UTC; an offset is applied; digits beyond the microsecond are cut off.
    An integer is no time by itself, as it does not say its unit: see `reader` and `moment`.

    Raises `ValueError` with the reason, for anything else and for instants outside the years 1 to 9999.
    Costs 0.5 µs for the usual form of text (`datetime.fromisoformat`), 10 µs for a rarer one (`dateutil`).

    >>> to_micros("2018-12-06T06:14:01Z")
    1544076841000000
    >>> to_micros("2018-12-06T14:14:01.5+08:00") - to_micros("2018-12-06T06:14:01")
    500000
    """
    if type(value) is str:
        # The usual form.
        if value[10:11] == "T" and value[-1:] == "Z" and value[7:8] == "-" and "\0" not in value:
            try:
                since = datetime.fromisoformat(value) - _EPOCH
            except ValueError:
                since = _parse(value) - _EPOCH
            return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
        at = _parse(value)
    elif isinstance(value, datetime):
        at = value
    elif isinstance(value, str):
        at = _parse(str(value))
    else:
        raise ValueError(f"must be a datetime or ISO 8601 text, not {type(value).__name__}")

    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    since = at - _EPOCH
    micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return _checked(micros)


def moment(value: object) -> int:
    """Read a moment that a caller names, such as `now`: as `to_micros`, or integer microseconds.

    An integer from 10**8 to 10**14 is refused with a `ValueError`: as microseconds it would lie in the
    years 1970 to 1973, so it is a number of seconds or milliseconds that somebody forgot to convert.

    >>> moment(1_767_225_600_000_000) == moment("2026-01-01")
    True
    """
    if isinstance(value, str | datetime):
        return to_micros(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return moment_of_integer(value)
    kind = type(value).__name__
    raise ValueError(f"must be a datetime, ISO 8601 text or integer microseconds, not {kind}")


def moment_of_integer(value: int) -> int:
    """Read a caller's integer as microseconds, as `moment` does."""
    if _SECONDS_OF_THIS_AGE <= value <= _MILLISECONDS_OF_THIS_AGE:
        raise ValueError(
            f"must be in microseconds, and {value} can only be seconds or milliseconds: multiply them by "
            "1_000_000 or 1_000, or give a datetime or ISO 8601 text"
        )
    return _checked(int(value))


def reader(integers: Unit | None = None, *, blank_is_missing: bool = False) -> Callable[[object], int | None]:
    """Return the function that reads a field's instants, `None` where there is none.

    Args:
        integers: the unit of an integer. Without it an integer is refused.
        blank_is_missing: whether `""` is no value.

    >>> reader("seconds")(1), reader("milliseconds")(1), reader(blank_is_missing=True)("")
    (1000000, 1000, None)

    """
    scale = None if integers is None else MICROS[integers]

    def read(value: object) -> int | None:
        if value is None or (blank_is_missing and value == ""):
            return None
        if not isinstance(value, int) or isinstance(value, bool):
            return to_micros(value)
        if scale is None:
            raise ValueError(
                "must be a datetime or ISO 8601 text, as an integer does not say its unit: "
                'declare it, such as instant(integers="seconds")'
            )
        return _checked(int(value) * scale)

    return read


def to_text(micros: int, timespec: Unit = "microseconds") -> str:
    """Write an instant as ISO 8601 text in UTC; what is finer than `timespec` is cut off.

    >>> to_text(1544076841000000, "milliseconds"), to_text(-1, "seconds")
    ('2018-12-06T06:14:01.000Z', '1969-12-31T23:59:59Z')
    """
    return (_NAIVE_EPOCH + timedelta(microseconds=micros)).isoformat(timespec=timespec) + "Z"


def to_datetime(micros: int) -> datetime:
    """Return an instant as a `datetime` in UTC, exact: a float of seconds would lose microseconds.

    >>> to_datetime(LATEST).isoformat()
    '9999-12-31T23:59:59.999999+00:00'
    """
    return _EPOCH + timedelta(microseconds=micros)


def _checked(micros: int) -> int:
    """Refuse an instant that no `datetime` can hold, so that every kept one can be written."""
    if EARLIEST <= micros <= LATEST:
        return micros
    raise ValueError("must lie within the years 1 to 9999")


def _parse(text: str) -> datetime:
    """Parse ISO 8601 text: the usual form by the standard library, odd but valid ones by dateutil."""
    # fromisoformat takes any character between date and time, and may stop at a NUL: recognise the usual form first.
    if text[4:5] == "-" and text[7:8] == "-" and text[10:11] in ("T", " ", "") and "\0" not in text:
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass  # it may still be valid, such as an hour of 24
    odd = text.upper().replace(" ", "T", 1)
    if len(text) <= 40 and _ODD_ISO.fullmatch(odd):
        try:
            return isoparse(odd)
        except (ValueError, OverflowError):
            pass  # dateutil speaks of its own parts; the caller needs to know about the text
    raise ValueError(f"is not an ISO 8601 time: {text[:40]!r}")
