"""History: the latest changes of a store, version by version, for those who follow it."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from instquery.errors import HistoryGap
from instquery.query import Record

__all__ = ["Changed", "History"]

Changed: TypeAlias = tuple[str, Record | None, Record | None]
"""A key, and the records as kept before and after; `None` where there was or is none."""


class _Written(NamedTuple):
    """What one version has changed."""

    number: int
    changes: Sequence[Changed]
    so_far: int
    """How many changes there were up to this version, this one's included."""


class History:
    """The changes of the latest versions, as many as fit into `limit` changes.

    A version is kept whole or not at all. Records are shared with the store: what is kept costs 100
    bytes a change, and the records that were replaced.

    `add` is one step for whoever it is interrupted by: what it has not done, doing it again will
    do. So nothing is counted aside: what is kept follows from the versions that are there.
    """

    __slots__ = ("_versions", "first", "limit")

    def __init__(self, limit: int, number: int = 0) -> None:
        self.limit = limit
        self._versions: deque[_Written] = deque()  # oldest first
        self.first = number
        """The changes after this version are known."""

    def add(self, number: int, changes: Sequence[Changed]) -> None:
        """Note what a version has changed, and forget the oldest where there is too much.

        Does nothing for a version that has been noted already.
        """
        newest = self._versions[-1] if self._versions else _Written(self.first, (), 0)
        if number > newest.number:
            self._versions.append(_Written(number, changes, newest.so_far + len(changes)))

        while self._versions and self._kept() > self.limit:
            self.first = self._versions[0].number
            self._versions.popleft()

    def since(self, number: int) -> list[tuple[int, Sequence[Changed]]]:
        """List the versions after the given one, and what they changed.

        Raises `HistoryGap` where some are forgotten.
        """
        if number < self.first:
            cure = "list everything and go on from there"
            raise HistoryGap(f"changes before version {self.first} are forgotten; {cure}")

        versions: list[tuple[int, Sequence[Changed]]] = []
        for written in reversed(self._versions):
            if written.number <= number:
                break
            versions.append((written.number, written.changes))
        return versions[::-1]

    def _kept(self) -> int:
        """Count the changes that are kept."""
        oldest, newest = self._versions[0], self._versions[-1]
        return newest.so_far - oldest.so_far + len(oldest.changes)
