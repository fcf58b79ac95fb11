"""Postings: which rows hold a gram, in flat arrays, for the texts a segment was built from."""

import sys
from array import array
from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from itertools import chain
from typing import Self, TypeAlias

from instquery.engine.indexes.alphabet import Alphabet
from instquery.engine.indexes.needles import longest_known
from instquery.engine.indexes.volume import NO_GRAMS, Built, Grams, Span, Volume, joined
from instquery.engine.rowsets import POSITION_CODE, Position
from instquery.folding import GRAM

__all__ = ["Lists", "Postings", "Words", "gather", "in_all", "spread"]

_BYTE = 8

_SHORT = 64  # rows in a list that is read at once, before the lengths of others are known
_HARDLY = 4  # rows that are looked at for less than another short list is found
_LONG = 256  # rows in a list for which it pays to look for words in the needle first

_MOST = 16  # lists that are compared to know what is in all: of 1,000 rows, 20 µs each

Lists: TypeAlias = dict[int, list[Position]]
"""Posting lists: gram of three characters → the rows that hold it, ascending.

A gram is a number here: its characters' numbers as bytes, the first one highest.
"""

Words: TypeAlias = Mapping[str, "array[Position]"]
"""Piece longer than a gram → the rows that hold it, ascending; those that were worth a list."""


def gather(texts: Sequence[bytes]) -> Lists:
    """Gather the grams of texts in an alphabet.

    Beyond the end of a text are zeros. Costs 2 to 4 µs a text of 20 characters.

    >>> gather([bytes([1, 2]), bytes([2])])
    {66048: [0], 131072: [0, 1]}
    """
    lists: defaultdict[int, list[Position]] = defaultdict(list)
    beyond = bytes(GRAM - 1)
    grams = _grams(beyond.join(texts))

    first = 0
    for row, text in enumerate(texts):
        end = first + len(text)
        for gram in set(grams[first:end]):
            lists[gram].append(row)
        first = end + len(beyond)
    return dict(lists)


def spread(lists: Lists, least: int, least_of_two: int) -> list[bytes]:
    """List the grams that may be in at least so many rows, those of two characters in more.

    Of three characters, just those that are.
    """
    counts: Mapping[int, int] = {gram: len(rows) for gram, rows in lists.items()}
    frequent: list[bytes] = []

    for size in range(GRAM, 0, -1):
        enough = least_of_two if size == GRAM - 1 else least
        likely = [gram.to_bytes(size, "big") for gram, count in counts.items() if count >= enough]
        frequent += [gram for gram in likely if 0 not in gram]

        shorter: defaultdict[int, int] = defaultdict(int)
        for gram, count in counts.items():
            shorter[gram >> _BYTE] += count
        counts = shorter

    return frequent


def in_all(lists: Iterable["array[Position]"]) -> tuple[set[Position], bool]:
    """Return the rows that are in all lists, and whether there are no others among them.

    There may be where the lists are many.
    """
    once = {id(listed): listed for listed in lists}.values()
    first, *others = sorted(once, key=len)
    return set(first).intersection(*others[: _MOST - 1]), len(once) <= _MOST


class Postings:
    """Grams of three characters in order, and for each the rows that held it, all in one list.

    The grams that begin with a shorter one lie side by side: every place of "ab" is a place of "ab"
    and some other character, be it the end of the text. So the rows of any gram are known exactly.
    Some longer pieces have lists beside them, `words`.

    Rows are numbered as they were at the build: nothing is ever changed, and all copies of a
    segment share it. Memory is 2 bytes a gram and row, and 8 a gram, or 4 where many segments have
    it (see `volume`): about 30 bytes a row of random IDs.

    Attributes:
        volume: the table of the grams, which other segments may share.
        slot: of this one in it.
        own: the table of those that are not in the volume.
        rows: the rows of all grams.
        words: pieces longer than a gram, with their rows.

    """

    __slots__ = ("own", "rows", "slot", "volume", "words")

    def __init__(
        self,
        alphabet: Alphabet,
        lists: Lists,
        words: Words | None = None,
        unlisted: frozenset[str] = frozenset(),
    ) -> None:
        """Keep the lists, which lack those of some grams. Costs 0.5 µs a gram."""
        self.words: Words = {} if words is None else words
        grams = sorted(lists)
        table = Grams.of(array("I", grams), [len(lists[gram]) for gram in grams])
        self.volume = Volume(alphabet, table, unlisted)
        self.slot = 0
        self.own = NO_GRAMS
        self.rows = array(POSITION_CODE, chain.from_iterable([lists[gram] for gram in grams]))

    @classmethod
    def joined(cls, several: Sequence[Self]) -> list[Self]:
        """Return the same that share volumes, of segments just built; see `volume`."""
        built = [Built(one.volume, one.slot, one.own, one.rows) for one in several]
        together: list[Self] = []
        for one, shared in zip(several, joined(built), strict=True):
            twin = object.__new__(cls)
            twin.words = one.words
            twin.volume, twin.slot, twin.own, twin.rows = shared
            together.append(twin)
        return together

    def is_exact(self, gram: str) -> bool:
        """Tell whether the rows of a gram hold it: none of its characters shares its number."""
        return self.volume.alphabet.tells_apart(gram)

    def common(
        self,
        needle: str,
        grams: Iterable[str],
        besides: Container[str] = (),
        nor: Container[str] = (),
    ) -> Collection[Position] | None:
        """Return the rows that hold all grams of a needle, and perhaps others; none of them twice.

        There are none where one gram is nowhere. Grams in `besides` and in `nor` do not count;
        `None` where none is left. Costs 1 µs a gram and 20 ns a row of the shortest lists. Long
        ones wait, and are not read where to look at the rows that are left costs less. If all are
        long, the words of the needle may tell more.
        """
        rows: set[Position] | None = None
        waiting: list[tuple[int, int, int]] = []

        for gram in grams:
            if gram in besides or gram in nor:
                continue
            if len(gram) < GRAM:
                listed = self.listed(gram)
            else:
                first, end = self.span(gram)
                if end - first > _SHORT:
                    waiting.append((end - first, first, end))
                    continue
                listed = self.rows[first:end]

            rows = set(listed) if rows is None else rows.intersection(listed)
            if not rows or len(rows) <= _HARDLY:
                return rows

        waiting.sort()
        if rows is None and waiting and waiting[0][0] >= _LONG:
            rows = self.holding(longest_known(needle, self.words, besides))
        return self._narrowed(rows, waiting)

    def _narrowed(
        self, rows: set[Position] | None, waiting: Sequence[tuple[int, int, int]]
    ) -> set[Position] | None:
        """Narrow rows down by long lists: length, begin and end of each, the shortest first."""
        for length, first, end in waiting:
            listed = self.rows[first:end]
            if rows is None:
                rows = set(listed)
                continue

            before = len(rows)
            if 2 * before <= length:
                break
            rows = rows.intersection(listed)
            if 2 * len(rows) > before:  # grams of one word: the next list would tell as little
                break
        return rows

    def holding(self, pieces: Iterable[str]) -> set[Position] | None:
        """Return the rows that hold all pieces which are words, `None` where none of them is one.

        There may be others if these are few.
        """
        lists = [self.words[piece] for piece in pieces if piece in self.words]
        if not lists:
            return None

        first, *others = sorted(lists, key=len)
        rows = set(first)
        for listed in others:
            before = len(rows)
            if before <= _SHORT:
                break
            rows = rows.intersection(listed)
            if 2 * len(rows) > before:
                break
        return rows

    def span(self, gram: str) -> Span:
        """Return where the rows of a gram of three characters begin and end; empty if nowhere."""
        numbers = self.volume.numbers(gram)
        if numbers is None:
            return 0, 0
        first, end = self.volume.grams.span(numbers, self.slot)
        return (first, end) if first < end else self.own.span(numbers, 0)

    def listed(self, gram: str) -> "array[Position]":
        """Return the rows of a gram; those of a short one may repeat."""
        numbers = self.volume.numbers(gram)
        if numbers is None:
            return array(POSITION_CODE)
        first, end = self.volume.grams.span(numbers, self.slot)
        own_first, own_end = self.own.span(numbers, 0)
        return self.rows[first:end] + self.rows[own_first:own_end]

    def grams(self) -> set[str] | None:
        """Return the grams, but for the ends of texts; `None` where characters share a number.

        What is shared is told by the first of those that share it. Costs 0.5 µs a gram.
        """
        numbers = self.own.numbers
        if self.slot == 0:
            numbers = numbers + self.volume.grams.numbers
        return self.volume.texts(numbers)


def _grams(text: bytes) -> "array[int]":
    """Return every three neighbouring bytes as one number; beyond the end are zeros."""
    octets = bytearray(4 * len(text))  # little-endian, so the first character comes last
    octets[2::4] = text
    octets[1::4] = (text[1:] + b"\0")[: len(text)]
    octets[0::4] = (text[2:] + b"\0\0")[: len(text)]

    grams = array("I", bytes(octets))
    if sys.byteorder == "big":
        grams.byteswap()
    return grams
