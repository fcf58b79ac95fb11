"""The estates and the engines that the benchmarks time; `--count` says how many records."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest

from benchmarks.contenders import CONTENDERS, Floor
from benchmarks.questions import airec_questions, bss_questions
from instquery import Query
from instquery.apis.catalog import CATALOG
from instquery.apis.operation import Engine, Operation
from instquery.estate import ANCHOR, ESTATES
from instquery.query import Record


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--count", type=int, default=10_000, help="records in each inventory")


class Field(NamedTuple):
    """One API's inventory, its questions as parameters and as queries, and the engines that answer them."""

    operation: Operation
    records: list[Record]
    questions: Mapping[str, Mapping[str, object]]
    queries: Mapping[str, Query]
    engines: Mapping[str, Engine]


@pytest.fixture(scope="session")
def fields(request: pytest.FixtureRequest) -> Mapping[str, Field]:
    count = request.config.getoption("--count")
    return {
        "airec": _field("airec", list(ESTATES["airec"](count)), airec_questions),
        "bss": _field("bss", list(ESTATES["bss"](count)), bss_questions),
    }


def _field(name: str, records: list[Record], ask: Any) -> Field:
    operation = CATALOG[name].operation
    questions = ask(records)
    queries = {title: operation.query(params, now=ANCHOR) for title, params in questions.items()}
    engines = {contender: load(operation.schema, records) for contender, load in CONTENDERS.items()}
    known = {query: engines["scan"].page(query) for query in queries.values()}
    for title, query in queries.items():
        for contender, engine in engines.items():
            assert engine.page(query) == known[query], (contender, title)
    return Field(operation, records, questions, queries, engines | {"floor": Floor(known)})
