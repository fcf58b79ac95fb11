"""Watch a query: what enters it, leaves it or changes in it, by write or clock."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

from instquery.contents import copied, is_same
from instquery.contract import Keeps, Kept
from instquery.errors import HistoryGap
from instquery.instants import Moment
from instquery.predicates import Predicate, Where, conditions, is_relative
from instquery.query import Clock, Query, Record, moment_of
from instquery.ranges import Interval
from instquery.schema import Schema
from instquery.terms import Term, Tree, asked_again, leaves_of

__all__ = ["Events", "Watch", "Watchable"]

Watchable: TypeAlias = Where | Callable[[int], Where]
"""Predicates, or what makes them for a moment in microseconds.

For example `lambda now: [Range("expires", after=now)]`.
"""

_ALL = (1 << 63) - 1


class Events(NamedTuple):
    """What happened up to a version: records added, removed (last seen), changed."""

    version: int
    entered: list[Record]
    left: list[Record]
    changed: list[Record]


class Watch:
    """Follows the matches of a query; made by `Store.watch`.

    Holds a copy of each match. Not for several threads at once.
    """

    def __init__(self, store: Keeps, schema: Schema, clock: Clock, where: Watchable) -> None:
        self._store = store
        self._schema = schema
        self._clock = clock
        self._make: Callable[[int], Where] | None = where if callable(where) else None
        self._fixed: tuple[Predicate, ...] = () if callable(where) else conditions(where)
        self._where: tuple[Term, ...] | None = None  # as last asked
        self._held: dict[str, Record | None] = {}  # `None` is as good as nothing
        self._version = 0

    def poll(self, now: Moment | None = None) -> Events:
        """Tell what has happened since the last call.

        The first one finds all matches to have entered.

        `now` is the moment that windows are counted from or made for; by default the store's clock
        tells it. Costs a look at each record that was written since or that a moved window has
        passed over; all matches anew where the store's history does not reach back so far.
        """
        where = self._asked(now)
        view = self._store.snapshot()
        events = Events(view.version, [], [], [])
        matches: dict[str, Record | None] = {}
        for key in self._touched(view, where):
            matches[key] = self._compare(view, key, where, events)

        # One step each, once all is known: an interrupted poll is one that has not been made.
        self._held.update(matches)
        self._where, self._version = where, view.version
        for key, record in matches.items():
            if record is None:
                del self._held[key]
        return events

    def _asked(self, now: Moment | None) -> tuple[Term, ...]:
        """Return the predicates as they are at a moment, their bounds read."""
        moment = None if now is None else moment_of(now)
        if moment is None and (self._make is not None or is_relative(self._fixed)):
            moment = moment_of(self._clock())

        where = self._fixed
        if self._make is not None and moment is not None:
            where = conditions(self._make(moment))
        return tuple([self._schema.bound(predicate, moment) for predicate in where])

    def _compare(
        self, view: Kept, key: str, where: Sequence[Term], events: Events
    ) -> Record | None:
        """Note what has happened to one record, and return it if it matches.

        Events are the caller's own to change, nested values included: they never share with what is
        held.
        """
        record = view.get(key)
        held = self._held.get(key)
        if record is not None and self._does_match(record, where):
            if held is None:
                events.entered.append(copied(record))
            elif not is_same(held, record):
                events.changed.append(copied(record))
            return record

        if held is not None:
            events.left.append(held)
        return None

    def _does_match(self, record: Record, where: Sequence[Term]) -> bool:
        asked = {leaf.field for term in where for leaf in leaves_of(term)}
        row = self._schema.row(record, asked)
        return all(term.matches(row) for term in where)

    def _touched(self, view: Kept, where: tuple[Term, ...]) -> Iterable[str]:
        """Return the keys, sorted, of records that may have entered, left or changed."""
        written = self._written(view)
        moved = None if self._where is None else _passed_over(self._where, where)
        if written is None or moved is None:
            written, moved = set(self._held), [where]

        key_of = self._schema.key_of
        for each in moved:
            query = Query(map(asked_again, each), limit=_ALL, total=False)
            written.update([key_of(item) for item in view.page(query).items])
        return sorted(written)

    def _written(self, view: Kept) -> set[str] | None:
        """Return the keys written since the last poll.

        `None` where they are no longer all known.
        """
        try:
            changes = self._store.changes(self._version)
        except HistoryGap:
            return None
        return {change.key for change in changes if change.version <= view.version}


def _passed_over(before: Sequence[Term], after: Sequence[Term]) -> list[Sequence[Term]] | None:
    """List what to ask for that lies in one window alone.

    `None` if more than windows have moved, such as a window in a tree.
    """
    if list(map(_field, before)) != list(map(_field, after)):
        return None

    asked: list[Sequence[Term]] = []
    unmoved = [new for old, new in zip(before, after, strict=True) if old == new]
    for old, new in zip(before, after, strict=True):
        if old == new:
            continue
        if not isinstance(old, Interval) or not isinstance(new, Interval):
            return None
        for first, second in ((old.low, new.low), (old.high + 1, new.high + 1)):
            if first != second:
                strip = Interval(new.field, min(first, second), max(first, second) - 1, new.read)
                asked.append([*unmoved, strip])
    return asked


def _field(term: Term) -> str | None:
    """Return the field of a leaf."""
    return None if isinstance(term, Tree) else term.field
