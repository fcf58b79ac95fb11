"""Snapshots: the records of one moment, and every read of them."""

from collections.abc import Iterator

from instquery.contract import Prepared
from instquery.engine.cursors import Bookmark
from instquery.engine.plan import Plan
from instquery.engine.prepared import PreparedQuery, can_be_planned
from instquery.engine.view import View
from instquery.errors import QueryError
from instquery.instants import Moment
from instquery.options import brief, check_flag, counted
from instquery.predicates import Value, Where
from instquery.query import Clock, Page, Query, Record, dated, dated_by
from instquery.schema import Schema

__all__ = ["Snapshot"]


class Snapshot:
    """The records of one moment; answers every read of a store, and never changes.

    Made by `Store.snapshot`. It costs memory only for segments that the store has changed since,
    until nobody holds it any more. `version` is the store's number for this moment. Deltas are
    counted from the store's clock, which is read when the snapshot is asked.
    """

    __slots__ = ("_clock", "_view")

    def __init__(self, view: View, clock: Clock) -> None:
        self._view = view
        self._clock = clock

    @property
    def schema(self) -> Schema:
        """What the records hold."""
        return self._view.schema

    @property
    def version(self) -> int:
        """The number of writes that the store had taken."""
        return self._view.number

    def page(self, query: Query, cursor: str | None = None, *, live: bool = False) -> Page:
        """Return one page of the records that match, in order, with the exact total.

        With the `cursor` of another page the page that follows it, as seen from that page's now;
        then the query's offset does not count. `live` is for stores that go on; a snapshot stays as
        it is.

        Raises:
            QueryError: for a field that the schema lacks or that does not answer the predicate.
            CursorInvalid: for a cursor that is not of this query and this moment.

        """
        check_flag("live", live, QueryError)
        query, after = self._placed(query, cursor)
        return self._view.answer(query, self._view.explain(query), after)

    def prepare(self, query: Query, cursor: str | None = None, *, live: bool = False) -> Prepared:
        """Get a page ready, as `page` would answer it, without waiting for the page itself.

        Costs at most 50 µs: what would take longer to plan is planned by its page. `live` is for
        stores that go on; a snapshot stays as it is. Raises as `page` does.
        """
        check_flag("live", live, QueryError)
        query, after = self._placed(query, cursor)
        chosen = self._view.explain(query) if can_be_planned(query, self._view.segments) else None
        return PreparedQuery(self._view, query, chosen, after)

    def count(self, where: Where = (), *, now: Moment | None = None) -> int:
        """Count the records that match, exactly."""
        return self.page(Query(where, limit=0, now=now)).total or 0

    def facets(
        self, field: str, where: Where = (), *, now: Moment | None = None
    ) -> dict[Value, int]:
        """Count the matches by their value of a keyword field, the most frequent first."""
        query = dated_by(self._clock, Query(where, now=now))
        return self._view.facets(field, query.where, query.now)

    def explain(self, query: Query) -> Plan:
        """Return the plan by which a query would be answered now."""
        return self._view.explain(dated_by(self._clock, query))

    def get(self, key: str) -> Record | None:
        """Return a copy of the record with this key, or `None`."""
        return self._view.get(key)

    def _placed(self, query: Query, cursor: str | None) -> tuple[Query, Bookmark | None]:
        """Return the query with its now, and the place that a cursor names."""
        query = dated_by(self._clock, query)
        if cursor is None:
            return query, None
        after = self._view.open(cursor, query)
        return query if after.now is None else dated(query, after.now), after

    def __repr__(self) -> str:
        records = f"{counted(len(self), 'record')} by {brief(self.schema.key)}"
        return f"<Snapshot of {records}, version {self.version}>"

    def __len__(self) -> int:
        return len(self._view)

    def __contains__(self, key: object) -> bool:
        return key in self._view

    def __iter__(self) -> Iterator[Record]:
        return iter(self._view)
