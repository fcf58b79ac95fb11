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

    Indexes are asked for `selected`, records are tested for `tested` one by one, and for all once few
    rows are left. With `enough`, at least so many of the newest matches are found, and older ones may
    be missing. With `below`, only rows at lower positions count.
    """
    occupied = segment.occupied
    rows = occupied if below is None else occupied & everything(below)
    doubtful = list(tested)

    for number, predicate in enumerate(selected):
        lookup = segment.lookup(predicate.field)
        if lookup is None or (lookup.few and rows is not occupied and rows.bit_count() <= lookup.few):
            doubtful.append(predicate)
            continue

        found, is_exact = lookup.select(predicate)
        if not found:
            return 0
        if isinstance(found, list):
            if rows is occupied:
                first = () if is_exact else (predicate,)
                return _keep(segment, found, (*first, *doubtful, *selected[number + 1 :]))
            found = set_of(found, len(segment))

        if found != -1 and not (rows := rows & found):
            return 0
        if not is_exact:
            doubtful.append(predicate)

    return _verify(segment, rows, doubtful, enough) if doubtful else rows


def count(segment: Segment, matches: Matches) -> int:
    """Count what `match` has returned."""
    if isinstance(matches, list):
        return len(matches)
    return segment.count if matches is segment.occupied else matches.bit_count()


def _verify(segment: Segment, rows: RowSet, doubtful: Sequence[Bounded], enough: int | None) -> list[Position]:
    """Keep the rows whose record passes every test.

    Newest first, in growing portions until there are enough.
    """
    if enough is None or rows.bit_count() <= 4 * enough + 256:
        return _keep(segment, positions(rows), doubtful)

    kept: list[Position] = []
    portion = 4 * enough + 16
    start = 0
    while start < segment.count and len(kept) < enough:
        part = newest(rows, start, portion)
        if not part:
            break
        kept += _keep(segment, part, doubtful)
        start += portion
        portion *= 4
    return kept


def _keep(segment: Segment, part: list[Position], doubtful: Iterable[Bounded]) -> list[Position]:
    """Return those of the positions whose record passes every test."""
    for predicate in doubtful:
        lookup = segment.lookup(predicate.field)
        test = matching if lookup is None else lookup.test
        part = test(predicate, part, segment.records)
    return part
