"""Names of tables, columns and indexes, as every database takes them.

Rules are the same for all databases, so that a table of one can be copied to each other. Only the
names that a database keeps to itself differ: those are part of its `Dialect`.
"""

import re
from collections.abc import Iterable
from hashlib import blake2b

from instquery.errors import SchemaError
from instquery.sql.dialect import Dialect
from instquery.sql.values import GONE, RECORD, VERSION

__all__ = ["check_columns", "check_table", "constraint_name", "folded_name", "index_name"]

_LONGEST = 63
"""Bytes of a name. PostgreSQL cuts what is longer, and two names may then be one."""

_NAME = re.compile("[^\0\ud800-\udfff]+", re.DOTALL)
_CURE = "rename the field, or declare it stored()"


def check_table(name: str, dialect: Dialect) -> None:
    """Raise `SchemaError` for what is no name of a table."""
    if not _NAME.fullmatch(name):
        raise SchemaError("table must be a name: not empty, without NUL or surrogates")

    size = len(name.encode())
    if size > _LONGEST:
        raise SchemaError(f"table must be a name of at most {_LONGEST} bytes in UTF-8, not {size}")
    if dialect.own_tables.fullmatch(name):
        raise SchemaError(f"table must be another name: {name} belongs to the database")


def check_columns(columns: Iterable[tuple[str, str | None]], dialect: Dialect) -> None:
    """Raise `SchemaError` for columns that no table can have, or not side by side.

    Args:
        columns: each one's name and the field that it is made for; `None` for our own.
        dialect: which names belong to the database.

    """
    names: dict[str, tuple[str, str | None]] = {}
    for column, field in columns:
        if field is not None:
            _check_column(column, field, dialect)

        # Names of SQLite are the same in either case.
        other = names.get(column.lower())
        if other is not None:
            raise _clash((column, field), other)
        names[column.lower()] = column, field


def folded_name(field: str) -> str:
    """Return the name of the column that holds a field's text as it is searched."""
    return f"{field}_folded"


def index_name(table: str, column: str | None = None) -> str:
    """Return the name of the index of a column, or of that in the order of answers.

    It is readable, fits every database, and differs from all others. Tables and indexes share one
    set of names: without the hash, the index of `c` in a table `a_b` and that of `b_c` in a table
    `a` would have the same.
    """
    digest = blake2b(repr((table, column)).encode(), digest_size=4).hexdigest()
    readable = f"{table}_{column or 'in_order'}"
    return f"{_cut(readable, _LONGEST - len(digest) - 1)}_{digest}"


def constraint_name(table: str) -> str:
    """Return the name that PostgreSQL gives to the primary key of a table."""
    suffix = "_pkey"
    return _cut(table, _LONGEST - len(suffix)) + suffix


def _check_column(column: str, field: str, dialect: Dialect) -> None:
    if not _NAME.fullmatch(column):
        raise SchemaError(
            f"cannot be the name of a column: it is empty, or has NUL or surrogates: {_CURE}",
            field=field,
        )

    size = len(column.encode())
    if size > _LONGEST:
        name = "its name" if column == field else "the name of its column <name>_folded"
        raise SchemaError(
            f"{name} has {size} bytes in UTF-8, and a database takes {_LONGEST}: {_CURE}",
            field=field,
        )
    if dialect.own_names.fullmatch(column):
        raise SchemaError(f"is a column of the database's own: {_CURE}", field=field)


def _clash(one: tuple[str, str | None], other: tuple[str, str | None]) -> SchemaError:
    """Say which of two columns with one name has to be renamed."""
    fields = [field for column, field in (one, other) if column == field]
    culprit = fields[0] if fields else one[1] or other[1]
    if len(fields) == 2:
        reason = (
            f"differs from the field {fields[1]} in case alone, which makes one column: {_CURE}"
        )
    else:
        own = f"{RECORD}, {VERSION}, {GONE} and <name>_folded"
        reason = f"the columns {own} are the table's own, in either case: {_CURE}"
    return SchemaError(reason, field=culprit)


def _cut(name: str, size: int) -> str:
    """Return the longest beginning of a name that fits so many bytes in UTF-8."""
    return name.encode()[:size].decode(errors="ignore")
