"""Rows by what their texts hold: which rows have a piece of text, of any length, in any script.

Theory of operation
===================

A text is folded and cut into its *grams*, all pieces of one, two and three characters. For each
gram the index knows rows that hold it, in one of three forms:

    frequent   many rows hold it    exactly those rows, as a row set       `frequent`
    rare       texts of the build   those rows, as they were then          `postings`, `shifts`
               later texts          a superset: blocks of about 32 rows    `grams`, `blocks`

Where the rows of a rare gram are listed is told by a table that segments share: see `volume`, and
`sought` for what comes of it.

Longer pieces that many rows hold, *words*, have row sets too. A needle is cut into its grams in the
same way. What their rows have in common is a superset of the answer, and the rows left are verified
by `in`. A gram that is nowhere proves that nothing matches. A needle that is a frequent piece, or a
gram of texts of the build alone, needs no verification.

Pieces that overlap may have many rows in common of which hardly any holds both together. What they
make together is a word as well, be it in few rows or in none: so what is left of a needle, up to
the longest word, is either known or little. A word that many rows have in common with both of its
halves has a row set. Where these are fewer, the word is listed: `postings.words` has the rows of
the build that hold it, and any later row may hold it too (`written`).

A needle longer than the longest word is known by all its pieces of that length, but for the rows
whose texts repeat themselves: see `repeats`, and `runs` for the simplest of these.

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

- `_texts[p]` is its folded text, and "" where it has none or is vacant;
- `_present` holds p where it has a text, be it "";
- no text is longer than `_longest`, which is never lowered;
- the set of a frequent piece holds p exactly where the piece is in `_texts[p]`;
- if p has the text of the build, the list of a listed gram without a set holds it, as it was
  numbered then, wherever the gram is in `_texts[p]`; else the gram's blocks hold it. A gram that
  has lost both, list and set (`lost`), has blocks for either;
- if p has the text of the build, the list of a listed word holds it exactly where the word is in
  `_texts[p]`; else `written` holds p, if it has a text;
- `_repeats` holds p exactly where `_texts[p]` may repeat a piece, while any window is known;
- while `_is_whole`, every row of the build has the text that it had then.
"""

from collections.abc import Sequence
from typing import Self

from instquery.engine.indexes.alphabet import Alphabet
from instquery.engine.indexes.frequent import FrequentPieces
from instquery.engine.indexes.narrowing import Narrowing
from instquery.engine.indexes.postings import Postings, gather
from instquery.engine.indexes.repeats import Repeats
from instquery.engine.opening import Opening
from instquery.engine.rowsets import Position, RowSet, positions, set_of, set_of_flags
from instquery.folding import fold

__all__ = ["TextRows"]


class TextRows(Narrowing):
    """The folded text of each row, and which rows hold a piece. See "Theory of operation"."""

    __slots__ = ()

    @classmethod
    def build(cls, values: Sequence[str | None]) -> Self:
        """Build from a column of text."""
        texts = ["" if value is None else _folded(value) for value in values]
        index = cls(texts, set_of_flags([value is not None for value in values]))

        alphabet, numbered = Alphabet.numbered(texts)
        lists = gather(numbered)
        index._frequent, words = FrequentPieces.build(numbered, alphabet, lists)
        index.built = Postings(alphabet, lists, words, index._frequent.unlisted)
        index._repeats = Repeats.build(texts, index._frequent.words, words)
        return index

    @staticmethod
    def join(indexes: Sequence["TextRows"]) -> None:
        """Let indexes that were just built look grams up together; see `volume`."""
        together = Postings.joined([index.built for index in indexes])
        for index, postings in zip(indexes, together, strict=True):
            index.built = postings

    def open(self, opening: Opening) -> None:
        """Make room for rows. Costs 1 µs a row set, and 2 a place for all rare grams."""
        self._texts.open(opening, [""] * len(opening.places))
        self._blocks.open(opening.places)
        self._shifts.open(opening.places)
        self._present = opening.moved(self._present)
        self.written = opening.moved(self.written)
        self._repeats.open(opening)
        self._frequent.open(opening)

    def add(self, position: Position, value: str | None) -> None:
        """Enter a text; a gram that has become frequent gets its row set."""
        if position == self._texts.width:
            self._append()
        if value is None:
            return

        text = self._texts[position] = _folded(value)
        self._longest = max(self._longest, len(text))
        self._present |= 1 << position
        self.written |= 1 << position
        self._repeats.add(position, text)

        rare = self._frequent.add(self._frequent.of(text), position)
        block, many = self._blocks.of(position), (len(self._blocks) + 1) // 2
        for gram in self._later.enter(rare, block, many):  # to judge it more often finds too little
            if self._frequent.promote(gram, self._texts):
                self._later.remove(gram)

    def drop(self, position: Position, value: str | None) -> None:
        """Take a text out. Rare grams keep the row: from now on they promise a superset only."""
        if value is None:
            return

        self._is_whole = False
        self._present ^= 1 << position
        text = self._texts[position]
        self._repeats.drop(position, text)
        self._frequent.drop(self._frequent.of(text), position)
        self._texts[position] = ""

    def _missing(self) -> RowSet:
        """Return the rows without a text, vacant ones included."""
        return ((1 << len(self._texts)) - 1) ^ self._present

    def _append(self) -> None:
        """Make room for a new newest row."""
        self._texts.append("")
        self._blocks.append()

        count = len(self._texts)
        has_doubled = count & (count - 1) == 0
        if has_doubled:
            for gram, rows in self._frequent.demote(count).items():
                blocks = set_of(map(self._blocks.of, positions(rows)), len(self._blocks))
                self._later.set(gram, blocks)


def _folded(text: str) -> str:
    """Fold a text; one that is folded already is kept once, not twice."""
    folded = fold(text)
    return text if folded == text else folded
