"""A store on a database: reads, and writes in transactions, by SQLAlchemy."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeGuard

import sqlalchemy as sa

from instquery.contents import is_same
from instquery.contract import Changes, Prepared
from instquery.errors import CursorInvalid, QueryError, SchemaError
from instquery.instants import Moment
from instquery.options import brief, check_callable, check_flag, check_kind
from instquery.pages import Page, picked
from instquery.predicates import Where
from instquery.query import (
    Clock,
    Query,
    Record,
    by_count,
    check_limit,
    dated_by,
    system_clock,
)
from instquery.schema import Schema, take_batch
from instquery.sql.dialects import dialect_of
from instquery.sql.later import Later, check_columns, check_order
from instquery.sql.layout import Layout
from instquery.sql.planner import AccessPath, Planner
from instquery.sql.table import check_is_table, made_table
from instquery.sql.transactions import Transactions
from instquery.sql.values import Statement, Word
from instquery.sql.walk import walk
from instquery.sql.writer import Writer
from instquery.updates import Update, keys_of, removal
from instquery.values import fits

__all__ = ["SqlStore"]

_BATCH = 1000  # records that are fetched at once
_NO_CURSORS = "a store on a database has no cursors: ask for further pages by Query(offset=...)"


class SqlStore(Later):
    """Records in a table of a database, asked and answered as a `Store` is.

    `table` is the name of one that `create` makes, or a SQLAlchemy `Table` that exists (see
    `Layout`). `shard_by` is the keyword field by which Citus distributes it; by default the key.
    `clock` gives the now that deltas are counted from. What the database refuses is raised as
    SQLAlchemy raises it. Totals and pages are of one moment where the database has transactions; on
    ClickHouse each statement is of its own.
    """

    def __init__(
        self,
        engine: sa.Engine,
        schema: Schema,
        table: str | sa.Table = "instances",
        *,
        shard_by: str | None = None,
        clock: Clock = system_clock,
    ) -> None:
        check_kind("engine", engine, sa.Engine, "an Engine, as sqlalchemy.create_engine makes it")
        check_kind("schema", schema, Schema, "a Schema", SchemaError)
        check_kind("table", table, (str, sa.Table), "the name of a table or a sqlalchemy.Table")
        if shard_by is not None:
            check_kind("shard_by", shard_by, str, "the name of a keyword field", SchemaError)
        check_callable("clock", clock, "a datetime")

        self._clock = clock
        self._dialect = dialect_of(engine)
        if isinstance(table, str):
            table = made_table(schema, table, self._dialect, shard_by)
        self._layout = Layout(schema, table, self._dialect)
        self._shard_by = shard_by
        self._planner = Planner(self._layout)
        self._transactions = Transactions(engine, self._dialect, table)
        self._keyed = self._layout.records().where(self._layout.key == sa.bindparam("key"))
        self._writer = Writer(self._layout)

    @property
    def schema(self) -> Schema:
        """What the records of this store hold."""
        return self._layout.schema

    @property
    def table(self) -> sa.Table:
        """The table as SQLAlchemy knows it, for what the store does not do."""
        return self._layout.table

    def create(self) -> None:
        """Make the table and its indexes, unless it is there; with Citus, distribute it.

        Raises `SchemaError` where a table is there that lacks columns of this one.
        """
        with self._transactions.making() as connection:
            if sa.inspect(connection).has_table(self.table.name, self.table.schema):
                check_is_table(connection, self.table)
                return
            self.table.create(connection)
            self._dialect.distribute(connection, self.table, self._shard_by or self.schema.key)

    def __repr__(self) -> str:
        # Not the URL of its engine: that may hold a password.
        table = brief(str(self.table.fullname))
        return f"<SqlStore on {self._dialect.name}: table {table} by {brief(self.schema.key)}>"

    # reading

    def page(self, query: Query, cursor: str | None = None) -> Page:
        """Return one page of the records that match, in order, with the exact total.

        Raises `QueryError` as a `Store` does, and for `Contains` on a field without folded text.
        There are no cursors, as no state is kept: a deep page is counted to, not walked to. The
        page's `cursor` is `None` where nothing follows, and raises `QueryError` where more does.
        """
        query = self._asked(query)
        if cursor is not None:
            raise CursorInvalid(_NO_CURSORS)
        with self._transactions.reading() as connection:
            path = self._planner.choose(connection, query)
            rows = path.rows
            if rows is None and path.statement is not None:
                rows = connection.execute(path.statement, path.values).all()
            rows = rows or ()

        # Where matches were not counted, one row more than the page has was asked for.
        reached = query.offset + len(rows)
        follows = len(rows) > query.limit if path.matches is None else reached < path.matches
        items = [self._layout.read(row) for row in rows[: query.limit]]
        if query.fields is not None:
            items = [picked(item, query.fields) for item in items]
        return Page(
            items,
            path.matches if query.total else None,
            _no_cursor if items and follows else None,
        )

    def prepare(self, query: Query, cursor: str | None = None, *, live: bool = False) -> Prepared:
        """Get a page ready; nothing is asked of the database before its page or its plan is.

        `live` is as in `Store.prepare`: a store on a database knows no other state than the
        present.
        """
        check_flag("live", live, QueryError)
        return _PreparedQuery(self, self._asked(query), cursor)

    def count(self, where: Where = (), *, now: Moment | None = None) -> int:
        """Count the records that match, exactly; `now` is what deltas are counted from."""
        return self.page(Query(where, limit=0, now=now)).total or 0

    def facets(
        self,
        field: str | tuple[str, ...],
        where: Where = (),
        *,
        key: str | None = None,
        missing: bool = False,
        limit: int | None = None,
        now: Moment | None = None,
    ) -> dict[Any, int]:
        """Count the matches by their value of a keyword field; see `Store.facets`."""
        fields = self.schema.facet_fields(field, key)
        check_columns(self.schema, fields)
        columns = [self._layout.column(name) for name in fields]
        check_limit(limit)
        query = dated_by(self._clock, Query(where, now=now))
        asked, values = self._planner.statements_for(query.where, query.now)
        if values is None:
            return {}
        given = () if missing else [column.is_not(None) for column in columns]
        counted = (
            self._layout.select(sa.func.count(), *columns)
            .where(*given, *asked.where)
            .group_by(*columns)
        )
        with self._transactions.reading() as connection:
            rows = connection.execute(counted, values).all()
        is_one = not isinstance(field, tuple)
        counts = {found[0] if is_one else tuple(found): count for count, *found in rows}
        return by_count(counts, limit)

    def explain(self, query: Query) -> AccessPath:
        """Return the path by which a query would be answered now; costs its count."""
        query = self._asked(query)
        with self._transactions.reading() as connection:
            return self._planner.choose(connection, query)

    def get(self, key: str) -> Record | None:
        """Return the record with this key, or `None`."""
        if not self._can_be_there(key):
            return None
        with self._transactions.reading() as connection:
            row = connection.execute(self._keyed, {"key": key}).first()
        return None if row is None else self._layout.read(row)

    def __len__(self) -> int:
        return self.count()

    def __contains__(self, key: object) -> bool:
        return self._can_be_there(key) and self.get(key) is not None

    def __iter__(self) -> Iterator[Record]:
        """Walk the records in order; the store may be read and written on the way.

        Which records there are, and in which order, is noted when the first is asked for. Each is
        handed out as it is when its portion of 1,000 is read, and passed over if it is gone by
        then. Of more than 1,000,000 records, the next 1,000,000 are noted after these.

        No transaction and no connection is held between two records. Costs 100 bytes of memory for
        each key that is noted.
        """
        return walk(self._transactions, self._layout)

    # writing

    def put(self, record: Mapping[str, Any]) -> None:
        """Add a record, or replace the one with its key.

        Raises `RecordError`, having changed nothing.
        """
        self.put_many([record])

    def put_many(self, records: Iterable[Mapping[str, Any]]) -> int:
        """Put a batch, whole or not at all.

        Of records with one key the last counts. Returns how many were put.
        """
        entries = take_batch(self.schema, records)
        with self._transactions.writing() as connection:
            self._writer.replace(connection, entries)
        return len(entries)

    def update(
        self,
        key: str,
        members: Mapping[str, Any],
        *,
        expect: Mapping[str, Any] | None = None,
    ) -> bool:
        """Replace members of the record with this key, in one transaction; see `Store.update`.

        On ClickHouse, which has none, another writer may come between look and write.
        """
        wanted = Update.of(self.schema, key, members, expect)
        if not self._can_be_there(key):
            return False
        with self._transactions.writing() as connection:
            row = connection.execute(self._keyed, {"key": key}).first()
            entry = None if row is None else wanted.applied_to(self._layout.read(row))
            if entry is not None:
                self._writer.replace(connection, {entry.key: entry})
        return row is not None

    def discard(self, key: str) -> bool:
        """Remove the record with this key; tells whether there was one."""
        return self._can_be_there(key) and self.discard_many([key]) > 0

    def discard_many(self, keys: Iterable[str]) -> int:
        """Remove the records with these keys, in one step; returns how many there were.

        Raises `RecordError` for what is no collection of keys, such as one key.
        """
        gone = [key for key in keys_of(keys) if self._can_be_there(key)]
        if not gone:
            return 0
        with self._transactions.writing() as connection:
            return self._writer.replace(connection, {}, gone)

    def discard_where(self, where: Where, *, now: Moment | None = None) -> int:
        """Remove the records that match, in one step; returns how many there were.

        Raises `QueryError` where there are no predicates: `replace_all([])` removes every record.
        Costs memory for the keys of the matches.
        """
        query = dated_by(self._clock, removal(where, now))
        asked, values = self._planner.statements_for(query.where, query.now)
        if values is None:
            return 0
        with self._transactions.writing() as connection:
            matches = self._layout.select(self._layout.key).where(*asked.where)
            gone = list(connection.scalars(matches, values))
            return self._writer.replace(connection, {}, gone) if gone else 0

    def replace_all(self, records: Iterable[Mapping[str, Any]]) -> Changes:
        """Make `records` the whole content, by the smallest set of changes, whole or not at all."""
        entries = take_batch(self.schema, records)
        added, updated = len(entries), 0
        gone: list[str] = []
        with self._transactions.writing() as connection:
            for record in self._stream(connection, self._layout.records()):
                key = record[self.schema.key]
                if key not in entries:
                    gone.append(key)
                    continue
                added -= 1
                if is_same(record, entries[key].row):
                    del entries[key]  # it is there already
                else:
                    updated += 1
            self._writer.replace(connection, entries, gone)
        return Changes(added, updated, len(gone))

    # inside

    def _asked(self, query: Query) -> Query:
        """Return a query with its now.

        Raises `QueryError` for another order than the table's, and for members that no record has.
        """
        query = dated_by(self._clock, query)
        check_order(self.schema, query)
        self.schema.check_members(query.fields)
        return query

    def _can_be_there(self, key: object) -> TypeGuard[str]:
        """Tell whether the table may hold such a key: else the database is not asked."""
        held = self._layout.key.type
        if not isinstance(key, str) or not self._dialect.can_hold(held, key):
            return False
        return fits(key) or not isinstance(held, Word)

    def _stream(self, connection: sa.Connection, records: Statement) -> Iterator[Record]:
        """Read records a batch at a time."""
        with connection.execute(records, execution_options={"yield_per": _BATCH}) as rows:
            yield from map(self._layout.read, rows)


def _no_cursor() -> str:
    raise QueryError(_NO_CURSORS)


class _PreparedQuery:
    """A query to a database, which is never known to be brief; see `contract.Prepared`."""

    brief = False

    def __init__(self, store: SqlStore, query: Query, cursor: str | None) -> None:
        self._store = store
        self._query = query
        self._cursor = cursor

    @property
    def plan(self) -> AccessPath:
        """The path to the page; costs a look at the database."""
        return self._store.explain(self._query)

    def page(self) -> Page:
        """Ask the database."""
        return self._store.page(self._query, self._cursor)
