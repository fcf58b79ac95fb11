"""Rare values of a keyword field: the few rows of each, of thousands of values.

Theory of operation
===================

The rows of all values that were there at a build stand in one array, those of a value side by side:
an array for each would take a hundred bytes more. They are never changed. A value whose rows have
changed has an array of its own from then on, which may be empty.

When rows are inserted, the positions behind them move. Rows are moved when they are looked at, as a
write concerns few of the values:

    rows of                    numbered as                    moved by
    -------------------------  -----------------------------  --------------------------------------
    a value as it was built    the rows were when all were    all places opened since (`_shifts`)
                               brought up to date
    a value changed before     the same                       the same
    the first opening
    a value changed later      they were then: `_known`       each opening since, one by one
                               openings were reckoned with

After `_OPENINGS` openings, or `_OPENED` places, all are brought up to date. Where many values have
an array of their own by then, all are put together anew.
"""

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, chain, pairwise
from typing import Self

from instquery.engine.indexes.shifts import Shifts
from instquery.engine.opening import moved_up
from instquery.engine.rowsets import MOST_ROWS, POSITION_CODE, Position
from instquery.predicates import Value

__all__ = ["RareRows"]

# To bring all up to date costs 1 ms for 32,768 rows, whatever was opened. Until then a look at a
# value costs up to 1 µs an opening, or 0.2 µs a row.
_OPENINGS = 48
_OPENED = 512

# From so many places at once on, a table is made that tells where each row is now: 10 µs. It spares
# a look at a value two thirds of its cost.
_MANY = 8

# All are put together anew where one value in so many has an array of its own: 0.5 µs a value.
_CHANGED = 4

_NONE = array(POSITION_CODE)


class RareRows:
    """Value → its rows, ascending. See "Theory of operation".

    Memory is two bytes a row, and 100 a value; 100 more for one that has changed.
    """

    __slots__ = (
        "_ends",
        "_known",
        "_later",
        "_now",
        "_numbers",
        "_opened",
        "_places",
        "_rows",
        "_shifts",
    )

    def __init__(self) -> None:
        self._later: dict[Value, array[Position]] = {}
        self._now: array[Position] | None = None  # where each row is now, if that is at hand
        self._build({})
        self._settled()

    @classmethod
    def build(cls, rows: Mapping[Value, Sequence[Position]]) -> Self:
        """Build from the rows of each value, ascending."""
        rare = cls()
        rare._build(rows)
        return rare

    # reading

    def __bool__(self) -> bool:
        """Tell whether any value may have rows."""
        return bool(self._numbers or self._later)

    def __len__(self) -> int:
        """Count the values, those that have no rows any more included."""
        return len(self._numbers) + len(self._later)

    def __iter__(self) -> Iterator[Value]:
        """Walk the values that have rows."""
        for value in self._numbers.keys() | self._later.keys():
            if self.count(value):
                yield value

    def count(self, value: Value) -> int:
        """Count the rows of a value."""
        later = self._later.get(value)
        return len(self._built(value)) if later is None else len(later)

    def rows(self, value: Value) -> "array[Position]":
        """Return the rows of a value, up to date; ascending. They must not be changed."""
        later = self._later.get(value)
        rows = self._built(value) if later is None else later
        if not rows or not self._opened:
            return rows

        known = 0 if later is None else self._known.get(value, 0)
        if not known and self._now is not None:
            return array(POSITION_CODE, map(self._now.__getitem__, rows))
        if not known:
            return self._shifts.of(rows)
        for starts in self._opened[known:]:
            rows = moved_up(rows, starts)
        return rows

    # writing

    def set(self, value: Value, rows: "array[Position]") -> None:
        """Keep the rows of a value; they are up to date, and nobody changes them any more."""
        if not rows and value not in self._numbers:
            self._later.pop(value, None)
            self._known.pop(value, None)
            return

        self._later[value] = rows
        if self._opened:
            self._known[value] = len(self._opened)

    def open(self, places: Sequence[Position], width: int) -> None:
        """Make room for rows at these places, ascending, which makes `width` rows."""
        if not self:
            return

        self._shifts.open(places)
        starts = [place - number for number, place in enumerate(places)]
        self._opened.append(array(POSITION_CODE, starts))
        self._places += len(places)
        if len(self._opened) > _OPENINGS or self._places > _OPENED:
            self._settle(width)
        elif len(places) >= _MANY:
            self._now = self._shifts.table(width - self._places)
        else:
            self._now = None

    def copy(self) -> Self:
        """Return rows that can be changed by themselves; what was built is shared."""
        twin = object.__new__(type(self))
        twin._numbers = self._numbers
        twin._ends = self._ends
        twin._rows = self._rows
        twin._later = self._later.copy()
        twin._known = self._known.copy()
        twin._shifts = self._shifts.copy()
        twin._opened = self._opened[:]
        twin._places = self._places
        twin._now = self._now
        return twin

    # inside

    def _built(self, value: Value) -> "array[Position]":
        """Return the rows of a value as they were built, in the old numbering."""
        number = self._numbers.get(value)
        if number is None:
            return _NONE
        return self._rows[self._ends[number] : self._ends[number + 1]]

    def _build(self, rows: Mapping[Value, Sequence[Position]]) -> None:
        """Put the rows of all values together."""
        self._numbers: dict[Value, int] = dict(zip(rows, range(len(rows)), strict=True))
        self._ends = array("I", accumulate(map(len, rows.values()), initial=0))
        self._rows: array[Position] = array(POSITION_CODE, chain.from_iterable(rows.values()))

    def _settle(self, width: int) -> None:
        """Bring all rows up to date."""
        now = self._shifts.table(width - self._places)
        self._rows = array(POSITION_CODE, map(now.__getitem__, self._rows))
        known = self._known
        for value, rows in self._later.items():
            if value not in known:
                self._later[value] = array(POSITION_CODE, map(now.__getitem__, rows))
        self._settle_known()
        self._settled()
        if len(self._later) * _CHANGED > len(self._numbers):
            self._put_together()

    def _settle_known(self) -> None:
        """Bring the rows up to date that reckon with some of the openings.

        Goes back from the last one, so that each value is moved once: 5 µs an opening.
        """
        changed: defaultdict[int, list[Value]] = defaultdict(list)
        for value, known in self._known.items():
            changed[known].append(value)

        since: list[Position] = []  # the places opened since, by the numbering at that time
        for number in range(len(self._opened) - 1, 0, -1):
            starts = self._opened[number]
            places = [start + earlier for earlier, start in enumerate(starts)]
            since = sorted([*starts, *[start - bisect_left(places, start) for start in since]])
            for value in changed[number]:
                self._later[value] = moved_up(self._later[value], since)

    def _put_together(self) -> None:
        """Build all anew; they are up to date. Costs 0.5 µs a value."""
        later = self._later
        spans = zip(self._numbers, pairwise(self._ends), strict=True)
        rows: dict[Value, array[Position]] = {
            value: self._rows[first:end] for value, (first, end) in spans if value not in later
        }
        rows |= {value: places for value, places in later.items() if places}
        self._later = {}
        self._build(rows)

    def _settled(self) -> None:
        """Note that all rows are up to date."""
        self._shifts = Shifts(MOST_ROWS)
        self._opened: list[array[Position]] = []
        self._places = 0
        self._now = None
        self._known: dict[Value, int] = {}
