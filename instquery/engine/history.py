"""History: the latest changes of a store, version by version, for those who follow it."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from instquery.errors import HistoryGap
from instquery.query import Record

__all__ = ["Changed", "History"]

Changed: TypeAlias = tuple[str, Record | None, Record | None]
"""A key, and the records as kept before and after; `None` where there was or is none."""

# Versions that share one tuple. A write copies half of one on average, and each time one is full
# the tuple of all full ones: 0.1 µs together, up to some million versions.
_BLOCK = 64


_Written: TypeAlias = tuple[int, Sequence[Changed]]
"""The number of a version, and what it has changed."""


class History:
    """The changes of the latest versions, as many as fit into `limit` changes: a value.

    A version is kept whole or not at all. Records are shared with the store: what is kept costs 100
    bytes a change, and the records that were replaced.

    A history never changes. A write makes another one, which shares nearly all with it: so the
    history of a version is published together with it, and nothing of it before.
    """

    __slots__ = ("_full", "_kept", "_latest", "_skip", "first", "limit")

    def __init__(
        self,
        limit: int,
        number: int = 0,
        kept: int = 0,
        latest: tuple[_Written, ...] = (),
        full: tuple[tuple[_Written, ...], ...] = (),
        skip: int = 0,
    ) -> None:
        self.limit = limit
        self.first = number
        """The changes after this version are known."""
        self._kept = kept  # how many changes they are
        self._latest = latest  # the latest versions, oldest first
        self._full = full  # blocks of those before them, oldest first
        self._skip = skip  # how many versions of the oldest block are forgotten

    def extended(self, number: int, changes: Sequence[Changed]) -> "History":
        """Return the history with one more version, without the oldest where there is too much."""
        kept = self._kept + len(changes)
        latest = (*self._latest, (number, changes))
        if kept <= self.limit and len(latest) <= _BLOCK:
            return History(self.limit, self.first, kept, latest, self._full, self._skip)

        full, skip, first = self._full, self._skip, self.first
        while kept > self.limit:
            first, forgotten = full[0][skip] if full else latest[skip]
            kept -= len(forgotten)
            skip += 1
            if full and skip == len(full[0]):
                full, skip = full[1:], 0

        if not full:
            latest, skip = latest[skip:], 0
        if len(latest) > _BLOCK:
            full, latest = (*full, latest[:-1]), latest[-1:]
        return History(self.limit, first, kept, latest, full, skip)

    def since(self, number: int) -> list[tuple[int, Sequence[Changed]]]:
        """List the versions after the given one, and what they changed.

        Raises `HistoryGap` where some are forgotten.
        """
        if number < self.first:
            cure = "list everything and go on from there"
            raise HistoryGap(f"changes before version {self.first} are forgotten; {cure}")

        versions: list[tuple[int, Sequence[Changed]]] = []
        for written in self._newest_first():
            if written[0] <= number:
                break
            versions.append(written)
        return versions[::-1]

    def _newest_first(self) -> Iterator[_Written]:
        """Walk the versions; at the end come some that are forgotten."""
        yield from reversed(self._latest)
        for block in reversed(self._full):
            yield from reversed(block)
