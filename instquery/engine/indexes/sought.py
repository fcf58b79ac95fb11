"""Sought: the rows that hold a needle, found in many segments at once where they are few.

The grams of the needle are looked up in the volume that the segments share, until two are found
that are in few rows; the rarest of all in the first place. What the rows of the two have in common,
segment by segment, is next to nothing. So a segment without a match costs 1 µs. If the second one
is in many more rows than the rarest, it is not read.
"""

from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, groupby
from operator import attrgetter, itemgetter
from typing import NamedTuple

from instquery.engine.indexes.text import TextIndex
from instquery.engine.indexes.volume import Volume
from instquery.engine.rowsets import Position
from instquery.folding import GRAM
from instquery.predicates import Contains

__all__ = ["Group", "grouped", "sought"]

# Segments that share a volume from which on to look a gram up for all costs less than for each.
_LEAST = 4

# Grams whose rows, by segment, are no more than this need no rarer ones to be looked for.
_FEW = 32

# A gram is read beside the rarest one if it is in at most so many times its rows, or in few: to
# read a row costs 20 ns, to look at its text 80.
_TIMES = 4

# With more rows than these, a segment is asked by itself: it knows frequent pieces and words.
_MANY = 256

# Grams that are looked up: 2 µs each.
_LOOKED_UP = 8


class Group(NamedTuple):
    """Indexes that share a volume, in some order."""

    volume: Volume
    indexes: Sequence[TextIndex]
    rows: "Sequence[array[Position]]"

    picked: Callable[[Sequence[int]], Sequence[int]]
    """Returns of numbers by slot those of the indexes, in their order."""


class _Line(NamedTuple):
    """Where the rows of a gram are in some segments."""

    total: int
    firsts: Sequence[int]
    ends: Sequence[int]


def grouped(indexes: Sequence[TextIndex]) -> tuple[Group, ...]:
    """Part indexes where the volume changes. Costs 0.3 µs an index."""
    groups: list[Group] = []
    for volume, together in groupby(indexes, key=lambda index: index.built.volume):
        some = tuple(together)
        slots = [index.built.slot for index in some]
        picked = itemgetter(*slots) if len(slots) > 1 else _first_of(slots)
        groups.append(Group(volume, some, [index.built.rows for index in some], picked))
    return tuple(groups)


def sought(groups: Sequence[Group], needle: Contains) -> Iterator[list[Position] | None]:
    """Yield for each index the rows that hold a needle, newest first.

    `None` for an index that is to be asked by itself. Costs 1 µs an index, and 40 ns a row of the
    rarest grams.
    """
    if len(groups) == 1:
        return _sought(groups[0], needle)
    return chain.from_iterable([_sought(group, needle) for group in groups])


def _first_of(slots: Sequence[int]) -> Callable[[Sequence[int]], Sequence[int]]:
    """Return what an `itemgetter` of one number alone would not: a sequence."""
    (slot,) = slots
    return lambda numbers: (numbers[slot],)


def _sought(group: Group, needle: Contains) -> Iterator[list[Position] | None]:
    """Do so for indexes that share a volume."""
    indexes = group.indexes
    is_one = len(needle.folded) >= GRAM and len(indexes) >= _LEAST
    lines = _rarest(group, needle) if is_one else []
    if not lines or lines[0].total > _MANY * len(indexes):
        yield from [None] * len(indexes)
        return

    if len(lines) == 1:
        ((_, firsts, ends),) = lines
        for index, rows, first, end in zip(indexes, group.rows, firsts, ends, strict=True):
            listed = rows[first:end]
            yield index.holding(needle, listed) if listed or index.written else []
        return

    (_, firsts, ends), (_, other_firsts, other_ends) = lines
    spans = zip(indexes, group.rows, firsts, ends, other_firsts, other_ends, strict=True)
    for index, rows, first, end, other_first, other_end in spans:
        common = set(rows[first:end]).intersection(rows[other_first:other_end])
        yield index.holding(needle, common) if common or index.written else []


def _rarest(group: Group, needle: Contains) -> list[_Line]:
    """Return up to two lines of the needle's grams, the rarest first; none if none is listed.

    The second one is left out where it costs more to read than it spares.
    """
    few = _FEW * len(group.indexes)
    lines: list[_Line] = []
    short = 0
    for line in _lines(group, needle):
        lines.append(line)
        short += line.total <= few
        if not line.total:
            return [line]
        if short == 2 or len(lines) == _LOOKED_UP:
            break
    lines.sort(key=attrgetter("total"))
    is_worth_it = len(lines) > 1 and lines[1].total <= max(few, _TIMES * lines[0].total)
    return lines[: 2 if is_worth_it else 1]


def _lines(group: Group, needle: Contains) -> Iterator[_Line]:
    """Look up the grams whose rows are listed in each segment."""
    volume, picked = group.volume, group.picked
    for gram in needle.grams:
        if gram in volume.unlisted:
            continue

        numbers = volume.numbers(gram)
        if numbers is None:
            yield _Line(0, [0] * len(group.indexes), [0] * len(group.indexes))
            return
        firsts, ends = volume.grams.spans(numbers)
        if firsts == ends:  # few of the segments have it, if any
            spans = [index.built.own.span(numbers, 0) for index in group.indexes]
            firsts = array("I", [first for first, _ in spans])
            ends = array("I", [end for _, end in spans])
            yield _Line(sum(ends) - sum(firsts), firsts, ends)
        else:
            yield _Line(sum(ends) - sum(firsts), picked(firsts), picked(ends))
