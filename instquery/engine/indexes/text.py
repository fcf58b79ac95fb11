"""The index of a text field: n-grams that narrow a search down, folded strings that decide it.

Which rows hold a piece of text is known by `textrows`, which says how. Here predicates are cut into
such pieces, and rows that may match are looked at where that costs less than to narrow them down.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import compress
from typing import ClassVar

from instquery.engine.column import picked
from instquery.engine.indexes.grams import holders
from instquery.engine.indexes.index import NOTHING, Selection, matching, values_of
from instquery.engine.indexes.scan import holding
from instquery.engine.indexes.textrows import TextRows
from instquery.engine.rowsets import (
    Position,
    RowSet,
    among,
    positions,
    set_of,
    set_of_flags,
)
from instquery.engine.sizes import Size
from instquery.folding import GRAM, fold, needle_grams
from instquery.patterns import Pattern
from instquery.predicates import Bounded, Contains, Eq, In, Like, Missing, check_answered
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

# Literals of a pattern whose grams are looked up, the longest first: those that are left tell less.
_LITERALS = 4

# Values whose grams are looked up to guess how many rows have one of them.
_GUESSES = 4


class TextIndex(TextRows):
    """Finds the texts that hold a needle, of any length and in any script.

    Building costs 4 µs a row for names made of few words and 9 for random IDs of 20 characters.
    Memory is about 50 bytes a row for either.
    """

    answers: ClassVar[tuple[type[Bounded], ...]] = (Contains, Eq, In, Like, Missing)
    few: ClassVar[int] = 32
    few_listed: ClassVar[int] = 32

    __slots__ = ()

    def size(self, predicate: Contains | Eq | In | Like | Missing, occupied: RowSet) -> Size:
        """Bound the rows by those that hold the needle's grams; a count where these are the answer.

        A discarded row has no text here.
        """
        if isinstance(predicate, Contains):
            rows, is_exact = self._narrow(predicate.folded, predicate.grams)
            if not is_exact and isinstance(rows, list) and len(rows) <= _FEW_ROWS:
                rows.sort(reverse=True)
                rows, is_exact = holding(predicate.folded, self._texts, rows), True
        elif isinstance(predicate, Missing):
            return Size.exactly((self._missing() & occupied).bit_count())
        elif isinstance(predicate, Like):
            rows, is_exact = self._with_literals(predicate)
        else:
            return self._guess(predicate)

        if is_exact:
            return Size.exactly(_count(rows))
        return Size.at_most(min(_count(rows), self._present.bit_count()))

    def select(self, predicate: Contains | Eq | In | Like | Missing) -> Selection:
        """Return the rows that hold all grams of the needle: every match, and perhaps others."""
        if not isinstance(predicate, Contains):
            return self._select_whole(predicate)

        rows, is_exact = self._narrow(predicate.folded, predicate.grams)
        if not rows:
            return NOTHING
        if not isinstance(rows, list):
            return (rows, True) if is_exact else self._settled(predicate, rows)

        rows.sort(reverse=True)
        if not is_exact and len(rows) <= _FEW_ROWS:  # a vacant row has no text to find it in
            return holding(predicate.folded, self._texts, rows), True
        return rows, is_exact

    def holding(self, predicate: Contains, listed: Iterable[Position]) -> list[Position] | None:
        """Return the rows that hold a needle, newest first, of those that are listed.

        The listed ones are all of the build that may, and none of them twice. `None` where texts
        that were written since may hold it too: then `select` tells. Costs 1 µs and 0.1 a row.
        """
        needle = predicate.folded
        if self.written and self._later.common(predicate.grams, self._frequent.numbers):
            return None

        rows = sorted(self._shifts.now(listed), reverse=True)
        if self._is_whole and len(needle) <= GRAM and self.built.is_exact(needle):
            return rows
        return holding(needle, self._texts, rows)

    def test(
        self,
        predicate: Contains | Eq | In | Like | Missing,
        positions: Sequence[Position],
        records: Sequence[Record],
    ) -> list[Position]:
        """Look for the needle in the folded text; compare whole values as they were given."""
        check_answered(predicate, self.answers)
        if isinstance(predicate, Like) and not predicate.case:
            return self._fitting(predicate.read, among(self._present, positions))
        if not isinstance(predicate, Contains):
            return matching(predicate, positions, records)

        if not predicate.folded:
            return [position for position in positions if self._present >> position & 1]
        return holding(predicate.folded, self._texts, positions)

    def grams(self) -> set[str] | None:
        """Return the grams of three characters that texts of the bulk build have.

        `None` where they are not known.
        """
        known = self.built.grams()
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
        yield from self._unlisted_faults()
        words = self.built.words.keys()
        for piece, places in holders(texts, self._frequent.numbers, words).items():
            narrowed, is_exact = self._narrow(piece, needle_grams(piece))
            known = set(positions(narrowed) if isinstance(narrowed, int) else narrowed)
            if not known.issuperset(places) or (is_exact and len(known) > len(places)):
                yield f"the rows of the rare {piece!r}"

    def _unlisted_faults(self) -> Iterator[str]:
        """Look up the lists of grams that have row sets too, but for those said to have none."""
        for gram, rows in self._frequent.items():
            if len(gram) == GRAM and gram not in self.built.volume.unlisted:
                listed = set_of(self._shifts.now(self.built.listed(gram)), self._texts.width)
                if rows & ~listed & ~self.written:
                    yield f"the list of the frequent {gram!r}"

    def _select_whole(self, predicate: Eq | In | Like | Missing) -> Selection:
        """Return rows by what is asked of whole texts."""
        if isinstance(predicate, Missing):
            return self._missing(), True
        if isinstance(predicate, Like):
            return self._with_literals(predicate)
        any_of = self._any_of(predicate)
        return any_of, not any_of

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

    def _with_literals(self, predicate: Like) -> Selection:
        """Narrow the rows down to those that hold all literals of a pattern."""
        pattern = predicate.read
        rows = self._present
        is_exact = pattern.is_part and not (predicate.case and pattern.least)
        literals = pattern.folded_literals[:_LITERALS]
        for literal in literals:
            narrowed, is_known = self._narrow(literal, needle_grams(literal))
            if isinstance(narrowed, list):
                if len(literals) == 1:
                    narrowed.sort(reverse=True)
                    # A vacant row has no text here, but still a record, whose raw text is tested.
                    places = among(self._present, narrowed)
                    return places, (is_exact and is_known) or not places
                narrowed = set_of(narrowed, len(self._texts))
            rows &= narrowed
            is_exact = is_exact and is_known
            if rows.bit_count() <= self.few:
                break
        return rows, is_exact or not rows

    def _fitting(self, pattern: Pattern, positions: Sequence[Position]) -> list[Position]:
        """Return those of the positions whose text, which is there, fits a pattern."""
        texts = picked(self._texts, positions)
        if pattern.is_prefix:
            prefix = pattern.prefix
            flags = [text.startswith(prefix) for text in texts]
        else:
            flags = list(map(pattern.fits_compared, texts))
        return list(compress(positions, flags))

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
