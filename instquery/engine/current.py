"""The current version of a store: who may look at it, and how it is changed in one step while others look."""

from collections.abc import Collection, Mapping
from secrets import token_hex
from threading import RLock
from typing import Protocol, runtime_checkable
from weakref import ref

from instquery.contract import Change
from instquery.engine.census import Census
from instquery.engine.cursors import Signer
from instquery.engine.directory import Directory
from instquery.engine.history import Changed, History
from instquery.engine.plan import Plan, plan
from instquery.engine.verify import faults
from instquery.engine.version import Version
from instquery.engine.view import View
from instquery.engine.writer import Writer
from instquery.errors import HistoryGap
from instquery.predicates import Value
from instquery.query import Query
from instquery.schema import Entry, Schema

__all__ = ["Current", "Journal"]

# A batch of no more than this is written in place, readers waiting: some milliseconds. A larger one is written
# aside, which costs a copy of every segment that it touches. What stays at its place counts 1, anything else _MOVED.
_BRIEF, _MOVED = 128, 8


@runtime_checkable
class Journal(Protocol):
    """What is told of each write before it is made."""

    begun_at: int
    """The version that was kept last."""

    def record(self, version: int, puts: Mapping[str, Entry], gone: Collection[str]) -> None:
        """Keep a write that leads to a version; what is raised here leaves the store as it was."""

    def has(self, version: int) -> bool:
        """Tell whether this version has been kept, so that its write must be completed."""
        ...


class Current:
    """The present version, its census and its history, and the two locks that guard them.

    `writing` is held by the one who writes, for as long as it takes; the other lock briefly, by whoever looks
    or publishes. Whoever looks gets a view and goes on without a lock. As long as somebody holds the
    view of the present version, segments are copied before they are changed; else they are changed in place.
    """

    def __init__(
        self,
        schema: Schema,
        entries: Mapping[str, Entry],
        *,
        signer: Signer,
        history: int,
        segment_rows: int,
        journal: Journal | None,
    ) -> None:
        self._signer, self._segment_rows, self._journal = signer, segment_rows, journal
        self.writing = RLock()
        self._lock = RLock()
        self._owner = object()  # whoever may change a segment in place has this mark
        self._viewed: ref[View] | None = None  # the view of the present version, if somebody may hold it
        self._half: tuple[Mapping[str, Entry], Collection[str], list[Changed]] | None = None  # a write not ended
        self.census: Census | None = Census(schema)
        self.version = Version(schema, (), Directory(), 0)
        self.number = 0 if journal is None else journal.begun_at
        # Names the present version among all versions of all stores. It is drawn anew with each write, as a
        # version does not tell: forked processes count the same versions of different states.
        self._epoch = token_hex(8)
        self._history = History(history, self.number)
        writer = Writer(self.version, self.census, self._owner, segment_rows)
        writer.put(entries)
        self.version = writer.finish()

    # looking

    def view(self) -> View:
        """Return the view of the present version, the same for all who ask; costs 1 µs."""
        with self._lock:
            if self._half is not None:
                self._mend()
            view = None if self._viewed is None else self._viewed()
            if view is None:
                view = View(self.version, self.number, self._signer, self._epoch)
                self._viewed = ref(view)
            return view

    def planned(self, query: Query) -> tuple[View, Plan]:
        """Return the present view, and the plan that the census has made for it."""
        with self._lock:
            return self.view(), plan(query, self.version, self.census)

    def counted(self, field: str) -> tuple[View, Mapping[Value, int] | None]:
        """Return the present view, and how many records have each value of a field, if the census knows."""
        with self._lock:
            return self.view(), None if self.census is None else self.census.facets(field)

    def changes(self, since: int) -> list[Change]:
        """List what the writes after a version have changed."""
        with self._lock:
            if since > self.number:
                raise HistoryGap(f"version {since} is yet to come, this is {self.number}")
            found = self._history.since(since)
        return [
            Change(version, key, old and old.copy(), new and new.copy())
            for version, changed in found
            for key, old, new in changed
        ]

    def faults(self) -> list[str]:
        """Name what does not agree with the rows; writers wait."""
        with self.writing:
            version = self.view().version
            return [*faults(version), *(() if self.census is None else self.census.faults(version))]

    # changing

    def write(self, puts: Mapping[str, Entry], gone: Collection[str] = ()) -> None:
        """Make checked changes, in one step: the one door of all writes."""
        with self.writing:
            directory = self.view().directory
            changed: list[Changed] = [(key, directory.get(key), None) for key in gone]
            changed += [(key, directory.get(key), entry.row) for key, entry in puts.items()]
            if not changed:
                return
            number = self.number + 1
            make = self._write_in_place if self._is_brief(changed) else self._write_aside
            try:
                if self._journal is not None:
                    self._journal.record(number, puts, gone)
                make(puts, gone, changed)
            except BaseException:
                if self._journal is not None and self.number < number and self._journal.has(number):
                    self._half = (puts, gone, changed)
                raise

    def _is_brief(self, changed: list[Changed]) -> bool:
        rank = self.version.schema.rank
        if len(changed) * _MOVED <= _BRIEF:
            return True
        stays = sum(
            [old is not None and new is not None and rank(old) == rank(new) for _, old, new in changed[:_BRIEF]]
        )
        return stays + (len(changed) - stays) * _MOVED <= _BRIEF

    def _write_in_place(self, puts: Mapping[str, Entry], gone: Collection[str], changed: list[Changed]) -> None:
        """Change the present version itself; segments that somebody may look at are copied first."""
        if self.census is None:  # an interrupt has cut a larger write short
            self.census = Census.of(self.version)
        with self._lock:
            self._half = (puts, gone, changed)
            if self._viewed is not None and self._viewed() is not None:
                self._owner = object()
                self.version = self.version.fork()
            writer = Writer(self.version, self.census, self._owner, self._segment_rows)
            writer.apply(puts, gone)
            self._publish(writer, changed)

    def _write_aside(self, puts: Mapping[str, Entry], gone: Collection[str], changed: list[Changed]) -> None:
        """Change a copy, readers going on, and put it in the place of the present version."""
        census = Census.of(self.version) if self.census is None else self.census
        owner = object()
        with self._lock:
            self.census = None  # until it fits the version again, plans do without
            writer = Writer(self.version.fork(), census, owner, self._segment_rows)
        writer.apply(puts, gone)
        with self._lock:
            self._owner = owner
            self._publish(writer, changed)

    def _publish(self, writer: Writer, changed: list[Changed]) -> None:
        """Make the version that a writer has made the present one. The lock is held."""
        self._epoch = token_hex(8)
        self.version, self.census = writer.finish(), writer.census
        self.number += 1
        self._history.add(self.number, changed)
        self._viewed = self._half = None

    def _mend(self) -> None:
        """Complete a write that an interrupt cut short, by building everything anew. The lock is held."""
        if self._half is not None:
            puts, gone, changed = self._half
            writer = Writer(self.version, Census(self.version.schema), self._owner, self._segment_rows)
            writer.complete(puts, gone)
            self._publish(writer, changed)
