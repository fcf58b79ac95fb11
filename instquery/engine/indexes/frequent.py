"""Frequent pieces: grams and longer words that many texts hold, each with a row set of its own."""

from collections.abc import Iterable, Sequence
from typing import Self

from instquery.engine.indexes.alphabet import Alphabet
from instquery.engine.indexes.grams import cut
from instquery.engine.indexes.matrix import held_by
from instquery.engine.indexes.pieces import LONGEST, frequent_pieces
from instquery.engine.indexes.postings import Lists, spread
from instquery.engine.rowsets import Position, RowSet, insert, set_of_flags
from instquery.folding import GRAM

__all__ = ["FrequentPieces"]

# A segment with fewer rows is searched as fast by its blocks alone.
_SMALL = 512

# A piece found in at least one row in this many gets a row set.
_FREQUENT = 16

# Rows that are looked at before the work of a row set is begun: about as many hits as decide it.
_SAMPLE = 256

# Grams that are looked for in all texts until the rows have doubled: of names, some hundreds become
# frequent. Of long texts all grams do, and each costs a look at every text.
_TRIES = 2048

_WORD_SIZES = range(GRAM + 1, LONGEST + 1)


class FrequentPieces:
    """Piece → the rows whose text holds it, for pieces that were frequent when they were judged.

    A piece is judged when the index is built, and again when its blocks or the rows have doubled.
    So a frequent one may be missing, and one that has become rare still be there.

    Invariants: each set is exact. `words` are the pieces longer than a gram; only `build` finds
    such. Pieces that had equal rows when they were found share one integer, and go on sharing it.
    """

    __slots__ = ("_tries", "sets", "words")

    def __init__(self) -> None:
        self.sets: dict[str, RowSet] = {}
        self.words: frozenset[str] = frozenset()
        self._tries = 0  # grams that were looked for in the texts since the rows last doubled

    @classmethod
    def build(
        cls, numbered: Sequence[bytes], alphabet: Alphabet, lists: Lists, blocks: int
    ) -> Self:
        """Find the frequent pieces of texts in an alphabet, and take their lists out of `lists`.

        `blocks` is how many blocks there are.
        """
        frequent = cls()
        if len(numbered) < _SMALL:
            return frequent

        likely = spread(lists, blocks // 2)
        likely = [gram for gram in likely if alphabet.decode(gram) is not None]
        least = -(-len(numbered) // _FREQUENT)
        for numbers, rows in frequent_pieces(numbered, likely, least).items():
            piece = alphabet.decode(numbers)
            if piece is None:
                continue
            frequent.sets[piece] = rows
            if len(piece) == GRAM:
                del lists[int.from_bytes(numbers, "big")]

        frequent.words = frozenset(piece for piece in frequent.sets if len(piece) > GRAM)
        return frequent

    def of(self, text: str) -> set[str]:
        """Return the pieces of a text: its grams, and the words that are in it."""
        return cut(text).union(held_by(text, self.words, _WORD_SIZES))

    def open(self, position: Position) -> None:
        """Make room for a row: those from `position` on move one up. Costs 2 µs a row set."""
        shared = {id(rows): rows for rows in self.sets.values()}
        moved = {number: insert(rows, position) for number, rows in shared.items()}
        self.sets = {piece: moved[id(rows)] for piece, rows in self.sets.items()}

    def add(self, pieces: Iterable[str], position: Position) -> list[str]:
        """Enter a row for each of its pieces, and return the pieces that are not frequent."""
        bit = 1 << position
        raised: dict[int, RowSet] = {}
        others: list[str] = []

        for piece in pieces:
            rows = self.sets.get(piece)
            if rows is None:
                others.append(piece)
                continue
            if id(rows) not in raised:
                raised[id(rows)] = rows | bit
            self.sets[piece] = raised[id(rows)]
        return others

    def drop(self, pieces: Iterable[str], position: Position) -> None:
        """Take a row out of the set of each of its pieces."""
        others = ~(1 << position)
        for piece in pieces:
            if piece in self.sets:
                self.sets[piece] &= others

    def promote(self, gram: str, texts: Sequence[str]) -> bool:
        """Give a gram its row set if it is frequent, and tell whether it is."""
        if not self._seems_frequent(gram, texts):
            return False

        rows = set_of_flags([gram in text for text in texts])
        is_frequent = rows.bit_count() * _FREQUENT >= len(texts)
        if is_frequent:
            self.sets[gram] = rows
        return is_frequent

    def demote(self, width: int) -> dict[str, RowSet]:
        """Take the row sets from what is no longer frequent, now that the rows have doubled.

        Returns the grams among them that some row holds, with their rows.
        """
        self._tries = 0
        demoted = {
            piece: rows
            for piece, rows in self.sets.items()
            if rows.bit_count() * 2 * _FREQUENT < width
        }
        for piece in demoted:
            del self.sets[piece]

        grams = {piece: rows for piece, rows in demoted.items() if rows and piece not in self.words}
        self.words &= self.sets.keys()
        return grams

    def copy(self) -> Self:
        """Return pieces that can be changed by themselves; the sets are shared."""
        twin = type(self)()
        twin.sets = self.sets.copy()
        twin.words = self.words
        twin._tries = self._tries
        return twin

    def _seems_frequent(self, gram: str, texts: Sequence[str]) -> bool:
        """Judge a gram by a sample of the texts, unless too many were judged already."""
        if len(texts) < _SMALL:
            return False

        # There are fewer short grams, and they help more.
        most = _TRIES if len(gram) < GRAM else _TRIES // 2
        if self._tries >= most:
            return False

        # The sample is drawn from all rows: what is new is not yet frequent.
        self._tries += 1
        sample = texts[:: max(1, len(texts) // _SAMPLE)]
        return sum([gram in text for text in sample]) * _FREQUENT * 2 >= len(sample)
