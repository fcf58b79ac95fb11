"""The index of a text field: n-grams that narrow a search down, folded strings that decide it."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

from instquery.engine.indexes.alphabet import Alphabet
from instquery.engine.indexes.blocks import Blocks
from instquery.engine.indexes.grams import GramBlocks, cut
from instquery.engine.indexes.index import NOTHING, Selection, matching
from instquery.engine.indexes.matrix import held_by
from instquery.engine.indexes.pieces import LONGEST, frequent_pieces
from instquery.engine.indexes.postings import Postings, gather, spread
from instquery.engine.rowsets import insert, positions, set_of, set_of_flags
from instquery.engine.sizes import Size
from instquery.folding import GRAM, fold, needle_grams
from instquery.predicates import Bounded, Contains, Eq, In, Value, check_answered, unanswered
from instquery.query import Record

__all__ = ["TextIndex"]

# A segment with fewer rows is searched as fast by its blocks alone.
_SMALL = 512
# A gram found in at least one row in this many gets a row set; a rarer one knows its blocks only.
_FREQUENT = 16
# With so few blocks left, their rows are looked at one by one.
_FEW_BLOCKS = 16
# Rows that are looked at before the work of a row set is begun: about as many hits as decide it.
_SAMPLE = 256
# Grams that are looked for in all texts until the rows have doubled: of names, some hundreds become frequent.
# Of long texts all grams do, and each costs a look at every text.
_TRIES = 2048
# Narrowing down one value, of up to so many characters, costs about as much as comparing so many rows with all
# values: 10 to 100 µs (random IDs, names made of few words) beside 0.1 µs a row.
_NARROWING = 512
# Values whose grams are looked up to guess how many rows have one of them.
_GUESSES = 4

_WORD_SIZES = range(GRAM + 1, LONGEST + 1)


class TextIndex:
    """Grams of one, two and three characters: a row set for a frequent gram, a set of blocks for a rare one.

    A needle is cut into its grams; what their sets have in common is a superset of the answer, and the
    few rows left are verified with `in`. A gram that is nowhere proves that nothing matches. A frequent
    gram needs no verification, nor does a frequent longer piece: bulk building finds those and gives them
    row sets too. Exact for every length and script.

    Building costs 4 µs a row for names made of few words and 9 for random IDs of 20 characters; memory is
    about 50 bytes a row for either.
    """

    answers: ClassVar[tuple[type[Bounded], ...]] = (Contains, Eq, In)
    few: ClassVar[int] = 32

    __slots__ = (
        "_blocks",
        "_frequent",
        "_longest",
        "_present",
        "_rare",
        "_texts",
        "_tries",
        "_words",
    )

    def __init__(self, texts: list[str], present: int) -> None:
        self._texts = texts  # folded; "" where missing
        self._present = present
        self._longest = max(map(len, texts), default=0)
        self._blocks = Blocks(len(texts))
        self._rare = GramBlocks(Postings(Alphabet("", shares=False), {}))
        self._frequent: dict[str, int] = {}
        self._words: frozenset[str] = frozenset()  # those of the frequent that are longer than a gram
        self._tries = 0  # grams that were looked for in the texts since the rows last doubled

    @classmethod
    def build(cls, values: Sequence[str | None]) -> Self:
        """Build from a column of text."""
        texts = ["" if value is None else _folded(value) for value in values]
        index = cls(texts, set_of_flags([value is not None for value in values]))
        alphabet, numbered = Alphabet.numbered(texts)
        lists = gather(numbered, index._blocks.spans())
        if len(texts) >= _SMALL:
            likely = [gram for gram in spread(lists, len(index._blocks) // 2) if alphabet.decode(gram) is not None]
            found = frequent_pieces(numbered, likely, -(-len(texts) // _FREQUENT))
            for numbers, rows in found.items():
                piece = alphabet.decode(numbers)
                if piece is not None:
                    index._frequent[piece] = rows
                    if len(piece) == GRAM:
                        del lists[int.from_bytes(numbers, "big")]
            index._words = frozenset(piece for piece in index._frequent if len(piece) > GRAM)
        index._rare = GramBlocks(Postings(alphabet, lists))
        return index

    def size(self, predicate: Contains | Eq | In, _occupied: int) -> Size:
        """Bound the rows by those that hold the needle's grams; a count where these are the answer.

        A discarded row has no text here.
        """
        if not isinstance(predicate, Contains):
            return self._guess(predicate)

        rows, blocks, exact = self._narrow(predicate.folded, predicate.grams)
        most = rows.bit_count()
        if exact:
            return Size.exactly(most)
        if blocks is None:
            return Size.at_most(most)
        return Size.at_most(most, expected=min(most, len(blocks)))  # a guess: about one hit a block

    def select(self, predicate: Contains | Eq | In) -> Selection:
        """Return the rows that hold all grams of the needle: every match, and perhaps others."""
        if not isinstance(predicate, Contains):
            rows = self._any_of(predicate)
            return rows, not rows
        rows, blocks, exact = self._narrow(predicate.folded, predicate.grams)
        if not rows:
            return NOTHING
        if blocks is None:
            return rows, exact
        if len(blocks) <= _FEW_BLOCKS:  # a vacant row has no text to find a needle in
            return self._blocks.positions(blocks), False
        return self._within(rows, blocks), False

    def grams(self) -> set[str] | None:
        """Return the grams of three characters that texts of the bulk build have; `None` where they are not known."""
        known = self._rare.grams()
        return None if known is None else known | {piece for piece in self._frequent if len(piece) == GRAM}

    def test(self, predicate: Contains | Eq | In, positions: Sequence[int], records: Sequence[Record]) -> list[int]:
        """Look for the needle in the folded text; compare whole values as they were given."""
        check_answered(predicate, self.answers)
        if not isinstance(predicate, Contains):
            return matching(predicate, positions, records)
        needle, texts = predicate.folded, self._texts
        if not needle:
            return [position for position in positions if self._present >> position & 1]
        return [position for position in positions if needle in texts[position]]

    def open(self, position: int) -> None:
        """Move the rows from `position` on; costs 2 µs a row set, nothing for rare grams."""
        self._texts.insert(position, "")
        self._blocks.open(position)
        self._present = insert(self._present, position)
        shared = {id(rows): rows for rows in self._frequent.values()}  # many grams have one row set together
        moved = {number: insert(rows, position) for number, rows in shared.items()}
        self._frequent = {gram: moved[id(rows)] for gram, rows in self._frequent.items()}

    def add(self, position: int, value: str | None) -> None:
        """Enter a text; a gram that has become frequent gets its row set."""
        if position == len(self._texts):
            self._texts.append("")
            self._blocks.append()
            if not len(self._texts) & position:  # the number of rows has doubled
                self._demote()
                self._tries = 0
        if value is None:
            return
        text = self._texts[position] = _folded(value)
        self._longest = max(self._longest, len(text))
        bit = 1 << position
        self._present |= bit
        block = self._blocks.of(position)
        raised: dict[int, int] = {}  # those that share a row set go on sharing it
        for gram in self._pieces(text):
            rows = self._frequent.get(gram)
            if rows is not None:
                if id(rows) not in raised:
                    raised[id(rows)] = rows | bit
                self._frequent[gram] = raised[id(rows)]
            else:
                entered = self._rare.add(gram, block)
                if entered and entered & (entered - 1) == 0:  # doubled: to look more often costs more than it finds
                    self._promote(gram, entered)

    def drop(self, position: int, value: str | None) -> None:
        """Take a text out. Blocks keep its rare grams: they promise a superset only."""
        if value is None:
            return
        bit = 1 << position
        self._present ^= bit
        for gram in self._pieces(self._texts[position]):
            if gram in self._frequent:
                self._frequent[gram] &= ~bit
        self._texts[position] = ""

    def faults(self, values: Sequence[str | None]) -> Iterator[str]:
        """Compare the folded texts with the values, and look each gram up that they have."""
        texts = ["" if value is None else fold(value) for value in values]
        if self._texts != texts or max(map(len, texts), default=0) > self._longest:
            yield "the folded texts"
        if positions(self._present)[::-1] != [at for at, value in enumerate(values) if value is not None]:
            yield "the rows that have a text"
        for gram, rows in self._frequent.items():
            if rows != set_of_flags([gram in text for text in texts]):
                yield f"the rows of {gram!r}"
        for block, (first, end) in enumerate(self._blocks.spans()):
            for gram in set[str]().union(*map(cut, texts[first:end])) - self._frequent.keys():
                if block not in (self._rare.common([gram]) or ()):
                    yield f"the blocks of {gram!r}"

    def copy(self) -> Self:
        """Copy texts and directories; the sets are shared."""
        twin = object.__new__(type(self))
        twin._texts, twin._present, twin._longest = self._texts[:], self._present, self._longest
        twin._blocks = self._blocks.copy()
        twin._rare, twin._frequent, twin._words = (
            self._rare.copy(),
            self._frequent.copy(),
            self._words,
        )
        twin._tries = self._tries
        return twin

    def _any_of(self, predicate: Eq | In) -> int:
        """Return rows that hold every text which is one of the values; all that have a text if that is cheaper.

        The lookups cost about as much as a scan at the most, however many values there are, and however long.
        """
        values = _values_of(predicate)
        affordable = _NARROWING + len(self._texts)
        if len(values) * _NARROWING > affordable:
            return self._present
        texts = [value for value in values if isinstance(value, str)]
        if sum([max(_NARROWING, len(text)) for text in texts]) > affordable:
            return self._present

        rows = 0
        few: set[int] = set()
        for needle in map(fold, texts):
            found, blocks, _ = self._narrow(needle, needle_grams(needle))
            if blocks is None:
                rows |= found
            elif len(blocks) <= _FEW_BLOCKS:
                few |= blocks
            else:
                rows |= self._within(found, blocks)
        return rows | self._within(self._present, few) if few else rows

    def _guess(self, predicate: Eq | In) -> Size:
        """Guess how many rows have one of the values, from a few of these; `select` looks all of them up."""
        values = _values_of(predicate)
        sample = values[:: -(-len(values) // _GUESSES) or 1]
        found = 0
        for needle in [fold(value) for value in sample if isinstance(value, str)]:
            rows, blocks, _ = self._narrow(needle, needle_grams(needle))
            found += rows.bit_count() if blocks is None else min(rows.bit_count(), len(blocks))

        if not found and len(sample) == len(values):  # the grams of each have been looked up
            return Size.exactly(0)
        most = self._present.bit_count()
        guess = found * len(values) // max(1, len(sample))
        return Size.at_most(most, expected=min(guess, most))

    def _within(self, rows: int, blocks: set[int]) -> int:
        """Return those of the rows that lie in the blocks."""
        return rows & self._blocks.rows_of(set_of(blocks, len(self._blocks)))

    def _narrow(self, needle: str, grams: tuple[str, ...]) -> tuple[int, set[int] | None, bool]:
        """Return rows and blocks that every match lies in, and whether the rows alone are the answer."""
        rows, frequent = self._present, self._frequent
        if not needle:
            return rows, None, True
        known = frequent.get(needle)
        if known is not None:
            return known, None, True
        if len(needle) > self._longest:
            return 0, None, True
        blocks = self._rare.common(grams, frequent)
        if blocks is not None and len(blocks) <= _FEW_BLOCKS:  # to test the rows costs less than to narrow them down
            return (rows, blocks, False) if blocks else (0, None, True)
        for gram in grams:
            if gram in frequent:
                rows &= frequent[gram]
        return rows, blocks, not rows

    def _pieces(self, text: str) -> set[str]:
        """Return the grams of a text, and the words that are in it."""
        return cut(text).union(held_by(text, self._words, _WORD_SIZES))

    def _promote(self, gram: str, blocks: int) -> None:
        """Give a gram that has been written to so many blocks its row set if it is frequent."""
        if self._seems_frequent(gram, blocks):
            rows = set_of_flags([gram in text for text in self._texts])
            if rows.bit_count() * _FREQUENT >= len(self._texts):
                self._frequent[gram] = rows
                self._rare.remove(gram)

    def _seems_frequent(self, gram: str, blocks: int) -> bool:
        """Judge a gram by the number of its blocks, then by a sample of the texts: what is cheap to ask first."""
        if len(self._texts) < _SMALL or blocks * 2 < len(self._blocks):
            return False

        most = _TRIES if len(gram) < GRAM else _TRIES // 2  # there are fewer short ones, and they help more
        if self._tries >= most:
            return False

        self._tries += 1
        sample = self._texts[:: max(1, len(self._texts) // _SAMPLE)]  # over all rows: what is new is not yet frequent
        return sum([gram in text for text in sample]) * _FREQUENT * 2 >= len(sample)

    def _demote(self) -> None:
        """Take the row sets from grams that are no longer frequent, now that there are more rows."""
        for gram, rows in list(self._frequent.items()):
            if rows.bit_count() * 2 * _FREQUENT < len(self._texts):
                del self._frequent[gram]
                if rows and gram not in self._words:
                    self._rare.set(gram, set_of(map(self._blocks.of, positions(rows)), len(self._blocks)))
        self._words &= self._frequent.keys()


def _values_of(predicate: Eq | In) -> Sequence[Value]:
    if isinstance(predicate, Eq):
        return (predicate.value,)
    if isinstance(predicate, In):
        return predicate.values
    raise unanswered(predicate, TextIndex.answers)


def _folded(text: str) -> str:
    """Fold a text; one that is folded already is kept once, not twice."""
    folded = fold(text)
    return text if folded == text else folded
