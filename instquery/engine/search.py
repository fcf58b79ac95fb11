"""Carry out a plan: the page and the total, from one walk over one version."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from operator import itemgetter

from instquery.engine.plan import Plan, plans
from instquery.engine.rowsets import count_all, newest
from instquery.engine.segment import Segment
from instquery.engine.version import Part, Place, Version, seek
from instquery.predicates import Bounded, Predicate, Value
from instquery.query import Query, Record, by_count, dated

__all__ = ["facets", "resume", "search"]

Found = tuple[list[Record], int | None]
"""The rows of the page as they are kept, and the number of all matches if the walk counted them."""


def search(version: Version, query: Query, plan: Plan, extra: int = 0) -> Found:
    """Return the page's rows, in order, and the exact total (`None` where the query spares it).

    Up to `extra` rows behind the page come with it, which tells whether something follows.
    """
    records: list[Record] = []
    counted = plan.known
    if counted is None:
        records, counted = _DRIVERS[plan.driver](version, plan, query.offset, query.limit + extra, None)
    elif query.offset < counted and query.limit:
        records, _ = _DRIVERS[plan.driver](version, plan, query.offset, query.limit + extra, None)
    return records, counted if query.total else None


def resume(version: Version, query: Query, plan: Plan, after: Place) -> list[Record]:
    """Return the rows of a page behind a place in the order, and one more; the query's offset does not count."""
    if plan.driver == "nothing":
        return []
    records, _ = _DRIVERS[plan.driver](version, plan._replace(total="not asked"), 0, query.limit + 1, after)
    return records


def facets(
    version: Version,
    field: str,
    where: Iterable[Predicate],
    now: int | None,
    known: Mapping[Value, int] | None = None,
) -> dict[Value, int]:
    """Count the records that match, by their value of a keyword field; the most frequent value first.

    `known` is the answer without predicates, where it is known. Else costs 2 µs a segment and frequent value,
    0.2 µs a record with a rare value.
    """
    query = dated(Query(where, limit=0), now)
    version.schema.check_facets(field)
    counts: Counter[Value] = Counter(None if query.where else known)
    if query.where or known is None:
        plan = next(plan for plan in plans(query, version) if plan.driver != "keys")
        selected, tested = _uses(plan)
        for segment, asked in version.parts(selected) if plan.driver != "nothing" else ():
            counts.update(segment.facets(field, segment.match(asked, tested, None)))
    return by_count(counts)


def _walk(version: Version, plan: Plan, skip: int, limit: int, after: Place | None) -> Found:
    """Go through the segments from the newest, by their row sets, until the page is full and all is counted."""
    selected, tested = _uses(plan)
    counting = plan.total == "counted"
    wanted = limit
    begun, end = (0, None) if after is None else seek(version.segments, *after)
    parts = version.parts(selected, begun)
    if skip and plan.known is not None and not tested:
        parts, skip = _forward(parts, skip)
    page: list[Record] = []
    total = 0
    uncounted: list[int] = []
    for segment, asked in parts:
        if not counting and not wanted:
            break
        below = end if after is not None and segment is version.segments[begun] else None
        matches = segment.match(asked, tested, None if counting else skip + wanted, below)
        if not matches:
            continue
        if counting and not skip and isinstance(matches, int):
            uncounted.append(matches)
        else:
            count = segment.number_of(matches)
            total += count
            if skip >= count > 0:
                skip -= count
                continue
        if wanted:
            part = newest(matches, skip, wanted) if isinstance(matches, int) else matches[skip : skip + wanted]
            page += [segment.records[position] for position in part]
            wanted = limit - len(page)
            skip = 0
    return page, total + count_all(uncounted)


def _forward(parts: Iterable[Part], skip: int) -> tuple[Iterable[Part], int]:
    """Leave out the segments before the page, and return what is still to be skipped.

    A segment is left out by the count of its matches alone. From the first one on that has only bounds,
    the walk itself counts.
    """
    left = iter(parts)
    for segment, asked in left:
        count = _known(segment, asked)
        if count is None or count > skip:
            return chain([(segment, asked)], left), skip
        skip -= count
    return (), skip


def _known(segment: Segment, asked: Sequence[Bounded]) -> int | None:
    """Return how many rows of a segment match all predicates, where this is known without matching them."""
    if not asked:
        return segment.count
    return segment.size(asked[0]).count if len(asked) == 1 else None


def _uses(plan: Plan) -> tuple[list[Bounded], list[Bounded]]:
    """Return the predicates that row sets are selected for, and those that rows are tested for."""
    selected = [step.predicate for step in plan.steps if step.role == "row set"]
    return selected, [step.predicate for step in plan.steps if step.role == "residual"]


def _look_up(version: Version, plan: Plan, skip: int, limit: int, after: Place | None) -> Found:
    """Fetch the rows that the driver names, test them, and put them in order; 1 to 2 µs a row."""
    others = [step.predicate for step in plan.steps[1:]]
    records = [
        record
        for record in version.directory.get_all(plan.keys)
        if all(predicate.matches(record) for predicate in others)
    ]
    key, rank = itemgetter(version.schema.key), version.schema.rank
    records.sort(key=key)
    records.sort(key=rank, reverse=True)  # stable: ties stay in order of their keys
    total = len(records)
    if after is not None:
        records = [record for record in records if (-rank(record), key(record)) > (-after[0], after[1])]
    return records[skip : skip + limit], total


_DRIVERS: Mapping[str, Callable[[Version, Plan, int, int, Place | None], Found]] = {
    "keys": _look_up,
    "row sets": _walk,
    "scan": _walk,
}
