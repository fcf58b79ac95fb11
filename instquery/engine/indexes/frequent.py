"""Frequent pieces: grams and longer words that many texts hold, each with a row set of its own."""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Self

from instquery.engine.indexes.alphabet import Alphabet
from instquery.engine.indexes.grams import cut
from instquery.engine.indexes.matrix import held_by
from instquery.engine.indexes.pieces import LONGEST, frequent_pieces
from instquery.engine.indexes.postings import Lists, Words, spread
from instquery.engine.opening import Opening
from instquery.engine.rowsets import POSITION_CODE, Position, RowSet, positions, set_of_flags
from instquery.folding import GRAM

__all__ = ["FrequentPieces"]

# A segment with fewer rows is searched as fast by its blocks alone.
_SMALL = 512

# A piece found in at least one row in this many gets a row set, which takes the room of two lists.
# Measured once with 16, at 300,000 records: an add at a random time takes 17 % less, with either
# generator, as there are 70 % of the row sets. A needle of three characters in 4 % of the names
# takes 27 times as long (samples alone: 52 to 1,420 µs), of four 2.4 to 5 times.
_FREQUENT = 32

# The same of two characters. There are many such, and their lists are read as they are.
_FREQUENT_TWO = 16

# Longer pieces have a list where rows of one in this many hold both halves. To look at the texts of
# fewer took 3.8 ms for 1,000,000 of them, at one in 65, and 5.2 on a busy machine. Others were not
# tried at that size; 128 would take another 1.3 to 3.6 bytes a name.
_LISTED = 64

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

    Pieces that had equal rows when they were found share one row set, until a text comes or goes
    that holds some of them and not the others: so what concerns all row sets, concerns each once.

    Invariants: each set is exact, and `_sharing` says how many pieces have it. `words` are the
    pieces longer than a gram; only `build` finds such.

    Attributes:
        numbers: the number of each piece's row set.
        rows: the row sets by number.
        unlisted: grams whose lists `build` has cut.

    """

    __slots__ = ("_sharing", "_tries", "lost", "numbers", "rows", "unlisted", "words")

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.rows: list[RowSet] = []
        self.words: frozenset[str] = frozenset()
        self.lost: frozenset[str] = frozenset()  # grams that have neither a list nor a set any more
        self.unlisted: frozenset[str] = frozenset()
        self._sharing: list[int] = []
        self._tries = 0  # grams that were looked for in the texts since the rows last doubled

    @classmethod
    def build(
        cls, numbered: Sequence[bytes], alphabet: Alphabet, lists: Lists
    ) -> tuple[Self, Words]:
        """Find the frequent pieces of texts, and take what is not needed any more from `lists`.

        Returns besides the words that are to be listed.
        """
        frequent = cls()
        if len(numbered) < _SMALL:
            return frequent, {}

        least, least_of_two, least_listed = (
            -(-len(numbered) // share) for share in (_FREQUENT, _FREQUENT_TWO, _LISTED)
        )
        likely = [
            gram
            for gram in spread(lists, least_listed, least_of_two)
            if alphabet.decode(gram) is not None
        ]
        found, listed = frequent_pieces(numbered, likely, least, least_of_two, least_listed)
        sets = _decoded(found, alphabet)

        # The list of a gram is one of those that the rows of its beginning are read from.
        unlisted = [piece for piece in sets if len(piece) == GRAM and piece[:-1] in sets]
        for piece in unlisted:
            del lists[int.from_bytes(alphabet.encode(piece), "big")]

        frequent._keep(sets)
        frequent.words = frozenset(piece for piece in sets if len(piece) > GRAM)
        shorter = [piece for piece in sets if len(piece) < GRAM]
        frequent.unlisted = frozenset([*unlisted, *shorter])
        return frequent, _lists(_decoded(listed, alphabet))

    def items(self) -> Iterator[tuple[str, RowSet]]:
        """Walk the pieces and their row sets."""
        rows = self.rows
        return ((piece, rows[number]) for piece, number in self.numbers.items())

    def of(self, text: str) -> set[str]:
        """Return the pieces of a text: its grams, and the words that are in it."""
        pieces = cut(text)
        pieces.update(held_by(text, self.words, _WORD_SIZES))
        return pieces

    def get(self, piece: str) -> RowSet | None:
        """Return the rows of a piece, `None` where it has no set."""
        number = self.numbers.get(piece)
        return None if number is None else self.rows[number]

    def common(self, pieces: Iterable[str], rows: RowSet) -> RowSet:
        """Return those of the rows that hold all pieces that are frequent."""
        numbers, sets = self.numbers, self.rows
        for number in {numbers[piece] for piece in pieces if piece in numbers}:
            rows &= sets[number]
        return rows

    def in_all(self, pieces: Sequence[str], rows: RowSet) -> tuple[RowSet, list[str]]:
        """Return what `common` does, and the pieces that are not frequent. Costs 40 ns a piece."""
        numbers = list(map(self.numbers.get, pieces))
        distinct = set(numbers)
        for number in distinct:
            if number is not None:
                rows &= self.rows[number]
        if None not in distinct:
            return rows, []
        pairs = zip(pieces, numbers, strict=True)
        return rows, [piece for piece, number in pairs if number is None]

    def open(self, opening: Opening) -> None:
        """Make room for rows. Costs 1 µs a row set."""
        opening.move(self.rows)

    def add(self, pieces: Iterable[str], position: Position) -> list[str]:
        """Enter a row for each of its pieces, and return the pieces that are not frequent."""
        numbers = self.numbers
        others: list[str] = []
        held: list[str] = []
        for piece in pieces:
            (held if piece in numbers else others).append(piece)
        self._turn(held, 1 << position)
        return others

    def drop(self, pieces: Iterable[str], position: Position) -> None:
        """Take a row out of the set of each of its pieces."""
        numbers = self.numbers
        self._turn([piece for piece in pieces if piece in numbers], 1 << position)

    def promote(self, gram: str, texts: Sequence[str]) -> bool:
        """Give a gram its row set if it is frequent, and tell whether it is."""
        if not self._seems_frequent(gram, texts):
            return False

        rows = set_of_flags([gram in text for text in texts])
        is_frequent = rows.bit_count() * _share(gram) >= len(texts)
        if is_frequent:
            self.numbers[gram] = len(self.rows)
            self.rows.append(rows)
            self._sharing.append(1)
        return is_frequent

    def demote(self, width: int) -> dict[str, RowSet]:
        """Take the row sets from what is no longer frequent, now that the rows have doubled.

        Returns the grams among them that some row holds, with their rows.
        """
        self._tries = 0
        demoted: dict[str, RowSet] = {}
        kept: dict[str, RowSet] = {}
        for piece, rows in self.items():
            is_kept = not rows or rows.bit_count() * 2 * _share(piece) >= width
            (kept if is_kept else demoted)[piece] = rows

        grams = {piece: rows for piece, rows in demoted.items() if piece not in self.words}
        self._keep(kept)
        self.words &= kept.keys()
        self.lost = self.unlisted - kept.keys()
        return grams

    def copy(self) -> Self:
        """Return pieces that can be changed by themselves; the sets are shared."""
        twin = type(self)()
        twin.numbers = self.numbers.copy()
        twin.rows = self.rows[:]
        twin.words = self.words
        twin.lost = self.lost
        twin.unlisted = self.unlisted
        twin._sharing = self._sharing[:]
        twin._tries = self._tries
        return twin

    def _keep(self, sets: Mapping[str, RowSet]) -> None:
        """Keep these pieces and no other; equal row sets are one object."""
        number_of: dict[int, int] = {}
        numbers = {
            piece: number_of.setdefault(id(rows), len(number_of)) for piece, rows in sets.items()
        }
        shared = Counter(numbers.values())
        self.rows = list({id(rows): rows for rows in sets.values()}.values())
        self._sharing = [shared[number] for number in range(len(self.rows))]
        self.numbers = numbers

    def _turn(self, pieces: Sequence[str], bit: RowSet) -> None:
        """Enter a row, or take it out, where these are all the frequent pieces of its text.

        A row set some of whose pieces are not in the text becomes two.
        """
        numbers, rows, sharing = self.numbers, self.rows, self._sharing
        several: dict[int, list[str]] = {}
        for piece in pieces:
            number = numbers[piece]
            if sharing[number] == 1:
                rows[number] ^= bit
            else:
                several.setdefault(number, []).append(piece)

        for number, held in several.items():
            if len(held) == sharing[number]:
                rows[number] ^= bit
                continue
            for piece in held:
                numbers[piece] = len(rows)
            rows.append(rows[number] ^ bit)
            sharing[number] -= len(held)
            sharing.append(len(held))

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
        return sum([gram in text for text in sample]) * _share(gram) * 2 >= len(sample)


def _decoded(pieces: Mapping[bytes, RowSet], alphabet: Alphabet) -> dict[str, RowSet]:
    """Return pieces as text, but for those that may be several texts."""
    texts = {alphabet.decode(numbers): rows for numbers, rows in pieces.items()}
    return {text: rows for text, rows in texts.items() if text is not None}


def _lists(pieces: Mapping[str, RowSet]) -> Words:
    """Return pieces with lists of rows; those of one row set are one object."""
    list_of: dict[int, array[Position]] = {}
    for rows in pieces.values():
        if id(rows) not in list_of:
            list_of[id(rows)] = array(POSITION_CODE, positions(rows)[::-1])
    return {piece: list_of[id(rows)] for piece, rows in pieces.items()}


def _share(piece: str) -> int:
    """Return in one of how many rows a piece must be to be frequent."""
    return _FREQUENT_TWO if len(piece) == GRAM - 1 else _FREQUENT
