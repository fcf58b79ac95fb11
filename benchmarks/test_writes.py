"""What loads and writes cost with all indexes live."""

from collections.abc import Mapping
from datetime import timedelta
from itertools import count

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.conftest import Field
from instquery import Store
from instquery.estate import ANCHOR


@pytest.mark.parametrize("api", ["airec", "bss"])
def test_load(benchmark: BenchmarkFixture, fields: Mapping[str, Field], api: str) -> None:
    field = fields[api]
    benchmark.extra_info["records"] = len(field.records)
    store = benchmark.pedantic(Store, args=(field.operation.schema, field.records), rounds=2)
    assert len(store) == len(field.records)


WRITES = {
    "status update": {"status": "Ready", "Status": "Normal"},
    "rename": {"name": "renamed 推荐-prod", "OwnerId": "1"},
    "add": {},
    "back-dated add": {},
}


@pytest.mark.parametrize("kind", WRITES)
@pytest.mark.parametrize("api", ["airec", "bss"])
def test_write(benchmark: BenchmarkFixture, fields: Mapping[str, Field], api: str, kind: str) -> None:
    field = fields[api]
    store = Store(field.operation.schema, field.records)
    key = field.operation.schema.key
    numbers = count()

    def prepared() -> tuple[tuple[object], dict[str, object]]:
        number = next(numbers)
        record = {**field.records[number * 7 % len(field.records)], **WRITES[kind]}
        if "add" in kind:
            created = ANCHOR - timedelta(days=700 if kind == "back-dated add" else 0) + timedelta(seconds=number)
            record |= {key: f"new-{number}", field.operation.schema.order.field: created}
        return (record,), {}

    benchmark.pedantic(store.put, setup=prepared, rounds=200)


@pytest.mark.parametrize("api", ["airec", "bss"])
def test_remove(benchmark: BenchmarkFixture, fields: Mapping[str, Field], api: str) -> None:
    field = fields[api]
    store = Store(field.operation.schema, field.records)
    keys = iter([record[field.operation.schema.key] for record in field.records[::7]])
    benchmark.pedantic(store.discard, setup=lambda: ((next(keys),), {}), rounds=200)
