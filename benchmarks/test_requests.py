"""What one request costs: from parameters to reply, and what the engine alone has of it."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.conftest import Field
from benchmarks.contenders import CONTENDERS
from benchmarks.inventories import FIELDS
from benchmarks.questions import TITLES
from benchmarks.timing import Timed, quantile
from instquery.apis.samples import ANCHOR

ASKED = [
    (f"{data}/{api}", title) for data, api in FIELDS for other, title in TITLES if api == other
]


@pytest.mark.parametrize("engine", [*CONTENDERS, "floor"])
@pytest.mark.parametrize(("field", "title"), ASKED, indirect=["field"], scope="session")
def test_reply(benchmark: BenchmarkFixture, field: Field, title: str, engine: str) -> None:
    if (engine, title) in field.unanswered:
        pytest.skip(f"{engine} has no way to answer this")
    benchmark.group = f"{field.name}: {title}"
    timed = Timed(field.engines[engine])
    reply = benchmark(field.operation, timed, field.questions[title], now=ANCHOR)
    assert reply.status == 200
    benchmark.extra_info["engine alone"] = quantile(timed.seconds, 0.5)
    benchmark.extra_info["matches"] = field.matches[title]
