"""Views: what one version of a store answers, for rooms that may see rows as they are kept."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from instquery.engine.cursors import Bookmark, Signer, fingerprint
from instquery.engine.directory import Directory
from instquery.engine.plan import Plan, plan
from instquery.engine.search import facets, resume, search
from instquery.engine.version import Place, Version
from instquery.errors import CursorInvalid
from instquery.predicates import Predicate, Value
from instquery.query import Page, Query, Record, dated
from instquery.schema import Schema

__all__ = ["View"]

Keep = Callable[["View"], None]
"""Keeps a view for the next page of a walk."""


class View:
    """The records of one version, as they are kept; it never changes.

    Costs memory only for segments that the store has changed since, until nobody holds it any more.
    Queries come with their now, if they need one.
    """

    __slots__ = ("__weakref__", "_signer", "_version", "epoch", "number")

    def __init__(self, version: Version, number: int, signer: Signer, epoch: str) -> None:
        self._version = version
        self._signer = signer
        self.number = number
        self.epoch = epoch
        """Names the version among all versions of all stores."""

    @property
    def schema(self) -> Schema:
        """What the records hold."""
        return self._version.schema

    @property
    def directory(self) -> Directory:
        """The directory of the records, as they are kept."""
        return self._version.directory

    @property
    def version(self) -> Version:
        """The version that answers are read from."""
        return self._version

    @property
    def segments(self) -> int:
        """How many segments a plan may have to ask."""
        return len(self._version.segments)

    def explain(self, query: Query) -> Plan:
        """Return the plan by which a query is answered."""
        return plan(query, self._version)

    def facets(
        self,
        field: str,
        where: Iterable[Predicate],
        now: int | None,
        known: Mapping[Value, int] | None = None,
    ) -> dict[Value, int]:
        """Count the records that match by their value of a keyword field; see `search.facets`."""
        return facets(self._version, field, where, now, known)

    def open(self, cursor: str, query: Query) -> Bookmark:
        """Return the bookmark of a cursor for this query and this version. Raises `CursorInvalid`."""
        after = self._signer.open(cursor, query.where, self.schema)
        if after.epoch != self.epoch:
            raise CursorInvalid("was issued for another state of the store")
        return after

    def get(self, key: str) -> Record | None:
        """Return a copy of the record with this key, or `None`."""
        record = self._version.directory.get(key)
        return None if record is None else record.copy()

    def __len__(self) -> int:
        return self._version.count

    def __contains__(self, key: object) -> bool:
        return self._version.directory.get(key) is not None

    def __iter__(self) -> Iterator[Record]:
        return (record.copy() for record in self._version)

    def answer(
        self,
        query: Query,
        chosen: Plan,
        after: Bookmark | None = None,
        keep: Keep | None = None,
    ) -> Page:
        """Carry out a plan from the beginning or from behind a bookmark; `keep` is called once a cursor is made."""
        total: int | None
        if after is None:
            records, total = search(self._version, query, chosen, 0 if query.total else 1)
            follows = len(records) > query.limit if total is None else query.offset + len(records) < total
        else:
            records = resume(self._version, query, chosen, (after.rank, after.key))
            total = self._total(query, chosen, after)
            follows = len(records) > query.limit

        del records[query.limit :]
        cursor = partial(self._cursor, query, records[-1], total, keep) if follows and records else None
        return Page([record.copy() for record in records], total, cursor, self.number)

    def _total(self, query: Query, chosen: Plan, after: Bookmark) -> int | None:
        """Count all matches of a walk's query, unless its first page has."""
        if not query.total:
            return None
        if after.epoch == self.epoch and after.total is not None:
            return after.total
        counted = dated(Query(query.where, limit=0), query.now)
        return search(self._version, counted, chosen)[1]

    def _cursor(self, query: Query, last: Record, total: int | None, keep: Keep | None) -> str:
        """Write where a walk has come to, and have this view kept for its next page."""
        place: Place = (self.schema.rank(last), last[self.schema.key])
        asked = fingerprint(query.where, self.schema)
        if keep is not None:
            keep(self)
        return self._signer.write(Bookmark(*place, asked, query.now, self.epoch, total))
