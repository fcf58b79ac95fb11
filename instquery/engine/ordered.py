"""Pages in any order: of the wanted rows of all segments, those where the page lies are sorted.

Theory of operation
===================

Segments are numbered in the schema's own order. For any other one nothing is kept. A page is found
by its place: how many of the wanted rows come before it.

    field           how the page's stretch is found              what it costs
    --------------  -------------------------------------------  ----------------------------------
    an instant,     its values are cut in two, again and again;  10 µs a segment and step, 2 to 10
    a number        each step counts the wanted rows that lie    steps
                    at or behind the cut (`stretches`)
    a keyword       value by value, in their order               2 µs a segment and value
    the key         by the rows of each segment in order of      see `bykey`
                    their keys
    any other, and  not at all: all wanted rows are sorted       1 µs a row
    without index

Rows with equal values are a *block*. The next order decides within it, and at the end the key. So
each step has fewer rows, and only those that are left at the end are sorted: one page, and a few
rows beside it. Missing values are the last block, in either direction.

Invariant: the answer is the same as that of `Ordering.sort` over all wanted rows.
"""

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from typing import cast

from instquery.engine.bykey import behind_key, by_key
from instquery.engine.indexes.keyword import KeywordIndex
from instquery.engine.rowsets import RowSet, positions, set_of
from instquery.engine.segment import Rows, Segment, count_rows
from instquery.engine.stretches import Dated, Scaled, present_in, stretches
from instquery.instants import EARLIEST, LATEST
from instquery.orderings import Ordering, Place, Sortable
from instquery.predicates import Value
from instquery.query import Order, Record
from instquery.values import sortable

__all__ = ["behind", "can_be_cut", "in_order"]

# So few rows are sorted at once: that costs less than to look for the place among them.
_FEW = 64
_FEW_A_SEGMENT = 16

# Where a page is at least one row in so many, all are sorted.
_MOSTLY = 2

# So many values of a keyword are put together and sorted. More are met one by one, as each segment
# keeps its own in order.
_FEW_VALUES = 5_000


def in_order(rows: Rows, ordering: Ordering, skip: int, take: int) -> list[Record]:
    """Return up to `take` records in order, behind the first `skip`. See "Theory of operation"."""
    return _Pager(ordering).page(rows, count_rows(rows), 0, skip, take)


def behind(rows: Rows, ordering: Ordering, place: Place) -> Rows:
    """Return those of the rows that come after a place, whether or not a record is there.

    Costs 10 µs a segment by an instant, 2 µs a segment and value by a frequent keyword, and 1 µs a
    row by anything else.
    """
    return [(segment, _behind(segment, wanted, ordering, place)) for segment, wanted in rows]


def can_be_cut(rows: Rows, ordering: Ordering) -> bool:
    """Tell whether pages are found without sorting all rows."""
    fields = [one.field for one in ordering.orders if one.field != ordering.key]
    segments = [segment for segment, _ in rows[:1]]
    return all(
        isinstance(segment.lookup(field), KeywordIndex | Scaled)
        for segment in segments
        for field in fields
    )


class _Pager:
    """Finds one page."""

    def __init__(self, ordering: Ordering) -> None:
        self._ordering = ordering
        self._orders = ordering.orders
        self._key = ordering.key

    def page(self, rows: Rows, count: int, depth: int, skip: int, take: int) -> list[Record]:
        """Return a page of rows that are equal in all orders before number `depth`."""
        take = min(take, count - skip)
        if take <= 0:
            return []
        if count <= _FEW + _FEW_A_SEGMENT * len(rows) or count <= take * _MOSTLY:
            return self._sorted(rows, skip, take)

        order = (
            self._orders[depth] if depth < len(self._orders) else Order(self._key, descending=False)
        )
        if order.field == self._key:
            return by_key(rows, self._key, order, skip, take)

        lookups = [segment.lookup(order.field) for segment, _ in rows]
        if all(isinstance(lookup, KeywordIndex) for lookup in lookups):
            indexes = cast("list[KeywordIndex]", lookups)
            return self._by_values(rows, indexes, depth, skip, take)
        if all(isinstance(lookup, Scaled) for lookup in lookups):
            scaled = cast("list[Scaled]", lookups)
            return self._by_scale(rows, scaled, depth, skip, take)
        return self._sorted(rows, skip, take)

    def _sorted(self, rows: Rows, skip: int, take: int) -> list[Record]:
        records: list[Record] = []
        for segment, wanted in rows:
            records += segment.records.picked(positions(wanted))
        self._ordering.sort(records)
        return records[skip : skip + take]

    def _by_scale(
        self, rows: Rows, lookups: Sequence[Scaled], depth: int, skip: int, take: int
    ) -> list[Record]:
        """Cut out the stretch of instants or numbers that the page lies in."""
        order = self._orders[depth]
        present = [
            (segment, wanted & present_in(lookup))
            for (segment, wanted), lookup in zip(rows, lookups, strict=True)
        ]
        count = count_rows(present)
        page: list[Record] = []
        if skip < count:
            enough = _FEW + _FEW_A_SEGMENT * len(rows)
            end = min(skip + take, count)
            passed, parts = stretches(
                present, lookups, skip, end, descending=order.descending, enough=enough
            )
            at = skip - passed
            for part in parts:
                wanted = take - len(page)
                if part.is_equal:
                    page += self.page(part.rows, part.number, depth + 1, at, wanted)
                else:
                    page += self._sorted(part.rows, at, wanted)
                at = 0  # as each stretch holds rows of the page

        rest = take - len(page)
        if rest:
            missing = _without(rows, present)
            page += self.page(missing, count_rows(missing), depth + 1, max(0, skip - count), rest)
        return page

    def _by_values(
        self, rows: Rows, indexes: Sequence[KeywordIndex], depth: int, skip: int, take: int
    ) -> list[Record]:
        """Go through the values in order, passing over those before the page by their counts."""
        page: list[Record] = []
        for value in _values_in_order(indexes, descending=self._orders[depth].descending):
            count = _count_of(value, rows, indexes)
            if skip >= count:
                skip -= count
                continue

            block = [
                (segment, common)
                for (segment, wanted), index in zip(rows, indexes, strict=True)
                if (common := wanted & index.rows(value))
            ]
            page += self.page(block, count, depth + 1, skip, take - len(page))
            skip = 0
            if len(page) == take:
                return page

        missing = [
            (segment, index.missing(wanted))
            for (segment, wanted), index in zip(rows, indexes, strict=True)
        ]
        return page + self.page(missing, count_rows(missing), depth + 1, skip, take - len(page))


def _without(rows: Rows, others: Rows) -> Rows:
    """Return the rows that are not among others, which are some of them."""
    return [
        (segment, wanted ^ other)
        for (segment, wanted), (_, other) in zip(rows, others, strict=True)
    ]


def _values_in_order(indexes: Sequence[KeywordIndex], *, descending: bool) -> Iterator[Value]:
    """Walk the values of all segments in order, each once."""
    if sum(map(len, indexes)) <= _FEW_VALUES:
        values = set[Value]().union(*indexes)
        return iter(sorted(values, key=sortable, reverse=descending))

    listed: list[Iterable[Value]] = [
        reversed(index.in_order()) if descending else index.in_order() for index in indexes
    ]
    return _once(merge(*listed, key=sortable, reverse=descending))


def _once(values: Iterable[Value]) -> Iterator[Value]:
    last: Value | None = None
    for value in values:
        if value != last:
            yield value
            last = value


def _count_of(value: Value, rows: Rows, indexes: Sequence[KeywordIndex]) -> int:
    """Count the rows with a value; where a segment's rows are all wanted, its index knows."""
    count = 0
    for (segment, wanted), index in zip(rows, indexes, strict=True):
        if wanted is segment.occupied:
            count += index.count(value)
        else:
            count += (wanted & index.rows(value)).bit_count()
    return count


def _behind(segment: Segment, wanted: RowSet, ordering: Ordering, place: Place) -> RowSet:
    """Return the rows of one segment that come after a place."""
    found: RowSet = 0
    equal = wanted
    descending = False
    for order, value in zip(ordering.orders, place.values, strict=True):
        if not equal:
            return found
        if order.field == ordering.key:
            descending = order.descending
            break
        lookup = segment.lookup(order.field)
        if isinstance(lookup, Dated) and not isinstance(value, str):
            after, equal = _split_instants(lookup, equal, order, value)
        elif isinstance(lookup, KeywordIndex):
            after, equal = _split_values(segment, lookup, equal, order, value)
        else:
            return found | _tested(segment, equal, ordering, place)
        found |= after
    return found | behind_key(segment, equal, ordering.key, place.key, descending=descending)


def _tested(segment: Segment, rows: RowSet, ordering: Ordering, place: Place) -> RowSet:
    """Return the rows after a place, looking at each record."""
    records = segment.records
    passing = [at for at in positions(rows) if ordering.is_behind(records[at], place)]
    return set_of(passing, len(segment))


def _split_instants(
    lookup: Dated, rows: RowSet, order: Order, value: int | None
) -> tuple[RowSet, RowSet]:
    """Return the rows behind an instant, and those that have it."""
    present = rows & lookup.between(EARLIEST, LATEST)
    missing = rows ^ present
    if value is None:
        return 0, missing

    from_here = present & lookup.between(value, LATEST)
    later = present & lookup.between(value + 1, LATEST)
    after = present ^ from_here if order.descending else later
    return after | missing, from_here ^ later


def _split_values(
    segment: Segment, index: KeywordIndex, rows: RowSet, order: Order, value: Sortable
) -> tuple[RowSet, RowSet]:
    """Return the rows behind a keyword's value, and those that have it."""
    missing = index.missing(rows)
    if value is None:
        return 0, missing

    after = missing
    equal: RowSet = 0
    rare = rows ^ missing
    for held in index.frequent:
        other = sortable(held)
        having = rows & index.rows(held)
        rare ^= having
        if other == value:
            equal |= having
        elif (other > str(value)) is not order.descending:
            after |= having

    ahead: list[int] = []
    same: list[int] = []
    for at in positions(rare):
        other = sortable(segment.records[at][order.field])
        if other == value:
            same.append(at)
        elif (other > str(value)) is not order.descending:
            ahead.append(at)
    width = len(segment)
    return after | set_of(ahead, width), equal | set_of(same, width)
