"""The index of an instant field: instants cut into bits, so that any range is thirty operations."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, Self

from instquery.engine.indexes.index import Selection
from instquery.engine.opening import Opening
from instquery.engine.rowsets import Position, RowSet, everything, set_of_flags
from instquery.engine.sizes import Size
from instquery.engine.slices import Slices
from instquery.instants import Micros
from instquery.predicates import Bounded, Interval, Missing, check_answered
from instquery.query import Record

__all__ = ["InstantIndex"]

_MISSING = -1  # in the column of codes: a row without an instant

# The type codes of columns: 31 bits hold 68 years of seconds, 63 bits any two instants.
_NARROW, _WIDE = "i", "q"
_MOST_NARROW = (1 << 31) - 1

# Units that a segment's instants may be whole multiples of; the coarser, the fewer slices.
_UNITS = (1_000_000, 1_000, 1)
_SECOND = _UNITS[0]

_DAY = 86_400_000_000


class InstantIndex:
    """One row set for each bit of the instants' codes (bit-sliced), beside the column of codes.

    A code is the distance from the segment's earliest instant in whole seconds, or in milliseconds
    or microseconds where the data needs it. "At least c" takes one AND or OR a bit of c: 2 to 5 µs
    for 32,768 rows. Memory is 4 bytes a row for the column, 8 where codes need more than 31 bits,
    and about 4 for the slices.

    Invariants: the column holds `_MISSING` where a row has no instant, and there the slices hold 0.
    `_base` is no later than any instant, and each lies a multiple of `_unit` behind it.
    """

    answers: ClassVar[tuple[type[Bounded], ...]] = (Interval, Missing)
    few: ClassVar[int] = 0
    few_listed: ClassVar[int] = 256  # 50 ns each, thirty slices 5 to 20 µs

    __slots__ = ("_base", "_column", "_slices", "_unit")

    def __init__(self, values: Sequence[Micros | None]) -> None:
        self._column: array[int]
        self._slices: Slices
        self._base: Micros
        self._unit: int
        self._encode(values=values)

    @classmethod
    def build(cls, values: Sequence[Micros | None]) -> Self:
        """Build from a column of microseconds. Costs 0.3 µs a row."""
        return cls(values)

    # reading

    def size(self, predicate: Interval | Missing, occupied: RowSet) -> Size:
        """Count the rows exactly: a discarded row has no instant here."""
        if not isinstance(predicate, Interval):
            check_answered(predicate, self.answers)
            return Size.exactly((self._missing() & occupied).bit_count())
        return Size.exactly(self.between(predicate.low, predicate.high).bit_count())

    def select(self, predicate: Interval | Missing) -> Selection:
        """Return exactly the rows within the range, or without an instant."""
        if not isinstance(predicate, Interval):
            check_answered(predicate, self.answers)
            return self._missing(), True
        return self.between(predicate.low, predicate.high), True

    def between(self, low: Micros, high: Micros) -> RowSet:
        """Return the rows of an interval: those from its start on, less those behind its end."""
        first = -((self._base - low) // self._unit)  # the first code within, rounded up
        last = (high - self._base) // self._unit
        if first > last:
            return 0
        return self._slices.at_least(first) ^ self._slices.at_least(last + 1)

    def span(self) -> tuple[Micros, Micros]:
        """Return two instants between which all are, themselves included."""
        return self._base, self._base + self._unit * ((1 << len(self._slices.bits)) - 1)

    def instants(self, positions: Iterable[Position]) -> list[Micros]:
        """Return the instants of rows, of those that have one."""
        column, base, unit = self._column, self._base, self._unit
        return [base + code * unit for at in positions if (code := column[at]) != _MISSING]

    def test(
        self,
        predicate: Interval | Missing,
        positions: Sequence[Position],
        records: Sequence[Record],  # noqa: ARG002 - the contract of every index
    ) -> list[Position]:
        """Compare the column."""
        check_answered(predicate, self.answers)
        column = self._column
        if isinstance(predicate, Missing):
            return [position for position in positions if column[position] == _MISSING]
        first = max(0, -((self._base - predicate.low) // self._unit))
        last = (predicate.high - self._base) // self._unit
        return [position for position in positions if first <= column[position] <= last]

    def faults(self, values: Sequence[Micros | None]) -> Iterator[str]:
        """Compare the column with the values, and the slices with the column."""
        expected = list(values)
        codes = list(self._column)
        if self._decoded() != expected:
            yield "the column of instants"

        present = set_of_flags([code != _MISSING for code in codes])
        sliced = self._slices.codes(len(codes))
        if self._slices.present != present or sliced != [max(code, 0) for code in codes]:
            yield "the slices of instants"

    # writing

    def open(self, opening: Opening) -> None:
        """Make room for rows. Costs 1 µs a slice."""
        opening.insert(self._column, [_MISSING] * len(opening.places))
        self._slices.open(opening)

    def add(self, position: Position, value: Micros | None) -> None:
        """Enter an instant; one that base or unit cannot hold makes all be encoded anew."""
        if position == len(self._column):
            self._column.append(_MISSING)
        if value is None:
            return

        code, rest = divmod(value - self._base, self._unit)
        if code < 0 or rest:
            values = self._decoded()
            values[position] = value
            self._encode(values=values, spare=code < 0)
            return

        if code > _MOST_NARROW and self._column.typecode == _NARROW:
            self._column = array(_WIDE, self._column)
        self._column[position] = code
        self._slices.enter(position, code)

    def drop(self, position: Position, value: Micros | None) -> None:  # noqa: ARG002 - the contract
        """Take an instant out of the column and the slices."""
        code = self._column[position]
        if code != _MISSING:
            self._column[position] = _MISSING
            self._slices.leave(position, code)

    def copy(self) -> Self:
        """Copy the column and the list of slices."""
        twin = object.__new__(type(self))  # to make one in the usual way would encode it anew
        twin._column = self._column[:]
        twin._base = self._base
        twin._unit = self._unit
        twin._slices = self._slices.copy()
        return twin

    # inside

    def _missing(self) -> RowSet:
        """Return the rows without an instant, vacant ones included."""
        return everything(len(self._column)) ^ self._slices.present

    def _decoded(self) -> list[Micros | None]:
        """Return the instants of all rows."""
        base, unit = self._base, self._unit
        return [None if code == _MISSING else base + code * unit for code in self._column]

    def _encode(self, *, values: Sequence[Micros | None], spare: bool = False) -> None:
        """Choose base and unit for the instants of all rows, and cut all codes into slices.

        With `spare`, the base leaves room below for as much again: instants that keep coming in
        earlier and earlier have the slices made anew a few times, not every time. Costs 0.3 µs a
        row.
        """
        present = [micros for micros in values if micros is not None]
        unit = _unit_of(present)

        earliest = min(present, default=0)
        latest = max(present, default=0)
        below = latest - earliest + _DAY if spare else 0
        base = (earliest - below) // _SECOND * _SECOND

        codes = [_MISSING if micros is None else (micros - base) // unit for micros in values]
        is_narrow = latest - base <= _MOST_NARROW * unit
        self._column = array(_NARROW if is_narrow else _WIDE, codes)
        self._base, self._unit = base, unit
        self._slices = Slices.cut(
            array(self._column.typecode, [max(code, 0) for code in codes]),
            [code != _MISSING for code in codes],
        )


def _unit_of(instants: Sequence[Micros]) -> int:
    """Return the coarsest unit that all instants are whole multiples of."""
    for unit in _UNITS[:-1]:
        if not any(micros % unit for micros in instants):
            return unit
    return _UNITS[-1]
