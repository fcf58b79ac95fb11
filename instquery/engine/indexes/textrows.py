"""Rows by what their texts hold: which rows have a piece of text, of any length, in any script.

Theory of operation
===================

A text is folded and cut into its *grams*, all pieces of one, two and three characters. For each
gram the index knows rows that hold it, in one of three forms:

    frequent   many rows hold it    exactly those rows, as a row set       `frequent`
    rare       texts of the build   those rows, as they were then          `postings`, `shifts`
               later texts          a superset: blocks of about 32 rows    `grams`, `blocks`

Longer pieces that many rows hold, *words*, have row sets too. A needle is cut into its grams in the
same way. What their rows have in common is a superset of the answer, and the rows left are verified
by `in`. A gram that is nowhere proves that nothing matches. A needle that is a frequent piece, or a
gram of texts of the build alone, needs no verification.

Pieces that overlap may have many rows in common of which hardly any holds both together. What they
make together is a word as well, be it in few rows or in none: so what is left of a needle, up to
the longest word, is either known or little. A word that many rows have in common with both of its
halves has a row set. Where these are fewer, the word is listed: `postings.words` has the rows of
the build that hold it, and any later row may hold it too (`_written`).

What happens to each part:

    event                    frequent pieces                 rare grams                   texts
    -----------------------  ------------------------------  ---------------------------  --------
    build                    are found, words included       flat lists, for good         are kept
    open, between others     each set opens a place          the shift is noted, a        ""
                                                             block grows
    add                      its sets take the row in        its blocks are entered       the text
    ... the blocks of a      all texts are searched: if it   what was entered is
        gram have doubled    is frequent, it gets a set      forgotten
    ... the rows have        what is no longer frequent      blocks take what has lost
        doubled              loses its set                   its set
    drop                     its sets let the row go         nothing: lists and blocks    ""
                                                             may promise more than they
                                                             hold (`_is_whole`)
    copy                     sets are shared                 flat lists are shared        `column`

Invariants, for every row p:

- `texts[p]` is its folded text, and "" where it has none or is vacant;
- `present` holds p where it has a text, be it "";
- no text is longer than `_longest`, which is never lowered;
- the set of a frequent piece holds p exactly where the piece is in `texts[p]`;
- if p has the text of the build, the list of a listed gram without a set holds it, as it was
  numbered then, wherever the gram is in `texts[p]`; else the gram's blocks hold it. A gram that
  has lost both, list and set (`lost`), has blocks for either;
- if p has the text of the build, the list of a listed word holds it exactly where the word is in
  `texts[p]`; else `_written` holds p, if it has a text;
- while `_is_whole`, every row of the build has the text that it had then.
"""

from collections.abc import Collection, Sequence
from typing import Self, TypeAlias

from instquery.engine.column import Column
from instquery.engine.indexes.alphabet import Alphabet
from instquery.engine.indexes.blocks import Blocks, BlockSet
from instquery.engine.indexes.frequent import FrequentPieces
from instquery.engine.indexes.grams import EVERY_BLOCK, GramBlocks
from instquery.engine.indexes.needles import longest_known
from instquery.engine.indexes.postings import Postings, gather
from instquery.engine.indexes.shifts import Shifts
from instquery.engine.opening import Opening
from instquery.engine.rowsets import (
    Position,
    RowSet,
    everything,
    positions,
    set_of,
    set_of_flags,
)
from instquery.folding import GRAM, fold

__all__ = ["Narrowed", "TextRows"]

# With so few blocks left, their rows are looked at one by one.
_FEW_BLOCKS = 16

# So few texts are looked at for less than longer pieces of the needle are looked up.
_FEW_TEXTS = 64

Narrowed: TypeAlias = tuple[RowSet | list[Position], bool]
"""Rows that every match is among, and whether these are the answer. A list is in no order."""


class TextRows:
    """The folded text of each row, and which rows hold a piece. See "Theory of operation".

    Attributes:
        texts: the folded text of each row, `""` where it has none.
        present: the rows that have a text.

    """

    __slots__ = (
        "_blocks",
        "_built",
        "_frequent",
        "_is_whole",
        "_later",
        "_longest",
        "_shifts",
        "_written",
        "present",
        "texts",
    )

    def __init__(self, texts: list[str], present: RowSet) -> None:
        self.texts = Column(texts)
        self.present = present
        self._longest = max(map(len, texts), default=0)
        self._blocks = Blocks(len(texts))
        self._shifts = Shifts(len(texts))
        self._built = Postings(Alphabet("", shares=False), {})
        self._later = GramBlocks()
        self._frequent = FrequentPieces()
        self._is_whole = True
        self._written: RowSet = 0

    @classmethod
    def build(cls, values: Sequence[str | None]) -> Self:
        """Build from a column of text."""
        texts = ["" if value is None else _folded(value) for value in values]
        index = cls(texts, set_of_flags([value is not None for value in values]))

        alphabet, numbered = Alphabet.numbered(texts)
        lists = gather(numbered)
        index._frequent, words = FrequentPieces.build(numbered, alphabet, lists)
        index._built = Postings(alphabet, lists, words)
        return index

    # reading

    def missing(self) -> RowSet:
        """Return the rows without a text, vacant ones included."""
        return everything(len(self.texts)) ^ self.present

    def narrow(self, needle: str, grams: Sequence[str]) -> Narrowed:
        """Narrow the rows down to those that hold all grams of a needle."""
        known = self._known(needle)
        if known is not None:
            return known, True

        frequent, built = self._frequent, self._built
        blocks = self._later.common(grams, frequent.numbers)
        word = built.words.get(needle)
        if word is not None:
            return self._with_word(word, frequent.common(grams, self._later_rows(blocks)))

        listed = built.common(needle, grams, frequent.numbers, frequent.lost)
        if listed is None:
            rows = self.present if blocks == EVERY_BLOCK else self._blocks.rows_of(blocks)
            return self._with_words(needle, frequent.common(grams, rows))

        places = list(self._shifts.now(listed))
        if not blocks:
            is_known = self._is_whole and len(needle) <= GRAM and built.is_exact(needle)
            return places, is_known or not places
        if blocks.bit_count() <= _FEW_BLOCKS:
            return list({*places, *self._blocks.positions(positions(blocks))}), False
        rows = frequent.common(grams, self._blocks.rows_of(blocks))
        return rows | set_of(places, self.texts.width), False

    # writing

    def open(self, opening: Opening) -> None:
        """Make room for rows. Costs 1 µs a row set, and 2 a place for all rare grams."""
        self.texts.open(opening, [""] * len(opening.places))
        self._blocks.open(opening.places)
        self._shifts.open(opening.places)
        self.present = opening.moved(self.present)
        self._written = opening.moved(self._written)
        self._frequent.open(opening)

    def add(self, position: Position, value: str | None) -> None:
        """Enter a text; a gram that has become frequent gets its row set."""
        if position == self.texts.width:
            self._append()
        if value is None:
            return

        text = self.texts[position] = _folded(value)
        self._longest = max(self._longest, len(text))
        self.present |= 1 << position
        self._written |= 1 << position

        rare = self._frequent.add(self._frequent.of(text), position)
        block, many = self._blocks.of(position), (len(self._blocks) + 1) // 2
        for gram in self._later.enter(rare, block, many):  # to judge it more often finds too little
            if self._frequent.promote(gram, self.texts):
                self._later.remove(gram)

    def drop(self, position: Position, value: str | None) -> None:
        """Take a text out. Rare grams keep the row: from now on they promise a superset only."""
        if value is None:
            return

        self._is_whole = False
        self.present ^= 1 << position
        self._frequent.drop(self._frequent.of(self.texts[position]), position)
        self.texts[position] = ""

    def copy(self) -> Self:
        """Copy directories; texts and sets are shared."""
        twin = object.__new__(type(self))
        twin.texts = self.texts.copy()
        twin.present = self.present
        twin._longest = self._longest
        twin._blocks = self._blocks.copy()
        twin._shifts = self._shifts.copy()
        twin._built = self._built
        twin._later = self._later.copy()
        twin._is_whole = self._is_whole
        twin._written = self._written
        twin._frequent = self._frequent.copy()
        return twin

    # inside

    def _known(self, needle: str) -> RowSet | None:
        """Return the rows with a needle where they are known without a look at its grams."""
        if not needle:
            return self.present
        known = self._frequent.get(needle)
        return 0 if known is None and len(needle) > self._longest else known

    def _append(self) -> None:
        """Make room for a new newest row."""
        self.texts.append("")
        self._blocks.append()

        count = len(self.texts)
        has_doubled = count & (count - 1) == 0
        if has_doubled:
            for gram, rows in self._frequent.demote(count).items():
                blocks = set_of(map(self._blocks.of, positions(rows)), len(self._blocks))
                self._later.set(gram, blocks)

    def _with_words(self, needle: str, rows: RowSet) -> Narrowed:
        """Narrow rows that hold the grams of a needle down by the longer pieces of it."""
        if rows.bit_count() <= _FEW_TEXTS or len(needle) <= GRAM + 1:
            return rows, not rows

        frequent, built = self._frequent, self._built
        pieces = longest_known(needle, frequent.numbers, built.words)
        rows = frequent.common(pieces, rows)
        listed = built.holding(pieces)
        if listed is None or len(listed) >= 2 * rows.bit_count():  # to list a row set costs as much
            return rows, not rows
        places, _ = self._with_word(listed, rows & self._written)
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
            return self._written if blocks else 0
        return self._blocks.rows_of(blocks) & self._written


def _folded(text: str) -> str:
    """Fold a text; one that is folded already is kept once, not twice."""
    folded = fold(text)
    return text if folded == text else folded
