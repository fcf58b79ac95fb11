"""The texts among some values, in order, as patterns compare them."""

from bisect import bisect_left, insort
from collections.abc import Iterable
from typing import Any, Self, TypeAlias

from instquery.folding import fold
from instquery.patterns import Pattern

__all__ = ["Spellings"]

_Spelled: TypeAlias = tuple[str, str]
"""A text as it is compared, and as it is."""


class Spellings:
    """Texts by how they are compared, folded or raw, so that those with a prefix lie together.

    A pattern with a prefix costs two look-ups and a test for each text that begins so; any other
    one costs a test for each text: 0.1 µs, where its longest literal is not in there.
    """

    __slots__ = ("_folds", "_texts")

    def __init__(self, texts: list[_Spelled], *, folds: bool) -> None:
        self._texts = texts
        self._folds = folds

    @classmethod
    def of(cls, values: Iterable[Any], *, folds: bool) -> Self:
        """List the texts among values. Costs 1 µs a text."""
        texts = [value for value in values if isinstance(value, str)]
        return cls(sorted([_spelled(text, folds=folds) for text in texts]), folds=folds)

    def like(self, pattern: Pattern) -> list[Any]:
        """List the texts that fit a pattern, which folds as these do."""
        texts = self._texts
        prefix = pattern.prefix
        if prefix:
            first = bisect_left(texts, (prefix,))
            end = pattern.behind
            texts = texts[first : len(texts) if end is None else bisect_left(texts, (end,), first)]
            if pattern.is_prefix:
                return [text for _, text in texts]

        longest = (*pattern.literals, "")[0]
        fits = pattern.fits_compared
        return [text for compared, text in texts if longest in compared and fits(compared)]

    def enter(self, value: Any) -> None:
        """Enter a new value. Costs 5 µs among 32,768."""
        if isinstance(value, str):
            insort(self._texts, _spelled(value, folds=self._folds))

    def leave(self, value: Any) -> None:
        """Take a value out that is there."""
        if isinstance(value, str):
            self._texts.pop(bisect_left(self._texts, _spelled(value, folds=self._folds)))

    def copy(self) -> Self:
        """Return a list that can be changed by itself."""
        return type(self)(self._texts[:], folds=self._folds)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Spellings):
            return NotImplemented
        return (self._folds, self._texts) == (other._folds, other._texts)

    __hash__ = None  # type: ignore[assignment]  # it changes


def _spelled(text: str, *, folds: bool) -> _Spelled:
    return (fold(text) if folds else text), text
