"""Grams: pieces of one to three characters that texts are cut into, and the blocks with them."""

from array import array
from collections.abc import Container, Iterable, Sequence
from operator import add
from sys import byteorder, intern
from typing import Self

from instquery.engine.indexes.blocks import Block, BlockSet
from instquery.engine.rowsets import POSITION_CODE, Position, positions, set_of

__all__ = ["EVERY_BLOCK", "GramBlocks", "cut", "holders"]

EVERY_BLOCK: BlockSet = -1
"""The set of all blocks, of any number: what no gram has narrowed down."""

_WIDTH = array(POSITION_CODE).itemsize  # bytes of a block number
_FEW = 8  # block numbers that are kept as a list


def cut(text: str) -> set[str]:
    """Return the grams of a text.

    >>> sorted(cut("abc"))
    ['a', 'ab', 'abc', 'b', 'bc', 'c']
    """
    pairs = [*map(add, text, text[1:])]  # the shortest ends it
    return {*text, *pairs, *map(add, pairs, text[2:])}


def holders(
    texts: Sequence[str], besides: Container[str], words: Iterable[str]
) -> dict[str, list[Position]]:
    """Return the rows of each gram of the texts, but for those in `besides`, and of some words.

    >>> holders(["ab", "b"], besides={"a"}, words=["abcd"])
    {'abcd': [], 'ab': [0], 'b': [0, 1]}
    """
    rows = {word: [at for at, text in enumerate(texts) if word in text] for word in words}
    for at, text in enumerate(texts):
        for gram in sorted(cut(text)):
            if gram not in besides:
                rows.setdefault(gram, []).append(at)
    return rows


class GramBlocks:
    """Gram → the blocks that hold it, or perhaps once held it: of texts later than the build.

    A gram in few blocks has a list of two bytes each, about 100 bytes in all, another one a set of
    blocks, 200 bytes.
    """

    __slots__ = ("_written",)

    def __init__(self) -> None:
        self._written: dict[str, BlockSet | bytes] = {}

    def common(self, grams: Iterable[str], besides: Container[str] = ()) -> BlockSet:
        """Return the blocks that all of the grams were entered for, but for those in `besides`."""
        blocks = EVERY_BLOCK
        for gram in grams:
            if gram in besides:
                continue
            blocks &= self._later(gram)
            if not blocks:
                break
        return blocks

    def enter(self, grams: Iterable[str], block: Block, many: int) -> list[str]:
        """Enter a block for each of the grams. Costs 0.3 µs a gram.

        Lists the grams whose blocks are `many` at the least by now, and have just doubled.
        """
        written = self._written
        number = block.to_bytes(_WIDTH, byteorder)  # one object for all grams that are new
        bit = 1 << block
        doubled: list[str] = []

        for gram in grams:
            held = written.get(gram)
            if held is None:
                written[intern(gram)] = number
                count = 1
            elif isinstance(held, int):
                if held & bit:
                    continue
                held |= bit
                written[gram] = held
                count = held.bit_count()
            else:
                if number in held and block in array(POSITION_CODE, held):
                    continue
                held += number
                count = len(held) // _WIDTH
                written[gram] = held if count <= _FEW else _set(held)

            if count >= many and count & (count - 1) == 0:
                doubled.append(gram)
        return doubled

    def set(self, gram: str, blocks: BlockSet) -> None:
        """Enter the set of the blocks of a gram; at least one."""
        is_few = blocks.bit_count() <= _FEW
        form = array(POSITION_CODE, positions(blocks)).tobytes() if is_few else blocks
        self._written[intern(gram)] = form

    def remove(self, gram: str) -> None:
        """Forget what was entered for a gram."""
        self._written.pop(gram, None)

    def copy(self) -> Self:
        """Return blocks that can be changed by themselves."""
        twin = type(self)()
        twin._written = self._written.copy()
        return twin

    def _later(self, gram: str) -> BlockSet:
        """Return the set of the blocks that were entered for a gram."""
        entered = self._written.get(gram, 0)
        return entered if isinstance(entered, int) else _set(entered)


def _set(numbers: bytes) -> BlockSet:
    """Return a list of blocks as a set."""
    blocks = array(POSITION_CODE, numbers)
    return set_of(blocks, max(blocks) + 1)
