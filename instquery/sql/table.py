"""The table that is made for a schema: its columns, and an index for each way that it is asked."""

from collections.abc import Iterator, Sequence
from typing import Any, assert_never

import sqlalchemy as sa

from instquery.errors import SchemaError
from instquery.query import Order
from instquery.schema import Schema
from instquery.sql.dialect import Column, Dialect
from instquery.sql.names import check_columns, check_table, folded_name, index_name
from instquery.sql.values import GONE, RECORD, VERSION, Word

__all__ = ["check_is_table", "directed", "made_table", "order_of"]


def made_table(schema: Schema, name: str, dialect: Dialect, shard_by: str | None) -> sa.Table:
    """Declare the table of a schema.

    Raises `SchemaError` for a name that the database does not take, or has itself.
    """
    check_table(name, dialect)
    columns = list(_columns(schema, dialect, shard_by))
    check_columns([(column.name, column.info.get("field")) for column in columns], dialect)

    order, key = order_of(schema), schema.key
    items = dialect.table_items([directed(sa.column(order.field), order), sa.column(key)])
    table = sa.Table(name, sa.MetaData(), *columns, *items)

    if dialect.has_indexes:
        _index(table, schema, [directed(table.c[order.field], order), table.c[key]])
        dialect.index_parts(table, _searched(table, schema))
    return table


def order_of(schema: Schema) -> Order:
    """Return the order of a table. Raises `SchemaError` for one that is not by one instant."""
    if schema.ranked is None:
        raise SchemaError(
            "as yet, a store on a database is ordered by one instant field: "
            "declare Schema(order=Order(field)) with one"
        )
    for name in (schema.key, schema.ranked.field):
        if schema.fields[name].is_nested:
            reason = "as yet, a store on a database has no key and no order with a path"
            raise SchemaError(reason, field=name)
    return schema.ranked


def check_is_table(connection: sa.Connection, table: sa.Table) -> None:
    """Refuse a table of this name that lacks columns: it was made for another schema.

    Raises `SchemaError` that names them. A table may have more.
    """
    found = sa.inspect(connection).get_columns(table.name, table.schema)
    names = {column["name"] for column in found}
    missing = [column.name for column in table.columns if column.name not in names]
    if missing:
        lacks = ", ".join(missing)
        raise SchemaError(
            f"the table {table.fullname} was made for another schema: it lacks {lacks}. "
            "Take another name, or copy its records to a new table with put_many",
            code="store.table",
        )


def directed(column: Column, order: Order) -> sa.UnaryExpression[Any]:
    """Return what rows are ordered by, in the direction of an order."""
    return column.desc() if order.descending else column.asc()


def _columns(schema: Schema, dialect: Dialect, shard_by: str | None) -> Iterator[sa.Column[Any]]:
    """Declare a column for each field that is asked for, and those of our own."""
    shard = None if shard_by is None else schema.fields.get(shard_by)
    if shard_by is not None and (shard is None or shard.kind.index != "values"):
        raise SchemaError("a table is sharded by a keyword field", field=shard_by)

    # The column that decides on the machine comes first.
    for name in sorted(schema.fields, key=lambda name: name != shard_by):
        yield from _columns_of(name, schema, dialect, shard_by)

    yield sa.Column(RECORD, sa.Text(), nullable=False)
    if dialect.keeps_versions:
        yield sa.Column(VERSION, sa.BigInteger(), nullable=False)
        yield sa.Column(GONE, dialect.flag, nullable=False)


def _columns_of(
    name: str,
    schema: Schema,
    dialect: Dialect,
    shard_by: str | None,
) -> Iterator[sa.Column[Any]]:
    """Declare the columns of a field: of each form that its kind has."""
    is_needed = name in (schema.key, order_of(schema).field, shard_by)
    text = dialect.text if is_needed else dialect.maybe_text
    whole = dialect.whole if is_needed else dialect.maybe_whole

    info = {"field": name}

    for form in schema.fields[name].columns:
        if form == "micros":
            yield sa.Column(name, whole, nullable=not is_needed, info=info)
        elif form == "folded":
            folded = folded_name(name)
            yield sa.Column(folded, Word(text), nullable=not is_needed, info=info)
        elif form == "value":
            is_unique = is_needed and dialect.has_indexes
            yield sa.Column(
                name, Word(text), nullable=not is_needed, primary_key=is_unique, info=info
            )
        else:
            assert_never(form)


def _index(table: sa.Table, schema: Schema, in_order: Sequence[Column]) -> None:
    """Index the order of answers, and each field that is matched whole or by range."""
    sa.Index(index_name(table.name), *in_order)

    for field, declared in schema.fields.items():
        is_matched = bool(declared.columns) and declared.kind.index in ("values", "slices")
        is_matched = is_matched and declared.indexed
        if is_matched and field not in (schema.key, order_of(schema).field):
            # With the order, so that matches are sorted without being looked at.
            sa.Index(index_name(table.name, field), table.c[field], *in_order)


def _searched(table: sa.Table, schema: Schema) -> list[sa.Column[Any]]:
    """List the columns of folded text in which parts are searched."""
    return [
        table.c[folded_name(name)]
        for name, field in schema.fields.items()
        if field.indexed and field.columns and field.kind.index == "parts"
    ]
