"""The estates and the engines that the benchmarks time.

`--count` says how many records, `--engines` which.
"""

from collections.abc import Mapping
from typing import NamedTuple

import pytest

from benchmarks.contenders import CONTENDERS, Floor
from benchmarks.questions import questions_of
from instquery import Query
from instquery.apis.catalog import CATALOG
from instquery.apis.operation import Engine, Operation
from instquery.apis.samples import ANCHOR
from instquery.query import Record


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--count", type=int, default=10_000, help="records in each inventory")
    parser.addoption(
        "--engines", default=",".join(CONTENDERS), help="engines to time, commas between"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out engines that were not asked for."""
    chosen = {*config.getoption("--engines").split(","), "floor"}
    left_out = [item for item in items if _engine(item) not in chosen | {None}]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def _engine(item: pytest.Item) -> str | None:
    """Return the engine that a benchmark is for, if it is for one."""
    call = getattr(item, "callspec", None)
    return None if call is None else call.params.get("engine")


class Field(NamedTuple):
    """One API's inventory, its questions as parameters and as queries, and the engines."""

    api: str
    operation: Operation
    records: list[Record]
    questions: Mapping[str, Mapping[str, object]]
    queries: Mapping[str, Query]
    engines: Mapping[str, Engine]


@pytest.fixture(scope="session")
def count(request: pytest.FixtureRequest) -> int:
    number: int = request.config.getoption("--count")
    return number


@pytest.fixture(scope="session")
def field(request: pytest.FixtureRequest, count: int) -> Field:
    """Load every engine with the inventory of one API, and check that all give the same answers."""
    api: str = request.param
    operation = CATALOG[api].operation
    records = list(CATALOG[api].samples(count))
    questions = questions_of(api, records)
    queries = {title: operation.query(params, now=ANCHOR) for title, params in questions.items()}
    chosen = request.config.getoption("--engines").split(",")
    engines = {
        engine: load(operation.schema, records)
        for engine, load in CONTENDERS.items()
        if engine in chosen
    }
    judge = engines.get("scan") or next(iter(engines.values()))
    known = {query: judge.page(query) for query in queries.values()}
    for title, query in queries.items():
        for engine, loaded in engines.items():
            assert loaded.page(query) == known[query], (engine, title)
    return Field(api, operation, records, questions, queries, engines | {"floor": Floor(known)})
