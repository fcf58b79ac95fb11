"""The current version of a store: who may look at it, and how it is replaced in one step.

Theory of operation
===================

What a store has published is one value, a `Published`. A write makes another one and puts it in its
place by one assignment (`_replace`). `published` says how a write goes, and what is left where one
is interrupted.

Readers see versions through a `View` only. A version that anybody has a view of never changes
(snapshot isolation): what a writer finds there, it copies before it changes it (copy-on-write). A
version that nobody has a view of may be changed in place. What is published then says so first:
`begun` is the write, `mend` what to do about it if it is cut short.

There are two locks. Whoever needs both takes `writing` first.

    lock       held by               for how long              what it guards
    ---------  --------------------  ------------------------  --------------------------------
    `writing`  whoever writes or     as long as that takes     that there is one writer
               verifies
    `_lock`    whoever takes a       microseconds; by a brief  `_published`, `_viewed`, and that
               view, plans, or       write some milliseconds   nobody looks at a version that is
               publishes                                       being changed in place

A reader takes `_lock` alone, and holds none once it has its view. So a read waits for no more than
one brief write, and a write never for a reader. A forked process has only the thread that forked
it, so it renews both: else it would wait for threads that it does not have.

Who may change what:

    what                    who                    when
    ----------------------  ---------------------  ------------------------------------------------
    a `Published`,          nobody                 it is replaced
    a `History`
    segments, a directory   a writer whose owner   brief write: under both locks, and while there
                            has the mark that      is no view of the current version;
                            they bear              otherwise it has a new mark: what bears that is
                                                   its own copy
    row sets, arrays,       nobody                 they are replaced; so they may be shared
    postings, records
    the census              a writer               brief write: under both locks;
                                                   large write: under `writing`, once the census
                                                   has been taken off: plans do without it

A signal handler or a finalizer may read and write in the middle of a write of its own thread. It
finds a write that was cut short, and mends it. The write goes on afterwards on parts that nobody
sees any more. `_replace` refuses what it has made of them, and it begins once more.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from threading import RLock
from typing import TypeAlias
from weakref import ref

from instquery.contract import Change
from instquery.engine.census import Census
from instquery.engine.cursors import Signer
from instquery.engine.directory import Directory
from instquery.engine.history import Changed, History
from instquery.engine.journal import Journal
from instquery.engine.plan import Plan, plan
from instquery.engine.published import Published, Write
from instquery.engine.verify import faults
from instquery.engine.version import Version
from instquery.engine.view import View
from instquery.engine.writer import Writer
from instquery.errors import HistoryGap
from instquery.forks import renew_after_fork
from instquery.instants import Micros
from instquery.predicates import Value
from instquery.query import Query
from instquery.schema import Entry, Schema

__all__ = ["Current"]

Revise: TypeAlias = Callable[[View], tuple[Mapping[str, Entry], Collection[str]]]
"""Tells from the current records what to put, and which keys that are there must go."""

# A batch of no more than this is written in place, readers waiting: some milliseconds, as new
# records between others take 1 ms each. A larger one is written aside, which costs a tenth more.
_BRIEF = 64

# How much a record counts that does not stay at its place; one that stays counts 1.
_MOVED = 8

# So many edges of bins are looked up while others wait, 3 µs each.
_EDGES = 256


class Current:
    """What a store has published, and the locks that guard it. See "Theory of operation".

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
        self._viewed: ref[View] | None = None  # the view that was handed out last
        self._views: list[ref[View]] = []  # all that somebody holds, of any version

        number = 0 if journal is None else journal.begun_at
        owner = object()
        empty = Version(schema, (), Directory(owner, len(entries)), 0, number, epoch="")
        writer = Writer(empty, Census(schema), owner, segment_rows)
        writer.put(entries)
        version = writer.finish(number)
        self._published = Published(version, writer.census, History(history, number), owner)

        self.renew_locks()
        renew_after_fork(self)

    def renew_locks(self) -> None:
        """Take new locks: those of a forked process may be held by threads that it has not."""
        self.writing = RLock()
        self._lock = RLock()

    @property
    def version(self) -> Version:
        """The current version, for whoever makes sure that nobody writes; others take a view."""
        with self._lock:
            return self._whole().version

    @property
    def census(self) -> Census | None:
        """The census of the current version, under the same condition."""
        with self._lock:
            return self._whole().census

    @property
    def number(self) -> int:
        """The number of the current version."""
        published = self._published
        return published.version.number if published.is_whole else self.version.number

    # looking

    def view(self) -> View:
        """Return the view of the current version, the same for all who ask. Costs 1 µs."""
        with self._lock:
            return self._view_of(self._whole())

    def planned(self, query: Query) -> tuple[View, Plan]:
        """Return the current view, and the plan that the census has made for it."""
        with self._lock:
            published = self._whole()
            return self._view_of(published), plan(query, published.version, published.census)

    def counted(
        self, field: str, key: str | None = None
    ) -> tuple[View, Mapping[Value, int] | None]:
        """Return the current view, and the records by value of a field, if the census knows.

        Of tags by key; or, with a key, by its values.
        """
        with self._lock:
            published = self._whole()
            census = published.census
            return self._view_of(published), None if census is None else census.facets(field, key)

    def binned(self, field: str, edges: Sequence[Micros]) -> tuple[View, list[int] | None]:
        """Return the current view, and the records by bins of an instant, if the census knows."""
        with self._lock:
            published = self._whole()
            census = published.census
            if census is None or len(edges) > _EDGES:  # nobody waits for more
                return self._view_of(published), None
            return self._view_of(published), census.binned(field, edges)

    def earlier(self) -> int:
        """Count the earlier versions that somebody still holds."""
        number = self.number
        views = [one() for one in self._views.copy()]
        return sum(view is not None and view.number != number for view in views)

    def changes(self, since: int) -> list[Change]:
        """List what the writes after a version have changed. Raises `HistoryGap`."""
        with self._lock:
            published = self._whole()

        number = published.version.number
        if since > number:
            raise HistoryGap(f"version {since} is yet to come, this is {number}")
        return [
            Change(number, key, old and old.copy(), new and new.copy())
            for number, changes in published.history.since(since)
            for key, old, new in changes
        ]

    def faults(self) -> list[str]:
        """Name what does not agree with the records; readers go on, writers wait."""
        with self.writing:
            with self._lock:
                published = self._whole()
                view = self._view_of(published)

            differences = list(faults(view.version))
            if published.census is not None:
                differences += published.census.faults(view.schema, list(view.version))
            return differences

    # changing

    def write(self, puts: Mapping[str, Entry], gone: Collection[str] = ()) -> None:
        """Make checked changes, in one step: the one door of all writes."""
        with self.writing:
            while not self._is_written(puts, gone):
                pass  # a signal handler has read or written in its middle: once more

    def revise(self, revise: Revise) -> int:
        """Make the checked changes that follow from the current records, in one step.

        `revise` says which. It is asked again where a signal handler has written in the middle:
        what follows from older records is never written. Returns how many changes there were.
        """
        with self.writing:
            while True:
                view = self.view()
                number = view.number
                puts, gone = revise(view)
                del view  # else what it shows would be copied, as for any reader
                if self._is_written(puts, gone, number):
                    return len(puts) + len(gone)

    def _is_written(
        self, puts: Mapping[str, Entry], gone: Collection[str], number: int | None = None
    ) -> bool:
        """Make changes, on no other version than `number`; tell whether they were published."""
        base = self._published
        if base.begun is not None:
            base = self._settled()
        if number is not None and base.version.number != number:
            return False

        directory = base.version.directory
        changes: list[Changed] = [
            (key, old, None) for key in gone if (old := directory.get(key)) is not None
        ]
        changes += [(key, directory.get(key), entry.row) for key, entry in puts.items()]
        if not changes:
            return True

        write = Write(base.version.number + 1, puts, gone, changes)
        make = self._write_in_place if self._is_brief(changes) else self._write_aside
        if self._journal is None:
            return make(base, write)

        try:
            asked = base.with_write(write, "ask")
            with self._lock:
                if not self._replace(base, asked):
                    return False
            if self._published is not asked:  # a signal handler has written
                return False

            self._journal.record(write.number, puts, gone)
            return make(asked, write) or self._is_completed(write)
        except BaseException:
            with suppress(Exception):  # a journal that cannot tell is asked by the next write
                self._ask_journal()
            raise

    def _is_brief(self, changes: list[Changed]) -> bool:
        """Tell whether a write costs less in place than aside."""
        if len(changes) * _MOVED <= _BRIEF:
            return True

        rank = self._published.version.schema.rank
        stay = 0
        for _, old, new in changes[:_BRIEF]:
            if old is not None and new is not None and rank(old) == rank(new):
                stay += 1
        return stay + (len(changes) - stay) * _MOVED <= _BRIEF

    def _write_in_place(self, base: Published, write: Write) -> bool:
        """Change the current version itself; what somebody may look at is copied first."""
        census = base.known_census()
        with self._lock:
            if self._held_view(base.version) is not None:
                owner = object()
                begun = base.without_census()
                if self._journal is not None:
                    begun = begun.with_write(write, "complete")
            else:
                owner = base.owner
                begun = base.with_write(write, "undo" if self._journal is None else "complete")

            if not self._replace(base, begun):
                return False
            return self._replace(begun, begun.written(write, census, owner, self._segment_rows))

    def _write_aside(self, base: Published, write: Write) -> bool:
        """Change a copy, readers going on, and put it in the place of the current version."""
        census = base.known_census()
        begun = base.without_census()  # until it fits the version again, plans do without
        with self._lock:
            if not self._replace(base, begun):
                return False
            view = self._view_of(begun)  # so that a signal handler's write copies what is read here

        new = begun.written(write, census, object(), self._segment_rows)
        del view
        with self._lock:
            return self._replace(begun, new)

    def _settled(self) -> Published:
        """Return what is published, whole and no write begun on it. Requires `writing`."""
        self._ask_journal()
        with self._lock:
            return self._whole()

    def _is_completed(self, write: Write) -> bool:
        """Tell whether a signal handler has come in between and completed a write."""
        history = self._settled().history
        versions = history.since(max(history.first, write.number - 1))
        return any(changes is write.changes for _, changes in versions)

    def _ask_journal(self) -> None:
        """Find out whether a write that was cut short was kept. Requires `writing`."""
        published = self._published
        write = published.begun
        if self._journal is None or write is None or published.mend != "ask":
            return

        is_kept = self._journal.has(write.number)
        known = published.with_write(write, "complete") if is_kept else published.without_write()
        with self._lock:
            self._replace(published, known)

    # what is published

    def _whole(self) -> Published:
        """Return what is published; nearly always it is whole. Requires `_lock`."""
        while not (published := self._published).is_whole:
            self._replace(published, published.mended(self._segment_rows))
        return published

    def _replace(self, old: Published, new: Published) -> bool:
        """Publish in the place of the old; tell whether that was still there. Requires `_lock`.

        The one place where anything is published. Nothing can come between look and assignment: an
        interrupt comes with a call or a jump back, another thread needs the lock.
        """
        if self._published is not old:
            return False
        self._published = new
        return True

    def _view_of(self, published: Published) -> View:
        """Return the view of what is published. Requires `_lock`."""
        view = self._held_view(published.version)
        if view is None:
            view = View(published.version, self._signer)
            self._viewed = ref(view)
            self._views.append(ref(view, self._views.remove))
        return view

    def _held_view(self, version: Version) -> View | None:
        """Return the view of a version, if somebody may hold it. Requires `_lock`."""
        view = None if self._viewed is None else self._viewed()
        return view if view is not None and view.version is version else None
