"""SQLite as an expert would ask it by hand: any number of ways to ask, of which the fastest counts.

Each way is tried with each index that serves it. So SQLite is never slower here for a choice of its
planner, nor for one that is made by us.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Any, NamedTuple

from instquery.query import Record
from instquery.schema import Schema

__all__ = ["ByHand", "Sql"]

_STEPS = 10_000  # of SQLite's machine, between two looks at the clock


class Sql(NamedTuple):
    """Text with `{index}` where an index may be named, and its values."""

    text: str
    values: Sequence[object] = ()


class ByHand:
    """One table in memory: each field as it is, and each instant in microseconds beside it."""

    def __init__(self, schema: Schema, rows: Sequence[Record], indexes: Mapping[str, str]) -> None:
        self._schema = schema
        self._members = list(schema.fields)
        self._indexes = list(indexes)
        instants = [name for name, field in schema.fields.items() if field.kind.is_instant]
        self._db = sqlite3.connect(":memory:", isolation_level=None, cached_statements=1000)
        run = self._db.execute
        for setting in ("journal_mode = OFF", "synchronous = OFF", "temp_store = MEMORY"):
            run(f"PRAGMA {setting}")

        run("BEGIN")
        names = [*self._members, *[f"{name}_us" for name in instants]]
        run(f"CREATE TABLE r ({', '.join(names)})")
        reads = [(name, schema.read(name)) for name in instants]
        made = (
            [
                *[row.get(name) for name in self._members],
                *[read(row.get(name)) for name, read in reads],
            ]
            for row in rows
        )
        marks = ", ".join("?" * len(names))
        self._db.executemany(f"INSERT INTO r VALUES ({marks})", made)  # noqa: S608
        for name, columns in indexes.items():
            run(f"CREATE INDEX {name} ON r ({columns})")
        run("COMMIT")
        run("ANALYZE")

    @contextmanager
    def within(self, micros: float) -> Iterator[None]:
        """Bound what is asked meanwhile. Raises `TimeoutError` for what takes longer."""
        end = perf_counter() + micros / 1e6
        self._db.set_progress_handler(lambda: perf_counter() > end, _STEPS)
        try:
            yield
        except sqlite3.OperationalError as error:
            if perf_counter() > end:
                raise TimeoutError from error
            raise
        finally:
            self._db.set_progress_handler(None, 0)

    def run(self, sql: Sql) -> list[Any]:
        """Fetch all rows."""
        return self._db.execute(sql.text, sql.values).fetchall()

    def ways(self, *several: Sql) -> Iterator[Sql]:
        """Yield every way that the database can go: by its own choice, and by each index."""
        for sql in several:
            for index in [None, *self._indexes]:
                named = "" if index is None else f"INDEXED BY {index}"
                if index is None or "{index}" in sql.text:
                    chosen = sql._replace(text=sql.text.replace("{index}", named))
                    try:
                        self._db.execute(f"EXPLAIN {chosen.text}", chosen.values)
                    except sqlite3.OperationalError:
                        continue  # this index does not serve
                    yield chosen

    def records(self, rowids: Sql, order: str) -> list[Record]:
        """Fetch the records of a page whose row numbers are selected, in order."""
        names = ", ".join(self._members)
        text = f"SELECT {names} FROM r NOT INDEXED WHERE rowid IN ({rowids.text}) ORDER BY {order}"  # noqa: S608
        return [
            {
                name: value
                for name, value in zip(self._members, row, strict=True)
                if value is not None
            }
            for row in self._db.execute(text, rowids.values)
        ]
