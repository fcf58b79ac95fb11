"""The current version of a store: who may look at it, and how it is replaced in one step.

Theory of operation
===================

A store has one current `Version`. Readers see versions through a `View` only. A version that
anybody has a view of never changes (snapshot isolation): what a writer finds there, it copies
before it changes it (copy-on-write).

There are two locks. Whoever needs both takes `writing` first.

    lock       held by               for how long              what it guards
    ---------  --------------------  ------------------------  --------------------------------
    `writing`  whoever writes or     as long as that takes     that there is one writer
               verifies
    `_lock`    whoever takes a       microseconds; by a brief  `version`, `census`, `_history`,
               view, plans, or       write some milliseconds   `_owner`, `_viewed`, `_pending`
               publishes

A reader takes `_lock` alone, and holds none once it has its view. So a read waits for no more than
one brief write, and a write never for a reader.

Who may change what:

    what                    who                    when
    ----------------------  ---------------------  ------------------------------------------------
    a `Version`             nobody                 it is replaced, by one assignment
    segments, a directory   a writer whose owner   brief write: under both locks, and while there
                            has the mark that      is no view of the current version;
                            they bear              large write: under `writing`. Its mark is new:
                                                   what bears it is its own copy
    row sets, arrays,       nobody                 they are replaced; so they may be shared
    postings, records
    the census              a writer               brief write: under both locks;
                                                   large write: under `writing`, once the census
                                                   has been taken off: plans do without it
    the history             a writer               under both locks, as it publishes

The mark (`_owner`) is renewed by a brief write if there is a view, and by each large write. So what
bears the present mark belongs to the current version alone.

An interrupt (Ctrl-C, no memory) may come between any two steps:

    where                       what is left                    what happens next
    --------------------------  ------------------------------  -----------------------------------
    before a brief write has    the version as it was           nothing: there was no write
    changed anything
    in the middle of one        parts half changed,             whoever takes `_lock` next
                                `_pending` set                  completes the write: all is built
                                                                anew from directory and `_pending`
    in the middle of a large    the version as it was,          there was no write; the next one
    write                       no census                       takes the census anew
    ... which the journal has   the same, `_pending` set        it is completed, as above
    kept
    while a version is being    `_pending` set                  it is completed, as above
    published
    while a pending write is    `_pending` set                  it is completed once more
    being completed

That works as each step may be done twice: a record is put where it is already, a key is taken out
that is not there any more, and `History.add` knows a version by its number.

Invariants, where `_lock` is free and nothing is pending: `census` agrees with `version`, or is
`None`; `_history` reaches up to `version.number`; `_viewed` is a view of `version`, or of none.
"""

from collections.abc import Collection, Mapping
from threading import RLock
from typing import NamedTuple, Protocol, runtime_checkable
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

# A batch of no more than this is written in place, readers waiting: some milliseconds. A larger one
# is written aside, which costs a copy of every segment that it touches.
_BRIEF = 128

# How much a record counts that does not stay at its place; one that stays counts 1.
_MOVED = 8


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


class _Write(NamedTuple):
    """A write that has been checked, and the number of the version that it leads to."""

    number: int
    puts: Mapping[str, Entry]
    gone: Collection[str]
    changes: list[Changed]


class Current:
    """The current version, its census and its history, and the locks that guard them.

    `writing` may be held from outside, to look and write in one step.
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
        self._signer = signer
        self._segment_rows = segment_rows
        self._journal = journal
        self.writing = RLock()
        self._lock = RLock()

        self._owner = object()
        self._viewed: ref[View] | None = None  # a view of the version, if somebody may hold it
        self._pending: _Write | None = None  # has begun, and has not been published

        number = 0 if journal is None else journal.begun_at
        self._history = History(history, number)
        empty = Version(schema, (), Directory(self._owner), 0, number, epoch="")
        writer = Writer(empty, Census(schema), self._owner, segment_rows)
        writer.put(entries)
        self.version = writer.finish(number)
        self.census: Census | None = writer.census

    @property
    def number(self) -> int:
        """The number of the current version."""
        return self.version.number

    # looking

    def view(self) -> View:
        """Return the view of the current version, the same for all who ask. Costs 1 µs."""
        with self._lock:
            self._recover()
            return self._present()

    def planned(self, query: Query) -> tuple[View, Plan]:
        """Return the current view, and the plan that the census has made for it."""
        with self._lock:
            self._recover()
            return self._present(), plan(query, self.version, self.census)

    def counted(self, field: str) -> tuple[View, Mapping[Value, int] | None]:
        """Return the current view, and the records by value of a field, if the census knows."""
        with self._lock:
            self._recover()
            known = None if self.census is None else self.census.facets(field)
            return self._present(), known

    def changes(self, since: int) -> list[Change]:
        """List what the writes after a version have changed. Raises `HistoryGap`."""
        with self._lock:
            self._recover()
            if since > self.number:
                raise HistoryGap(f"version {since} is yet to come, this is {self.number}")
            versions = self._history.since(since)

        return [
            Change(number, key, old and old.copy(), new and new.copy())
            for number, changes in versions
            for key, old, new in changes
        ]

    def faults(self) -> list[str]:
        """Name what does not agree with the records; readers go on, writers wait."""
        with self.writing:
            version = self.view().version
            differences = list(faults(version))
            if self.census is not None:
                differences += self.census.faults(version.schema, list(version))
            return differences

    # changing

    def write(self, puts: Mapping[str, Entry], gone: Collection[str] = ()) -> None:
        """Make checked changes, in one step: the one door of all writes."""
        with self.writing:
            directory = self.view().directory
            changes: list[Changed] = [(key, directory.get(key), None) for key in gone]
            changes += [(key, directory.get(key), entry.row) for key, entry in puts.items()]
            if not changes:
                return

            write = _Write(self.number + 1, puts, gone, changes)
            make = self._write_in_place if self._is_brief(changes) else self._write_aside
            try:
                if self._journal is not None:
                    self._journal.record(write.number, puts, gone)
                make(write)
            except BaseException:
                self._keep_up_with_journal(write)
                raise

    def _is_brief(self, changes: list[Changed]) -> bool:
        """Tell whether a write costs less in place than aside."""
        if len(changes) * _MOVED <= _BRIEF:
            return True

        rank = self.version.schema.rank
        stay = 0
        for _, old, new in changes[:_BRIEF]:
            if old is not None and new is not None and rank(old) == rank(new):
                stay += 1
        return stay + (len(changes) - stay) * _MOVED <= _BRIEF

    def _write_in_place(self, write: _Write) -> None:
        """Change the current version itself; what somebody may look at is copied first."""
        if self.census is None:  # an interrupt has cut a larger write short
            self.census = self._fresh_census()

        with self._lock:
            self._pending = write
            is_viewed = self._viewed is not None and self._viewed() is not None
            if is_viewed:
                self._owner = object()
            writer = Writer(self.version, self.census, self._owner, self._segment_rows)
            writer.apply(write.puts, write.gone)
            self._publish(writer.finish(write.number), writer.census, write)

    def _write_aside(self, write: _Write) -> None:
        """Change a copy, readers going on, and put it in the place of the current version."""
        census = self._fresh_census() if self.census is None else self.census
        with self._lock:
            self.census = None  # until it fits the version again, plans do without

        owner = object()
        writer = Writer(self.version, census, owner, self._segment_rows)
        writer.apply(write.puts, write.gone)
        version = writer.finish(write.number)
        with self._lock:
            self._owner = owner
            self._publish(version, writer.census, write)

    def _keep_up_with_journal(self, write: _Write) -> None:
        """Have a write completed that has failed here, if the journal has kept it all the same."""
        if self._journal is None or self.number >= write.number:
            return
        if self._journal.has(write.number):
            self._pending = write

    def _fresh_census(self) -> Census:
        """Take the census of the current version."""
        return Census.of(self.version.schema, list(self.version))

    # with the lock held

    def _present(self) -> View:
        """Return the view of the current version."""
        view = None if self._viewed is None else self._viewed()
        if view is None:
            view = View(self.version, self._signer)
            self._viewed = ref(view)
        return view

    def _publish(self, version: Version, census: Census, write: _Write) -> None:
        """Make a version the current one. What an interrupt leaves undone is done again."""
        self._pending = write
        self._history.add(write.number, write.changes)
        self.census = census
        self.version = version
        self._viewed = None
        self._pending = None

    def _recover(self) -> None:
        """Complete a write that an interrupt has cut short; nearly always there is none."""
        write = self._pending
        if write is None:
            return

        census = Census(self.version.schema)
        writer = Writer(self.version, census, self._owner, self._segment_rows)
        writer.complete(write.puts, write.gone)
        self._publish(writer.finish(write.number), writer.census, write)
