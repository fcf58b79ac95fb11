"""Ranges: `Range` as a caller makes it, `Interval` as indexes are asked it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import timedelta
from typing import Any

from dateutil.relativedelta import relativedelta

from instquery.bounds import Bound, Delta, Given, Instant, bound_of
from instquery.errors import Code, QueryError
from instquery.instants import EARLIEST, LATEST, to_micros
from instquery.numbers import Number
from instquery.options import brief
from instquery.trees import Leaf

__all__ = ["Interval", "Range", "check_name"]

_MOST_BITS = 1_500
_FARTHEST = 1 << _MOST_BITS

_set = object.__setattr__  # of frozen values, while they are made


@dataclass(frozen=True, slots=True, init=False)
class Range(Leaf):
    """Matches records whose instant lies between two bounds, either of which may stand alone.

    A bound is a `datetime`, ISO 8601 text, integer microseconds since 1970, or a `timedelta` or
    `relativedelta` that is counted from the query's now; without a zone it is UTC. Bounds are kept
    as given and read once the schema and now are known, so that a window from now is the same
    predicate on every page. A range that ends before it starts matches nothing.

    Args:
        field: the name of an instant field.
        after, since: the lower bound, excluded and included. Where both are given, both hold.
        until, before: the upper bound, included and excluded. Likewise.
        within: from now to now + delta: the same as `after=timedelta(0), until=delta`. Where now +
            delta lies before now, the same as `since=delta, before=timedelta(0)`. No other bound
            beside it.

    Raises:
        QueryError: for a bound that can be none. An integer from 10**8 to 10**14, which can only be
            seconds or milliseconds, is refused when the query is asked.

    >>> window = Range("expires", after="2026-01-01", until="2026-02-01")
    >>> window.matches({"expires": "2026-01-01T00:00:00Z"})
    False
    >>> window.matches({"expires": "2026-02-01T00:00:00Z"})
    True
    >>> Range("expires", within=timedelta(days=7))
    Range('expires', after=timedelta(0), until=timedelta(days=7))

    """

    field: str
    after: Bound | None
    since: Bound | None
    until: Bound | None
    before: Bound | None
    within: Delta | None
    """Kept only where its sign depends on now, such as a month less 30 days."""

    def __init__(
        self,
        field: str,
        *,
        after: Given | None = None,
        since: Given | None = None,
        until: Given | None = None,
        before: Given | None = None,
        within: timedelta | relativedelta | Delta | None = None,
    ) -> None:
        check_name(field)
        is_bare = after is since is until is before is None
        if within is None and is_bare:
            names = "after, since, until, before, within"
            reason = f"a range needs at least one of {names}"
            raise QueryError(reason, field=field, code="query.value")
        if within is not None and not is_bare:
            reason = "within stands alone: no other bound beside it"
            raise QueryError(reason, field=field, code="query.value")

        delta = None if within is None else _delta(field, within)
        if delta is not None and delta.months >= 0 and delta.microseconds >= 0:
            after, until, delta = _NOW, delta, None
        elif delta is not None and delta.months <= 0 and delta.microseconds <= 0:
            since, before, delta = delta, _NOW, None

        # Instants are read already: params make them, and terms.
        if after is not None and type(after) is not Instant:
            after = _bound(field, "after", after)
        if since is not None and type(since) is not Instant:
            since = _bound(field, "since", since)
        if until is not None and type(until) is not Instant:
            until = _bound(field, "until", until)
        if before is not None and type(before) is not Instant:
            before = _bound(field, "before", before)
        _set(self, "field", field)
        _set(self, "after", after)
        _set(self, "since", since)
        _set(self, "until", until)
        _set(self, "before", before)
        _set(self, "within", delta)

    @property
    def is_relative(self) -> bool:
        """Whether a bound is counted from now."""
        bounds = (self.after, self.since, self.until, self.before, self.within)
        return Delta in map(type, bounds)

    def bound(self, read: Callable[[object], int | None], now: int | None) -> "Interval":
        """Return the range with its bounds read; `read` is how the field's instants are read.

        Raises `QueryError` for an integer of another unit, and where now is needed and not known.
        """
        after, since, until, before = self.after, self.since, self.until, self.before
        if self.within is not None:
            delta = self.within
            if self._read("within", delta, now) >= self._read("within", _NOW, now):
                after, until = _NOW, delta
            else:
                since, before = delta, _NOW

        # Every bound lies within the years of instants.
        low = EARLIEST if since is None else self._read("since", since, now)
        high = LATEST if until is None else self._read("until", until, now)
        if after is not None:
            low = max(low, self._read("after", after, now) + 1)
        if before is not None:
            high = min(high, self._read("before", before, now) - 1)
        return Interval(self.field, low, high, read)

    def spans(self) -> list[tuple[Number | None, Number | None, bool]]:
        """Return the bounds as those of numbers: low, high, and whether it is open.

        Raises `QueryError` for a bound that is no number.
        """
        if self.within is not None:
            self._number("within", self.within)
        found: list[tuple[Number | None, Number | None, bool]] = []
        for name, is_open in (("after", True), ("since", False)):
            bound: Bound | None = getattr(self, name)
            if bound is not None:
                found.append((self._number(name, bound), None, is_open))
        for name, is_open in (("until", False), ("before", True)):
            bound = getattr(self, name)
            if bound is not None:
                found.append((None, self._number(name, bound), is_open))
        return found

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Tell whether the record's instant is within the bounds; a missing one never is.

        Raises `QueryError` where only the schema or now would tell: for bounds from now, and for a
        record that holds an integer. `Schema.matches` knows both.
        """
        return self.bound(self._read_flat, None).matches(record)

    def _read(self, name: str, bound: Bound, now: int | None) -> int:
        """Read a bound, or say which one is wrong.

        A moment of this package is of a class of its own, which indexes would compare slowly: what
        is read is a plain integer.
        """
        if isinstance(bound, Instant):
            return int(bound.at)
        try:
            return int(bound.micros(now))
        except ValueError as error:
            is_now_missing = now is None and isinstance(bound, Delta)
            code: Code = "query.now" if is_now_missing else "query.value"
            raise QueryError(f"{name} {error}", field=self.field, code=code) from None

    def _number(self, name: str, bound: Bound) -> Number:
        try:
            number = bound.value()
        except ValueError as error:
            raise QueryError(f"{name} {error}", field=self.field, code="query.value") from None
        if isinstance(number, int) and number.bit_length() > _MOST_BITS:
            return _FARTHEST if number > 0 else -_FARTHEST  # beyond all that is finite
        return number

    def _read_flat(self, value: object) -> int | None:
        """Read an instant of which no schema is known."""
        try:
            return None if value is None else to_micros(value)
        except ValueError as error:
            reason = f"{error}; ask Schema.matches"
            raise QueryError(reason, field=self.field, code="query.value") from None

    def __repr__(self) -> str:
        names = ("after", "since", "until", "before", "within")
        given = [(name, getattr(self, name)) for name in names]
        told = "".join(f", {name}={bound!r}" for name, bound in given if bound is not None)
        return f"Range({brief(self.field)}{told})"

    def __str__(self) -> str:
        if self.within is not None:
            return f"{self.field} within {self.within!r} of now"
        lower = [f"{self.field} > {self.after}"] if self.after is not None else []
        lower += [f"{self.field} >= {self.since}"] if self.since is not None else []
        upper = [f"{self.field} <= {self.until}"] if self.until is not None else []
        upper += [f"{self.field} < {self.before}"] if self.before is not None else []
        return " and ".join(lower + upper)


_NOW = Delta(0, 0)


@dataclass(frozen=True, slots=True)
class Interval:
    """A range whose bounds have been read: what plans, indexes and databases are asked.

    `low` and `high` are microseconds since 1970, both included. `read` reads the field's instants.
    """

    field: str
    low: int
    high: int
    read: Callable[[object], int | None] = attribute(repr=False, compare=False)

    def intersection(self, other: "Interval") -> "Interval":
        """Return what lies in both; they are of one field."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        return Interval(self.field, low, high, self.read)

    def as_range(self) -> Range:
        """Return the range that a caller would make, for whoever asks a store."""
        return Range(self.field, since=Instant(self.low), until=Instant(self.high))

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Tell whether the record's instant is within the interval; a missing one never is."""
        at = self.read(record.get(self.field))
        return at is not None and self.low <= at <= self.high

    def __str__(self) -> str:
        low = high = ""
        if self.low > LATEST or self.low % 1_000_000 == 1:
            low = f"{Instant(self.low - 1)} < "
        elif self.low > EARLIEST:
            low = f"{Instant(self.low)} <= "

        if self.high < EARLIEST or (self.high % 1_000_000 == 999_999 and self.high < LATEST):
            high = f" < {Instant(self.high + 1)}"
        elif self.high < LATEST:
            high = f" <= {Instant(self.high)}"
        return f"{low}{self.field}{high}" if low or high else f"{self.field} is set"


def check_name(field: object) -> None:
    """Refuse what is no name of a field, with a `QueryError`."""
    if not isinstance(field, str):
        reason = f"a field name must be text, not {type(field).__name__}"
        raise QueryError(reason, code="query.value")


def _bound(field: str, name: str, value: object) -> Bound:
    """Take one bound of a range, or say which one is wrong."""
    try:
        return bound_of(value)
    except ValueError as error:
        raise QueryError(f"{name} {error}", field=field, code="query.value") from None


def _delta(field: str, value: object) -> Delta:
    if isinstance(value, Delta):
        return value
    if not isinstance(value, timedelta | relativedelta):
        kind = type(value).__name__
        reason = f"within must be a timedelta or relativedelta, not {kind}"
        raise QueryError(reason, field=field, code="query.value")
    try:
        return Delta.of(value)
    except ValueError as error:
        raise QueryError(f"within {error}", field=field, code="query.value") from None
