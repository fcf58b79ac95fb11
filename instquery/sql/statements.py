"""Statements for queries of one shape, made once: a request only binds values."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import count
from typing import Any, TypeAlias

import sqlalchemy as sa

from instquery.predicates import (
    BOUND,
    Bounded,
    Contains,
    Eq,
    In,
    Interval,
    Missing,
    check_answered,
    unanswered,
)
from instquery.sql.bindings import bindings
from instquery.sql.dialect import value_of
from instquery.sql.layout import Layout
from instquery.sql.table import directed
from instquery.sql.values import Statement
from instquery.terms import FALSE, Term, Tree, leaves_of

__all__ = ["FEW", "Shape", "Statements", "shape_of"]

FEW = 15_000  # matches that are sorted rather than met on a walk through the order
_FIRST = 500  # matches, which it costs next to nothing to find
_DAY = 86_400_000_000  # microseconds

TermShape: TypeAlias = tuple[type[Bounded], str] | tuple[str, "Shape"]
"""The kind and the field of a leaf; the word of a tree, and the shapes of its parts."""

Shape: TypeAlias = tuple[TermShape, ...]
"""What the terms of queries have in common that differ in values alone."""


def shape_of(where: Sequence[Term]) -> Shape:
    """Return the shape of a query with these terms.

    Raises `QueryError` for what is none.
    """
    shapes: list[TermShape] = []
    for term in where:
        if isinstance(term, Tree):
            shapes.append((term.word, shape_of(term.parts)))
        else:
            check_answered(term)
            shapes.append((type(term), term.field))
    return tuple(shapes)


class Statements:
    """The statements for queries of one shape, each made when it is first asked for.

    To make one takes SQLAlchemy longer than a database to look a few rows up. Raises `QueryError`
    for a field that has no such column.
    """

    def __init__(self, layout: Layout, shape: Shape) -> None:
        self._layout = layout
        self._dialect = layout.dialect
        names = (f"p{number}" for number in count())
        self.where = [self._written(one, names) for one in shape]

        in_order = (Interval, layout.ordered.field)
        apart = [one for one in shape if one != in_order]
        self._kinds = {kind for kind, _ in apart}
        self.is_walked = len(apart) < 2 and all(map(self._is_in_order, apart))
        """Whether an index in the order of answers serves such a query: planners do well there."""
        self._is_in_an_index = len(shape) == 1 and Interval in self._kinds
        self.few_are_keys = layout.record is None or self._is_in_an_index
        """Whether `few` finds keys: an index alone has them, which saves a look at each record."""

    def sought(self, *, is_counted: bool) -> int:
        """Return how many matches to fetch and sort before they are counted."""
        if Interval in self._kinds and not (is_counted and self._is_in_an_index):
            return FEW  # instants correlate with the order: a walk may meet no match for long
        is_scattered = self._kinds & {Contains, In, Missing, "and", "or", "not"}
        return _FIRST if is_scattered or not is_counted else 0

    def values(self, where: Sequence[Term]) -> dict[str, Any] | None:
        """Return what to ask with; `None` where nothing can match."""
        if FALSE in where:
            return None

        values: dict[str, Any] = {}
        leaves = [leaf for term in where for leaf in leaves_of(term)]
        for number, leaf in enumerate(leaves):
            asked = bindings(self._layout, f"p{number}", leaf)
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

    def _is_in_order(self, shape: TermShape) -> bool:
        """Tell whether an index has the matches in the order of answers."""
        kind, field = shape
        if kind is not Eq or not isinstance(field, str):
            return False
        return self._layout.schema.fields[field].kind.index == "values"

    def _written(
        self, shape: TermShape, names: Iterator[str], *, holds: bool = True
    ) -> sa.ColumnElement[bool]:
        """Write a term as the condition that it holds, or does not.

        SQL has a third truth, for what is compared with NULL. So what does not hold is said of the
        leaves, where a missing value is asked for too.
        """
        kind, of = shape
        if isinstance(of, str):
            if isinstance(kind, str):
                raise unanswered(type(kind), BOUND, of)
            name = next(names)
            condition = self._condition(name, kind, of)
            if holds:
                return condition
            if kind is Missing:
                return sa.not_(condition)
            is_null = self._layout.is_null(of, folded=kind is Contains)
            return sa.or_(is_null, sa.not_(condition))

        if kind == "not":
            return self._written(of[0], names, holds=not holds)
        parts = [self._written(one, names, holds=holds) for one in of]
        if (kind == "and") is holds:
            return sa.and_(sa.true(), *parts)
        return sa.or_(sa.false(), *parts)

    def _condition(self, name: str, kind: type[Bounded], field: str) -> sa.ColumnElement[bool]:
        """Write a predicate as a condition on values that are handed over under a name."""
        if kind is Missing:
            return self._layout.is_missing(field)
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


def _paged(records: Statement) -> Statement:
    limit = sa.bindparam("limit", type_=sa.Integer())
    offset = sa.bindparam("offset", type_=sa.Integer())
    return records.limit(limit).offset(offset)
