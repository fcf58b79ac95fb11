"""Grams: pieces of one to three characters that texts are cut into, and what is known of where they are."""

from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from sys import intern
from typing import Self

from instquery.rows import of, of_flags, positions
from instquery.text import GRAM

__all__ = ["BlockLists", "count_blocks", "cut", "flag_rows", "words"]

_WORD = 12  # characters of the longest word
_FEW = 8  # block numbers that are kept as a list; more are kept as a set


def cut(text: str) -> set[str]:
    """Return the grams of a text.

    >>> sorted(cut("abc"))
    ['a', 'ab', 'abc', 'b', 'bc', 'c']
    """
    second = text[1:]
    pieces = chain(zip(text), zip(text, second), zip(text, second, text[2:]))  # noqa: B905 - the shortest ends it
    return set(map("".join, pieces))


class BlockLists:
    """Gram → the blocks that hold it: a short list (two bytes each) where they are few, else a set.

    Costs about 100 bytes for a gram that is in few of 1,024 blocks, where a set would cost 200.
    """

    __slots__ = ("_held",)

    def __init__(self, blocks: Mapping[str, Collection[int]] | None = None) -> None:
        """Take the numbers of each gram's blocks; they are below 65,536."""
        self._held: dict[str, int | bytes] = {gram: _packed(held) for gram, held in (blocks or {}).items()}

    def get(self, gram: str) -> int:
        """Return the set of the blocks that hold a gram; 0 where none does. Costs 0.1 µs a listed block."""
        held = self._held.get(gram, 0)
        return held if isinstance(held, int) else _unpacked(held)

    def set(self, gram: str, blocks: int) -> None:
        """Enter the set of the blocks of a gram."""
        few = blocks.bit_count() <= _FEW
        self._held[intern(gram)] = _packed(positions(blocks)) if few else blocks

    def remove(self, gram: str) -> None:
        """Forget a gram."""
        del self._held[gram]

    def copy(self) -> Self:
        """Return lists that can be changed by themselves."""
        twin = type(self)()
        twin._held = self._held.copy()
        return twin


def _packed(numbers: Collection[int]) -> int | bytes:
    """Keep block numbers as a list of two bytes each while they are few, else as a set."""
    return array("H", numbers).tobytes() if len(numbers) <= _FEW else of(numbers, max(numbers) + 1)


def _unpacked(numbers: bytes) -> int:
    blocks = 0
    for number in array("H", numbers):
        blocks |= 1 << number
    return blocks


def count_blocks(texts: Sequence[str], spans: Iterable[tuple[int, int]]) -> dict[str, Collection[int]]:
    """Return for each gram the numbers of the blocks that hold it, blocks being the given stretches of texts.

    Costs 4 to 9 µs a text of 20 characters: only grams of three are counted text by text, shorter ones
    follow from them.
    """
    triples: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    shorter: defaultdict[str, set[int]] = defaultdict(set)
    for block, (first, end) in enumerate(spans):
        seen: set[tuple[str, ...]] = set()
        for text in texts[first:end]:
            if len(text) < GRAM:
                for gram in cut(text):
                    shorter[gram].add(block)
            else:
                characters = list(text)
                seen.update(zip(characters, characters[1:], characters[2:]))  # noqa: B905 - the shortest ends it
        for triple in seen:
            triples[triple].append(block)
    blocks: dict[str, Collection[int]] = {}
    for (one, two, three), numbers in triples.items():
        blocks[intern(one + two + three)] = numbers
        shorter[one + two].update(numbers)
        shorter[two + three].update(numbers)
    for gram in [gram for gram in shorter if len(gram) == 2]:
        for character in gram:
            shorter[character] |= shorter[gram]
    return blocks | shorter


def flag_rows(texts: Sequence[str], grams: Iterable[str]) -> dict[str, int]:
    """Return for each of the grams the row set of the texts that hold it, in one walk; costs 7 to 10 µs a text."""
    flags = {tuple(gram): bytearray(len(texts)) for gram in grams}
    if not flags:
        return {}
    ones, twos, threes = (frozenset(gram for gram in flags if len(gram) == size) for size in (1, 2, 3))
    for position, text in enumerate(texts):
        characters = list(text)
        second = characters[1:]
        found = (
            ones.intersection(zip(characters)),
            twos.intersection(zip(characters, second)),  # noqa: B905 - the shortest ends it
            threes.intersection(zip(characters, second, characters[2:])),  # noqa: B905 - as above
        )
        for gram in chain.from_iterable(found):
            flags[gram][position] = 1
    return {"".join(gram): of_flags(found) for gram, found in flags.items()}


def words(texts: Sequence[str], grams: Mapping[str, int], least: int) -> dict[str, int]:
    """Return the longer pieces that at least `least` texts hold, with their row sets.

    They grow character by character from frequent grams that overlap, as frequent item sets do.
    """
    found: dict[str, int] = {}
    stage = {gram: rows for gram, rows in grams.items() if len(gram) == GRAM}
    while stage and len(next(iter(stage))) < _WORD:
        heads: defaultdict[str, list[str]] = defaultdict(list)
        for piece in stage:
            heads[piece[:-1]].append(piece)
        longer = {}
        for piece, rows in stage.items():
            for follower in heads.get(piece[1:], ()):
                both = rows & stage[follower]
                if both.bit_count() >= least:
                    word = piece + follower[-1]
                    held = _holding(texts, word, both)
                    if held.bit_count() >= least:
                        longer[word] = held
        found |= longer
        stage = longer
    return found


def _holding(texts: Sequence[str], word: str, rows: int) -> int:
    """Return those of the rows whose text holds the word; the very same set where all do, so that it is shared."""
    if rows.bit_count() * 4 > len(texts):
        held = rows & of_flags([word in text for text in texts])
    else:
        held = of([position for position in positions(rows) if word in texts[position]], len(texts))
    return rows if held == rows else held
