"""The one contract of every kind of index.

The invariant that all rely on: the predicate's own `matches` is the truth, an index is only a
faster way to it. What `select` returns holds every match. `test` is exact. Take an index away, and
no answer changes.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, Protocol, Self, TypeAlias, cast

from instquery.engine.column import listed
from instquery.engine.opening import Opening
from instquery.engine.rowsets import Position, RowSet
from instquery.engine.sizes import Size
from instquery.predicates import Bounded, Eq, In, Value, check_answered, unanswered
from instquery.query import Record

__all__ = ["ALL", "EVERY_ROW", "NOTHING", "Index", "Lookup", "Selection", "matching", "values_of"]


Selection: TypeAlias = tuple[RowSet | list[Position], bool]
"""Rows among which all matches are, and whether they are exact: hold no other occupied row.

The rows are a row set; or, where there are few, their positions, newest first.
"""

NOTHING: Selection = (0, True)
"""No row matches."""

EVERY_ROW: RowSet = -1
"""The integer with all bits set, for any number of rows."""

ALL: Selection = (EVERY_ROW, True)
"""Every row matches."""


class Lookup(Protocol):
    """What one segment can be asked about one field.

    Rows are at the positions 0 (oldest) to n - 1. A lookup is asked only for predicates that its
    kind of field answers. It may select and pass vacant rows, which the segment leaves out. It
    never counts them.
    """

    answers: ClassVar[tuple[type[Bounded], ...]]
    """The classes of predicates that are answered; any other is a `QueryError`."""

    few: ClassVar[int]
    """With this few rows left to look at, testing each costs less than selecting."""

    few_listed: ClassVar[int]
    """The same where the rows that are left are listed, as positions."""

    def size(self, predicate: Any, occupied: RowSet, /) -> Size:
        """Tell how many of the occupied rows match, at the least cost.

        The bounds hold in every state of the segment. `occupied` are the rows that are not vacant:
        a lookup that does not know which were discarded needs it to count. `EVERY_ROW` says that
        none is.
        """
        ...

    def select(self, predicate: Any) -> Selection:
        """Return the rows that match, or a superset of them."""
        ...

    def test(
        self, predicate: Any, positions: Sequence[Position], records: Sequence[Record]
    ) -> list[Position]:
        """Return those of the positions, newest first, whose record matches. Always exact."""
        ...


class Index(Lookup, Protocol):
    """A lookup that follows the rows of its segment.

    Values are the field's own, instants as microseconds, `None` where missing.
    """

    @classmethod
    def build(cls, values: Sequence[Any]) -> Self:
        """Build from the values of rows 0 to n - 1, in bulk."""
        ...

    def open(self, opening: Opening) -> None:
        """Make room for rows between others, which move up; the new ones have no value yet."""
        ...

    def add(self, position: Position, value: Any) -> None:
        """Enter the value of a row that has none yet; at n, of a new newest row."""
        ...

    def drop(self, position: Position, value: Any) -> None:
        """Take out the value of a row, which has none from now on."""
        ...

    def faults(self, values: Sequence[Any]) -> Iterator[str]:
        """Name what does not agree with the values of all rows, `None` where missing or vacant."""
        ...

    def copy(self) -> Self:
        """Return an index with the same content that can be changed by itself."""
        ...


def matching(
    predicate: Bounded, positions: Sequence[Position], records: Sequence[Record]
) -> list[Position]:
    """Test records one by one against the predicate itself: what every index must agree with.

    Raises `QueryError` for what is no bound predicate.
    """
    check_answered(predicate)
    matches = predicate.matches
    values, slots = listed(records)
    if slots is None:
        return [position for position in positions if matches(values[position])]
    return [position for position in positions if matches(values[slots[position]])]


def values_of(predicate: Eq | In, answers: Iterable[type[Bounded]]) -> Sequence[Value]:
    """Return the values that a predicate asks for.

    Raises `QueryError` for another one, which names the classes that are answered.
    """
    if isinstance(predicate, Eq):
        return (cast(Value, predicate.value),)
    if isinstance(predicate, In):
        return predicate.values
    raise unanswered(predicate, answers)
