"""What readers and writers wait for each other.

A whole listing is taken over while somebody reads; long reads and writes run beside short ones.
"""

import gc
from array import array
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from statistics import quantiles
from threading import Event
from time import perf_counter

from benchmarks.inventories import FIELDS, inventory
from benchmarks.mixed import UPDATED
from instquery import Contains, Query, Store
from instquery.apis.catalog import CATALOG
from instquery.apis.samples import ANCHOR
from instquery.instants import to_text

__all__ = ["measure_sync", "measure_waits"]

# Times that quantiles can be told of: a small listing is taken over before anybody has waited
# twice.
_FEWEST = 2


def measure_sync(data: str, count: int) -> Mapping[str, Mapping[str, float]]:
    """Return API → seconds to take over a listing with 1 % new, and readers' waits in µs."""
    found = {}
    for api in [api for of, api in FIELDS if of == data]:
        entry = CATALOG[api]
        records = list(inventory(data, api, count))
        store = Store(entry.operation.schema, records)
        names = [name for name in UPDATED if name in store.schema.fields]
        listing = [
            record if n % 100 else record | dict.fromkeys(names, "Synced")
            for n, record in enumerate(records)
        ]
        query, done, waits = entry.operation.query({}, now=ANCHOR), Event(), array("d")

        def read(
            store: Store = store,
            query: Query = query,
            done: Event = done,
            waits: "array[float]" = waits,
        ) -> None:
            while not done.wait(0.001) or len(waits) < _FEWEST:
                start = perf_counter()
                store.page(query)
                waits.append(perf_counter() - start)

        gc.collect()
        # As docs/live.md advises: to look through a million records holds everybody up for 0.1 s.
        gc.freeze()
        with ThreadPoolExecutor(1) as thread:
            reading = thread.submit(read)
            start = perf_counter()
            changes = store.replace_all(listing)
            taken = perf_counter() - start
            done.set()
            reading.result()
        gc.unfreeze()
        cuts = quantiles(waits, n=1000)
        found[api] = {"seconds": taken, "changed": changes.updated, "reads": len(waits)}
        found[api] |= {
            "wait median": cuts[499] * 1e6,
            "wait p99": cuts[989] * 1e6,
            "wait longest": max(waits) * 1e6,
        }
    return found


def measure_waits(count: int, seconds: float) -> Mapping[str, Mapping[str, float]]:
    """Return who waits → the median, 99th percentile and longest time in µs.

    Meanwhile other threads do what takes long.

    The long read looks through every name, as its grams are common and never stand together; it is
    timed alone too. One of the threads that wait makes a status update, the other asks for the
    default page, every millisecond.
    """
    instances = [
        {
            "instanceId": f"i-{number:08}",
            "name": f"abc-bcd-{number}",
            "status": "Running",
            "gmtCreate": to_text(number * 10**6),
        }
        for number in range(count)
    ]
    store = Store(CATALOG["airec"].operation.schema, instances)
    long, short = Query([Contains("name", "abcd")]), Query()
    number = cycle(range(0, count, 97))

    def read_long() -> None:
        store.page(long)

    def read_short() -> None:
        store.page(short)

    def write() -> None:
        store.put(instances[next(number)] | {"status": "Ready"})

    found = {
        "a long read, alone": _times([(read_long, 0)], seconds)[0],
        "a write, alone": _times([(write, 0.001)], seconds)[0],
    }
    reading = _times([(read_long, 0), (read_long, 0), (write, 0.001), (read_short, 0.001)], seconds)
    found |= {
        "a long read, two of them at once": reading[0],
        "a write among two long reads": reading[2],
    }
    found["a short read among two long reads"] = reading[3]
    writing = _times([*[(write, 0.0)] * 4, (read_short, 0.001)], seconds)
    found |= {
        "a write, four writers at once": writing[0],
        "a short read among four writers": writing[4],
    }
    return {
        who: {
            "times": len(times),
            "median": (cuts := quantiles(times, n=100))[49] * 1e6,
            "p99": cuts[98] * 1e6,
        }
        | {"longest": max(times) * 1e6}
        for who, times in found.items()
    }


def _times(
    works: Sequence[tuple[Callable[[], None], float]], seconds: float
) -> list["array[float]"]:
    """Do each work over and over in a thread of its own, pausing between.

    Return how long each took each time.
    """
    done = Event()

    def repeat(work: Callable[[], None], pause: float) -> "array[float]":
        times = array("d")
        while not (done.wait(pause) if pause else done.is_set()) or len(times) < _FEWEST:
            start = perf_counter()
            work()
            times.append(perf_counter() - start)
        return times

    with ThreadPoolExecutor(len(works)) as threads:
        running = [threads.submit(repeat, *work) for work in works]
        done.wait(seconds)
        done.set()
        return [each.result() for each in running]
