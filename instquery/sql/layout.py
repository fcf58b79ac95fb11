"""Where the fields of a schema stand in a table, and records as its rows."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from instquery.bodies import from_json, to_json
from instquery.errors import QueryError, RecordError, SchemaError
from instquery.folding import fold
from instquery.instants import MICROS
from instquery.kinds import Column as ColumnForm
from instquery.predicates import Value
from instquery.query import Record
from instquery.schema import UNDATED, Entry, Schema
from instquery.sql.dialect import Column, Dialect
from instquery.sql.names import folded_name
from instquery.sql.table import directed, order_of
from instquery.sql.values import GONE, RECORD, VERSION, Row, Statement, Word, can_be_key

__all__ = ["Layout", "Values"]

Values = dict[str, Any]
"""A row of the table, by the names of its columns."""

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
        return -(-micros // self._scale) if self._is_integer else _time(micros)

    def last(self, micros: int) -> Any:
        """Return the last value of the column that is at or before an instant."""
        return micros // self._scale if self._is_integer else _time(micros)


class Layout:
    """Where a schema's fields stand in a table: one made for it, or one that exists and is mapped.

    A field stands in the column of its name, folded text in `<name>_folded`, the whole record in
    `record`. A mapped table may lack any but the key and the order; records are then made of the
    columns.
    """

    def __init__(self, schema: Schema, table: sa.Table, dialect: Dialect) -> None:
        self.ordered = order_of(schema)
        """The order of the table."""
        for name in (schema.key, self.ordered.field):
            if name not in table.c:
                raise SchemaError(f"the table {table.name} has no such column", field=name)

        self.schema = schema
        self.table = table
        self.dialect = dialect
        self.key: sa.Column[Any] = table.c[schema.key]
        self.order: sa.Column[Any] = table.c[self.ordered.field]
        self.record: sa.Column[Any] | None = None
        """The column of whole records; a mapped table may have none."""
        if RECORD not in schema.fields:
            self.record = table.c.get(RECORD)

        self.keeps_versions = VERSION in table.c
        """Whether a row is replaced by writing another, as ClickHouse likes it."""
        self.instants = {
            name: InstantColumn(schema, name, table.c[name], is_mapped=self.record is None)
            for name in _having(schema, "micros")
            if name in table.c
        }
        """How instants stand in the column of each field."""

        self._cells = self._written_cells()
        self._absent: Values = {column.name: None for column in table.c if column.nullable}
        if self.record is not None and not self.order.nullable:
            # A number beyond all times comes last.
            self._absent[self.order.name] = UNDATED if self.ordered.descending else -UNDATED

    def in_order(self, order: Column | None = None, key: Column | None = None) -> list[Column]:
        """Return what rows are ordered by: the columns, or what has their values."""
        by_order = directed(self.order if order is None else order, self.ordered)
        by_key = (self.key if key is None else key).asc()
        return [by_order.nulls_last() if self.order.nullable else by_order, by_key]

    def column(self, field: str, *, folded: bool = False) -> Column:
        """Return the column of a field, or of its text as we fold it: no engine's lower() does.

        Raises `QueryError`.
        """
        name = folded_name(field) if folded else field
        column = self.table.c.get(name)
        if column is None:
            reason = f"the table {self.table.name} has no such column: {name}"
            raise QueryError(reason, field=field, code="query.field")
        # Without its collation, with which postgres_fdw would not ask the shards.
        return sa.type_coerce(column, _PLAIN) if isinstance(column.type, Word) else column

    def is_null(self, field: str, *, folded: bool = False) -> Column:
        """Return the condition that a column holds nothing that could be compared."""
        return self.column(field, folded=folded).is_(None)

    def is_missing(self, field: str) -> Column:
        """Return the condition of the rows whose record has no value in a field."""
        absent = self._absent.get(field)
        if absent is not None:
            return self.order == sa.literal(absent, self.order.type)
        return self.is_null(field)

    def behind(self, key: str, place: Any) -> Column:
        """Return the condition of rows that come after a key at a place in the order."""
        order = self.order
        key_is_later = self.key > sa.literal(key, self.key.type)
        if place is None:
            return sa.and_(order.is_(None), key_is_later)

        here = sa.literal(place, order.type)
        is_falling = self.ordered.descending
        is_reached = order <= here if is_falling else order >= here  # which an index can seek
        is_passed = order < here if is_falling else order > here

        behind = sa.and_(is_reached, sa.or_(is_passed, key_is_later))
        return sa.or_(behind, order.is_(None)) if order.nullable else behind

    def has_keys(self) -> Column:
        """Return the condition of the rows that have one of `keys`."""
        return self.dialect.among(self.column(self.schema.key), "keys")

    def keyed(self) -> Statement:
        """Select the records that have one of `keys`."""
        return self.records().where(self.has_keys())

    def select(self, *columns: Any) -> Statement:
        """Select from the rows that are present."""
        chosen = sa.select(*columns).select_from(self.table)
        return self.dialect.present(chosen, self.table) if self.keeps_versions else chosen

    def records(self) -> Statement:
        """Select whole records, for `read`."""
        if self.record is not None:
            return self.select(self.record)

        mapped = [name for name in self.schema.fields if name in self.table.c]
        return self.select(*(self.table.c[name] for name in mapped))

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

        values: Values = {} if self.record is None else {RECORD: to_json(row)}
        for name, field, make in self._cells:
            value = row.get(field)
            written = None if value is None else make(value)
            if written is None:
                if name not in self._absent:
                    raise RecordError("the table needs it", field=field)
                written = self._absent[name]
            values[name] = written

        if self.keeps_versions:
            values |= {VERSION: version, GONE: 0}
        return values

    def bury(self, key: str, place: Any, version: int) -> Values:
        """Make the row that says that a record is no longer at a place."""
        empty = {column.name: None if column.nullable else "" for column in self.table.c}
        return empty | {
            self.schema.key: key,
            self.ordered.field: place,
            VERSION: version,
            GONE: 1,
        }

    def _written_cells(self) -> list[tuple[str, str, Callable[[Any], Any]]]:
        """List what a row has of a record: a column, its field, how a value is written."""
        cells: list[tuple[str, str, Callable[[Any], Any]]] = []
        for name in self.schema.fields:
            column = self.instants.get(name)
            cells.append((name, name, _as_it_is if column is None else column.write))
        cells += [(folded_name(name), name, fold) for name in _having(self.schema, "folded")]
        return [cell for cell in cells if cell[0] in self.table.c]


def _having(schema: Schema, column: ColumnForm) -> list[str]:
    """List the fields that have a column of this form."""
    return [name for name, field in schema.fields.items() if column in field.columns]


def _time(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def _as_it_is(value: Value) -> Value:
    return value
