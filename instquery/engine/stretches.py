"""Stretches: where a page lies among instants or numbers, found by cutting their values in two.

Each cut asks every segment which of its rows lie at or behind it, which an index of instants or
numbers answers by some thirty operations, and counts them. Cuts are chosen from a sample of the
values themselves, so a few of them suffice whatever their distribution; a block of equal values
that is larger than what may be sorted is in the sample, and is cut out whole.

A cut lies before a value and behind all that are lower. Of instants it is the instant: there is
none between two microseconds. Between two numbers there always is one, so a cut of numbers is a
number and whether it lies before it (0) or behind it (1).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from math import sqrt
from typing import Any, NamedTuple, TypeAlias

from instquery.engine.indexes.instant import InstantIndex
from instquery.engine.indexes.number import NumberIndex
from instquery.engine.indexes.order import OrderIndex
from instquery.engine.rowsets import Position, RowSet, count_all, positions
from instquery.engine.segment import Rows, Segment
from instquery.instants import EARLIEST, LATEST
from instquery.numbers import comparable

__all__ = ["Dated", "Scaled", "Stretch", "present_in", "stretches"]

Dated: TypeAlias = InstantIndex | OrderIndex
"""An index of instants."""

Scaled: TypeAlias = Dated | NumberIndex
"""An index of what lies on a scale."""

# So many values are sampled in all, 0.1 to 0.5 µs each. Of very many rows more are: so a first
# page is cut out at once, which spares a cut of 0.5 ms at a million rows.
_SAMPLED = 256
_MOST_SAMPLED = 2_048
_ROWS_A_SAMPLE = 512

_Line: TypeAlias = tuple[Segment, Scaled, RowSet]

_Cut: TypeAlias = Any
"""An instant; or a number, and whether it lies behind it. Those of one field are comparable."""


class _Scale(NamedTuple):
    """What cuts of one kind are."""

    first: _Cut
    last: _Cut

    behind: Callable[[set[_Cut]], list[_Cut]]
    """Returns the cuts behind values, from those before them."""

    since: Callable[[Any, _Cut], RowSet]
    """Returns the rows of an index that lie behind a cut."""

    cuts: Callable[[Any, Iterable[Position]], list[_Cut]]
    """Returns the cuts before the values of some rows of an index."""


def _instants_since(lookup: Dated, at: int) -> RowSet:
    return lookup.between(at, LATEST)


def _instants(lookup: Dated, places: Iterable[Position]) -> list[_Cut]:
    return list(lookup.instants(places))


def _behind_instants(cuts: set[int]) -> list[_Cut]:
    return [at + 1 for at in cuts]


def _numbers_since(lookup: NumberIndex, cut: tuple[Any, int]) -> RowSet:
    number, is_behind = cut
    return lookup.since(number, is_open=bool(is_behind))


def _numbers(lookup: NumberIndex, places: Iterable[Position]) -> list[_Cut]:
    return [(comparable(number), 0) for number in lookup.numbers(places)]


def _behind_numbers(cuts: set[tuple[Any, int]]) -> list[_Cut]:
    return [(number, 1) for number, _ in cuts]


_INFINITY = Decimal("Infinity")

_INSTANTS = _Scale(EARLIEST, LATEST + 1, _behind_instants, _instants_since, _instants)
_NUMBERS = _Scale((-_INFINITY, 0), (_INFINITY, 1), _behind_numbers, _numbers_since, _numbers)


def _scale_of(lookup: Scaled) -> _Scale:
    return _NUMBERS if isinstance(lookup, NumberIndex) else _INSTANTS


def present_in(lookup: Scaled) -> RowSet:
    """Return the rows that have a value."""
    return lookup.present() if isinstance(lookup, NumberIndex) else lookup.between(EARLIEST, LATEST)


class Stretch(NamedTuple):
    """Rows whose values lie together."""

    rows: Rows
    number: int

    is_equal: bool
    """Whether they have one value."""


class _Bracket(NamedTuple):
    """The rows between two cuts."""

    scale: _Scale
    lines: list[_Line]
    number: int
    low: _Cut
    high: _Cut

    below: int
    """How many rows lie before them."""

    @property
    def is_equal(self) -> bool:
        """Whether there is one value between the cuts."""
        return self.scale.behind({self.low}) == [self.high]

    def stretch(self) -> Stretch:
        rows = [(segment, wanted) for segment, _, wanted in self.lines]
        return Stretch(rows, self.number, self.is_equal)


def stretches(
    present: Rows,
    lookups: Sequence[Scaled],
    first: int,
    end: int,
    *,
    descending: bool,
    enough: int,
) -> tuple[int, list[Stretch]]:
    """Return stretches that hold the rows `first` to `end` - 1 in order, and how many come before.

    All of the rows have a value, and there is one at the least. A stretch of several values has no
    more than `enough` rows that are not wanted.
    """
    lines = [
        (segment, lookup, wanted)
        for (segment, wanted), lookup in zip(present, lookups, strict=True)
        if wanted
    ]
    count = count_all([wanted for _, _, wanted in lines])
    scale = _scale_of(lookups[0])
    whole = _Bracket(scale, lines, count, scale.first, scale.last, 0)
    window = (count - end, count - first - 1) if descending else (first, end - 1)
    found = _narrowed(whole, *window, _first_cuts(scale, lines, count), enough)

    if descending:
        passed = count - found[-1].below - found[-1].number
        return passed, [bracket.stretch() for bracket in reversed(found)]
    return found[0].below, [bracket.stretch() for bracket in found]


def _narrowed(
    bracket: _Bracket, first: int, last: int, cuts: Sequence[_Cut], enough: int
) -> list[_Bracket]:
    """Return the brackets, ascending, in which rows number `first` to `last` are."""
    most = last - first + 1 + enough
    while bracket.number > most and not bracket.is_equal:
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


def _cut(bracket: _Bracket, at: _Cut) -> tuple[_Bracket, _Bracket]:
    """Return the parts of a bracket before a cut, and behind it."""
    scale = bracket.scale
    lower: list[_Line] = []
    upper: list[_Line] = []
    for segment, lookup, wanted in bracket.lines:
        common = wanted & scale.since(lookup, at)
        if common:
            upper.append((segment, lookup, common))
        if common != wanted:
            lower.append((segment, lookup, wanted ^ common))

    number = count_all([wanted for _, _, wanted in upper])
    before = bracket.number - number
    return (
        _Bracket(scale, lower, before, bracket.low, at, bracket.below),
        _Bracket(scale, upper, number, at, bracket.high, bracket.below + before),
    )


def _first_cuts(scale: _Scale, lines: Sequence[_Line], count: int) -> list[_Cut]:
    """Take a sample from all rows, wanted or not; `count` are."""
    sampled = max(_SAMPLED, min(_MOST_SAMPLED, count // _ROWS_A_SAMPLE))
    each = max(2, sampled // max(1, len(lines)))
    sample: set[_Cut] = set()
    for segment, lookup, _ in lines:
        step = max(1, len(segment) // each)
        sample.update(scale.cuts(lookup, range(0, len(segment), step)))
    return _sorted(scale, sample)


def _cuts_within(bracket: _Bracket) -> list[_Cut]:
    """Take a sample from a bracket's own rows, which may have more than one value."""
    scale = bracket.scale
    each = max(2, _SAMPLED // len(bracket.lines))
    sample: set[_Cut] = set()
    for _, lookup, wanted in bracket.lines:
        places = positions(wanted)
        sample.update(scale.cuts(lookup, places[:: max(1, len(places) // each)]))
    return _sorted(scale, sample)


def _sorted(scale: _Scale, sample: set[_Cut]) -> list[_Cut]:
    """Sort a sample, with the cuts behind its values: between the two lie those that are equal."""
    return sorted(sample.union(scale.behind(sample)))
