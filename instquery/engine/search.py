"""Carry out a plan: the page and the total, from one walk over one version."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import TypeAlias

from instquery.engine.match import count, match
from instquery.engine.passing import passing
from instquery.engine.plan import Plan, plans
from instquery.engine.rowsets import RowSet, count_all, newest
from instquery.engine.segment import Matches, Segment
from instquery.engine.version import Part, Place, Version, seek
from instquery.instants import Micros
from instquery.predicates import Bounded, Predicate, Value
from instquery.query import Query, Record, by_count, dated

__all__ = ["facets", "resume", "search"]

_Answer: TypeAlias = tuple[list[Record], int | None]
"""The records of the page as they are kept, and the number of all matches, if it was counted."""


def search(version: Version, query: Query, plan: Plan, extra: int = 0) -> _Answer:
    """Return the page's records, in order, and the exact total (`None` where the query spares it).

    Up to `extra` records behind the page come with it, which tells whether something follows.
    """
    records: list[Record] = []
    total = plan.known
    if total is None or (query.offset < total and query.limit):
        drive = _DRIVERS[plan.driver]
        records, counted = drive(version, plan, query.offset, query.limit + extra, None)
        total = counted if total is None else total
    return records, total if query.total else None


def resume(version: Version, query: Query, plan: Plan, after: Place) -> list[Record]:
    """Return the records of a page behind a place in the order, and one more.

    The query's offset does not count.
    """
    if plan.driver == "nothing":
        return []

    uncounted = plan._replace(total="not asked")
    records, _ = _DRIVERS[plan.driver](version, uncounted, 0, query.limit + 1, after)
    return records


def facets(
    version: Version,
    field: str,
    where: Iterable[Predicate],
    now: Micros | None,
    known: Mapping[Value, int] | None = None,
) -> dict[Value, int]:
    """Count the records that match, by their value of a keyword field; most frequent first.

    `known` is the answer without predicates, where it is known. Else costs 2 µs a segment and
    frequent value, 0.2 µs a record with a rare value.
    """
    query = dated(Query(where, limit=0), now)
    version.schema.check_facets(field)
    if known is not None and not query.where:
        return by_count(known)

    counts: Counter[Value] = Counter()
    plan = next(plan for plan in plans(query, version) if plan.driver != "keys")
    if plan.driver != "nothing":
        selected, tested = _uses(plan)
        for segment, asked in version.parts(selected):
            counts.update(segment.facets(field, match(segment, asked, tested)))
    return by_count(counts)


def _walk(version: Version, plan: Plan, skip: int, limit: int, after: Place | None) -> _Answer:
    """Go through the segments from the newest, until the page is full and all is counted."""
    selected, tested = _uses(plan)
    is_counting = plan.total == "counted"
    begun, end = (0, None) if after is None else seek(version.segments, *after)
    parts = version.parts(selected, begun)
    if skip and plan.known is not None and not tested:
        parts, skip = _forward(parts, skip)

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

    return page, total + count_all(uncounted)


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


def _known(segment: Segment, asked: Sequence[Bounded]) -> int | None:
    """Return how many rows of a segment match all predicates, if that is known beforehand."""
    if not asked:
        return segment.count
    if len(asked) == 1:
        return segment.size(asked[0]).count
    return None


def _uses(plan: Plan) -> tuple[list[Bounded], list[Bounded]]:
    """Return the predicates that rows are selected by, and those that records are tested for."""
    selected = [step.predicate for step in plan.steps if step.role == "row set"]
    tested = [step.predicate for step in plan.steps if step.role == "residual"]
    return selected, tested


def _look_up(version: Version, plan: Plan, skip: int, limit: int, after: Place | None) -> _Answer:
    """Fetch the records that the driver names, test them, and put them in order.

    Costs 0.4 to 2 µs a record.
    """
    records = version.directory.get_all(plan.keys)
    for step in plan.steps[1:]:
        records = passing(step.predicate, records)
    total = len(records)
    version.schema.sort(records)

    if after is not None:
        key = itemgetter(version.schema.key)
        rank = version.schema.rank
        place = (-after[0], after[1])
        records = [record for record in records if (-rank(record), key(record)) > place]
    return records[skip : skip + limit], total


_DRIVERS: Mapping[str, Callable[[Version, Plan, int, int, Place | None], _Answer]] = {
    "keys": _look_up,
    "row sets": _walk,
    "scan": _walk,
}
