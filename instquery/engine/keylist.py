"""The rows of a segment in order of their keys, for orders by key."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from instquery.engine.keycodes import KeyCodes, codes_of
from instquery.engine.rowsets import POSITION_CODE, Position
from instquery.query import Record

__all__ = ["KeyList"]

# So often the first rows by key are found without the list, which costs a tenth of making it.
_WISHES = 4

# So many new rows at once are entered, 10 µs each; for more the list is made anew.
_ENTERED = 32

# With more rows than these behind the ones that have a code, all are given codes anew.
_UNCODED = 1_024


class KeyList:
    """The positions of all rows of a segment, vacant ones included, keys ascending.

    It is made as a segment is built, for 0.5 µs a row, and takes 3 bytes a row. It holds while no
    row is entered, so that copies of a segment share it; `extended` makes the next one. Where rows
    have come in between, it is made when it is asked for, for 1 µs a row.
    """

    __slots__ = ("_codes", "_listed", "_wishes")

    def __init__(
        self, listed: "array[Position] | None" = None, codes: KeyCodes | None = None
    ) -> None:
        self._listed = listed
        self._codes = codes
        self._wishes = 0

    @classmethod
    def build(cls, keys: Sequence[str]) -> "KeyList":
        """Make the list of rows with these keys, and their codes."""
        listed = _in_order(keys)
        return cls(listed, codes_of(listed))

    def all(self, records: Sequence[Record], key: str) -> "array[Position]":
        """Return the list, made now where there is none."""
        listed = self._listed
        if listed is None:
            listed = self._listed = _in_order([record[key] for record in records])
        return listed

    def known(self, records: Sequence[Record], key: str) -> "array[Position] | None":
        """Return the list where it pays: it is there, or has been wished for often enough."""
        if self._listed is None:
            self._wishes += 1
            if self._wishes < _WISHES:
                return None
        return self.all(records, key)

    def codes(self, records: Sequence[Record], key: str) -> KeyCodes:
        """Return the codes of nearly all rows, the first ones; made where there are none."""
        codes = self._codes
        if codes is None or len(records) - codes.width > _UNCODED:
            codes = self._codes = codes_of(self.all(records, key))
        return codes

    def extended(self, records: Sequence[Record], key: str, width: int) -> "KeyList":
        """Return the list with the rows from `width` on, which are new behind all others."""
        listed = self._listed
        if listed is None or len(records) - width > _ENTERED:
            return KeyList()

        for position in range(width, len(records)):
            at = bisect_left(listed, records[position][key], key=lambda row: records[row][key])
            listed = listed[:at] + array(POSITION_CODE, [position]) + listed[at:]
        return KeyList(listed, self._codes)

    def faults(self, records: Sequence[Record], key: str) -> Iterator[str]:
        """Compare the list with the records, and the codes with the list."""
        keys = [record[key] for record in records]
        listed = self._listed
        if listed is not None and [keys[at] for at in listed] != sorted(keys):
            yield "the list by key"

        codes = self._codes
        if codes is not None and not codes.agree_with(keys[: codes.width]):
            yield "the codes of keys"


def _in_order(keys: Sequence[str]) -> "array[Position]":
    """Return the positions of keys in their order."""
    return array(POSITION_CODE, sorted(range(len(keys)), key=keys.__getitem__))
