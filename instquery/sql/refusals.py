"""What a database cannot hold, said of the field whose value it is and not by its driver.

Layouts refuse what can be known before a database is asked. Which texts fit into an index cannot be
known: PostgreSQL compresses them first.
"""

import re
from collections.abc import Iterable, Iterator
from zlib import compress

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from instquery.errors import RecordError
from instquery.predicates import Value
from instquery.sql.layout import Layout, Values
from instquery.sql.names import constraint_name
from instquery.sql.values import written

__all__ = ["refusal"]

_TOO_LONG = "54000"
"""The SQLSTATE of a row too large for an index of PostgreSQL, which takes about 2,704 bytes."""

_INDEX = re.compile('for index "([^"]+)"')


def refusal(
    error: Exception,
    layout: Layout,
    rows: Iterable[Values],
) -> RecordError | None:
    """Return the `RecordError` for what a driver has refused in these rows.

    `None` for other errors.
    """
    cause = error.orig if isinstance(error, DBAPIError) else error
    if _TOO_LONG in (getattr(cause, "sqlstate", None), getattr(cause, "pgcode", None)):
        return _too_long(str(cause), layout, rows)

    if isinstance(cause, UnicodeEncodeError | OverflowError):
        for field, value in _words(layout, rows):
            if not layout.dialect.can_hold(layout.table.c[field].type, value):
                return RecordError("the column cannot hold such text or number", field=field)
    return None


def _too_long(told: str, layout: Layout, rows: Iterable[Values]) -> RecordError:
    """Name the field whose value is too long for its index: the one that takes most room in it."""
    named = _INDEX.search(told)
    indexed = _indexed(layout.table, None if named is None else named[1])
    words = list(_words(layout, rows))
    candidates = [(field, value) for field, value in words if field in indexed] or words

    field, value = max(candidates, key=lambda pair: len(compress(written(pair[1]).encode())))
    size = len(written(value).encode())
    bound = "PostgreSQL takes about 2,704 bytes, those of the key included"
    reason = f"is too long for an index of the database, with {size:,} bytes in UTF-8 ({bound})"
    return RecordError(f"{reason}: shorten it", field=field)


def _indexed(table: sa.Table, name: str | None) -> set[str]:
    """Return the columns of an index; of all that are known where there is none of this name."""
    indexes: dict[str, set[str]] = {
        constraint_name(table.name): {column.name for column in table.primary_key}
    }
    for index in table.indexes:
        indexes[str(index.name)] = {column.name for column in index.columns}
    return indexes.get(name or "") or {column for columns in indexes.values() for column in columns}


def _words(layout: Layout, rows: Iterable[Values]) -> Iterator[tuple[str, Value]]:
    """Yield the values of keyword and text fields, with their fields."""
    for row in rows:
        for field, declared in layout.schema.fields.items():
            value = row.get(field)
            if "value" in declared.kind.columns and isinstance(value, Value):
                yield field, value
