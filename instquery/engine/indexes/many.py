"""The index of a keyword field of many values: a row is in the row sets of all its values."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, Self, TypeAlias, cast

from instquery.engine.column import picked
from instquery.engine.indexes.index import EVERY_ROW, Selection, matching
from instquery.engine.indexes.valuerows import ValueRows
from instquery.engine.opening import Opening
from instquery.engine.rowsets import Position, RowSet, positions
from instquery.engine.sizes import Size
from instquery.predicates import Eq, In, Like, Missing, Some, Value, check_answered
from instquery.query import Record

__all__ = ["ManyIndex", "places_of"]

# To count the values of so many rows costs as much as to see which of them a row set holds.
_ROWS_A_SET = 4

Values: TypeAlias = tuple[Value, ...]
"""The values of a row, each once."""


class ManyIndex:
    """A `KeywordIndex` in which a row may have several values: so counts do not add up to rows.

    Selecting a frequent value costs nothing, a rare one 60 ns a row; several values are united, and
    a row that has two of them is there once. A row costs as much as there are values in it.
    """

    answers: ClassVar[tuple[type[Any], ...]] = (Some, Missing)
    few: ClassVar[int] = 0
    few_listed: ClassVar[int] = 4

    __slots__ = ("_held",)

    def __init__(self, held: ValueRows) -> None:
        self._held = held

    @classmethod
    def build(cls, values: Sequence[Values | None]) -> Self:
        """Build from a column. Costs 0.1 µs a row and value."""
        return cls(ValueRows.of(places_of(values), len(values)))

    # reading

    def size(self, predicate: Some | Missing, occupied: RowSet) -> Size:
        """Count the rows exactly: a discarded row has no value here."""
        check_answered(predicate, self.answers)
        if isinstance(predicate, Missing):
            return Size.exactly(self._held.missing(occupied).bit_count())
        if isinstance(predicate.leaf, Eq):
            return Size.exactly(self._held.count(cast(Value, predicate.leaf.value)))
        return Size.exactly(self._held.any_of(self._wanted(predicate.leaf)).bit_count())

    def select(self, predicate: Some | Missing) -> Selection:
        """Return exactly the rows that hold one of the values, or none at all."""
        check_answered(predicate, self.answers)
        if isinstance(predicate, Missing):
            return self._held.missing(EVERY_ROW), True
        if isinstance(predicate.leaf, Eq):
            return self._held.select_one(cast(Value, predicate.leaf.value))
        return self._held.select_any(self._wanted(predicate.leaf))

    def test(
        self, predicate: Some | Missing, positions: Sequence[Position], records: Sequence[Record]
    ) -> list[Position]:
        """Compare the records' own values."""
        check_answered(predicate, self.answers)
        return matching(predicate, positions, records)

    def facets(self, rows: RowSet, records: Sequence[Record], field: str) -> Counter[Value]:
        """Count rows by value; a row counts once for each of its values.

        Costs 2 µs a frequent value, 0.2 µs a row with a rare one, and 0.1 µs for each value.
        """
        held = self._held
        frequent = held.frequent
        if rows.bit_count() <= _ROWS_A_SET * len(frequent):
            frequent = []
        counts: Counter[Value] = Counter()
        for value in frequent:
            common = (rows & held.rows(value)).bit_count()
            if common:
                counts[value] = common

        if len(held) > len(frequent):
            known = set(frequent)
            rest = rows & ~held.missing(rows)
            found = picked(records, positions(rest))
            counts.update(
                [value for record in found for value in record[field] if value not in known]
            )
        return counts

    def rows(self, value: Value) -> RowSet:
        """Return the rows that have a value."""
        return self._held.rows(value)

    def faults(self, values: Sequence[Values | None]) -> Iterator[str]:
        """Compare rows and count of each value with a fresh reading."""
        yield from self._held.disagreements(places_of(values))

    # writing

    def open(self, opening: Opening) -> None:
        """Make room for rows, as a `KeywordIndex` does."""
        self._held.open(opening)

    def add(self, position: Position, value: Values | None) -> None:
        """Enter the values of a row. Costs 2 µs a value."""
        self._held.admit(position, has_value=value is not None)
        for one in value or ():
            self._held.enter(position, one)

    def drop(self, position: Position, value: Values | None) -> None:
        """Take the values of a row out. Costs 2 µs a value."""
        if value is not None:
            self._held.dismiss(position)
            for one in value:
                self._held.leave(position, one)

    def copy(self) -> Self:
        """Copy the directories; row sets and arrays are shared."""
        return type(self)(self._held.copy())

    def _wanted(self, leaf: In | Like) -> Iterable[Value]:
        """Return the values that a leaf asks for."""
        return self._held.like(leaf) if isinstance(leaf, Like) else leaf.values


def places_of(values: Iterable[Sequence[Any] | None]) -> dict[Any, list[Position]]:
    """Return the positions of each value of rows, and of `None` where there is none, ascending."""
    places: defaultdict[Any, list[Position]] = defaultdict(list)
    for position, held in enumerate(values):
        for value in (None,) if held is None else held:
            places[value].append(position)
    return places
