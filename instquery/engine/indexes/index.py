"""The one contract of every kind of index."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Protocol, Self

from instquery.engine.sizes import Size
from instquery.predicates import Bounded, check_answered
from instquery.query import Record

__all__ = ["ALL", "NOTHING", "Index", "Lookup", "Selection", "matching"]


Selection = tuple[int | list[int], bool]
"""The rows that hold every match of a predicate, and whether they are exact: hold no other live row.

A row set; or, where there are few, their positions, newest first.
"""

NOTHING: Selection = (0, True)
"""No row matches."""

ALL: Selection = (-1, True)
"""Every row matches; -1 is the integer with all bits set."""


class Lookup(Protocol):
    """What one segment can be asked about one field.

    Rows are positions 0 (oldest) to n - 1. A lookup is asked only for predicates that its kind of
    field answers. It may select and pass rows that the segment no longer holds; it never counts them.
    """

    answers: ClassVar[tuple[type[Bounded], ...]]
    """The classes of predicates that are answered; any other is a `QueryError`."""

    few: ClassVar[int]
    """With this few rows left to look at, testing each costs less than selecting."""

    def size(self, predicate: Any, occupied: int, /) -> Size:
        """Tell how many of the live rows match, at the least cost.

        The bounds hold in every state of the segment. `live` is the row set of all rows that it holds:
        a lookup that still knows discarded rows needs it to count.
        """
        ...

    def select(self, predicate: Any) -> Selection:
        """Return the rows that match, or a superset of them."""
        ...

    def test(self, predicate: Any, positions: Sequence[int], records: Sequence[Record]) -> list[int]:
        """Return those of the positions whose row matches, in the order given. Always exact."""
        ...


class Index(Lookup, Protocol):
    """A lookup that follows the rows of its segment.

    Values are the field's own, instants as microseconds, `None` where missing.
    """

    @classmethod
    def build(cls, values: Sequence[Any]) -> Self:
        """Build from the values of rows 0 to n - 1, in bulk."""
        ...

    def open(self, position: int) -> None:
        """Make room for a row: those from `position` on move one up."""

    def add(self, position: int, value: Any) -> None:
        """Enter the value of a row that has none yet; at n, of a new newest row."""

    def drop(self, position: int, value: Any) -> None:
        """Take out the value of a row, which has none from now on."""

    def faults(self, values: Sequence[Any]) -> Iterator[str]:
        """Name what does not agree with the values of all rows, `None` where missing or vacant."""
        ...

    def copy(self) -> Self:
        """Return an index with the same content that can be changed by itself."""
        ...


def matching(predicate: Bounded, positions: Sequence[int], records: Sequence[Record]) -> list[int]:
    """Test rows one by one against the predicate itself: what every index must agree with.

    Raises `QueryError` for what is no bound predicate.
    """
    check_answered(predicate)
    return [position for position in positions if predicate.matches(records[position])]
