"""Repeats: long needles that are known by their windows, and the rows of which that is no proof.

Theory of operation
===================

No piece of more than `LONGEST` characters is known. A longer needle is cut into its *windows*: all
its pieces of `LONGEST` characters. Say that these are known, each with the rows that hold it. Which
of the rows that hold all of them hold the needle?

All in whose text no piece of `LONGEST` - 1 characters occurs twice. Proof: of two windows that
follow one another in the needle, the first one's last `LONGEST` - 1 characters are the second one's
first. In the text these stand at one place only. So the second window, wherever it is found, begins
one character behind the first one. By induction all of them lie in the text as they lie in the
needle, which they cover.

In a *repeating* row some piece of that length may occur twice: its text is looked at. That is rare
but for runs of one letter, and for texts that are made to be hard: "abcd...wxy-bcd...wxyz" holds
all windows of the alphabet, and not the alphabet. Conversely, each row with all windows of a needle
and without the needle is a repeating one.

A needle that is a few characters over and over lies in repeating rows alone. Which of these hold it
is told by `runs`, as long as no text is beyond `_FAR`.

A text of fewer than `LONGEST` characters never repeats; of just so many if all of them are one
character. A text beyond `_FAR` is taken for a repeating one, unread.

The rows are kept where the build has found a piece of `LONGEST` characters, and only there: without
one no window is ever known.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Self

from instquery.engine.indexes.pieces import LONGEST
from instquery.engine.indexes.runs import Runs
from instquery.engine.opening import Opening
from instquery.engine.rowsets import Position, RowSet, positions, set_of_flags

__all__ = ["Repeats", "windows"]

# Characters of the longest text that is judged, which costs 0.1 µs each at the most.
_FAR = 4096


class Repeats:
    """The rows whose texts repeat a piece of `LONGEST` - 1 characters, or are too long to know.

    Attributes:
        is_kept: whether these are known; a window may be known only if they are.
        rows: the rows, exactly; none while they are not kept.

    """

    __slots__ = ("_runs", "_unread", "is_kept", "rows")

    def __init__(self) -> None:
        self.is_kept = False
        self.rows: RowSet = 0
        self._unread: RowSet = 0  # those of the rows whose texts are beyond `_FAR`
        self._runs = Runs()  # of the others

    @classmethod
    def build(cls, texts: Sequence[str], *words: Iterable[str]) -> Self:
        """Judge all texts if one of the words is a window. Costs 1 µs a text."""
        repeats = cls()
        repeats.is_kept = any(len(word) == LONGEST for some in words for word in some)
        if repeats.is_kept:
            repeats.rows = set_of_flags([_may_repeat(text) for text in texts])
            repeats._unread = set_of_flags([len(text) > _FAR for text in texts])
            read = positions(repeats.rows ^ repeats._unread)
            repeats._runs = Runs.build((at, texts[at]) for at in read)
        return repeats

    def holding(self, needle: str) -> tuple[RowSet, bool]:
        """Return rows that hold a needle, by the runs alone, and whether no other row does."""
        if not self.is_kept or len(needle) <= LONGEST:
            return 0, False
        rows, are_all = self._runs.holding(needle)
        return rows, are_all and not self._unread

    def faults(self, texts: Sequence[str]) -> Iterator[str]:
        """Judge all texts again."""
        fresh = type(self).build(texts, ["-" * LONGEST] if self.is_kept else [])
        if (self.rows, self._unread) != (fresh.rows, fresh._unread):
            yield "the rows that repeat a piece"
        elif not self._runs.agrees_with(fresh._runs):
            yield "the lengths of runs"

    def open(self, opening: Opening) -> None:
        """Make room for rows, which have no text yet."""
        self.rows = opening.moved(self.rows)
        self._unread = opening.moved(self._unread)
        self._runs.open(opening)

    def add(self, position: Position, text: str) -> None:
        """Judge the text of a row that had none."""
        if self.is_kept and _may_repeat(text):
            self._turn(position, text)

    def drop(self, position: Position, text: str) -> None:
        """Forget a row and its text."""
        if self.rows >> position & 1:
            self._turn(position, text)

    def copy(self) -> Self:
        """Return rows that can be changed by themselves."""
        twin = type(self)()
        twin.is_kept = self.is_kept
        twin.rows = self.rows
        twin._unread = self._unread
        twin._runs = self._runs.copy()
        return twin

    def _turn(self, position: Position, text: str) -> None:
        """Enter a repeating row, or take it out."""
        self.rows ^= 1 << position
        if len(text) > _FAR:
            self._unread ^= 1 << position
        else:
            self._runs.turn(position, text)


@lru_cache(maxsize=4)
def windows(needle: str, size: int = LONGEST) -> tuple[str, ...]:
    """Return the windows of a needle, once for all segments. Costs 0.1 µs a character.

    >>> windows("abcde", 4)
    ('abcd', 'bcde')
    """
    return tuple([needle[first : first + size] for first in range(len(needle) - size + 1)])


def _may_repeat(text: str) -> bool:
    """Tell whether a piece of `LONGEST` - 1 characters occurs twice, as far as that is judged.

    Whatever the first of two equal pieces is, one of the short ones that are looked at lies in it,
    and so stands in the second one again. Mostly none does.
    """
    size = LONGEST - 1
    count = len(text) - size + 1
    if count <= 1 or len(text) > _FAR:
        return count > 1

    short = (size + 1) // 2
    firsts = range(0, len(text) - short + 1, short)
    if all(text.find(text[first : first + short], first + 1) < 0 for first in firsts):
        return False
    return len({text[first : first + size] for first in range(count)}) < count
