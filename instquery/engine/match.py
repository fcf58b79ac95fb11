"""Match the rows of one segment: by the row sets of its indexes, then by testing what is left.

A selection is a pair of row sets, *sure* ⊆ matches ⊆ *maybe*, which are equal where indexes are
exact. `and` and `or` go through both; `not` is what is left of the rows without the other of both.
Only rows between the two are tested, by whatever is not exact.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from instquery.engine.indexes.index import EVERY_ROW, Lookup, matching
from instquery.engine.rowsets import Position, RowSet, among, everything, newest, positions, set_of
from instquery.engine.segment import Matches, Segment
from instquery.predicates import Among, Bounded, Has, In, Like, Some
from instquery.terms import Term, Tree

__all__ = ["Match", "Placed", "count", "match", "match_listed", "match_trees"]

# A longer list waits for all row sets before it is compared with what they have in common: a
# comparison costs 50 ns a position, two row sets less than 1 µs.
_LONG = 32

# What row sets have in common is listed if it has one row for so many of the list, or fewer.
_SPARSE = 4

# An index that tests more listed rows than these for less than it selects others.
_FEW = 4

_Pair: TypeAlias = tuple[RowSet, RowSet]
"""Rows that are sure to match, and rows among which all matches are."""

_Selected: TypeAlias = dict[int, tuple[RowSet, bool]]
"""What leaves of many values select in a segment, by their `id`: one may stand in many places."""

_OF_MANY = (In, Among, Some, Has, Like)
"""Leaves that may have many values, or a pattern of many pieces."""

Placed: TypeAlias = Mapping[int, Mapping[int, RowSet]]
"""The rows of leaves that are known beforehand: by the `id` of the leaf, and of the segment."""


class Match(Protocol):
    """Finds the rows of a segment that match all terms; as positions where records were tested."""

    def __call__(
        self,
        segment: Segment,
        selected: Sequence[Any],
        tested: Iterable[Term] = (),
        enough: int | None = None,
        below: Position | None = None,
    ) -> Matches:
        """Return the rows of one segment.

        Indexes are asked for `selected`. Records are tested for `tested`, and for all once few rows
        are left. With `enough`, older matches than so many may be missing. With `below`, only rows
        at lower positions count.
        """
        ...


def match(
    segment: Segment,
    selected: Sequence[Bounded],
    tested: Iterable[Term] = (),
    enough: int | None = None,
    below: Position | None = None,
) -> Matches:
    """Match leaves; see `Match`."""
    occupied = segment.occupied
    rows = occupied if below is None else occupied & everything(below)
    return _matched(segment, rows, selected, tested, enough)


def match_listed(
    segment: Segment,
    listed: list[Position],
    selected: Sequence[Bounded],
    tested: Iterable[Term] = (),
    below: Position | None = None,
) -> Matches:
    """Match leaves, and one more whose rows are listed, newest first; see `Match`."""
    if below is not None:
        listed = [position for position in listed if position < below]
    return _matched(segment, listed, selected, tested, None) if selected or tested else listed


def _matched(
    segment: Segment,
    rows: Matches,
    selected: Sequence[Bounded],
    tested: Iterable[Term],
    enough: int | None,
) -> Matches:
    """Match leaves among some of the occupied rows."""
    occupied = segment.occupied
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

    return _verify(segment, _both(rows, waiting), doubts, enough)


def count(segment: Segment, matches: Matches) -> int:
    """Count what `match` has returned."""
    if isinstance(matches, list):
        return len(matches)
    return segment.count if matches is segment.occupied else matches.bit_count()


# what leaves select


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


# trees


def match_trees(placed: Placed) -> Match:
    """Return what matches terms some of which are trees. What is placed is not asked of indexes."""
    return _Trees(placed).match


class _Trees:
    """Matches terms some of which are trees; only what is unsure is tested.

    As `match` does without trees, but for lists of positions, which trees have no use for.
    """

    def __init__(self, placed: Placed) -> None:
        self._placed = placed

    def match(
        self,
        segment: Segment,
        selected: Sequence[Term],
        tested: Iterable[Term] = (),
        enough: int | None = None,
        below: Position | None = None,
    ) -> Matches:
        """Match leaves and trees; see `Match`."""
        occupied = segment.occupied
        rows = occupied if below is None else occupied & everything(below)
        doubts = list(tested)
        sure = 0 if doubts else rows
        known: _Selected = {}
        for term in selected:
            is_sure, rows = self._pair(segment, term, rows, known)
            if not rows:
                return 0
            if is_sure != rows:
                doubts.append(term)
            sure &= is_sure

        return _verify(segment, rows, [] if sure == rows else doubts, enough, sure)

    def _pair(self, segment: Segment, term: Term, live: RowSet, known: _Selected) -> _Pair:
        """Select among some of the occupied rows."""
        if not isinstance(term, Tree):
            return self._leaf_pair(segment, term, live, known)

        if term.word == "not":
            sure, maybe = self._pair(segment, term.parts[0], live, known)
            return live ^ maybe, live ^ sure

        if term.word == "and":
            sure = maybe = live
            for part in term.parts:
                part_sure, maybe = self._pair(segment, part, maybe, known)
                sure &= part_sure
                if not maybe:
                    break
            return sure, maybe

        sure = maybe = 0
        for part in term.parts:
            part_sure, part_maybe = self._pair(segment, part, live, known)
            sure |= part_sure
            maybe |= part_maybe
            if sure == live:
                break
        return sure, maybe

    def _leaf_pair(self, segment: Segment, leaf: Bounded, live: RowSet, known: _Selected) -> _Pair:
        placed = self._placed.get(id(leaf))
        if placed is not None:
            rows = live & placed.get(id(segment), 0)
            return rows, rows

        lookup = segment.lookup(leaf.field)
        if lookup is None or _is_few(live, lookup):
            return 0, live

        found = known.get(id(leaf))
        if found is None:
            selection, is_exact = lookup.select(leaf)
            if isinstance(selection, list):
                selection = set_of(selection, len(segment))
            found = selection, is_exact
            if isinstance(leaf, _OF_MANY):
                known[id(leaf)] = found
        rows = live & found[0]
        return (rows, rows) if found[1] else (0, rows)


# tests


def _verify(
    segment: Segment,
    rows: Matches,
    doubts: Sequence[Term],
    enough: int | None,
    sure: RowSet = 0,
) -> Matches:
    """Keep the rows whose record passes every test, if there is any, and those that are sure to.

    Newest first; those of a row set in growing portions until there are enough.
    """
    if not doubts or not rows:
        return rows
    if isinstance(rows, list):
        return _keep(segment, rows, doubts)
    if enough is None or rows.bit_count() <= 4 * enough + 256:
        if sure:
            return _keep_unsure(segment, rows, doubts, sure)
        return _keep(segment, positions(rows), doubts)

    matches: list[Position] = []
    portion = 4 * enough + 16
    start = 0
    while start < segment.count and len(matches) < enough:
        places = newest(rows, start, portion)
        if not places:
            break
        if sure:
            stretch = rows & (everything(places[0] + 1) ^ everything(places[-1]))
            matches += positions(_keep_unsure(segment, stretch, doubts, sure))
        else:
            matches += _keep(segment, places, doubts)
        start += portion
        portion *= 4
    return matches


def _keep_unsure(segment: Segment, rows: RowSet, doubts: Iterable[Term], sure: RowSet) -> RowSet:
    """Return the rows that are sure to match, and those of the others that pass every test."""
    known = rows & sure
    passed = _keep(segment, positions(rows ^ known), doubts)
    return known | set_of(passed, len(segment))


def _keep(segment: Segment, places: list[Position], doubts: Iterable[Term]) -> list[Position]:
    """Return those of the positions whose record passes every test."""
    for term in doubts:
        if isinstance(term, Tree):
            found = zip(places, segment.records.picked(places), strict=True)
            test = term.test
            places = [at for at, record in found if test(record)]
            continue
        lookup = segment.lookup(term.field)
        find = matching if lookup is None else lookup.test
        places = find(term, places, segment.records)
    return places
