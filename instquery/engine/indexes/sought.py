"""Sought: the rows that hold a needle, found in many segments at once where they are few.

The grams of the needle are looked up in the volume that the segments share, until two are found
that are in few rows; the rarest of all in the first place. What the rows of the two have in common,
segment by segment, is next to nothing. So a segment without a match costs 1 µs.
"""

from array import array
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import NamedTuple

from instquery.engine.indexes.text import TextIndex
from instquery.engine.indexes.volume import Volume
from instquery.engine.rowsets import Position
from instquery.folding import GRAM
from instquery.predicates import Contains

__all__ = ["LEAST", "sought"]

# Segments that share a volume from which on to look a gram up for all costs less than for each.
LEAST = 4

# Grams whose rows, by segment, are no more than this need no rarer ones to be looked for.
_FEW = 32

# With more rows than these, a segment is asked by itself: it knows frequent pieces and words.
_MANY = 256

# Grams that are looked up: 2 µs each.
_LOOKED_UP = 8


class _Line(NamedTuple):
    """Where the rows of a gram are in some segments."""

    total: int
    firsts: "Sequence[int]"
    ends: "Sequence[int]"


def sought(indexes: Sequence[TextIndex], needle: Contains) -> Iterator[list[Position] | None]:
    """Yield for each index the rows that hold a needle, newest first.

    `None` for an index that is to be asked by itself. Costs 1 µs an index, and 40 ns a row of the
    rarest grams.
    """
    volumes = [index.built.volume for index in indexes]
    if volumes.count(volumes[0]) == len(volumes):
        yield from _sought(indexes, volumes[0], needle)
        return
    for volume, group in groupby(indexes, key=lambda index: index.built.volume):
        yield from _sought(list(group), volume, needle)


def _sought(
    indexes: Sequence[TextIndex], volume: Volume, needle: Contains
) -> Iterator[list[Position] | None]:
    """Do so for indexes that share a volume."""
    is_one = len(needle.folded) >= GRAM and len(indexes) >= LEAST
    lines = _rarest(indexes, volume, needle) if is_one else []
    if not lines or lines[0].total > _MANY * len(indexes):
        yield from [None] * len(indexes)
        return

    if len(lines) == 1:
        for index, first, end in zip(indexes, lines[0].firsts, lines[0].ends, strict=True):
            listed = index.built.rows[first:end]
            yield index.holding(needle, listed) if listed or index.written else []
        return

    rare, other = lines
    spans = zip(indexes, rare.firsts, rare.ends, other.firsts, other.ends, strict=True)
    for index, first, end, other_first, other_end in spans:
        rows = index.built.rows
        common = set(rows[first:end]).intersection(rows[other_first:other_end])
        yield index.holding(needle, common) if common or index.written else []


def _rarest(indexes: Sequence[TextIndex], volume: Volume, needle: Contains) -> list[_Line]:
    """Return up to two lines of the needle's grams, the rarest first; none if none is listed."""
    lines: list[_Line] = []
    short = 0
    for line in _lines(indexes, volume, needle):
        lines.append(line)
        short += line.total <= _FEW * len(indexes)
        if not line.total:
            return [line]
        if short == 2 or len(lines) == _LOOKED_UP:
            break
    lines.sort(key=attrgetter("total"))
    return lines[:2]


def _lines(indexes: Sequence[TextIndex], volume: Volume, needle: Contains) -> Iterator[_Line]:
    """Look up the grams whose rows are listed in each segment."""
    picked = itemgetter(*[index.built.slot for index in indexes])
    for gram in needle.grams:
        if gram in volume.unlisted:
            continue

        numbers = volume.numbers(gram)
        if numbers is None:
            yield _Line(0, [0] * len(indexes), [0] * len(indexes))
            return
        firsts, ends = volume.grams.spans(numbers)
        if firsts == ends:  # few of the segments have it, if any
            spans = [index.built.own.span(numbers, 0) for index in indexes]
            firsts = array("I", [first for first, _ in spans])
            ends = array("I", [end for _, end in spans])
            yield _Line(sum(ends) - sum(firsts), firsts, ends)
        else:
            yield _Line(sum(ends) - sum(firsts), picked(firsts), picked(ends))
