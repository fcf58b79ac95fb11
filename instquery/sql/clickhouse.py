"""What a table has on ClickHouse alone: an engine, and types that may lack a value."""

from typing import Any

from clickhouse_connect.cc_sqlalchemy.datatypes.sqltypes import Int64, Nullable, String, UInt8
from clickhouse_connect.cc_sqlalchemy.ddl.tableengine import ReplacingMergeTree
from sqlalchemy import ColumnElement
from sqlalchemy.types import TypeEngine

__all__ = ["FLAG", "MAYBE_TEXT", "MAYBE_WHOLE", "table_engine"]

FLAG: TypeEngine[int] = UInt8()
MAYBE_TEXT: TypeEngine[str] = Nullable(String)
MAYBE_WHOLE: TypeEngine[int] = Nullable(Int64)


def table_engine(in_order: list[ColumnElement[Any]], *, version: str, gone: str) -> ReplacingMergeTree:
    """Return the engine of a table whose rows lie in an order; of those at one place the last version counts."""
    settings = {"allow_experimental_reverse_key": 1}  # for an order that falls
    return ReplacingMergeTree(version=version, is_deleted=gone, order_by=in_order, settings=settings)
