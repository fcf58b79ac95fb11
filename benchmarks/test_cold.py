"""Requests of which each has parameters that were never seen before; then all of them once more.

Every answer is compared with that of another engine, some with the plain scan, which comes first
where it is quick enough.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from time import perf_counter

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.conftest import Field
from benchmarks.contenders import CONTENDERS, Scan
from benchmarks.inventories import FIELDS
from benchmarks.timing import Timed, quantile
from benchmarks.unseen import UNSEEN, unseen
from instquery import Page, Query
from instquery.apis.samples import ANCHOR

_CLOSE = ("instquery", "sqlite", "numpy")
_PART = 0.2  # the others take long for each, and are given this part of the time
_SCANNED = 20_000_000  # rows that the plain scan is given to look at
Asked = Sequence[tuple[Mapping[str, object], Query]]
_judged: dict[str, dict[Query, Page]] = {}


@pytest.mark.parametrize("engine", [name for name in CONTENDERS if name != "scan"])
@pytest.mark.parametrize(
    "field",
    [f"{data}/{api}" for data, api in FIELDS if api in UNSEEN],
    indirect=True,
    scope="session",
)
def test_cold(
    benchmark: BenchmarkFixture, field: Field, engine: str, request: pytest.FixtureRequest
) -> None:
    benchmark.group = f"{field.name}: never seen before"
    number, seconds = (request.config.getoption(name) for name in ("--cold", "--cold-seconds"))
    asked = [
        (params, field.operation.query(params, now=ANCHOR))
        for params in unseen(field.api, field.records, number)
    ]
    figures: dict[str, float] = {}

    part = 1 if engine in _CLOSE else _PART

    def twice() -> None:
        for what, share in (("cold", part), ("warm", part / 2)):
            pages = _ask(field, engine, asked, seconds * share, what, figures)
            _check(field, pages)

    benchmark.pedantic(twice, rounds=1)  # type: ignore[no-untyped-call]
    benchmark.extra_info["cold"] = figures


def _ask(
    field: Field, engine: str, asked: Asked, seconds: float, what: str, figures: dict[str, float]
) -> dict[Query, Page]:
    """Ask one after the other until the time is up, and return the answers."""
    timed = Timed(field.engines[engine])
    pages: dict[Query, Page] = {}
    replies: list[float] = []
    end = perf_counter() + seconds
    for params, query in asked:
        start = perf_counter()
        if start > end:
            break
        reply = field.operation(timed, params, now=ANCHOR)
        taken = perf_counter() - start
        if not timed.can_answer:
            continue
        replies.append(taken)
        assert reply.status == 200, params
        pages[query] = timed.last
    if replies:
        figures[f"{what} requests"] = len(replies)
        for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
            figures[f"{what} {name}"] = quantile(replies, share)
            figures[f"{what} {name}, engine alone"] = quantile(timed.seconds, share)
    return pages


def _check(field: Field, pages: Mapping[Query, Page]) -> None:
    """Compare answers with what was first answered; that with the scan, or a part of it."""
    known = _judged.get(field.name)
    if known is None:
        _judged.clear()
        known = _judged[field.name] = {}
    scan = Scan(field.table)
    new = [query for query in pages if query not in known]
    few = max(3, _SCANNED // max(1, len(field.records)))
    picked = new if len(new) <= few else [new[0], *Random(7).sample(new[1:], few - 1)]
    for query in picked:
        known[query] = scan.page(query)
    for query, page in pages.items():
        assert page == known.setdefault(query, page), replace(query, now=None)
