r"""The index of a text field of many values: the values of a row as one text.

Theory of operation
===================

The values of a row are joined by `_BETWEEN`, and a `TextIndex` holds the joined text. It folds to
the same as the values folded one by one: `_BETWEEN` folds to itself, and nothing combines with it.
What is looked for is in a value only if it is in the joined text. And it is in the joined text only
if it is in a value, unless `_BETWEEN` is in it. So what a `TextIndex` selects is a superset. For a
needle without `_BETWEEN` it is exact where that is.
"""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

from instquery.engine.indexes.index import Selection, matching
from instquery.engine.indexes.text import TextIndex
from instquery.engine.opening import Opening
from instquery.engine.rowsets import Position, RowSet
from instquery.engine.sizes import Size
from instquery.predicates import Contains, Missing, Some, check_answered
from instquery.query import Record

__all__ = ["ManyTextIndex"]

_BETWEEN = "\x1f"


class ManyTextIndex:
    """A `TextIndex` of rows that may have several texts. See "Theory of operation"."""

    answers: ClassVar[tuple[type[Any], ...]] = (Some, Missing)
    few: ClassVar[int] = TextIndex.few
    few_listed: ClassVar[int] = TextIndex.few_listed

    __slots__ = ("_joined",)

    def __init__(self, joined: TextIndex) -> None:
        self._joined = joined

    @classmethod
    def build(cls, values: Sequence[tuple[str, ...] | None]) -> Self:
        """Build from a column of texts."""
        return cls(TextIndex.build([_joined(value) for value in values]))

    @staticmethod
    def join(indexes: Sequence["ManyTextIndex"]) -> None:
        """Let indexes that were just built look grams up together."""
        TextIndex.join([index._joined for index in indexes])

    # reading

    def size(self, predicate: Some | Missing, occupied: RowSet) -> Size:
        """Bound the rows as a `TextIndex` does."""
        check_answered(predicate, self.answers)
        leaf = predicate.leaf if isinstance(predicate, Some) else predicate
        size = self._joined.size(leaf, occupied)
        if _is_exact(leaf) or not size.most:
            return size
        return Size.at_most(size.most, size.expected)

    def select(self, predicate: Some | Missing) -> Selection:
        """Return the rows that hold all grams: every match, and perhaps others."""
        check_answered(predicate, self.answers)
        leaf = predicate.leaf if isinstance(predicate, Some) else predicate
        rows, is_exact = self._joined.select(leaf)
        return rows, not rows or (is_exact and _is_exact(leaf))

    def test(
        self, predicate: Some | Missing, positions: Sequence[Position], records: Sequence[Record]
    ) -> list[Position]:
        """Look for the needle in the folded texts; anything else is compared value by value."""
        check_answered(predicate, self.answers)
        leaf = predicate.leaf if isinstance(predicate, Some) else predicate
        if _is_exact(leaf):
            return self._joined.test(leaf, positions, records)
        # A vacant row has no texts here, but still a record.
        present = self._joined.test(Contains(predicate.field, ""), positions, records)
        return matching(predicate, present, records)

    def grams(self) -> set[str] | None:
        """Return the grams of the bulk build; those across two values too, which do no harm."""
        return self._joined.grams()

    def faults(self, values: Sequence[tuple[str, ...] | None]) -> Iterator[str]:
        """Compare the joined texts with the values."""
        yield from self._joined.faults([_joined(value) for value in values])

    # writing

    def open(self, opening: Opening) -> None:
        """Make room for rows, as a `TextIndex` does."""
        self._joined.open(opening)

    def add(self, position: Position, value: tuple[str, ...] | None) -> None:
        """Enter the texts of a row."""
        self._joined.add(position, _joined(value))

    def drop(self, position: Position, value: tuple[str, ...] | None) -> None:
        """Take the texts of a row out."""
        self._joined.drop(position, _joined(value))

    def copy(self) -> Self:
        """Return an index with the same content that can be changed by itself."""
        return type(self)(self._joined.copy())


def _joined(values: tuple[str, ...] | None) -> str | None:
    return None if values is None else _BETWEEN.join(values)


def _is_exact(leaf: object) -> bool:
    """Tell whether what a `TextIndex` says of a joined text is true of one of its values."""
    return isinstance(leaf, Missing) or (isinstance(leaf, Contains) and _BETWEEN not in leaf.folded)
