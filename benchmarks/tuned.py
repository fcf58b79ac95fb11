"""What `benchmarks.tuning` measures of the engine as it was imported."""

import gc
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from hashlib import blake2b
from itertools import islice
from random import Random
from statistics import geometric_mean
from time import process_time
from typing import Any

from benchmarks.inventories import FIELDS, inventory
from benchmarks.questions import questions_of
from instquery import Query, Store
from instquery.apis.catalog import CATALOG
from instquery.apis.samples import ANCHOR
from instquery.instants import to_micros, to_text
from instquery.query import Record

__all__ = ["measure"]

_WRITES = 300
_BATCH = 1000


def measure(count: int, rounds: int, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return figures in µs of processor time, the time of each request, a sum of all answers."""
    requests: dict[str, float] = {}
    figures: dict[str, list[float]] = {}
    answers = blake2b(digest_size=8)
    gc.disable()
    for data, api in FIELDS:
        records = list(inventory(data, api, count))
        schema = CATALOG[api].operation.schema
        loads: list[Store] = []
        taken = _least(lambda: loads.append(Store(schema, records, **options)), 1)  # noqa: B023
        figures.setdefault("load", []).append(taken)
        store = loads.pop()
        for title, params in questions_of(api, records).items():
            query = CATALOG[api].operation.query(params, now=ANCHOR)
            page = store.page(query)
            told = (page.total, [item[schema.key] for item in page.items])
            answers.update(repr(told).encode())
            requests[f"{data}/{api}: {title}"] = _least(lambda: _asked(store, query), rounds)  # noqa: B023
        for kind, micros in _written(store, records).items():
            figures.setdefault(kind, []).append(micros)
    means = {name: geometric_mean(times) for name, times in figures.items()}
    overall = {"requests": geometric_mean(requests.values())} | means
    return {"figures": overall, "requests": requests, "answers": answers.hexdigest()}


def _asked(store: Store, query: Query) -> None:
    _ = store.page(query).items


def _written(store: Store, records: list[Record]) -> Mapping[str, float]:
    """Time single adds at random times, changes of a keyword, removals, and a batch."""
    random, schema = Random(1), store.schema
    keyword = "status" if "status" in schema.fields else "Status"

    def added(prefix: str) -> Record:
        created = to_micros(ANCHOR - timedelta(seconds=random.randrange(5 * 365 * 86_400)))
        names = {schema.key: f"{prefix}-{random.getrandbits(60):x}"}
        return random.choice(records) | names | {schema.order.field: to_text(created, "seconds")}

    adds = [added("one") for _ in range(_WRITES)]
    batch = [added("many") for _ in range(_BATCH)]
    changed = [record | {keyword: "Changed"} for record in islice(records, 0, None, 7)][:_WRITES]
    keys = [record[schema.key] for record in adds]
    return {
        "add": _least(lambda: _each(store.put, adds), 1) / _WRITES,
        "change": _least(lambda: _each(store.put, changed), 1) / len(changed),
        "remove": _least(lambda: _each(store.discard, keys), 1) / _WRITES,
        "batch": _least(lambda: store.put_many(batch), 1) / _BATCH,
    }


def _each(write: Callable[[Any], object], arguments: Iterable[Any]) -> None:
    for argument in arguments:
        write(argument)


def _least(call: Callable[[], object], rounds: int) -> float:
    """Return the least µs of processor time that a call takes."""
    times = []
    for _ in range(rounds):
        start = process_time()
        call()
        times.append(process_time() - start)
    return max(min(times) * 1e6, 0.01)
