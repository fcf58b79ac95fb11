"""The index of a keyword field: for each value, the rows that have it.

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
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from typing import Any, ClassVar, Self

from instquery.engine.column import picked
from instquery.engine.indexes.index import NOTHING, Selection, matching
from instquery.engine.indexes.rare import RareRows
from instquery.engine.opening import Opening
from instquery.engine.rowsets import POSITION_CODE, Position, RowSet, positions, set_of
from instquery.engine.sizes import Size
from instquery.predicates import Bounded, Eq, In, Missing, Value, check_answered, unanswered
from instquery.query import Record
from instquery.values import sortable

__all__ = ["KeywordIndex"]

# A value of at least one row in this many gets a row set (one bit a row of the segment), a rarer
# one a sorted array of positions (two bytes for each of its own rows).
_FREQUENT = 64

# So few rows of several values are listed: to put them in order costs less than to make a set.
_LISTED = 64


class KeywordIndex:
    """Value → row set where the value is frequent, value → list of positions where it is rare.

    Selecting a frequent value costs nothing, a rare one 60 ns a row. Many together cost 0.3 µs a
    value, of those that are asked for or of those that are held, whichever are fewer, and 80 ns a
    row. Memory is at most two bits a row and frequent value, and two bytes a row plus 100 bytes a
    value for rare ones.
    """

    answers: ClassVar[tuple[type[Bounded], ...]] = (Eq, In, Missing)
    few: ClassVar[int] = 0
    few_listed: ClassVar[int] = 4  # a record lies far away, the bits of a row set together

    __slots__ = ("_counts", "_frequent", "_in_order", "_missing", "_rare", "_width")

    def __init__(self, width: int) -> None:
        self._frequent: dict[Value, RowSet] = {}
        # The rows of each frequent value, which a deep page adds up.
        self._counts: dict[Value, int] = {}
        self._rare = RareRows()
        self._missing: RowSet = 0
        self._width = width
        self._in_order: tuple[Value, ...] | None = None  # made when it is first asked for

    @classmethod
    def build(cls, values: Sequence[Value | None]) -> Self:
        """Build from a column. Costs 0.1 µs a row."""
        index = cls(len(values))
        held = _places(values)
        index._missing = set_of(held.pop(None, ()), len(values))
        rare: dict[Value, list[Position]] = {}
        for value, places in held.items():
            if len(places) * _FREQUENT >= len(values):
                index._keep_set(value, places)
            else:
                rare[value] = places
        index._rare = RareRows.build(rare)
        return index

    # reading

    def size(self, predicate: Eq | In | Missing, occupied: RowSet) -> Size:
        """Count the rows exactly: a discarded row has no value here. Costs a look-up a value."""
        if isinstance(predicate, Eq):
            return Size.exactly(self.count(predicate.value))
        if isinstance(predicate, Missing):
            return Size.exactly((self._missing & occupied).bit_count())
        if not isinstance(predicate, In):
            raise unanswered(predicate, self.answers)

        # The counts add up: a row has one value, and a set has each value once.
        return Size.exactly(sum(map(self.count, self._held(predicate))))

    def select(self, predicate: Eq | In | Missing) -> Selection:
        """Return exactly the rows that hold one of the values, or none at all."""
        if isinstance(predicate, Eq):
            frequent = self._frequent.get(predicate.value)
            return self._select_rare(predicate.value) if frequent is None else (frequent, True)
        if isinstance(predicate, Missing):
            return self._missing, True
        if not isinstance(predicate, In):
            raise unanswered(predicate, self.answers)

        rows = 0
        rare: list[Position] = []
        for value in self._held(predicate):
            frequent = self._frequent.get(value)
            if frequent is not None:
                rows |= frequent
            else:
                rare += self._rare.rows(value)

        if not rows and len(rare) <= _LISTED:
            return sorted(rare, reverse=True), True
        return rows | set_of(rare, self._width), True

    def test(
        self, predicate: Eq | In | Missing, positions: Sequence[Position], records: Sequence[Record]
    ) -> list[Position]:
        """Compare the records' own values."""
        check_answered(predicate, self.answers)
        return matching(predicate, positions, records)

    def facets(self, rows: RowSet, records: Sequence[Record], field: str) -> Counter[Value]:
        """Count the values among rows.

        Costs 2 µs a frequent value, 0.2 µs a row with a rare one.
        """
        counts: Counter[Value] = Counter()
        for value, held in self._frequent.items():
            common = rows & held
            if common:
                counts[value] = common.bit_count()
                rows ^= common

        if self._rare:
            values = (record.get(field) for record in picked(records, positions(rows)))
            counts.update(value for value in values if value is not None)
        return counts

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

    def faults(self, values: Sequence[Value | None]) -> Iterator[str]:
        """Compare rows and count of each value with a fresh reading."""
        fresh = _places(values)
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

    def add(self, position: Position, value: Value | None) -> None:
        """Enter a value; one that has become frequent changes to a row set."""
        is_new = position >= self._width
        if is_new:
            self._grow(position + 1)
        if is_new is (value is None):
            # A new row is not in it yet; any other row is, until it has a value.
            self._missing ^= 1 << position
        if value is None:
            return

        if value in self._frequent:
            self._frequent[value] |= 1 << position
            self._counts[value] += 1
            return

        places = self._rare.rows(value)[:]
        if not places:
            self._in_order = None
        insort(places, position)
        if len(places) * _FREQUENT < self._width:
            self._rare.set(value, places)
            return
        self._rare.set(value, _NONE)
        self._keep_set(value, places)

    def drop(self, position: Position, value: Value | None) -> None:
        """Take a value out; a value without rows is forgotten."""
        if value is None:
            return

        self._missing |= 1 << position
        if value in self._frequent:
            self._frequent[value] ^= 1 << position
            self._counts[value] -= 1
            if not self._counts[value]:
                del self._frequent[value]
                del self._counts[value]
                self._in_order = None
            return

        places = self._rare.rows(value)[:]
        places.pop(bisect_left(places, position))
        self._rare.set(value, places)
        if not places:
            self._in_order = None

    def copy(self) -> Self:
        """Copy the directories; row sets and arrays are shared."""
        twin = object.__new__(type(self))  # to make one in the usual way would build rare rows
        twin._width = self._width
        twin._frequent = self._frequent.copy()
        twin._counts = self._counts.copy()
        twin._rare = self._rare.copy()
        twin._missing = self._missing
        twin._in_order = self._in_order
        return twin

    # inside

    def _held(self, predicate: In) -> Collection[Value]:
        """Return the values that rows may have: of very many, no more than are held here."""
        members = predicate.members
        return members if len(members) <= len(self) else members.intersection(self)

    def _select_rare(self, value: Value) -> Selection:
        """Return exactly the rows that hold a rare value."""
        places = self._rare.rows(value)
        return (places[::-1].tolist(), True) if places else NOTHING

    def rows(self, value: Value) -> RowSet:
        """Return the rows of a value of either kind."""
        rows = self._frequent.get(value)
        if rows is not None:
            return rows
        places = self._rare.rows(value)
        return set_of(places, places[-1] + 1) if places else 0

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

    def count(self, value: Value) -> int:
        """Count the rows of a value of either kind."""
        return self._counts.get(value) or self._rare.count(value)


_NONE = array(POSITION_CODE)


def _places(values: Sequence[Value | None]) -> dict[Any, list[Position]]:
    """Return the positions of each value, and of `None`, ascending. Costs 0.1 µs a row."""
    places: defaultdict[Any, list[Position]] = defaultdict(list)
    for position, value in enumerate(values):
        places[value].append(position)
    return places
