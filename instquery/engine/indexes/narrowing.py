"""Narrowing: what the parts of a text index know together of a needle."""

from collections.abc import Collection, Sequence
from typing import Self, TypeAlias

from instquery.engine.column import Column
from instquery.engine.indexes.alphabet import Alphabet
from instquery.engine.indexes.blocks import Blocks, BlockSet
from instquery.engine.indexes.frequent import FrequentPieces
from instquery.engine.indexes.grams import EVERY_BLOCK, GramBlocks
from instquery.engine.indexes.needles import longest_known
from instquery.engine.indexes.pieces import LONGEST
from instquery.engine.indexes.postings import Postings, in_all
from instquery.engine.indexes.repeats import Repeats, windows
from instquery.engine.indexes.shifts import Shifts
from instquery.engine.rowsets import Position, RowSet, positions, set_of
from instquery.folding import GRAM

__all__ = ["Narrowed", "Narrowing"]

# With so few blocks left, their rows are looked at one by one.
_FEW_BLOCKS = 16

# So few texts are looked at for less than longer pieces of the needle are looked up.
_FEW_TEXTS = 64

Narrowed: TypeAlias = tuple[RowSet | list[Position], bool]
"""Rows that every match is among, and whether these are the answer. A list is in no order."""


class Narrowing:
    """The parts of a text index, and the rows that they leave of a needle.

    What they are, and what holds of them, is told in `textrows`.

    Attributes:
        built: the postings of the bulk build.
        written: the rows whose text came later.

    """

    __slots__ = (
        "_blocks",
        "_frequent",
        "_is_whole",
        "_later",
        "_longest",
        "_present",
        "_repeats",
        "_shifts",
        "_texts",
        "built",
        "written",
    )

    def __init__(self, texts: list[str], present: RowSet) -> None:
        """Begin with folded texts of which nothing is known yet."""
        self._texts = Column(texts)
        self._present = present
        self._longest = max(map(len, texts), default=0)
        self._blocks = Blocks(len(texts))
        self._shifts = Shifts(len(texts))
        self.built = Postings(Alphabet("", shares=False), {})
        self._later = GramBlocks()
        self._frequent = FrequentPieces()
        self._is_whole = True
        self.written: RowSet = 0
        self._repeats = Repeats()

    def copy(self) -> Self:
        """Copy directories; texts and sets are shared."""
        twin = object.__new__(type(self))
        twin._texts = self._texts.copy()
        twin._present = self._present
        twin._longest = self._longest
        twin._blocks = self._blocks.copy()
        twin._shifts = self._shifts.copy()
        twin.built = self.built
        twin._later = self._later.copy()
        twin._is_whole = self._is_whole
        twin.written = self.written
        twin._repeats = self._repeats.copy()
        twin._frequent = self._frequent.copy()
        return twin

    def _narrow(self, needle: str, grams: Sequence[str]) -> Narrowed:
        """Narrow the rows down to those that hold all grams of a needle."""
        known = self._known(needle, grams)
        if known is not None:
            return known

        frequent, built = self._frequent, self.built
        blocks = self._later.common(grams, frequent.numbers)
        word = built.words.get(needle)
        if word is not None:
            return self._with_word(word, frequent.common(grams, self._later_rows(blocks)))

        listed = built.common(needle, grams, frequent.numbers, frequent.lost)
        if listed is None:
            rows = self._present if blocks == EVERY_BLOCK else self._blocks.rows_of(blocks)
            return self._with_words(needle, frequent.common(grams, rows))

        places = list(self._shifts.now(listed))
        if not blocks:
            is_known = self._is_whole and len(needle) <= GRAM and built.is_exact(needle)
            return places, is_known or not places
        if blocks.bit_count() <= _FEW_BLOCKS:
            return list({*places, *self._blocks.positions(positions(blocks))}), False
        rows = frequent.common(grams, self._blocks.rows_of(blocks))
        return rows | set_of(places, self._texts.width), False

    def _adjoined(
        self, needle: str, grams: Sequence[str]
    ) -> tuple[RowSet | list[Position], RowSet] | None:
        """Return the rows that hold all windows of a long needle, and those of them in doubt.

        The others hold the needle. `None` where not all windows are known.
        """
        if not self._repeats.is_kept or len(needle) <= LONGEST:
            return None
        frequent, words = self._frequent, self.built.words
        tail = needle[-LONGEST:]  # tells names apart
        if tail not in frequent.numbers and tail not in words:
            return None

        held, _ = self._repeats.holding(needle)
        rows, others = frequent.in_all(windows(needle, LONGEST), self._present)
        if not others:
            return rows, rows & self._repeats.rows & ~held
        lists = [words[window] for window in others if window in words]
        if len(lists) < len(others):
            return None

        places, are_exact = in_all(lists)
        listed = list(self._shifts.now(places))
        later = rows & self._later_rows(self._later.common(grams, frequent.numbers))
        doubtful = (self._repeats.rows | later) & ~held
        is_done = are_exact and self._is_whole and rows is self._present
        # As mostly: to make a row set costs more than all before. A later row that is no doubt, as
        # its runs tell that it holds the needle, is in no list.
        if is_done and not doubtful and not later:
            return listed, 0

        rows &= set_of(listed, self._texts.width) & ~self.written | later
        return rows, (rows & doubtful if are_exact else rows)

    def _with_words(self, needle: str, rows: RowSet) -> Narrowed:
        """Narrow rows that hold the grams of a needle down by the longer pieces of it."""
        if rows.bit_count() <= _FEW_TEXTS or len(needle) <= GRAM + 1:
            return rows, not rows

        frequent, built = self._frequent, self.built
        pieces = longest_known(needle, frequent.numbers, built.words)
        rows = frequent.common(pieces, rows)
        listed = built.holding(pieces)
        if listed is None or len(listed) >= 2 * rows.bit_count():  # to list a row set costs as much
            return rows, not rows
        places, _ = self._with_word(listed, rows & self.written)
        return places, not places

    def _with_word(self, listed: Collection[Position], later: RowSet) -> Narrowed:
        """Return the rows that the list of a word has, and those given of the later ones."""
        places = list(self._shifts.now(listed))
        if later:
            return list({*places, *positions(later)}), False
        return places, self._is_whole or not places

    def _later_rows(self, blocks: BlockSet) -> RowSet:
        """Return the rows in these blocks whose text came after the build."""
        if not blocks or blocks == EVERY_BLOCK:
            return self.written if blocks else 0
        return self._blocks.rows_of(blocks) & self.written

    def _known(self, needle: str, grams: Sequence[str]) -> Narrowed | None:
        """Return the rows of a needle where its grams need not be looked up first."""
        if not needle:
            return self._present, True
        known = self._frequent.get(needle)
        if known is not None:
            return known, True
        if len(needle) > self._longest:
            return 0, True

        held, are_all = self._repeats.holding(needle)
        if are_all:
            return held, True

        adjoined = self._adjoined(needle, grams)
        if adjoined is None:
            return None
        rows, doubtful = adjoined
        return rows, not doubtful
