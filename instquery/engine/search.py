"""Carry out a plan: the page and the total, from one walk over one version."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import add
from typing import Any, TypeAlias

from instquery.engine.found import found
from instquery.engine.match import Match, count, match_trees
from instquery.engine.match import match as match_leaves
from instquery.engine.ordered import behind, in_order
from instquery.engine.passing import passing
from instquery.engine.placed import placed
from instquery.engine.plan import Plan, plans
from instquery.engine.rowsets import Position, RowSet, count_all, newest, set_of
from instquery.engine.segment import Matches, Rows, Segment, count_rows
from instquery.engine.tallies import (
    Combination,
    binned,
    by_value,
    check_combinations,
    combined,
    without,
)
from instquery.engine.version import Part, Version, seek
from instquery.instants import Micros
from instquery.orderings import Place
from instquery.predicates import Value
from instquery.query import Query, Record, by_count
from instquery.terms import Term, Tree

__all__ = ["facets", "histogram", "matched", "matched_rows", "resume", "search"]

# With more matches than so many times those that are wanted, the first few segments have enough.
_SOON = 8

_Answer: TypeAlias = tuple[list[Record], int | None]
"""The records of the page as they are kept, and the number of all matches, if it was counted."""


def search(version: Version, query: Query, plan: Plan, extra: int = 0) -> _Answer:
    """Return the page's records, in order, and the exact total (`None` where the query spares it).

    Up to `extra` records behind the page come with it, which tells whether something follows.
    """
    records: list[Record] = []
    total = plan.known
    if total is None or (query.offset < total and query.limit):
        drive = _DRIVERS[plan.driver] if plan.is_own else _OTHERWISE[plan.driver]
        records, counted = drive(version, plan, query.offset, query.limit + extra, None)
        total = counted if total is None else total
    return records, total if query.total else None


def resume(
    version: Version, query: Query, plan: Plan, after: Place
) -> tuple[list[Record], int | None]:
    """Return the records of a page behind a place in the order, and one more.

    The query's offset does not count. Where the order is not that of rows, it is also said how many
    matches come before.
    """
    if plan.driver == "nothing":
        return [], None

    uncounted = plan._replace(total="not asked")
    drive = _DRIVERS[plan.driver] if plan.is_own else _OTHERWISE[plan.driver]
    records, passed = drive(version, uncounted, 0, query.limit + 1, after)
    return records, None if plan.is_own else passed


def matched(version: Version, plan: Plan) -> Iterator[tuple[Segment, Matches]]:
    """Walk the segments that have matches, newest first; not for a plan that is driven by keys."""
    if plan.driver != "nothing":
        selected, tested = _uses(plan)
        parts, match = _matching(version, plan, selected, version.parts(selected))
        for segment, asked in parts:
            matches = match(segment, asked, tested)
            if matches:
                yield segment, matches


def facets(  # noqa: PLR0913 - the options of a caller, and what is known
    version: Version,
    field: str | tuple[str, ...],
    query: Query,
    known: Mapping[Value, int] | None = None,
    *,
    key: str | None = None,
    missing: bool = False,
    limit: int | None = None,
) -> dict[Any, int]:
    """Count the records that match, by their value of a keyword field; most frequent first.

    By each of many values; by the keys of tags, or with `key` by the values of that key. With a
    tuple of fields, by their combinations. `missing` counts records without a value, under `None`.
    `known` are the counts of all records by a field, where nothing else is asked. Else it costs 2
    µs a segment and frequent value, or combination of them, and 0.2 µs a record with a rare value.
    """
    if isinstance(field, tuple):
        return by_count(_combinations(version, field, query, missing=missing), limit)

    counts: Counter[Any] = Counter(known)
    absent = 0
    if known is None:
        declared = version.schema.fields[field]
        for segment, matches in matched(version, _unkeyed(version, query)):
            counts.update(by_value(segment, field, declared, matches, key))
            if missing:
                absent += without(segment, field, matches, key)
    elif missing:
        absent = sum([without(one, field, one.occupied, key) for one in version.segments])

    if absent:
        counts[None] = absent
    return by_count(counts, limit)


def _combinations(
    version: Version, fields: tuple[str, ...], query: Query, *, missing: bool
) -> Counter[Combination]:
    """Count the records that match by combinations of values."""
    together: Counter[Combination] = Counter()
    is_many = any(version.schema.fields[field].many for field in fields)
    for segment, rows in matched_rows(version, _unkeyed(version, query)):
        together.update(combined(segment, rows, fields, is_many=is_many))
        if is_many:
            check_combinations(together, fields)
    if missing:
        return together
    return Counter({one: count for one, count in together.items() if None not in one})


def histogram(version: Version, field: str, edges: Sequence[Micros], query: Query) -> list[int]:
    """Count the records that match by bins of an instant: from each edge on, before the next.

    Costs 12 µs a segment and edge, or 0.3 µs a record where that is less.
    """
    counts = [0] * (len(edges) - 1)
    read = version.schema.read(field)
    for segment, rows in matched_rows(version, _unkeyed(version, query)):
        counts = list(map(add, counts, binned(segment, rows, field, read, edges)))
    return counts


def matched_rows(version: Version, plan: Plan) -> Rows:
    """Return the rows that match, of all segments; not for a plan that is driven by keys."""
    return [
        (segment, set_of(matches, len(segment)) if isinstance(matches, list) else matches)
        for segment, matches in matched(version, plan)
    ]


def _unkeyed(version: Version, query: Query) -> Plan:
    """Return a plan that ends in rows of segments."""
    return next(plan for plan in plans(query, version) if plan.driver != "keys")


def _walk(version: Version, plan: Plan, skip: int, limit: int, after: Place | None) -> _Answer:
    """Go through the segments from the newest, until the page is full and all is counted."""
    selected, tested = _uses(plan)
    is_counting = plan.total == "counted"
    begun, end = (0, None) if after is None else _sought(version, after)
    parts = version.parts(selected, begun)
    if skip and plan.known is not None and not tested:
        parts, skip = _forward(parts, skip)

    most = None if is_counting else skip + limit
    parts, match = _matching(version, plan, selected, parts, most)
    page: list[Record] = []
    wanted = limit
    total = 0
    uncounted: list[RowSet] = []  # to be counted together, which costs less than one by one

    for segment, asked in parts:
        if not is_counting and not wanted:
            break

        below = end if after is not None and segment is version.segments[begun] else None
        enough = None if is_counting else skip + wanted
        matches = match(segment, asked, tested, enough, below)
        if not matches:
            continue

        if is_counting and not skip and isinstance(matches, int):
            uncounted.append(matches)
        elif is_counting or skip:
            number = count(segment, matches)
            total += number
            if skip >= number:
                skip -= number
                continue

        if wanted:
            page += _records(segment, matches, skip, wanted)
            wanted = limit - len(page)
            skip = 0

    return page, total + count_all(uncounted) if uncounted else total


def _sought(version: Version, after: Place) -> tuple[int, Position]:
    """Return the number of the segment that a place belongs to, and its position."""
    return seek(version.segments, version.schema.rank_of(after.values), after.key)


def _records(segment: Segment, matches: Matches, skip: int, take: int) -> list[Record]:
    """Return up to `take` of the records that match, newest first, behind the `skip` newest."""
    records = segment.records
    if isinstance(matches, list):
        return records.picked(matches[skip : skip + take])

    is_everything = matches is segment.occupied and segment.count == records.width
    if is_everything:
        return records.newest(skip, take)
    return records.picked(newest(matches, skip, take))


def _forward(parts: Iterable[Part], skip: int) -> tuple[Iterable[Part], int]:
    """Leave out the segments before the page, and return what is still to be skipped.

    A segment is left out by the count of its matches alone. From the first one on that has only
    bounds, the walk itself counts.
    """
    left = iter(parts)
    for segment, asked in left:
        known = _known(segment, asked)
        if known is None or known > skip:
            return chain([(segment, asked)], left), skip
        skip -= known
    return (), skip


def _known(segment: Segment, asked: Sequence[Term]) -> int | None:
    """Return how many rows of a segment match all predicates, if that is known beforehand."""
    if not asked:
        return segment.count
    if len(asked) == 1:
        return segment.size(asked[0]).count
    return None


def _uses(plan: Plan) -> tuple[list[Term], list[Term]]:
    """Return the predicates that rows are selected by, and those that records are tested for."""
    selected: list[Term] = []
    tested: list[Term] = []
    for predicate, role, _ in plan.steps:
        if role == "row set":
            selected.append(predicate)
        elif role == "residual":
            tested.append(predicate)
    return selected, tested


def _matching(
    version: Version,
    plan: Plan,
    selected: Sequence[Term],
    parts: Iterable[Part],
    wanted: int | None = None,
) -> tuple[Iterable[Part], Match]:
    """Return those of the parts that may match, and what matches the terms that select rows.

    Leaves are spared what trees cost. `wanted` says how many matches will do.
    """
    if Tree in map(type, selected):
        return parts, match_trees(placed(version, selected))
    if wanted is not None and selected and plan.steps[0].size.expected > _SOON * wanted:
        return parts, match_leaves
    return found(version, parts, selected)


def _look_up(version: Version, plan: Plan, skip: int, limit: int, after: Place | None) -> _Answer:
    """Fetch the records that the driver names, test them, and put them in order.

    A tree's keys may be more than its matches. Behind a place, it is not the total that is
    returned, but how many come before.

    Costs 0.4 to 2 µs a record.
    """
    records = version.directory.get_all(plan.keys)
    for step in plan.steps:
        if step.role != "driver" or isinstance(step.predicate, Tree):
            records = passing(step.predicate, records)
    total = len(records)
    ordering = version.schema.ordering_of(plan.order)
    if total > 1:
        ordering.sort(records)

    if after is not None:
        records = [record for record in records if ordering.is_behind(record, after)]
        total -= len(records)
    return records[skip : skip + limit], total


def _sort_out(version: Version, plan: Plan, skip: int, limit: int, after: Place | None) -> _Answer:
    """Match the rows of all segments, and find the page among them, in another than their order.

    Behind a place, it is not the total that is returned, but how many come before.
    """
    ordering = version.schema.ordering_of(plan.order)
    rows = matched_rows(version, plan)
    total = count_rows(rows)
    if after is not None:
        rows = behind(rows, ordering, after)
        total -= count_rows(rows)
    return in_order(rows, ordering, skip, limit), total


_DRIVERS: Mapping[str, Callable[[Version, Plan, int, int, Place | None], _Answer]] = {
    "keys": _look_up,
    "row sets": _walk,
    "scan": _walk,
}

_OTHERWISE = {"keys": _look_up, "row sets": _sort_out, "scan": _sort_out}
"""The same for any other order than that of the rows."""
