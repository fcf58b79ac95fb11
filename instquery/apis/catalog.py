"""The table of the APIs that this package answers; every edge reads it."""

from collections.abc import Mapping
from dataclasses import dataclass

from instquery.apis import airec, bss
from instquery.apis.inventory import Reader
from instquery.apis.operation import Operation

__all__ = ["CATALOG", "Api"]


@dataclass(frozen=True, slots=True)
class Api:
    """One API: its operation, and how its inventories are read."""

    operation: Operation
    read: Reader


CATALOG: Mapping[str, Api] = {
    "airec": Api(airec.list_instance, airec.read),
    "bss": Api(bss.query_available_instances, bss.read),
}
