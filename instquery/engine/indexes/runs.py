"""Runs: long needles of one to three characters over and over, known by the lengths of runs.

Theory of operation
===================

A *run* of period p is a piece of a text in which each character is the one p places before it, and
which can be made no longer: "xyxyx" in "axyxyxb", of period 2. It is told by its *root*, the first
p characters, and by its length. Of the runs of a text that have one root, the longest counts.

A needle of period p lies in a text only within a run of period p: say d characters behind the
beginning of one, less than p, as what comes p characters later is the same. Then the root is the
needle's beginning, turned by d, and the run is at least d characters longer than the needle. So p
look-ups tell exactly which rows hold the needle.

Runs of about `LONGEST` characters and more are known, of the texts that are told. These are those
that repeat a piece of `LONGEST` - 1 characters, so none of ordinary data. A needle of as many
characters and its period holds such a piece twice, and lies in no other text.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Self

from instquery.engine.indexes.pieces import LONGEST
from instquery.engine.opening import Opening
from instquery.engine.rowsets import Position, RowSet

__all__ = ["Runs"]

# Periods of needles that are known. To look for longer ones costs a text that repeats itself more
# than all these: 0.4 µs a character for periods up to 6.
_PERIODS = (1, 2, 3)

# Row sets that are kept, each for a root and a length. With more of them, no run is known: a write
# would cost too much.
_MOST = 128


class Runs:
    """Root → length → the rows in which the longest run of that root has that length.

    A look-up costs 0.2 µs a length that is longer. Memory is a row set for each length.
    """

    __slots__ = ("_is_known", "_rows")

    def __init__(self) -> None:
        self._rows: dict[tuple[str, int], RowSet] = {}
        self._is_known = True

    @classmethod
    def build(cls, texts: Iterable[tuple[Position, str]]) -> Self:
        """Find the runs of the texts of some rows."""
        runs = cls()
        for position, text in texts:
            runs.turn(position, text)
        return runs

    def holding(self, needle: str) -> RowSet | None:
        """Return the rows told that hold a needle; `None` for one of which that is not known.

        >>> bin(Runs.build(enumerate(["xy" * 13, "xy" * 12 + "x", "x"])).holding("yx" * 12 + "y"))
        '0b1'
        """
        period = next((one for one in _PERIODS if needle[one:] == needle[:-one]), None)
        if not self._is_known or period is None or len(needle) < LONGEST - 1 + period:
            return None

        least = {
            needle[period - behind : period] + needle[: period - behind]: len(needle) + behind
            for behind in range(period)
        }
        rows = 0
        for (root, length), held in self._rows.items():
            if length >= least.get(root, length + 1):
                rows |= held
        return rows

    def turn(self, position: Position, text: str) -> None:
        """Enter the runs of a text, or take those out that were entered. Costs 0.1 µs a character.

        Text longer than it is worth to look through must not be told.
        """
        if not self._is_known:
            return
        for run in _longest_runs(text).items():
            rows = self._rows.pop(run, 0) ^ 1 << position
            if rows:
                self._rows[run] = rows
        if len(self._rows) > _MOST:
            self._is_known = False
            self._rows = {}

    def open(self, opening: Opening) -> None:
        """Make room for rows, which have no text yet."""
        opening.move(self._rows)

    def agrees_with(self, fresh: Self) -> bool:
        """Tell whether what is known is what runs just found tell."""
        return not self._is_known or self._rows == fresh._rows

    def copy(self) -> Self:
        """Return runs that can be changed by themselves."""
        twin = type(self)()
        twin._rows = self._rows.copy()
        twin._is_known = self._is_known
        return twin


@lru_cache
def _pattern(period: int, times: int) -> re.Pattern[str]:
    """Return a pattern of any characters, so many, that come so many times or more often."""
    return re.compile(f"(.{{{period}}})\\1{{{times - 1},}}", re.DOTALL)


def _longest_runs(text: str) -> dict[str, int]:
    """Return the length of the longest run of each root.

    >>> _longest_runs("-" * 30 + "ab" * 15 + "a")
    {'-': 30, 'ab': 31}
    """
    longest: dict[str, int] = {}
    for period in _PERIODS:
        pattern = _pattern(period, LONGEST // period)
        match = pattern.search(text)
        while match:
            first, end = match.span()
            while end < len(text) and text[end] == text[end - period]:
                end += 1
            root = match[1]
            if period == 1 or len(set(root)) > 1:  # else it is of period 1
                longest[root] = max(longest.get(root, 0), end - first)
            # Another run begins within the last characters of this one, or behind it.
            match = pattern.search(text, end - period + 1)
    return longest
