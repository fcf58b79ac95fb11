"""Stretches: where a page lies among instants, found by cutting their values in two.

Each cut asks every segment which of its rows lie at or behind it, which an index of instants
answers by some thirty operations, and counts them. Cuts are chosen from a sample of the instants
themselves, so a few of them suffice whatever their distribution; a block of equal instants that is
larger than what may be sorted is in the sample, and is cut out whole.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple, TypeAlias

from instquery.engine.indexes.instant import InstantIndex
from instquery.engine.indexes.order import OrderIndex
from instquery.engine.rowsets import RowSet, count_all, positions
from instquery.engine.segment import Rows, Segment
from instquery.instants import EARLIEST, LATEST, Micros

__all__ = ["Dated", "Stretch", "stretches"]

Dated: TypeAlias = InstantIndex | OrderIndex
"""An index of instants."""

_SAMPLED = 256  # instants in all, 0.1 µs each

_Line: TypeAlias = tuple[Segment, Dated, RowSet]


class Stretch(NamedTuple):
    """Rows whose instants lie together."""

    rows: Rows
    number: int

    is_equal: bool
    """Whether they have one instant."""


class _Bracket(NamedTuple):
    """The rows with an instant from `low` on and before `high`."""

    lines: list[_Line]
    number: int
    low: Micros
    high: Micros

    below: int
    """How many rows lie before them."""

    def stretch(self) -> Stretch:
        rows = [(segment, wanted) for segment, _, wanted in self.lines]
        return Stretch(rows, self.number, self.high - self.low == 1)


def stretches(
    present: Rows,
    lookups: Sequence[Dated],
    first: int,
    end: int,
    *,
    descending: bool,
    enough: int,
) -> tuple[int, list[Stretch]]:
    """Return stretches that hold the rows `first` to `end` - 1 in order, and how many come before.

    All of the rows have an instant. A stretch of several instants has no more than `enough` rows,
    but for one that is wanted whole.
    """
    lines = [
        (segment, lookup, wanted)
        for (segment, wanted), lookup in zip(present, lookups, strict=True)
        if wanted
    ]
    count = _count(lines)
    low, high = (count - end, count - first) if descending else (first, end)
    cuts = _Cuts(lines)

    whole = _Bracket(lines, count, EARLIEST, LATEST + 1, 0)
    lower = _narrowed(whole, low, cuts, enough)
    found = [lower]
    behind = lower.below + lower.number
    if behind < high:
        rest = _from(whole, lower.high, behind)
        upper = _narrowed(rest, high - 1, cuts, enough)
        middle = _until(rest, upper)
        found += [middle, upper] if middle.number else [upper]

    if descending:
        passed = count - found[-1].below - found[-1].number
        return passed, [bracket.stretch() for bracket in reversed(found)]
    return lower.below, [bracket.stretch() for bracket in found]


class _Cuts:
    """Instants at which values are cut."""

    def __init__(self, lines: Sequence[_Line]) -> None:
        each = max(2, _SAMPLED // max(1, len(lines)))
        sample: set[Micros] = set()
        for segment, lookup, _ in lines:
            step = max(1, len(segment) // each)
            sample.update(lookup.instants(range(0, len(segment), step)))
        self._known = _sorted(sample)

    def between(self, bracket: _Bracket, rank: int) -> Micros:
        """Return a cut within a bracket, somewhat beside the row of this rank."""
        first = bisect_right(self._known, bracket.low)
        end = bisect_left(self._known, bracket.high, first)
        if first == end:
            self._resample(bracket)
            return self.between(bracket, rank)

        # Guess where the row is in the sample, and cut off what is surely beside it.
        number = end - first
        share = (rank - bracket.below + 0.5) / bracket.number
        at = share * number
        margin = 2 + 2 * sqrt(number * share * (1 - share))
        below, above = at - margin, number - at - margin
        if max(below, above) < number / 4:
            return self._known[first + number // 2]
        return self._known[first + int(below) if below >= above else end - 1 - int(above)]

    def _resample(self, bracket: _Bracket) -> None:
        """Take a new sample from the bracket's own rows. It has more than one value."""
        each = max(2, _SAMPLED // len(bracket.lines))
        sample: set[Micros] = set()
        for _, lookup, wanted in bracket.lines:
            places = positions(wanted)
            sample.update(lookup.instants(places[:: max(1, len(places) // each)]))
        self._known = _sorted(sample)


def _sorted(sample: set[Micros]) -> list[Micros]:
    """Sort a sample; between an instant and the next microsecond lies a block of equal ones."""
    return sorted(sample | {at + 1 for at in sample})


def _narrowed(bracket: _Bracket, rank: int, cuts: _Cuts, enough: int) -> _Bracket:
    """Return the rows around that of a rank: few, or of one instant."""
    while bracket.number > enough and bracket.high - bracket.low > 1:
        cut = cuts.between(bracket, rank)
        upper = _from(bracket, cut, 0)
        below = bracket.number - upper.number
        if rank < bracket.below + below:
            bracket = _until(bracket, upper)
        else:
            bracket = upper._replace(below=bracket.below + below)
    return bracket


def _from(bracket: _Bracket, cut: Micros, below: int) -> _Bracket:
    """Return the part of a bracket from an instant on."""
    lines = [
        (segment, lookup, common)
        for segment, lookup, wanted in bracket.lines
        if (common := wanted & lookup.between(cut, LATEST))
    ]
    return _Bracket(lines, _count(lines), cut, bracket.high, below)


def _until(bracket: _Bracket, upper: _Bracket) -> _Bracket:
    """Return the part of a bracket before another, which is a part of it."""
    lines = [
        (segment, lookup, common)
        for segment, lookup, wanted in bracket.lines
        if (common := wanted & ~lookup.between(upper.low, LATEST))
    ]
    return _Bracket(lines, _count(lines), bracket.low, upper.low, bracket.below)


def _count(lines: Sequence[_Line]) -> int:
    return count_all([wanted for _, _, wanted in lines])
