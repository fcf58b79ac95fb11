"""The reads that a store in memory and a snapshot of it have in common: each asks one view."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from instquery.bins import Bins, Edges, Every, Histogram
from instquery.bounds import Given
from instquery.engine.view import View
from instquery.errors import QueryError
from instquery.instants import Micros, Moment
from instquery.options import check_flag
from instquery.pages import Page
from instquery.predicates import Value, Where
from instquery.query import (
    Clock,
    Ordered,
    Query,
    Record,
    check_limit,
    dated,
    dated_by,
    moment_of,
    selection,
)
from instquery.schema import Schema

__all__ = ["Reading"]


class Reading(ABC):
    """Reads of one view: which one, the class that is derived from it says."""

    __slots__ = ()

    @property
    @abstractmethod
    def schema(self) -> Schema:
        """What the records hold."""

    @abstractmethod
    def page(self, query: Query, cursor: str | None = None, *, live: bool = False) -> Page:
        """Return one page of the records that match."""

    @abstractmethod
    def _present(self) -> View:
        """Return the view that is read."""

    @abstractmethod
    def _present_with(self, field: str, key: str | None) -> tuple[View, Mapping[Value, int] | None]:
        """Return the view, and all records by value of a field where that is known."""

    @abstractmethod
    def _present_with_bins(
        self, field: str, edges: Sequence[Micros]
    ) -> tuple[View, Sequence[int] | None]:
        """Return the view, and all records by bins of an instant where that is known."""

    @abstractmethod
    def _clocked(self) -> Clock:
        """Return the clock that tells now."""

    def count(self, where: Where = (), *, now: Moment | None = None) -> int:
        """Count the records that match, exactly; `now` is what deltas are counted from."""
        return self.page(Query(where, limit=0, now=now)).total or 0

    def facets(
        self,
        field: str | tuple[str, ...],
        where: Where = (),
        *,
        key: str | None = None,
        missing: bool = False,
        limit: int | None = None,
        now: Moment | None = None,
    ) -> dict[Any, int]:
        """Count the matches by their value of a keyword field, the most frequent first.

        A record of many values counts once for each of them; one of tags for each of their keys.

        Args:
            field: its name; or a tuple of up to four, by whose combinations records are counted.
                Keys are tuples then, and a record counts that has all of the fields.
            where: a predicate, or any collection of them.
            key: of a tags field, the key by whose values records are counted.
            missing: whether records without a value count too, under `None`.
            limit: how many values are handed out at the most; by default all.
            now: what deltas are counted from.

        Raises:
            QueryError: for a field that is no keyword and no tags of the schema.

        """
        self.schema.facet_fields(field, key)
        check_limit(limit)
        check_flag("missing", missing, QueryError)
        query = dated_by(self._clocked(), Query(where, now=now))
        if query.where or isinstance(field, tuple):
            return self._present().facets(field, query, key=key, missing=missing, limit=limit)
        view, known = self._present_with(field, key)
        return view.facets(field, query, known, key=key, missing=missing, limit=limit)

    def histogram(  # noqa: PLR0913 - independent options, all but three by name
        self,
        field: str,
        edges: Edges | None = None,
        where: Where = (),
        *,
        every: Every | None = None,
        since: Given | None = None,
        until: Given | None = None,
        now: Moment | None = None,
    ) -> Histogram:
        """Count the matches by bins of an instant: a list that has its `edges` too.

        Args:
            field: the name of an instant field.
            edges: instants, ascending. Bin i is from `edges[i]` on and before `edges[i + 1]`.
            where: a predicate, or any collection of them.
            every: makes the edges `since` + k * every, in UTC; the last is cut to `until`.
            since: where the first bin begins.
            until: where the last one ends.
            now: what deltas are counted from, those of bounds included.

        Raises:
            QueryError: for another field, edges that do not ascend, and more than 10,000 bins.

        """
        self.schema.check_histogram(field)
        bins = Bins(field, edges, every, since, until)
        query = dated_by(self._clocked(), Query(where, now=now))
        if bins.is_relative and query.now is None:
            query = dated(query, moment_of(self._clocked()()))
        edges = bins.micros(query.now)
        if query.where:
            return Histogram(self._present().histogram(field, edges, query), edges)
        view, known = self._present_with_bins(field, edges)
        return Histogram(view.histogram(field, edges, query) if known is None else known, edges)

    def select(
        self,
        where: Where = (),
        *,
        order: Ordered = None,
        fields: Iterable[str] | None = None,
        now: Moment | None = None,
    ) -> Iterator[Record]:
        """Walk all records that match, in order, copied one by one.

        They are of the moment at which `select` is called, whatever is written on the way; and what
        is wrong with the query is raised then. Costs 1 µs a record, in another order than the
        schema's up to 3 µs.
        """
        query = dated_by(self._clocked(), selection(where, order, fields, now))
        return self._present().select(query)

    def get(self, key: str) -> Record | None:
        """Return a copy of the record with this key, or `None`."""
        return self._present().get(key)

    def __len__(self) -> int:
        return len(self._present())

    def __contains__(self, key: object) -> bool:
        return key in self._present()

    def __iter__(self) -> Iterator[Record]:
        """Walk the records of this moment, in order.

        Writes made during the walk are not seen by it.
        """
        return iter(self._present())
