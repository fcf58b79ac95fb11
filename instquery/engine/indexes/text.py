"""The index of a text field: n-grams that narrow a search down, folded strings that decide it.

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

Frequent pieces that overlap may have many rows in common of which hardly any holds both together.
Such pieces are words as well, be they in few rows or in none: so what is left of a needle of
frequent pieces, up to the longest word, is either known or little.

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
    copy                     sets are shared                 flat lists are shared        shared

Invariants, for every row p:

- `_texts[p]` is its folded text, and "" where it has none or is vacant;
- `_present` holds p where it has a text, be it "";
- no text is longer than `_longest`, which is never lowered;
- the set of a frequent piece holds p exactly where the piece is in `_texts[p]`;
- if p has the text of the build, the list of a listed gram without a set holds it, as it was
  numbered then, wherever the gram is in `_texts[p]`; else the gram's blocks hold it. A gram that
  has lost both, list and set (`lost`), has blocks for either;
- while `_is_whole`, every row of the build has the text that it had then.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import ClassVar, Self, TypeAlias

from instquery.engine.indexes.alphabet import Alphabet
from instquery.engine.indexes.blocks import Blocks
from instquery.engine.indexes.frequent import FrequentPieces
from instquery.engine.indexes.grams import EVERY_BLOCK, GramBlocks, cut
from instquery.engine.indexes.index import NOTHING, Selection, matching, values_of
from instquery.engine.indexes.postings import Postings, gather
from instquery.engine.indexes.scan import holding
from instquery.engine.indexes.shifts import Shifts
from instquery.engine.opening import Opening
from instquery.engine.rowsets import (
    Position,
    RowSet,
    among,
    everything,
    positions,
    set_of,
    set_of_flags,
)
from instquery.engine.sizes import Size
from instquery.folding import GRAM, fold, needle_grams
from instquery.predicates import Bounded, Contains, Eq, In, Like, Missing, check_answered
from instquery.query import Record

__all__ = ["TextIndex"]

# With so few blocks left, their rows are looked at one by one.
_FEW_BLOCKS = 16

# So few rows are looked at for less than whoever asks needs to ask again.
_FEW_ROWS = 8

# Narrowing down one value, of up to so many characters, costs about as much as comparing so many
# rows with all values: 10 to 100 µs (random IDs, names made of few words) beside 0.1 µs a row.
_NARROWING = 512

# Literals of a pattern whose grams are looked up, the longest first: those that are left tell less.
_LITERALS = 4

# Values whose grams are looked up to guess how many rows have one of them.
_GUESSES = 4

_Narrowed: TypeAlias = tuple[RowSet | list[Position], bool]
"""Rows that every match is among, and whether these are the answer. A list is in no order."""


class TextIndex:
    """Finds the texts that hold a needle, of any length and in any script.

    Building costs 4 µs a row for names made of few words and 9 for random IDs of 20 characters.
    Memory is about 50 bytes a row for either.
    """

    answers: ClassVar[tuple[type[Bounded], ...]] = (Contains, Eq, In, Like, Missing)
    few: ClassVar[int] = 32

    __slots__ = (
        "_blocks",
        "_built",
        "_frequent",
        "_is_whole",
        "_later",
        "_longest",
        "_present",
        "_shifts",
        "_texts",
    )

    def __init__(self, texts: list[str], present: RowSet) -> None:
        self._texts = texts
        self._present = present
        self._longest = max(map(len, texts), default=0)
        self._blocks = Blocks(len(texts))
        self._shifts = Shifts(len(texts))
        self._built = Postings(Alphabet("", shares=False), {})
        self._later = GramBlocks()
        self._frequent = FrequentPieces()
        self._is_whole = True

    @classmethod
    def build(cls, values: Sequence[str | None]) -> Self:
        """Build from a column of text."""
        texts = ["" if value is None else _folded(value) for value in values]
        index = cls(texts, set_of_flags([value is not None for value in values]))

        alphabet, numbered = Alphabet.numbered(texts)
        lists = gather(numbered)
        index._frequent = FrequentPieces.build(numbered, alphabet, lists)
        index._built = Postings(alphabet, lists)
        return index

    def size(self, predicate: Contains | Eq | In | Like | Missing, occupied: RowSet) -> Size:
        """Bound the rows by those that hold the needle's grams; a count where these are the answer.

        A discarded row has no text here.
        """
        if not isinstance(predicate, Contains):
            if isinstance(predicate, Missing):
                return Size.exactly((self._missing() & occupied).bit_count())
            if not isinstance(predicate, Like):
                return self._guess(predicate)

        rows, is_exact = self._holding(predicate)
        if is_exact:
            return Size.exactly(_count(rows))
        return Size.at_most(min(_count(rows), self._present.bit_count()))

    def select(self, predicate: Contains | Eq | In | Like | Missing) -> Selection:
        """Return the rows that hold all grams of the needle: every match, and perhaps others."""
        if not isinstance(predicate, Contains):
            if isinstance(predicate, Missing):
                return self._missing(), True
            if not isinstance(predicate, Like):
                any_of = self._any_of(predicate)
                return any_of, not any_of

        rows, is_exact = self._holding(predicate)
        if not rows:
            return NOTHING
        if not isinstance(rows, list):
            return rows, is_exact

        rows.sort(reverse=True)
        if not is_exact and len(rows) <= _FEW_ROWS and isinstance(predicate, Contains):
            return holding(predicate.folded, self._texts, rows), True
        return rows, is_exact

    def test(
        self,
        predicate: Contains | Eq | In | Like | Missing,
        positions: Sequence[Position],
        records: Sequence[Record],
    ) -> list[Position]:
        """Look for the needle in the folded text; compare whole values as they were given."""
        check_answered(predicate, self.answers)
        if isinstance(predicate, Like) and not predicate.case:
            fits, texts = predicate.read.fits_compared, self._texts
            return [at for at in among(self._present, positions) if fits(texts[at])]
        if not isinstance(predicate, Contains):
            return matching(predicate, positions, records)

        if not predicate.folded:
            return [position for position in positions if self._present >> position & 1]
        return holding(predicate.folded, self._texts, positions)

    def grams(self) -> set[str] | None:
        """Return the grams of three characters that texts of the bulk build have.

        `None` where they are not known.
        """
        known = self._built.grams()
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

        holders: defaultdict[str, list[Position]] = defaultdict(list)
        for position, text in enumerate(texts):
            for gram in cut(text) - self._frequent.numbers.keys():
                holders[gram].append(position)
        for gram, places in holders.items():
            narrowed, is_exact = self._narrow(gram, (gram,))
            known = set(positions(narrowed) if isinstance(narrowed, int) else narrowed)
            if not known.issuperset(places) or (is_exact and len(known) > len(places)):
                yield f"the rows of the rare {gram!r}"

    def open(self, opening: Opening) -> None:
        """Make room for rows. Costs 1 µs a row set, and 2 a place for all rare grams."""
        opening.insert(self._texts, [""] * len(opening.places))
        self._blocks.open(opening.places)
        self._shifts.open(opening.places)
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
        for gram in self._later.enter(rare, block, many):  # to judge it more often finds too little
            if self._frequent.promote(gram, self._texts):
                self._later.remove(gram)

    def drop(self, position: Position, value: str | None) -> None:
        """Take a text out. Rare grams keep the row: from now on they promise a superset only."""
        if value is None:
            return

        self._is_whole = False
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
        twin._shifts = self._shifts.copy()
        twin._built = self._built
        twin._later = self._later.copy()
        twin._is_whole = self._is_whole
        twin._frequent = self._frequent.copy()
        return twin

    def _missing(self) -> RowSet:
        """Return the rows without a text, vacant ones included."""
        return everything(len(self._texts)) ^ self._present

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

    def _narrow(self, needle: str, grams: Sequence[str]) -> _Narrowed:
        """Narrow the rows down to those that hold all grams of a needle."""
        known = self._known(needle)
        if known is not None:
            return known, True

        frequent = self._frequent
        listed = self._built.common(grams, frequent.numbers, frequent.lost)
        blocks = self._later.common(grams, frequent.numbers)
        if listed is None:
            rows = self._present if blocks == EVERY_BLOCK else self._blocks.rows_of(blocks)
            rows = frequent.common(needle, grams, rows)
            return rows, not rows

        places = list(self._shifts.now(listed))
        if not blocks:
            is_known = self._is_whole and len(needle) <= GRAM and self._built.is_exact(needle)
            return places, is_known or not places
        if blocks.bit_count() <= _FEW_BLOCKS:
            return list({*places, *self._blocks.positions(positions(blocks))}), False
        rows = frequent.common(needle, grams, self._blocks.rows_of(blocks))
        return rows | set_of(places, len(self._texts)), False

    def _holding(self, predicate: Contains | Like) -> _Narrowed:
        """Narrow the rows down to those that hold the needle, or all literals of the pattern."""
        if isinstance(predicate, Contains):
            return self._narrow(predicate.folded, predicate.grams)
        check_answered(predicate, (Contains, Like))

        rows = self._present
        is_exact = predicate.read.is_part and not (predicate.case and predicate.read.least)
        for literal in predicate.read.folded_literals[:_LITERALS]:
            narrowed, is_known = self._narrow(literal, needle_grams(literal))
            if isinstance(narrowed, list):
                narrowed = set_of(narrowed, len(self._texts))
            rows &= narrowed
            is_exact = is_exact and is_known
            if rows.bit_count() <= self.few:
                break
        return rows, is_exact or not rows

    def _known(self, needle: str) -> RowSet | None:
        """Return the rows with a needle where they are known without a look at its grams."""
        if not needle:
            return self._present
        known = self._frequent.get(needle)
        return 0 if known is None and len(needle) > self._longest else known

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
        few: set[Position] = set()
        for needle in map(fold, texts):
            narrowed, _ = self._narrow(needle, needle_grams(needle))
            if isinstance(narrowed, int):
                rows |= narrowed
            else:
                few.update(narrowed)
        return rows | set_of(few, len(self._texts)) if few else rows

    def _guess(self, predicate: Eq | In) -> Size:
        """Guess how many rows have one of the values, from a few of these.

        `select` looks all of them up.
        """
        values = values_of(predicate, self.answers)
        sample = values[:: -(-len(values) // _GUESSES) or 1]
        hits = 0
        for needle in [fold(value) for value in sample if isinstance(value, str)]:
            rows, _ = self._narrow(needle, needle_grams(needle))
            hits += _count(rows)

        if not hits and len(sample) == len(values):  # the grams of each have been looked up
            return Size.exactly(0)
        most = self._present.bit_count()
        guess = hits * len(values) // max(1, len(sample))
        return Size.at_most(most, expected=min(guess, most))


def _count(rows: RowSet | list[Position]) -> int:
    """Count the rows of either form."""
    return len(rows) if isinstance(rows, list) else rows.bit_count()


def _folded(text: str) -> str:
    """Fold a text; one that is folded already is kept once, not twice."""
    folded = fold(text)
    return text if folded == text else folded
