"""What one request costs: from parameters to reply, and what the engine alone has of it."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.conftest import Field
from benchmarks.contenders import CONTENDERS
from benchmarks.questions import TITLES
from instquery.apis.samples import ANCHOR


@pytest.mark.parametrize("engine", [*CONTENDERS, "floor"])
@pytest.mark.parametrize(("field", "title"), TITLES, indirect=["field"], scope="session")
def test_reply(benchmark: BenchmarkFixture, field: Field, title: str, engine: str) -> None:
    benchmark.group = f"{field.api}: {title}"
    reply = benchmark(field.operation, field.engines[engine], field.questions[title], now=ANCHOR)
    assert reply.status == 200


@pytest.mark.parametrize("engine", [*CONTENDERS, "floor"])
@pytest.mark.parametrize(("field", "title"), TITLES, indirect=["field"], scope="session")
def test_engine(benchmark: BenchmarkFixture, field: Field, title: str, engine: str) -> None:
    benchmark.group = f"{field.api}: {title}, engine alone"
    page = benchmark(field.engines[engine].page, field.queries[title])
    assert page.total is None or page.total >= len(page.items)
