"""One version of a store: everything that an answer is read from."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from itertools import chain, repeat
from typing import TypeAlias

from instquery.engine.books import Estimate
from instquery.engine.census import Census
from instquery.engine.directory import Directory
from instquery.engine.indexes.index import values_of
from instquery.engine.indexes.order import ranks_of
from instquery.engine.indexes.sought import Group
from instquery.engine.rowsets import Position
from instquery.engine.segment import Segment, count_rows
from instquery.engine.sizes import Size
from instquery.orderings import Rank
from instquery.pages import Plain
from instquery.predicates import (
    Bounded,
    Eq,
    In,
    Interval,
    Like,
    Missing,
    Some,
    Value,
    check_answered,
)
from instquery.query import Record
from instquery.schema import Schema
from instquery.terms import Term, Tree

__all__ = ["Part", "Version", "seek"]

# So many keys are put together at each node of a tree. Many leaves may share one list of them.
_TOGETHER = 4_096

# Records of one key in so many of a store are looked up for less than all of them are tested.
_KEYS_LISTED = 8

Part: TypeAlias = tuple[Segment, Sequence[Term]]
"""A segment, and what it is to be asked."""


@dataclass(frozen=True, slots=True)
class Version:
    """The records between two writes: a value that no reader ever sees change.

    Segments and the directory bear an owner's mark. A writer changes in place what is its own and
    copies everything else first. It owns parts of a version only while nobody can see that version:
    `current` says when that is.
    """

    schema: Schema

    segments: tuple[Segment, ...]
    """Newest first. No two overlap in the order, and none is empty."""

    directory: Directory
    """Every record by its key."""

    count: int
    """How many records there are."""

    number: int
    """How many writes have led to it."""

    epoch: str
    """Names it among all versions of all stores: in processes forked from one, numbers agree."""

    plain: Plain | None = None
    """In which timespecs every record is sure to be plain; see `FormBook`."""

    texts: dict[str, tuple[Group, ...]] = attribute(
        default_factory=dict[str, tuple[Group, ...]], init=False, repr=False, compare=False
    )
    """The indexes of text fields, in groups: by field, once a needle was looked for in it."""

    def __iter__(self) -> Iterator[Record]:
        """Walk all records as they are kept, in answer order."""
        for segment in self.segments:
            yield from segment

    def estimate(self, term: Term, census: Census | None = None) -> Estimate:
        """Tell how many records match, and among which keys all matches are, where that is known.

        A census of this version spares work, and knows more. Without it, costs 1 µs a segment and
        value, and for a text the same at any size. Raises `QueryError` for what is no term.
        """
        if isinstance(term, Tree):
            return self._of_tree(term, census, {})
        known = None if census is None else census.estimate(term)
        if known is None:
            return self._of_leaf(term)
        is_bound = known.size.most <= self.count  # else a record has several values
        return known if is_bound else Estimate(known.size.within(self.count), known.keys)

    def _of_leaf(self, term: Bounded) -> Estimate:
        """Tell what directory and segments know."""
        if term.field == self.schema.key and isinstance(term, (Eq, In, Missing)):
            keys = () if isinstance(term, Missing) else values_of(term, (Eq, In))
            return Estimate(Size.exactly(len(self.directory.get_all(keys))), keys)

        check_answered(term)
        if term.field not in self.schema.indexed:
            if isinstance(term, Like) and term.field == self.schema.key:
                return self._beginning(term)
            return Estimate(Size.at_most(self.count))
        is_text = self.schema.fields[term.field].kind.index == "parts"
        leaf = term.leaf if isinstance(term, Some) else term
        if isinstance(leaf, Like) or (is_text and not isinstance(leaf, Missing)):
            return Estimate(self._sampled(term))
        return Estimate(self._summed(term))

    def _beginning(self, term: Like) -> Estimate:
        """List the keys that fit a pattern with a prefix, unless they are many.

        Costs 20 µs a segment and 1 µs a key, and what its `KeyList` costs when there is none.
        """
        pattern = term.read
        if not pattern.prefix:
            return Estimate(Size.at_most(self.count))

        rows = [(segment, segment.beginning(pattern)) for segment in self.segments]
        most = count_rows(rows)
        if most * _KEYS_LISTED > self.count:
            return Estimate(Size.exactly(most) if pattern.is_prefix else Size.at_most(most))

        keys = [key for segment, some in rows for key in segment.keys_at(some)]
        fitting = keys if pattern.is_prefix else list(filter(pattern.fits, keys))
        return Estimate(Size.exactly(len(fitting)), fitting)

    def _of_tree(self, tree: Tree, census: Census | None, known: dict[int, Estimate]) -> Estimate:
        """Combine what is known of the parts: bounds, and keys where they are enough.

        A leaf that stands in many places is estimated once, and `known` by its `id` then.
        """
        parts: list[Estimate] = []
        for part in tree.parts:
            found = known.get(id(part))
            if found is None:
                found = (
                    self._of_tree(part, census, known)
                    if isinstance(part, Tree)
                    else self.estimate(part, census)
                )
                known[id(part)] = found
            parts.append(found)

        size = Size.of_tree(tree.word, [part.size for part in parts], self.count)
        listed = [part.keys for part in parts if part.keys is not None]

        keys: Sequence[Value] | None = None
        if tree.word == "and" and listed:
            keys = min(listed, key=len)
        elif tree.word == "or" and len(listed) == len(parts):
            keys = _together(listed)
        return Estimate(size, keys)

    def parts(self, where: Sequence[Term], since: int = 0) -> Iterable[Part]:
        """Walk the segments that may hold matches, newest first, and what is to be asked of each.

        Starts at segment number `since`. A range of the instant that records are ordered by
        leaves segments out, and need not be asked of those it holds whole. Costs 10 µs for 300
        segments.
        """
        order = self.schema.ranked
        ranges = [
            one
            for one in where
            if order is not None and isinstance(one, Interval) and one.field == order.field
        ]
        if not ranges or order is None:
            return zip(self.segments[since:], repeat(where))

        low, high = ranks_of(ranges[0], descending=order.descending)
        first = bisect_left(self.segments, 1, key=lambda segment: segment.ranks()[0] <= high)
        end = bisect_left(self.segments, 1, first, key=lambda segment: segment.ranks()[1] < low)

        # Only the first and the last segment may hold rows beyond the range.
        inner = [one for one in where if one is not ranges[0]]
        asked = [where, *[inner] * (end - first - 2), where]
        passed = max(0, since - first)
        return zip(self.segments[first + passed : end], asked[passed:], strict=False)

    def _summed(self, predicate: Bounded) -> Size:
        """Add up what the segments' indexes know."""
        parts = list(self.parts([predicate]))
        whole = sum([segment.count for segment, asked in parts if not asked])
        sizes = [segment.size(predicate) for segment, asked in parts if asked]
        return Size.of_parts([Size.exactly(whole), *sizes])

    def _sampled(self, predicate: Bounded) -> Size:
        """Judge by the newest segment, or the two newest, what to expect of the others.

        What a sample says of the others is a guess and bounds nothing: any record may match.
        """
        sample = self.segments[:1]
        if sample and sample[0].count * 2 * len(self.segments) < self.count:  # it is just begun
            sample = self.segments[:2]
        looked_at = sum([segment.count for segment in sample])
        if not looked_at:
            return Size.at_most(self.count, expected=0)

        matches = sum([segment.size(predicate).expected for segment in sample])
        return Size.at_most(self.count, expected=matches * self.count // looked_at)


def _together(listed: Sequence[Sequence[Value]]) -> Sequence[Value] | None:
    """Return keys as one list, without repeats; `None` where they are too many to be copied."""
    distinct = list({id(keys): keys for keys in listed}.values())
    if len(distinct) == 1:
        return distinct[0]
    if sum(map(len, distinct)) > _TOGETHER:
        return None
    return tuple(dict.fromkeys(chain.from_iterable(distinct)))


def seek(segments: Sequence[Segment], rank: Rank, key: str) -> tuple[int, Position]:
    """Return the number of the segment that a place in the order belongs to, and its position.

    Costs 5 µs.
    """
    count = len(segments)
    if not count:
        return 0, 0

    at = bisect_left(range(count), 1, key=lambda number: segments[number].is_below(rank, key))
    at = min(at, count - 1)
    return at, segments[at].place(rank, key)
