"""History: the latest changes of a store, version by version, for those who follow it."""

from collections import deque
from collections.abc import Sequence

from instquery.errors import HistoryGap
from instquery.query import Record

__all__ = ["Changed", "History"]

Changed = tuple[str, Record | None, Record | None]
"""A key, and the rows as kept before and after; `None` where there was or is none."""


class History:
    """The changes of the latest versions, as many as fit into `limit` changes; a version is kept whole or not.

    Rows are shared with the store: what is kept costs 100 bytes a change, and the rows that were replaced.
    """

    __slots__ = ("_count", "_versions", "first", "limit")

    def __init__(self, limit: int, version: int = 0) -> None:
        self.limit = limit
        self._versions: deque[tuple[int, Sequence[Changed]]] = deque()
        self._count = 0
        self.first = version
        """The changes after this version are known."""

    def add(self, version: int, changed: Sequence[Changed]) -> None:
        """Note what a version has changed, and forget the oldest where there is too much."""
        self._versions.append((version, changed))
        self._count += len(changed)
        while self._count > self.limit:
            self.first, dropped = self._versions.popleft()
            self._count -= len(dropped)

    def since(self, version: int) -> list[tuple[int, Sequence[Changed]]]:
        """List versions after the given one and what they changed. Raises `HistoryGap` where some are forgotten."""
        if version < self.first:
            raise HistoryGap(f"changes before version {self.first} are forgotten; list everything and go on from there")
        found: list[tuple[int, Sequence[Changed]]] = []
        for number, changed in reversed(self._versions):
            if number <= version:
                break
            found.append((number, changed))
        return found[::-1]
