"""Sizes: how many rows match, as a pair of bounds, so that no bound can be taken for a count."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NoReturn, Self

__all__ = ["Size"]

# Looked up once: plans make a size of each predicate.
_new, _set = object.__new__, object.__setattr__


@dataclass(frozen=True, slots=True)
class Size:
    """How many rows match: at least `least`, at most `most`. A count only where both agree.

    A size is no number. It cannot be added to one, compared with one, sorted, unpacked or tested
    for truth, so whoever needs a number has to say which:

    - `count` to rely on: a total, rows to pass over, the proof that nothing matches;
    - `expected` to choose by: it decides how fast an answer is, never what the answer is;
    - `least` and `most` as bounds.

    Raises `ValueError` for numbers that contradict each other: whoever made the size is wrong.

    >>> Size.exactly(3).count, Size.at_most(3).count, Size.at_most(0).count
    (3, None, 0)
    """

    least: int
    """No fewer rows match."""

    most: int
    """No more rows match."""

    expected: int
    """The best guess, within the bounds. It may be sampled; it is no bound itself."""

    def __post_init__(self) -> None:
        if not 0 <= self.least <= self.expected <= self.most:
            raise ValueError(f"a size must be 0 <= least <= expected <= most, got {self}")

    @classmethod
    def exactly(cls, count: int) -> Self:
        """Return the size of rows that have been counted: 0.3 µs, as plans make one a predicate."""
        if count < 0:
            return cls(count, count, count)  # which refuses it

        size = _new(cls)
        _set(size, "least", count)
        _set(size, "most", count)
        _set(size, "expected", count)
        return size

    @classmethod
    def at_most(cls, most: int, expected: int | None = None) -> Self:
        """Return the size of rows of which only an upper bound is known.

        Without a guess, the bound is expected.

        >>> Size.at_most(100, expected=7)
        Size(least=0, most=100, expected=7)
        """
        return cls(0, most, most if expected is None else expected)

    @classmethod
    def of_parts(cls, sizes: Iterable[Self]) -> Self:
        """Return the size of a whole from those of its parts, which have no row in common.

        >>> Size.of_parts([Size.exactly(2), Size.at_most(5, expected=1)])
        Size(least=2, most=7, expected=3)
        """
        least = most = expected = 0
        for size in sizes:
            least += size.least
            most += size.most
            expected += size.expected

        return cls(least, most, expected)

    @classmethod
    def of_tree(cls, word: Literal["and", "or", "not"], sizes: Sequence[Self], rows: int) -> Self:
        """Return the size of a tree over so many rows, from those of its parts."""
        if word == "not":
            return sizes[0].without(rows)
        return cls.of_all(sizes, rows) if word == "and" else cls.of_any(sizes, rows)

    @classmethod
    def of_all(cls, sizes: Sequence[Self], rows: int) -> Self:
        """Return the size of what lies in all of several parts of so many rows.

        >>> Size.of_all([Size.exactly(6), Size.exactly(7)], rows=10)
        Size(least=3, most=6, expected=4)
        """
        least = max(0, rows - sum([rows - size.least for size in sizes]))
        most = min([size.most for size in sizes], default=rows)
        share = 1.0
        for size in sizes:
            share *= size.expected / max(1, rows)
        return cls(least, most, max(least, min(most, int(share * rows))))

    @classmethod
    def of_any(cls, sizes: Sequence[Self], rows: int) -> Self:
        """Return the size of what lies in at least one of several parts of so many rows.

        >>> Size.of_any([Size.exactly(6), Size.exactly(7)], rows=10)
        Size(least=7, most=10, expected=9)
        """
        return cls.of_all([size.without(rows) for size in sizes], rows).without(rows)

    def within(self, rows: int) -> Self:
        """Return the size with no more than so many rows, where that is known besides.

        >>> Size(2, 9, 9).within(5)
        Size(least=2, most=5, expected=5)
        """
        return type(self)(min(self.least, rows), min(self.most, rows), min(self.expected, rows))

    def without(self, rows: int) -> Self:
        """Return the size of the other ones of so many rows.

        >>> Size.at_most(4).without(10)
        Size(least=6, most=10, expected=6)
        """
        return type(self)(rows - self.most, rows - self.least, rows - self.expected)

    @property
    def count(self) -> int | None:
        """The number of rows that match, `None` where only bounds are known."""
        return self.most if self.least == self.most else None

    def __bool__(self) -> NoReturn:
        raise TypeError("a size is neither true nor false: compare its count, least or most")
