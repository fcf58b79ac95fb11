"""What every store promises, in protocols: rooms above ask for these and for nobody's type.

A store `Reads`. One that takes records in `Writes` too. One that can still show an old state
`Keeps`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from instquery.bins import Edges, Every, Histogram
from instquery.bounds import Given
from instquery.instants import Moment
from instquery.pages import Page
from instquery.predicates import Where
from instquery.query import Ordered, Query, Record
from instquery.schema import Schema

__all__ = [
    "Change",
    "Changes",
    "Explained",
    "Holdings",
    "Keeps",
    "Kept",
    "Pages",
    "Prepared",
    "Prepares",
    "Reads",
    "Writes",
    "prepare",
]


class Change(NamedTuple):
    """One record's change: what it was before and is after version `version`.

    `None` where it is not there.
    """

    version: int
    key: str
    before: Record | None
    after: Record | None


class Changes(NamedTuple):
    """How many records a full replacement added, changed and removed."""

    added: int
    updated: int
    removed: int


class Holdings(NamedTuple):
    """What a store in memory holds: for those who watch over it."""

    records: int

    snapshots: int
    """Earlier states that somebody still holds: snapshots, and what walks go on in."""

    leases: int
    """States that are kept for the next page of a walk, here or at stores with the same leases."""


class Explained(Protocol):
    """How a query is answered: text for people, plain data for logs."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        ...

    def __str__(self) -> str: ...


class Prepared(Protocol):
    """A query that is ready to be answered, from one snapshot where the store has such.

    The plan and the page are of that snapshot. Each may be asked for once, from any thread. One
    that is dropped without being asked lets its snapshot go.
    """

    @property
    def brief(self) -> bool:
        """Whether the page is sure to cost less than handing it to a thread: about 0.1 ms."""
        ...

    @property
    def plan(self) -> Explained:
        """The plan by which the page is answered; made now where `prepare` made none."""
        ...

    def page(self) -> Page:
        """Return the page."""
        ...


class Pages(Protocol):
    """The least that an operation needs of a store."""

    def page(self, query: Query, /) -> Page:
        """Return one page of the records that match, in order, with the exact total."""
        ...


class Prepares(Pages, Protocol):
    """A store that can say beforehand what a page will cost."""

    def prepare(self, query: Query, cursor: str | None = None, *, live: bool = False) -> Prepared:
        """Get a query ready without any I/O, in at most 50 µs."""
        ...


class Reads(Prepares, Protocol):
    """Every read of a store."""

    @property
    def schema(self) -> Schema:
        """What the records hold."""
        ...

    def count(self, where: Where = (), *, now: Moment | None = None) -> int:
        """Count the records that match, exactly."""
        ...

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
        """Count the records that match by their value of a field, the most frequent first.

        With a tuple of fields, by their combinations; of tags by their keys, or by the values of
        one key.
        """
        ...

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
        """Count the records that match by bins of an instant."""
        ...

    def select(
        self,
        where: Where = (),
        *,
        order: Ordered = None,
        fields: Iterable[str] | None = None,
        now: Moment | None = None,
    ) -> Iterator[Record]:
        """Walk all records that match, in order, as they are when this is called."""
        ...

    def explain(self, query: Query) -> Explained:
        """Tell how a query would be answered now."""
        ...

    def get(self, key: str) -> Record | None:
        """Return a copy of the record with this key, or `None`."""
        ...

    def __len__(self) -> int: ...

    def __contains__(self, key: object) -> bool: ...

    def __iter__(self) -> Iterator[Record]: ...


class Writes(Protocol):
    """Every write of a store; each is one step, all or nothing."""

    def put(self, record: Mapping[str, Any]) -> None:
        """Add a record, or replace the whole of the one with its key."""
        ...

    def put_many(self, records: Iterable[Mapping[str, Any]]) -> int:
        """Put a batch; of records with one key the last counts."""
        ...

    def update(
        self,
        key: str,
        members: Mapping[str, Any],
        *,
        expect: Mapping[str, Any] | None = None,
    ) -> bool:
        """Replace members of the record with this key; tells whether it is there.

        Raises `Conflict`, having changed nothing, where a member is not as expected.
        """
        ...

    def discard(self, key: str) -> bool:
        """Remove the record with this key; tells whether there was one."""
        ...

    def discard_many(self, keys: Iterable[str]) -> int:
        """Remove the records with these keys; returns how many there were."""
        ...

    def discard_where(self, where: Where, *, now: Moment | None = None) -> int:
        """Remove the records that match; returns how many there were."""
        ...

    def replace_all(self, records: Iterable[Mapping[str, Any]]) -> Changes:
        """Make the records the whole content, by the smallest set of changes."""
        ...


class Kept(Reads, Protocol):
    """One state of a store, which stays as it is."""

    @property
    def version(self) -> int:
        """The number of the state."""
        ...


class Keeps(Reads, Protocol):
    """A store that can show a state after it has changed, and what has changed since."""

    def snapshot(self) -> Kept:
        """Return the present records as they will stay."""
        ...

    def changes(self, since: int) -> list[Change]:
        """List what the writes after a version have changed, in their order."""
        ...


class _Unprepared:
    """A query to a store of which nothing is known but that it answers pages."""

    brief = False

    def __init__(self, store: Pages, query: Query) -> None:
        self._store = store
        self._query = query

    @property
    def plan(self) -> Explained:
        """Say that there is none."""
        return _Unknown()

    def page(self) -> Page:
        """Ask the store."""
        return self._store.page(self._query)


class _Unknown:
    """The plan of a store that has none."""

    def to_dict(self) -> dict[str, Any]:
        """Return nothing."""
        return {}

    def __str__(self) -> str:
        return "the store does not say how it answers"


def prepare(store: Pages, query: Query) -> Prepared:
    """Prepare a query on any store; one that cannot prepare is taken to be slow."""
    own = getattr(store, "prepare", None)
    return _Unprepared(store, query) if own is None else own(query)
