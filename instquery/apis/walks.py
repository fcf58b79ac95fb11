"""Walks by page number, each pinned to the state of its first page: no row is lost or repeated between pages."""

from collections.abc import Callable
from time import monotonic

from instquery.leases import Leases
from instquery.query import Page, Query
from instquery.snapshot import Snapshot
from instquery.store import Store

__all__ = ["Walks"]


class Walks:
    """A store for operations whose callers walk by page number: hand it to them in the store's place.

    Page 1 is answered from the present state, which is then kept; the following pages with the same
    parameters from the same caller come from that very state and its moment, until `age` seconds after the
    first page or until `count` other walks have begun. Then, as without a first page, from the present one.

    >>> from instquery.apis import airec
    >>> store = Store(airec.SCHEMA, [{"instanceId": f"i-{n}", "gmtCreate": f"2026-01-0{n + 1}"} for n in range(4)])
    >>> walks = Walks(store)
    >>> def ids(page):
    ...     reply = airec.list_instance(walks, {"size": 2, "page": page})
    ...     return [item["instanceId"] for item in reply.body["result"]]
    >>> ids(1)
    ['i-3', 'i-2']
    >>> store.put({"instanceId": "new", "gmtCreate": "2026-01-09"})
    >>> ids(2), ids(1)
    (['i-1', 'i-0'], ['new', 'i-3'])
    """

    def __init__(
        self, store: Store, *, count: int = 32, age: float = 60, clock: Callable[[], float] = monotonic
    ) -> None:
        self._store = store
        self._walks: Leases[tuple[Snapshot, int | None]] = Leases(count=count, age=age, clock=clock)

    def page(self, query: Query) -> Page:
        """Return one page of the present state."""
        return self._store.page(query)

    def begin(self, walk: object, moment: int | None) -> Snapshot:
        """Return the state for the first page of a walk, and keep it and the moment under the walk's name."""
        view = self._store.snapshot()
        self._walks.end(walk)
        self._walks.grant(walk, (view, moment))
        return view

    def going(self, walk: object) -> tuple[Snapshot, int | None] | None:
        """Return the state and the moment of a walk; `None` where it has not begun, or begun too long ago."""
        return self._walks.find(walk)
