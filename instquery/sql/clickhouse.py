"""What ClickHouse alone needs: table engine, nullable types, reads of the latest."""

from typing import Any, cast

from clickhouse_connect.cc_sqlalchemy.datatypes.sqltypes import Int64, Nullable, String, UInt8
from clickhouse_connect.cc_sqlalchemy.ddl.tableengine import ReplacingMergeTree
from sqlalchemy import ColumnElement, Table
from sqlalchemy.types import TypeEngine

from instquery.sql.values import Statement

__all__ = ["FLAG", "MAYBE_TEXT", "MAYBE_WHOLE", "present", "table_engine"]

FLAG: TypeEngine[int] = UInt8()
MAYBE_TEXT: TypeEngine[str] = Nullable(String)
MAYBE_WHOLE: TypeEngine[int] = Nullable(Int64)

_SETTINGS = {
    # There is one partition: what is merged needs no second look.
    "do_not_merge_across_partitions_select_final": 1,
    "max_query_size": 1 << 30,  # bytes: lists of keys are text of the statement
}


def table_engine(
    in_order: list[ColumnElement[Any]], *, version: str, gone: str
) -> ReplacingMergeTree:
    """Return the engine of a table whose rows lie in an order.

    Of those at one place the last version counts.
    """
    settings = {"allow_experimental_reverse_key": 1}  # for an order that falls
    return ReplacingMergeTree(
        version=version, is_deleted=gone, order_by=in_order, settings=settings
    )


def present(rows: Statement, table: Table) -> Statement:
    """Leave out the rows of a table that others have replaced."""
    # Which the driver adds to SQLAlchemy's class.
    final = cast(Statement, rows.final(table))  # type: ignore[attr-defined]
    return final.execution_options(settings=_SETTINGS)
