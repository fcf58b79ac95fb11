"""Rows by value: for each value of a field, the rows that have it.

Theory of operation
===================

A value that at least one row in `_FREQUENT` has is *frequent*: it has a row set, and its rows are
counted. Any other value is *rare*: its positions are listed (`rare`). No value is both. Neither a
row set nor a list is ever changed in place, so a copy of an index shares them. Rows without a
value, vacant ones included, have a row set too: it is 0, and costs nothing, where each has one.

When rows are inserted, row sets are moved at once, and lists when they are looked at.
"""

from array import array
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Self

from instquery.engine.indexes.index import NOTHING, Selection
from instquery.engine.indexes.rare import RareRows
from instquery.engine.indexes.spellings import Spellings
from instquery.engine.opening import Opening
from instquery.engine.rowsets import POSITION_CODE, Position, RowSet, positions, set_of
from instquery.predicates import Like, Value
from instquery.values import sortable

__all__ = ["ValueRows"]

# A value of at least one row in this many gets a row set (one bit a row of the segment), a rarer
# one a sorted array of positions (two bytes for each of its own rows).
_FREQUENT = 64

# So few rows of several values are listed: to put them in order costs less than to make a set.
_LISTED = 64


class ValueRows:
    """Value → row set where the value is frequent, value → list of positions where it is rare.

    See "Theory of operation". A row may have any number of values. Selecting a frequent value costs
    nothing, a rare one 60 ns a row; of many together, 0.3 µs a value and 80 ns a row. Memory is at
    most two bits a row and frequent value, and two bytes a row plus 100 bytes a value for rare
    ones.
    """

    __slots__ = (
        "_counts",
        "_frequent",
        "_in_order",
        "_missing",
        "_rare",
        "_spelled",
        "_width",
    )

    def __init__(self, width: int) -> None:
        self._frequent: dict[Value, RowSet] = {}
        # The rows of each frequent value, which a deep page adds up.
        self._counts: dict[Value, int] = {}
        self._rare = RareRows()
        self._missing: RowSet = 0
        self._width = width
        self._in_order: tuple[Value, ...] | None = None  # made when it is first asked for
        self._spelled: dict[bool, Spellings] = {}  # likewise: folded ones, and raw ones

    @classmethod
    def of(cls, places: dict[Any, list[Position]], width: int) -> Self:
        """Build from the positions of each value, and of `None`, ascending."""
        index = cls(width)
        index._missing = set_of(places.pop(None, ()), width)
        rare: dict[Value, list[Position]] = {}
        for value, listed in places.items():
            if len(listed) * _FREQUENT >= width:
                index._keep_set(value, listed)
            else:
                rare[value] = listed
        index._rare = RareRows.build(rare)
        return index

    # reading

    def rows(self, value: Value) -> RowSet:
        """Return the rows of a value of either kind."""
        rows = self._frequent.get(value)
        if rows is not None:
            return rows
        places = self._rare.rows(value)
        return set_of(places, places[-1] + 1) if places else 0

    def count(self, value: Value) -> int:
        """Count the rows of a value of either kind."""
        return self._counts.get(value) or self._rare.count(value)

    def select_one(self, value: Value) -> Selection:
        """Return exactly the rows that hold one value."""
        frequent = self._frequent.get(value)
        return self._select_rare(value) if frequent is None else (frequent, True)

    def any_of(self, values: Iterable[Value]) -> RowSet:
        """Return the rows that hold one of some values. Costs a look-up a value."""
        rows, rare = self._found(values)
        return rows | set_of(rare, self._width) if rare else rows

    def select_any(self, values: Iterable[Value]) -> Selection:
        """Return the same rows; as positions where that costs less."""
        rows, rare = self._found(values)
        if rows or len(rare) > _LISTED:
            return rows | set_of(rare, self._width), True
        return sorted(set(rare), reverse=True), True

    def like(self, predicate: Like) -> list[Value]:
        """List the values that fit a pattern."""
        folds = not predicate.case
        spelled = self._spelled.get(folds)
        if spelled is None:
            spelled = Spellings.of(self, folds=folds)
            self._spelled = {**self._spelled, folds: spelled}  # others may read it meanwhile
        return spelled.like(predicate.read)

    def __len__(self) -> int:
        """Count the values, or somewhat more: some that have gone may be counted."""
        return len(self._frequent) + len(self._rare)

    def __iter__(self) -> Iterator[Value]:
        """Walk the values, in no order."""
        return chain(self._frequent, self._rare)

    def in_order(self) -> tuple[Value, ...]:
        """Return the values in order. Sorted once, until a value comes or goes: 1 µs each."""
        listed = self._in_order
        if listed is None:
            listed = self._in_order = tuple(sorted(self, key=sortable))
        return listed

    @property
    def frequent(self) -> list[Value]:
        """The values that have a row set."""
        return list(self._frequent)

    def missing(self, rows: RowSet) -> RowSet:
        """Return those of the rows that have no value."""
        return rows & self._missing

    def disagreements(self, fresh: dict[Any, list[Position]]) -> Iterator[str]:
        """Name what does not agree with the positions of each value, and of `None`."""
        if positions(self._missing)[::-1] != fresh.pop(None, []):
            yield "the rows without a value"
        for value in {*fresh, *self._frequent, *self._rare}:
            places = fresh.get(value, [])
            if positions(self.rows(value))[::-1] != places:
                yield f"the rows of {value!r}"
            if self.count(value) != len(places):
                yield f"the count of {value!r}"
        if self._in_order is not None and set(self._in_order) != fresh.keys():
            yield "the values in order"
        for folds, spelled in self._spelled.items():
            if spelled != Spellings.of(fresh, folds=folds):
                yield "the spellings in order"

    # writing

    def open(self, opening: Opening) -> None:
        """Make room for rows.

        Costs 1 µs a frequent value, and 5 µs a row for all rare ones together.
        """
        self._width += len(opening.places)
        opening.move(self._frequent)
        places = opening.places
        opened = 1 << places[0] if len(places) == 1 else set_of(places, self._width)
        self._missing = (opening.moved(self._missing) if self._missing else 0) | opened
        self._rare.open(places, self._width)

    def admit(self, position: Position, *, has_value: bool) -> None:
        """Make room for a row, and note whether it has a value."""
        is_new = position >= self._width
        if is_new:
            self._grow(position + 1)
        if is_new is not has_value:
            # A new row is not in it yet; any other row is, until it has a value.
            self._missing ^= 1 << position

    def enter(self, position: Position, value: Value) -> None:
        """Enter a value of a row that has been admitted."""
        if value in self._frequent:
            self._frequent[value] |= 1 << position
            self._counts[value] += 1
            return

        places = self._rare.rows(value)[:]
        if not places:
            self._in_order = None
            for spelled in self._spelled.values():
                spelled.enter(value)
        insort(places, position)
        if len(places) * _FREQUENT < self._width:
            self._rare.set(value, places)
            return
        self._rare.set(value, _NONE)
        self._keep_set(value, places)

    def dismiss(self, position: Position) -> None:
        """Note that a row has no value any more."""
        self._missing |= 1 << position

    def leave(self, position: Position, value: Value) -> None:
        """Take one value of a row out."""
        if value in self._frequent:
            self._frequent[value] ^= 1 << position
            self._counts[value] -= 1
            if not self._counts[value]:
                del self._frequent[value]
                del self._counts[value]
                self._forget(value)
            return

        places = self._rare.rows(value)[:]
        places.pop(bisect_left(places, position))
        self._rare.set(value, places)
        if not places:
            self._forget(value)

    def copy(self) -> Self:
        """Copy the directories; row sets and arrays are shared."""
        twin = object.__new__(type(self))  # to make one in the usual way would build rare rows
        twin._width = self._width
        twin._frequent = self._frequent.copy()
        twin._counts = self._counts.copy()
        twin._rare = self._rare.copy()
        twin._missing = self._missing
        twin._in_order = self._in_order
        twin._spelled = {folds: spelled.copy() for folds, spelled in self._spelled.items()}
        return twin

    # inside

    def _forget(self, value: Value) -> None:
        """Take a value out of the lists of values: no row has it."""
        self._in_order = None
        for spelled in self._spelled.values():
            spelled.leave(value)

    def _select_rare(self, value: Value) -> Selection:
        """Return exactly the rows that hold a rare value."""
        places = self._rare.rows(value)
        return (places[::-1].tolist(), True) if places else NOTHING

    def _found(self, values: Iterable[Value]) -> tuple[RowSet, list[Position]]:
        """Return the rows of the frequent ones of some values, and list those of the rare ones."""
        rows = 0
        rare: list[Position] = []
        for value in values:
            frequent = self._frequent.get(value)
            if frequent is not None:
                rows |= frequent
            else:
                rare += self._rare.rows(value)
        return rows, rare

    def _grow(self, width: int) -> None:
        """Widen.

        Each time the width has doubled, values that are no longer frequent give up their row set.
        """
        self._width = width
        has_doubled = width & (width - 1) == 0
        if not has_doubled:
            return

        for value, count in list(self._counts.items()):
            if count * 2 * _FREQUENT < width:
                del self._counts[value]
                places = positions(self._frequent.pop(value))[::-1]
                self._rare.set(value, array(POSITION_CODE, places))

    def _keep_set(self, value: Value, places: Sequence[Position]) -> None:
        """Keep the rows of a frequent value."""
        self._frequent[value] = set_of(places, self._width)
        self._counts[value] = len(places)


_NONE = array(POSITION_CODE)
