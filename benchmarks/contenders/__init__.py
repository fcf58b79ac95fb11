"""Other ways to answer the same queries, each an engine that an operation can ask: `page(query)`.

Each is loaded with the same records and gives the same items, order and total; the benchmarks check
it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from benchmarks.contenders.arrays import Arrays
from benchmarks.contenders.duck import Duck
from benchmarks.contenders.frame import Frame
from benchmarks.contenders.scan import Floor, Scan
from benchmarks.contenders.sqlite import Sqlite
from instquery.apis.operation import Engine
from instquery.schema import Schema
from instquery.store import Store

__all__ = ["CONTENDERS", "WRITERS", "Floor", "Writer"]


class Writer(Engine, Protocol):
    """An engine that takes writes."""

    def put(self, record: Mapping[str, Any], /) -> None: ...
    def put_many(self, records: Iterable[Mapping[str, Any]], /) -> object: ...
    def discard(self, key: str, /) -> object: ...


CONTENDERS: Mapping[str, Callable[[Schema, Iterable[Mapping[str, Any]]], Engine]] = {
    "instquery": Store,
    "scan": Scan,
    "sqlite": Sqlite,
    "duckdb": Duck,
    "polars": Frame,
    "numpy": Arrays,
}

WRITERS = ("instquery", "scan", "sqlite", "numpy")
"""Those that take a write without being built anew."""
