"""Match the rows of one segment: by the row sets of its indexes, then by testing what is left."""

from collections.abc import Iterable, Sequence

from instquery.engine.indexes.index import EVERY_ROW, Lookup, matching
from instquery.engine.rowsets import Position, RowSet, among, everything, newest, positions
from instquery.engine.segment import Matches, Segment
from instquery.predicates import Bounded

__all__ = ["count", "match"]

# A longer list waits for all row sets before it is compared with what they have in common: a
# comparison costs 50 ns a position, two row sets less than 1 µs.
_LONG = 32

# What row sets have in common is listed if it has one row for so many of the list, or fewer.
_SPARSE = 4

# An index that tests more listed rows than these for less than it selects others.
_FEW = 4


def match(
    segment: Segment,
    selected: Sequence[Bounded],
    tested: Iterable[Bounded] = (),
    enough: int | None = None,
    below: Position | None = None,
) -> Matches:
    """Return the rows that match all predicates; as positions where records had to be tested.

    Indexes are asked for `selected`. Records are tested for `tested`, and for all once few rows are
    left. With `enough`, older matches than so many may be missing. With `below`, only rows at lower
    positions count.
    """
    occupied = segment.occupied
    rows: Matches = occupied if below is None else occupied & everything(below)
    waiting: RowSet = EVERY_ROW  # row sets that a long list has yet to be compared with
    doubts = list(tested)

    for predicate in selected:
        lookup = segment.lookup(predicate.field)
        if waiting != EVERY_ROW and (lookup is None or lookup.few_listed > _FEW):
            rows, waiting = _both(rows, waiting), EVERY_ROW
        if lookup is None or (rows is not occupied and _is_few(rows, lookup)):
            doubts.append(predicate)
            continue

        selection, is_exact = lookup.select(predicate)
        if rows is occupied and isinstance(selection, list):
            rows = selection
        elif isinstance(rows, list) and isinstance(selection, int) and len(rows) > _LONG:
            waiting &= selection
        else:
            rows = _both(rows, selection)
        if not rows or not waiting:
            return 0
        if not is_exact:
            doubts.append(predicate)

    return _tested(segment, _both(rows, waiting), doubts, enough)


def count(segment: Segment, matches: Matches) -> int:
    """Count what `match` has returned."""
    if isinstance(matches, list):
        return len(matches)
    return segment.count if matches is segment.occupied else matches.bit_count()


def _is_few(rows: Matches, lookup: Lookup) -> bool:
    """Tell whether to test the rows costs less than to select others and see what is in both."""
    if isinstance(rows, list):
        return len(rows) <= lookup.few_listed
    return lookup.few > 0 and rows.bit_count() <= lookup.few


def _both(rows: Matches, others: Matches) -> Matches:
    """Return what two forms of rows have in common: a list where one of them is a list."""
    if isinstance(rows, list):
        if isinstance(others, list):
            kept = set(others)
            return [position for position in rows if position in kept]
        if others == EVERY_ROW:
            return rows
        if len(rows) > _LONG and others.bit_count() * _SPARSE < len(rows):
            kept = set(rows)
            return [position for position in positions(others) if position in kept]
        return among(others, rows)

    if isinstance(others, list):
        return among(rows, others)
    return rows if others == EVERY_ROW else rows & others


def _tested(
    segment: Segment, rows: Matches, doubts: Sequence[Bounded], enough: int | None
) -> Matches:
    """Keep the rows whose record passes every test, if there is any.

    Newest first; those of a row set in growing portions until there are enough.
    """
    if not doubts or not rows:
        return rows
    if isinstance(rows, list):
        return _keep(segment, rows, doubts)
    if enough is None or rows.bit_count() <= 4 * enough + 256:
        return _keep(segment, positions(rows), doubts)

    matches: list[Position] = []
    portion = 4 * enough + 16
    start = 0
    while start < segment.count and len(matches) < enough:
        places = newest(rows, start, portion)
        if not places:
            break
        matches += _keep(segment, places, doubts)
        start += portion
        portion *= 4
    return matches


def _keep(segment: Segment, places: list[Position], doubts: Iterable[Bounded]) -> list[Position]:
    """Return those of the positions whose record passes every test."""
    for predicate in doubts:
        lookup = segment.lookup(predicate.field)
        test = matching if lookup is None else lookup.test
        places = test(predicate, places, segment.records)
    return places
