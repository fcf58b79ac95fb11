"""Grams: pieces of one to three characters that texts are cut into, and the blocks with them."""

from array import array
from collections.abc import Collection, Container, Iterable, Sequence
from itertools import chain
from sys import byteorder, intern
from typing import Self

from instquery.engine.indexes.blocks import Block, BlockSet
from instquery.engine.indexes.postings import Postings
from instquery.engine.rowsets import POSITION_CODE, positions, set_of

__all__ = ["GramBlocks", "cut"]

_WIDTH = array(POSITION_CODE).itemsize  # bytes of a block number
_FEW = 8  # block numbers that are kept as a list
_MANY = 64  # block numbers that make a list long
_HARDLY = 2  # blocks whose rows are looked at for less than another list is read


def cut(text: str) -> set[str]:
    """Return the grams of a text.

    >>> sorted(cut("abc"))
    ['a', 'ab', 'abc', 'b', 'bc', 'c']
    """
    second, third = text[1:], text[2:]
    pairs = zip(text, second)  # noqa: B905 - the shortest ends it
    threes = zip(text, second, third)  # noqa: B905
    pieces = chain(zip(text), pairs, threes)
    return set(map("".join, pieces))


class GramBlocks:
    """Gram → the blocks that hold it, or perhaps once held it.

    For the texts that were there at first these are flat lists (`Postings`), which are shared and
    never change. For texts that came later there is a directory beside them: a gram in few blocks
    has a list of two bytes each there, about 100 bytes in all, another one a set of blocks, 200
    bytes.
    """

    __slots__ = ("_built", "_written")

    def __init__(self, built: Postings) -> None:
        self._built = built
        self._written: dict[str, BlockSet | bytes] = {}

    def common(self, grams: Iterable[str], besides: Container[str] = ()) -> set[Block] | None:
        """Return the blocks that hold all of the grams, and perhaps others.

        It is empty where one gram is nowhere. Grams in `besides` do not count; `None` where none is
        left. Costs 1 µs a gram. Long lists wait until short ones have had their say, and none is
        read once hardly a block remains: to look at its rows costs less.
        """
        blocks: set[Block] | None = None
        waiting: list[tuple[int, int, int, str]] = []
        span, numbers_within, written = self._built.span, self._built.blocks, self._written

        for gram in grams:
            if gram in besides:
                continue
            first, end = span(gram)
            if end - first > _MANY:
                waiting.append((end - first, first, end, gram))
                continue

            numbers: Collection[Block] = numbers_within(first, end)
            if written:
                numbers = [*numbers, *self._later(gram)]
            enough = 0 if blocks is None else _HARDLY
            blocks = set(numbers) if blocks is None else blocks.intersection(numbers)
            if len(blocks) <= enough:
                return blocks

        for _, first, end, gram in sorted(waiting):
            numbers = [*numbers_within(first, end), *self._later(gram)]
            blocks = set(numbers) if blocks is None else blocks.intersection(numbers)
            if len(blocks) <= _HARDLY:
                break
        return blocks

    def grams(self) -> set[str] | None:
        """Return the grams of three characters of the first texts.

        `None` where characters share a number.
        """
        return self._built.grams()

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
        """Return lists that can be changed by themselves; what was built is shared."""
        twin = type(self)(self._built)
        twin._written = self._written.copy()
        return twin

    def _later(self, gram: str) -> Sequence[Block]:
        """Return the blocks that were entered for a gram, in no order."""
        entered = self._written.get(gram, 0)
        if isinstance(entered, int):
            return positions(entered)
        return array(POSITION_CODE, entered)


def _set(numbers: bytes) -> BlockSet:
    """Return a list of blocks as a set."""
    blocks = array(POSITION_CODE, numbers)
    return set_of(blocks, max(blocks) + 1)
