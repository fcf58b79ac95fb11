"""The indexes that SQLite is given, and which of them a query is answered by.

They are what an expert adds who suffers from these requests: all are covering, equalities come
before the range or the order, and the choice is made here, as SQLite's own planner takes ten times
as long for some of them.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from instquery import Contains, Eq
from instquery.predicates import Bounded
from instquery.ranges import Interval
from instquery.schema import Schema

__all__ = ["INDEXES", "Index", "Statistics", "column_of"]


class Index(NamedTuple):
    """Columns in the order of an index: equalities, perhaps a range, the answer order, the rest."""

    equal: tuple[str, ...] = ()
    range: str | None = None
    covers: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """A name that no other index has."""
        return "_".join(["by", *self.equal, self.range or "order"])

    def create(self, key: str) -> str:
        """Return the statement that makes it."""
        ranged = [self.range] if self.range else []
        parts = [*self.equal, *ranged, "rank DESC", key, *self.covers]
        return f"CREATE INDEX {self.name} ON r ({', '.join(parts)})"


_END, _NAME = "expiredTime_us", "name_folded"
_KEYWORDS = ("ProductCode", "ProductType", "Region", "SubscriptionType", "RenewStatus")


def _rest(*equal: str, end: bool = True) -> tuple[str, ...]:
    """Return the other columns that requests to BSS filter by."""
    left = tuple(name for name in _KEYWORDS if name not in equal)
    return (*left, "EndTime_us") if end else left


INDEXES: Mapping[str, Sequence[Index]] = {
    "instanceId": [
        Index(covers=("status", _END, _NAME)),
        Index(("status",), covers=(_END, _NAME)),
        Index(("status",), _END, (_NAME,)),
        Index(range=_END, covers=(_NAME,)),
    ],
    "InstanceID": [
        Index(covers=_rest()),
        Index(("OwnerId",), covers=_rest()),
        Index(("OwnerId", "ProductCode")),
        Index(("ProductCode",), covers=_rest("ProductCode")),
        Index(("ProductCode", "Region"), covers=_rest("ProductCode", "Region")),
        Index(("ProductType",)),
        Index(("Region",)),
        Index(("SubscriptionType",)),
        Index(("RenewStatus",)),
        Index(("SubscriptionType", "RenewStatus"), covers=("EndTime_us",)),
        Index(("ProductCode", "SubscriptionType", "RenewStatus"), covers=("EndTime_us",)),
        Index(("ProductCode", "SubscriptionType", "RenewStatus"), "EndTime_us"),
        Index(("ProductCode", "Region", "RenewStatus"), "EndTime_us"),
        Index(range="EndTime_us", covers=_rest(end=False)),
    ],
}
"""The indexes of an inventory, by the name of its key."""

_SAMPLE = 1000  # instants of a field that are kept to tell how many lie in a range
_TEXT = 0.03  # the share of the rows that a needle is taken to leave


def column_of(schema: Schema, predicate: Bounded) -> str:
    """Return the column that a predicate looks at."""
    field = predicate.field
    if isinstance(predicate, Interval):
        return "rank" if field == schema.order.field else f"{field}_us"
    if isinstance(predicate, Eq) or schema.fields[field].kind != "text":
        return field
    return f"{field}_folded"


class Statistics:
    """What share of the rows a condition leaves, as it was when the table was filled."""

    def __init__(self, schema: Schema, found: Mapping[str, list[Any]], count: int) -> None:
        self._schema = schema
        self._count = max(count, 1)
        self._values = {
            name: Counter(found[name])
            for name, field in schema.fields.items()
            if field.kind == "keyword" and name != schema.key
        }
        self._instants: dict[str, list[int]] = {}
        for name, field in schema.fields.items():
            if field.kind == "instant" and field.indexed:
                column = "rank" if name == schema.order.field else f"{name}_us"
                values = [value for value in found[column] if value is not None]
                step = max(1, len(values) // _SAMPLE)
                self._instants[column] = sorted(values[::step])

    def share(self, predicate: Bounded) -> float:
        """Return the share of the rows that match; 1 for what nothing is known of."""
        least = 1 / self._count
        if isinstance(predicate, Eq) and predicate.field in self._values:
            return max(least, self._values[predicate.field][predicate.value] / self._count)
        if isinstance(predicate, Interval):
            sample = self._instants.get(column_of(self._schema, predicate), [])
            low, high = bisect_left(sample, predicate.low), bisect_right(sample, predicate.high)
            return max(least, (high - low) / max(1, len(sample)))
        return _TEXT if isinstance(predicate, Contains) else 1.0

    def walked(self, index: Index, where: Iterable[Bounded]) -> float | None:
        """Return how many entries of an index have to be looked at for a count.

        `None` where the index does not serve: an equality or its range is not asked for. An index
        without a column that is asked for costs a look at the table for each entry.
        """
        asked = {column_of(self._schema, predicate): predicate for predicate in where}
        needed = [*index.equal, *([index.range] if index.range else [])]
        if any(name not in asked for name in needed):
            return None
        if not all(isinstance(asked[name], Eq) for name in index.equal):
            return None
        if index.range is None and isinstance(asked.get("rank"), Interval):
            needed.append("rank")
        rows = float(self._count)
        for name in needed:
            rows *= self.share(asked[name])
        here = {*needed, "rank", self._schema.key, *index.covers}
        return rows * (1 if here.issuperset(asked) else 6)
