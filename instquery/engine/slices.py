"""Slices: the codes of rows cut into bits, so that any range of codes is some thirty operations."""

import sys
from array import array
from collections.abc import Sequence
from typing import Self

from instquery.engine.opening import Opening
from instquery.engine.rowsets import Position, RowSet, positions, set_of_bits, set_of_flags

__all__ = ["Slices"]


class Slices:
    """A row set for each bit of the codes, the lowest first, and one for the rows that have a code.

    Codes are integers from 0. Memory is a bit a row for each bit of the highest code.
    """

    __slots__ = ("bits", "present")

    def __init__(self) -> None:
        self.bits: list[RowSet] = []
        self.present: RowSet = 0

    @classmethod
    def cut(cls, codes: "array[int]", flags: Sequence[bool]) -> Self:
        """Cut the codes of all rows; those of rows without a code, which `flags` tell, are 0.

        Codes are given in an array of integers from 0. Costs 10 ns a row and bit.
        """
        slices = cls()
        slices.present = set_of_flags(flags)
        words = codes
        if sys.byteorder == "big":
            words = codes[:]
            words.byteswap()
        octets = words.tobytes()
        size = words.itemsize
        bits = range(max(codes, default=0).bit_length())
        slices.bits = [set_of_bits(octets[bit >> 3 :: size], bit & 7) for bit in bits]
        return slices

    def at_least(self, code: int) -> RowSet:
        """Return the rows whose code is at least `code`.

        Goes bit by bit from the lowest: AND for a 1, OR for a 0.
        """
        if code <= 0:
            return self.present
        bits = self.bits
        if code.bit_length() > len(bits):
            return 0

        lowest = (code & -code).bit_length() - 1  # the bits below cannot decide anything
        rows = bits[lowest]
        for at in range(lowest + 1, len(bits)):
            rows = rows & bits[at] if code >> at & 1 else rows | bits[at]
        return rows

    def codes(self, width: int) -> list[int]:
        """Return the codes of rows 0 to `width` - 1; 0 where there is none."""
        codes = [0] * width
        for bit, rows in enumerate(self.bits):
            for position in positions(rows):
                codes[position] += 1 << bit
        return codes

    def open(self, opening: Opening) -> None:
        """Make room for rows without a code. Costs 1 µs a bit."""
        self.present = opening.moved(self.present)
        opening.move(self.bits)

    def enter(self, position: Position, code: int) -> None:
        """Give a row without a code one."""
        bit = 1 << position
        self.present |= bit
        self.bits += [0] * (code.bit_length() - len(self.bits))
        for at in range(code.bit_length()):
            if code >> at & 1:
                self.bits[at] |= bit

    def leave(self, position: Position, code: int) -> None:
        """Take the code that it has from a row."""
        bit = 1 << position
        self.present ^= bit
        for at in range(code.bit_length()):
            if code >> at & 1:
                self.bits[at] ^= bit

    def copy(self) -> Self:
        """Copy the list of row sets; these are shared."""
        twin = object.__new__(type(self))
        twin.bits = self.bits[:]
        twin.present = self.present
        return twin
