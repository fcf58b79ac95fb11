"""The same requests, page and total, on databases.

Beside them stand the engine in memory and SQL written by hand.

`python -m benchmarks.databases 1000000 --to postgresql=postgresql+psycopg://… --to
clickhouse=clickhousedb://…`

A table that is not there is made and filled. Every page and total must be what the engine in memory
answers, which does so first and in a process of its own, so that the databases have the machine's
memory to themselves afterwards. SQL by hand is asked of the same table: count and page as somebody
would write them, the page ordered by the column or by an expression, whichever is quicker for the
request.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import islice
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import sqlalchemy as sa

from benchmarks.inventories import APIS
from benchmarks.questions import questions_of
from instquery import Contains, Eq, In, Page, Query, Store
from instquery.apis.catalog import CATALOG
from instquery.apis.samples import ANCHOR
from instquery.predicates import Bounded
from instquery.query import Record
from instquery.sql import SqlStore

__all__ = ["main"]

_BATCH = 50_000
_MOST = 1 << 62  # an offset that SQL takes

Ask = Callable[[Query], Page]


class Known(NamedTuple):
    """A request, the engine in memory's answer to it, and how long that took."""

    query: Query
    page: Page
    milliseconds: str


def main() -> int:
    """Fill what is empty, check every answer, and print milliseconds by request."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.databases", description=__doc__)
    parser.add_argument("count", type=int, help="records of each API")
    parser.add_argument("--to", action="append", default=[], metavar="NAME=URL", help="a database")
    parser.add_argument(
        "--by-hand", default="postgresql", metavar="NAME", help="the one that is asked by hand too"
    )
    parser.add_argument(
        "--seconds", type=float, default=1, help="how long each is asked one request"
    )
    options = parser.parse_args()
    for api in APIS:
        with ProcessPoolExecutor(1) as process:
            answers = process.submit(_known, api, options.count, options.seconds).result()
        contenders: dict[str, Ask] = {}
        for name, _, url in (to.partition("=") for to in options.to):
            store = _filled(sa.create_engine(url), api, options.count)
            contenders[name] = store.page
            if name == options.by_hand:
                contenders[f"{name}, by hand"] = partial(_by_hand, sa.create_engine(url), store, "")
                contenders[f"{name}, by hand, sorted"] = partial(
                    _by_hand, sa.create_engine(url), store, " + 0"
                )
        _say(
            " | ".join(["", f"{api}, ms", "memory", *contenders, ""])
            + "\n"
            + "| --- " * (len(contenders) + 2)
            + "|"
        )
        for title, (query, page, milliseconds) in answers.items():
            told = [_milliseconds(ask, query, page, options.seconds) for ask in contenders.values()]
            _say(" | ".join(["", title, milliseconds, *told, ""]))
    return 0


def _known(api: str, count: int, seconds: float) -> Mapping[str, Known]:
    """Ask the engine in memory every request."""
    operation = CATALOG[api].operation
    questions = questions_of(api, list(CATALOG[api].samples(count)))
    store = Store(
        operation.schema, CATALOG[api].samples(count)
    )  # made again, as both at once may be more than fits
    answers = {}
    for title, params in questions.items():
        query = replace(operation.query(params, now=ANCHOR), total=True)
        page = store.page(query)
        answers[title] = Known(query, page, _milliseconds(store.page, query, page, seconds))
    return answers


def _filled(engine: sa.Engine, api: str, count: int) -> SqlStore:
    """Return a store that holds the records; one that is there already is taken to hold them."""
    store = SqlStore(engine, CATALOG[api].operation.schema, f"{api}{count}")
    if not sa.inspect(engine).has_table(store.table.name):
        start = perf_counter()
        store.create()
        for (
            index
        ) in store.table.indexes:  # made at once afterwards, they take a fraction of the time
            index.drop(engine)
        records: Iterator[Record] = CATALOG[api].samples(count)
        while batch := list(islice(records, _BATCH)):
            store.put_many(batch)
        for index in store.table.indexes:
            index.create(engine)
        _say(f"{engine.dialect.name}: {store.table.name} filled in {perf_counter() - start:.0f} s")
    return store


def _milliseconds(ask: Ask, query: Query, known: Page, seconds: float) -> str:
    """Check an answer, then time it."""
    assert ask(query) == known, f"{ask}: {query}"
    times: list[float] = []
    while len(times) < 3 or (sum(times) < seconds and len(times) < 200):
        start = perf_counter()
        _ = ask(query).items  # some copy them when they are first asked for
        times.append(perf_counter() - start)
    return f"{median(times) * 1000:.2f}"


def _by_hand(engine: sa.Engine, store: SqlStore, unindexed: str, query: Query) -> Page:
    """Ask by the two statements that one writes who knows the table."""
    table, order, key = store.table.name, store.schema.order.field, store.schema.key
    where = (
        " AND ".join(
            _condition(store.schema.bound(predicate, query.now)) for predicate in query.where
        )
        or "true"
    )
    page = f'SELECT record FROM "{table}" WHERE {where} ORDER BY "{order}"{unindexed} DESC, "{key}"'  # noqa: S608
    one_moment = (
        {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    )
    with engine.connect().execution_options(**one_moment) as connection:
        total = connection.exec_driver_sql(
            f'SELECT count(*) FROM "{table}" WHERE {where}'  # noqa: S608
        ).scalar_one()
        limits = f" LIMIT {query.limit} OFFSET {min(query.offset, _MOST)}"
        rows = connection.exec_driver_sql(page + limits).all()
    return Page([json.loads(row[0]) for row in rows], total)


def _condition(predicate: Bounded) -> str:
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
