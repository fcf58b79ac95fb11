"""The store: writes, and every read, by any number of threads."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from instquery.contract import Change, Changes, Holdings, Prepared
from instquery.engine.current import Current
from instquery.engine.cursors import Bookmark, Signer
from instquery.engine.diff import Difference
from instquery.engine.journal import Journal
from instquery.engine.plan import Plan
from instquery.engine.prepared import PreparedQuery, can_be_planned
from instquery.engine.view import View
from instquery.engine.writer import SEGMENT_ROWS
from instquery.errors import CursorExpired, QueryError
from instquery.instants import Micros, Moment
from instquery.leases import Leases
from instquery.options import brief, check_flag, check_kind, check_whole, counted
from instquery.pages import Page
from instquery.predicates import Value, Where
from instquery.query import Clock, Query, dated, dated_by, system_clock
from instquery.reading import Reading
from instquery.schema import Entry, Schema, take_all, take_batch
from instquery.settings import check_options
from instquery.snapshot import Snapshot
from instquery.updates import Update, keys_of, removal
from instquery.watch import Watch, Watchable

__all__ = ["SEGMENT_ROWS", "Snapshot", "Store", "check_options"]


class Store(Reading):
    """Records in one order, indexed for every query their schema allows.

    Writes are checked before anything is touched: a batch is taken in whole or not at all. Records
    are copied in and copied out, so that nobody outside can change them.

    Any number of threads may read and write. Writes come one after the other, and each is one step:
    a read sees all of it or nothing. A write that has returned is seen by every read that begins
    afterwards, and each read is of one moment: that at which it began. A read waits for no more
    than one brief write, a write for other writes and never for a read; what a reader still looks
    at is copied, not changed.

    >>> from instquery import Order, instant, text
    >>> fields = {"id": text(), "created": instant()}
    >>> schema = Schema(key="id", order=Order("created"), fields=fields)
    >>> store = Store(schema, [{"id": "i-1", "created": "2026-01-01T00:00:00Z"}])
    >>> store.put({"id": "i-2", "created": "2026-01-02T00:00:00Z"})
    >>> [item["id"] for item in store.page(Query()).items]
    ['i-2', 'i-1']
    """

    def __init__(  # noqa: PLR0913 - independent options, all but two by name
        self,
        schema: Schema,
        records: Iterable[Mapping[str, Any]] = (),
        *,
        leases: Leases[Any] | None = None,
        cursor_key: bytes | None = None,
        history: int = 10_000,
        clock: Clock = system_clock,
        segment_rows: int = SEGMENT_ROWS,
        journal: Journal | None = None,
    ) -> None:
        """Make a store of `records`; costs 12 µs a record, and 5 to 10 µs more for each text field.

        `leases` bounds how long and how many states are kept for cursors, which `cursor_key` signs
        (by default one of this store's own; `secrets.token_bytes(32)` makes one to be kept).
        Several stores may share them, and each takes its own cursors only. `history` is how many
        changes `changes` can tell. `clock` gives the now that deltas are counted from.
        `segment_rows` is how many rows share one row set; other values than the default are for
        tests. `journal` is told of each write before it is made: see `DurableStore`. Raises
        `RecordError`, and for wrong options as `check_options` does.
        """
        given = {"leases": leases, "cursor_key": cursor_key, "history": history, "clock": clock}
        check_options(schema, **given, segment_rows=segment_rows)
        check_kind("journal", journal, (Journal, type(None)), "a Journal")
        self._schema = schema
        self._leases: Leases[View] = Leases() if leases is None else leases
        self._signer = Signer(cursor_key)
        self._clock = clock
        self._current = Current(
            schema,
            take_batch(schema, records),
            signer=self._signer,
            history=history,
            segment_rows=segment_rows,
            journal=journal,
        )

    @property
    def schema(self) -> Schema:
        """What the records of this store hold."""
        return self._schema

    @property
    def version(self) -> int:
        """The number of writes so far; a batch is one."""
        return self._current.number

    @property
    def holdings(self) -> Holdings:
        """What the store holds at present. Costs 1 µs, and 0.1 µs for each state that is kept."""
        self._leases.end_old()
        current = self._current
        return Holdings(len(current.view()), current.earlier(), len(self._leases))

    # reading

    def page(self, query: Query, cursor: str | None = None, *, live: bool = False) -> Page:
        """Return one page of the records that match, in order, with the exact total.

        See `Snapshot.page`.

        With a `cursor` the page that follows, from the state that the walk's first page was read
        from and as seen from its now: each record once, whatever is written meanwhile. Raises
        `CursorExpired` once that state is no longer kept, unless `live`: then the walk goes on from
        the same place in the present state, repeats nothing whose creation stays the same, and may
        miss what was written since.
        """
        query, view, after = self._placed(query, cursor, live=live)
        if view is not None:
            return view.answer(query, view.explain(query), after, self._keep)
        view, chosen = self._current.planned(query)
        return view.answer(query, chosen, after, self._keep)

    def prepare(self, query: Query, cursor: str | None = None, *, live: bool = False) -> Prepared:
        """Get a page ready, as `page` would answer it, without waiting for the page itself.

        Costs at most 50 µs: a query of more than 64 predicates or 1,000 values is planned by its
        page. Raises as `page` does.
        """
        query, view, after = self._placed(query, cursor, live=live)
        if view is not None:
            is_planned = can_be_planned(query, view.segments)
            chosen = view.explain(query) if is_planned else None
        elif can_be_planned(query):
            view, chosen = self._current.planned(query)
        else:
            view, chosen = self._current.view(), None
        return PreparedQuery(view, query, chosen, after, self._keep)

    def explain(self, query: Query) -> Plan:
        """Return the plan by which a query would be answered now."""
        return self._current.planned(dated_by(self._clock, query))[1]

    def moment(self, cursor: str) -> int | None:
        """Return the `now` of a walk's query, in microseconds, to repeat it for page 2."""
        return self._signer.read(cursor).now

    def snapshot(self) -> Snapshot:
        """Return the present records as they will stay in this snapshot; costs 1 µs at any size."""
        return Snapshot(self._current.view(), self._clock)

    def changes(self, since: int) -> list[Change]:
        """List what the writes after version `since` have changed, in their order.

        Raises `HistoryGap` where they are no longer all known: then take a snapshot and go on from
        its version.
        """
        check_whole("since", since, least=None, error=QueryError)
        return self._current.changes(since)

    def watch(self, where: Watchable) -> Watch:
        """Return a watch of the records that match.

        `where` may be a function of now. See `Watch.poll`.
        """
        return Watch(self, self.schema, self._clock, where)

    def verify(self) -> list[str]:
        """Check every index and total against the records, and name what differs.

        An empty list: all is well.

        Readers go on, writers wait. Costs about as much as a load.
        """
        return self._current.faults()

    def __repr__(self) -> str:
        records = f"{counted(len(self), 'record')} by {brief(self.schema.key)}"
        return f"<{type(self).__name__} of {records}, version {self.version}>"

    # writing

    def put(self, record: Mapping[str, Any]) -> None:
        """Add a record, or replace the one with its key.

        Raises `RecordError`, having changed nothing.

        Costs 35 µs for a changed keyword, 40 to 120 µs for a new record at the top, up to 1.2 ms
        for one further down; up to 0.2 ms more where somebody still looks at the segment.
        """
        entry = self.schema.take(record)
        self._write({entry.key: entry})

    def put_many(self, records: Iterable[Mapping[str, Any]]) -> int:
        """Put a batch, whole or not at all.

        Of records with one key the last counts. Returns how many were put.

        Raises `RecordError` that names the record by its number in the batch (from 1), having
        changed nothing.
        """
        entries = take_batch(self.schema, records)
        self._write(entries)
        return len(entries)

    def update(
        self,
        key: str,
        members: Mapping[str, Any],
        *,
        expect: Mapping[str, Any] | None = None,
    ) -> bool:
        """Replace members of the record with this key; the others stay.

        Args:
            key: whose record; it cannot be changed.
            members: each replaces the whole member of its name or alias; `None` takes it out.
            expect: the values that members must have now, compared by `==`; an absent member
                equals `None`. Of several writers that expect the same, one wins.

        Returns:
            Whether the key is there; otherwise nothing is done.

        Raises:
            Conflict: where a member has another value than expected. Nothing is changed.
            RecordError: where the record would not fit the schema, as `put` does.

        Costs as much as `put`, and a look-up.

        """
        wanted = Update.of(self.schema, key, members, expect)
        is_there = False

        def revise(view: View) -> tuple[dict[str, Entry], tuple[()]]:
            nonlocal is_there
            record = view.directory.get(key)
            is_there = record is not None
            entry = None if record is None else wanted.applied_to(record)
            return ({} if entry is None else {entry.key: entry}), ()

        self._leases.end_old()
        self._current.revise(revise)
        return is_there

    def discard(self, key: str) -> bool:
        """Remove the record with this key; tells whether there was one. Costs 50 to 150 µs."""
        return self._discard(lambda view: [key] if key in view else []) > 0

    def discard_many(self, keys: Iterable[str]) -> int:
        """Remove the records with these keys, in one step; returns how many there were.

        Raises `RecordError` for what is no collection of keys, such as one key.
        """
        named = keys_of(keys)
        return self._discard(lambda view: [key for key in named if key in view])

    def discard_where(self, where: Where, *, now: Moment | None = None) -> int:
        """Remove the records that match, in one step; returns how many there were.

        `now` is what deltas are counted from. Raises `QueryError` where there are no predicates:
        `replace_all([])` removes every record.
        """
        query = dated_by(self._clock, removal(where, now))
        return self._discard(lambda view: view.keys(query))

    def replace_all(self, records: Iterable[Mapping[str, Any]]) -> Changes:
        """Make `records` the whole content, by the smallest set of changes, whole or not at all.

        Readers go on meanwhile. Raises `RecordError` as `put_many` does.
        """
        entries = take_all(self.schema, records)
        difference = Difference.read(self.schema, self._current.view(), entries)
        with self._current.writing:
            present = self._current.view()
            changed, gone = difference.against(present)
            added = sum(present.directory.get(key) is None for key in changed)
            self._write(changed, gone)
            return Changes(added, len(changed) - added, len(gone))

    # inside

    def _present(self) -> View:
        return self._current.view()

    def _present_with(self, field: str, key: str | None) -> tuple[View, Mapping[Value, int] | None]:
        return self._current.counted(field, key)

    def _present_with_bins(
        self, field: str, edges: Sequence[Micros]
    ) -> tuple[View, Sequence[int] | None]:
        return self._current.binned(field, edges)

    def _clocked(self) -> Clock:
        return self._clock

    def _discard(self, find: Callable[[View], list[str]]) -> int:
        """Remove the records whose keys are found, in one step; return how many there were."""
        self._leases.end_old()
        return self._current.revise(lambda view: ({}, find(view)))

    def _write(self, puts: Mapping[str, Entry], gone: Iterable[str] = ()) -> None:
        self._leases.end_old()
        self._current.write(puts, list(gone))

    def _placed(
        self, query: Query, cursor: str | None, *, live: bool
    ) -> tuple[Query, View | None, Bookmark | None]:
        """Return the query with its now, the state to read, and the cursor's place."""
        if live is not False:  # which costs less than to ask
            check_flag("live", live, QueryError)
        query = dated_by(self._clock, query)
        if cursor is None:
            return query, None, None

        after = self._signer.open(cursor, query, self.schema)
        if after.now is not None:
            query = dated(query, after.now)
        kept = self._leases.find((self._signer, after.epoch))
        if kept is None and not live:
            raise CursorExpired(
                "the state that this walk began with is not kept here, or no longer: "
                "go on from the same place with live=True"
            )
        return query, kept, after

    def _keep(self, view: View) -> None:
        """Keep a state for the next page of a walk."""
        # Other stores may be handed the same leases. The signer is this store's own, the epoch this
        # state's.
        self._leases.grant((self._signer, view.epoch), view)
