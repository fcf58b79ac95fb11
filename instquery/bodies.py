"""Records as JSON text, with the values that JSON has no form for: how they are kept outside this process."""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from instquery.errors import RecordError
from instquery.query import Record

__all__ = ["from_json", "to_json"]


def to_json(record: Record) -> str:
    """Write a record as JSON, in ASCII. Raises `RecordError` if it would not come back as it was.

    Its values must be such as JSON can tell, or times, decimals or bytes.

    >>> from_json(to_json({"id": "i-1", "created": date(2026, 1, 1)}))
    {'id': 'i-1', 'created': datetime.date(2026, 1, 1)}
    """
    try:
        text = _encode(record)
        if from_json(text) == record:
            return text
    except (TypeError, ValueError, RecursionError):
        pass
    raise RecordError("the record cannot be kept outside memory: its values are not such as JSON can tell")


def from_json(text: str) -> Record:
    """Read a record that `to_json` has written."""
    record: Record = _decode(text)
    return record


_TELLERS: Mapping[str, tuple[type, Callable[[Any], str], Callable[[str], Any]]] = {
    "\0datetime": (datetime, datetime.isoformat, datetime.fromisoformat),
    "\0date": (date, date.isoformat, date.fromisoformat),
    "\0decimal": (Decimal, str, Decimal),
    "\0bytes": (bytes, bytes.hex, bytes.fromhex),
}
"""Values that JSON has no form for: a mark, their type, and how they are written and read."""


def _tell(value: object) -> dict[str, str]:
    for mark, (kind, write, _) in _TELLERS.items():
        if isinstance(value, kind):
            return {mark: write(value)}
    raise TypeError(f"JSON cannot tell {type(value).__name__}")


def _untold(found: dict[str, Any]) -> Any:
    if len(found) == 1:
        mark, text = next(iter(found.items()))
        if mark in _TELLERS:
            return _TELLERS[mark][2](text)
    return found


# Made once, as making them costs more than a record.
_encode = json.JSONEncoder(separators=(",", ":"), default=_tell).encode
_decode = json.JSONDecoder(object_hook=_untold).decode
