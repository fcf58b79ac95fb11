"""Records as JSON text: how they are kept outside memory, whatever they hold.

JSON loses some of what a record may hold. It has no form for times, sets and bytes, and takes a
tuple for a list. It joins the two halves of a surrogate pair, where a record has them as two
characters. And an object of a record may look like one of the marks below.

So a text counts as written only once it has been read again and is the same. The plain form is
tried first, as nearly every record has it. The spelled form (see `_spelled`) says the rest.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from instquery.contents import is_same, zone_of
from instquery.errors import RecordError
from instquery.query import Record
from instquery.rows import Drawn
from instquery.shapes import CONTAINERS

__all__ = ["from_json", "to_json"]


def to_json(record: Record) -> str:
    """Write a record as JSON, in ASCII. Raises `RecordError` if it would not come back as it was.

    Its values are those that a store takes in: see `contents`.

    >>> from_json(to_json({"id": "i-1", "created": date(2026, 1, 1)}))
    {'id': 'i-1', 'created': datetime.date(2026, 1, 1)}
    """
    if isinstance(record, Drawn):
        record = record.copy()
    for form in (_plain, _spelled):
        try:
            text = _encode(form(record))
            back = from_json(text)
            if back == record or is_same(record, back):
                return text
        except Exception:  # noqa: S112 - code of the values' own classes may raise anything
            continue
    raise RecordError(
        "the record cannot be kept outside memory: its values are not such as JSON can tell"
    )


def from_json(text: str) -> Record:
    """Read a record that `to_json` has written. Raises `ValueError` for any other text."""
    try:
        record: Record = _decode(text)
    except TypeError as error:  # a mark with something else than its value
        raise ValueError(str(error)) from None
    return record


_SPLIT_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")

_TEXT, _OBJECT = "\0text", "\0object"

_TUPLE, _ZONED = "\0tuple", "\0zoned"


def _listed(items: Iterable[Any]) -> list[Any]:
    """List the items of a set in a sequence that does not hang on the seed of hashes.

    Raises `TypeError` for sets and tuples in sets, which only the spelled form tells.
    """
    listed = list(items)
    if not CONTAINERS.isdisjoint(map(type, listed)):
        raise TypeError("a set holds containers")
    return sorted(listed, key=repr)


_TELLERS: Mapping[str, tuple[type, Callable[[Any], Any], Callable[[Any], Any]]] = {
    "\0datetime": (datetime, datetime.isoformat, datetime.fromisoformat),
    "\0date": (date, date.isoformat, date.fromisoformat),
    "\0decimal": (Decimal, str, Decimal),
    "\0bytes": (bytes, bytes.hex, bytes.fromhex),
    "\0uuid": (UUID, str, UUID),
    "\0set": (set, _listed, set),
    "\0frozenset": (frozenset, _listed, frozenset),
}
"""Values that JSON has no form for: a mark, their type, and how they are written and read."""


def _zoned(told: list[Any]) -> datetime:
    """Read a time that was written with its zone, and whether it is the second of two alike."""
    text, fold, zone = told
    at = datetime.fromisoformat(text)
    if isinstance(zone, str):
        at = at.replace(tzinfo=_named_zone(zone))
    elif zone is not None:
        at = at.replace(tzinfo=timezone(timedelta(microseconds=zone[0]), *zone[1:]))
    return at.replace(fold=fold)


def _named_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError:
        raise ValueError(f"the zone {name} is not known here: install tzdata") from None


_READERS: Mapping[str, Callable[[Any], Any]] = {
    **{mark: read for mark, (_, _, read) in _TELLERS.items()},
    _TEXT: lambda octets: bytes.fromhex(octets).decode("utf-8", "surrogatepass"),
    _OBJECT: dict,  # of pairs
    _TUPLE: tuple,
    _ZONED: _zoned,
}
"""How what stands behind a mark is read."""


def _tell(value: object) -> dict[str, Any]:
    if isinstance(value, datetime) and not _is_told_by_offset(value):
        zone = zone_of(value)
        if isinstance(zone, tuple):
            zone = zone[0] // timedelta(microseconds=1), *zone[1:]
        return {_ZONED: [value.replace(tzinfo=None).isoformat(), value.fold, zone]}

    for mark, (kind, write, _) in _TELLERS.items():
        if isinstance(value, kind):
            return {mark: write(value)}
    raise TypeError(f"JSON cannot tell {type(value).__name__}")


def _is_told_by_offset(value: datetime) -> bool:
    """Tell whether ISO text says all of a time.

    It does not name zones, nor tell the second of two hours alike from the first.
    """
    zone = zone_of(value)
    return value.fold == 0 and (zone is None or (isinstance(zone, tuple) and len(zone) == 1))


def _untold(found: dict[str, Any]) -> Any:
    if len(found) == 1:
        mark, told = next(iter(found.items()))
        if mark in _READERS:
            return _READERS[mark](told)
    return found


def _plain(value: Any) -> Any:
    return value


def _spelled(value: object) -> Any:
    """Put marks where JSON would change a value: split pairs, objects like marks."""
    if isinstance(value, str):
        is_split = _SPLIT_PAIR.search(value) is not None
        return {_TEXT: value.encode("utf-8", "surrogatepass").hex()} if is_split else value

    if isinstance(value, list):
        return [_spelled(item) for item in cast(list[object], value)]

    if isinstance(value, tuple):
        return {_TUPLE: [_spelled(item) for item in cast(tuple[object, ...], value)]}

    if isinstance(value, set | frozenset):
        mark = "\0set" if isinstance(value, set) else "\0frozenset"
        return {mark: sorted(map(_spelled, cast(set[object], value)), key=repr)}

    if not isinstance(value, dict):
        return value

    members = cast(dict[object, object], value)
    pairs = [(_spelled(name), _spelled(item)) for name, item in members.items()]
    has_odd_names = any(isinstance(name, dict) for name, _ in pairs)
    looks_like_a_mark = len(members) == 1 and members.keys() <= _READERS.keys()
    return {_OBJECT: pairs} if has_odd_names or looks_like_a_mark else dict(pairs)


# Made once, as making them costs more than a record.
_encode = json.JSONEncoder(separators=(",", ":"), default=_tell).encode
_decode = json.JSONDecoder(object_hook=_untold).decode
