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

Pieces that overlap may have many rows in common of which hardly any holds both together. What they
make together is a word as well, be it in few rows or in none: so what is left of a needle, up to
the longest word, is either known or little. A word that many rows have in common with both of its
halves has a row set. Where these are fewer, the word is listed: `postings.words` has the rows of
the build that hold it, and any later row may hold it too (`_written`).

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
  `_texts[p]`; else `_written` holds p, if it has a text;
- `_repeats` holds p exactly where `_texts[p]` may repeat a piece, while any window is known;
- while `_is_whole`, every row of the build has the text that it had then.
"""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

from instquery.engine.indexes.alphabet import Alphabet
from instquery.engine.indexes.frequent import FrequentPieces
from instquery.engine.indexes.grams import holders
from instquery.engine.indexes.index import NOTHING, Selection, matching, values_of
from instquery.engine.indexes.narrowing import Narrowing
from instquery.engine.indexes.postings import Postings, gather
from instquery.engine.indexes.repeats import Repeats
from instquery.engine.indexes.scan import holding
from instquery.engine.opening import Opening
from instquery.engine.rowsets import Position, RowSet, positions, set_of, set_of_flags
from instquery.engine.sizes import Size
from instquery.folding import GRAM, fold, needle_grams
from instquery.predicates import Bounded, Contains, Eq, In, Missing, check_answered
from instquery.query import Record

__all__ = ["TextIndex"]

# So few rows are looked at for less than whoever asks needs to ask again.
_FEW_ROWS = 8

# Of the rows of a long needle, those in doubt are looked at by `select` if they are at most one in
# so many. Else whoever asks looks at what other predicates leave, which may be fewer.
_DOUBTS = 4

# Narrowing down one value, of up to so many characters, costs about as much as comparing so many
# rows with all values: 10 to 100 µs (random IDs, names made of few words) beside 0.1 µs a row.
_NARROWING = 512

# Values whose grams are looked up to guess how many rows have one of them.
_GUESSES = 4


class TextIndex(Narrowing):
    """Finds the texts that hold a needle, of any length and in any script.

    Building costs 4 µs a row for names made of few words and 9 for random IDs of 20 characters.
    Memory is about 50 bytes a row for either.
    """

    answers: ClassVar[tuple[type[Bounded], ...]] = (Contains, Eq, In, Missing)
    few: ClassVar[int] = 32
    few_listed: ClassVar[int] = 32

    __slots__ = ()

    @classmethod
    def build(cls, values: Sequence[str | None]) -> Self:
        """Build from a column of text."""
        texts = ["" if value is None else _folded(value) for value in values]
        index = cls(texts, set_of_flags([value is not None for value in values]))

        alphabet, numbered = Alphabet.numbered(texts)
        lists = gather(numbered)
        index._frequent, words = FrequentPieces.build(numbered, alphabet, lists)
        index._built = Postings(alphabet, lists, words)
        index._repeats = Repeats.build(texts, index._frequent.words, words)
        return index

    def size(self, predicate: Contains | Eq | In | Missing, occupied: RowSet) -> Size:
        """Bound the rows by those that hold the needle's grams; a count where these are the answer.

        A discarded row has no text here.
        """
        if not isinstance(predicate, Contains):
            if isinstance(predicate, Missing):
                return Size.exactly((self._missing() & occupied).bit_count())
            return self._guess(predicate)

        rows, is_exact = self._narrow(predicate.folded, predicate.grams)
        if is_exact:
            return Size.exactly(_count(rows))
        return Size.at_most(min(_count(rows), self._present.bit_count()))

    def select(self, predicate: Contains | Eq | In | Missing) -> Selection:
        """Return the rows that hold all grams of the needle: every match, and perhaps others."""
        if not isinstance(predicate, Contains):
            if isinstance(predicate, Missing):
                return self._missing(), True
            any_of = self._any_of(predicate)
            return any_of, not any_of

        rows, is_exact = self._narrow(predicate.folded, predicate.grams)
        if not rows:
            return NOTHING
        if not isinstance(rows, list):
            return (rows, True) if is_exact else self._settled(predicate, rows)

        rows.sort(reverse=True)
        if not is_exact and len(rows) <= _FEW_ROWS:  # a vacant row has no text to find it in
            return holding(predicate.folded, self._texts, rows), True
        return rows, is_exact

    def test(
        self,
        predicate: Contains | Eq | In | Missing,
        positions: Sequence[Position],
        records: Sequence[Record],
    ) -> list[Position]:
        """Look for the needle in the folded text; compare whole values as they were given."""
        check_answered(predicate, self.answers)
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
        """Compare the folded texts with the values, and look up each gram and word they have."""
        texts = ["" if value is None else fold(value) for value in values]
        if list(self._texts) != texts or max(map(len, texts), default=0) > self._longest:
            yield "the folded texts"
        if self._present != set_of_flags([value is not None for value in values]):
            yield "the rows that have a text"

        yield from self._repeats.faults(texts)
        for piece, rows in self._frequent.items():
            if rows != set_of_flags([piece in text for text in texts]):
                yield f"the rows of {piece!r}"
        words = self._built.words.keys()
        for piece, places in holders(texts, self._frequent.numbers, words).items():
            narrowed, is_exact = self._narrow(piece, needle_grams(piece))
            known = set(positions(narrowed) if isinstance(narrowed, int) else narrowed)
            if not known.issuperset(places) or (is_exact and len(known) > len(places)):
                yield f"the rows of the rare {piece!r}"

    def open(self, opening: Opening) -> None:
        """Make room for rows. Costs 1 µs a row set, and 2 a place for all rare grams."""
        self._texts.open(opening, [""] * len(opening.places))
        self._blocks.open(opening.places)
        self._shifts.open(opening.places)
        self._present = opening.moved(self._present)
        self._written = opening.moved(self._written)
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
        self._written |= 1 << position
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

    def _settled(self, predicate: Contains, rows: RowSet) -> Selection:
        """Look at the rows of a long needle that are in doubt, if most are not."""
        needle = predicate.folded
        adjoined = self._adjoined(needle, predicate.grams)
        if adjoined is None:
            return rows, False
        doubtful = adjoined[1]
        if doubtful.bit_count() * _DOUBTS > rows.bit_count():
            return rows, False

        found = holding(needle, self._texts, positions(doubtful))
        return rows ^ doubtful | set_of(found, self._texts.width), True

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
        return rows | set_of(few, self._texts.width) if few else rows

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
