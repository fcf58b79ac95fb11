"""What loading costs in time and memory, each engine in a process of its own."""

import gc
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from sys import getsizeof
from time import perf_counter
from typing import Any

import psutil

from benchmarks.contenders import CONTENDERS, Table
from benchmarks.inventories import FIELDS, inventory
from instquery import Store
from instquery.apis.catalog import CATALOG

__all__ = ["measure"]


def measure(
    data: str, count: int, engines: Iterable[str]
) -> dict[str, dict[str, dict[str, float]]]:
    """Return API → engine → what a record costs; "dicts" are the records as plain dicts.

    `time` is µs a record to load, `resident` the bytes a record that a process grows by. Of ours
    also `rows`, `plain rows` (both without their values) and `indexes`, all in bytes a record.
    """
    found: dict[str, dict[str, dict[str, float]]] = {}
    for api in [api for of, api in FIELDS if of == data]:
        field = (data, api)
        found[api] = {"dicts": {"resident": _alone(_weigh, field, None, count)}}
        for engine in engines:
            time = _alone(_time, field, engine, count)
            found[api][engine] = {"time": time, "resident": _alone(_weigh, field, engine, count)}
            if engine == "instquery":
                found[api][engine] |= _alone(_parts, field, count)
    return found


def _alone(work: Any, *arguments: Any) -> Any:
    """Call in a fresh process, so that nothing of what others left behind is measured."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def _time(field: tuple[str, str], engine: str, count: int) -> float:
    """Return µs a record to load records that are there as dicts."""
    records = list(inventory(*field, count))
    gc.collect()
    start = perf_counter()
    CONTENDERS[engine](Table(CATALOG[field[1]].operation.schema, records))
    return (perf_counter() - start) / count * 1e6


def _weigh(field: tuple[str, str], engine: str | None, count: int) -> float:
    """Return the bytes a record that a process grows by when it holds the records in this form."""
    process = psutil.Process()
    before = process.memory_info().rss
    held: object = list(inventory(*field, count))
    if engine is not None:
        held = CONTENDERS[engine](Table(CATALOG[field[1]].operation.schema, held))  # type: ignore[arg-type]
    gc.collect()
    grown: int = process.memory_info().rss - before
    del held
    return grown / count


def _parts(field: tuple[str, str], count: int) -> dict[str, float]:
    """Return the bytes per record of our row dicts, of plain dicts, and of all but values."""
    store = Store(CATALOG[field[1]].operation.schema, inventory(*field, count))
    rows = [row for segment in store._current.version.segments for row in segment]
    seen = {id(value) for row in rows for pair in row.items() for value in pair} | set(
        map(id, rows)
    )
    own = sum(map(getsizeof, rows)) / count
    plain = sum(getsizeof(dict(row.items())) for row in rows) / count
    return {
        "rows": own,
        "plain rows": plain,
        "indexes": _size((store._current.version, store._current.census), seen) / count,
    }


def _size(value: object, seen: set[int]) -> int:
    """Add up the sizes of what an object holds, each part once.

    Types and functions do not count.
    """
    total, left = 0, [value]
    while left:
        one = left.pop()
        if id(one) in seen or isinstance(one, type) or callable(one):
            continue
        seen.add(id(one))
        total += getsizeof(one)
        if isinstance(one, Mapping):
            left += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            left += one
        slots = [name for kind in type(one).__mro__ for name in getattr(kind, "__slots__", ())]
        left += [getattr(one, name) for name in slots if hasattr(one, name)]
        left += vars(one).values() if hasattr(one, "__dict__") else ()
    return total
