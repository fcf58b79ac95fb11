"""Orderings: an order as a schema resolves it, what sorts by it, and places in it.

There is one total order under every plan: the values of the fields one after the other, each in its
direction and missing ones last, and at the end the key, ascending.
"""

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

from instquery.instants import WRITTEN, is_written
from instquery.kinds import Read
from instquery.query import Order, Record
from instquery.values import sortable

__all__ = ["Ordering", "Place", "Rank", "Sortable", "Spot"]

Sortable: TypeAlias = int | str | None
"""A value as orders compare it: microseconds, or `values.sortable` of it; `None` comes last."""

Rank: TypeAlias = Any
"""A record's place in the schema's own order: the higher, the earlier it is answered.

Where the order is by one instant, it is that in microseconds, negated in an ascending order; where
it is by key alone, 0; else bytes. Ranks of one schema are comparable. Ties are answered by key, the
lowest first.
"""

Spot: TypeAlias = tuple[Rank, str]
"""A place in the schema's own order: rank and key, whether or not a record is there."""

_BIAS = 1 << 63
_UP = bytes(range(1, 256)) + b"\xff"  # UTF-8 has no byte above 0xF4
_DOWN = bytes([max(0, 0xFE - octet) for octet in range(256)])
_ALL_ONES = (1 << 64) - 1


class Place(NamedTuple):
    """A place in any order, whether or not a record is there."""

    values: tuple[Sortable, ...]
    """One for each of the orders."""

    key: str


class Ordering:
    """An order that has been checked, with all that is needed to sort by it.

    `orders` are those that decide: what comes after the key, or a field again, does not; nor does
    the key itself, ascending, behind others.
    """

    __slots__ = ("_parts", "_read_as_ours", "key", "orders", "written")

    def __init__(
        self,
        key: str,
        orders: Sequence[Order],
        readers: Mapping[str, Read | None],
        ours: Iterable[str],
    ) -> None:
        """`ours` are the fields whose instants are read as the package reads them."""
        self.key = key
        self.orders = _decisive(key, orders)
        self.written = repr((key, self.orders))
        """Text that is the same for the same order by the same key, and no other."""
        self._parts = [(one.field, readers[one.field], one.descending) for one in self.orders]
        self._read_as_ours = frozenset(ours)

    @property
    def is_by_key(self) -> bool:
        """Whether the key alone decides, ascending."""
        return self.orders == (Order(self.key, descending=False),)

    def place(self, record: Record) -> Place:
        """Return where a record is."""
        return Place(self.values(record), record[self.key])

    def values(self, record: Record) -> tuple[Sortable, ...]:
        """Return a record's values as they are compared."""
        return tuple([_value(record.get(field), read) for field, read, _ in self._parts])

    def sort(self, records: list[Record]) -> None:
        """Put records in order. Costs 0.3 to 1 µs a record and order."""
        records.sort(key=itemgetter(self.key))
        # A sort is stable, in reverse too: what is equal stays in the order of what comes later.
        for field, read, descending in self._parts[::-1]:
            self._sort_by(records, field, read, descending=descending)

    def is_behind(self, record: Record, place: Place) -> bool:
        """Tell whether a record comes after a place."""
        for (field, read, descending), there in zip(self._parts, place.values, strict=True):
            here = _value(record.get(field), read)
            if here == there:
                continue
            if here is None or there is None:
                return here is None
            is_above = here > there  # type: ignore[operator]  # of one field they are of one type
            return is_above is not descending
        return bool(record[self.key] > place.key)

    def rank(self, values: Sequence[Sortable]) -> bytes:
        """Return values as bytes: the higher, the earlier they are answered."""
        parts: list[bytes] = []
        for (_, _, descending), value in zip(self._parts, values, strict=True):
            if value is None:
                parts.append(b"\0")
            elif isinstance(value, int):
                number = value + _BIAS if descending else _ALL_ONES - (value + _BIAS)
                parts.append(b"\1" + number.to_bytes(8, "big"))
            else:
                octets = value.encode("utf-8", "surrogatepass")
                text = octets.translate(_UP) + b"\0"
                if not descending:
                    text = octets.translate(_DOWN) + b"\xff"
                parts.append(b"\1" + text)
        return b"".join(parts)

    def _sort_by(
        self, records: list[Record], field: str, read: Read | None, *, descending: bool
    ) -> None:
        """Sort by one field alone, missing values last."""
        given = [record.get(field) for record in records]
        is_ours = field in self._read_as_ours
        if is_ours and any(is_written(given, form) for form in WRITTEN):
            # Times that are all written alike are in order as text.
            records.sort(key=itemgetter(field), reverse=descending)
            return

        values = [_value(value, read) for value in given]
        numbers: list[int] = [at for at, value in enumerate(values) if value is not None]
        missing = [record for record, value in zip(records, values, strict=True) if value is None]
        numbers.sort(key=values.__getitem__, reverse=descending)  # type: ignore[arg-type]
        records[:] = [*map(records.__getitem__, numbers), *missing]


def _value(value: Any, read: Read | None) -> Sortable:
    if value is None:
        return None
    return sortable(value) if read is None else read(value)


def _decisive(key: str, orders: Iterable[Order]) -> tuple[Order, ...]:
    """Return the orders that decide anything; at the least one, by key."""
    decisive: dict[str, Order] = {}
    for order in orders:
        decisive.setdefault(order.field, order)
        if order.field == key:
            break

    last = Order(key, descending=False)
    if list(decisive.values())[-1:] == [last]:
        del decisive[key]
    return tuple(decisive.values()) or (last,)
