"""Many threads on one store, nine reads to one write.

Measures the operations done, the waits of each thread, and whether the answers are right.
"""

import random
from array import array
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from heapq import merge
from itertools import islice
from statistics import quantiles
from threading import Lock
from time import perf_counter
from typing import Any, NamedTuple, cast

from benchmarks.contenders import CONTENDERS, Scan, Table, Writer
from benchmarks.inventories import FIELDS, inventory
from benchmarks.questions import questions_of
from instquery import Page, Query, Store
from instquery.apis.catalog import CATALOG
from instquery.apis.samples import ANCHOR
from instquery.instants import to_micros, to_text
from instquery.query import Record
from instquery.schema import Schema

__all__ = ["UPDATED", "measure"]

_THREADS = 8
_ENGINES = ("instquery", "sqlite")
_SAMPLES = 25  # pages a thread that are compared with the state of their version afterwards
_RENAMED = {"name": "renamed 推荐-prod", "Region": "cn-renamed"}
UPDATED = {"status": "Ready", "Status": "Normal"}


class Sample(NamedTuple):
    """A page that was seen, and what was asked."""

    query: Query
    page: Page


class Threads:
    """The same mix of work for each engine.

    A lock around an engine that does not take threads by itself.
    """

    def __init__(self, engine: Writer, guard: AbstractContextManager[Any], schema: Schema) -> None:
        self._engine, self._guard, self._schema = engine, guard, schema
        self.reads, self.writes = array("d"), array("d")
        self.samples: list[Sample] = []

    def run(self, records: Sequence[Record], queries: Sequence[Query], seconds: float) -> None:
        """Work with all threads for so long."""
        end = perf_counter() + seconds
        with ThreadPoolExecutor(_THREADS) as threads:
            for reads, writes, samples in threads.map(
                lambda n: self._work(n, records, queries, end), range(_THREADS)
            ):
                self.reads.extend(reads)
                self.writes.extend(writes)
                self.samples += samples

    def _work(
        self, number: int, records: Sequence[Record], queries: Sequence[Query], end: float
    ) -> tuple["array[float]", "array[float]", list[Sample]]:
        """Read and write at random until the end.

        What the thread does depends on its number alone.
        """
        chance = random.Random(number)
        reads, writes = array("d"), array("d")
        samples: list[Sample] = []
        wait = 1
        while (start := perf_counter()) < end:
            if chance.random() < 0.1:
                self._write(number, len(writes), chance, records)
                writes.append(perf_counter() - start)
                continue
            query = chance.choice(queries)
            with self._guard:
                page = self._engine.page(query)
                _ = page.items  # ours copies them when they are first asked for
            reads.append(perf_counter() - start)
            if (
                len(reads) == wait and len(samples) < _SAMPLES
            ):  # often at first, then ever more rarely
                samples.append(Sample(query, page))
                wait = wait * 3 // 2 + 1
        return reads, writes, samples

    def _write(
        self, thread: int, turn: int, chance: random.Random, records: Sequence[Record]
    ) -> None:
        record, kind = chance.choice(records), chance.random()
        key = self._schema.key
        if kind < 0.15:
            with self._guard:
                self._engine.discard(record[key])
            return
        if kind < 0.3:
            created = ANCHOR + timedelta(seconds=turn)
            record = record | {
                key: f"new-{thread}-{turn}",
                self._schema.order.field: to_text(to_micros(created), "seconds"),
            }
        else:
            changes = _RENAMED if kind < 0.4 else UPDATED
            record = record | {
                name: value for name, value in changes.items() if name in self._schema.fields
            }
        with self._guard:
            self._engine.put(record)


def measure(data: str, count: int, seconds: float) -> dict[str, dict[str, dict[str, float]]]:
    """Return API → engine → operations a second, and times of reads and writes in µs.

    The times are the median, the 99th percentile and the longest.

    Ours is checked: pages beside a plain scan of the state of their version, every index beside the
    records.
    """
    found: dict[str, dict[str, dict[str, float]]] = {}
    for api in [api for of, api in FIELDS if of == data]:
        entry = CATALOG[api]
        schema = entry.operation.schema
        records = list(inventory(data, api, count))
        asked = questions_of(api, records)
        queries = [entry.operation.query(params, now=ANCHOR) for params in asked.values()]
        for name in _ENGINES:
            is_ours = name == "instquery"
            engine = (
                Store(schema, records, history=1 << 40)
                if is_ours
                else CONTENDERS[name](Table(schema, records))
            )
            work = Threads(cast(Writer, engine), nullcontext() if is_ours else Lock(), schema)
            work.run(records, queries, seconds)
            found.setdefault(api, {})[name] = _figures(work, seconds)
            if isinstance(engine, Store):
                found[api][name]["pages checked"] = _check(engine, work.samples, records)
    return found


def _figures(work: Threads, seconds: float) -> dict[str, float]:
    figures = {"operations a second": (len(work.reads) + len(work.writes)) / seconds}
    for what, times in (("read", work.reads), ("write", work.writes)):
        cuts = quantiles(times, n=100)
        figures |= {
            f"{what} median": cuts[49] * 1e6,
            f"{what} p99": cuts[98] * 1e6,
            f"{what} longest": max(times) * 1e6,
        }
    return figures


def _check(store: Store, samples: list[Sample], records: Sequence[Record]) -> int:
    """Compare pages with a plain reading of the state of their version.

    Returns how many. Raises if one differs.

    The plain reading is a scan of the first state, merged with what has been changed up to that
    version.
    """
    schema, plain = store.schema, Scan(Table(store.schema, records))
    changes = iter(store.changes(0))
    change = next(changes, None)
    changed: dict[str, Record | None] = {}

    def place(row: Record) -> tuple[int, str]:
        return -schema.rank(row), row[schema.key]

    for query, page in sorted(samples, key=lambda sample: sample.page.version or 0):
        while change is not None and change.version <= (page.version or 0):
            changed[change.key] = change.after
            change = next(changes, None)
        kept = [row for row in plain.rows(plain.matches(query)) if row[schema.key] not in changed]
        new = [
            row
            for row in changed.values()
            if row is not None and all(one.matches(row) for one in query.where)
        ]
        items = islice(
            merge(kept, sorted(new, key=place), key=place), query.offset, query.offset + query.limit
        )
        if Page(list(items), len(kept) + len(new) if query.total else None) != page:
            raise AssertionError(f"version {page.version} never had this page: {query}")
    if differs := store.verify():
        raise AssertionError(differs[:10])
    return len(samples)
