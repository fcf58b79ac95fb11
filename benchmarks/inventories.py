"""The inventories that are measured, by the name of their data: generators of two characters."""

from collections.abc import Callable, Iterator, Mapping

from benchmarks.estates import ESTATES
from instquery.apis.catalog import CATALOG
from instquery.query import Record

__all__ = ["APIS", "DATA", "FIELDS", "inventory"]


def _samples(api: str, count: int) -> Iterator[Record]:
    return CATALOG[api].samples(count)


def _varied(api: str, count: int) -> Iterator[Record]:
    return ESTATES[api](count)


DATA: Mapping[str, Callable[[str, int], Iterator[Record]]] = {
    "samples": _samples,
    "varied": _varied,
}
"""Where records come from: the package's samples, and `benchmarks.estates`."""

APIS = tuple(ESTATES)
"""The APIs that are measured: of others the rivals have no tables, as of nested members."""

FIELDS = [(data, api) for data in DATA for api in APIS]
"""Every inventory by data and API."""


def inventory(data: str, api: str, count: int) -> Iterator[Record]:
    """Yield the records of an inventory, always the same."""
    return DATA[data](api, count)
