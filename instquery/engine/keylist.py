"""The rows of a segment in order of their keys: listed once that pays, for orders by key."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from instquery.engine.rowsets import POSITION_CODE, Position
from instquery.query import Record

__all__ = ["KeyList"]

# So often the first rows by key are found without the list, which costs a tenth of making it.
_WISHES = 4

# So many new rows at once are entered, 10 µs each; for more the list is made anew.
_ENTERED = 32


class KeyList:
    """The positions of all rows of a segment, vacant ones included, keys ascending.

    It is made when it is asked for, for 1 µs a row, and takes 2 bytes a row. It holds while no row
    is entered, so that copies of a segment share it; `extended` makes the next one.
    """

    __slots__ = ("_listed", "_wishes")

    def __init__(self, listed: "array[Position] | None" = None) -> None:
        self._listed = listed
        self._wishes = 0

    def all(self, records: Sequence[Record], key: str) -> "array[Position]":
        """Return the list, made now where there is none."""
        listed = self._listed
        if listed is None:
            keys = [record[key] for record in records]
            order = sorted(range(len(keys)), key=keys.__getitem__)
            listed = self._listed = array(POSITION_CODE, order)
        return listed

    def known(self, records: Sequence[Record], key: str) -> "array[Position] | None":
        """Return the list where it pays: it is there, or has been wished for often enough."""
        if self._listed is None:
            self._wishes += 1
            if self._wishes < _WISHES:
                return None
        return self.all(records, key)

    def extended(self, records: Sequence[Record], key: str, width: int) -> "KeyList":
        """Return the list with the rows from `width` on, which are new behind all others."""
        listed = self._listed
        if listed is None or len(records) - width > _ENTERED:
            return KeyList()

        for position in range(width, len(records)):
            at = bisect_left(listed, records[position][key], key=lambda row: records[row][key])
            listed = listed[:at] + array(POSITION_CODE, [position]) + listed[at:]
        return KeyList(listed)

    def faults(self, records: Sequence[Record], key: str) -> Iterator[str]:
        """Compare the list with the records."""
        keys = [record[key] for record in records]
        if self._listed is not None and [keys[at] for at in self._listed] != sorted(keys):
            yield "the list by key"
