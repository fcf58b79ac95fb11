"""Runs: long needles that are a few characters over and over, known by the lengths of runs.

Theory of operation
===================

A *run* of period p is a piece of a text in which each character is the one p places before it, and
which can be made no longer: "xyxyx" in "axyxyxb", of period 2. It is told by its *root*, the first
p characters, and by its length. Of the runs of a text that have one root, the longest counts.

A needle of period p lies in a text only within a run of period p: say d characters behind the
beginning of one, less than p, as what comes p characters later is the same. Then the root is the
needle's beginning, turned by d, and the run is at least d characters longer than the needle. So p
look-ups tell exactly which rows hold the needle.

Known are the runs of the texts that are told: those that repeat a piece of `LONGEST` - 1
characters, so none of ordinary data. A run that is longer than such a piece by its period holds one
twice, a period apart. So one pass over a text finds all periods of its runs, but for shorter runs.

    a needle is longer than such a piece    texts that are told      any other text
    --------------------------------------  -----------------------  --------------------------
    by its period, or more                  hold it if a run says    does not hold it: it holds
                                            so, and only then        a piece twice
    by less                                 hold it if a run says    may hold it
                                            so, and perhaps others
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Self

from instquery.engine.indexes.pieces import LONGEST
from instquery.engine.opening import Opening
from instquery.engine.rowsets import Position, RowSet

__all__ = ["Runs"]

# The length of a piece that a run must hold twice to be known. Its period is at most as long.
_PIECE = LONGEST - 1

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

    def holding(self, needle: str) -> tuple[RowSet, bool]:
        """Return rows told that hold a needle, and whether no other text holds it.

        >>> runs = Runs.build(enumerate(["xy" * 13, "xy" * 12 + "x", "x"]))
        >>> runs.holding("yx" * 12 + "y")
        (1, True)
        >>> runs.holding("a needle that is no run")
        (0, False)
        """
        period = _period(needle, _PIECE)
        if not self._is_known or period is None:
            return 0, False

        least = {
            needle[period - behind : period] + needle[: period - behind]: len(needle) + behind
            for behind in range(period)
        }
        rows = 0
        for (root, length), held in self._rows.items():
            if length >= least.get(root, length + 1):
                rows |= held
        return rows, len(needle) >= _PIECE + period

    def turn(self, position: Position, text: str) -> None:
        """Enter the runs of a text, or take those out that were entered.

        Costs 0.2 µs a character, and 0.1 more for each period that its runs have.
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


@lru_cache(maxsize=4)
def _period(needle: str, most: int) -> int | None:
    """Return the period of a run, once for all segments; `None` for what is none."""
    periods = range(1, min(most, len(needle) - 1) + 1)
    return next((one for one in periods if needle[one:] == needle[:-one]), None)


@lru_cache
def _pattern(period: int, times: int) -> re.Pattern[str]:
    """Return a pattern of any characters, so many, that come so many times or more often."""
    return re.compile(f"(.{{{period}}})\\1{{{times - 1},}}", re.DOTALL)


def _periods(text: str) -> list[int]:
    """List the periods of the runs of a text that hold a piece twice, and perhaps others.

    >>> _periods("-" * 30 + "ab" * 15 + "a")
    [1, 2]
    """
    places: dict[str, int] = {}
    found: set[int] = set()
    for at in range(len(text) - _PIECE + 1):
        piece = text[at : at + _PIECE]
        found.add(at - places.get(piece, at))
        places[piece] = at
    return sorted([period for period in found if 0 < period <= _PIECE])


def _longest_runs(text: str) -> dict[str, int]:
    """Return the length of the longest run of each root.

    >>> _longest_runs("-" * 30 + "ab" * 15 + "a")
    {'-': 30, 'ab': 31}
    """
    longest: dict[str, int] = {}
    for period in _periods(text):
        pattern = _pattern(period, 1 + _PIECE // period)
        match = pattern.search(text)
        while match:
            first, end = match.span()
            while end < len(text) and text[end] == text[end - period]:
                end += 1
            root = match[1]
            if (root + root).find(root, 1) == period:  # else it is of a shorter period
                longest[root] = max(longest.get(root, 0), end - first)
            # Another run begins within the last characters of this one, or behind it.
            match = pattern.search(text, end - period + 1)
    return longest
