"""The journal of a store: what keeps each write before it is made."""

from collections.abc import Collection, Mapping
from typing import Protocol, runtime_checkable

from instquery.schema import Entry

__all__ = ["Journal"]


@runtime_checkable
class Journal(Protocol):
    """What is told of each write before it is made."""

    begun_at: int
    """The version that was kept last."""

    def record(self, version: int, puts: Mapping[str, Entry], gone: Collection[str]) -> None:
        """Keep a write that leads to a version; what is raised here leaves the store as it was."""

    def has(self, version: int) -> bool:
        """Tell whether this version has been kept, so that its write must be completed.

        What is raised here refuses the next write, until this can be told.
        """
        ...
