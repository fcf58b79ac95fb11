"""The index of a keyword field: for each value, the rows that have it."""

from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

from instquery.engine.indexes.index import NOTHING, Selection, matching
from instquery.engine.rowsets import insert, positions, set_of
from instquery.engine.sizes import Size
from instquery.predicates import Bounded, Eq, In, Value, check_answered, unanswered
from instquery.query import Record

__all__ = ["KeywordIndex"]

# A value held by at least one row in this many gets a row set (one bit a row of the segment);
# a rarer one a sorted array of positions (two bytes for each of its own rows).
_FREQUENT = 64
# So many places may be opened before the arrays of all rare values are brought up to date.
_OPENED = 128


class KeywordIndex:
    """Value → row set where the value is frequent, value → short array of positions where it is rare.

    An array is brought up to date with the places opened since it was written only when it is looked at:
    there are thousands of rare values, and a write concerns one of them.

    Selecting a frequent value costs nothing, a rare one 60 ns a row. Memory is at most two bits a
    row and frequent value, and two bytes a row plus 100 bytes a value for rare ones.
    """

    answers: ClassVar[tuple[type[Bounded], ...]] = (Eq, In)
    few: ClassVar[int] = 0

    __slots__ = ("_counts", "_frequent", "_known", "_opened", "_rare", "_width")

    def __init__(self, width: int) -> None:
        self._frequent: dict[Value, int] = {}
        self._counts: dict[Value, int] = {}  # the rows of each frequent value, which a deep page adds up
        self._rare: dict[Value, array[int]] = {}
        self._opened: list[int] = []  # places opened, in that order
        self._known: dict[Value, int] = {}  # how many of them an array already reckons with; none unless said
        self._width = width

    @classmethod
    def build(cls, values: Sequence[Value | None]) -> Self:
        """Build from a column; costs 0.1 µs a row."""
        index = cls(len(values))
        for value, held in _places(values).items():
            index._keep(value, held)
        return index

    def size(self, predicate: Eq | In, _occupied: int) -> Size:
        """Count the rows exactly; a discarded row has no value here. Costs a look-up a value."""
        if isinstance(predicate, Eq):
            return Size.exactly(self._count(predicate.value))
        if not isinstance(predicate, In):
            raise unanswered(predicate, self.answers)

        # The counts add up: a row has one value, and a set has each value once.
        return Size.exactly(sum(map(self._count, predicate.members)))

    def select(self, predicate: Eq | In) -> Selection:
        """Return exactly the rows that hold one of the values."""
        if isinstance(predicate, Eq):
            rows = self._frequent.get(predicate.value)
            if rows is not None:
                return rows, True
            return (self._held(predicate.value)[::-1].tolist(), True) if predicate.value in self._rare else NOTHING
        if not isinstance(predicate, In):
            raise unanswered(predicate, self.answers)

        rows = 0
        for value in predicate.values:
            rows |= self._rows(value)
        return rows, True

    def test(self, predicate: Eq | In, positions: Sequence[int], records: Sequence[Record]) -> list[int]:
        """Compare the rows' own values."""
        check_answered(predicate, self.answers)
        return matching(predicate, positions, records)

    def open(self, position: int) -> None:
        """Move the rows from `position` on; costs 2 µs a frequent value, and 20 µs for all rare ones together."""
        self._width += 1
        for value, rows in self._frequent.items():
            if rows >> position:
                self._frequent[value] = insert(rows, position)
        if not self._rare:
            self._opened, self._known = [], {}
            return
        self._opened.append(position)
        if len(self._opened) > _OPENED:
            self._settle()

    def add(self, position: int, value: Value | None) -> None:
        """Enter a value; one that has become frequent changes to a row set."""
        if position >= self._width:
            self._grow(position + 1)
        if value is None:
            return
        if value in self._frequent:
            self._frequent[value] |= 1 << position
            self._counts[value] += 1
            return
        held = sorted([*self._held(value), position])
        self._rare.pop(value, None)
        self._keep(value, held)

    def drop(self, position: int, value: Value | None) -> None:
        """Take a value out; a value without rows is forgotten."""
        if value is None:
            return
        if value in self._frequent:
            self._frequent[value] ^= 1 << position
            self._counts[value] -= 1
            if not self._counts[value]:
                del self._frequent[value], self._counts[value]
            return
        held = self._held(value)
        self._rare.pop(value)
        if len(held) > 1:
            self._keep(value, [at for at in held if at != position])

    def faults(self, values: Sequence[Value | None]) -> Iterator[str]:
        """Compare rows and count of each value with a fresh reading."""
        held = _places(values)
        for value in held.keys() | self._frequent.keys() | self._rare.keys():
            if positions(self._rows(value))[::-1] != held.get(value, []):
                yield f"the rows of {value!r}"
            if self._count(value) != len(held.get(value, ())):
                yield f"the count of {value!r}"

    def copy(self) -> Self:
        """Copy the directories; row sets and arrays are shared, as neither is ever changed in place."""
        twin = type(self)(self._width)
        twin._frequent, twin._counts = self._frequent.copy(), self._counts.copy()
        twin._rare = self._rare.copy()
        twin._opened, twin._known = self._opened[:], self._known.copy()
        return twin

    def facets(self, rows: int, records: Sequence[Record], field: str) -> Counter[Value]:
        """Count the values among `rows`; costs 2 µs a frequent value, 0.2 µs a row with a rare one."""
        counts: Counter[Value] = Counter()
        for value, held in self._frequent.items():
            common = rows & held
            if common:
                counts[value] = common.bit_count()
                rows ^= common
        if self._rare:
            held_by = (records[at].get(field) for at in positions(rows))
            counts.update(found for found in held_by if found is not None)
        return counts

    def _rows(self, value: Value) -> int:
        rows = self._frequent.get(value)
        if rows is None:
            if value not in self._rare:
                return 0
            held = self._held(value)
            rows = set_of(held, held[-1] + 1)
        return rows

    def _held(self, value: Value) -> "array[int]":
        """Return the positions of a rare value, up to date; ascending."""
        held = self._rare.get(value, _NONE)
        for position in self._opened[self._known.get(value, 0) :] if held else ():
            if held[-1] >= position:
                first = bisect_left(held, position)
                held = held[:first] + array("H", [at + 1 for at in held[first:]])
        return held

    def _settle(self) -> None:
        """Bring all arrays up to date; 3 ms for 32,768 rows, most of it the same however many values there are."""
        places = list(range(self._width - len(self._opened)))  # at each place, the row that was there before
        for position in self._opened:
            places.insert(position, -1)
        moved = array("H", bytes(2 * len(places)))
        for place, before in enumerate(places):
            if before >= 0:
                moved[before] = place
        for value, held in self._rare.items():
            self._rare[value] = self._held(value) if value in self._known else array("H", [moved[at] for at in held])
        self._opened, self._known = [], {}

    def _grow(self, width: int) -> None:
        """Widen; each time the width has doubled, values that are no longer frequent give up their row set."""
        self._width = width
        if width & (width - 1) == 0:
            for value, count in list(self._counts.items()):
                if count * 2 * _FREQUENT < width:
                    del self._counts[value]
                    self._list(value, positions(self._frequent.pop(value))[::-1])

    def _keep(self, value: Value, held: Sequence[int]) -> None:
        """Keep the rows of a value in the form that its frequency asks for."""
        if len(held) * _FREQUENT >= self._width:
            self._frequent[value] = set_of(held, self._width)
            self._counts[value] = len(held)
        else:
            self._list(value, held)

    def _list(self, value: Value, held: Sequence[int]) -> None:
        self._rare[value] = array("H", held)
        if self._opened:
            self._known[value] = len(self._opened)

    def _count(self, value: Value) -> int:
        return self._counts.get(value) or len(self._rare.get(value, ()))


_NONE = array("H")


def _places(values: Sequence[Value | None]) -> dict[Value, list[int]]:
    """Return the positions of each value of a column, ascending; 0.1 µs a row."""
    places: defaultdict[Any, list[int]] = defaultdict(list)
    for position, value in enumerate(values):
        places[value].append(position)
    places.pop(None, None)
    return places
