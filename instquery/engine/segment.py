"""A segment: a stretch of the records in answer order, each row a bit position, with an index for each field."""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Self

from instquery.engine.indexes.index import Index, Lookup, matching
from instquery.engine.indexes.instant import InstantIndex
from instquery.engine.indexes.keyword import KeywordIndex
from instquery.engine.indexes.order import OrderIndex
from instquery.engine.indexes.text import TextIndex
from instquery.engine.rowsets import everything, insert, newest, positions, set_of
from instquery.engine.sizes import Size
from instquery.predicates import Bounded, Value, check_answered
from instquery.query import Record
from instquery.schema import Entry, Schema

__all__ = ["Matches", "Segment"]

_INDEXES: Mapping[str, type[Index]] = {
    "values": KeywordIndex,
    "parts": TextIndex,
    "slices": InstantIndex,
}
"""The class of index by what a kind of field says of its own."""

Matches = int | list[int]
"""Rows that match: a row set, or their positions, newest first."""


class Segment:
    """Rows in ascending position, the last one answered first; `live` are those not discarded.

    A discarded row keeps its place, so that no other row moves, until the segment is built anew.
    `owner` is whoever may change this segment; anyone else copies it first.
    """

    __slots__ = (
        "_borrowed",
        "_indexes",
        "_order",
        "_schema",
        "count",
        "occupied",
        "owner",
        "records",
    )

    def __init__(self, schema: Schema, owner: object) -> None:
        self._schema = schema
        self.owner = owner
        self.records: list[Record] = []
        self.occupied = 0
        self.count = 0
        self._order: OrderIndex
        self._indexes: dict[str, Index] = {}
        self._borrowed: set[str] = set()  # fields whose index another segment shares

    @classmethod
    def build(cls, schema: Schema, entries: Sequence[Entry], owner: object) -> Self:
        """Build from entries, oldest first (rank ascending, ties by key descending)."""
        segment = cls(schema, owner)
        segment.records = [entry.row for entry in entries]
        segment.count = len(entries)
        segment.occupied = everything(len(entries))
        segment._order = OrderIndex(array("q", [entry.rank for entry in entries]), descending=schema.order.descending)
        for name, field in schema.fields.items():
            if field.indexed and field.kind.index is not None and name != schema.order.field:
                column = segment._column(name, segment.records)
                segment._indexes[name] = _INDEXES[field.kind.index].build(column)
        return segment

    def copy(self, owner: object) -> Self:
        """Return a segment with the same content that `owner` may change; costs 0.1 ms.

        Rows and row sets are shared for good, each index until it is changed.
        """
        twin = type(self)(self._schema, owner)
        twin.records, twin.occupied, twin.count = self.records[:], self.occupied, self.count
        twin._order, twin._indexes = self._order, self._indexes.copy()
        twin._borrowed = {*self._indexes, self._schema.order.field}
        return twin

    # reading

    def __len__(self) -> int:
        """Count the places, those of discarded rows included."""
        return len(self.records)

    def __iter__(self) -> Iterator[Record]:
        """Walk the live rows as they are kept, in answer order."""
        return map(self.records.__getitem__, positions(self.occupied))

    def entries(self) -> list[Entry]:
        """List the live rows as entries, oldest first."""
        key = self._schema.key
        flags = positions(self.occupied)[::-1]
        ranks = self._order.ranks
        return [Entry(ranks[at], self.records[at][key], self.records[at]) for at in flags]

    def is_below(self, rank: int, key: str) -> bool:
        """Tell whether the oldest row's place in the order is at or below the given one."""
        oldest = self._order.ranks[0]
        return oldest < rank or (oldest == rank and self.records[0][self._schema.key] >= key)

    def ranks(self) -> tuple[int, int]:
        """Return the ranks of the oldest and of the newest row, discarded ones included."""
        return self._order.ranks[0], self._order.ranks[-1]

    def place(self, rank: int, key: str) -> int:
        """Return the position of this place in the order, whether or not a row has it."""
        return self._order.place(rank, key, self.records, self._schema.key)

    def lookup(self, field: str) -> Lookup | None:
        """Return what can be asked about a field, or `None` where it has no index."""
        return self._indexes.get(field) or (self._order if field == self._schema.order.field else None)

    def size(self, predicate: Bounded) -> Size:
        """Tell how many live rows match a predicate; without an index, any of them may."""
        lookup = self.lookup(predicate.field)
        if lookup is not None:
            return lookup.size(predicate, self.occupied)
        check_answered(predicate)
        return Size.at_most(self.count)

    def number_of(self, matches: Matches) -> int:
        """Count what `match` returned."""
        if isinstance(matches, list):
            return len(matches)
        return self.count if matches is self.occupied else matches.bit_count()

    def match(
        self,
        selected: Sequence[Bounded],
        tested: Iterable[Bounded] = (),
        enough: int | None = None,
        below: int | None = None,
    ) -> Matches:
        """Return the rows that match all predicates, by indexes for `selected` and row by row for `tested`.

        As a row set, or as positions, newest first, where rows had to be tested one by one. With `enough`,
        at least that many of the newest matches are found and older ones may be missing; with `below`, only
        rows at lower positions count.
        Once few rows are left, they are tested whatever was planned.
        """
        rows = self.occupied if below is None else self.occupied & everything(below)
        doubtful = list(tested)
        for number, predicate in enumerate(selected):
            lookup = self.lookup(predicate.field)
            if lookup is None or (lookup.few and rows is not self.occupied and rows.bit_count() <= lookup.few):
                doubtful.append(predicate)
                continue
            found, exact = lookup.select(predicate)
            if not found:
                return 0
            if isinstance(found, list):
                if rows is self.occupied:
                    first = () if exact else (predicate,)
                    return self._keep(found, (*first, *doubtful, *selected[number + 1 :]))
                found = set_of(found, len(self.records))
            if found != -1 and not (rows := rows & found):
                return 0
            if not exact:
                doubtful.append(predicate)
        return self._verify(rows, doubtful, enough) if doubtful else rows

    def _verify(self, rows: int, doubtful: Sequence[Bounded], enough: int | None) -> list[int]:
        """Keep the rows that pass every test; newest first, in growing portions until there are enough."""
        if enough is None or rows.bit_count() <= 4 * enough + 256:
            return self._keep(positions(rows), doubtful)
        portion = 4 * enough + 16
        kept: list[int] = []
        start = 0
        while start < self.count and len(kept) < enough:
            part = newest(rows, start, portion)
            if not part:
                break
            start += portion
            portion *= 4
            kept += self._keep(part, doubtful)
        return kept

    def _keep(self, part: list[int], doubtful: Iterable[Bounded]) -> list[int]:
        """Return those of the positions whose row passes every test."""
        for predicate in doubtful:
            lookup = self.lookup(predicate.field)
            part = (matching if lookup is None else lookup.test)(predicate, part, self.records)
        return part

    def grams(self) -> Iterator[tuple[str, set[str] | None]]:
        """Yield for each text field the grams of three characters it was built with, `None` where not known."""
        for name, index in self._indexes.items():
            if isinstance(index, TextIndex):
                yield name, index.grams()

    def facets(self, field: str, matches: Matches) -> Counter[Value]:
        """Count the values of a keyword field among the rows that match."""
        rows = matches if isinstance(matches, int) else set_of(matches, len(self.records))
        index = self._indexes.get(field)
        if isinstance(index, KeywordIndex):
            return index.facets(rows, self.records, field)
        return Counter(value for at in positions(rows) if (value := self.records[at].get(field)) is not None)

    def faults(self) -> Iterator[str]:
        """Name what does not agree with the rows."""
        there = positions(self.occupied)[::-1]
        if len(there) != self.count or there[-1:] > [len(self.records) - 1]:
            yield "the rows said to be there are not as many, or not among those held"
        if list(self._order.ranks) != [self._schema.rank(record) for record in self.records]:
            yield f"{self._schema.order.field}: ranks"
        for name, index in self._indexes.items():
            values: list[object] = [None] * len(self.records)
            for at, value in zip(there, self._column(name, [self.records[at] for at in there]), strict=True):
                values[at] = value
            yield from (f"{name}: {fault}" for fault in index.faults(values))

    # writing

    def insert(self, entry: Entry) -> None:
        """Enter a row at its place; at the top nothing moves, elsewhere every index makes room."""
        position = self.place(entry.rank, entry.key)
        if not self._is_vacant(position, entry):
            if position < len(self.records):
                self.occupied = insert(self.occupied, position)
                for name in self._indexes:
                    self._own(name).open(position)
            if self._schema.order.field in self._borrowed:
                self._order = self._order.copy()
                self._borrowed.discard(self._schema.order.field)
            self._order.insert(position, entry.rank)
            self.records.insert(position, entry.row)
        self.records[position] = entry.row
        self.occupied |= 1 << position
        self.count += 1
        for name in self._indexes:
            self._own(name).add(position, self._value(name, entry.row))

    def replace(self, position: int, record: Record) -> None:
        """Put another row with the same key and rank in a row's place; only changed fields cost anything."""
        old = self.records[position]
        self.records[position] = record
        for name in self._indexes:
            before, after = old.get(name), record.get(name)
            if before != after or type(before) is not type(after):
                index = self._own(name)
                index.drop(position, self._value(name, old))
                index.add(position, self._value(name, record))

    def discard(self, position: int) -> None:
        """Take a row out; its place stays, vacant."""
        record = self.records[position]
        self.occupied ^= 1 << position
        self.count -= 1
        for name in self._indexes:
            self._own(name).drop(position, self._value(name, record))

    def _value(self, name: str, record: Record) -> object:
        """Return what the index of a field is told of a row."""
        value = record.get(name)
        read = self._schema.reader(name)
        return value if read is None else read(value)

    def _column(self, name: str, records: Iterable[Record]) -> list[object]:
        """Return what the index of a field is told of many rows; 0.5 µs an instant, most of it parsing."""
        values: list[object] = [record.get(name) for record in records]
        read = self._schema.reader(name)
        return values if read is None else list(map(read, values))

    def _own(self, name: str) -> Index:
        """Return the index of a field, made ready to be changed."""
        if name in self._borrowed:
            self._indexes[name] = self._indexes[name].copy()
            self._borrowed.discard(name)
        return self._indexes[name]

    def _is_vacant(self, position: int, entry: Entry) -> bool:
        """Tell whether a discarded row with the entry's own place in the order is at this position."""
        return (
            position < len(self.records)
            and self._order.ranks[position] == entry.rank
            and self.records[position][self._schema.key] == entry.key
        )
