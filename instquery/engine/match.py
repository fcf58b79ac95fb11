"""Match the rows of one segment: by the row sets of its indexes, then by testing what is left."""

from collections.abc import Iterable, Sequence

from instquery.engine.indexes.index import matching
from instquery.engine.rowsets import Position, RowSet, everything, newest, positions, set_of
from instquery.engine.segment import Matches, Segment
from instquery.predicates import Bounded

__all__ = ["count", "match"]


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
    rows = occupied if below is None else occupied & everything(below)
    doubts = list(tested)
    for number, predicate in enumerate(selected):
        lookup = segment.lookup(predicate.field)
        if lookup is None or (
            lookup.few and rows is not occupied and rows.bit_count() <= lookup.few
        ):
            doubts.append(predicate)
            continue

        selection, is_exact = lookup.select(predicate)
        if not selection:
            return 0
        if isinstance(selection, list):
            if rows is occupied:
                first = () if is_exact else (predicate,)
                return _keep(segment, selection, (*first, *doubts, *selected[number + 1 :]))
            selection = set_of(selection, len(segment))

        if selection != -1:
            rows &= selection
            if not rows:
                return 0
        if not is_exact:
            doubts.append(predicate)

    return _verify(segment, rows, doubts, enough) if doubts else rows


def count(segment: Segment, matches: Matches) -> int:
    """Count what `match` has returned."""
    if isinstance(matches, list):
        return len(matches)
    return segment.count if matches is segment.occupied else matches.bit_count()


def _verify(
    segment: Segment, rows: RowSet, doubts: Sequence[Bounded], enough: int | None
) -> list[Position]:
    """Keep the rows whose record passes every test.

    Newest first, in growing portions until there are enough.
    """
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
