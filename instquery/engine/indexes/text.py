"""The index of a text field: n-grams that narrow a search down, folded strings that decide it.

Theory of operation
===================

A text is folded and cut into its *grams*, all pieces of one, two and three characters. For each
gram the index knows rows that hold it, in one of two forms:

    frequent   many rows hold it   exactly those rows, as a row set       `frequent`
    rare       any other gram      a superset: blocks of about 32 rows    `grams`, `postings`

Longer pieces that many rows hold, *words*, have row sets too. A needle is cut into its grams in the
same way. What their sets have in common is a superset of the answer, and the rows left are verified
by `in`. A gram that is nowhere proves that nothing matches. A needle that is itself a frequent
piece needs no verification.

What happens to each part:

    event                    frequent pieces                 rare grams                   texts
    -----------------------  ------------------------------  ---------------------------  --------
    build                    are found, words included       flat lists, for good         are kept
    open, between others     each set opens a place          nothing: a block grows       ""
    add                      its sets take the row in        its blocks are entered       the text
    ... the blocks of a      all texts are searched: if it   what was entered is
        gram have doubled    is frequent, it gets a set      forgotten
    ... the rows have        what is no longer frequent      take what has lost its
        doubled              loses its set                   set
    drop                     its sets let the row go         nothing: a block may         ""
                                                             promise more than it holds
    copy                     sets are shared                 flat lists are shared        shared

Invariants, for every row p:

- `_texts[p]` is its folded text, and "" where it has none or is vacant;
- `_present` holds p where it has a text, be it "";
- no text is longer than `_longest`, which is never lowered;
- the set of a frequent piece holds p exactly where the piece is in `_texts[p]`;
- the blocks of a gram without a set hold p wherever the gram is in `_texts[p]`.
"""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Self, TypeAlias

from instquery.engine.indexes.alphabet import Alphabet
from instquery.engine.indexes.blocks import Block, Blocks
from instquery.engine.indexes.frequent import FrequentPieces
from instquery.engine.indexes.grams import GramBlocks, cut
from instquery.engine.indexes.index import NOTHING, Selection, matching, values_of
from instquery.engine.indexes.postings import Postings, gather
from instquery.engine.opening import Opening
from instquery.engine.rowsets import Position, RowSet, positions, set_of, set_of_flags
from instquery.engine.sizes import Size
from instquery.folding import GRAM, fold, needle_grams
from instquery.predicates import Bounded, Contains, Eq, In, check_answered
from instquery.query import Record

__all__ = ["TextIndex"]

# With so few blocks left, their rows are looked at one by one.
_FEW_BLOCKS = 16

# Narrowing down one value, of up to so many characters, costs about as much as comparing so many
# rows with all values: 10 to 100 µs (random IDs, names made of few words) beside 0.1 µs a row.
_NARROWING = 512

# Values whose grams are looked up to guess how many rows have one of them.
_GUESSES = 4

_Narrowed: TypeAlias = tuple[RowSet, set[Block] | None, bool]
"""Rows and blocks that every match lies in, and whether the rows alone are the answer.

Without blocks (`None`) the rows alone say where to look.
"""


class TextIndex:
    """Finds the texts that hold a needle, of any length and in any script.

    Building costs 4 µs a row for names made of few words and 9 for random IDs of 20 characters.
    Memory is about 50 bytes a row for either.
    """

    answers: ClassVar[tuple[type[Bounded], ...]] = (Contains, Eq, In)
    few: ClassVar[int] = 32

    __slots__ = ("_blocks", "_frequent", "_longest", "_present", "_rare", "_texts")

    def __init__(self, texts: list[str], present: RowSet) -> None:
        self._texts = texts
        self._present = present
        self._longest = max(map(len, texts), default=0)
        self._blocks = Blocks(len(texts))
        self._rare = GramBlocks(Postings(Alphabet("", shares=False), {}))
        self._frequent = FrequentPieces()

    @classmethod
    def build(cls, values: Sequence[str | None]) -> Self:
        """Build from a column of text."""
        texts = ["" if value is None else _folded(value) for value in values]
        index = cls(texts, set_of_flags([value is not None for value in values]))

        alphabet, numbered = Alphabet.numbered(texts)
        lists = gather(numbered, index._blocks.spans())
        index._frequent = FrequentPieces.build(numbered, alphabet, lists, len(index._blocks))
        index._rare = GramBlocks(Postings(alphabet, lists))
        return index

    def size(self, predicate: Contains | Eq | In, _occupied: RowSet) -> Size:
        """Bound the rows by those that hold the needle's grams; a count where these are the answer.

        A discarded row has no text here.
        """
        if not isinstance(predicate, Contains):
            return self._guess(predicate)

        rows, blocks, is_exact = self._narrow(predicate.folded, predicate.grams)
        most = rows.bit_count()
        if is_exact:
            return Size.exactly(most)
        if blocks is None:
            return Size.at_most(most)
        return Size.at_most(most, expected=min(most, len(blocks)))  # a guess: about one hit a block

    def select(self, predicate: Contains | Eq | In) -> Selection:
        """Return the rows that hold all grams of the needle: every match, and perhaps others."""
        if not isinstance(predicate, Contains):
            rows = self._any_of(predicate)
            return rows, not rows

        rows, blocks, is_exact = self._narrow(predicate.folded, predicate.grams)
        if not rows:
            return NOTHING
        if blocks is None:
            return rows, is_exact
        if len(blocks) <= _FEW_BLOCKS:  # a vacant row has no text to find a needle in
            return self._blocks.positions(blocks), False
        return self._within(rows, blocks), False

    def test(
        self,
        predicate: Contains | Eq | In,
        positions: Sequence[Position],
        records: Sequence[Record],
    ) -> list[Position]:
        """Look for the needle in the folded text; compare whole values as they were given."""
        check_answered(predicate, self.answers)
        if not isinstance(predicate, Contains):
            return matching(predicate, positions, records)

        needle, texts = predicate.folded, self._texts
        if not needle:
            return [position for position in positions if self._present >> position & 1]
        return [position for position in positions if needle in texts[position]]

    def grams(self) -> set[str] | None:
        """Return the grams of three characters that texts of the bulk build have.

        `None` where they are not known.
        """
        known = self._rare.grams()
        if known is None:
            return None
        return known | {piece for piece in self._frequent.numbers if len(piece) == GRAM}

    def faults(self, values: Sequence[str | None]) -> Iterator[str]:
        """Compare the folded texts with the values, and look each gram up that they have."""
        texts = ["" if value is None else fold(value) for value in values]
        if self._texts != texts or max(map(len, texts), default=0) > self._longest:
            yield "the folded texts"
        if self._present != set_of_flags([value is not None for value in values]):
            yield "the rows that have a text"

        for gram, rows in self._frequent.items():
            if rows != set_of_flags([gram in text for text in texts]):
                yield f"the rows of {gram!r}"
        for block, (first, end) in enumerate(self._blocks.spans()):
            grams = set[str]().union(*map(cut, texts[first:end]))
            for gram in grams - self._frequent.numbers.keys():
                if block not in (self._rare.common([gram]) or ()):
                    yield f"the blocks of {gram!r}"

    def open(self, opening: Opening) -> None:
        """Make room for rows. Costs 1 µs a row set, nothing for rare grams."""
        opening.insert(self._texts, [""] * len(opening.places))
        self._blocks.open(opening.places)
        self._present = opening.moved(self._present)
        self._frequent.open(opening)

    def add(self, position: Position, value: str | None) -> None:
        """Enter a text; a gram that has become frequent gets its row set."""
        if position == len(self._texts):
            self._append()
        if value is None:
            return

        text = self._texts[position] = _folded(value)
        self._longest = max(self._longest, len(text))
        self._present |= 1 << position

        rare = self._frequent.add(self._frequent.of(text), position)
        block, many = self._blocks.of(position), (len(self._blocks) + 1) // 2
        for gram in self._rare.enter(rare, block, many):  # to judge it more often finds too little
            if self._frequent.promote(gram, self._texts):
                self._rare.remove(gram)

    def drop(self, position: Position, value: str | None) -> None:
        """Take a text out. Blocks keep its rare grams: they promise a superset only."""
        if value is None:
            return

        self._present ^= 1 << position
        self._frequent.drop(self._frequent.of(self._texts[position]), position)
        self._texts[position] = ""

    def copy(self) -> Self:
        """Copy texts and directories; the sets are shared."""
        twin = object.__new__(type(self))
        twin._texts = self._texts[:]
        twin._present = self._present
        twin._longest = self._longest
        twin._blocks = self._blocks.copy()
        twin._rare = self._rare.copy()
        twin._frequent = self._frequent.copy()
        return twin

    def _append(self) -> None:
        """Make room for a new newest row."""
        self._texts.append("")
        self._blocks.append()

        count = len(self._texts)
        has_doubled = count & (count - 1) == 0
        if has_doubled:
            for gram, rows in self._frequent.demote(count).items():
                blocks = set_of(map(self._blocks.of, positions(rows)), len(self._blocks))
                self._rare.set(gram, blocks)

    def _narrow(self, needle: str, grams: tuple[str, ...]) -> _Narrowed:
        """Narrow the rows down to those that hold all grams of a needle."""
        frequent, sets = self._frequent.numbers, self._frequent.rows
        if not needle:
            return self._present, None, True
        known = frequent.get(needle)
        if known is not None:
            return sets[known], None, True
        if len(needle) > self._longest:
            return 0, None, True

        blocks = self._rare.common(grams, frequent)
        if blocks is not None and len(blocks) <= _FEW_BLOCKS:
            # To test the rows costs less than to narrow them down.
            return (self._present, blocks, False) if blocks else (0, None, True)

        rows = self._present
        for gram in grams:
            if gram in frequent:
                rows &= sets[frequent[gram]]
        return rows, blocks, not rows

    def _within(self, rows: RowSet, blocks: set[Block]) -> RowSet:
        """Return those of the rows that lie in the blocks."""
        return rows & self._blocks.rows_of(set_of(blocks, len(self._blocks)))

    def _any_of(self, predicate: Eq | In) -> RowSet:
        """Return rows that hold every text which is one of the values.

        All that have a text, if that is cheaper: the lookups cost about as much as a scan at the
        most, however many values there are, and however long.
        """
        values = values_of(predicate, self.answers)
        affordable = _NARROWING + len(self._texts)
        if len(values) * _NARROWING > affordable:
            return self._present
        texts = [value for value in values if isinstance(value, str)]
        if sum([max(_NARROWING, len(text)) for text in texts]) > affordable:
            return self._present

        rows = 0
        few: set[Block] = set()
        for needle in map(fold, texts):
            narrowed, blocks, _ = self._narrow(needle, needle_grams(needle))
            if blocks is None:
                rows |= narrowed
            elif len(blocks) <= _FEW_BLOCKS:
                few |= blocks
            else:
                rows |= self._within(narrowed, blocks)
        return rows | self._within(self._present, few) if few else rows

    def _guess(self, predicate: Eq | In) -> Size:
        """Guess how many rows have one of the values, from a few of these.

        `select` looks all of them up.
        """
        values = values_of(predicate, self.answers)
        sample = values[:: -(-len(values) // _GUESSES) or 1]
        hits = 0
        for needle in [fold(value) for value in sample if isinstance(value, str)]:
            rows, blocks, _ = self._narrow(needle, needle_grams(needle))
            most = rows.bit_count()
            hits += most if blocks is None else min(most, len(blocks))

        if not hits and len(sample) == len(values):  # the grams of each have been looked up
            return Size.exactly(0)
        most = self._present.bit_count()
        guess = hits * len(values) // max(1, len(sample))
        return Size.at_most(most, expected=min(guess, most))


def _folded(text: str) -> str:
    """Fold a text; one that is folded already is kept once, not twice."""
    folded = fold(text)
    return text if folded == text else folded
