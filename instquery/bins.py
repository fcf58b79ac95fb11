"""Bins: the edges of a histogram, as a caller gives them and as instants."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count, islice, pairwise
from typing import TypeAlias

from dateutil.relativedelta import relativedelta

from instquery.bounds import AN_INSTANT, Bound, Delta, Given, Instant, bound_of
from instquery.errors import QueryError
from instquery.instants import Micros
from instquery.options import is_collection, told
from instquery.predicates import Predicate

__all__ = ["Bins", "Edges", "Every", "Histogram"]

Every: TypeAlias = timedelta | relativedelta
"""The width of a bin."""

Edges: TypeAlias = Iterable[Given]
"""Instants at which bins begin and end."""

_MOST = 10_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Histogram(list[int]):
    """How many records lie in each bin: bin i holds what is from `edges[i]` to before the next."""

    edges: list[datetime]
    """In UTC, one more than there are bins."""

    def __init__(self, counts: Iterable[int], edges: Iterable[Micros]) -> None:
        super().__init__(counts)
        self.edges = [_EPOCH + timedelta(microseconds=at) for at in edges]

    def __reduce__(self) -> tuple[object, ...]:
        return _restored, (list(self), self.edges)


def _restored(counts: list[int], edges: list[datetime]) -> Histogram:
    histogram = Histogram(counts, ())
    histogram.edges = edges
    return histogram


class Bins:
    """The bins that are asked for: by their edges, or one after the other from an instant on.

    Raises `QueryError` for what is neither, or both; `micros` does for what is wrong with their
    values.
    """

    def __init__(
        self,
        field: str,
        edges: Edges | None,
        every: Every | None,
        since: Given | None,
        until: Given | None,
    ) -> None:
        self._field = field
        self._every: Delta | None = None
        if (edges is None) is (every is None):
            raise QueryError("a histogram takes either edges, or every with since and until")

        if edges is not None:
            if since is not None or until is not None:
                raise QueryError("since and until go with every: edges say where bins end")
            if not is_collection(edges):
                reason = f"edges takes a collection of instants, not {told(edges)}{_cure(edges)}"
                raise QueryError(reason)
            listed = list(islice(edges, _MOST + 2))
            self._bounds = [self._bound("edges", edge) for edge in listed]
            if not listed:
                raise QueryError("edges must hold at least one instant", field=field)
            if len(listed) > _MOST + 1:
                raise self._too_many()
            return

        if since is None or until is None:
            raise QueryError("every takes since and until, between which bins lie", field=field)
        self._every = self._width(every)
        self._bounds = [self._bound("since", since), self._bound("until", until)]

    @property
    def is_relative(self) -> bool:
        """Whether an edge is counted from now."""
        return any(isinstance(bound, Delta) for bound in self._bounds)

    def micros(self, now: Micros | None) -> list[Micros]:
        """Return the edges, ascending."""
        try:
            edges = [bound.micros(now) for bound in self._bounds]
        except ValueError as error:
            reason = f"an edge {error}"
            raise QueryError(reason, field=self._field, code="query.value") from None
        for first, second in pairwise(edges):
            # A stretch of no length is no bin, where edges are made: there is one edge then.
            if first > second or (first == second and self._every is None):
                raise self._not_ascending(first, second)
        return edges if self._every is None else self._steps(self._every, *edges)

    def _steps(self, every: Delta, since: Micros, until: Micros) -> list[Micros]:
        """Return since + k * every for each k, up to until.

        It is counted k-fold: 31 January and two months is 31 March, though one is 28 February.
        """
        edges = [since]
        for times in count(1):
            if edges[-1] >= until:
                return edges
            if times > _MOST:
                raise self._too_many()
            step = Delta.cut(every.months * times, every.microseconds * times)
            at = min(until, step.micros(since))
            if at <= edges[-1]:
                raise self._too_narrow()
            edges.append(at)
        return edges

    def _bound(self, name: str, value: object) -> Bound:
        try:
            return bound_of(value, AN_INSTANT)
        except ValueError as error:
            reason = f"{name} {error}{_cure(value)}"
            raise QueryError(reason, field=self._field, code="query.value") from None

    def _width(self, every: object) -> Delta:
        if not isinstance(every, timedelta | relativedelta):
            reason = f"every must be a timedelta or relativedelta, not {told(every)}"
            raise QueryError(reason, field=self._field, code="query.value")
        try:
            delta = Delta.of(every)
        except ValueError as error:
            raise QueryError(f"every {error}", field=self._field, code="query.value") from None
        if delta.micros(0) <= 0:
            raise self._too_narrow()
        return delta

    def _not_ascending(self, first: Micros, second: Micros) -> QueryError:
        names = "edges" if self._every is None else "since and until"
        reason = f"{names} must ascend, and {Instant(second)} follows {Instant(first)}"
        return QueryError(reason, field=self._field, code="query.value")

    def _too_narrow(self) -> QueryError:
        reason = "every must be more than nothing"
        return QueryError(reason, field=self._field, code="query.value")

    def _too_many(self) -> QueryError:
        reason = f"a histogram has up to {_MOST:,} bins"
        return QueryError(reason, field=self._field, code="query.value")


def _cure(given: object) -> str:
    """Say where predicates go, which other counts take as their second argument."""
    return ": where= takes predicates" if isinstance(given, Predicate) else ""
