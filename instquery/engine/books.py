"""Books: facts of a whole store about one field each, kept up with every write.

Each book has one door for writes, `change(old, new, key)`: the value of a field in the record with
this key before and after, `None` where there was or is none. What is bulk has a door of its own,
beside it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise
from typing import Any, NamedTuple, Protocol, Self

from sortedcontainers import SortedList

from instquery.engine.indexes.index import values_of
from instquery.engine.sizes import Size
from instquery.folding import GRAM, fold, needle_grams
from instquery.instants import Micros
from instquery.kinds import Read
from instquery.predicates import (
    Bounded,
    Contains,
    Eq,
    In,
    Interval,
    Like,
    Value,
    check_answered,
)

__all__ = ["Book", "Estimate", "GramBook", "InstantBook", "KeywordBook"]

# A value of so few records has their keys listed. To look them up costs 0.4 µs each, to ask the
# segments of a million records for a value and one more 200 µs.
_FEW = 256


# Makes a NamedTuple at half of what a call of its class costs: there is one a predicate.
_new = tuple.__new__  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]


class Estimate(NamedTuple):
    """What is known of a predicate's matches before any record is looked at."""

    size: Size
    """How many records match."""

    keys: Sequence[Value] | None = None
    """Keys among which all matches are, where they are known."""


class Book(Protocol):
    """What is known of one field of all records."""

    @property
    def counts(self) -> Mapping[Value, int] | None:
        """Value → how many records have it; `None` where that is not known."""
        ...

    def change(self, old: Any, new: Any, key: str) -> None:
        """Note that the record with this key has another value: `None` where it has none."""
        ...

    def load(self, values: Sequence[Any], keys: Sequence[str]) -> None:
        """Note the values of many new records, for less than one by one."""
        ...

    def estimate(self, predicate: Any) -> Estimate | None:
        """Tell what is known of the records that match; `None` where nothing is."""
        ...

    def faults(self, fresh: Self) -> Iterator[str]:
        """Name what does not agree with a book just made of all records, with a preposition."""
        ...


class KeywordBook:
    """Value → how many records have it; and their keys, where they are few.

    Whatever the size of the store, the records of a rare value are looked up by these keys. The
    keys of a value that has been frequent stay unlisted until no record has it. A count costs a
    look-up in a dictionary, a change 1 µs. Memory is 10 to 70 bytes a record with a rare value.
    """

    __slots__ = ("_rare", "counts")

    def __init__(self) -> None:
        self.counts: Counter[Value] = Counter()
        self._rare: dict[Value, list[str]] = {}

    def change(self, old: Value | None, new: Value | None, key: str) -> None:
        """Count a record out under its old value and in under its new one."""
        if old is not None:
            self._remove(old, key)
        if new is not None:
            self._add(new, key)

    def load(self, values: Sequence[Value | None], keys: Sequence[str]) -> None:
        """Count many new records in. Costs 0.1 µs a record."""
        added: Counter[Any] = Counter(values)
        del added[None]
        self.counts.update(added)

        listed: set[Value] = set()
        for value, count in added.items():
            if self.counts[value] > _FEW:
                self._rare.pop(value, None)
            elif value in self._rare or self.counts[value] == count:
                listed.add(value)
        if not listed:
            return

        for value, key in zip(values, keys, strict=True):
            if value in listed:
                self._rare.setdefault(value, []).append(key)

    def estimate(self, predicate: Eq | In | Like) -> Estimate | None:
        """Count the records exactly, and list their keys if all their values are rare."""
        if isinstance(predicate, Eq):
            return self.of_one(predicate.value)
        if isinstance(predicate, Like):
            return None

        values = values_of(predicate, (Eq, In))
        # The counts add up: a record has one value, and a set has each value once.
        count = sum([self.counts.get(value, 0) for value in predicate.members])
        return Estimate(Size.exactly(count), self.keys(values))

    def of_one(self, value: Any) -> Estimate:
        """Tell what is known of the records that have one value."""
        count = self.counts.get(value, 0)
        keys = self.keys((value,)) if count <= _FEW else None
        return _new(Estimate, (Size.exactly(count), keys))

    def faults(self, fresh: Self) -> Iterator[str]:
        """Compare the counts, and the keys that are listed."""
        if self.counts != fresh.counts:
            yield "totals of"
        listed = {value: sorted(keys) for value, keys in self._rare.items()}
        if any(sorted(fresh._rare.get(value, ())) != keys for value, keys in listed.items()):
            yield "keys by"

    def _add(self, value: Value, key: str) -> None:
        count = self.counts[value] + 1
        self.counts[value] = count
        if count == 1:
            self._rare[value] = [key]
        elif count > _FEW:
            self._rare.pop(value, None)
        elif value in self._rare:
            self._rare[value].append(key)

    def _remove(self, value: Value, key: str) -> None:
        count = self.counts[value] - 1
        if not count:
            del self.counts[value]
            self._rare.pop(value, None)
            return

        self.counts[value] = count
        if value in self._rare:
            self._rare[value].remove(key)

    def keys(self, values: Sequence[Any]) -> list[Value] | None:
        """List the keys of the records that have one of the values, if these are rare."""
        listed: list[Value] = []
        for value in values:
            keys = self._rare.get(value)
            if keys is not None:
                listed += keys
            elif value in self.counts:
                return None
        return listed


class InstantBook:
    """All instants of a field, sorted, so that those within a range are counted by rank.

    A count costs two look-ups (5 µs at 1M records), a change 5 µs. Memory is 40 bytes a record.
    """

    __slots__ = ("_instants", "_read")

    counts = None

    def __init__(self, read: Read) -> None:
        self._instants: SortedList[Micros] = SortedList()
        self._read = read

    def change(self, old: object, new: object, key: str) -> None:  # noqa: ARG002 - the contract
        """Enter a new instant in the place of an old one."""
        before = self._read(old)
        after = self._read(new)
        if before == after:
            return
        if before is not None:
            self._instants.remove(before)
        if after is not None:
            self._instants.add(after)

    def load(self, values: Sequence[object], keys: Sequence[str]) -> None:  # noqa: ARG002
        """Enter many new instants. Costs 1 µs each."""
        self._instants.update([at for at in map(self._read, values) if at is not None])

    def estimate(self, predicate: Interval) -> Estimate:
        """Count the records exactly."""
        check_answered(predicate, (Interval,))
        first = self._instants.bisect_left(predicate.low)
        end = self._instants.bisect_right(predicate.high)
        return Estimate(Size.exactly(max(0, end - first)))

    def binned(self, edges: Sequence[Micros]) -> list[int]:
        """Count the records by bins, each from an edge on, before the next. Costs 3 µs an edge."""
        before = [self._instants.bisect_left(edge) for edge in edges]
        return [second - first for first, second in pairwise(before)]

    def faults(self, fresh: Self) -> Iterator[str]:
        """Compare the instants."""
        if list(self._instants) != list(fresh._instants):
            yield "instants of"


def _grams(text: str) -> Iterator[str]:
    """Walk the grams of three characters of a text, some of them twice."""
    folded = fold(text)
    return map("".join, zip(folded, folded[1:], folded[2:]))  # noqa: B905 - the shortest ends it


class GramBook:
    """The grams of three characters that any text of a field has had.

    A needle with another one is known to match nothing. No gram is ever forgotten, as a missing one
    is the proof. Costs 5 µs a text.
    """

    __slots__ = ("_grams",)

    counts = None

    def __init__(self) -> None:
        self._grams: set[str] | None = set()

    def change(self, old: str | None, new: str | None, key: str) -> None:  # noqa: ARG002
        """Note the grams of a new text."""
        if new is not None and self._grams is not None:
            self._grams.update(_grams(new))

    def enter(self, values: Sequence[str | None]) -> None:
        """Note the grams of many new texts: each gram once, as most of those known lie far away."""
        if self._grams is not None:
            texts = {value for value in values if value is not None}
            self._grams |= set(chain.from_iterable(map(_grams, texts)))

    def load(self, values: Sequence[str | None], keys: Sequence[str]) -> None:
        """Leave new texts to `note`: the segments that are built of them know their grams."""

    def note(self, grams: set[str] | None) -> None:
        """Note the grams of many texts; if they are not known, no needle is ruled out any more."""
        if grams is None:
            self._grams = None
        elif self._grams is not None:
            self._grams |= grams

    def estimate(self, predicate: Bounded) -> Estimate | None:
        """Tell that nothing matches, if that is certain."""
        if not isinstance(predicate, Contains | Like):
            check_answered(predicate, (Contains, Like, Eq, In))
            return None

        known = self._grams
        if known is None:
            return None
        for gram in _grams_of(predicate):
            if gram not in known and len(gram) == GRAM:
                return Estimate(Size.exactly(0))
        return None

    def faults(self, fresh: Self) -> Iterator[str]:
        """Look for grams that are missing."""
        if self._grams is None or fresh._grams is None:
            return
        if not fresh._grams <= self._grams:
            yield "grams of"


def _grams_of(leaf: Contains | Like) -> Iterable[str]:
    """Return grams of which every text that matches has all."""
    if isinstance(leaf, Contains):
        return leaf.grams
    return [gram for literal in leaf.read.folded_literals for gram in needle_grams(literal)]
