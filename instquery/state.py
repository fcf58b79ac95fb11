"""One state of a store: everything that an answer is read from."""

from collections.abc import Iterator
from dataclasses import dataclass

from instquery.census import Census
from instquery.indexes.index import Size
from instquery.keys import Keys
from instquery.query import Eq, In, Predicate, Record
from instquery.schema import Schema
from instquery.segment import Segment

__all__ = ["State"]


@dataclass(frozen=True, slots=True)
class State:
    """Segments, newest first, and the directory of keys, of one moment.

    The census is kept for the live state only, for speed: without it the answers are the same.
    """

    schema: Schema
    segments: tuple[Segment, ...]
    keys: Keys
    count: int
    census: Census | None

    def __iter__(self) -> Iterator[Record]:
        """Walk all rows as they are kept, in answer order."""
        for segment in self.segments:
            yield from segment

    def size(self, predicate: Predicate) -> Size:
        """Tell how many records match a predicate: exactly where an index knows, else about how many."""
        if predicate.field == self.schema.key and isinstance(predicate, Eq | In):
            return Size(len(self.named(predicate)), exact=True)
        if self.census is not None:
            count = self.census.count(predicate)
            if count is not None:
                return Size(count, exact=True)
        if self.schema.fields[predicate.field].kind == "text":
            return self._estimate(predicate)
        sizes = [segment.size(predicate) for segment in self.segments]
        return Size(sum(size.rows for size in sizes), all(size.exact for size in sizes))

    def named(self, predicate: Predicate) -> list[Record]:
        """List the rows whose key a predicate names (`Eq` or `In`), in no order."""
        if isinstance(predicate, In):
            return self.keys.get_all(predicate.values)
        row = self.keys.get(predicate.value) if isinstance(predicate, Eq) else None
        return [] if row is None else [row]

    def has_index(self, field: str) -> bool:
        """Tell whether the segments have an index for a field."""
        return self.schema.fields[field].indexed or field == self.schema.order.field

    def _estimate(self, predicate: Predicate) -> Size:
        """Judge by the newest segments what to expect of the others; costs the same at any size."""
        sample = self.segments[:2]
        looked_at = sum(segment.count for segment in sample)
        found = sum(segment.size(predicate).rows for segment in sample)
        return Size(found * self.count // looked_at if looked_at else 0, exact=False)
