"""Walks by page number, each pinned to the state of its first page.

No row is lost or repeated between the pages of a walk.
"""

from collections.abc import Callable, Hashable
from time import monotonic
from typing import Self

from instquery.contract import Holdings, Keeps, Kept, Prepared, Reads
from instquery.errors import InstqueryError
from instquery.instants import TrustedMicros
from instquery.leases import Leases
from instquery.options import told
from instquery.pages import Page
from instquery.query import Query
from instquery.schema import Schema

__all__ = ["Walks"]


class Walks:
    """A store for operations whose callers walk by page number.

    Hand it to them in the store's place.

    Page 1 is answered from the present state, which is then kept with its moment. The following
    pages are answered from that state and judged by that moment, whatever `now` they bring. They
    belong to the walk if the same operation is asked for the same by the same person, but for the
    page number. How a value is spelled does not count: `None`, `""` or absent, `5` or `"5"`, a
    default given or left out.

    A walk ends `age` seconds after its first page, or when `count` other walks have begun. Its
    pages are then answered from the present state.

    Who asks is told by the operation's `walker` and by the host's fact `caller`, both together.
    **With neither, nobody can be told apart. Then no walk is pinned: every page is answered from
    the present state.** Over HTTP it is the key's caller, and without keys the peer's address.

    >>> from instquery import Store
    >>> from instquery.apis import airec
    >>> days = [f"2026-01-0{n}T00:00:00Z" for n in (1, 2, 3, 4)]
    >>> store = Store(airec.SCHEMA)
    >>> _ = store.put_many({"instanceId": f"i-{day[9]}", "gmtCreate": day} for day in days)
    >>> walks = Walks(store)
    >>> def ids(page, walker=None):
    ...     reply = airec.list_instance(walks, {"size": 2, "page": page}, walker=walker)
    ...     return [item["instanceId"] for item in reply.body["result"]]
    >>> ids(1, "ann")
    ['i-4', 'i-3']
    >>> store.put({"instanceId": "new", "gmtCreate": "2026-02-01T00:00:00Z"})
    >>> ids(2, "ann"), ids(2, "bob"), ids(2), ids(1, "ann")
    (['i-2', 'i-1'], ['i-3', 'i-2'], ['i-3', 'i-2'], ['new', 'i-4'])
    """

    def __init__(
        self,
        store: Keeps,
        *,
        count: int = 32,
        age: float = 60,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        if not callable(getattr(store, "snapshot", None)):
            raise InstqueryError(
                f"store must be a Store, which keeps the states of walks, not {told(store)}"
            )
        self._store = store
        self._walks: Leases[tuple[Reads, TrustedMicros]] = Leases(count=count, age=age, clock=clock)

    def __repr__(self) -> str:
        return f"<Walks over {self._store!r}>"

    @property
    def schema(self) -> Schema:
        """What the records of the store hold."""
        return self._store.schema

    @property
    def pins(self) -> Self:
        """What an operation pins walks by."""
        return self

    @property
    def holdings(self) -> Holdings | None:
        """What the store holds, walks among its leases; `None` where it does not say."""
        held: Holdings | None = getattr(self._store, "holdings", None)
        if held is None:
            return None
        self._walks.end_old()
        return held._replace(leases=held.leases + len(self._walks))

    def snapshot(self) -> Kept:
        """Return the present state: walks by token are those of the store."""
        return self._store.snapshot()

    def page(self, query: Query) -> Page:
        """Return one page of the present state."""
        return self._store.page(query)

    def prepare(self, query: Query, cursor: str | None = None, *, live: bool = False) -> Prepared:
        """Get a page of the present state ready."""
        return self._store.prepare(query, cursor, live=live)

    def moment(self, cursor: str) -> int | None:
        """Return the moment of a walk by token, in microseconds. Raises `CursorInvalid`."""
        tell: Callable[[str], int | None] | None = getattr(self._store, "moment", None)
        return None if tell is None else tell(cursor)

    def begin(self, walk: Hashable, moment: TrustedMicros) -> Reads:
        """Return the state for a walk's first page, and keep it under the walk's name."""
        view = self._store.snapshot()
        self._walks.end(walk)
        self._walks.grant(walk, (view, moment))
        return view

    def going(self, walk: Hashable) -> tuple[Reads, TrustedMicros] | None:
        """Return the state and the moment of a walk.

        `None` where it has not begun, or begun too long ago.
        """
        return self._walks.find(walk)
