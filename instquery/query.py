"""What is asked and what is answered: queries and pages. Frozen values that every room shares."""

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self, TypeAlias

from instquery.canonical import canonical_form, where_of
from instquery.errors import InstqueryError, QueryError, SchemaError
from instquery.instants import Moment, TrustedMicros, moment, to_text
from instquery.options import brief, check_flag, counted, some, told
from instquery.predicates import And, Predicate, Value, Where, conditions, is_relative

__all__ = [
    "Clock",
    "Order",
    "Page",
    "Plain",
    "Query",
    "Record",
    "by_count",
    "dated",
    "dated_by",
    "moment_of",
    "system_clock",
    "trusted_query",
]

Clock: TypeAlias = Callable[[], Moment]
"""What tells a store its now."""

Record = dict[str, Any]
"""One instance as it is handed out: member names and values, the caller's own to change."""

_MOST_ROWS = (1 << 63) - 1  # beyond any store; offsets larger than this are a caller's mistake


@dataclass(frozen=True, slots=True, repr=False)
class Order:
    """The order of a store: an instant field, ties by key, records without it last."""

    field: str
    descending: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.field, str) or not isinstance(self.descending, bool):
            raise SchemaError("an order is a field name and a bool")

    def __repr__(self) -> str:
        descending = "" if self.descending else ", descending=False"
        return f"Order({brief(self.field)}{descending})"


_VERSION = 1  # of the plain form of a query


@dataclass(frozen=True, slots=True, init=False, repr=False, eq=False)
class Query:
    """Predicates, all of which must hold, and the part of the answer that is wanted.

    Two queries are equal if they ask for the same part, and their predicates have one canonical
    form: see `trees`.

    Args:
        where: a predicate, or any collection of them. A tree is at most 32 deep, and there are at
            most 10,000 leaves.
        offset: how many matches are passed over.
        limit: how many are handed out at the most.
        total: whether the exact number of all matches is wanted; `False` spares the count.
        now: the moment that deltas in ranges are counted from: a `datetime`, ISO 8601 text or
            integer microseconds. Without it, the store's clock is read. A cursor keeps it.

    Raises:
        QueryError: for what is none of these.

    """

    where: tuple[Predicate, ...]
    offset: int
    limit: int
    total: bool
    now: TrustedMicros | None
    """In microseconds since 1970."""

    def __init__(
        self,
        where: Where = (),
        offset: int = 0,
        limit: int = 50,
        *,
        total: bool = True,
        now: Moment | None = None,
    ) -> None:
        object.__setattr__(self, "where", conditions(where))
        if type(offset) is not int or offset < 0:
            raise QueryError(f"offset must be an integer from 0, not {told(offset)}")
        if type(limit) is not int or limit < 0:
            raise QueryError(f"limit must be an integer from 0, not {told(limit)}")
        if limit > _MOST_ROWS:
            raise QueryError("limit must fit 64 bits")
        check_flag("total", total, QueryError)
        object.__setattr__(self, "offset", offset)
        object.__setattr__(self, "limit", limit)
        object.__setattr__(self, "total", total)
        object.__setattr__(self, "now", None if now is None else moment_of(now))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Query):
            return NotImplemented
        if self._part() != other._part():
            return False
        return self.where == other.where or And(*self.where) == And(*other.where)

    def __hash__(self) -> int:
        return hash((And(*self.where), self._part()))

    def to_dict(self) -> dict[str, Any]:
        """Return the query in plain JSON, its predicates in their canonical form.

        Equal queries have equal forms, in every release of the same `version`.

        >>> from instquery import Eq
        >>> Query([Eq("a", 1), Eq("a", True)], limit=5).to_dict()["where"]
        {'eq': ['a', 1]}
        """
        return {
            "version": _VERSION,
            "where": canonical_form(self.where),
            "order": _plain_order(self),
            "offset": self.offset,
            "limit": self.limit,
            "total": self.total,
            "now": None if self.now is None else to_text(self.now, "microseconds"),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Return the query of a plain form. Raises `QueryError` for what is none.

        >>> Query.from_dict(Query(offset=5).to_dict()) == Query(offset=5)
        True
        """
        names = ("where", "order", "offset", "limit", "total", "now")
        if not isinstance(plain, Mapping) or set(plain) != {"version", *names}:
            members = ", ".join(("version", *names))
            raise QueryError(f"the form of a query is a mapping with {members}", code="query.value")
        if type(plain["version"]) is not int or plain["version"] != _VERSION:
            given = brief(plain["version"])
            raise QueryError(
                f"the form of a query must have version {_VERSION}, not {given}: "
                "it was written by another release",
                code="query.value",
            )

        where, order, offset, limit, total, now = [plain[name] for name in names]
        _check_order(order)
        return cls(where_of(where), offset=offset, limit=limit, total=total, now=now)

    def _part(self) -> tuple[int, int, bool, int | None]:
        return self.offset, self.limit, self.total, self.now

    def __repr__(self) -> str:
        offset = brief(self.offset)
        part = f"offset={offset}, limit={self.limit}, total={self.total}, now={self.now!r}"
        return f"Query(where={some(self.where)}, {part})"


def _plain_order(query: Query) -> list[Any]:  # noqa: ARG001 - each is in the schema's order
    """Write the order that a query names: the one place that does."""
    return []


def _check_order(order: object) -> None:
    """Refuse an order that no query can name."""
    if order != []:
        raise QueryError("order must be an empty list: the schema's own", code="query.value")


def system_clock() -> datetime:
    """Tell the present moment, as the machine's clock has it."""
    return datetime.now(UTC)


def dated(query: Query, now: int | None) -> Query:
    """Return the query at a moment that the package has read itself, in microseconds."""
    moment = None if now is None else TrustedMicros(now)
    return trusted_query(query.where, query.offset, query.limit, total=query.total, now=moment)


def trusted_query(
    where: tuple[Predicate, ...],
    offset: int,
    limit: int,
    *,
    total: bool,
    now: TrustedMicros | None,
) -> Query:
    """Make a query of parts that the package has made itself: they are not checked again."""
    query = object.__new__(Query)
    object.__setattr__(query, "where", where)
    object.__setattr__(query, "offset", offset)
    object.__setattr__(query, "limit", limit)
    object.__setattr__(query, "total", total)
    object.__setattr__(query, "now", now)
    return query


def dated_by(clock: Clock, query: Query) -> Query:
    """Return the query with a now, read from the clock, if it needs one and has none."""
    if not isinstance(query, Query):
        kind = type(query).__name__
        raise QueryError(f"ask with a Query, not with {kind}: Query(predicates) makes one")
    if query.now is not None or not is_relative(query.where):
        return query
    return dated(query, moment_of(clock()))


class Plain(NamedTuple):
    """What is known of the items of a page, so that a reply need not look at each again."""

    schema: object
    """Whose fields alone they have as members, each with a value."""

    timespecs: frozenset[str]
    """Their instants are text in each of these forms; where there is none, nothing is known."""


class Page:
    """One page of an answer: items in order, the exact number of all matches, where to go on.

    `items` and `cursor` are made when they are first asked for, and stay: who asks for the total
    alone pays for no copies. `total` is `None` where the query spared it. `version` is that of the
    state it was read from, 0 where a database keeps none. Two pages are equal if their items and
    totals are.

    A page can be copied and pickled. Where its cursor cannot be made, asking the copy for it raises
    the same error as asking the page.
    """

    __slots__ = ("_cursor", "_items", "_plain", "total", "version")

    def __init__(
        self,
        items: list[Record] | Callable[[], list[Record]],
        total: int | None,
        cursor: str | Callable[[], str] | InstqueryError | None = None,
        version: int = 0,
        plain: Plain | None = None,
    ) -> None:
        self._items = items
        self.total = total
        self.version = version
        self._cursor = cursor
        self._plain = plain

    @property
    def items(self) -> list[Record]:
        """The records of the page: one list of copies, which are the caller's to change.

        The first access copies: 0.3 µs a flat record, 6 µs one with the nested members of ECS.
        """
        if callable(self._items):
            self._items = self._items()
        return self._items

    @property
    def cursor(self) -> str | None:
        """Where to go on; `None` where nothing follows.

        Raises `QueryError` where something follows and the store has no cursors.
        """
        if callable(self._cursor):
            self._cursor = self._cursor()
        if isinstance(self._cursor, InstqueryError):
            # A copy: the frames of one raise would otherwise be kept for the next.
            raise copy(self._cursor)
        return self._cursor

    def is_plain(self, schema: object, timespec: str) -> bool:
        """Tell whether all items are known to be plain, as they are kept.

        Then their members are fields of this very schema, each with a value, and their instants are
        text as `to_text` writes it with this timespec. It says nothing of what a caller has made of
        them, and of a copied page nothing is known.
        """
        plain = self._plain
        return plain is not None and plain.schema is schema and timespec in plain.timespecs

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Page):
            return NotImplemented
        return (self.items, self.total) == (other.items, other.total)

    __hash__ = None  # type: ignore[assignment]  # items can be changed

    def __reduce__(self) -> tuple[type["Page"], tuple[Any, ...]]:
        # A copy holds the items and the cursor, not the store they are from.
        cursor: str | InstqueryError | None
        try:
            cursor = self.cursor
        except InstqueryError as error:
            # Only who asks for the cursor needs it: the copy raises this when it is asked.
            cursor = copy(error)
        return Page, (self.items, self.total, cursor, self.version)

    def __repr__(self) -> str:
        # It asks for no cursor: that would be made, and keep a state.
        total = "" if self.total is None else f", total {self.total:,}"
        more = "" if self._cursor is None else ", more follow"
        return f"<Page of {counted(len(self.items), 'item')}{total}{more}>"


def moment_of(value: object) -> TrustedMicros:
    """Read a moment that a caller or a clock names, in microseconds. Raises `QueryError`."""
    try:
        return moment(value)
    except ValueError as error:
        raise QueryError(f"now {error}", code="query.value") from None


def by_count(counts: Mapping[Value, int]) -> dict[Value, int]:
    """Put values in the order of their counts, the most frequent first; ties by their text."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], str(item[0]))))
