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

# So many instants are sampled in all, 0.1 to 0.5 µs each. Of very many rows more are: so a first
# page is cut out at once, which spares a cut of 0.5 ms at a million rows.
_SAMPLED = 256
_MOST_SAMPLED = 2_048
_ROWS_A_SAMPLE = 512

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

    All of the rows have an instant. A stretch of several instants has no more than `enough` rows
    that are not wanted.
    """
    lines = [
        (segment, lookup, wanted)
        for (segment, wanted), lookup in zip(present, lookups, strict=True)
        if wanted
    ]
    count = count_all([wanted for _, _, wanted in lines])
    whole = _Bracket(lines, count, EARLIEST, LATEST + 1, 0)
    window = (count - end, count - first - 1) if descending else (first, end - 1)
    found = _narrowed(whole, *window, _first_cuts(lines, count), enough)

    if descending:
        passed = count - found[-1].below - found[-1].number
        return passed, [bracket.stretch() for bracket in reversed(found)]
    return found[0].below, [bracket.stretch() for bracket in found]


def _narrowed(
    bracket: _Bracket, first: int, last: int, cuts: Sequence[Micros], enough: int
) -> list[_Bracket]:
    """Return the brackets, ascending, in which rows number `first` to `last` are."""
    most = last - first + 1 + enough
    while bracket.number > most and bracket.high - bracket.low > 1:
        start = bisect_right(cuts, bracket.low)
        end = bisect_left(cuts, bracket.high, start)
        if start == end:
            cuts = _cuts_within(bracket)
            continue

        lower, upper = _cut(bracket, cuts[start + _guessed(bracket, first, last, end - start)])
        if first >= upper.below:
            bracket = upper
        elif last < upper.below:
            bracket = lower
        else:
            below = _narrowed(lower, first, upper.below - 1, cuts, enough)
            return below + _narrowed(upper, upper.below, last, cuts, enough)
    return [bracket]


def _guessed(bracket: _Bracket, first: int, last: int, number: int) -> int:
    """Guess at which of so many cuts, evenly among the rows, most of what is beside is cut off."""
    start = (first - bracket.below) / bracket.number
    end = (last + 1 - bracket.below) / bracket.number
    below = start * number - 2 * sqrt(number * start * (1 - start)) - 1
    above = (1 - end) * number - 2 * sqrt(number * end * (1 - end)) - 1

    if max(below, above) < number / 4:
        return number // 2
    return int(below) if below >= above else number - 1 - int(above)


def _cut(bracket: _Bracket, at: Micros) -> tuple[_Bracket, _Bracket]:
    """Return the parts of a bracket before an instant, and from it on."""
    lower: list[_Line] = []
    upper: list[_Line] = []
    for segment, lookup, wanted in bracket.lines:
        common = wanted & lookup.between(at, LATEST)
        if common:
            upper.append((segment, lookup, common))
        if common != wanted:
            lower.append((segment, lookup, wanted ^ common))

    number = count_all([wanted for _, _, wanted in upper])
    before = bracket.number - number
    return (
        _Bracket(lower, before, bracket.low, at, bracket.below),
        _Bracket(upper, number, at, bracket.high, bracket.below + before),
    )


def _first_cuts(lines: Sequence[_Line], count: int) -> list[Micros]:
    """Take a sample from all rows, wanted or not; `count` are."""
    sampled = max(_SAMPLED, min(_MOST_SAMPLED, count // _ROWS_A_SAMPLE))
    each = max(2, sampled // max(1, len(lines)))
    sample: set[Micros] = set()
    for segment, lookup, _ in lines:
        step = max(1, len(segment) // each)
        sample.update(lookup.instants(range(0, len(segment), step)))
    return _sorted(sample)


def _cuts_within(bracket: _Bracket) -> list[Micros]:
    """Take a sample from a bracket's own rows, which have more than one instant."""
    each = max(2, _SAMPLED // len(bracket.lines))
    sample: set[Micros] = set()
    for _, lookup, wanted in bracket.lines:
        places = positions(wanted)
        sample.update(lookup.instants(places[:: max(1, len(places) // each)]))
    return _sorted(sample)


def _sorted(sample: set[Micros]) -> list[Micros]:
    """Sort a sample; between an instant and the next microsecond lies a block of equal ones."""
    return sorted(sample | {at + 1 for at in sample})
