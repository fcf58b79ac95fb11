"""Facts of a whole store, kept up with every write: what plans weigh, and many a total, without a look at a row."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Self

from sortedcontainers import SortedList

from instquery.engine.sizes import Size
from instquery.engine.version import Version
from instquery.folding import GRAM, fold
from instquery.predicates import (
    BOUND,
    Bounded,
    Contains,
    Eq,
    In,
    Interval,
    Value,
    check_answered,
    unanswered,
)
from instquery.query import Record
from instquery.schema import Schema

__all__ = ["Census"]


# A value of so few records has their keys listed.
_FEW = 32


class Census:
    """For each indexed keyword field the records by value, for each indexed instant field all instants sorted.

    Of a keyword value that few records have, their keys too: whatever the size of the store, they are looked up.
    For each indexed text field the grams of three characters that any text has had, so that a needle with
    another one is known to match nothing. A count costs a dictionary look-up, or two look-ups by rank (5 µs
    at 1M records); keeping up costs 1 µs a changed value and 5 µs a changed instant or text. Memory: 40 bytes
    a record and instant field, 10 to 70 a record with a rare value.
    """

    __slots__ = ("_grams", "_instants", "_key", "_keywords", "_rare", "_read")

    def __init__(self, schema: Schema) -> None:
        facts = {name: field.kind.facts for name, field in schema.fields.items() if field.indexed}
        self._keywords: dict[str, Counter[Value]] = {
            name: Counter() for name, kept in facts.items() if kept == "counts"
        }
        self._key = schema.key
        self._read = schema.read
        self._rare: dict[str, dict[Value, list[str]]] = {name: {} for name in self._keywords}
        self._grams: dict[str, set[str]] = {name: set() for name, kept in facts.items() if kept == "grams"}
        self._instants: dict[str, SortedList[int]] = {
            name: SortedList() for name, kept in facts.items() if kept == "instants" and name != schema.order.field
        }

    @classmethod
    def of(cls, version: Version) -> Self:
        """Take the census of a version; costs 2 µs a record, and 5 a text."""
        census = cls(version.schema)
        census.add(list(version))
        for record in version:
            census.read(record)
        return census

    def faults(self, version: Version) -> Iterator[str]:
        """Name what does not agree with a version."""
        fresh = type(self).of(version)
        for name, counts in fresh._keywords.items():
            if self._keywords.get(name) != counts:
                yield f"totals of {name}"
            listed = {value: sorted(keys) for value, keys in self._rare[name].items()}
            if any(sorted(fresh._rare[name].get(value, ())) != keys for value, keys in listed.items()):
                yield f"keys by {name}"
        for name, instants in fresh._instants.items():
            if list(self._instants[name]) != list(instants):
                yield f"instants of {name}"
        for name, grams in self._grams.items():
            if not fresh._grams[name] <= grams:
                yield f"grams of {name}"

    def size(self, predicate: Bounded) -> Size | None:
        """Tell how many records match a predicate; `None` where nothing is known here."""
        if isinstance(predicate, Contains):
            known = self._grams.get(predicate.field)
            is_nowhere = known is not None and any(len(gram) == GRAM and gram not in known for gram in predicate.grams)
            return Size.exactly(0) if is_nowhere else None

        if isinstance(predicate, Interval):
            instants = self._instants.get(predicate.field)
            if instants is None:
                return None
            return Size.exactly(max(0, instants.bisect_right(predicate.high) - instants.bisect_left(predicate.low)))

        if not isinstance(predicate, Eq | In):
            raise unanswered(predicate, BOUND)

        counts = self._keywords.get(predicate.field)
        if counts is None:
            return None
        if isinstance(predicate, Eq):
            return Size.exactly(counts[predicate.value])

        # The counts add up: a record has one value, and a set has each value once.
        return Size.exactly(sum(map(counts.__getitem__, predicate.members)))

    def keys(self, predicate: Bounded) -> list[Value] | None:
        """List the keys of the records that match, if they have rare values; `None` where this is not known here."""
        counts = self._keywords.get(predicate.field)
        if counts is None or not isinstance(predicate, Eq | In):
            check_answered(predicate)
            return None
        rare = self._rare[predicate.field]
        found: list[Value] = []
        for value in (predicate.value,) if isinstance(predicate, Eq) else predicate.values:
            if value in rare:
                found += rare[value]
            elif value in counts:
                return None
        return found

    def facets(self, field: str) -> dict[Value, int] | None:
        """Return the records by value of a field; `None` where this is not known here."""
        counts = self._keywords.get(field)
        return None if counts is None else dict(counts)

    def add(self, records: Sequence[Record]) -> None:
        """Count rows in; many at once cost less than one by one."""
        for name, counts in self._keywords.items():
            held: Counter[Any] = Counter([record.get(name) for record in records])
            del held[None]
            counts.update(held)
            self._list(name, held, records)
        for name, instants in self._instants.items():
            read = self._read(name)
            instants.update([at for record in records if (at := read(record.get(name))) is not None])

    def read(self, record: Record, old: Record | None = None) -> None:
        """Note the grams of a row's texts that `old` has not; none is ever forgotten, as a missing one is the proof."""
        for name, known in self._grams.items():
            value = record.get(name)
            if value is not None and (old is None or value != old.get(name)):
                text = fold(value)
                known.update(map("".join, zip(text, text[1:], text[2:])))  # noqa: B905 - the shortest ends it

    def note(self, field: str, grams: set[str] | None) -> None:
        """Note the grams of a text field of many rows; if they are not known, no needle is ruled out from now on."""
        if grams is None:
            self._grams.pop(field, None)
        elif field in self._grams:
            self._grams[field] |= grams

    def remove(self, records: Iterable[Record]) -> None:
        """Count rows out; a value without records is forgotten."""
        for record in records:
            for name, counts in self._keywords.items():
                if (value := record.get(name)) is not None:
                    counts[value] -= 1
                    if value in (rare := self._rare[name]):
                        rare[value].remove(record[self._key])
                    if not counts[value]:
                        del counts[value]
                        rare.pop(value, None)
            for name, instants in self._instants.items():
                if (at := self._read(name)(record.get(name))) is not None:
                    instants.remove(at)

    def replace(self, old: Record, new: Record) -> None:
        """Count one row in the place of another."""
        changed = {name for name in (*self._keywords, *self._instants) if old.get(name) != new.get(name)}
        if changed:
            changed.add(self._key)
            self.remove([{name: old.get(name) for name in changed}])
            self.add([{name: new.get(name) for name in changed}])

    def _list(self, name: str, added: Counter[Any], records: Sequence[Record]) -> None:
        """List the keys of rows just counted in whose value is rare; one that has been frequent stays unlisted."""
        counts, rare = self._keywords[name], self._rare[name]
        listed: set[Value] = set()
        for value, count in added.items():
            if counts[value] > _FEW:
                rare.pop(value, None)
            elif value in rare or counts[value] == count:
                listed.add(value)
        for record in records if listed else ():
            if record.get(name) in listed:
                rare.setdefault(record[name], []).append(record[self._key])
