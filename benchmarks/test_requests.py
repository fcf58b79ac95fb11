"""What one request costs, from parameters to reply, on each engine."""

from collections.abc import Mapping

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.conftest import Field
from benchmarks.contenders import CONTENDERS
from benchmarks.questions import airec_questions, bss_questions
from instquery.estate import ANCHOR

_NOBODY = [{"instanceId": "none", "InstanceID": "none", "OwnerId": "none"}]
TITLES = [("airec", title) for title in airec_questions(_NOBODY)] + [("bss", title) for title in bss_questions(_NOBODY)]


@pytest.mark.parametrize("engine", [*CONTENDERS, "floor"])
@pytest.mark.parametrize(("api", "title"), TITLES)
def test_request(benchmark: BenchmarkFixture, fields: Mapping[str, Field], api: str, title: str, engine: str) -> None:
    field = fields[api]
    benchmark.group = f"{api}: {title}"
    reply = benchmark(field.operation, field.engines[engine], field.questions[title], now=ANCHOR)
    assert reply.status == 200
