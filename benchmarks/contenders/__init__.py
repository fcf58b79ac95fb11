"""Other ways to answer the same queries, each an engine that an operation can ask: `page(query)`.

Each is loaded with the same table and gives the same items, order and total; the benchmarks check
it.
"""

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from shutil import which
from sqlite3 import sqlite_version
from subprocess import run
from typing import Any, Protocol, TypeAlias

from benchmarks.contenders.arrays import Arrays
from benchmarks.contenders.duck import Duck
from benchmarks.contenders.frame import Frame
from benchmarks.contenders.scan import Floor, Scan
from benchmarks.contenders.sqlite import Sqlite
from benchmarks.contenders.table import Table, Unanswered
from instquery.apis.operation import Engine
from instquery.store import Store

__all__ = [
    "CONTENDERS",
    "MISSING",
    "WRITERS",
    "Floor",
    "Scan",
    "Table",
    "Unanswered",
    "Writer",
    "versions",
]


class Writer(Engine, Protocol):
    """An engine that takes writes."""

    def put(self, record: Mapping[str, Any], /) -> None: ...
    def put_many(self, records: Iterable[Mapping[str, Any]], /) -> object: ...
    def discard(self, key: str, /) -> object: ...


Load: TypeAlias = Callable[[Table], Engine]


def _ours(table: Table) -> Store:
    return Store(table.schema, table.records)


MISSING: dict[str, str] = {}
"""Contenders that cannot be had here, and why."""


def _optional(name: str, module: str, program: str | None = None) -> Mapping[str, Load]:
    """Return a contender that not every machine has, or nothing, and note why."""
    if program is not None and which(program) is None:
        MISSING[name] = f"no program {program}"
        return {}
    try:
        room = import_module(f"benchmarks.contenders.{module}")
    except ImportError as error:
        MISSING[name] = str(error)
        return {}
    return {name: getattr(room, name.capitalize())}


CONTENDERS: Mapping[str, Load] = {
    "instquery": _ours,
    "scan": Scan,
    "sqlite": Sqlite,
    "duckdb": Duck,
    "polars": Frame,
    "numpy": Arrays,
    **_optional("tantivy", "tantivy_index"),
    **_optional("redis", "redis_sets", "redis-server"),
}

WRITERS = ("instquery", "sqlite", "numpy")
"""Those that take a write without being built anew."""

_PACKAGES = ("duckdb", "polars", "numpy", "stringzilla", "tantivy", "redis")


def versions() -> Mapping[str, str]:
    """Return which version each contender is of, as far as it is installed."""
    found = {"sqlite": sqlite_version}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    if "redis" not in MISSING:
        told = run(["redis-server", "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S607
        found["redis-server"] = told.partition("v=")[2].partition(" ")[0]
    return found
