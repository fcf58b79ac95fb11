"""Rows that are no records: the fields of a nested record, and the record itself as bytes.

A flat record is kept as it is. Of one whose fields have paths, many values or tags, a store asks
for what was drawn out of it, and hands out what it was given. So its row is a mapping of fields to
values, beside the whole record as bytes. They are made here, of values that were checked, and a
copy is made by loading them: so copies share nothing, at an eighth of what `deepcopy` costs.
"""

import marshal
import pickle
from collections.abc import Callable
from typing import Any, TypeAlias

__all__ = ["Drawn", "Octets", "frozen"]

# Later forms note which strings are one object, which takes longer than to make them again.
_MARSHAL = 2
_PICKLE = 5

Octets: TypeAlias = tuple[bytes, Callable[[bytes], dict[str, Any]]]
"""A record as bytes, and what loads them."""


def frozen(record: dict[str, Any]) -> Octets:
    """Return a record of checked values as bytes.

    marshal is the quicker form, a fifth less than pickle, and does not know every type.
    """
    try:
        return marshal.dumps(record, _MARSHAL), marshal.loads
    except ValueError:  # times, decimals, UUIDs
        return pickle.dumps(record, _PICKLE), pickle.loads


class Drawn(dict[str, Any]):
    """A row: field → value of what was drawn out of a record; `copy` gives the record.

    Values are single ones, tuples of many values, and tuples of the pairs of tags; a missing one is
    not there.
    """

    __slots__ = ("_load", "octets")

    def __init__(self, values: dict[str, Any], octets: Octets) -> None:
        super().__init__(values)
        self.octets, self._load = octets

    def copy(self) -> dict[str, Any]:
        """Return the whole record, as it was given, sharing nothing with another copy."""
        return self._load(self.octets)

    def __reduce__(self) -> tuple[type["Drawn"], tuple[dict[str, Any], Octets]]:
        return Drawn, (dict(self), (self.octets, self._load))
