"""All matches of a query, one after the other, while it lasts as they are in one version."""

from collections.abc import Iterator

from instquery.engine.ordered import can_be_cut, in_order
from instquery.engine.plan import Plan
from instquery.engine.rowsets import positions
from instquery.engine.search import matched, matched_rows, search
from instquery.engine.segment import count_rows
from instquery.engine.version import Version
from instquery.query import Query, Record

__all__ = ["selected"]

# Records that are put in order at a time: few at first, so that the first come soon.
_FIRST = 1_000
_MOST = 32_000


def selected(version: Version, query: Query, plan: Plan) -> Iterator[Record]:
    """Walk the records that match, as they are kept, in order.

    In the order of rows each segment is matched when the walk comes to it. In any other all are
    matched first, and put in order a portion at a time: 1 to 3 µs a record.
    """
    if plan.driver in ("nothing", "keys"):
        yield from search(version, query, plan)[0]
    elif plan.is_own:
        for segment, matches in matched(version, plan):
            places = matches if isinstance(matches, list) else positions(matches)
            yield from segment.records.picked(places)
    else:
        yield from _portions(version, plan)


def _portions(version: Version, plan: Plan) -> Iterator[Record]:
    ordering = version.schema.ordering_of(plan.order)
    rows = matched_rows(version, plan)
    count = count_rows(rows)
    size = _FIRST if can_be_cut(rows, ordering) else count

    at = 0
    while at < count:
        yield from in_order(rows, ordering, at, size)
        at += size
        size = min(2 * size, _MOST)
