"""PostgreSQL, and Citus, which spreads its tables over machines."""

import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import ARRAY

from instquery.folding import GRAM
from instquery.sql.dialect import Column, Dialect, value_of
from instquery.sql.names import index_name

__all__ = ["POSTGRESQL"]

_SPECIAL = re.compile("[%_/]")

_HAS_CITUS = (
    sa.select(sa.func.count())
    .select_from(sa.table("pg_extension"))
    .where(sa.column("extname") == "citus")
)


def _index_parts(table: sa.Table, texts: Sequence[sa.Column[Any]]) -> None:
    """Index parts of texts by the extension pg_trgm."""
    for column in texts:
        sa.Index(
            index_name(table.name, column.name),
            column,
            postgresql_using="gin",
            postgresql_ops={column.name: "gin_trgm_ops"},
        )

    # SQLAlchemy has no construct for it, and no type for this class.
    extension = sa.DDL("CREATE EXTENSION IF NOT EXISTS pg_trgm")  # type: ignore[no-untyped-call]
    event.listen(table, "before_create", extension)


def _distribute(connection: sa.Connection, table: sa.Table, by: str) -> None:
    """Have Citus distribute a table, where it is there."""
    if connection.scalar(_HAS_CITUS):
        name = connection.dialect.identifier_preparer.format_table(table)
        connection.execute(sa.select(sa.func.create_distributed_table(name, by)))


def _begin_read(connection: sa.Connection) -> None:
    connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    # psycopg would keep one plan for all values, which is a bad one for most.
    if connection.dialect.driver == "psycopg":
        connection.connection.driver_connection.prepare_threshold = None  # type: ignore[union-attr]


def _begin_write(connection: sa.Connection, lock: int) -> None:
    # Without statistics, in a table just made, keys would be searched for row by row. The setting
    # is for this transaction.
    by_index = sa.func.set_config("enable_seqscan", "off", sa.true())
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock), by_index))


def _may_be_missing(error: BaseException) -> bool:
    """Look for the SQLSTATE of an undefined table, by psycopg's name or by that of psycopg2."""
    return "42P01" in (getattr(error, "sqlstate", None), getattr(error, "pgcode", None))


def _among(column: Column, name: str) -> sa.ColumnElement[bool]:
    """Compare with an array: one parameter, however many values."""
    return column == sa.any_(sa.bindparam(name, type_=ARRAY(column.type)))


def _has_part(column: Column, name: str) -> sa.ColumnElement[bool]:
    """Use LIKE, which tells upper from lower case, and which trigrams serve."""
    return column.contains(value_of(name, column), escape="/")


POSTGRESQL = Dialect(
    name="postgresql",
    own_names=re.compile("tableoid|ctid|[cx]min|[cx]max"),
    text=sa.Text(collation="C"),
    maybe_text=sa.Text(collation="C"),
    takes_nul=False,
    index_parts=_index_parts,
    distribute=_distribute,
    begin_read=_begin_read,
    begin_write=_begin_write,
    may_be_missing=_may_be_missing,
    among=_among,
    has_part=_has_part,
    part=lambda part: _SPECIAL.sub(r"/\g<0>", part),
    shortest_part=GRAM,
)
