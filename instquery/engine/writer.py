"""A writer: the next version of a store, while its changes are being made."""

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from operator import itemgetter

from instquery.engine.census import Census
from instquery.engine.directory import Directory
from instquery.engine.segment import Segment
from instquery.engine.version import Version, seek
from instquery.query import Record
from instquery.schema import Entry

__all__ = ["Writer"]

# Entering a row costs about as much as this many rows cost when a segment is built in bulk.
_BULK = 24


class Writer:
    """Applies changes that have been checked already: none of its steps can be refused.

    Segments that belong to another owner (a snapshot shares them) are copied before they are changed;
    the directory of keys and the census are changed in place.
    """

    def __init__(self, version: Version, census: Census, owner: object, segment_rows: int) -> None:
        self.census = census
        self._schema = version.schema
        self._owner = owner
        self._segment_rows = segment_rows
        self._segments = list(version.segments)
        self._directory = version.directory
        self._count = version.count
        self._thinned = False

    def apply(self, puts: Mapping[str, Entry], gone: Collection[str]) -> None:
        """Take keys out and put entries in; a bulk load where most of the records change."""
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
        kept = {key: Entry(rank(record), key, record) for key, record in self._directory.items() if key not in out}
        self._segments = []
        self._directory = Directory()
        self.census = Census(self._schema)
        self._count = 0
        self._thinned = False
        self._insert(list({**kept, **puts}.values()))

    def put(self, entries: Mapping[str, Entry]) -> None:
        """Enter records by key; one that replaces another moves if its place in the order has changed."""
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
        """Take a kept row out."""
        at, position = self._find(record)
        self._own(at).discard(position)
        self._directory.remove(record[self._schema.key])
        self._count -= 1
        self._thinned = True
        self.census.remove([record])

    def finish(self) -> Version:
        """Return the new version, its segments no fuller and no emptier than they should be."""
        if self._thinned:
            self._tidy()
        return Version(self._schema, tuple(self._segments), self._directory, self._count)

    def _replace(self, old: Record, entry: Entry) -> None:
        at, position = self._find(old)
        self._own(at).replace(position, entry.row)
        self._directory.set(entry.key, entry.row)
        self.census.replace(old, entry.row)
        self.census.read(entry.row, old)

    def _insert(self, fresh: list[Entry]) -> None:
        """Enter records whose keys are new, segment by segment."""
        if not fresh:
            return
        _sort(fresh)
        groups: dict[int, list[Entry]] = {}
        for entry in fresh:
            at, _ = seek(self._segments, entry.rank, entry.key)
            groups.setdefault(at, []).append(entry)
            self._directory.set(entry.key, entry.row)
        for at in sorted(groups, reverse=True):  # oldest first, so that the numbers of newer segments stay
            self._segments[at : at + 1] = self._filled(at, groups[at])
        self._count += len(fresh)
        self.census.add([entry.row for entry in fresh])

    def _filled(self, at: int, entries: Sequence[Entry]) -> list[Segment]:
        """Return what stands in the place of segment `at` once it has taken in `entries`."""
        if not self._segments:
            return self._built(entries)
        segment = self._segments[at]
        first = entries[0]
        if at == 0 and len(segment) >= self._segment_rows and segment.place(first.rank, first.key) == len(segment):
            return [*self._built(entries), segment]  # a full newest segment is left alone
        if len(entries) * _BULK > len(segment):
            return self._built(_sort([*segment.entries(), *entries]))
        segment = self._own(at)
        for entry in entries:
            segment.insert(entry)
            self.census.read(entry.row)
        return self._built(segment.entries()) if len(segment) > 2 * self._segment_rows else [segment]

    def _tidy(self) -> None:
        """Drop empty segments, close the gaps of half empty ones, and merge neighbours that fit into one."""
        kept: list[Segment] = []
        for segment in self._segments:
            if not segment.count:
                continue
            sparse = segment.count * 2 < len(segment)
            joins = bool(kept) and segment.count + kept[-1].count <= self._segment_rows // 2
            if joins:
                kept[-1:] = self._built([*segment.entries(), *kept[-1].entries()])
            elif sparse:
                kept += self._built(segment.entries())
            else:
                kept.append(segment)
        self._segments = kept

    def _built(self, entries: Sequence[Entry]) -> list[Segment]:
        """Build segments of even size from entries (oldest first), newest first."""
        parts = -(-len(entries) // self._segment_rows)
        cuts = [len(entries) * part // parts for part in range(parts + 1)]
        built = [Segment.build(self._schema, entries[first:end], self._owner) for first, end in pairwise(cuts)]
        for segment in built:
            for field, grams in segment.grams():
                self.census.note(field, grams)
        return built[::-1]

    def _find(self, record: Record) -> tuple[int, int]:
        """Return the segment's number and the position of a row that is kept."""
        return seek(self._segments, self._schema.rank(record), record[self._schema.key])

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
