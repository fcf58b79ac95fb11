"""DuckDB in memory: one table in answer order."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import polars as pl

from benchmarks.contenders.table import Table, bound
from instquery import Contains, Eq, In, Page, Query
from instquery.predicates import Bounded
from instquery.ranges import Interval

__all__ = ["Duck"]


class Duck:
    """Every query is a scan by columns.

    The rows lie in answer order, so that few blocks are read for a page.
    """

    def __init__(self, table: Table) -> None:
        schema = table.schema
        found = table.columns | {"place": list(range(len(table.rows)))}
        self._schema = schema
        self._members = list(schema.fields)
        self._db = duckdb.connect()
        with TemporaryDirectory() as folder:
            path = Path(folder) / "rows.parquet"
            pl.DataFrame(found, infer_schema_length=None).write_parquet(path)
            self._db.execute(
                f"CREATE TABLE r AS SELECT * FROM read_parquet('{path}') ORDER BY place"  # noqa: S608
            )
        self._db.execute(f"CREATE UNIQUE INDEX by_key ON r ({schema.key})")

    def page(self, query: Query) -> Page:
        """Select the page, and count in a second statement where the total is wanted."""
        parts: list[str] = []
        values: list[Any] = []
        for predicate in bound(self._schema, query):
            part, asked = _condition(predicate)
            parts.append(part)
            values += asked
        conditions = "WHERE " + " AND ".join(parts) if parts else ""
        names = ", ".join(self._members)
        sql = f"SELECT {names} FROM r {conditions} ORDER BY place LIMIT ? OFFSET ?"  # noqa: S608
        offset = min(query.offset, (1 << 62) - 1)
        found = self._db.execute(sql, [*values, query.limit, offset]).fetchall()
        items = [
            {m: v for m, v in zip(self._members, row, strict=True) if v is not None}
            for row in found
        ]
        if not query.total:
            return Page(items, None)
        counted = self._db.execute(f"SELECT count(*) FROM r {conditions}", values).fetchall()  # noqa: S608
        return Page(items, counted[0][0])


def _condition(predicate: Bounded) -> tuple[str, list[Any]]:
    match predicate:
        case Eq(field=field, value=value):
            return f"{field} = ?", [value]
        case In(field=field, values=listed):
            return f"{field} IN ({', '.join('?' * len(listed))})", list(listed)
        case Contains(field=field, folded=needle):
            return f"contains({field}_folded, ?)", [needle]
        case Interval(field=field, low=low, high=high):
            return f"{field}_us BETWEEN ? AND ?", [low, high]
