"""Records as JSON text, values that JSON has no form for included: how they are kept outside memory.

JSON loses some of what a record may hold. It has no form for times and bytes. It joins the two halves
of a surrogate pair, where a record has them as two characters. And an object of a record may look like
one of the marks below.

So a text counts as written only once it has been read again and is the same. The plain form is tried
first, as nearly every record has it. The spelled form (see `_spelled`) says the rest.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from instquery.errors import RecordError
from instquery.query import Record

__all__ = ["from_json", "to_json"]


def to_json(record: Record) -> str:
    """Write a record as JSON, in ASCII. Raises `RecordError` if it would not come back as it was.

    Its values must be such as JSON can tell, or times, decimals or bytes.

    >>> from_json(to_json({"id": "i-1", "created": date(2026, 1, 1)}))
    {'id': 'i-1', 'created': datetime.date(2026, 1, 1)}
    """
    for form in (_plain, _spelled):
        try:
            text = _encode(form(record))
            back = from_json(text)
            if back == record or _is_same(back, record):
                return text
        except Exception:  # noqa: S112 - code of the values' own classes may raise anything
            continue
    raise RecordError("the record cannot be kept outside memory: its values are not such as JSON can tell")


def from_json(text: str) -> Record:
    """Read a record that `to_json` has written. Raises `ValueError` for any other text."""
    try:
        record: Record = _decode(text)
    except TypeError as error:  # a mark with something else than its value
        raise ValueError(str(error)) from None
    return record


_SPLIT_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")

_TEXT, _OBJECT = "\0text", "\0object"

_TELLERS: Mapping[str, tuple[type, Callable[[Any], str], Callable[[str], Any]]] = {
    "\0datetime": (datetime, datetime.isoformat, datetime.fromisoformat),
    "\0date": (date, date.isoformat, date.fromisoformat),
    "\0decimal": (Decimal, str, Decimal),
    "\0bytes": (bytes, bytes.hex, bytes.fromhex),
}
"""Values that JSON has no form for: a mark, their type, and how they are written and read."""

_READERS: Mapping[str, Callable[[Any], Any]] = {
    **{mark: read for mark, (_, _, read) in _TELLERS.items()},
    _TEXT: lambda octets: bytes.fromhex(octets).decode("utf-8", "surrogatepass"),
    _OBJECT: dict,  # of pairs
}
"""How what stands behind a mark is read."""


def _tell(value: object) -> dict[str, str]:
    for mark, (kind, write, _) in _TELLERS.items():
        if isinstance(value, kind):
            return {mark: write(value)}
    raise TypeError(f"JSON cannot tell {type(value).__name__}")


def _untold(found: dict[str, Any]) -> Any:
    if len(found) == 1:
        mark, told = next(iter(found.items()))
        if mark in _READERS:
            return _READERS[mark](told)
    return found


def _plain(value: Any) -> Any:
    return value


def _spelled(value: object) -> Any:
    """Put marks in the place of what JSON would change: split pairs, objects that look like a mark."""
    if isinstance(value, str):
        is_split = _SPLIT_PAIR.search(value) is not None
        return {_TEXT: value.encode("utf-8", "surrogatepass").hex()} if is_split else value

    if isinstance(value, list):
        return [_spelled(item) for item in cast(list[object], value)]

    if not isinstance(value, dict):
        return value

    members = cast(dict[object, object], value)
    pairs = [(_spelled(name), _spelled(item)) for name, item in members.items()]
    has_odd_names = any(isinstance(name, dict) for name, _ in pairs)
    looks_like_a_mark = len(members) == 1 and members.keys() <= _READERS.keys()
    return {_OBJECT: pairs} if has_odd_names or looks_like_a_mark else dict(pairs)


def _is_same(back: object, value: object) -> bool:
    """Compare as `==` does, but times by what they say.

    A time that its zone has twice equals none of any other zone, and a zone is read as its offset.
    """
    if isinstance(value, datetime):
        return isinstance(back, datetime) and back.isoformat() == value.isoformat()

    if isinstance(value, dict):
        members = cast(dict[object, object], value)
        if not isinstance(back, dict):
            return False
        found = cast(dict[object, object], back)
        is_alike = found.keys() == members.keys()
        return is_alike and all(_is_same(found[name], item) for name, item in members.items())

    if isinstance(value, list):
        items = cast(list[object], value)
        if not isinstance(back, list):
            return False
        read = cast(list[object], back)
        return len(read) == len(items) and all(map(_is_same, read, items))

    return bool(back == value)


# Made once, as making them costs more than a record.
_encode = json.JSONEncoder(separators=(",", ":"), default=_tell).encode
_decode = json.JSONDecoder(object_hook=_untold).decode
