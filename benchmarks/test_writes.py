"""What writes cost with everything kept up to date: one by one, in batches, and among reads.

Every engine is given the same writes, so that all must give the same answers at the end.
"""

import gc
from collections.abc import Iterable
from itertools import cycle, islice
from typing import Any, cast

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.conftest import Field
from benchmarks.contenders import WRITERS, Scan, Table, Unanswered, Writer
from benchmarks.inventories import FIELDS
from benchmarks.writing import KINDS, written
from instquery import Query, Store
from instquery.query import Record

_ROUNDS = 100
_BATCH, _BATCHES = 1000, 2
_BATCHED = ("instquery", "sqlite")  # those to which a batch is more than its records one by one
_MIXED = 200  # operations of a mixed round, one in ten a write
_FEW = 20_000  # records that are scanned at the end, to compare with the engines

every_field = pytest.mark.parametrize(
    "field", [f"{data}/{api}" for data, api in FIELDS], indirect=True, scope="session"
)


def writer(field: Field, engine: str) -> Writer:
    """Return an engine that is known to take writes."""
    return cast(Writer, field.engines[engine])


@pytest.mark.parametrize("engine", WRITERS)
@pytest.mark.parametrize("kind", KINDS)
@every_field
def test_write(benchmark: BenchmarkFixture, field: Field, kind: str, engine: str) -> None:
    benchmark.group = f"{field.name}: {kind}"
    records = written(field, kind, "single")
    benchmark.pedantic(  # type: ignore[no-untyped-call]
        writer(field, engine).put, setup=lambda: ((next(records),), {}), rounds=_ROUNDS
    )


@pytest.mark.parametrize("engine", WRITERS)
@every_field
def test_remove(benchmark: BenchmarkFixture, field: Field, engine: str) -> None:
    benchmark.group = f"{field.name}: remove"
    step = max(1, len(field.records) // _ROUNDS)
    keys = iter([record[field.operation.schema.key] for record in field.records[::step]])
    discard = writer(field, engine).discard
    rounds = min(_ROUNDS, len(field.records))
    benchmark.pedantic(discard, setup=lambda: ((next(keys),), {}), rounds=rounds)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("engine", WRITERS)
@every_field
def test_nine_reads_to_one_write(benchmark: BenchmarkFixture, field: Field, engine: str) -> None:
    benchmark.group = f"{field.name}: 9 reads to 1 write, an operation"
    benchmark.extra_info["batch"] = _MIXED
    loaded = writer(field, engine)
    queries = cycle(field.queries.values())
    writes = [written(field, kind, "mixed") for kind in KINDS]

    def mix() -> None:
        for number in range(_MIXED):
            if number % 10:
                _ = loaded.page(next(queries)).items
            else:
                loaded.put(next(writes[number // 10 % len(writes)]))

    benchmark.pedantic(mix, rounds=2)  # type: ignore[no-untyped-call]


@every_field
def test_all_engines_still_agree(field: Field) -> None:
    agree(field, WRITERS)


@pytest.mark.parametrize("engine", _BATCHED)
@pytest.mark.parametrize("kind", KINDS)
@every_field
def test_batch(benchmark: BenchmarkFixture, field: Field, kind: str, engine: str) -> None:
    """The records of a batch are of all times, in no order."""
    benchmark.group = f"{field.name}: {kind}, {_BATCH} at once"
    benchmark.extra_info["batch"] = _BATCH
    records = written(field, kind, "batch")
    put_many = writer(field, engine).put_many
    benchmark.pedantic(  # type: ignore[no-untyped-call]
        put_many, setup=lambda: ((list(islice(records, _BATCH)),), {}), rounds=_BATCHES
    )


@every_field
def test_engines_still_agree_after_batches(field: Field) -> None:
    agree(field, _BATCHED)
    store = field.engines.get("instquery")
    if isinstance(store, Store) and len(field.records) <= _FEW:
        assert store.verify() == []


def agree(field: Field, engines: Iterable[str]) -> None:
    """Compare all answers; where there are few records, with a scan of what ours holds too."""
    loaded = {engine: field.engines[engine] for engine in engines if engine in field.engines}
    store = field.engines.get("instquery")
    if isinstance(store, Store) and len(field.records) <= _FEW:
        everything: list[Record] = store.page(Query(limit=len(store))).items
        loaded["scan"] = Scan(Table(store.schema, everything))
    for title, query in field.queries.items():
        try:
            pages = {engine: one.page(query) for engine, one in loaded.items()}
        except Unanswered:
            continue
        first = next(iter(pages.values()), None)
        assert all(page == first for page in pages.values()), title


# from here on our engine alone is written to


@pytest.mark.parametrize("kind", KINDS)
@every_field
def test_first_write_after_a_snapshot(benchmark: BenchmarkFixture, field: Field, kind: str) -> None:
    """As `test_write`, but somebody holds the present state; only our engine has snapshots."""
    benchmark.group = f"{field.name}: {kind}, somebody holding a snapshot"
    store = cast(Store, field.engines["instquery"])
    held = [store.snapshot()]
    records = written(field, kind, "shared")

    def another() -> tuple[tuple[Record], dict[str, Any]]:
        held[:] = [store.snapshot()]
        return (next(records),), {}

    benchmark.extra_info["engine"] = "instquery"
    benchmark.pedantic(store.put, setup=another, rounds=_ROUNDS)  # type: ignore[no-untyped-call]
    held.clear()
    gc.collect()


@every_field
def test_snapshot(benchmark: BenchmarkFixture, field: Field) -> None:
    benchmark.group = f"{field.name}: a snapshot"
    benchmark.extra_info["engine"] = "instquery"
    benchmark(cast(Store, field.engines["instquery"]).snapshot)
