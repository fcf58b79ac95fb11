"""The worst cases of an engine of this kind: the engine alone, exact totals wanted."""

import gc
from collections.abc import Callable

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.adversaries import CASES
from instquery import Page, Query, Store

_FEW = 20_000  # records of which every one is tested for each case
_kept: dict[tuple[object, int], Store] = {}


def _maker(title: object) -> str:
    return CASES[str(title)].make.__name__


@pytest.mark.parametrize("title", sorted(CASES, key=_maker))
def test_worst(benchmark: BenchmarkFixture, count: int, title: str) -> None:
    case = CASES[title]
    if (case.make, count) not in _kept:  # one inventory at a time: each may fill the memory
        _kept.clear()
        gc.unfreeze()
        gc.collect()
        gc.disable()  # it would look through millions of records again and again
        _kept[case.make, count] = case.make(count)
        gc.enable()
        gc.freeze()
    store = _kept[case.make, count]
    query = case.ask(count)
    benchmark.group = f"worst: {title}"

    def ask() -> Page:
        page = store.page(query)
        _ = page.items
        return page

    page = benchmark(ask)
    benchmark.extra_info["matches"] = page.total
    if len(store) <= _FEW:
        assert page == _plain(store, query, store.schema.matches)


def _plain(store: Store, query: Query, matches: Callable[..., bool]) -> Page:
    """Test every record."""
    everything = store.page(Query(limit=len(store))).items
    found = [record for record in everything if matches(query.where, record)]
    return Page(found[query.offset : query.offset + query.limit], len(found))
