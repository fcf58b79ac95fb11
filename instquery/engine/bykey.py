"""Order by key: of rows that are equal in all else, or where the key itself is asked for.

Each segment lists its rows in order of their keys (`keylist`), 2 bytes a row. The first pages are
met on a walk through these lists. Wanted rows that are not soon met are found by row sets instead
(`keycodes`). A deep page is found by cutting the keys in two, as `stretches` cuts instants.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from heapq import merge, nlargest, nsmallest
from itertools import compress, islice
from operator import itemgetter
from typing import NamedTuple, TypeAlias

from instquery.engine.keycodes import KeyCodes
from instquery.engine.rowsets import (
    Position,
    RowSet,
    everything,
    flags_of,
    positions,
    set_of,
    set_of_flags,
)
from instquery.engine.segment import Rows, Segment
from instquery.query import Order, Record

__all__ = ["behind_key", "by_key"]

# So few rows are sorted, 0.3 µs each: a list of all rows of a segment costs 1 µs a row.
_FEW = 2_000

# So many records at the most are met on a walk, 1 µs each; to go deeper costs 1 ms a segment.
_NEAR = 1_000

# Where a page is at least one row in so many, all are sorted.
_MOSTLY = 2

# A deep page among fewer rows than one in so many is found by sorting them: to put the marks of
# wanted rows in order of keys costs 0.03 µs for each row that is not wanted.
_SPARSE = 16

# A walk ends after so many steps, 60 ns each, and so many more for each wanted row that it meets:
# to find the next rows by their codes costs 50 µs.
_STEPS = 128
_STEPS_A_ROW = 32
_PORTION = 16  # rows that are found by their codes at once, at the first time

_CUTS = 64  # keys of each segment at which keys are cut
_ENOUGH = 512  # rows that are sorted in the end

_Keyed: TypeAlias = tuple[str, Record]


def by_key(rows: Rows, key: str, order: Order, skip: int, take: int) -> list[Record]:
    """Return up to `take` records in order of their keys, behind the first `skip`."""
    count = sum([wanted.bit_count() for _, wanted in rows])
    is_near = skip + take <= _NEAR
    width = sum([len(segment) for segment, _ in rows])
    few = _FEW if is_near else max(_FEW, width // _SPARSE)
    if count <= few or count <= take * _MOSTLY:
        records: list[Record] = []
        for segment, wanted in rows:
            records += segment.records.picked(positions(wanted))
        records.sort(key=itemgetter(key), reverse=order.descending)
        return records[skip : skip + take]

    if is_near:
        most = skip + take
        walks = [_walk(segment, wanted, key, order, most) for segment, wanted in rows if wanted]
        merged = merge(*walks, key=itemgetter(0), reverse=order.descending)
        return [record for _, record in islice(merged, skip, skip + take)]

    first = count - skip - take if order.descending else skip
    records = _deep(rows, key, first, take)
    return records[::-1] if order.descending else records


def behind_key(segment: Segment, rows: RowSet, key: str, last: str, *, descending: bool) -> RowSet:
    """Return those of a segment's rows whose key comes after the last one."""
    records = segment.records
    if rows.bit_count() <= _FEW:
        behind = [
            position
            for position in positions(rows)
            if (other := records[position][key]) != last and (other < last) is descending
        ]
        return set_of(behind, len(segment))

    listed = segment.keys.all(segment.records, key)
    cut = bisect_left if descending else bisect_right
    place = cut(listed, last, key=lambda position: records[position][key])
    return rows & set_of(listed[:place] if descending else listed[place:], len(segment))


def _walk(segment: Segment, rows: RowSet, key: str, order: Order, most: int) -> Iterator[_Keyed]:
    """Walk up to `most` records of a segment's rows in order of their keys.

    Where the rows lie far from the end of the list at which the walk begins, as those of a product
    do whose keys have one prefix, the codes of keys tell where they are.
    """
    records = segment.records
    listed = segment.keys.known(records, key)
    if listed is None:
        yield from _first(segment, rows, key, order, most)
        return

    octets = rows.to_bytes((len(segment) >> 3) + 1, "little")
    left = len(listed)
    steps = _STEPS
    for position in reversed(listed) if order.descending else listed:
        if steps <= 0:
            break
        steps -= 1
        left -= 1
        if octets[position >> 3] >> (position & 7) & 1:
            steps += _STEPS_A_ROW
            record = records[position]
            yield record[key], record

    passed = listed[left:] if order.descending else listed[: len(listed) - left]
    if left:
        yield from _leap(segment, rows & ~set_of(passed, len(segment)), key, order, most)


def _leap(segment: Segment, rows: RowSet, key: str, order: Order, most: int) -> Iterator[_Keyed]:
    """Do the same by the codes of keys, in growing portions."""
    codes = segment.keys.codes(segment.records, key)
    coded = rows & everything(codes.width)
    late = _first(segment, rows ^ coded, key, order, most)
    early = _coded(segment, coded, codes, key, order)
    return merge(early, late, key=itemgetter(0), reverse=order.descending)


def _coded(
    segment: Segment, rows: RowSet, codes: KeyCodes, key: str, order: Order
) -> Iterator[_Keyed]:
    portion = _PORTION
    while rows:
        chosen = codes.first(rows, portion, descending=order.descending)
        yield from _first(segment, chosen, key, order, len(segment))
        rows ^= chosen
        portion *= 2


def _first(segment: Segment, rows: RowSet, key: str, order: Order, most: int) -> list[_Keyed]:
    """Return up to `most` records of a segment's rows in order of their keys, looking at each."""
    if not rows:
        return []
    records = segment.records.picked(positions(rows))
    wanted = [(record[key], record) for record in records]
    if most < len(wanted):
        choose = nlargest if order.descending else nsmallest
        return choose(most, wanted, key=itemgetter(0))
    wanted.sort(key=itemgetter(0), reverse=order.descending)
    return wanted


class _Line(NamedTuple):
    """The rows of a segment, in order of their keys."""

    records: Sequence[Record]
    listed: Sequence[Position]

    wanted: RowSet
    """Not of positions: of places in that list."""

    def place(self, cut: str, key: str) -> int:
        """Return the first place whose key is not below a cut."""
        records = self.records
        return bisect_left(self.listed, cut, key=lambda position: records[position][key])

    def before(self, place: int) -> int:
        """Count the rows before a place."""
        return (self.wanted & everything(place)).bit_count()


def _deep(rows: Rows, key: str, first: int, take: int) -> list[Record]:
    """Return records number `first` to `first + take - 1`, keys ascending."""
    lines = [_line(segment, wanted, key) for segment, wanted in rows if wanted]
    cuts = sorted(
        {
            line.records[position][key]
            for line in lines
            for position in line.listed[:: max(1, len(line.listed) // _CUTS)]
        }
    )
    lower = _cut(lines, cuts, key, first)
    upper = _cut(lines, cuts, key, first + take, is_above=True)
    below = sum([line.before(place) for line, place in zip(lines, lower, strict=True)])

    records: list[Record] = []
    for line, start, end in zip(lines, lower, upper, strict=True):
        flags = flags_of((line.wanted & everything(end)) >> start, max(0, end - start))
        records += [line.records[at] for at in compress(line.listed[start:end], flags)]
    records.sort(key=itemgetter(key))
    return records[first - below : first - below + take]


def _line(segment: Segment, rows: RowSet, key: str) -> _Line:
    listed = segment.keys.all(segment.records, key)
    width = len(listed)
    if rows is segment.occupied and segment.count == width:
        return _Line(segment.records, listed, rows)
    flags = flags_of(rows, width)
    return _Line(segment.records, listed, set_of_flags(bytes(map(flags.__getitem__, listed))))


def _cut(
    lines: Sequence[_Line], cuts: Sequence[str], key: str, rank: int, *, is_above: bool = False
) -> list[int]:
    """Return a place in each line: those of the highest cut below which are at most `rank` rows.

    With `is_above` those of the lowest cut below which are at least so many, or the ends.
    """

    def below(cut: str) -> int:
        return sum([line.before(line.place(cut, key)) for line in lines])

    if is_above:
        at = bisect_left(cuts, rank, key=below)
        if at == len(cuts):
            return [len(line.listed) for line in lines]
        return [line.place(cuts[at], key) for line in lines]

    at = bisect_right(cuts, rank, key=below)
    return [0 if at == 0 else line.place(cuts[at - 1], key) for line in lines]
