"""Snapshots: the records of one moment, and every read of them."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from instquery.engine.cursors import Position, Seal, fingerprint
from instquery.engine.keys import Keys
from instquery.engine.plan import Plan, plan
from instquery.engine.search import facets, resume, search
from instquery.engine.state import State
from instquery.errors import CursorInvalid, QueryError
from instquery.predicates import Predicate, Value, conditions
from instquery.query import Page, Query, Record

__all__ = ["Snapshot", "checked"]

Keep = Callable[["Snapshot"], None]
"""What has a snapshot kept for the next page of a walk."""


class Snapshot:
    """The records of one moment; answers every read of a store, and never changes.

    Made by `Store.snapshot`. It costs memory only for segments that the store has changed since, until
    nobody holds it any more. `version` is the store's number for this moment.
    """

    __slots__ = ("__weakref__", "_seal", "_state", "version")

    def __init__(self, state: State, version: int, seal: Seal) -> None:
        self._state = state
        self._seal = seal
        self.version = version

    @property
    def rows(self) -> Keys:
        """The directory of the rows, as they are kept."""
        return self._state.keys

    def page(self, query: Query, cursor: str | None = None) -> Page:
        """Return one page of the records that match, in order, with the exact total.

        With the `cursor` of another page the page that follows it; then the query's offset does not count.
        Raises `QueryError` for a field that the schema lacks or that does not answer the predicate,
        `CursorInvalid` for a cursor that is not of this query and this moment.
        """
        chosen = self.explain(query)
        if cursor is None:
            return self.answer(query, chosen)
        after = self._seal.open(cursor, query.where, self._state.schema)
        if (after.version, after.epoch) != (self.version, self._seal.epoch):
            raise CursorInvalid("was issued for another state of the store")
        return self.answer(query, chosen, after)

    def count(self, where: Iterable[Predicate] = ()) -> int:
        """Count the records that match, exactly."""
        return self.page(Query(conditions(where), limit=0)).total or 0

    def facets(self, field: str, where: Iterable[Predicate] = ()) -> dict[Value, int]:
        """Count the records that match by their value of a keyword field, the most frequent value first."""
        return facets(self._state, field, where)

    def explain(self, query: Query) -> Plan:
        """Return the plan by which a query would be answered now."""
        return plan(checked(query), self._state)

    def get(self, key: str) -> Record | None:
        """Return a copy of the record with this key, or `None`."""
        row = self._state.keys.get(key)
        return None if row is None else row.copy()

    def __len__(self) -> int:
        return self._state.count

    def __contains__(self, key: object) -> bool:
        return self._state.keys.get(key) is not None

    def __iter__(self) -> Iterator[Record]:
        return (row.copy() for row in self._state)

    def answer(
        self,
        query: Query,
        chosen: Plan,
        after: Position | None = None,
        keep: Keep | None = None,
    ) -> Page:
        """Carry out a plan from the beginning or from behind a position; `keep` is called once a cursor is made."""
        total: int | None
        if after is None:
            rows, total = search(self._state, query, chosen, 0 if query.total else 1)
            follows = len(rows) > query.limit if total is None else query.offset + len(rows) < total
        else:
            rows, total = resume(self._state, query, chosen, (after.rank, after.key)), self._total(query, after)
            follows = len(rows) > query.limit
        del rows[query.limit :]
        cursor = partial(self._cursor, query, rows[-1], total, after, keep) if follows and rows else None
        return Page([row.copy() for row in rows], total, cursor, self.version)

    def _total(self, query: Query, after: Position) -> int | None:
        """Count all matches of a walk's query, unless its first page has."""
        if not query.total:
            return None
        is_same = (after.version, after.epoch) == (self.version, self._seal.epoch)
        return after.total if is_same and after.total is not None else self.count(query.where)

    def _cursor(
        self,
        query: Query,
        last: Record,
        total: int | None,
        after: Position | None,
        keep: Keep | None,
    ) -> str:
        """Write where a walk has come to, and have this snapshot kept for its next page."""
        schema = self._state.schema
        now = after.now if query.now is None and after is not None else query.now
        asked = fingerprint(query.where, schema)
        place = (schema.rank(last), last[schema.key])
        if keep is not None:
            keep(self)
        return self._seal.write(Position(*place, asked, now, self.version, self._seal.epoch, total))


def checked(query: Query) -> Query:
    """Return the query, if it is one."""
    if not isinstance(query, Query):
        raise QueryError(f"ask with a Query, not with {type(query).__name__}")
    return query
