"""A segment: a stretch of the records in answer order, with an index for each field.

Theory of operation
===================

A segment numbers its rows: position 0 is the oldest, the highest position is answered first. Each
row has one record, and what can be asked about a field has one index over all rows. Within a
segment the answer to a predicate is a row set, and the answer to several is what their row sets
have in common.

A row whose record is discarded stays, *vacant* (a tombstone), so that no other row moves; the
others are *occupied*. A record with the very place of a vacant row gets that row. Any other one is
inserted: at the top nothing moves, elsewhere every row set opens a place, once for all records that
are inserted together (see `opening`). Vacant rows go when the segment is built anew.

    part               of a vacant row                     in a copy of the segment
    -----------------  ----------------------------------  -----------------------------------------
    `records`          the record, for its place alone     shared, but for its numbers (`column`)
    `occupied`         not in it                           shared: an integer
    the order index    its rank                            shared until it is changed (`_borrowed`)
    the list by key    as if it were there                 shared: it is replaced
    any other index    no value; it may still be           shared until it is changed
                       selected, and is left out here

Invariants, for all rows p:

- their places (rank, then key) ascend: rank ascending, ties by key descending;
- `_order.ranks[p]` is the rank of `records[p]`;
- an index agrees with the value of `records[p]` where p is occupied, else with `None`;
- `count` is the number of occupied rows, and there are at most `rowsets.MOST_ROWS` rows.

Only the owner may change a segment (see `current`), and only while nobody else looks at it. Records
are never changed at all.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self, TypeAlias

from instquery.engine.column import Column
from instquery.engine.indexes.index import EVERY_ROW, Index, Lookup
from instquery.engine.indexes.instant import InstantIndex
from instquery.engine.indexes.keyword import KeywordIndex
from instquery.engine.indexes.many import ManyIndex
from instquery.engine.indexes.manytext import ManyTextIndex
from instquery.engine.indexes.number import NumberIndex
from instquery.engine.indexes.order import OrderIndex
from instquery.engine.indexes.tag import TagIndex
from instquery.engine.indexes.text import TextIndex
from instquery.engine.keylist import KeyList
from instquery.engine.opening import Opening
from instquery.engine.rowsets import (
    MOST_ROWS,
    Position,
    RowSet,
    count_all,
    everything,
    positions,
    set_of,
)
from instquery.engine.sizes import Size
from instquery.orderings import Rank
from instquery.patterns import Pattern
from instquery.predicates import check_answered
from instquery.query import Record
from instquery.schema import Entry, Schema
from instquery.terms import Term, Tree

__all__ = ["Matches", "Rows", "Segment", "count_rows"]

_INDEXES: Mapping[str, type[Index]] = {
    "values": KeywordIndex,
    "parts": TextIndex,
    "slices": InstantIndex,
    "ranks": NumberIndex,
    "pairs": TagIndex,
}
"""The class of index by what a kind of field says of its own."""

_MANY: Mapping[str, type[Index]] = {"values": ManyIndex, "parts": ManyTextIndex}
"""The same for fields of many values."""

_Texts: TypeAlias = TextIndex | ManyTextIndex

_ORDER = ""
"""Stands for the order among the names of fields whose index is borrowed; no field is ranked so."""

Matches: TypeAlias = RowSet | list[Position]
"""Rows that match: a row set, or their positions, newest first."""


class Segment:
    """Records by position, and their indexes. See "Theory of operation".

    Attributes:
        owner: the mark of whoever may change this segment; anyone else copies it first.
        records: the record of each row, vacant ones included.
        occupied: the rows whose record is not discarded.
        count: how many these are.
        keys: the rows in order of their keys.

    """

    __slots__ = (
        "_borrowed",
        "_indexes",
        "_order",
        "_schema",
        "count",
        "keys",
        "occupied",
        "owner",
        "records",
    )

    def __init__(self, schema: Schema, owner: object) -> None:
        self._schema = schema
        self.owner = owner
        self.records: Column[Record] = Column([])
        self.occupied: RowSet = 0
        self.count = 0
        self._order: OrderIndex
        self._indexes: dict[str, Index] = {}
        self._borrowed: set[str] = set()  # fields whose index another segment shares
        self.keys = KeyList()

    @classmethod
    def build(cls, schema: Schema, entries: Sequence[Entry], owner: object) -> Self:
        """Build from entries, oldest first (rank ascending, ties by key descending)."""
        segment = cls(schema, owner)
        segment.records = Column([entry.row for entry in entries])
        segment.count = len(entries)
        segment.occupied = everything(len(entries))
        segment.keys = KeyList.build([entry.key for entry in entries])

        segment._order = OrderIndex.build(schema, [entry.rank for entry in entries])
        for name, field in schema.fields.items():
            if field.has_index and name != segment._order.field and field.kind.index is not None:
                column = segment._column(name, segment.records)
                classes = _MANY if field.many else _INDEXES
                segment._indexes[name] = classes[field.kind.index].build(column)
        return segment

    def copy(self, owner: object) -> Self:
        """Return a segment with the same content that `owner` may change. Costs 5 µs."""
        twin = type(self)(self._schema, owner)
        twin.records = self.records.copy()
        twin.occupied = self.occupied
        twin.count = self.count
        twin._order = self._order
        twin.keys = self.keys
        twin._indexes = self._indexes.copy()
        twin._borrowed = {*self._indexes, _ORDER}
        return twin

    # reading

    def __len__(self) -> int:
        """Count the rows, vacant ones included."""
        return self.records.width

    def __iter__(self) -> Iterator[Record]:
        """Walk the records as they are kept, in answer order."""
        return iter(self.records.picked(positions(self.occupied)))

    def entries(self) -> list[Entry]:
        """List the records as entries, oldest first."""
        key = self._schema.key
        ranks, records = self._order.ranks, self.records
        places = positions(self.occupied)[::-1]
        return [Entry(ranks[at], records[at][key], records[at]) for at in places]

    def is_below(self, rank: Rank, key: str) -> bool:
        """Tell whether the oldest row's place in the order is at or below the given one."""
        oldest = self._order.ranks[0]
        if oldest == rank:
            return bool(self.records[0][self._schema.key] >= key)
        return bool(oldest < rank)

    def ranks(self) -> tuple[Rank, Rank]:
        """Return the ranks of the oldest and of the newest row, vacant ones included."""
        return self._order.ranks[0], self._order.ranks[-1]

    def place(self, rank: Rank, key: str) -> Position:
        """Return the position of this place in the order, whether or not a record has it."""
        return self._order.place(rank, key, self.records, self._schema.key)

    def lookup(self, field: str) -> Lookup | None:
        """Return what can be asked about a field, or `None` where it has no index."""
        index = self._indexes.get(field)
        if index is None and field == self._order.field:
            return self._order
        return index

    def size(self, term: Term) -> Size:
        """Tell how many records match; without an index, any of them may."""
        if isinstance(term, Tree):
            return self._size_of_tree(term, {})

        lookup = self.lookup(term.field)
        if lookup is not None:
            has_vacant = self.count < self.records.width
            return lookup.size(term, self.occupied if has_vacant else EVERY_ROW)

        check_answered(term)
        return Size.at_most(self.count)

    @staticmethod
    def texts(segments: "Sequence[Segment]") -> Iterator[tuple[str, type[_Texts], list[Any]]]:
        """Yield each text field with the class of its indexes, and these: of one schema."""
        for name, index in segments[0]._indexes.items() if segments else ():
            if isinstance(index, _Texts):
                yield name, type(index), [one._indexes[name] for one in segments]

    def faults(self) -> Iterator[str]:
        """Name what does not agree with the records."""
        places = positions(self.occupied)[::-1]
        if len(places) != self.count or places[-1:] > [len(self.records) - 1]:
            yield "the rows said to be there are not as many, or not among those held"
        if len(self.records) > MOST_ROWS:
            yield "more rows than positions can number"
        if list(self._order.ranks) != [self._schema.rank(record) for record in self.records]:
            yield f"{self._order.field or 'the order'}: ranks"

        yield from self.keys.faults(self.records, self._schema.key)

        records = [self.records[at] for at in places]
        for name, index in self._indexes.items():
            values: list[object] = [None] * len(self.records)
            for at, value in zip(places, self._column(name, records), strict=True):
                values[at] = value
            yield from (f"{name}: {fault}" for fault in index.faults(values))

    def beginning(self, pattern: Pattern) -> RowSet:
        """Return the rows whose key begins with the prefix of a pattern."""
        rows = self.keys.beginning(self.records, self._schema.key, pattern)
        return set_of(rows, len(self)) & self.occupied

    def keys_at(self, rows: RowSet) -> list[str]:
        """List the keys of rows."""
        key = self._schema.key
        return [record[key] for record in self.records.picked(positions(rows))]

    # writing

    def insert(self, entries: Sequence[Entry]) -> None:
        """Enter records at their places, oldest first.

        At the top nothing moves, elsewhere every index makes room: for all of the records at once.
        """
        width = len(self.records)
        placed: list[Position] = []
        between: list[Entry] = []
        opened: list[Position] = []
        for entry in entries:
            place = self.place(entry.rank, entry.key)
            position = place + len(opened)  # behind the older ones that are new
            if place == width:
                position = max(position, placed[-1] + 1) if placed else position
            elif not self._is_vacant(place, entry):
                opened.append(position)
                between.append(entry)
            placed.append(position)

        if between:
            self._open(opened, between)
        self._enter(placed, entries)

    def replace(self, position: Position, record: Record) -> None:
        """Put a record in the place of another one of the same key and rank.

        Only changed fields cost anything.
        """
        old = self.records[position]
        self.records[position] = record
        for name in self._indexes:
            before, after = old.get(name), record.get(name)
            if before is not after and (before != after or type(before) is not type(after)):
                index = self._own(name)
                index.drop(position, self._value(name, old))
                index.add(position, self._value(name, record))

    def discard(self, position: Position) -> None:
        """Take a record out; its row stays, vacant."""
        record = self.records[position]
        self.occupied ^= 1 << position
        self.count -= 1
        for name in self._indexes:
            self._own(name).drop(position, self._value(name, record))

    # inside

    def _size_of_tree(self, tree: Tree, known: dict[int, Size]) -> Size:
        """Combine the sizes of the parts; that of a leaf that stands in many places is `known`."""
        for part in tree.parts:
            if id(part) not in known:
                known[id(part)] = (
                    self._size_of_tree(part, known) if isinstance(part, Tree) else self.size(part)
                )
        return Size.of_tree(tree.word, [known[id(part)] for part in tree.parts], self.count)

    def _value(self, name: str, record: Record) -> object:
        """Return what the index of a field is told of a record."""
        value = record.get(name)
        read = self._schema.reader(name)
        return value if read is None else read(value)

    def _column(self, name: str, records: Iterable[Record]) -> list[object]:
        """Return what the index of a field is told of many records.

        Costs 0.5 µs an instant, most of it parsing.
        """
        values: list[object] = [record.get(name) for record in records]
        read = self._schema.reader(name)
        return values if read is None else list(map(read, values))

    def _is_vacant(self, position: Position, entry: Entry) -> bool:
        """Tell whether the row at this position, a vacant one, has the entry's very place."""
        return bool(
            self._order.ranks[position] == entry.rank
            and self.records[position][self._schema.key] == entry.key
        )

    def _open(self, places: Sequence[Position], entries: Sequence[Entry]) -> None:
        """Make room for entries between other rows: they have their ranks, and are vacant."""
        opening = Opening(places, len(self.records))
        self.keys = KeyList()
        self.occupied = opening.moved(self.occupied)
        for name in self._indexes:
            self._own(name).open(opening)

        self._own_order().open(opening, [entry.rank for entry in entries])
        self.records.open(opening, [entry.row for entry in entries])

    def _enter(self, places: Sequence[Position], entries: Sequence[Entry]) -> None:
        """Enter records at vacant rows, or behind the last one; places ascend."""
        width = len(self.records)
        for place, entry in zip(places, entries, strict=True):
            if place < width:
                if self.records[place] is not entry.row:  # it takes the row of a vacant one
                    self.records[place] = entry.row
            else:
                self._own_order().ranks.append(entry.rank)
                self.records.append(entry.row)
            self.occupied |= 1 << place
        self.count += len(places)
        if len(self.records) > width:
            self.keys = self.keys.extended(self.records, self._schema.key, width)

        rows = [entry.row for entry in entries]
        for name in self._indexes:
            index = self._own(name)
            for place, value in zip(places, self._column(name, rows), strict=True):
                index.add(place, value)

    def _own_order(self) -> OrderIndex:
        """Return the order index, made ready to be changed."""
        if _ORDER in self._borrowed:
            self._order = self._order.copy()
            self._borrowed.discard(_ORDER)
        return self._order

    def _own(self, name: str) -> Index:
        """Return the index of a field, made ready to be changed."""
        if name in self._borrowed:
            self._indexes[name] = self._indexes[name].copy()
            self._borrowed.discard(name)
        return self._indexes[name]


Rows: TypeAlias = list[tuple[Segment, RowSet]]
"""Rows of several segments."""


def count_rows(rows: Rows) -> int:
    """Count rows. Costs 1 to 2 µs a segment."""
    if all(wanted is segment.occupied for segment, wanted in rows):
        return sum([segment.count for segment, _ in rows])
    return count_all([wanted for _, wanted in rows])
