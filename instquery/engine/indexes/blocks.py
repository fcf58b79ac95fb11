"""Blocks of neighbouring rows: a coarser numbering that stays put when rows are inserted."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Self, TypeAlias

from instquery.engine.opening import moved_by_stretches, one_more
from instquery.engine.rowsets import Position, RowSet, everything

__all__ = ["Block", "BlockSet", "Blocks"]

Block: TypeAlias = int
"""The number of a block in its segment, from 0, which holds the oldest rows."""

BlockSet: TypeAlias = int
"""A set of blocks of one segment: bit b for block b."""

_ROWS = 32  # rows in a block when it is made; insertions make it longer

# A block's rows in hexadecimal, four rows a digit.
_ABSENT = "0" * (_ROWS // 4)
_HELD = "f" * (_ROWS // 4)


class Blocks:
    """Stretches of about 32 rows.

    A row inserted between others makes its block longer and moves the later ones. It changes no set
    of blocks, so an index that knows blocks only has nothing to do.
    """

    __slots__ = ("_even", "_starts", "_width")

    def __init__(self, width: int) -> None:
        self._width = width
        self._starts = array("I", range(0, width, _ROWS))
        self._even = True  # block b starts at row 32 b

    def __len__(self) -> int:
        return len(self._starts)

    def spans(self) -> list[tuple[Position, Position]]:
        """List the first row of each block and the one behind its last."""
        return list(pairwise([*self._starts, self._width]))

    def of(self, position: Position) -> Block:
        """Return the block that holds a row."""
        return bisect_right(self._starts, position) - 1

    def open(self, places: Sequence[Position]) -> None:
        """Make room for rows within the blocks at these places, ascending.

        Costs 5 µs for one place and 1,024 blocks, 40 µs for many.
        """
        starts = self._starts
        self._width += len(places)
        self._even = False
        if len(places) == 1:
            behind = bisect_right(starts, places[0])
            self._starts = starts[:behind] + one_more(starts[behind:])
            return

        # By the old numbers of their rows, so that all blocks can be moved in one go.
        olds = [place - number for number, place in enumerate(places)]
        self._starts = moved_by_stretches(starts, [bisect_right(starts, old) for old in olds])

    def append(self) -> None:
        """Make room for a row behind the last one, in a new block where the last one is full."""
        if not self._starts or self._width - self._starts[-1] >= _ROWS:
            self._starts.append(self._width)
        self._width += 1

    def rows_of(self, blocks: BlockSet) -> RowSet:
        """Return the rows of a set of blocks. Costs 0.5 µs a block, 50 µs at the most."""
        if blocks == everything(len(self._starts)):
            return everything(self._width)

        if self._even and blocks.bit_count() > 32:
            wide = bin(blocks)[2:].replace("0", _ABSENT).replace("1", _HELD)
            return int(wide, 16) & everything(self._width)

        rows = 0
        while blocks:
            block = blocks.bit_length() - 1
            blocks ^= 1 << block
            rows |= (1 << self._end(block)) - (1 << self._starts[block])
        return rows

    def positions(self, blocks: Iterable[Block]) -> list[Position]:
        """List the rows of a few blocks, newest first. Costs 1 µs a block."""
        places: list[Position] = []
        for block in sorted(blocks, reverse=True):
            places += range(self._end(block) - 1, self._starts[block] - 1, -1)
        return places

    def copy(self) -> Self:
        """Return blocks that can be changed by themselves."""
        twin = object.__new__(type(self))
        twin._width = self._width
        twin._starts = self._starts[:]
        twin._even = self._even
        return twin

    def _end(self, block: Block) -> Position:
        """Return the row behind a block's last one."""
        is_last = block + 1 == len(self._starts)
        return self._width if is_last else self._starts[block + 1]
