"""Grams: pieces of one to three characters that texts are cut into, and the blocks of rows that hold them."""

from array import array
from collections.abc import Collection, Container, Iterable
from itertools import chain
from sys import intern
from typing import Self

from instquery.engine.indexes.postings import Postings
from instquery.engine.rowsets import positions, set_of

__all__ = ["GramBlocks", "cut"]

_FEW = 8  # block numbers that are kept as a list
_MANY = 64  # block numbers that make a list long
_HARDLY = 2  # blocks whose rows are looked at for less than another list is read


def cut(text: str) -> set[str]:
    """Return the grams of a text.

    >>> sorted(cut("abc"))
    ['a', 'ab', 'abc', 'b', 'bc', 'c']
    """
    second = text[1:]
    pieces = chain(zip(text), zip(text, second), zip(text, second, text[2:]))  # noqa: B905 - the shortest ends it
    return set(map("".join, pieces))


class GramBlocks:
    """Gram → the blocks that hold it: flat lists for the texts that were there at first, a directory for later ones.

    In the directory a gram in few blocks has a list of two bytes each, which costs about 100 bytes; another
    one a set, which costs 200.
    """

    __slots__ = ("_built", "_written")

    def __init__(self, built: Postings) -> None:
        self._built = built
        self._written: dict[str, int | bytes] = {}

    def common(self, grams: Iterable[str], besides: Container[str] = ()) -> set[int] | None:
        """Return the blocks that hold all of the grams, and perhaps others; empty where one gram is nowhere.

        Grams in `besides` do not count; `None` where none is left. Costs 1 µs a gram. Long lists wait until
        short ones have had their say, and none is read once hardly a block remains: to look at its rows costs less.
        """
        blocks: set[int] | None = None
        waiting: list[tuple[int, int, int, str]] = []
        span, held_within, written = self._built.span, self._built.blocks, self._written
        for gram in grams:
            if gram in besides:
                continue
            first, end = span(gram)
            if end - first > _MANY:
                waiting.append((end - first, first, end, gram))
                continue
            held: Collection[int] = held_within(first, end)
            if written:
                held = [*held, *positions(self._later(gram))]
            enough = 0 if blocks is None else _HARDLY
            blocks = set(held) if blocks is None else blocks.intersection(held)
            if len(blocks) <= enough:
                return blocks
        for _, first, end, gram in sorted(waiting):
            held = [*held_within(first, end), *positions(self._later(gram))]
            blocks = set(held) if blocks is None else blocks.intersection(held)
            if len(blocks) <= _HARDLY:
                break
        return blocks

    def grams(self) -> set[str] | None:
        """Return the grams of three characters of the first texts; `None` where characters share a number."""
        return self._built.grams()

    def add(self, gram: str, block: int) -> int:
        """Enter a block for a gram; tells in how many blocks it was entered if this one is new, else 0."""
        before = self._later(gram)
        if before >> block & 1:
            return 0
        self.set(gram, before | 1 << block)
        return before.bit_count() + 1

    def set(self, gram: str, blocks: int) -> None:
        """Enter the set of the blocks of a gram; at least one."""
        few = blocks.bit_count() <= _FEW
        self._written[intern(gram)] = array("H", positions(blocks)).tobytes() if few else blocks

    def remove(self, gram: str) -> None:
        """Forget what was entered for a gram."""
        self._written.pop(gram, None)

    def copy(self) -> Self:
        """Return lists that can be changed by themselves; what was built is shared."""
        twin = type(self)(self._built)
        twin._written = self._written.copy()
        return twin

    def _later(self, gram: str) -> int:
        """Return the set of the blocks that were entered for a gram."""
        held = self._written.get(gram, 0)
        if isinstance(held, int):
            return held
        numbers = array("H", held)
        return set_of(numbers, numbers[0] + 1)  # the highest comes first
