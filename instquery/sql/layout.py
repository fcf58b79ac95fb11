"""The table of a store: its columns and indexes, and records as its rows."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, assert_never
from zlib import crc32

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.types import TypeEngine

from instquery.bodies import from_json, to_json
from instquery.errors import QueryError, RecordError, SchemaError
from instquery.folding import fold
from instquery.instants import MICROS
from instquery.kinds import Column as ColumnForm
from instquery.predicates import Value
from instquery.query import Record
from instquery.schema import UNDATED, Entry, Schema
from instquery.sql.values import CLICKHOUSE, Row, Statement, Word, can_be_key

try:
    from instquery.sql import clickhouse
except (
    ModuleNotFoundError
) as missing:  # the extra `clickhouse` is not installed: nobody speaks it then
    if TYPE_CHECKING or missing.name != "clickhouse_connect":  # where types are checked it is
        raise

__all__ = ["CLICKHOUSE", "Layout", "Values", "made_table"]

Values = dict[str, Any]
"""A row of the table, by the names of its columns."""

_RECORD, _VERSION, _GONE = "record", "_version", "_gone"
_PLAIN = Word(sa.Text())
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class InstantColumn:
    """How the instants of a field stand in a column: as a time of the database, or as integers.

    Integers of our own tables are microseconds; those of a table that is mapped count what the
    field declares.
    """

    def __init__(
        self, schema: Schema, field: str, column: sa.Column[Any], *, is_mapped: bool
    ) -> None:
        unit = schema.fields[field].integers if is_mapped else None
        self._read = schema.read(field)
        self._scale = MICROS[unit or "microseconds"]
        self._is_integer = column.type.python_type is int

    def write(self, value: Any) -> Any:
        """Return what stands in the column for a record's value; `None` where it is no instant."""
        micros = self._read(value)
        return None if micros is None else self.last(micros)

    def first(self, micros: int) -> Any:
        """Return the first value of the column that is at or after an instant."""
        return (
            -(-micros // self._scale)
            if self._is_integer
            else _EPOCH + timedelta(microseconds=micros)
        )

    def last(self, micros: int) -> Any:
        """Return the last value of the column that is at or before an instant."""
        return (
            micros // self._scale if self._is_integer else _EPOCH + timedelta(microseconds=micros)
        )


class Layout:
    """Where a schema's fields stand in a table: one made for it, or one that exists and is mapped.

    A field stands in the column of its name, folded text in `<name>_folded`, the whole record in
    `record`. A mapped table may lack any but the key and the order; records are then made of the
    columns.
    """

    def __init__(self, schema: Schema, table: sa.Table) -> None:
        for name in (schema.key, schema.order.field):
            if name not in table.c:
                raise SchemaError(f"the table {table.name} has no such column", field=name)
        self.schema = schema
        self.table = table
        self.key: sa.Column[Any] = table.c[schema.key]
        self.order: sa.Column[Any] = table.c[schema.order.field]
        self.record: sa.Column[Any] | None = (
            table.c.get(_RECORD) if _RECORD not in schema.fields else None
        )
        self.lock = crc32(table.fullname.encode())
        """The number by which the writers of the table find each other."""
        self.keeps_versions = _VERSION in table.c
        """Whether a row is replaced by writing another, as ClickHouse likes it."""
        self.instants = {
            name: InstantColumn(schema, name, table.c[name], is_mapped=self.record is None)
            for name in _having(schema, "micros")
            if name in table.c
        }
        """How instants stand in the column of each field."""
        cells: list[tuple[str, str, Callable[[Any], Any]]] = [
            (name, name, self.instants[name].write if name in self.instants else _as_it_is)
            for name in schema.fields
        ]
        cells += [(_folded(name), name, fold) for name in _having(schema, "folded")]
        self._cells = [
            cell for cell in cells if cell[0] in table.c
        ]  # a column, its field, how a value is written
        self._absent: Values = {column.name: None for column in table.c if column.nullable}
        if (
            self.record is not None and not self.order.nullable
        ):  # a number beyond all times comes last
            self._absent[self.order.name] = UNDATED if schema.order.descending else -UNDATED

    def in_order(
        self, order: sa.ColumnElement[Any] | None = None, key: sa.ColumnElement[Any] | None = None
    ) -> tuple[sa.ColumnElement[Any], sa.ColumnElement[Any]]:
        """Return what rows are ordered by: the columns, or what has their values."""
        directed = _directed(self.order if order is None else order, self.schema)
        return directed.nulls_last() if self.order.nullable else directed, (
            self.key if key is None else key
        ).asc()

    def column(self, field: str, *, folded: bool = False) -> sa.ColumnElement[Any]:
        """Return the column of a field, or of its text as we fold it: no engine's lower() does.

        Raises `QueryError`.
        """
        column = self.table.c.get(name := _folded(field) if folded else field)
        if column is None:
            raise QueryError(f"the table {self.table.name} has no such column: {name}", field=field)
        # Without its collation, with which postgres_fdw would not ask the shards.
        return sa.type_coerce(column, _PLAIN) if isinstance(column.type, Word) else column

    def select(self, *columns: Any) -> Statement:
        """Select from the rows that are present."""
        chosen = sa.select(*columns).select_from(self.table)
        return clickhouse.present(chosen, self.table) if self.keeps_versions else chosen

    def records(self) -> Statement:
        """Select whole records, for `read`."""
        if self.record is not None:
            return self.select(self.record)
        return self.select(
            *(self.table.c[name] for name in self.schema.fields if name in self.table.c)
        )

    def read(self, row: Row) -> Record:
        """Make the record of a row."""
        if self.record is not None:
            return from_json(row[0])
        # SQLAlchemy's names are of a class of its own, and its member is public: only columns have
        # names without one.
        mapping = row._mapping  # pyright: ignore[reportPrivateUsage]
        return {str(name): value for name, value in mapping.items() if value is not None}

    def write(self, entry: Entry, version: int) -> Values:
        """Make the row of a record. Raises `RecordError` for what the table cannot hold."""
        row = entry.row
        if not can_be_key(entry.key):
            raise RecordError(
                "the key holds a character that SQL text cannot", field=self.schema.key
            )
        if self.record is None and (lost := row.keys() - self.table.c.keys()):
            raise RecordError(f"the table {self.table.name} has no such column", field=min(lost))
        values: Values = {} if self.record is None else {_RECORD: to_json(row)}
        for name, field, make in self._cells:
            value = row.get(field)
            written = None if value is None else make(value)
            if written is not None:
                values[name] = written
            elif name in self._absent:
                values[name] = self._absent[name]
            else:
                raise RecordError("the table needs it", field=field)
        if self.keeps_versions:
            values |= {_VERSION: version, _GONE: 0}
        return values

    def bury(self, key: str, place: Any, version: int) -> Values:
        """Make the row that says that a record is no longer at a place."""
        empty = {column.name: None if column.nullable else "" for column in self.table.c}
        return empty | {
            self.schema.key: key,
            self.schema.order.field: place,
            _VERSION: version,
            _GONE: 1,
        }


def made_table(schema: Schema, name: str, dialect: str, shard_by: str | None) -> sa.Table:
    """Declare the table of a schema, with an index for each way that it is asked."""
    columns = list(_columns(schema, dialect, shard_by))
    if len({column.name for column in columns}) < len(columns):
        raise SchemaError(
            f"the names {_RECORD}, {_VERSION}, {_GONE} and <name>_folded are the table's own"
        )
    in_order: list[sa.ColumnElement[Any]]
    if dialect == CLICKHOUSE:
        in_order = [_directed(sa.column(schema.order.field), schema), sa.column(schema.key)]
        return sa.Table(
            name,
            sa.MetaData(),
            *columns,
            clickhouse.table_engine(in_order, version=_VERSION, gone=_GONE),
        )
    table = sa.Table(name, sa.MetaData(), *columns)
    in_order = [_directed(table.c[schema.order.field], schema), table.c[schema.key]]
    sa.Index(f"{name}_in_order", *in_order)
    for field, declared in schema.fields.items():
        is_matched = declared.kind.index in ("values", "slices") and field not in (
            schema.key,
            schema.order.field,
        )
        if declared.indexed and is_matched:
            sa.Index(
                f"{name}_{field}", table.c[field], *in_order
            )  # so that matches are sorted without being looked at
    if dialect == "postgresql":
        _index_trigrams(table, schema)
    return table


def _columns(schema: Schema, dialect: str, shard_by: str | None) -> Iterator[sa.Column[Any]]:
    """Declare a column for each field that is asked for, and those of our own."""
    shard = schema.fields.get(shard_by) if shard_by is not None else None
    if shard_by is not None and (shard is None or shard.kind.index != "values"):
        raise SchemaError("a table is sharded by a keyword field", field=shard_by)
    on_clickhouse = dialect == CLICKHOUSE
    text: TypeEngine[str] = (
        sa.Text(collation="C") if dialect == "postgresql" else sa.Text()
    )  # ordered by code points
    whole: TypeEngine[int] = sa.BigInteger()
    maybe_text, maybe_whole = (
        (clickhouse.MAYBE_TEXT, clickhouse.MAYBE_WHOLE) if on_clickhouse else (text, whole)
    )
    for name, field in sorted(schema.fields.items(), key=lambda item: item[0] != shard_by):
        maybe = name not in (schema.key, schema.order.field, shard_by)
        for form in field.kind.columns:
            if form == "micros":
                yield sa.Column(name, maybe_whole if maybe else whole, nullable=maybe)
            elif form == "folded":
                yield sa.Column(_folded(name), Word(maybe_text if maybe else text), nullable=maybe)
            elif form == "value":
                is_unique = not maybe and not on_clickhouse  # where nothing is
                yield sa.Column(
                    name, Word(maybe_text if maybe else text), nullable=maybe, primary_key=is_unique
                )
            else:
                assert_never(form)
    yield sa.Column(_RECORD, sa.Text(), nullable=False)
    if on_clickhouse:
        yield sa.Column(
            _VERSION, sa.BigInteger(), nullable=False
        )  # a row is replaced by one of a later version,
        yield sa.Column(_GONE, clickhouse.FLAG, nullable=False)  # perhaps of no record


def _index_trigrams(table: sa.Table, schema: Schema) -> None:
    """Index parts of texts on PostgreSQL, by the extension pg_trgm."""
    for field, declared in schema.fields.items():
        if declared.indexed and declared.kind.index == "parts":
            folded = table.c[_folded(field)]
            trigrams = {folded.name: "gin_trgm_ops"}
            sa.Index(
                f"{table.name}_{folded.name}",
                folded,
                postgresql_using="gin",
                postgresql_ops=trigrams,
            )
    # SQLAlchemy has no construct for it, and no type for this class.
    extension = sa.DDL("CREATE EXTENSION IF NOT EXISTS pg_trgm")  # type: ignore[no-untyped-call]
    event.listen(table, "before_create", extension)


def _having(schema: Schema, column: ColumnForm) -> list[str]:
    """List the fields that have a column of this form."""
    return [name for name, field in schema.fields.items() if column in field.kind.columns]


def _folded(field: str) -> str:
    return f"{field}_folded"


def _as_it_is(value: Value) -> Value:
    return value


def _directed(order: sa.ColumnElement[Any], schema: Schema) -> sa.UnaryExpression[Any]:
    return order.desc() if schema.order.descending else order.asc()
