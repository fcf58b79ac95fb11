"""A writer: makes the next version of a store from checked changes."""

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from operator import itemgetter
from secrets import token_hex

from instquery.engine.census import Census
from instquery.engine.directory import Directory
from instquery.engine.rowsets import MOST_ROWS
from instquery.engine.segment import Segment
from instquery.engine.version import Version, seek
from instquery.pages import Plain
from instquery.query import Record
from instquery.schema import Entry

__all__ = ["SEGMENT_ROWS", "Writer"]

# A segment takes in records until it has so many times the rows that segments are built with. Then
# it is built anew, as several.
_GROWTH = 2

SEGMENT_ROWS = MOST_ROWS // _GROWTH
"""How many rows segments are built with, unless said otherwise; and the most."""

# Entering a row, among many, costs about as much as this many rows cost when a segment is built in
# bulk. Measured with 250 to 10,000 rows for a segment of 32,000: equal at 2.8 to 5 with two text
# fields, at 2.4 to 8 with none, less where there are more rows.
_BULK = 3

# So many new records are never a brief write.
_MANY = 256


class Writer:
    """Applies changes that have been checked already: none of its steps can be refused.

    What bears the mark of the writer's owner is changed in place, segments and directory alike.
    What bears another one is copied first, as a reader may see it. The census is changed in place,
    so nobody else may use it meanwhile.

    Invariants, between any two calls: the segments are newest first and do not overlap, each has at
    most `_GROWTH` * `segment_rows` rows, and the directory, the census and `_count` agree with
    them.
    """

    def __init__(self, version: Version, census: Census, owner: object, segment_rows: int) -> None:
        self.census = census
        self._schema = version.schema
        self._owner = owner
        self._segment_rows = segment_rows
        self._segments = list(version.segments)
        self._count = version.count
        self._thinned = False  # whether a segment has lost so many records that it may have to go

        is_own = version.directory.owner is owner
        self._directory = version.directory if is_own else version.directory.copy(owner)

    def apply(self, puts: Mapping[str, Entry], gone: Collection[str]) -> None:
        """Take keys out and put entries in; in bulk where most of the records change."""
        if (len(gone) + len(puts)) * 2 > self._count + len(puts):
            self.complete(puts, gone)
            return

        for key in gone:
            record = self._directory.get(key)
            if record is not None:
                self.discard(record)
        self.put(puts)

    def complete(self, puts: Mapping[str, Entry], gone: Collection[str]) -> None:
        """Do the same by building everything anew, whether or not some of it has been done."""
        out = set(gone)
        rank = self._schema.rank
        kept = {
            key: Entry(rank(record), key, record)
            for key, record in self._directory.items()
            if key not in out
        }

        self._segments = []
        self._directory = Directory(self._owner, len(kept) + len(puts))
        self.census = Census(self._schema)
        self._count = 0
        self._thinned = False
        self._insert(list({**kept, **puts}.values()))

    def put(self, entries: Mapping[str, Entry]) -> None:
        """Enter records by key.

        One that replaces another moves if its place in the order has changed.
        """
        fresh: list[Entry] = []
        for key, entry in entries.items():
            old = self._directory.get(key)
            if old is None:
                fresh.append(entry)
            elif self._schema.rank(old) == entry.rank:
                self._replace(old, entry)
            else:
                self.discard(old)
                fresh.append(entry)
        self._insert(fresh)

    def discard(self, record: Record) -> None:
        """Take a record out that is kept."""
        key = record[self._schema.key]
        at, position = seek(self._segments, self._schema.rank(record), key)
        segment = self._own(at)
        segment.discard(position)
        self._directory.remove(key)
        self.census.change(record, None)
        self._count -= 1

        is_sparse = segment.count * 2 < len(segment)
        if is_sparse or segment.count * 2 <= self._segment_rows:
            self._thinned = True

    def finish(self, number: int) -> Version:
        """Return the new version, its segments no fuller and no emptier than they should be.

        Its epoch is drawn here: processes that were forked from one make different versions.
        """
        if self._thinned:
            self._tidy()
        return Version(
            schema=self._schema,
            segments=tuple(self._segments),
            directory=self._directory,
            count=self._count,
            number=number,
            epoch=token_hex(8),
            plain=Plain(self._schema, self.census.timespecs),
        )

    def _replace(self, old: Record, entry: Entry) -> None:
        """Put a record in the place of another one of the same key and rank."""
        at, position = seek(self._segments, entry.rank, entry.key)
        self._own(at).replace(position, entry.row)
        self._directory.set(entry.key, entry.row)
        self.census.change(old, entry.row)

    def _insert(self, fresh: list[Entry]) -> None:
        """Enter records whose keys are new, segment by segment."""
        if not fresh:
            return
        if len(fresh) >= _MANY:  # fewer may be a brief write, which readers wait for
            self._directory = self._directory.with_room(self._count + len(fresh))

        for entry in fresh:
            self._directory.set(entry.key, entry.row)
        # Oldest first, so that the numbers of newer segments stay.
        for at, entries in self._groups(_sort(fresh)):
            self._segments[at : at + 1] = self._filled(at, entries)
        self._count += len(fresh)

    def _groups(self, fresh: Sequence[Entry]) -> list[tuple[int, Sequence[Entry]]]:
        """Return the number of each segment that entries belong to, and these; oldest first.

        The next newer segment begins where an entry is not older than its oldest row. Costs 5 µs a
        segment, and nothing an entry.
        """
        groups: list[tuple[int, Sequence[Entry]]] = []
        first = 0
        while first < len(fresh):
            at, _ = seek(self._segments, fresh[first].rank, fresh[first].key)
            end = len(fresh)
            if at:
                newer = self._segments[at - 1]
                end = bisect_left(fresh, 1, first + 1, key=lambda one: newer.is_below(*one[:2]))
            groups.append((at, fresh[first:end]))
            first = end
        return groups

    def _filled(self, at: int, entries: Sequence[Entry]) -> list[Segment]:
        """Return what stands in the place of segment `at` once it has taken in new entries."""
        if not self._segments:
            return self._loaded(entries, ())

        segment = self._segments[at]
        first = entries[0]
        is_full = at == 0 and len(segment) >= self._segment_rows
        if is_full and segment.place(first.rank, first.key) == len(segment):
            return [*self._loaded(entries, ()), segment]  # a full newest segment is left alone

        is_bulk = len(entries) * _BULK > len(segment)
        if is_bulk or len(segment) + len(entries) > _GROWTH * self._segment_rows:
            return self._loaded(entries, segment.entries())

        segment = self._own(at)
        segment.insert(entries)
        self.census.enter([entry.row for entry in entries])
        return [segment]

    def _loaded(self, entries: Sequence[Entry], others: Sequence[Entry]) -> list[Segment]:
        """Build segments from new entries and others that are counted already."""
        self.census.load([entry.row for entry in entries])
        return self._built(_sort([*others, *entries]) if others else entries)

    def _tidy(self) -> None:
        """Drop empty segments, close the gaps of half empty ones, and merge small neighbours."""
        kept: list[Segment] = []
        for segment in self._segments:
            if not segment.count:
                continue

            is_sparse = segment.count * 2 < len(segment)
            if kept and segment.count + kept[-1].count <= self._segment_rows // 2:
                kept[-1:] = self._built([*segment.entries(), *kept[-1].entries()])
            elif is_sparse:
                kept += self._built(segment.entries())
            else:
                kept.append(segment)
        self._segments = kept

    def _built(self, entries: Sequence[Entry]) -> list[Segment]:
        """Build segments of even size from entries (oldest first), newest first."""
        parts = -(-len(entries) // self._segment_rows)
        cuts = [len(entries) * part // parts for part in range(parts + 1)]
        built: list[Segment] = []
        for first, end in pairwise(cuts):
            built.append(Segment.build(self._schema, entries[first:end], self._owner))
        built.reverse()

        for name, kind, indexes in Segment.texts(built):
            kind.join(indexes)
            self.census.note([(name, index.grams()) for index in indexes])
        return built

    def _own(self, at: int) -> Segment:
        """Return segment `at`, made ready to be changed."""
        segment = self._segments[at]
        if segment.owner is not self._owner:
            segment = self._segments[at] = segment.copy(self._owner)
        return segment


def _sort(entries: list[Entry]) -> list[Entry]:
    """Sort entries in place, oldest first: by rank, ties by key descending."""
    entries.sort(key=itemgetter(1), reverse=True)
    entries.sort(key=itemgetter(0))
    return entries
