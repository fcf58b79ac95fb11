"""The rows of a segment in order of their keys, for orders by key, and for prefixes of keys.

In order of the keys as they are, and for patterns that fold in order of the folded keys: those with
a prefix have their rows side by side.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence

from instquery.engine.keycodes import KeyCodes, codes_of
from instquery.engine.rowsets import POSITION_CODE, Position
from instquery.folding import fold
from instquery.patterns import Pattern
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

    __slots__ = ("_codes", "_folded", "_listed", "_wishes")

    def __init__(
        self,
        listed: "array[Position] | None" = None,
        codes: KeyCodes | None = None,
        folded: "array[Position] | None" = None,
    ) -> None:
        self._listed = listed
        self._codes = codes
        self._folded = folded
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

    def beginning(self, records: Sequence[Record], key: str, pattern: Pattern) -> "array[Position]":
        """Return the rows whose key begins with the prefix of a pattern, as it compares texts.

        Costs 20 µs, and 2 µs a row when rows are listed by their folded keys for the first time.
        """
        if pattern.case:
            listed = self.all(records, key)
        else:
            if self._folded is None:
                self._folded = _in_order([fold(record[key]) for record in records])
            listed = self._folded

        def compared(row: Position) -> str:
            text: str = records[row][key]
            return text if pattern.case else fold(text)

        first = bisect_left(listed, pattern.prefix, key=compared)
        behind = pattern.behind
        end = len(listed) if behind is None else bisect_left(listed, behind, first, key=compared)
        return listed[first:end]

    def extended(self, records: Sequence[Record], key: str, width: int) -> "KeyList":
        """Return the list with the rows from `width` on, which are new behind all others."""
        if len(records) - width > _ENTERED:
            return KeyList()

        def folded(row: Position) -> str:
            return fold(records[row][key])

        listed = _extended(self._listed, len(records), width, lambda row: records[row][key])
        if listed is None:
            return KeyList()
        return KeyList(listed, self._codes, _extended(self._folded, len(records), width, folded))

    def faults(self, records: Sequence[Record], key: str) -> Iterator[str]:
        """Compare the lists with the records, and the codes with the list."""
        keys = [record[key] for record in records]
        listed = self._listed
        if listed is not None and [keys[at] for at in listed] != sorted(keys):
            yield "the list by key"

        codes = self._codes
        if codes is not None and not codes.agree_with(keys[: codes.width]):
            yield "the codes of keys"
        folded = list(map(fold, keys))
        if self._folded is not None and [folded[at] for at in self._folded] != sorted(folded):
            yield "the list by folded key"


def _in_order(keys: Sequence[str]) -> "array[Position]":
    """Return the positions of keys in their order."""
    return array(POSITION_CODE, sorted(range(len(keys)), key=keys.__getitem__))


def _extended(
    listed: "array[Position] | None", end: int, width: int, key_of: Callable[[Position], str]
) -> "array[Position] | None":
    """Return a list with the rows from `width` on, `None` where there is none."""
    if listed is None:
        return None
    for position in range(width, end):
        at = bisect_left(listed, key_of(position), key=key_of)
        listed = listed[:at] + array(POSITION_CODE, [position]) + listed[at:]
    return listed
