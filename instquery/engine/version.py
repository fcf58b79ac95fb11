"""One version of a store: everything that an answer is read from."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Self

from instquery.engine.directory import Directory
from instquery.engine.indexes.order import ranks_of
from instquery.engine.segment import Segment
from instquery.engine.sizes import Size
from instquery.predicates import Bounded, Eq, In, Interval, Value, check_answered
from instquery.query import Record
from instquery.schema import Schema

__all__ = ["Part", "Place", "Version", "seek"]

Part = tuple[Segment, Sequence[Bounded]]
"""A segment, and the predicates it is to be asked."""

Place = tuple[int, str]
"""A place in the order: rank and key, whether or not a record is there."""


@dataclass(frozen=True, slots=True)
class Version:
    """Segments, newest first, and the directory of keys, of one moment."""

    schema: Schema
    segments: tuple[Segment, ...]
    directory: Directory
    count: int

    def __iter__(self) -> Iterator[Record]:
        """Walk all rows as they are kept, in answer order."""
        for segment in self.segments:
            yield from segment

    def fork(self) -> Self:
        """Return this version with a directory of keys of its own; costs 5 µs."""
        return type(self)(self.schema, self.segments, self.directory.copy(), self.count)

    def size(self, predicate: Bounded) -> Size:
        """Tell how many records match a predicate: a count where an index knows, else bounds and a guess."""
        keys = self.keys_of(predicate)
        if keys is not None:
            return Size.exactly(len(self.directory.get_all(keys)))
        if not self.has_index(predicate.field):
            return Size.at_most(self.count)
        if self.schema.fields[predicate.field].kind.index == "parts":
            return self._sampled(predicate)

        parts = list(self.parts([predicate]))
        whole = sum([segment.count for segment, asked in parts if not asked])
        return Size.of_parts([Size.exactly(whole), *(segment.size(predicate) for segment, asked in parts if asked)])

    def keys_of(self, predicate: Bounded) -> Sequence[Value] | None:
        """Return the keys that a predicate names (`Eq` or `In` of the key field)."""
        if predicate.field != self.schema.key or not isinstance(predicate, Eq | In):
            check_answered(predicate)
            return None
        return (predicate.value,) if isinstance(predicate, Eq) else predicate.values

    def parts(self, where: Sequence[Bounded], since: int = 0) -> Iterable[Part]:
        """Walk the segments that may hold matches, newest first, and what is to be asked of each.

        Starts at segment number `since`. A range of the order field leaves segments out, and need not be asked
        of those it holds whole: 10 µs for 300 segments.
        """
        range_ = next(
            (one for one in where if isinstance(one, Interval) and one.field == self.schema.order.field),
            None,
        )
        if range_ is None:
            return zip(self.segments[since:], repeat(where))
        low, high = ranks_of(range_, descending=self.schema.order.descending)
        first = bisect_left(self.segments, 1, key=lambda segment: segment.ranks()[0] <= high)
        end = bisect_left(self.segments, 1, first, key=lambda segment: segment.ranks()[1] < low)
        inner = [one for one in where if one is not range_]
        asked = [where, *[inner] * (end - first - 2), where]
        passed = max(0, since - first)
        return zip(self.segments[first + passed : end], asked[passed:], strict=False)

    def has_index(self, field: str) -> bool:
        """Tell whether the segments have an index for a field."""
        return self.schema.fields[field].has_index or field == self.schema.order.field

    def _sampled(self, predicate: Bounded) -> Size:
        """Judge by the newest segments what to expect of the others; costs the same at any size.

        What a sample says of the others is a guess and bounds nothing: any record may match.
        """
        sample = self.segments[:2]
        looked_at = sum([segment.count for segment in sample])
        found = sum([segment.size(predicate).expected for segment in sample])
        return Size.at_most(self.count, expected=found * self.count // looked_at if looked_at else 0)


def seek(segments: Sequence[Segment], rank: int, key: str) -> tuple[int, int]:
    """Return the number of the segment that a place in the order belongs to, and its position there; 5 µs."""
    count = len(segments)
    if not count:
        return 0, 0
    at = bisect_left(range(count), 1, key=lambda number: segments[number].is_below(rank, key))
    at = min(at, count - 1)
    return at, segments[at].place(rank, key)
