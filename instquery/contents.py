"""Contents of records: which values a record may hold, and when two of them are the same.

What a store in memory takes, a file and a table take too, and each hands it back as it was given.
So the same types are allowed everywhere, and no other: a value of a class of its own may change
behind a store's back, or raise where it is compared.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from copy import deepcopy
from datetime import date, datetime, timezone
from decimal import Decimal
from itertools import chain
from math import copysign
from typing import Any, Literal, TypeAlias, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from instquery.errors import RecordError
from instquery.instants import Unit, is_written
from instquery.numbers import unfit
from instquery.rows import Drawn, Nested
from instquery.shapes import CONTAINERS

__all__ = [
    "PLAIN",
    "Form",
    "admitted",
    "copied",
    "form_of",
    "is_same",
    "name_of",
    "zone_of",
]

PLAIN = frozenset({str, bool, type(None), bytes, date, UUID})
"""Types of values that are taken as they are: unchangeable, and without bounds."""

Form: TypeAlias = Unit | Literal["any", "other"]
"""The timespec in which the times of plain records are written: any, where they have no time.

Other, where they are not plain: have other members, or one without a value, or times of no such
form.
"""

_ALLOWED = "JSON types, tuple, set, frozenset, datetime, date, Decimal, UUID, bytes"

_DEEPEST = 100

# Lists that hold one list many times could stand for more than any memory.
_MOST_CONTAINERS = 1_000_000

_NONE = frozenset({None})


def admitted(value: Any, field: str | None) -> Any:
    """Return a value as a record may keep it: of allowed types alone, its containers copied.

    A value of a class that is derived from an allowed one is taken as that one. A time of a zone
    that is neither `timezone` nor `ZoneInfo` is taken with the offset that its zone gives it.

    Raises:
        RecordError: that names the field, and what is allowed.

    >>> admitted({"a": [1, (2.5, None)]}, "note")
    {'a': [1, (2.5, None)]}
    >>> admitted([1j], "note")
    Traceback (most recent call last):
        ...
    instquery.errors.RecordError: note: cannot be stored: complex is not allowed (allowed: \
JSON types, tuple, set, frozenset, datetime, date, Decimal, UUID, bytes)

    """
    try:
        return _Admission().take(value, 0)
    except (ValueError, RuntimeError) as error:  # such as a container that is changed meanwhile
        raise RecordError(f"cannot be stored: {error}", field=field) from None


def copied(record: dict[str, Any]) -> dict[str, Any]:
    """Copy a record that a store keeps or has handed out, sharing nothing changeable with it."""
    is_flat = isinstance(record, Drawn | Nested) or CONTAINERS.isdisjoint(
        map(type, record.values())
    )
    return record.copy() if is_flat else deepcopy(record)


def name_of(name: object) -> str:
    """Return the name of a member as text itself. Raises `RecordError` for what is no text."""
    if not isinstance(name, str):
        raise RecordError(
            f"the names of a record's members must be text, not {type(name).__name__}",
            code="record.shape",
        )
    return str.__str__(name)


class _Admission:
    """One value being taken in, with a count of the containers in it."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = _MOST_CONTAINERS

    def take(self, value: Any, depth: int) -> Any:
        """Return the value as it is kept; `depth` is the number of containers around it."""
        given: object = value
        kind = type(given)
        if kind in PLAIN:
            return value
        scalar = _SCALARS.get(kind)
        if scalar is not None:
            return scalar(value)
        if kind not in CONTAINERS:
            return self._derived(value, depth)

        self._left -= 1
        if depth >= _DEEPEST:
            raise ValueError(f"lists and objects may be nested {_DEEPEST} deep")
        if self._left < 0:
            raise ValueError(f"more than {_MOST_CONTAINERS:,} lists and objects in one member")

        take, depth = self.take, depth + 1
        if kind is dict:
            return {_name(name): take(item, depth) for name, item in value.items()}
        if kind is list:
            return [take(item, depth) for item in value]
        make = cast(Callable[[list[Any]], Any], kind)  # tuple, set or frozenset
        return make([take(item, depth) for item in value])

    def _derived(self, value: Any, depth: int) -> Any:
        """Take a value of a derived class in as the class that it is derived from."""
        for base, convert in _BASES.items():
            if isinstance(value, base):
                try:
                    plain = convert(value)
                except Exception as error:  # code of a class of the caller's
                    raise ValueError(
                        f"{type(value).__name__} fails: {type(error).__name__}"
                    ) from None
                return self.take(plain, depth)
        raise ValueError(f"{type(value).__name__} is not allowed (allowed: {_ALLOWED})")


def _name(name: object) -> str:
    if type(name) is str:
        return name
    if not isinstance(name, str):
        raise ValueError(
            f"the names of an object's members must be text, not {type(name).__name__}"
        )
    return str.__str__(name)


def _fitting(value: Any) -> Any:
    reason = unfit(value)
    if reason is not None:
        raise ValueError(reason)
    return value


def _time(value: datetime) -> datetime:
    zone = value.tzinfo
    if zone is None or type(zone) is timezone or (type(zone) is ZoneInfo and zone.key):
        return value

    try:
        offset = value.utcoffset()
    except Exception:
        offset = None
    if offset is None:
        cure = "use datetime.timezone or zoneinfo.ZoneInfo"
        raise ValueError(f"has a zone that gives no valid offset: {cure}")
    return value.replace(tzinfo=timezone(offset), fold=0)


def _plain_time(value: datetime) -> datetime:
    """Make a `datetime` of a derived one; refuse NaT and nanoseconds."""
    made = datetime.combine(datetime.date(value), datetime.timetz(value))
    if made.replace(tzinfo=None) != value.replace(tzinfo=None):
        raise ValueError
    return made


_SCALARS: Mapping[type, Callable[[Any], Any]] = {
    int: _fitting,
    float: _fitting,
    Decimal: _fitting,
    datetime: _time,
}
"""Types of unchangeable values that have bounds, and what checks them."""

_BASES: Mapping[type, Callable[[Any], Any]] = {
    str: str.__str__,
    int: int.__int__,
    float: float.__float__,
    bytes: lambda value: bytes.__getitem__(value, slice(None)),
    datetime: _plain_time,  # before date, from which it is derived
    date: lambda value: date(value.year, value.month, value.day),
    Decimal: Decimal,
    UUID: lambda value: UUID(int=int(value)),
    dict: dict[Any, Any],
    list: list[Any],
    tuple: tuple[Any, ...],
    set: set[Any],
    frozenset: frozenset[Any],
}
"""How a value of a derived class is made one of its base."""


def zone_of(value: datetime) -> str | tuple[Any, ...] | None:
    """Return what tells a time's zone from others: its name, or its offset."""
    zone = value.tzinfo
    if isinstance(zone, ZoneInfo):
        return zone.key
    if isinstance(zone, timezone):
        offset, name = zone.utcoffset(None), zone.tzname(None)
        return (offset,) if name == timezone(offset).tzname(None) else (offset, name)
    return None if zone is None else repr(zone)


# Types whose values are the same if they are equal.
_EXACT = frozenset({str, int, bool, type(None), bytes, date, UUID})


def form_of(
    records: Collection[Mapping[str, Any]],
    names: frozenset[str],
    times: Iterable[str],
    timespecs: Iterable[Unit],
) -> Form:
    """Tell in which of some timespecs all records are plain.

    Args:
        records: any number of them.
        names: the members that they may have.
        times: which of these are times.
        timespecs: those that are tried, in this order.

    Returns:
        The first that all times are written in as `to_text` writes them. Costs 0.6 µs a record.

    """
    if len(names.union(*records)) > len(names) or _has_none(records):
        return "other"

    written = [
        time for record in records for name in times if (time := record.get(name)) is not None
    ]
    if not written:
        return "any"
    for spec in timespecs:
        if is_written(written, spec):
            return spec
    return "other"


def _has_none(records: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether a member of a record is `None`. Costs 20 ns a member."""
    values = chain.from_iterable([record.values() for record in records])
    try:
        # A set compares hashes, which the texts of records know: half the time of a comparison.
        return not _NONE.isdisjoint(values)
    except TypeError:  # lists and mappings have no hash
        return any(None in record.values() for record in records)


def is_same(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> bool:
    """Tell whether a record is the same in values and in their types, at any depth.

    `1` is not `True`, `0.0` not `-0.0`, `Decimal("1.0")` not `Decimal("1.00")`, and a time not the
    same instant in another zone. The sequence of members does not count.
    """
    if isinstance(old, Drawn) or isinstance(new, Drawn):
        return old is not None and _is_same_whole(old, new)
    if old is None or len(old) != len(new):
        return False

    has_same_octets = (
        isinstance(old, Nested) and isinstance(new, Nested) and old.octets == new.octets
    )
    for name, value in old.items():
        other = new.get(name, _ABSENT)
        given: object = value
        kind = type(given)
        if kind is not type(other):
            return False
        if kind in _EXACT:
            if value != other:
                return False
        elif not (has_same_octets and kind in CONTAINERS) and _told(value) != _told(other):
            return False
    return True


def _is_same_whole(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Compare whole records: their bytes first."""
    if isinstance(old, Drawn) and isinstance(new, Drawn) and old.octets == new.octets:
        return True
    first = old.copy() if isinstance(old, Drawn) else old
    return is_same(first, new.copy() if isinstance(new, Drawn) else new)


_ABSENT = object()


def _told(value: Any) -> object:
    """Return what equals for the same values alone; can be hashed."""
    given: object = value
    kind = type(given)
    if kind in _EXACT:
        return kind, value
    if kind is dict:
        return kind, frozenset([(name, _told(item)) for name, item in value.items()])
    if kind in CONTAINERS:
        items = _all_told(value)
        return kind, frozenset(items) if kind in (set, frozenset) else tuple(items)
    tell = _TELLS.get(kind, id)  # what is of no type that a record may hold, is the same as itself
    return kind, tell(value)


_TELLS: Mapping[type, Callable[[Any], object]] = {
    float: lambda value: (value, copysign(1, value)),
    datetime: lambda value: (value.replace(tzinfo=None), value.fold, zone_of(value)),
    Decimal: str,
}
"""What tells values apart that may equal others of their type."""


def _all_told(items: Iterable[Any]) -> list[object]:
    return [_told(item) for item in items]
