"""The estates and the engines that the benchmarks time.

`--count` says how many records, `--data` of which generators, `--engines` which engines.
"""

import gc
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace

import pytest

from benchmarks.contenders import CONTENDERS, MISSING, Floor, Table, Unanswered
from benchmarks.inventories import DATA, FIELDS, inventory
from benchmarks.questions import questions_of
from instquery import Page, Query
from instquery.apis.catalog import CATALOG
from instquery.apis.operation import Engine, Operation
from instquery.apis.samples import ANCHOR
from instquery.query import Record


def pytest_addoption(parser: pytest.Parser) -> None:
    several = "commas between"
    parser.addoption("--count", type=int, default=10_000, help="records in each inventory")
    parser.addoption("--data", default=",".join(DATA), help=f"generators, {several}")
    parser.addoption("--engines", default=",".join(CONTENDERS), help=f"engines, {several}")
    parser.addoption("--cold", type=int, default=2_000, help="requests that are never repeated")
    parser.addoption("--cold-seconds", type=float, default=15, help="the most for each engine")


def pytest_report_header() -> list[str]:
    """Say which contenders are not there."""
    return [f"not timed: {name}: {why}" for name, why in MISSING.items()]


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Generator[None, None, None]:
    """Leave out what was not asked for; bring together what is measured on one inventory."""
    number = {item: at for at, item in enumerate(items)}
    yield
    engines = {*config.getoption("--engines").split(","), "floor", None}
    data = {*config.getoption("--data").split(","), None}
    chosen = [item for item in items if _param(item, "engine") in engines and _data(item) in data]
    left_out = set(items) - set(chosen)
    fields = [f"{data}/{api}" for data, api in FIELDS]

    def order(item: pytest.Item) -> tuple[int, bool, int]:
        field = _param(item, "field")
        at = fields.index(field) if field else len(fields)
        return at, "test_writes" in item.path.name, number[item]  # what is written comes last

    items[:] = sorted(chosen, key=order)
    config.hook.pytest_deselected(items=[*left_out])


def _param(item: pytest.Item, name: str) -> str | None:
    """Return a parameter of a benchmark, if it has that one."""
    call = getattr(item, "callspec", None)
    return None if call is None else call.params.get(name)


def _data(item: pytest.Item) -> str | None:
    field = _param(item, "field")
    return field.partition("/")[0] if field else None


@dataclass
class Field:
    """One inventory, its questions as parameters and as queries, and the engines."""

    name: str
    api: str
    operation: Operation
    records: list[Record]
    questions: Mapping[str, Mapping[str, object]]
    queries: Mapping[str, Query]
    engines: Mapping[str, Engine]
    table: Table
    matches: Mapping[str, int | None]
    unanswered: set[tuple[str, str]]
    """Engine and title of what an engine has no way to answer."""


@pytest.fixture(scope="session")
def count(request: pytest.FixtureRequest) -> int:
    number: int = request.config.getoption("--count")
    return number


@pytest.fixture(scope="session")
def field(request: pytest.FixtureRequest, count: int) -> Iterator[Field]:
    """Load every engine with one inventory, and check that all give the same answers."""
    gc.disable()  # it would look through millions of records again and again
    try:
        made = _field(request.param, count, request.config.getoption("--engines").split(","))
        gc.collect()
        gc.freeze()
    finally:
        gc.enable()
    yield made
    gc.unfreeze()


def _field(name: str, count: int, chosen: list[str]) -> Field:
    data, _, api = name.partition("/")
    operation = CATALOG[api].operation
    records = list(inventory(data, api, count))
    table = Table(operation.schema, records)
    questions = questions_of(api, records)
    queries = {title: operation.query(params, now=ANCHOR) for title, params in questions.items()}
    engines = {engine: load(table) for engine, load in CONTENDERS.items() if engine in chosen}
    judge = engines.get("scan") or next(iter(engines.values()))

    known: dict[Query, Page] = {}
    matches: dict[str, int | None] = {}
    for title, query in queries.items():
        page = judge.page(replace(query, total=True))
        matches[title] = page.total
        known[query] = Page(page.items, page.total if query.total else None)
    unanswered = set()
    for title, query in queries.items():
        for engine, loaded in engines.items():
            try:
                assert loaded.page(query) == known[query], (engine, title)
            except Unanswered:
                unanswered.add((engine, title))
    engines = engines | {"floor": Floor(known)}
    return Field(
        name, api, operation, records, questions, queries, engines, table, matches, unanswered
    )
