"""The index of a tags field: the rows of each pair, and the rows of each key.

Theory of operation
===================

A pair is one value, so a key and a value of two different pairs are never taken for one. A key
alone is a value of its own: a row is in its rows once, however many pairs have that key. Both are
kept as values of keywords are (see `keyword`), by two indexes that are always changed together.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self, TypeAlias

from instquery.engine.column import picked
from instquery.engine.indexes.index import EVERY_ROW, Selection, matching
from instquery.engine.indexes.many import places_of
from instquery.engine.indexes.valuerows import ValueRows
from instquery.engine.opening import Opening
from instquery.engine.rowsets import Position, RowSet, positions
from instquery.engine.sizes import Size
from instquery.predicates import Has, Missing, check_answered
from instquery.query import Record

__all__ = ["TagIndex", "counted_of"]

# To count the pairs of so many rows costs as much as to see which of them a row set holds.
_ROWS_A_SET = 4

Pairs: TypeAlias = tuple[tuple[str, str], ...]
"""The pairs of a row, each once."""


class TagIndex:
    """Pair → rows, and key → rows. See "Theory of operation".

    A tag is selected as a value of a keyword is: a frequent one for nothing, a rare one for 60 ns a
    row. A row costs 4 µs for each of its pairs.
    """

    answers: ClassVar[tuple[type[Any], ...]] = (Has, Missing)
    few: ClassVar[int] = 0
    few_listed: ClassVar[int] = 4

    __slots__ = ("_keys", "_pairs")

    def __init__(self, pairs: ValueRows, keys: ValueRows) -> None:
        self._pairs = pairs
        self._keys = keys

    @classmethod
    def build(cls, values: Sequence[Pairs | None]) -> Self:
        """Build from a column. Costs 0.3 µs a row and pair."""
        keys = [None if pairs is None else _keys(pairs) for pairs in values]
        width = len(values)
        return cls(ValueRows.of(places_of(values), width), ValueRows.of(places_of(keys), width))

    # reading

    def size(self, predicate: Has | Missing, occupied: RowSet) -> Size:
        """Count the rows exactly: a discarded row has no tags here."""
        check_answered(predicate, self.answers)
        if isinstance(predicate, Missing):
            return Size.exactly(self._keys.missing(occupied).bit_count())
        if predicate.values is None:
            return Size.exactly(self._keys.count(predicate.key))
        if len(predicate.values) == 1:
            return Size.exactly(self._pairs.count(_pair(predicate.key, predicate.values[0])))
        pairs = [_pair(predicate.key, value) for value in predicate.values]
        return Size.exactly(self._pairs.any_of(pairs).bit_count())

    def select(self, predicate: Has | Missing) -> Selection:
        """Return exactly the rows that have the tag, or none at all."""
        check_answered(predicate, self.answers)
        if isinstance(predicate, Missing):
            return self._keys.missing(EVERY_ROW), True
        if predicate.values is None:
            return self._keys.select_one(predicate.key)
        if len(predicate.values) == 1:
            return self._pairs.select_one(_pair(predicate.key, predicate.values[0]))
        return self._pairs.select_any([_pair(predicate.key, value) for value in predicate.values])

    def test(
        self, predicate: Has | Missing, positions: Sequence[Position], records: Sequence[Record]
    ) -> list[Position]:
        """Look at the records' own pairs."""
        check_answered(predicate, self.answers)
        return matching(predicate, positions, records)

    def facets(
        self, rows: RowSet, records: Sequence[Record], field: str, key: str | None
    ) -> Counter[str]:
        """Count rows by the keys that they have; or, with a key, by the values that it has.

        A row counts once for each of them. Costs 2 µs a frequent key or pair, and 0.1 µs for each
        pair of a row with a rare one.
        """
        held = self._keys if key is None else self._pairs
        frequent: list[Any] = held.frequent
        if rows.bit_count() <= _ROWS_A_SET * len(frequent):
            frequent = []
        counts: Counter[str] = Counter()
        for value in frequent:
            if key is not None and value[0] != key:
                continue
            common = (rows & held.rows(value)).bit_count()
            if common:
                counts[value if key is None else value[1]] = common

        if frequent and len(held) == len(frequent):
            return counts
        known = set(frequent)
        rest = rows & ~held.missing(rows) if key is None else rows & self._keys.rows(key)
        found: list[Pairs] = [record[field] for record in picked(records, positions(rest))]
        if key is None:
            counts.update([one for pairs in found for one in _keys(pairs) if one not in known])
        else:
            wanted = [one for pairs in found for one in pairs if one[0] == key]
            counts.update([one[1] for one in wanted if one not in known])
        return counts

    def faults(self, values: Sequence[Pairs | None]) -> Iterator[str]:
        """Compare the rows of each pair and each key with a fresh reading."""
        keys = [None if pairs is None else _keys(pairs) for pairs in values]
        yield from self._pairs.disagreements(places_of(values))
        yield from self._keys.disagreements(places_of(keys))

    # writing

    def open(self, opening: Opening) -> None:
        """Make room for rows, as a `KeywordIndex` does."""
        self._pairs.open(opening)
        self._keys.open(opening)

    def add(self, position: Position, value: Pairs | None) -> None:
        """Enter the pairs of a row. Costs 4 µs a pair."""
        self._pairs.admit(position, has_value=value is not None)
        self._keys.admit(position, has_value=value is not None)
        if value is not None:
            for pair in value:
                self._pairs.enter(position, _pair(*pair))
            for key in _keys(value):
                self._keys.enter(position, key)

    def drop(self, position: Position, value: Pairs | None) -> None:
        """Take the pairs of a row out. Costs 4 µs a pair."""
        if value is not None:
            self._pairs.dismiss(position)
            self._keys.dismiss(position)
            for pair in value:
                self._pairs.leave(position, _pair(*pair))
            for key in _keys(value):
                self._keys.leave(position, key)

    def copy(self) -> Self:
        """Copy the directories; row sets and arrays are shared."""
        return type(self)(self._pairs.copy(), self._keys.copy())


def counted_of(pairs: Pairs, key: str | None) -> tuple[str, ...]:
    """Return what a row counts for: its keys, or its values of one key; each once."""
    return _keys(pairs) if key is None else tuple([value for held, value in pairs if held == key])


def _pair(key: str, value: str) -> Any:
    """Return a pair as an index of values knows it: any value that can be hashed will do."""
    return key, value


def _keys(pairs: Pairs) -> tuple[str, ...]:
    """Return the keys of pairs, each once."""
    return tuple(dict.fromkeys([key for key, _ in pairs]))
