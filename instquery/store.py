"""The store: records that are put in and taken out, and every read of them, by any number of threads."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from threading import RLock
from typing import Any, NamedTuple
from weakref import ref

from instquery.census import Census
from instquery.cursors import Seal
from instquery.draft import Draft
from instquery.errors import CursorExpired, HistoryGap, InstqueryError, RecordError
from instquery.history import Change, Changed, History
from instquery.keys import Keys
from instquery.leases import Leases
from instquery.plan import Plan, plan
from instquery.query import Page, Predicate, Query, Record, Value, conditions
from instquery.schema import Entry, Schema
from instquery.search import facets
from instquery.snapshot import Snapshot, checked
from instquery.state import State

__all__ = ["Changes", "Snapshot", "Store"]

_SEGMENT_ROWS = 32_768
_BRIEF = 16  # a batch of so few records is written in place, readers waiting; a larger one aside


class Changes(NamedTuple):
    """How many records a full replacement added, changed and removed."""

    added: int
    updated: int
    removed: int


class Store:
    """Records in one order, indexed for every query their schema allows.

    Writes are checked before anything is touched: a batch is taken in whole or not at all. Records are
    copied in and copied out, so that nobody outside can change them.

    Any number of threads may read and write. Writes come one after the other, and each is one step: a read
    sees all of it or nothing. A write that has returned is seen by every read that begins afterwards, and
    each read is of one moment: that at which it began. A read waits for no more than one brief write, a write
    for other writes and never for a read; what a reader still looks at is copied, not changed.

    >>> from instquery import Order, instant, text
    >>> schema = Schema(key="id", order=Order("created"), fields={"id": text(), "created": instant()})
    >>> store = Store(schema, [{"id": "i-1", "created": "2026-01-01T00:00:00Z"}])
    >>> store.put({"id": "i-2", "created": "2026-01-02T00:00:00Z"})
    >>> [item["id"] for item in store.page(Query()).items]
    ['i-2', 'i-1']
    """

    def __init__(
        self,
        schema: Schema,
        records: Iterable[Mapping[str, Any]] = (),
        *,
        leases: Leases[Snapshot] | None = None,
        cursor_key: bytes | None = None,
        history: int = 10_000,
        segment_rows: int = _SEGMENT_ROWS,
    ) -> None:
        """Make a store of `records`; costs 12 µs a record, and 5 to 10 µs more for each text field.

        `leases` bounds how long and how many states are kept for cursors, which `cursor_key` signs (by default
        one of this store's own); `history` is how many changes `changes` can tell. `segment_rows` is how many
        rows share one row set; other values than the default are for tests.
        """
        if not 1 <= segment_rows <= _SEGMENT_ROWS:
            raise InstqueryError(f"segment_rows must be from 1 to {_SEGMENT_ROWS}")
        self._segment_rows = segment_rows
        self._leases = Leases() if leases is None else leases
        self._seal = Seal(cursor_key)
        self._writing = RLock()  # held by the one who writes, for as long as it takes
        self._lock = RLock()  # guards what follows, and is held briefly
        self._owner = object()  # whoever may change a segment in place has this mark
        self._viewed: ref[Snapshot] | None = None  # the snapshot of the present state, if somebody may hold it
        self._half: tuple[Mapping[str, Entry], Collection[str], list[Changed]] | None = None  # a write not ended
        self._census: Census | None = Census(schema)
        self._state = State(schema, (), Keys(), 0)
        self._version = 0
        self._history = History(history)
        draft = self._draft(self._owner)
        draft.put(self._take_all(records))
        self._state = draft.finish()

    @property
    def schema(self) -> Schema:
        """What the records of this store hold."""
        return self._state.schema

    @property
    def version(self) -> int:
        """The number of writes so far; a batch is one."""
        return self._version

    # reading

    def page(self, query: Query, cursor: str | None = None, *, live: bool = False) -> Page:
        """Return one page of the records that match, in order, with the exact total; see `Snapshot.page`.

        With a `cursor` the page that follows, from the state that the walk's first page was read from: each
        record once, whatever is written meanwhile. Raises `CursorExpired` once that state is no longer kept,
        unless `live`: then the walk goes on from the same place in the present state, repeats nothing whose
        creation stays the same, and may miss what was written since.
        """
        after = None
        if cursor is not None:
            after = self._seal.open(cursor, checked(query).where, self.schema)
            kept = self._leases.find(after.version) if after.epoch == self._seal.epoch else None
            if kept is not None:
                return kept.answer(query, kept.explain(query), after, self._keep)
            if not live:
                raise CursorExpired("the state that this walk began with is no longer kept")
        with self._lock:
            view = self._view()
            chosen = plan(checked(query), self._state, self._census)
        return view.answer(query, chosen, after, self._keep)

    def count(self, where: Iterable[Predicate] = ()) -> int:
        """Count the records that match, exactly."""
        return self.page(Query(conditions(where), limit=0)).total or 0

    def facets(self, field: str, where: Iterable[Predicate] = ()) -> dict[Value, int]:
        """Count the records that match by their value of a keyword field, the most frequent value first."""
        with self._lock:
            view = self._view()
            known = None if self._census is None else self._census.facets(field)
        return facets(view._state, field, where, known)

    def explain(self, query: Query) -> Plan:
        """Return the plan by which a query would be answered now."""
        with self._lock:
            self._view()
            return plan(checked(query), self._state, self._census)

    def moment(self, cursor: str) -> int | None:
        """Return the `now` of a walk's query, in microseconds, to make the same query again for its next page."""
        return self._seal.read(cursor).now

    def get(self, key: str) -> Record | None:
        """Return a copy of the record with this key, or `None`."""
        return self.snapshot().get(key)

    def snapshot(self) -> Snapshot:
        """Return the present records as they will stay in this snapshot; costs 1 µs at any size."""
        with self._lock:
            return self._view()

    def changes(self, since: int) -> list[Change]:
        """List what the writes after version `since` have changed, in their order.

        Raises `HistoryGap` where they are no longer all known: then take a snapshot and go on from its version.
        """
        with self._lock:
            if since > self._version:
                raise HistoryGap(f"version {since} is yet to come, this is {self._version}")
            found = self._history.since(since)
        return [
            Change(version, key, old and old.copy(), new and new.copy())
            for version, changed in found
            for key, old, new in changed
        ]

    def __len__(self) -> int:
        return self._state.count

    def __contains__(self, key: object) -> bool:
        return key in self.snapshot()

    def __iter__(self) -> Iterator[Record]:
        """Walk the records of this moment, in order; writes made during the walk are not seen by it."""
        return iter(self.snapshot())

    # writing

    def put(self, record: Mapping[str, Any]) -> None:
        """Add a record, or replace the one with its key. Raises `RecordError`, having changed nothing.

        Costs 35 µs for a changed keyword, 40 to 120 µs for a new record at the top, up to 1.2 ms for one further
        down; 0.1 to 0.5 ms more where somebody still looks at the segment.
        """
        entry = self.schema.take(record)
        with self._writing:
            self._write({entry.key: entry})

    def put_many(self, records: Iterable[Mapping[str, Any]]) -> int:
        """Put a batch, whole or not at all; of records with one key the last counts. Returns how many were put.

        Raises `RecordError` that names the record by its number in the batch (from 1), having changed nothing.
        """
        entries = self._take_all(records)
        with self._writing:
            self._write(entries)
        return len(entries)

    def discard(self, key: str) -> bool:
        """Remove the record with this key; tells whether there was one. Costs 50 to 150 µs."""
        with self._writing:
            if key not in self:
                return False
            self._write({}, [key])
            return True

    def replace_all(self, records: Iterable[Mapping[str, Any]]) -> Changes:
        """Make `records` the whole content, by the smallest set of changes, whole or not at all.

        Readers go on meanwhile. Raises `RecordError` as `put_many` does.
        """
        entries = self._take_all(records)
        with self._writing:
            keys = self.snapshot()._state.keys
            gone = [key for key, _ in keys.items() if key not in entries]
            changed = {key: entry for key, entry in entries.items() if not _is_same(keys.get(key), entry.row)}
            added = sum(keys.get(key) is None for key in changed)
            self._write(changed, gone)
            return Changes(added, len(changed) - added, len(gone))

    # inside; whoever calls these holds the lock or is the one who writes, as each says

    def _view(self) -> Snapshot:
        """Return the snapshot of the present state, the same for all who ask. The lock is held."""
        if self._half is not None:
            self._mend()
        view = None if self._viewed is None else self._viewed()
        if view is None:
            view = Snapshot(self._state, self._version, self._seal)
            self._viewed = ref(view)
        return view

    def _keep(self, view: Snapshot) -> None:
        """Keep a state for the next page of a walk."""
        self._leases.grant(view.version, view)

    def _write(self, puts: Mapping[str, Entry], gone: Collection[str] = ()) -> None:
        """Make checked changes, in one step: the one door of all writes. The one who writes."""
        self._leases.end_old()
        with self._lock:
            self._view()
        keys = self._state.keys
        changed: list[Changed] = [(key, keys.get(key), None) for key in gone]
        changed += [(key, keys.get(key), entry.row) for key, entry in puts.items()]
        if not changed:
            return
        self._record(puts, gone)
        if len(changed) <= _BRIEF:
            self._write_in_place(puts, gone, changed)
        else:
            self._write_aside(puts, gone, changed)

    def _record(self, puts: Mapping[str, Entry], gone: Collection[str]) -> None:
        """Called with each write before it is made; what is raised here leaves the store as it was."""

    def _write_in_place(self, puts: Mapping[str, Entry], gone: Collection[str], changed: list[Changed]) -> None:
        """Change the present state itself; segments that somebody may look at are copied first."""
        if self._census is None:  # an interrupt has cut a larger write short
            self._census = Census.of(self._state)
        with self._lock:
            self._half = (puts, gone, changed)
            if self._viewed is not None and self._viewed() is not None:
                self._owner = object()
                self._state = self._state.fork()
            draft = self._draft(self._owner)
            draft.apply(puts, gone)
            self._publish(draft, changed)

    def _write_aside(self, puts: Mapping[str, Entry], gone: Collection[str], changed: list[Changed]) -> None:
        """Change a copy, readers going on, and put it in the place of the present state."""
        census = Census.of(self._state) if self._census is None else self._census
        with self._lock:
            self._census = None  # until it fits the state again, plans do without
            owner = object()
            draft = Draft(self._state.fork(), census, owner, self._segment_rows)
        draft.apply(puts, gone)
        with self._lock:
            self._owner = owner
            self._publish(draft, changed)

    def _draft(self, owner: object) -> Draft:
        return Draft(self._state, self._census or Census(self.schema), owner, self._segment_rows)

    def _publish(self, draft: Draft, changed: list[Changed]) -> None:
        """Make a draft the present state. The lock is held."""
        self._state, self._census = draft.finish(), draft.census
        self._version += 1
        self._history.add(self._version, changed)
        self._viewed = self._half = None

    def _mend(self) -> None:
        """Complete a write that an interrupt cut short, by building everything anew. The lock is held."""
        if self._half is not None:
            puts, gone, changed = self._half
            draft = self._draft(self._owner)
            draft.complete(puts, gone)
            self._publish(draft, changed)

    def _take_all(self, records: Iterable[Mapping[str, Any]]) -> dict[str, Entry]:
        """Check a whole batch, the last record of each key counting, before anything is touched."""
        if not isinstance(records, Iterable):
            raise RecordError(f"records must be a collection of mappings, not {type(records).__name__}")
        entries: dict[str, Entry] = {}
        for number, record in enumerate(records, 1):
            try:
                entry = self.schema.take(record)
            except RecordError as error:
                raise RecordError(f"{error.reason} (record {number} of the batch)", field=error.field) from None
            entries[entry.key] = entry
        return entries


def _is_same(old: Record | None, new: Record) -> bool:
    """Tell whether a record is the same in values and in their types: 1 is not True."""
    return old == new and old is not None and all(type(value) is type(new[name]) for name, value in old.items())
