"""The engines of the conformance tests: the one in memory, and stores on databases."""

import os
import weakref
from contextlib import contextmanager
from itertools import count

import pytest
import sqlalchemy as sa

import servers
from instquery.sql import SqlStore
from instquery.sql.clickhouse import CLICKHOUSE

MEMORY = "memory"
DATABASES = ["sqlite", "chdb", "postgresql", "shards"]

_numbers = count()


def readings(store):
    """Return a store, and a snapshot of it where it has some."""
    return [store, *([store.snapshot()] if hasattr(store, "snapshot") else [])]


class Databases:
    """The servers of a test run, started when they are first asked for."""

    def __init__(self, stack, folder):
        self._stack = stack
        self._folder = folder
        self._ready = {}

    def tables(self, name):
        """Return the tables on one engine."""
        return self._once(name, getattr(self, f"_{name}"))

    def server(self):
        """Return the one server."""
        return self._once("server", installed(servers.server))

    def cluster(self):
        """Return the coordinator and its shards."""
        return self._once("cluster", installed(servers.cluster))

    def _once(self, name, start):
        if name not in self._ready:
            self._ready[name] = self._stack.enter_context(start())
        return self._ready[name]

    def _sqlite(self):
        return tables(f"sqlite:///{self._folder}/tables.sqlite", SqlStore.create)

    def _chdb(self):
        return tables(
            f"clickhousedb:///default?interface=chdb&path={self._folder}/chdb", SqlStore.create
        )

    def _postgresql(self):
        return tables(self.server().url, SqlStore.create)

    def _shards(self):
        coordinator, shards = self.cluster()
        return tables(coordinator.url, lambda store: servers.spread(coordinator, shards, store))


def installed(start):
    """Return what starts servers.

    Where there is nothing to start, the test is skipped, or fails if servers are expected.
    """
    if servers.programs() is None:
        expected = os.environ.get("INSTQUERY_EXPECT_POSTGRESQL")
        (pytest.fail if expected else pytest.skip)(
            "PostgreSQL is not installed: apt-get install postgresql"
        )
    return start


@contextmanager
def tables(url, make):
    made = Tables(sa.create_engine(url), make)
    yield made
    made.is_open = False
    made.engine.dispose()


class Tables:
    """Makes stores as `Store` does, each on a table of its own for as long as it is in use."""

    def __init__(self, engine, make):
        self.is_open = True
        self.engine = engine
        self.make = make
        self._free = []

    def store(self, schema, records=(), *, segment_rows=None, **options):
        """Make a store of records; `segment_rows` has no meaning here."""
        name = next((name for name, of in self._free if of is schema), None)
        store = SqlStore(self.engine, schema, name or f"test_{next(_numbers)}", **options)
        if name is None:
            self.make(store)
        else:
            self._free.remove((name, schema))
            store.replace_all([])
        weakref.finalize(store, self._leave, store.table, schema)
        store.put_many(records)
        return store

    def _leave(self, table, schema):
        """Keep a table that is no longer in use.

        ClickHouse makes a new one quicker than it empties one.
        """
        if self.engine.dialect.name == CLICKHOUSE.name and self.is_open:
            table.drop(self.engine)
        else:
            self._free.append((table.name, schema))
