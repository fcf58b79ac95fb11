"""A full listing from upstream, reduced while it is read to what differs from the records."""

from collections.abc import Iterable, Iterator
from typing import Self

from instquery.contents import is_same
from instquery.engine.view import View
from instquery.schema import Entry, Schema

__all__ = ["Difference"]

# The keys that were seen are kept in so many parts, as one would hold up every thread each time it
# grows, and in dicts, as the garbage collector looks through sets, but not through dicts of text.
_SHARDS = 2048


class Difference:
    """What a listing says, beside a snapshot: the entries that differ, and the keys of all.

    What is the same is not held again. So a million records are compared without a million new
    objects, which the garbage collector would look through with everything standing still.
    """

    def __init__(self, schema: Schema, view: View) -> None:
        self._schema = schema
        self._view = view
        self._differ: dict[str, Entry] = {}
        self._seen: list[dict[str, None]] = [{} for _ in range(_SHARDS)]

    @classmethod
    def read(cls, schema: Schema, view: View, entries: Iterable[Entry]) -> Self:
        """Compare entries with a snapshot; of those with one key the last counts."""
        difference = cls(schema, view)
        directory = view.directory
        for entry in entries:
            difference._seen[hash(entry.key) % _SHARDS][entry.key] = None
            if is_same(directory.get(entry.key), entry.row):
                difference._differ.pop(entry.key, None)
            else:
                difference._differ[entry.key] = entry
        return difference

    def against(self, present: View) -> tuple[dict[str, Entry], list[str]]:
        """Return what must be put and which keys must go for `present` to become the listing.

        Can be asked once.
        """
        directory = present.directory
        puts = {
            key: entry
            for key, entry in self._differ.items()
            if not is_same(directory.get(key), entry.row)
        }
        if present is not self._view:  # written meanwhile: what was the same may no longer be
            for entry in self._undone(present):
                puts.setdefault(entry.key, entry)

        gone = [key for key, _ in directory.items() if not self._is_listed(key)]
        while self._seen:  # by parts: to free a million keys at once would hold everybody up
            self._seen.pop()
        return puts, gone

    def _undone(self, present: View) -> Iterator[Entry]:
        """Yield the listed records that were in the first snapshot and no longer are."""
        directory = present.directory
        for key, record in self._view.directory.items():
            if key in self._differ or not self._is_listed(key):
                continue
            other = directory.get(key)
            if other is not record and not is_same(other, record):
                yield Entry(self._schema.rank(record), key, record)

    def _is_listed(self, key: str) -> bool:
        return key in self._seen[hash(key) % _SHARDS]
