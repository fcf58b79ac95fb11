"""ClickHouse, by clickhouse-connect (extra `clickhouse`)."""

import re
from collections.abc import Sequence
from typing import Any, cast

import sqlalchemy as sa
from clickhouse_connect.cc_sqlalchemy.datatypes.sqltypes import Int64, Nullable, String, UInt8
from clickhouse_connect.cc_sqlalchemy.ddl.tableengine import ReplacingMergeTree

from instquery.sql.dialect import Column, Dialect, value_of
from instquery.sql.values import GONE, VERSION, Listed, Statement

__all__ = ["CLICKHOUSE"]

_SETTINGS = {
    # There is one partition: what is merged needs no second look.
    "do_not_merge_across_partitions_select_final": 1,
    "max_query_size": 1 << 30,  # bytes: lists of keys are text of the statement
}


def _table_items(in_order: Sequence[Column]) -> list[Any]:
    """Return the engine of a table whose rows lie in an order; the last version counts."""
    settings = {"allow_experimental_reverse_key": 1}  # for an order that falls
    engine = ReplacingMergeTree(
        version=VERSION, is_deleted=GONE, order_by=list(in_order), settings=settings
    )
    return [engine]


def _present(rows: Statement, table: sa.Table) -> Statement:
    # Which the driver adds to SQLAlchemy's class.
    final = cast(Statement, rows.final(table))  # type: ignore[attr-defined]
    return final.execution_options(settings=_SETTINGS)


def _may_be_missing(error: BaseException) -> bool:
    return "Code: 60." in str(error)  # UNKNOWN_TABLE


def _among(column: Column, name: str) -> sa.ColumnElement[bool]:
    """Compare with a tuple: one parameter, which SQLAlchemy need not write out value by value."""
    return column.op("IN", is_comparison=True)(sa.bindparam(name, type_=Listed(column.type, tuple)))


def _has_part(column: Column, name: str) -> sa.ColumnElement[bool]:
    return sa.func.position(column, value_of(name, column)) > 0


CLICKHOUSE = Dialect(
    name="clickhousedb",
    # What tables of the engine MergeTree have beside their columns.
    own_names=re.compile(
        "_(part|partition_id|partition_value|part_uuid|part_index|part_offset"
        "|part_starting_offset|part_data_version|part_granule_offset|sample_factor|disk_name"
        "|block_number|block_offset|row_exists|table|database|shard_num)"
    ),
    maybe_text=Nullable(String),
    maybe_whole=Nullable(Int64),
    flag=UInt8(),
    takes_wide_integers=True,
    has_indexes=False,
    table_items=_table_items,
    keeps_versions=True,
    present=_present,
    may_be_missing=_may_be_missing,
    portion=30_000,  # each look reads the column of all keys
    among=_among,
    has_part=_has_part,
)
