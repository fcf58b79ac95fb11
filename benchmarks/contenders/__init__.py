"""Other ways to answer the same queries, each an engine that an operation can ask: `page(query)`.

Each is loaded with the same records and gives the same items, order and total; the benchmarks check it.
"""

from collections.abc import Callable, Mapping, Sequence

from benchmarks.contenders.arrays import Arrays
from benchmarks.contenders.duck import Duck
from benchmarks.contenders.frame import Frame
from benchmarks.contenders.scan import Floor, Scan
from benchmarks.contenders.sqlite import Sqlite
from instquery.apis.operation import Engine
from instquery.query import Record
from instquery.schema import Schema
from instquery.store import Store

__all__ = ["CONTENDERS", "Floor"]

CONTENDERS: Mapping[str, Callable[[Schema, Sequence[Record]], Engine]] = {
    "instquery": Store,
    "scan": Scan,
    "sqlite": Sqlite,
    "duckdb": Duck,
    "polars": Frame,
    "numpy": Arrays,
}
