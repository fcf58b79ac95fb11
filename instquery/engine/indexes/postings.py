"""Postings: which blocks hold a gram, in flat arrays, for the texts a segment was built from."""

import sys
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, chain
from typing import TypeAlias

from instquery.engine.indexes.alphabet import Alphabet
from instquery.engine.indexes.blocks import Block
from instquery.engine.rowsets import POSITION_CODE, Position
from instquery.folding import GRAM

__all__ = ["Lists", "Postings", "gather", "spread"]

_BYTE = 8

Lists: TypeAlias = dict[int, list[Block]]
"""Posting lists: gram of three characters → the numbers of its blocks, ascending.

A gram is a number here: its characters' numbers as bytes, the first one highest.
"""


def gather(texts: Sequence[bytes], spans: Iterable[tuple[Position, Position]]) -> Lists:
    """Gather the grams of texts in an alphabet, blocks being the given stretches of texts.

    Beyond the end of a text are zeros. Costs 2 to 5 µs a text of 20 characters.
    """
    lists: defaultdict[int, list[Block]] = defaultdict(list)
    for block, (first, end) in enumerate(spans):
        for gram in set(_grams(b"\0".join(texts[first:end]))):
            lists[gram].append(block)
    return lists


def spread(lists: Lists, least: int) -> list[bytes]:
    """List the grams of one to three characters that may be in at least so many blocks."""
    counts: Mapping[int, int] = {gram: len(blocks) for gram, blocks in lists.items()}
    frequent: list[bytes] = []

    for size in range(GRAM, 0, -1):
        likely = [gram.to_bytes(size, "big") for gram, count in counts.items() if count >= least]
        frequent += [gram for gram in likely if 0 not in gram]

        shorter: defaultdict[int, int] = defaultdict(int)
        for gram, count in counts.items():
            shorter[gram >> _BYTE] += count
        counts = shorter

    return frequent


class Postings:
    """Grams of three characters in order, and for each the numbers of its blocks, all in one list.

    The grams that begin with a shorter one lie side by side: every place of "ab" is a place of "ab"
    and some other character, be it the end of the text. Never changed once it is made, and shared
    by all copies of a segment. Memory is 2 bytes a gram and block, and 8 a gram: about 35 bytes a
    row of random IDs.
    """

    __slots__ = ("_alphabet", "_blocks", "_ends", "_grams")

    def __init__(self, alphabet: Alphabet, lists: Lists) -> None:
        """Keep the lists. Costs 0.5 µs a gram."""
        grams = sorted(lists)
        self._alphabet = alphabet
        self._grams = array("I", grams)
        self._ends = array("I", accumulate([len(lists[gram]) for gram in grams], initial=0))
        self._blocks = array(POSITION_CODE, chain.from_iterable([lists[gram] for gram in grams]))

    def span(self, gram: str) -> tuple[int, int]:
        """Return where the numbers of a gram's blocks begin and end; empty if it is nowhere."""
        low = 0
        grams = self._grams
        for number in map(self._alphabet.number, gram):
            if not number:
                return 0, 0
            low = low << _BYTE | number

        if len(gram) == GRAM:
            at = bisect_left(grams, low)
            is_there = at < len(grams) and grams[at] == low
            return (self._ends[at], self._ends[at + 1]) if is_there else (0, 0)

        missing = _BYTE * (GRAM - len(gram))
        if missing < 0:  # longer than what is listed
            return 0, 0
        first = bisect_left(grams, low << missing)
        end = bisect_left(grams, (low + 1) << missing, first)
        return self._ends[first], self._ends[end]

    def blocks(self, first: int, end: int) -> "array[Block]":
        """Return the numbers of the blocks within a span; those of a short gram may repeat."""
        return self._blocks[first:end]

    def grams(self) -> set[str] | None:
        """Return the grams, but for the ends of texts; `None` where characters share a number.

        Costs 0.5 µs a gram.
        """
        if self._alphabet.shares:
            return None

        texts: set[str] = set()
        for number in self._grams:
            gram = number.to_bytes(GRAM, "big")
            text = None if 0 in gram else self._alphabet.decode(gram)
            if text is not None:
                texts.add(text)
        return texts


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
