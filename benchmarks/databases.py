"""The same requests on databases, page and total: beside the engine in memory, and beside SQL written by hand.

`python -m benchmarks.databases 1000000 --to postgresql=postgresql+psycopg://… --to clickhouse=clickhousedb://…`

A table that is not there is made and filled. Every page and total must be what the engine in memory answers. SQL by
hand is for PostgreSQL on the same table: count and page as somebody would write them, the page ordered by the column
or by an expression, whichever is quicker for the request.
"""

import argparse
import gc
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any

import sqlalchemy as sa

from benchmarks.questions import QUESTIONS
from instquery import Contains, Eq, In, Page, Query, Store
from instquery.apis.catalog import CATALOG
from instquery.estate import ANCHOR, ESTATES
from instquery.query import Predicate, Record
from instquery.schema import Schema
from instquery.sql import SqlStore

__all__ = ["main"]

_BATCH = 50_000
_SECONDS = 1  # for the rounds of one request
_MOST = 1 << 62  # an offset that SQL takes

Ask = Callable[[Query], Page]


def main() -> int:
    """Fill what is empty, check every answer, and print milliseconds by request."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.databases", description=__doc__)
    parser.add_argument("count", type=int, help="records of each API")
    parser.add_argument("--to", action="append", default=[], metavar="NAME=URL", help="a database")
    parser.add_argument("--by-hand", default="postgresql", metavar="NAME", help="the one that is asked by hand too")
    options = parser.parse_args()
    databases = [to.partition("=")[::2] for to in options.to]
    for api, make in ESTATES.items():
        operation, records = CATALOG[api].operation, list(make(options.count))
        contenders: dict[str, Ask] = {"memory": Store(operation.schema, records).page}
        for name, url in databases:
            store = _filled(sa.create_engine(url), operation.schema, f"{api}{options.count}", records)
            contenders[name] = store.page
            if name == options.by_hand:
                contenders[f"{name}, by hand"] = partial(_by_hand, sa.create_engine(url), store, "")
                contenders[f"{name}, by hand, sorted"] = partial(_by_hand, sa.create_engine(url), store, " + 0")
        questions = QUESTIONS[api](records)
        del records
        gc.collect()
        _say(" | ".join(["", f"{api}, ms", *contenders, ""]) + "\n" + "| --- " * (len(contenders) + 1) + "|")
        for title, params in questions.items():
            query = replace(operation.query(params, now=ANCHOR), total=True)
            known = contenders["memory"](query)
            told = [_milliseconds(ask, query, known, f"{title}, {name}") for name, ask in contenders.items()]
            _say(" | ".join(["", title, *told, ""]))
    return 0


def _filled(engine: sa.Engine, schema: Schema, table: str, records: list[Record]) -> SqlStore:
    """Return a store that holds the records; one that is there already is taken to hold them."""
    store = SqlStore(engine, schema, table)
    if not sa.inspect(engine).has_table(table):
        store.create()
        start = perf_counter()
        for first in range(0, len(records), _BATCH):
            store.put_many(records[first : first + _BATCH])
        _say(f"{engine.dialect.name}: {table} filled in {perf_counter() - start:.0f} s")
    return store


def _milliseconds(ask: Ask, query: Query, known: Page, title: str) -> str:
    """Check an answer, then time it."""
    assert ask(query) == known, title
    times: list[float] = []
    while len(times) < 3 or (sum(times) < _SECONDS and len(times) < 200):
        start = perf_counter()
        ask(query)
        times.append(perf_counter() - start)
    return f"{median(times) * 1000:.2f}"


def _by_hand(engine: sa.Engine, store: SqlStore, unindexed: str, query: Query) -> Page:
    """Ask PostgreSQL by the two statements that one writes who knows the table."""
    table, order, key = store.table.name, store.schema.order.field, store.schema.key
    where = " AND ".join(_condition(predicate) for predicate in query.where) or "true"
    page = f'SELECT record FROM "{table}" WHERE {where} ORDER BY "{order}"{unindexed} DESC, "{key}"'  # noqa: S608
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        total = connection.exec_driver_sql(f'SELECT count(*) FROM "{table}" WHERE {where}').scalar_one()  # noqa: S608
        limits = f" LIMIT {query.limit} OFFSET {min(query.offset, _MOST)}"
        rows = connection.exec_driver_sql(page + limits).all()
    return Page([json.loads(row[0]) for row in rows], total)


def _condition(predicate: Predicate) -> str:
    field = predicate.field
    if isinstance(predicate, Contains):
        return f"\"{field}_folded\" LIKE '%%{predicate.folded}%%'"
    if isinstance(predicate, Eq):
        return f"\"{field}\" = '{predicate.value}'"
    if isinstance(predicate, In):
        return f'"{field}" IN (' + ", ".join(f"'{value}'" for value in predicate.values) + ")"
    return f'"{field}" BETWEEN {predicate.low} AND {predicate.high}'


def _say(text: Any) -> None:
    print(text, flush=True)  # noqa: T201 - the report


if __name__ == "__main__":
    sys.exit(main())
