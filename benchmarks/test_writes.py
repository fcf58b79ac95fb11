"""What writes cost with everything kept up to date: one by one, in batches, and among reads.

Every engine is given the same writes, so that all must give the same answers at the end.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count as numbers
from itertools import cycle, islice
from typing import Any, cast

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.conftest import Field
from benchmarks.contenders import WRITERS, Writer
from instquery import Store
from instquery.apis.samples import ANCHOR
from instquery.instants import to_micros, to_text
from instquery.query import Record

_ROUNDS = 100
_BATCH, _BATCHES = 100, 5
_STEPS = {"single": 7, "batch": 11, "shared": 17}
_MIXED = 200  # operations of a mixed round, one in ten a write

CHANGES: dict[str, dict[str, Any]] = {
    "status update": {"status": "Ready", "Status": "Normal"},
    "rename": {"name": "renamed 推荐-prod", "Region": "cn-renamed"},
    "add": {},
    "back-dated add": {},
}
both_apis = pytest.mark.parametrize("field", ["airec", "bss"], indirect=True, scope="session")


def writer(field: Field, engine: str) -> Writer:
    """Return an engine that is known to take writes."""
    return cast(Writer, field.engines[engine])


def written(field: Field, kind: str, run: str) -> Iterator[Record]:
    """Make the records of a kind of write, always the same for every engine.

    `run` tells apart who writes them.
    """
    schema = field.operation.schema
    step = _STEPS[run]
    for number in numbers():
        changes = {name: value for name, value in CHANGES[kind].items() if name in schema.fields}
        record = field.records[number * step % len(field.records)] | changes
        if "add" in kind:
            created = (
                ANCHOR
                + timedelta(seconds=number)
                - timedelta(days=700 if kind == "back-dated add" else 0)
            )
            names = {
                schema.key: f"{kind}-{run}-{number}",
                schema.order.field: to_text(to_micros(created), "seconds"),
            }
            record |= names
        yield record


@pytest.mark.parametrize("engine", WRITERS)
@pytest.mark.parametrize("kind", CHANGES)
@both_apis
def test_write(benchmark: BenchmarkFixture, field: Field, kind: str, engine: str) -> None:
    benchmark.group = f"{field.api}: {kind}"
    records = written(field, kind, "single")
    benchmark.pedantic(
        writer(field, engine).put, setup=lambda: ((next(records),), {}), rounds=_ROUNDS
    )


@pytest.mark.parametrize("engine", WRITERS)
@pytest.mark.parametrize("kind", CHANGES)
@both_apis
def test_batch(benchmark: BenchmarkFixture, field: Field, kind: str, engine: str) -> None:
    benchmark.group = f"{field.api}: {kind}, {_BATCH} at once"
    benchmark.extra_info["batch"] = _BATCH
    records = written(field, kind, "batch")
    put_many = writer(field, engine).put_many
    benchmark.pedantic(
        put_many, setup=lambda: ((list(islice(records, _BATCH)),), {}), rounds=_BATCHES
    )


@pytest.mark.parametrize("engine", WRITERS)
@both_apis
def test_remove(benchmark: BenchmarkFixture, field: Field, engine: str) -> None:
    benchmark.group = f"{field.api}: remove"
    keys = iter([record[field.operation.schema.key] for record in field.records[5::13]])
    discard = writer(field, engine).discard
    benchmark.pedantic(
        discard, setup=lambda: ((next(keys),), {}), rounds=min(_ROUNDS, len(field.records) // 14)
    )


@pytest.mark.parametrize("engine", WRITERS)
@both_apis
def test_nine_reads_to_one_write(benchmark: BenchmarkFixture, field: Field, engine: str) -> None:
    benchmark.group = f"{field.api}: 9 reads to 1 write"
    benchmark.extra_info["batch"] = _MIXED
    loaded = writer(field, engine)
    queries = cycle(field.queries.values())
    records = written(field, "status update", "single")

    def mix() -> None:
        for number in range(_MIXED):
            if number % 10:
                loaded.page(next(queries))
            else:
                loaded.put(next(records))

    benchmark.pedantic(mix, rounds=2)


@both_apis
def test_all_engines_still_agree(field: Field) -> None:
    writers = [field.engines[engine] for engine in WRITERS if engine in field.engines]
    for title, query in field.queries.items():
        pages = [engine.page(query) for engine in writers]
        assert all(page == pages[0] for page in pages), title


# from here on our engine alone is written to


@pytest.mark.parametrize("kind", CHANGES)
@both_apis
def test_first_write_after_a_snapshot(benchmark: BenchmarkFixture, field: Field, kind: str) -> None:
    """As `test_write`, but somebody holds the present state; only our engine has snapshots."""
    benchmark.group = f"{field.api}: {kind}, somebody holding a snapshot"
    store = cast(Store, field.engines["instquery"])
    held = [store.snapshot()]
    records = written(field, kind, "shared")

    def another() -> tuple[tuple[Record], dict[str, Any]]:
        held[:] = [store.snapshot()]
        return (next(records),), {}

    benchmark.extra_info["engine"] = "instquery"
    benchmark.pedantic(store.put, setup=another, rounds=_ROUNDS)


@both_apis
def test_snapshot(benchmark: BenchmarkFixture, field: Field) -> None:
    benchmark.group = f"{field.api}: a snapshot"
    benchmark.extra_info["engine"] = "instquery"
    benchmark(cast(Store, field.engines["instquery"]).snapshot)
