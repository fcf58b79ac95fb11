"""Transactions of a store: each begins and ends within one call, and none is open in between.

A database in the memory of SQLite lives in one connection. The first that a pool gives is taken for
the database; another one would be an empty database, and is refused.
"""

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock, RLock
from typing import Any
from weakref import WeakKeyDictionary
from zlib import crc32

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from instquery.errors import InstqueryError, SchemaError
from instquery.forks import renew_after_fork
from instquery.sql.dialect import Dialect

__all__ = ["Transactions"]


class Transactions:
    """Transactions that read or write one table.

    Raises `SchemaError` where the table is not there.
    """

    def __init__(self, engine: sa.Engine, dialect: Dialect, table: sa.Table) -> None:
        self._engine = engine
        self._dialect = dialect
        self._table = table
        self._lock = crc32(table.fullname.encode())  # by which the table's writers find each other

    @contextmanager
    def reading(self) -> Generator[sa.Connection]:
        """Read from one moment, where the database can."""
        with self._connected() as connection:
            self._dialect.begin_read(connection)
            yield connection
            connection.commit()  # psycopg adds a round trip to a rollback

    @contextmanager
    def writing(self) -> Generator[sa.Connection]:
        """Write in a transaction, one writer after the other, where the database can."""
        with self._connected() as connection, connection.begin():
            self._dialect.begin_write(connection, self._lock)
            yield connection

    @contextmanager
    def making(self) -> Generator[sa.Connection]:
        """Make the table in a transaction, where the database can."""
        with self._connected() as connection, connection.begin():
            yield connection

    @contextmanager
    def _connected(self) -> Generator[sa.Connection]:
        pool = _pools.of(self._engine)
        with pool.turn(), self._engine.connect() as connection:
            pool.check(connection, self._dialect)
            try:
                yield connection
            except DBAPIError as error:
                if not self._is_missing(connection, error):
                    raise
                raise SchemaError(
                    f"the table {self._table.fullname} is not in the database: call create() first",
                    code="store.table",
                ) from error

    def _is_missing(self, connection: sa.Connection, error: DBAPIError) -> bool:
        """Tell whether an error says that the table is not there; looks for it where it may."""
        if error.connection_invalidated or not self._dialect.may_be_missing(error.orig or error):
            return False
        try:
            connection.rollback()
            return not sa.inspect(connection).has_table(self._table.name, self._table.schema)
        except SQLAlchemyError:
            return False


class _Pool:
    """What is to be known of a pool of connections."""

    def __init__(self, pool: sa.Pool) -> None:
        self._is_one_connection = isinstance(pool, sa.StaticPool)
        self._first: Any = None
        self._is_apart = False
        self.renew_locks()
        renew_after_fork(self)

    def renew_locks(self) -> None:
        """Make locks that nobody holds. A check that a fork has interrupted is made again."""
        self._one_at_a_time = RLock()
        self._checking = Lock()

    def turn(self) -> AbstractContextManager[object]:
        """Wait until a connection may be used.

        Where all threads share one connection, it has one transaction at a time.
        """
        return self._one_at_a_time if self._is_one_connection else nullcontext()

    def check(self, connection: sa.Connection, dialect: Dialect) -> None:
        """Raise `InstqueryError` for a connection with an empty database of its own."""
        used = connection.connection.driver_connection
        if self._first is None:
            with self._checking:
                if self._first is None:
                    self._is_apart = dialect.is_apart(connection)
                    # Held, so that no later connection is taken for it.
                    self._first = used if self._is_apart else True

        if self._is_apart and used is not self._first:
            raise InstqueryError(
                "a database in memory lives in one connection, and this is another (each thread "
                'has its own): share one by create_engine("sqlite://", poolclass=StaticPool, '
                'connect_args={"check_same_thread": False}), or use a file',
                code="store.connection",
            )


class _Pools:
    """All pools that stores have asked, for as long as they are in use."""

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[sa.Pool, _Pool] = WeakKeyDictionary()
        self.renew_locks()
        renew_after_fork(self)

    def renew_locks(self) -> None:
        """Make a lock that nobody holds; what it guards is added by one call."""
        self._adding = Lock()

    def of(self, engine: sa.Engine) -> _Pool:
        """Return what is known of the pool that an engine has now; `dispose` gives it another."""
        known = self._known.get(engine.pool)
        if known is None:
            with self._adding:
                known = self._known.setdefault(engine.pool, _Pool(engine.pool))
        return known


_pools = _Pools()
