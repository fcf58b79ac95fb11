"""A matrix of characters: texts as row sets, so that all that hold a piece are found at once."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import TypeVar

from instquery.engine.rowsets import Position, RowSet, everything, set_of, set_of_bits

__all__ = ["Matrix", "held_by"]

# Columns. A longer text is walked through by itself, which costs as much as a hundred others: there
# are more columns if more than one text in `_FAR` is longer.
_WIDTH = 64
_WIDEST = 256
_FAR = 64

# So many pieces of one size are looked for one by one in a text, which costs 1 ns a character for
# each at the most. To look up all pieces of the text costs 300 to 800 ns a character, and the
# memory of 50 copies of it.
_SEARCHES = 256

Text = TypeVar("Text", str, bytes)


def held_by(text: Text, pieces: AbstractSet[Text], sizes: Sequence[int]) -> list[Text]:
    """List those of the pieces that a text holds; each has one of the sizes.

    Costs at most 1 µs a character and size.

    >>> sorted(held_by("abcd", {"bc", "cd", "ac"}, [2]))
    ['bc', 'cd']
    """
    if len(pieces) <= _SEARCHES * len(sizes):
        return [piece for piece in pieces if piece in text]

    held: list[Text] = []
    for size in sizes:
        firsts = range(len(text) - size + 1)
        held += pieces & {text[first : first + size] for first in firsts}
    return held


class Matrix:
    """For each column and bit of a character's number, the row set of the texts with that bit.

    "Column k holds character c" is then an AND of at most eight row sets, and "a text holds this
    piece" an OR over the columns: about 50 µs for 32,768 texts of 20 characters, where `in` costs
    1.5 ms. Made for building an index and dropped afterwards. Costs 0.7 µs a text of 20 characters.
    """

    def __init__(self, texts: Sequence[bytes]) -> None:
        """Take texts of the numbers 1 to 255."""
        self._count = len(texts)
        lengths = sorted(map(len, texts))
        common = lengths[-1 - len(texts) // _FAR] if texts else 0
        most = max(_WIDTH, min(common, _WIDEST))
        self._long = [(at, text) for at, text in enumerate(texts) if len(text) > most]
        self._width = max([length for length in lengths if length <= most], default=0)

        narrow = [text if len(text) <= most else b"" for text in texts]
        wide = b"".join([text.ljust(self._width, b"\0") for text in narrow])
        columns = [wide[column :: self._width] for column in range(self._width)]
        bits = range(max(set(wide), default=0).bit_length())
        self._planes = [[set_of_bits(column, bit) for bit in bits] for column in columns]
        # By column and number, once they were asked for.
        self._held: dict[tuple[int, int], RowSet] = {}

    def rows_with(self, pieces: Iterable[bytes]) -> dict[bytes, RowSet]:
        """Return for each piece the row set of the texts that hold it; all are of one length."""
        rows_by_piece = {piece: self._narrow(piece) for piece in pieces}
        if self._long and rows_by_piece:
            for piece, places in self._walk(rows_by_piece).items():
                rows_by_piece[piece] |= set_of(places, self._count)
        return rows_by_piece

    def _narrow(self, piece: bytes) -> RowSet:
        """Return those of the texts that fit into the columns which hold the piece."""
        matches = 0
        for first in range(self._width - len(piece) + 1):
            rows = self._at(first, piece[0])
            for column, number in enumerate(piece[1:], first + 1):
                if not rows:
                    break
                rows &= self._at(column, number)
            matches |= rows
        return matches

    def _walk(self, pieces: dict[bytes, RowSet]) -> dict[bytes, list[Position]]:
        """Return the positions of the long texts that hold each piece.

        Costs 0.1 to 1 µs a character.
        """
        size = len(next(iter(pieces)))
        places: dict[bytes, list[Position]] = {piece: [] for piece in pieces}
        for at, text in self._long:
            for piece in held_by(text, pieces.keys(), [size]):
                places[piece].append(at)
        return places

    def _at(self, column: int, number: int) -> RowSet:
        """Return the texts with this character in this column."""
        rows = self._held.get((column, number))
        if rows is not None:
            return rows

        planes = self._planes[column]
        rows = everything(self._count) if number.bit_length() <= len(planes) else 0
        for bit, plane in enumerate(planes):
            with_bit = rows & plane
            rows = with_bit if number >> bit & 1 else rows ^ with_bit
        self._held[column, number] = rows
        return rows
