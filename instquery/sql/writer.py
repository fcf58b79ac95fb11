"""Writes of a batch: rows put in the place of those with their keys, within one transaction."""

from collections.abc import Iterable, Iterator, Mapping
from time import time_ns

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from instquery.schema import Entry
from instquery.sql.layout import Layout, Values
from instquery.sql.refusals import refusal

__all__ = ["Writer"]

_MOST_KEYS = 30_000  # in one statement: some databases bound how many values one has
_MOST_TEXT = 10_000_000  # characters of keys in one statement: databases bound its size


class Writer:
    """Writes records as rows of a table."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._version = 0

    def replace(
        self,
        connection: sa.Connection,
        entries: Mapping[str, Entry],
        gone: Iterable[str] = (),
    ) -> int:
        """Put rows in the place of those with their keys, and take others away.

        Return how many there were.
        """
        self._version = max(self._version + 1, time_ns())
        rows = [self._layout.write(entry, self._version) for entry in entries.values()]
        keys = list(_portions([*entries, *gone]))

        if self._layout.keeps_versions:
            there_were = self._bury(connection, keys, rows)
        else:
            delete = sa.delete(self._layout.table).where(self._layout.has_keys())
            there_were = sum(connection.execute(delete, {"keys": some}).rowcount for some in keys)

        if rows:
            self._insert(connection, rows)
        return there_were

    def _bury(
        self,
        connection: sa.Connection,
        keys: list[list[str]],
        rows: list[Values],
    ) -> int:
        """Add rows that hide those which new ones do not replace, as they lie at other places.

        Return how many there were.
        """
        schema = self._layout.schema
        now_at = {row[schema.key]: row[self._layout.ordered.field] for row in rows}
        there = self._layout.select(self._layout.key, self._layout.order)
        keyed = there.where(self._layout.has_keys())
        old = [place for some in keys for place in connection.execute(keyed, {"keys": some})]
        for key, place in old:
            if now_at.get(key) != place:
                rows.append(self._layout.bury(key, place, self._version))
        return len(old)

    def _insert(self, connection: sa.Connection, rows: list[Values]) -> None:
        """Insert rows. Raises `RecordError` for what a column or an index cannot hold."""
        try:
            connection.execute(sa.insert(self._layout.table), rows)
        except (DBAPIError, UnicodeEncodeError, OverflowError) as error:
            refused = refusal(error, self._layout, rows)
            if refused is None:
                raise
            raise refused from error


def _portions(keys: list[str]) -> Iterator[list[str]]:
    """Cut keys into lists that one statement takes, by their number and by their size."""
    portion: list[str] = []
    size = 0
    for key in keys:
        if portion and (len(portion) == _MOST_KEYS or size + len(key) > _MOST_TEXT):
            yield portion
            portion, size = [], 0
        portion.append(key)
        size += len(key)
    if portion:
        yield portion
