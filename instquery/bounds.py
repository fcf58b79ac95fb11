"""Bounds of a range, as a caller gives them: an instant, an integer, or a delta counted from now.

A bound is kept as it is until the schema and the query's now are known; then `micros` reads it.
What an integer means is up to the field, so it is neither read nor refused before.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Generic, TypeAlias, TypeVar

from dateutil.relativedelta import relativedelta

from instquery.instants import (
    EARLIEST,
    LATEST,
    TrustedMicros,
    moment_of_integer,
    no_time,
    to_micros,
    to_text,
)
from instquery.numbers import Number, hashed, is_number, unfit

__all__ = ["Bound", "Delta", "Given", "Instant", "Integer", "Real", "bound_of"]

_AN_INSTANT = "a datetime, ISO 8601 text, integer microseconds, or a delta from now"
_A_NUMBER = "a number (int, float or Decimal)"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SHORTEST, _LONGEST = timedelta.min // _MICROSECOND, timedelta.max // _MICROSECOND
_MOST_MONTHS = 120_000
"""Months of 10,000 years; whatever lies farther leaves every calendar."""

_ABSOLUTE = ("year", "month", "day", "weekday", "hour", "minute", "second", "microsecond")
_SCALES = {
    "days": 86_400_000_000,
    "hours": 3_600_000_000,
    "minutes": 60_000_000,
    "seconds": 1_000_000,
    "microseconds": 1,
}


@dataclass(frozen=True, slots=True)
class Instant:
    """An instant, in microseconds since 1970."""

    at: int

    def micros(self, now: int | None) -> int:  # noqa: ARG002 - the contract of every bound
        """Return the instant."""
        return self.at

    def value(self) -> Number:
        """Refuse: an instant is no number. Raises `ValueError`."""
        raise ValueError(f"must be {_A_NUMBER}, not a time")

    def __repr__(self) -> str:
        return repr(str(self))

    def __str__(self) -> str:
        return to_text(self.at, "microseconds" if self.at % 1_000_000 else "seconds")


_N = TypeVar("_N", bound=Number)


class _Numeric(Generic[_N]):
    """A bound that is a number; equal to another of the same value, whatever their types."""

    __slots__ = ()

    number: _N

    def value(self) -> _N:
        """Return the number."""
        return self.number

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Integer | Real):
            return NotImplemented
        return bool(self.number == other.number)

    def __hash__(self) -> int:
        return hashed(self.number)

    def __repr__(self) -> str:
        number = self.number
        is_huge = isinstance(number, int) and number.bit_length() > 64
        return "a huge integer" if is_huge else repr(number)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Integer(_Numeric[int]):
    """An integer, which means microseconds where the field is an instant."""

    number: int

    def micros(self, now: int | None) -> int:  # noqa: ARG002 - the contract of every bound
        """Read the integer as microseconds. Raises `ValueError` if it can only be another unit."""
        return moment_of_integer(self.number)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Real(_Numeric["float | Decimal"]):
    """A float or a `Decimal`, which means nothing where the field is an instant."""

    number: float | Decimal

    def micros(self, now: int | None) -> int:  # noqa: ARG002 - the contract of every bound
        """Refuse: it is no instant. Raises `ValueError`."""
        raise ValueError(f"must be {_AN_INSTANT}, not {type(self.number).__name__}")


@dataclass(frozen=True, slots=True)
class Delta:
    """A distance from now: calendar months, which are applied first, and microseconds."""

    months: int
    microseconds: int

    @classmethod
    def of(cls, value: timedelta | relativedelta) -> "Delta":
        """Copy a delta. Raises `ValueError` for members of a `relativedelta` that are no distance.

        >>> Delta.of(timedelta(days=1)) == Delta.of(relativedelta(days=1))
        True
        """
        if isinstance(value, timedelta):
            return cls(0, value // _MICROSECOND)

        absolute = [name for name in _ABSOLUTE if getattr(value, name) is not None]
        if value.leapdays:
            absolute.append("leapdays")
        if absolute:
            raise ValueError(f"must be a distance from now, without {absolute[0]}")

        micros = 0
        for name, scale in _SCALES.items():
            amount = getattr(value, name)
            if amount != amount or amount in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN alone differs from itself
                raise ValueError(f"must be a distance from now: {name} is {amount}")
            whole = int(amount)  # exact, where a number of another library might overflow
            micros += whole * scale + round((amount - whole) * scale)
        months = int(value.years) * 12 + int(value.months)
        return cls.cut(months, micros)

    @classmethod
    def cut(cls, months: int, microseconds: int) -> "Delta":
        """Make a delta; whatever is longer than every calendar is cut to it."""
        return cls(
            max(-_MOST_MONTHS, min(_MOST_MONTHS, months)),
            max(_SHORTEST, min(_LONGEST, microseconds)),
        )

    def micros(self, now: int | None) -> int:
        """Return now + delta, cut to the years 1 to 9999.

        Raises `ValueError` where now is not known.
        """
        if now is None:
            raise ValueError("is counted from now: give now=")

        after_months = _cut(_add_months(now, self.months)) if self.months else now
        return _cut(after_months + self.microseconds)

    def value(self) -> Number:
        """Refuse: a delta is no number. Raises `ValueError`."""
        raise ValueError(f"must be {_A_NUMBER}, not a distance from now")

    def __repr__(self) -> str:
        months = f"months={self.months}" if self.months else ""
        distance = repr(timedelta(microseconds=self.microseconds))
        distance = distance.removeprefix("datetime.timedelta(").removesuffix(")")
        if not months:
            return f"timedelta({distance if self.microseconds else 0})"
        return f"relativedelta({months}{f', {distance}' if self.microseconds else ''})"

    def __str__(self) -> str:
        if not self.months and not self.microseconds:
            return "now"
        return f"now + {self!r}"


Bound: TypeAlias = Instant | Integer | Real | Delta
"""One end of a range."""

Given: TypeAlias = datetime | str | int | float | Decimal | timedelta | relativedelta | Bound
"""What may be given as a bound; a `Bound` comes from this package or from another range."""


def bound_of(value: object) -> Bound:
    """Take a bound as a caller gives it. Raises `ValueError` with the reason for what can be none.

    >>> bound_of("2026-01-01"), bound_of(5), bound_of(timedelta(days=7))
    ('2026-01-01T00:00:00Z', 5, timedelta(days=7))
    """
    if isinstance(value, Bound):
        return value
    if isinstance(value, str | datetime):
        return Instant(to_micros(value))
    if isinstance(value, timedelta | relativedelta):
        return Delta.of(value)
    if isinstance(value, TrustedMicros) and EARLIEST <= value <= LATEST:
        return Instant(int(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return Integer(value if isinstance(value, TrustedMicros) else int(value))
    if is_number(value) and not isinstance(value, int):
        reason = unfit(value)
        if reason is not None:
            raise ValueError(f"cannot be asked for: {reason}")
        return Real(value)
    raise no_time(f"{_AN_INSTANT}, or {_A_NUMBER}", value)


def _add_months(micros: int, months: int) -> int:
    """Add calendar months to an instant; where the month is shorter, its last day counts."""
    at = _EPOCH + timedelta(microseconds=micros)
    month = at.year * 12 + at.month - 1 + months
    if month < 12:
        return EARLIEST
    if month >= 10_000 * 12:
        return LATEST
    return to_micros(at + relativedelta(months=months))


def _cut(micros: int) -> int:
    return max(EARLIEST, min(LATEST, micros))
