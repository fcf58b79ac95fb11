"""Columns: values by position, in a list that copies share.

Theory of operation
===================

To copy a list touches every object in it, and the garbage collector walks each new list two or
three times: for 32,768 values 1 to 5 ms, mostly waits for far memory. So a copy of a column shares
the list, which nobody changes then but for appending to it, and has numbers of its own:

    values    the list: a *slot* for each value, in order of arrival
    slots     position → slot, two bytes each; none while each value is in the slot of its position

    change                     while nobody shares the list   once a copy has been made
    -------------------------  -----------------------------  --------------------------------------
    a value is replaced        in its slot                    a new slot; the old one is left behind
    values come in between     new slots, numbers move        the same
    one slot in `_LEFT` or     cannot be                      the column takes a list of its own
    more has been left behind

What a copy appends is in no slot that another one has a number of, whatever is appended by whom. So
each sees the values that it had, and readers of one may go on while another is changed. An append
that a signal handler interrupts with one of its own may get the number of the wrong slot: that
write is never published (see `current`).
"""

from array import array
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Self, TypeVar, overload

from instquery.engine.opening import Opening
from instquery.engine.rowsets import EVERY_POSITION, MOST_ROWS, Position

__all__ = ["Column", "listed", "picked"]

T = TypeVar("T")

# A column takes a list of its own once one slot in so many of its list, and `_SPARE` more, are of
# no use to it: 1 to 5 ms for 32,768 values, after 4,096 changes.
_LEFT = 8
_SPARE = 64


class Column(Sequence[T]):
    """Values at the positions 0 to n - 1. See "Theory of operation".

    A copy costs 3 µs for 32,768 values. Memory is 8 bytes a value, and 2 once values have come in
    between, or were replaced in a copy.

    Attributes:
        width: how many values there are: `len`, for less.

    """

    __slots__ = ("_is_shared", "_slots", "_values", "width")

    def __init__(self, values: list[T]) -> None:
        """Take a list over."""
        self._values = values
        self.width = len(values)
        self._slots: array[int] | None = None
        self._is_shared = False

    # reading

    def __len__(self) -> int:
        return self.width

    def __iter__(self) -> Iterator[T]:
        if self._slots is None:
            return islice(self._values, self.width)
        return map(self._values.__getitem__, self._slots)

    @overload
    def __getitem__(self, at: Position) -> T: ...

    @overload
    def __getitem__(self, at: slice) -> list[T]: ...

    def __getitem__(self, at: "Position | slice") -> "T | list[T]":
        """Return the value at a position, or a list of those within a slice. Costs 0.1 µs."""
        values, slots = self._values, self._slots
        if isinstance(at, slice):
            if slots is None:
                first, end, step = at.indices(self.width)
                return values[first:end:step] if step > 0 else values[: self.width][at]
            return [values[slot] for slot in slots[at]]
        if slots is not None:
            return values[slots[at]]
        return values[at if at >= 0 else at + self.width]

    def picked(self, positions: Sequence[Position]) -> list[T]:
        """List the values at positions. Costs 30 ns each, 10 more where there are slots."""
        values, slots = self._values, self._slots
        if slots is None:
            return [values[at] for at in positions]
        return [values[slots[at]] for at in positions]

    def newest(self, skip: int, take: int) -> list[T]:
        """List the last values, newest first, without the `skip` newest."""
        end = max(0, self.width - skip)
        first = max(0, end - take)
        if self._slots is None:
            return self._values[first:end][::-1]
        values = self._values
        return [values[slot] for slot in self._slots[first:end][::-1]]

    def listed(self) -> "tuple[Sequence[T], array[int] | None]":
        """Return the list, and the slot in it of each position, if that is another one.

        For whoever looks at so many that a call for each would cost more than the look.
        """
        return self._values, self._slots

    # writing

    def __setitem__(self, at: Position, value: T) -> None:
        """Put a value in the place of another one."""
        if self._is_shared:
            self._make_room(1)
        if not self._is_shared:
            slots = self._slots
            self._values[at if slots is None else slots[at]] = value
            return

        slot = self._appended(value)
        self._numbered()[at] = slot

    def append(self, value: T) -> None:
        """Put a value behind the last one."""
        self._make_room(1)
        slot = self._appended(value)
        if self._slots is not None or slot != self.width:
            self._numbered().append(slot)
        self.width += 1

    def open(self, opening: Opening, values: Sequence[T]) -> None:
        """Enter values between others. Costs 2 µs each for 32,768 values."""
        self._make_room(len(values))
        opening.insert(self._numbered(), [self._appended(value) for value in values])
        self.width += len(values)

    def copy(self) -> Self:
        """Return a column with the same values that can be changed by itself."""
        self._is_shared = True
        twin = object.__new__(type(self))
        twin._values = self._values
        twin.width = self.width
        twin._slots = None if self._slots is None else self._slots[:]
        twin._is_shared = True
        return twin

    # inside

    def _numbered(self) -> "array[int]":
        """Return the slots, which may be changed."""
        if self._slots is None:
            self._slots = EVERY_POSITION[: self.width]
        return self._slots

    def _appended(self, value: T) -> int:
        """Append a value to the list, and return its slot."""
        self._values.append(value)
        return len(self._values) - 1

    def _make_room(self, count: int) -> None:
        """Make sure that so many slots can be numbered, and that not too many are left behind."""
        most = self.width + count
        most += most // _LEFT + _SPARE
        if len(self._values) + count > min(most, MOST_ROWS):
            self._values = list(self)
            self._slots = None
            self._is_shared = False


def listed(values: Sequence[T]) -> "tuple[Sequence[T], array[int] | None]":
    """Return what `Column.listed` does; of any other sequence, itself."""
    return values.listed() if isinstance(values, Column) else (values, None)


def picked(values: Sequence[T], positions: Sequence[Position]) -> list[T]:
    """List the values at positions, of a column or of any other sequence."""
    if isinstance(values, Column):
        return values.picked(positions)
    return [values[at] for at in positions]
