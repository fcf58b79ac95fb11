"""What is asked: queries, frozen values that every room shares."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Self, TypeAlias, cast

from instquery.canonical import canonical_form, names_form, number_form, order_form
from instquery.errors import QueryError
from instquery.formreader import names_of, number_of, order_of, where_of
from instquery.instants import Moment, TrustedMicros, moment, to_text
from instquery.options import (
    brief,
    check_flag,
    check_kind,
    check_whole,
    is_collection,
    nearest,
    some,
    told,
)
from instquery.orders import ORDERS, Order, Ordered, orders_of
from instquery.predicates import And, Predicate, Where, conditions, is_relative

__all__ = [
    "ORDERS",
    "Clock",
    "Order",
    "Ordered",
    "Query",
    "Record",
    "by_count",
    "check_limit",
    "dated",
    "dated_by",
    "fields_of",
    "moment_of",
    "orders_of",
    "selection",
    "system_clock",
    "trusted_query",
]

Clock: TypeAlias = Callable[[], Moment]
"""What tells a store its now."""

Record = dict[str, Any]
"""One instance as it is handed out: member names and values, the caller's own to change."""

_set = object.__setattr__  # of frozen values, while they are made

_MOST_ROWS = (1 << 63) - 1  # beyond any store; offsets larger than this are a caller's mistake
_VERSION = 1  # of the plain form of a query
_MOST_NAMES = 10_000  # of members that are handed out
_MEMBERS = ("version", "where", "order", "offset", "limit", "total", "now")


@dataclass(frozen=True, slots=True, init=False, repr=False, eq=False)
class Query:
    """Predicates, all of which must hold, and the part of the answer that is wanted.

    Two queries are equal if they ask for the same part, and their predicates have one canonical
    form: see `trees`.

    Args:
        where: a predicate, or any collection of them. A tree is at most 32 deep, and there are at
            most 10,000 leaves.
        order: an `Order`, or up to three: the later decides among equals of the earlier. Without
            it the schema's own, which is the same query as naming it. A field is an instant, a
            keyword or the key; a text field only where the schema names it among its `orders`.
        offset: how many matches are passed over.
        limit: how many are handed out at the most.
        total: whether the exact number of all matches is wanted; `False` spares the count.
        now: the moment that deltas in ranges are counted from: a `datetime`, ISO 8601 text or
            integer microseconds. Without it, the store's clock is read. A cursor keeps it.
        fields: the members that are handed out, whole; by default all. A cursor fits whatever
            they are. A name that a strict schema does not know is refused when a store is asked.

    Raises:
        QueryError: for what is none of these.

    """

    where: tuple[Predicate, ...]
    order: tuple[Order, ...]
    """Empty for the schema's own."""
    offset: int
    limit: int
    total: bool
    now: TrustedMicros | None
    """In microseconds since 1970."""
    fields: tuple[str, ...] | None

    def __init__(  # noqa: PLR0913 - independent options, all but one by name
        self,
        where: Where = (),
        *,
        order: Ordered = None,
        offset: int = 0,
        limit: int = 50,
        total: bool = True,
        now: Moment | None = None,
        fields: Iterable[str] | None = None,
    ) -> None:
        _set(self, "where", conditions(where))
        _set(self, "order", () if order is None else orders_of(order, QueryError))
        if type(offset) is not int or offset < 0:
            raise QueryError(f"offset must be an integer from 0, not {told(offset)}")
        if type(limit) is not int or limit < 0:
            raise QueryError(f"limit must be an integer from 0, not {told(limit)}")
        if limit > _MOST_ROWS:
            raise QueryError("limit must fit 64 bits")
        if total is not True and total is not False:  # which costs less than to ask
            check_flag("total", total, QueryError)
        _set(self, "offset", offset)
        _set(self, "limit", limit)
        _set(self, "total", total)
        _set(self, "now", None if now is None else moment_of(now))
        _set(self, "fields", None if fields is None else fields_of(fields))

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

        Equal queries have equal forms, in every release of the same `version`. There are `fields`
        only where the query names them.

        >>> from instquery import Eq
        >>> Query([Eq("a", 1), Eq("a", True)], limit=5).to_dict()["where"]
        {'eq': ['a', 1]}
        """
        plain: dict[str, Any] = {
            "version": _VERSION,
            "where": canonical_form(self.where),
            "order": order_form(self.order),
            "offset": number_form(self.offset),
            "limit": number_form(self.limit),
            "total": self.total,
            "now": None if self.now is None else to_text(self.now, "microseconds"),
        }
        if self.fields is not None:
            plain["fields"] = names_form(self.fields)
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Return the query of a plain form. Raises `QueryError` for what is none.

        >>> Query.from_dict(Query(offset=5).to_dict()) == Query(offset=5)
        True
        """
        _check_members(plain)
        if type(plain["version"]) is not int or plain["version"] != _VERSION:
            given = brief(plain["version"])
            raise QueryError(
                f"the form of a query must have version {_VERSION}, not {given}: "
                "it was written by another release",
                code="query.value",
            )

        return cls(
            where_of(plain["where"]),
            order=order_of(plain["order"]),
            offset=number_of(plain["offset"]),
            limit=number_of(plain["limit"]),
            total=plain["total"],
            now=plain["now"],
            fields=names_of(plain["fields"]) if "fields" in plain else None,
        )

    def _part(self) -> tuple[object, ...]:
        return self.order, self.offset, self.limit, self.total, self.now, self.fields

    def __repr__(self) -> str:
        order = f"order={some(self.order)}, " if self.order else ""
        offset = brief(self.offset)
        part = f"offset={offset}, limit={self.limit}, total={self.total}, now={self.now!r}"
        fields = "" if self.fields is None else f", fields={some(self.fields)}"
        return f"Query(where={some(self.where)}, {order}{part}{fields})"


def _check_members(plain: object) -> None:
    """Refuse what is no form of a query, with a `QueryError` that names the member at fault."""
    known = (*_MEMBERS, "fields")
    members = f"a mapping with {', '.join(_MEMBERS)}, and fields if it names them"
    if not isinstance(plain, Mapping):
        reason = f"the form of a query is {members}, not {told(plain)}"
        raise QueryError(reason, code="query.value")

    for name in cast(Mapping[object, object], plain):
        if name not in known:
            near = nearest(name, known) if isinstance(name, str) else None
            cure = f"it is {members}" if near is None else f"did you mean {near}?"
            reason = f"the form of a query has no member {brief(name)}: {cure}"
            raise QueryError(reason, code="query.value")
    for name in _MEMBERS:
        if name not in plain:
            reason = f"the form of a query lacks {name}: it is {members}"
            raise QueryError(reason, code="query.value")


def fields_of(fields: Iterable[str]) -> tuple[str, ...]:
    """Return names of members, each once. Raises `QueryError` for what is no collection of them."""
    if not is_collection(fields):
        raise QueryError(f"fields takes a collection of names of members, not {told(fields)}")
    listed = list(islice(fields, _MOST_NAMES + 1))
    if len(listed) > _MOST_NAMES:
        raise QueryError(f"fields takes up to {_MOST_NAMES:,} names of members")
    return tuple(dict.fromkeys(map(_name, listed)))


def _name(field: object) -> str:
    check_kind("fields", field, str, "names of members", QueryError)
    return str(field)


def check_limit(limit: int | None) -> None:
    """Refuse what is no number of values to hand out, with a `QueryError`."""
    if limit is not None:
        check_whole("limit", limit, error=QueryError)


def selection(
    where: Where, order: Ordered, fields: Iterable[str] | None, now: Moment | None
) -> Query:
    """Return the query for all matches."""
    return Query(where, order=order, limit=_MOST_ROWS, total=False, now=now, fields=fields)


def system_clock() -> datetime:
    """Tell the present moment, as the machine's clock has it."""
    return datetime.now(UTC)


def dated(query: Query, now: int | None) -> Query:
    """Return the query at a moment that the package has read itself, in microseconds."""
    moment = None if now is None else TrustedMicros(now)
    twin = trusted_query(query.where, query.offset, query.limit, total=query.total, now=moment)
    _set(twin, "order", query.order)
    _set(twin, "fields", query.fields)
    return twin


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
    _set(query, "where", where)
    _set(query, "order", ())
    _set(query, "offset", offset)
    _set(query, "limit", limit)
    _set(query, "total", total)
    _set(query, "now", now)
    _set(query, "fields", None)
    return query


def dated_by(clock: Clock, query: Query) -> Query:
    """Return the query with a now, read from the clock, if it needs one and has none."""
    if not isinstance(query, Query):
        kind = type(query).__name__
        raise QueryError(f"ask with a Query, not with {kind}: Query(predicates) makes one")
    if query.now is not None or not is_relative(query.where):
        return query
    return dated(query, moment_of(clock()))


def moment_of(value: object) -> TrustedMicros:
    """Read a moment that a caller or a clock names, in microseconds. Raises `QueryError`."""
    try:
        return moment(value)
    except ValueError as error:
        raise QueryError(f"now {error}", code="query.value") from None


def by_count(counts: Mapping[Any, int], limit: int | None = None) -> dict[Any, int]:
    """Put values in the order of their counts, the most frequent first; ties by their text.

    Of values with one text, text comes before a number, and no value last. Combinations of values
    are tuples; their ties are settled by the text of each.

    `limit` keeps the most frequent.
    """
    are_several = any(isinstance(value, tuple) for value in counts)
    ordered = sorted(counts.items(), key=_of_several if are_several else _of_one)
    return dict(ordered if limit is None else ordered[:limit])


def _of_one(item: tuple[object, int]) -> tuple[int, str, int]:
    return -item[1], _text(item[0]), _sort_of(item[0])


def _of_several(item: tuple[Any, int]) -> tuple[int, list[str], list[int]]:
    return -item[1], list(map(_text, item[0])), list(map(_sort_of, item[0]))


def _sort_of(value: object) -> int:
    """Tell values apart that have one text, so that no order depends on how they were counted."""
    if isinstance(value, str):
        return 0
    return 2 if value is None else 1


def _text(value: object) -> str:
    """Return what ties are ordered by: a bool is its number, as both are one value."""
    return str(int(value)) if isinstance(value, bool) else str(value)
