"""The worst cases of an engine of this kind: the engine alone, exact totals wanted."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from random import Random
from typing import NamedTuple

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from instquery import Contains, Eq, In, Query, Range, Store
from instquery.apis import airec, bss
from instquery.apis.catalog import CATALOG
from instquery.apis.samples import ANCHOR
from instquery.instants import to_micros, to_text
from instquery.query import Record

_WHEN = "2026-01-01T00:00:00.000Z"


class Case(NamedTuple):
    """An inventory by its size, and what is asked of it."""

    make: Callable[[int], Store]
    ask: Callable[[int], Query]


def _estate(count: int) -> Store:
    return Store(airec.SCHEMA, CATALOG["airec"].samples(count))


def _billing(count: int) -> Store:
    return Store(bss.SCHEMA, CATALOG["bss"].samples(count))


def _named(names: Iterable[str], *, step: int = 1) -> Store:
    """Make instances of these names, `step` seconds between them."""
    first = to_micros(_WHEN)
    return Store(
        airec.SCHEMA,
        (_instance(number, name, first + number * step) for number, name in enumerate(names)),
    )


def _instance(number: int, name: str, micros: int) -> Record:
    created = to_text(micros, "milliseconds")
    return {"instanceId": f"i-{number:08}", "name": name, "status": "Running", "gmtCreate": created}


def _one_instant(count: int) -> Store:
    return _named((f"shop-{number}" for number in range(count)), step=0)


def _one_name(count: int) -> Store:
    return _named("the same name" for _ in range(count))


def _never_together(count: int) -> Store:
    return _named(f"abc-bcd-{number}" for number in range(count))


def _long_names(count: int) -> Store:
    def names() -> Iterator[str]:
        draw = Random(1)
        for _ in range(max(50, count // 1000)):
            yield "".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=10_000))

    return _named(names())


def _back_dated(count: int) -> Store:
    """Put 5,000 records, one by one, below all others of one segment."""
    store = _billing(count)
    bottom = ANCHOR - timedelta(days=2000)
    for number in range(min(5000, count)):
        created = to_text(to_micros(bottom + timedelta(seconds=number * 7919 % 5000)), "seconds")
        store.put(
            {
                "InstanceID": f"late-{number}",
                "OwnerId": f"{number % 50}",
                "Region": "r",
                "CreateTime": created,
            }
        )
    return store


def _ask(*where: Eq | In | Contains | Range, offset: int = 0) -> Callable[[int], Query]:
    return lambda _count: Query(where, offset, 50)


_LAST: Callable[[int], Query] = lambda count: Query((), max(0, count - 50), 50)  # noqa: E731 - as short as the others

CASES = {
    "a needle that is nowhere": Case(_estate, _ask(Contains("name", "no such name"))),
    "a needle of one letter": Case(_estate, _ask(Contains("name", "t"))),
    "a needle of one rare character": Case(_estate, _ask(Contains("instanceId", "_"))),
    "a needle of scattered digits": Case(_estate, _ask(Contains("name", "4321"))),
    "a needle of common grams never together": Case(
        _never_together, _ask(Contains("name", "abcd"))
    ),
    "the last page of everything": Case(_estate, _LAST),
    "predicates that contradict each other": Case(
        _estate, _ask(Eq("status", "Running"), Eq("status", "Ready"))
    ),
    "predicates that exclude each other, unknown to the census": Case(
        _billing,
        _ask(Eq("ProductCode", "ecs"), Eq("ProductType", "rds"), Range("EndTime", since=ANCHOR)),
    ),
    "100 IDs": Case(_billing, _ask(In("InstanceID", [f"none-{number}" for number in range(100)]))),
    "one creation time for all, deep page": Case(
        _one_instant, lambda count: Query((), count // 2, 50)
    ),
    "one creation time for all, that time": Case(
        _one_instant, _ask(Range("gmtCreate", since=_WHEN, until=_WHEN), Contains("name", "9"))
    ),
    "one name for all": Case(_one_name, _ask(Contains("name", "same"))),
    "one name for all, another needle": Case(_one_name, _ask(Contains("name", "mesa"))),
    "names of 10,000 characters": Case(_long_names, _ask(Contains("name", "abcd"))),
    "a segment full of back-dated writes": Case(
        _back_dated, _ask(Eq("OwnerId", "7"), Eq("Region", "r"))
    ),
}
_kept: dict[tuple[object, int], Store] = {}


@pytest.mark.parametrize("title", CASES)
def test_worst(benchmark: BenchmarkFixture, count: int, title: str) -> None:
    case = CASES[title]
    if (case.make, count) not in _kept:  # one inventory at a time: each may fill the memory
        _kept.clear()
        _kept[case.make, count] = case.make(count)
    store = _kept[case.make, count]
    benchmark.group = f"worst: {title}"
    page = benchmark(store.page, case.ask(count))
    assert page.total == sum(1 for _ in page.items) or page.total > len(page.items)
