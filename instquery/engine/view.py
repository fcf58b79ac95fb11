"""Views: what one version of a store answers, for rooms that may see records as they are kept."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from instquery.engine.cursors import Bookmark, Signer, fingerprint
from instquery.engine.directory import Directory
from instquery.engine.plan import Plan, plan
from instquery.engine.search import facets, histogram, resume, search
from instquery.engine.selection import selected
from instquery.engine.version import Version
from instquery.errors import CursorInvalid
from instquery.instants import Micros
from instquery.pages import Page, picked
from instquery.predicates import Value
from instquery.query import Query, Record, dated, trusted_query
from instquery.schema import Schema

__all__ = ["Keep", "View"]

Keep: TypeAlias = Callable[["View"], None]
"""Keeps a view for the next page of a walk."""


class View:
    """The records of one version, as they are kept; it never changes.

    A live view protects its version from writes in place; a reference to the version alone does
    not. So every reader holds the view. That costs memory only for segments that the store has
    changed since. Queries come with their now, if they need one.
    """

    __slots__ = ("__weakref__", "_signer", "version")

    def __init__(self, version: Version, signer: Signer) -> None:
        self._signer = signer
        self.version = version
        """The version that answers are read from."""

    # what it is of

    @property
    def number(self) -> int:
        """The number of the version."""
        return self.version.number

    @property
    def epoch(self) -> str:
        """The name of the version among all versions of all stores."""
        return self.version.epoch

    @property
    def schema(self) -> Schema:
        """What the records hold."""
        return self.version.schema

    @property
    def directory(self) -> Directory:
        """The directory of the records, as they are kept."""
        return self.version.directory

    @property
    def segments(self) -> int:
        """How many segments a plan may have to ask."""
        return len(self.version.segments)

    # reading

    def get(self, key: str) -> Record | None:
        """Return a copy of the record with this key, or `None`."""
        record = self.version.directory.get(key)
        return None if record is None else record.copy()

    def keys(self, query: Query) -> list[str]:
        """List the keys of the records on a query's page, without a copy of any."""
        key = self.schema.key
        records, _ = search(self.version, query, self.explain(query))
        return [record[key] for record in records]

    def __len__(self) -> int:
        return self.version.count

    def __contains__(self, key: object) -> bool:
        return self.version.directory.get(key) is not None

    def __iter__(self) -> Iterator[Record]:
        # A function of its own holds the view, so that writes copy what the walk has yet to read.
        for record in self.version:
            yield record.copy()

    def explain(self, query: Query) -> Plan:
        """Return the plan by which a query is answered."""
        return plan(query, self.version)

    def facets(
        self,
        field: str | tuple[str, ...],
        query: Query,
        known: Mapping[Value, int] | None = None,
        *,
        key: str | None = None,
        missing: bool = False,
        limit: int | None = None,
    ) -> dict[Any, int]:
        """Count the records that match by their value of a keyword field; see `search.facets`."""
        return facets(self.version, field, query, known, key=key, missing=missing, limit=limit)

    def histogram(self, field: str, edges: Sequence[Micros], query: Query) -> list[int]:
        """Count the records that match by bins of an instant."""
        return histogram(self.version, field, edges, query)

    def select(self, query: Query) -> Iterator[Record]:
        """Walk all records that match, in order. The query is checked when this is called."""
        return self._selected(query, self.explain(query))

    def _selected(self, query: Query, chosen: Plan) -> Iterator[Record]:
        # As in `__iter__`: the view is held.
        for record in selected(self.version, query, chosen):
            yield _copy(record, query.fields)

    def open(self, cursor: str, query: Query) -> Bookmark:
        """Return the bookmark of a cursor for this query and version. Raises `CursorInvalid`."""
        after = self._signer.open(cursor, query, self.schema)
        if after.epoch != self.epoch:
            raise CursorInvalid(
                "the cursor was issued for another state of the store: ask the store, or the "
                "snapshot that it is of"
            )
        return after

    def answer(
        self,
        query: Query,
        chosen: Plan,
        after: Bookmark | None = None,
        keep: Keep | None = None,
    ) -> Page:
        """Carry out a plan, from the beginning or from behind a bookmark.

        `keep` is called once a cursor is made.
        """
        came = query.offset
        if after is not None:
            records, came = self._resumed(query, chosen, after)
            total = self._total(query, chosen, after)
            follows = len(records) > query.limit
        else:
            extra = 0 if query.total else 1
            records, total = search(self.version, query, chosen, extra)
            shown = query.offset + len(records)
            follows = len(records) > query.limit if total is None else shown < total

        del records[query.limit :]
        cursor: Callable[[], str] | None = None
        if follows and records:
            came += len(records)
            cursor = partial(self._cursor, query, records[-1], total, came, keep)
        return Page(
            partial(_copies, records, query.fields), total, cursor, self.number, self.version.plain
        )

    def _resumed(self, query: Query, chosen: Plan, after: Bookmark) -> tuple[list[Record], int]:
        """Return the records of a page behind a bookmark, and one more; and how many came before.

        In the version that the page before was read from, that is exact. In the order of rows it
        may be any other.
        """
        if chosen.is_own or after.epoch != self.epoch:
            records, came = resume(self.version, query, chosen, after.place)
            return records, after.came if came is None else came

        # The place is known by its number, which costs less to find than what is behind a record.
        uncounted = trusted_query(query.where, after.came, query.limit, total=False, now=query.now)
        return search(self.version, uncounted, chosen, 1)[0], after.came

    def _total(self, query: Query, chosen: Plan, after: Bookmark) -> int | None:
        """Count all matches of a walk's query, unless its first page has."""
        if not query.total:
            return None
        if after.epoch == self.epoch and after.total is not None:
            return after.total

        counted = dated(Query(query.where, limit=0), query.now)
        return search(self.version, counted, chosen)[1]

    def _cursor(
        self, query: Query, last: Record, total: int | None, came: int, keep: Keep | None
    ) -> str:
        """Write where a walk has come to, and have this view kept for its next page."""
        values, key = self.schema.ordering_of(query.order).place(last)
        bookmark = Bookmark(
            values=values,
            key=key,
            query=fingerprint(query.where, self.schema, query.order),
            now=query.now,
            epoch=self.epoch,
            total=total,
            came=came,
        )
        if keep is not None:
            keep(self)
        return self._signer.write(bookmark)


def _copies(records: list[Record], fields: tuple[str, ...] | None) -> list[Record]:
    """Copy the records of a page for whoever asked for it; rows are never changed in place."""
    if fields is None:
        return [record.copy() for record in records]
    return [_copy(record, fields) for record in records]


def _copy(record: Record, fields: tuple[str, ...] | None) -> Record:
    """Copy the members of a record that are asked for.

    Only a row that is a plain dict has nothing in it that could be changed: see `rows`.
    """
    if fields is None:
        return record.copy()
    return picked(record if type(record) is dict else record.copy(), fields)
