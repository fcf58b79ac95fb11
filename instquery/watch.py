"""Watch a query: what has entered it, left it, or changed in it, by writes or because the clock has moved."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from instquery.engine.history import Change
from instquery.errors import HistoryGap, QueryError
from instquery.instants import to_micros
from instquery.predicates import Predicate, Range, conditions
from instquery.query import Page, Query, Record

__all__ = ["Events", "Watch", "Where"]

Where = Iterable[Predicate] | Callable[[int], Iterable[Predicate]]
"""Predicates, or what makes them for a moment in microseconds: `lambda now: [Range("expires", after=now)]`."""

_ALL = (1 << 63) - 1


class Reading(Protocol):
    """A moment of a store, as a watch needs it."""

    version: int

    def page(self, query: Query) -> Page: ...

    def get(self, key: str) -> Record | None: ...


class Watched(Protocol):
    """A store, as a watch needs it."""

    def snapshot(self) -> Reading: ...

    def changes(self, since: int) -> list[Change]: ...


class Events(NamedTuple):
    """What has happened up to a version: records that came in, that went out (as last seen), that changed."""

    version: int
    entered: list[Record]
    left: list[Record]
    changed: list[Record]


class Watch:
    """Follows the matches of a query; made by `Store.watch`.

    Holds a copy of each match. Not for several threads at once.
    """

    def __init__(self, store: Watched, key: str, where: Where) -> None:
        self._store = store
        self._key = key
        self._make: Callable[[int], Iterable[Predicate]] | None = where if callable(where) else None
        self._where: tuple[Predicate, ...] | None = None  # as last asked
        self._fixed = () if callable(where) else conditions(where)
        self._held: dict[str, Record] = {}
        self._version = 0

    def poll(self, now: object = None) -> Events:
        """Tell what has happened since the last call; the first one finds all matches to have entered.

        `now` is the moment that the windows are made for, where predicates depend on it. Costs a look at each
        record that was written since or that a moved window has passed over; all matches anew where the
        store's history does not reach back so far.
        """
        where = self._asked(now)
        view = self._store.snapshot()
        events = Events(view.version, [], [], [])
        for key in self._touched(view, where):
            self._compare(key, view.get(key), where, events)
        self._where, self._version = where, view.version
        return events

    def _asked(self, now: object) -> tuple[Predicate, ...]:
        if self._make is None:
            return self._fixed
        if now is None:
            raise QueryError("the predicates depend on now, so poll needs it")
        return conditions(self._make(to_micros(now)))

    def _compare(self, key: str, record: Record | None, where: Sequence[Predicate], events: Events) -> None:
        """Note what has happened to one record."""
        held = self._held.get(key)
        if record is not None and all(predicate.matches(record) for predicate in where):
            self._held[key] = record
            if held is None:
                events.entered.append(record.copy())
            elif held != record:
                events.changed.append(record.copy())
        elif held is not None:
            events.left.append(self._held.pop(key))

    def _touched(self, view: Reading, where: tuple[Predicate, ...]) -> Iterable[str]:
        """Return the keys of the records that may have entered, left or changed, in order of their keys."""
        before = self._where
        try:
            if before is None or [predicate.field for predicate in before] != [predicate.field for predicate in where]:
                raise HistoryGap("nothing is known of these predicates")
            written = {change.key for change in self._store.changes(self._version) if change.version <= view.version}
            asked = list(_passed_over(before, where))
        except HistoryGap:
            written, asked = set(self._held), [[*where]]
        for each in asked:
            written.update([item[self._key] for item in view.page(Query(tuple(each), limit=_ALL, total=False)).items])
        return sorted(written)


def _passed_over(before: Sequence[Predicate], after: Sequence[Predicate]) -> Iterator[list[Predicate]]:
    """Yield what to ask for that lies in one window alone. Raises `HistoryGap` if more than windows moved."""
    unmoved = [new for old, new in zip(before, after, strict=True) if old == new]
    for old, new in zip(before, after, strict=True):
        if old == new:
            continue
        if not isinstance(old, Range) or not isinstance(new, Range):
            raise HistoryGap("other predicates than windows have changed")
        for first, second in ((old.low, new.low), (old.high + 1, new.high + 1)):
            if first != second:
                yield [*unmoved, Range(new.field, since=min(first, second), until=max(first, second) - 1)]
