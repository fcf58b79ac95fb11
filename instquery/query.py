"""What is asked and what is answered: queries and pages. Frozen values that every room shares."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from instquery.errors import QueryError, SchemaError
from instquery.instants import to_micros
from instquery.predicates import Predicate, conditions

__all__ = ["Order", "Page", "Query", "Record"]

Record = dict[str, Any]
"""One instance as it is handed out: member names and values, the caller's own to change."""

_MOST_ROWS = (1 << 63) - 1  # beyond any store; offsets larger than this are a caller's mistake


@dataclass(frozen=True, slots=True)
class Order:
    """The one order of a store: by an instant field, ties by key ascending, records without it last."""

    field: str
    descending: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.field, str) or not isinstance(self.descending, bool):
            raise SchemaError("an order is a field name and a bool")


@dataclass(frozen=True, slots=True)
class Query:
    """Predicates, all of which must hold, and the part of the answer that is wanted.

    `offset` matches are passed over and up to `limit` handed out. `total=False` spares the exact
    count of all matches where the page alone is wanted. `now`, in microseconds, is the moment that the
    windows among the predicates were made for: a cursor keeps it, see `Store.moment`.
    """

    where: tuple[Predicate, ...] = ()
    offset: int = 0
    limit: int = 50
    total: bool = True
    now: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "where", conditions(self.where))
        for name in ("offset", "limit"):
            number = getattr(self, name)
            if type(number) is not int or number < 0:
                raise QueryError(f"{name} must be an integer from 0")
        if self.limit > _MOST_ROWS:
            raise QueryError("limit must fit 64 bits")
        if self.now is not None:
            object.__setattr__(self, "now", _moment(self.now))


class Page:
    """One page of an answer: items in order, the exact number of all matches, and where to go on.

    `total` is `None` where the query spared it, `version` that of the state it was read from, where known.
    Two pages are equal if their items and totals are.
    """

    __slots__ = ("_cursor", "items", "total", "version")

    def __init__(
        self,
        items: list[Record],
        total: int | None,
        cursor: str | Callable[[], str] | None = None,
        version: int | None = None,
    ) -> None:
        self.items = items
        self.total = total
        self.version = version
        self._cursor = cursor

    @property
    def cursor(self) -> str | None:
        """Where to go on; `None` where nothing follows. Made when it is first asked for."""
        if callable(self._cursor):
            self._cursor = self._cursor()
        return self._cursor

    def __eq__(self, other: object) -> bool:
        return (self.items, self.total) == (other.items, other.total) if isinstance(other, Page) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # items can be changed

    def __reduce__(self) -> tuple[type["Page"], tuple[Any, ...]]:  # a copy holds the cursor, not the store it is from
        return Page, (self.items, self.total, self.cursor, self.version)

    def __repr__(self) -> str:
        return f"Page(items={self.items!r}, total={self.total!r})"


def _moment(value: object) -> int:
    try:
        return to_micros(value)
    except ValueError as error:
        raise QueryError(f"now {error}") from None
