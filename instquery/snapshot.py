"""Snapshots: the records of one moment, and every read of them."""

from collections.abc import Mapping, Sequence

from instquery.contract import Prepared
from instquery.engine.cursors import Bookmark
from instquery.engine.plan import Plan
from instquery.engine.prepared import PreparedQuery, can_be_planned
from instquery.engine.view import View
from instquery.errors import QueryError
from instquery.instants import Micros
from instquery.options import brief, check_flag, counted
from instquery.pages import Page
from instquery.predicates import Value
from instquery.query import Clock, Query, dated, dated_by
from instquery.reading import Reading
from instquery.schema import Schema

__all__ = ["Snapshot"]


class Snapshot(Reading):
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

    def explain(self, query: Query) -> Plan:
        """Return the plan by which a query would be answered now."""
        return self._view.explain(dated_by(self._clock, query))

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

    def _present(self) -> View:
        return self._view

    def _present_with(
        self,
        field: str,  # noqa: ARG002 - of a snapshot nothing is known beforehand
        key: str | None,  # noqa: ARG002
    ) -> tuple[View, Mapping[Value, int] | None]:
        return self._view, None

    def _present_with_bins(
        self,
        field: str,  # noqa: ARG002 - a snapshot keeps no census
        edges: Sequence[Micros],  # noqa: ARG002
    ) -> tuple[View, Sequence[int] | None]:
        return self._view, None

    def _clocked(self) -> Clock:
        return self._clock
