"""Openings: places made for new rows between others, in everything that follows the rows.

Theory of operation
===================

Rows are entered between others by the hundred thousand, and a segment has two hundred row sets. So
what an opening has to do is worked out once, as masks that all row sets share:

    one by one   a mask for each place: the rows from there on. To add these rows to the set that
                 they are in moves them one up: two operations of a row set a place
    at once      a row moves up by as many places as are opened before it. A mask for each bit of
                 that number says which rows move by 1, 2, 4 ... places. The farthest moves come
                 first, so that no row meets another: four operations a bit, whatever the number of
                 rows is

At once costs less from `_AT_ONCE` places on: 9 bits do for 500 places. What holds the numbers of
rows, not row sets, moves by `one_more`.
"""

import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

from instquery.engine.rowsets import POSITION_CODE, Position, RowSet, everything, set_of

__all__ = ["Opening", "moved_by_stretches", "moved_up", "one_more"]

# Places from which on it costs less to open all at once; for fewer, one by one. Measured: equal at
# 10 places, for 16,384 rows and for 32,768.
_AT_ONCE = 10

# Places from which on the stretches of a column are moved, each once. To insert a value moves all
# that lies behind it, but to copy a list touches every object in it, often from far.
_STRETCHES = 16

# To move a stretch of positions at once costs as much as to move so many one by one.
_BY_START = 8

_Step: TypeAlias = tuple[int, RowSet]
"""How far rows move up, and which, as they are numbered after the steps before."""


class Opening:
    """Places to be opened among the rows of a segment.

    Attributes:
        places: the positions of the new rows, ascending, as they are numbered afterwards.

    """

    __slots__ = ("_steps", "places")

    def __init__(self, places: Sequence[Position], width: int) -> None:
        """Work out how rows 0 to `width` - 1 make room. Costs 0.5 µs a place, or 10 µs a bit."""
        self.places = places
        steps = _one_by_one if len(places) < _AT_ONCE else _at_once
        self._steps = steps(places, width)

    def moved(self, rows: RowSet) -> RowSet:
        """Return a row set with the places opened; none of the new rows is in it.

        >>> bin(Opening([1], width=3).moved(0b111))
        '0b1101'
        """
        for distance, far in self._steps:
            moving = rows & far
            if distance == 1:
                rows += moving
            else:
                rows = (rows ^ moving) | (moving << distance)
        return rows

    def move(self, sets: list[RowSet] | dict[Any, RowSet]) -> None:
        """Open the places in many row sets.

        Each is put back before the next one is made: memory that was just freed is used at once,
        which is three times as fast as to make all and put them back together. Costs 1 µs a row set
        of 32,768 rows for one place, and 2 µs for each time that the places double.
        """
        numbered: Iterable[tuple[Any, RowSet]]
        numbered = sets.items() if isinstance(sets, dict) else enumerate(sets)
        if [distance for distance, _ in self._steps] == [1]:  # as mostly: without a call for each
            ((_, far),) = self._steps
            for at, rows in numbered:
                sets[at] = rows + (rows & far)
            return

        for at, rows in numbered:
            sets[at] = self.moved(rows)

    def insert(self, column: "list[Any] | array[Any]", values: Sequence[Any]) -> None:
        """Insert the values of the new rows into a column.

        Costs 2 to 8 µs a place for 32,768 rows, 0.2 ms at the most.
        """
        if len(self.places) < _STRETCHES:
            for place, value in zip(self.places, values, strict=True):
                column.insert(place, value)
            return

        end = len(column)
        column.extend(values)  # what they are does not matter as yet
        for number in reversed(range(len(self.places))):
            place = self.places[number]
            first = place - number
            stretch: Any = column[first:end]
            column[place + 1 : end + number + 1] = stretch
            column[place] = values[number]
            end = first


def moved_up(positions: "array[Position]", starts: Sequence[Position]) -> "array[Position]":
    """Return positions, ascending, as they are once a place has been opened below each start.

    Both are numbered as before. Costs 0.2 µs a position, or 2 µs a start, whichever is less.

    >>> moved_up(array("H", [0, 1, 5]), [1, 3, 3]).tolist()
    [0, 2, 8]
    """
    if not positions or not starts or starts[0] > positions[-1]:
        return positions
    if len(positions) <= _BY_START * len(starts):
        each = [place + bisect_right(starts, place) for place in positions]
        return array(POSITION_CODE, each)

    moved: array[Position] = array(POSITION_CODE)
    taken = 0
    for number, start in enumerate(starts):
        first = bisect_left(positions, start, taken)
        moved += one_more(positions[taken:first], number)
        taken = first
    return moved + one_more(positions[taken:], len(starts))


def moved_by_stretches(numbers: "array[int]", ends: Sequence[int]) -> "array[int]":
    """Add 0 to the numbers before the first end, 1 to those before the second one, and so on.

    None gets too high for its type. All are added as one great number: 20 µs for 1,000, and 0.2 an
    end.

    >>> moved_by_stretches(array("I", [5, 6, 7, 8]), [1, 3, 3]).tolist()
    [5, 7, 8, 11]
    """
    width, order = numbers.itemsize, sys.byteorder
    stretches = [
        number.to_bytes(width, order) * (end - first)
        for number, (first, end) in enumerate(pairwise([0, *ends, len(numbers)]))
    ]
    more = int.from_bytes(b"".join(stretches), order)
    total = int.from_bytes(numbers.tobytes(), order) + more
    return array(numbers.typecode, total.to_bytes(width * len(numbers), order))


def one_more(numbers: "array[int]", more: int = 1) -> "array[int]":
    """Add one, or more, to each number, none of which gets too high for its type.

    All are added as one great number: 1 µs for 200 positions, where one by one takes 6.

    >>> one_more(array("H", [0, 255, 7])).tolist()
    [1, 256, 8]
    """
    if not more or not numbers:
        return numbers
    octets = numbers.tobytes()
    ones = int.from_bytes(array(numbers.typecode, [more]).tobytes() * len(numbers), sys.byteorder)
    total = int.from_bytes(octets, sys.byteorder) + ones
    return array(numbers.typecode, total.to_bytes(len(octets), sys.byteorder))


def _one_by_one(places: Sequence[Position], width: int) -> list[_Step]:
    """Return the steps of opening the places one after the other."""
    return [
        (1, everything(width + number) >> place << place) for number, place in enumerate(places)
    ]


def _at_once(places: Sequence[Position], width: int) -> list[_Step]:
    """Return the steps of opening the places together."""
    # The rows before each place, by their old numbers: stretches that move by 0, 1, 2 ... places.
    starts = [place - number for number, place in enumerate(places)]
    stretches = [
        (distance, first, end)
        for distance, (first, end) in enumerate(pairwise([*starts, width]), 1)
        if first < end
    ]

    steps: list[_Step] = []
    for bit in reversed(range(len(places).bit_length())):
        moving = [one for one in stretches if one[0] >> bit & 1]
        # What the steps before have moved these rows by.
        by = [distance >> (bit + 1) << (bit + 1) for distance, _, _ in moving]
        firsts = [first + far for (_, first, _), far in zip(moving, by, strict=True)]
        ends = [end + far for (_, _, end), far in zip(moving, by, strict=True)]
        # The stretch from a to b is 2 ** b - 2 ** a, and no two begin or end together.
        if moving:
            most = width + len(places)
            steps.append((1 << bit, set_of(ends, most) - set_of(firsts, most)))
    return steps
