"""Statements for queries of one shape, made once: a request only binds values."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from instquery.errors import QueryError
from instquery.predicates import (
    BOUND,
    Bounded,
    Contains,
    Eq,
    In,
    Interval,
    Value,
    check_answered,
    unanswered,
)
from instquery.sql.dialect import value_of
from instquery.sql.layout import Layout
from instquery.sql.table import directed
from instquery.sql.values import Statement, Word
from instquery.values import fits

__all__ = ["FEW", "Shape", "Statements", "shape_of"]

FEW = 15_000  # matches that are sorted rather than met on a walk through the order
_FIRST = 500  # matches, which it costs next to nothing to find
_MOST_TEXT = 100_000_000  # characters: SQLite and PostgreSQL take 1 GB, escapes included
_DAY = 86_400_000_000  # microseconds

Shape = tuple[tuple[type[Bounded], str], ...]
"""What the predicates of queries have in common that differ in values alone: kinds and fields."""


def shape_of(where: Sequence[Bounded]) -> Shape:
    """Return the shape of a query with these predicates.

    Raises `QueryError` for one of another class.
    """
    for predicate in where:
        check_answered(predicate)
    return tuple([(type(predicate), predicate.field) for predicate in where])


class Statements:
    """The statements for queries of one shape, each made when it is first asked for.

    To make one takes SQLAlchemy longer than a database to look a few rows up. Raises `QueryError`
    for a field that has no such column.
    """

    def __init__(self, layout: Layout, shape: Shape) -> None:
        self._layout = layout
        self._dialect = layout.dialect
        self.where = [
            self._condition(f"p{number}", kind, field) for number, (kind, field) in enumerate(shape)
        ]

        fields = layout.schema.fields
        in_order = (Interval, layout.ordered.field)
        apart = [(kind, field) for kind, field in shape if (kind, field) != in_order]
        self._kinds = {kind for kind, _ in apart}
        self.is_walked = len(apart) < 2 and all(
            kind is Eq and fields[field].kind.index == "values" for kind, field in apart
        )
        """Whether an index in the order of answers serves such a query: planners do well there."""
        self._is_in_an_index = len(shape) == 1 and Interval in self._kinds
        self.few_are_keys = layout.record is None or self._is_in_an_index
        """Whether `few` finds keys: an index alone has them, which saves a look at each record."""

    def sought(self, *, is_counted: bool) -> int:
        """Return how many matches to fetch and sort before they are counted."""
        if Interval in self._kinds and not (is_counted and self._is_in_an_index):
            return FEW  # instants correlate with the order: a walk may meet no match for long
        return _FIRST if self._kinds & {Contains, In} or not is_counted else 0

    def values(self, where: Sequence[Bounded]) -> dict[str, Any] | None:
        """Return what to ask with; `None` where nothing can match."""
        values: dict[str, Any] = {}
        for number, predicate in enumerate(where):
            asked = self._values(f"p{number}", predicate)
            if asked is None:
                return None
            values |= asked
        return values

    @cached_property
    def total(self) -> Statement:
        """Count the matches."""
        return self._layout.select(sa.func.count()).where(*self.where)

    @cached_property
    def walk(self) -> Statement:
        """Find the records of a page, which begins at `offset` and has `limit`, in order."""
        return _paged(self._layout.records().where(*self.where).order_by(*self._layout.in_order()))

    @cached_property
    def walk_on(self) -> Statement:
        """Find the records of a page that begins its walk at the instant `first`."""
        order = self._layout.order
        first = sa.bindparam("first", type_=order.type)
        return self.walk.where(
            order <= first if self._layout.ordered.descending else order >= first
        )

    @cached_property
    def few(self) -> Statement:
        """Find a page among the matches, and how many these are.

        If they are more than `most` both are wrong.
        """
        key, order, record = self._layout.key, self._layout.order, self._layout.record
        wanted = key if record is None or self.few_are_keys else record
        most = sa.bindparam("most", type_=sa.Integer())

        columns = wanted.label("_wanted"), order.label("_order"), key.label("_key")
        found = self._layout.select(*columns).where(*self.where).limit(most + 1).subquery()
        page = sa.select(found.c["_wanted"], sa.func.count().over())
        return _paged(page.order_by(*self._layout.in_order(found.c["_order"], found.c["_key"])))

    @cached_property
    def keyed(self) -> Statement:
        """Find the records with `keys`, in order."""
        by_no_index = self._layout.in_order(self._layout.order + 0)
        return self._layout.keyed().order_by(*by_no_index)

    @cached_property
    def days(self) -> Statement:
        """Count the matches of each day and tell the instant of its first, in order."""
        order = self._layout.order
        is_falling = self._layout.ordered.descending
        first = sa.func.max(order) if is_falling else sa.func.min(order)

        matches = self._layout.select(sa.func.count(), first).where(*self.where)
        counts = matches.group_by(order // _DAY)
        return counts.order_by(directed(first, self._layout.ordered))

    def _values(self, name: str, predicate: Bounded) -> dict[str, Any] | None:
        """Return what one predicate asks with; `None` where nothing can match it."""
        if isinstance(predicate, Contains):
            held = self._layout.column(predicate.field, folded=True).type
            if not self._dialect.can_hold(held, predicate.folded):
                return None
            return {name: self._dialect.part(predicate.folded)}

        if isinstance(predicate, Interval):
            if predicate.low > predicate.high:
                return None
            instant = self._layout.instants[predicate.field]
            return {name: instant.first(predicate.low), f"{name}_end": instant.last(predicate.high)}

        if not isinstance(predicate, Eq | In):
            raise unanswered(predicate, BOUND)

        known = self._known(predicate)
        if not known:
            return None
        return {name: known if isinstance(predicate, In) else known[0]}

    def _known(self, predicate: Eq | In) -> list[Value]:
        """List the values that a record may have: for others the database need not be asked."""
        schema, field = self._layout.schema, predicate.field
        held = self._layout.column(field).type
        given = predicate.values if isinstance(predicate, In) else (predicate.value,)

        if isinstance(predicate, In):
            _check_size(predicate)

        # A table that is mapped may hold what others have written.
        is_bounded = field == schema.key or schema.fields[field].kind.is_bounded
        if is_bounded and isinstance(held, Word):
            given = tuple(filter(fits, given))
        return [value for value in given if self._dialect.can_hold(held, value)]

    def _condition(self, name: str, kind: type[Bounded], field: str) -> sa.ColumnElement[bool]:
        """Write a predicate as a condition on values that are handed over under a name."""
        if kind is Contains:
            return self._dialect.has_part(self._layout.column(field, folded=True), name)

        column = self._layout.column(field)
        if kind is Interval:
            return column.between(value_of(name, column), value_of(f"{name}_end", column))
        if kind is In:
            return self._dialect.among(column, name)
        if kind is Eq:
            return column == value_of(name, column)
        raise unanswered(kind, BOUND, field)


def _check_size(predicate: In) -> None:
    """Raise `QueryError` for a list that is longer than one parameter of a database can be."""
    size = sum(len(value) for value in predicate.values if isinstance(value, str))
    if size > _MOST_TEXT:
        raise QueryError(
            f"the values have {size:,} characters, and a database takes {_MOST_TEXT:,} "
            "in one question: ask in parts",
            field=predicate.field,
            code="query.value",
        )


def _paged(records: Statement) -> Statement:
    limit = sa.bindparam("limit", type_=sa.Integer())
    offset = sa.bindparam("offset", type_=sa.Integer())
    return records.limit(limit).offset(offset)
