"""Grams: pieces of one to three characters that texts are cut into, and what is known of where they are."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from sys import intern
from typing import Self

from instquery.rows import of_flags, positions

__all__ = ["BlockLists", "count_blocks", "cut", "flag_rows", "needle_grams", "words"]

_SIZE = 3  # characters of the longest gram
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


def needle_grams(needle: str) -> Iterator[str]:
    """Yield the grams a needle is looked up by, the last first: the tails of IDs tell them apart.

    >>> list(needle_grams("prod")), list(needle_grams("推荐"))
    (['rod', 'pro'], ['推荐'])
    """
    return (needle[max(0, end - _SIZE) : end] for end in range(len(needle), min(len(needle), _SIZE) - 1, -1))


class BlockLists:
    """Gram → the blocks that hold it: a short list (two bytes each) where they are few, else a set.

    Costs about 100 bytes for a gram that is in few of 1,024 blocks, where a set would cost 200.
    """

    __slots__ = ("_held",)

    def __init__(self, blocks: Mapping[str, int] | None = None) -> None:
        self._held: dict[str, int | bytes] = {gram: _packed(held) for gram, held in (blocks or {}).items()}

    def __len__(self) -> int:
        return len(self._held)

    def get(self, gram: str) -> int:
        """Return the set of the blocks that hold a gram; 0 where none does. Costs 0.1 µs a listed block."""
        held = self._held.get(gram, 0)
        return held if isinstance(held, int) else _unpacked(held)

    def set(self, gram: str, blocks: int) -> None:
        """Enter the blocks of a gram."""
        self._held[intern(gram)] = _packed(blocks)

    def remove(self, gram: str) -> None:
        """Forget a gram."""
        del self._held[gram]

    def copy(self) -> Self:
        """Return lists that can be changed by themselves."""
        twin = type(self)()
        twin._held = self._held.copy()
        return twin


def _packed(blocks: int) -> int | bytes:
    if blocks.bit_count() > _FEW:
        return blocks
    return b"".join([block.to_bytes(2, "little") for block in positions(blocks)])


def _unpacked(blocks: bytes) -> int:
    held = 0
    for at in range(0, len(blocks), 2):
        held |= 1 << (blocks[at] | blocks[at + 1] << 8)
    return held


def count_blocks(texts: Sequence[str], spans: Iterable[tuple[int, int]]) -> dict[str, int]:
    """Return for each gram the set of blocks that hold it, blocks being the given stretches of texts.

    Costs 4 µs a text of 20 characters: only grams of three are counted text by text, shorter ones
    follow from them.
    """
    triples: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    shorter: defaultdict[str, int] = defaultdict(int)
    for block, (first, end) in enumerate(spans):
        bit = 1 << block
        seen: set[tuple[str, str, str]] = set()
        for text in texts[first:end]:
            if len(text) < _SIZE:
                for gram in cut(text):
                    shorter[gram] |= bit
            else:
                seen.update(zip(text, text[1:], text[2:]))  # noqa: B905 - the shortest ends it
        for triple in seen:
            triples[triple] |= bit
    blocks = {}
    for (one, two, three), held in triples.items():
        blocks[intern(one + two + three)] = held
        shorter[one + two] |= held
        shorter[two + three] |= held
    for gram in [gram for gram in shorter if len(gram) == 2]:
        for character in gram:
            shorter[character] |= shorter[gram]
    blocks.update(shorter)
    return blocks


def flag_rows(texts: Sequence[str], grams: Iterable[str]) -> dict[str, int]:
    """Return for each of the grams the row set of the texts that hold it, in one walk; costs 5 µs a text."""
    flags = {tuple(gram): bytearray(len(texts)) for gram in grams}
    if not flags:
        return {}
    ones, twos, threes = (frozenset(gram for gram in flags if len(gram) == size) for size in (1, 2, 3))
    for position, text in enumerate(texts):
        second = text[1:]
        found = (
            ones.intersection(zip(text)),
            twos.intersection(zip(text, second)),  # noqa: B905 - the shortest ends it
            threes.intersection(zip(text, second, text[2:])),  # noqa: B905 - as above
        )
        for gram in chain.from_iterable(found):
            flags[gram][position] = 1
    return {"".join(gram): of_flags(found) for gram, found in flags.items()}


def words(texts: Sequence[str], grams: Mapping[str, int], least: int) -> dict[str, int]:
    """Return the longer pieces that at least `least` texts hold, with their row sets.

    They grow character by character from frequent grams that overlap, as frequent item sets do.
    """
    found: dict[str, int] = {}
    stage = {gram: rows for gram, rows in grams.items() if len(gram) == _SIZE}
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
    candidates = positions(rows)
    flags = bytearray(len(texts))
    for position in candidates:
        flags[position] = word in texts[position]
    held = of_flags(flags)
    return rows if held == rows else held
