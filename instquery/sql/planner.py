"""The planner: which access path to a page is the quickest on a database."""

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

import sqlalchemy as sa

from instquery.predicates import Contains, Eq, In, Predicate
from instquery.query import Query
from instquery.sql.bindings import possible
from instquery.sql.later import check_leaves
from instquery.sql.layout import Layout
from instquery.sql.statements import FEW, Statements, shape_of
from instquery.sql.values import Row, Statement
from instquery.terms import Term

__all__ = ["AccessPath", "Planner"]

_DEEP = 10_000  # matches that may be counted by day rather than passed over
_MOST = 1 << 62  # rows: more than there are, and a number that every engine takes
_SHAPES = 256  # of queries, whose statements are kept


class AccessPath(NamedTuple):
    """How a query is answered: the statement for the page, and how many match.

    There is no statement where the page is empty. `matches` is exact, and `None` where they were
    not counted: the statement then looks for one row more than the page has. `notes` name the
    predicates that no index supports.
    """

    name: str
    statement: Statement | None
    matches: int | None
    notes: tuple[str, ...] = ()
    values: Mapping[str, Any] | None = None
    """What the statement is asked with."""
    rows: Sequence[Row] | None = None
    """The page's rows, where choosing the path has found them."""

    def to_dict(self) -> dict[str, Any]:
        """Return the path as plain data, for logs and JSON."""
        statement = None if self.statement is None else str(self.statement)
        return {
            "name": self.name,
            "statement": statement,
            "matches": self.matches,
            "notes": self.notes,
        }

    def __str__(self) -> str:
        lines = [self.name, *self.notes]
        if self.statement is not None:
            lines.append(str(self.statement))
        return "\n".join(lines)


class Planner:
    """Chooses access paths to pages of a table, by counts."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._dialect = layout.dialect
        is_number = layout.order.type.python_type is int
        self._is_planner_misled = layout.dialect.has_indexes and is_number
        self._statements = lru_cache(_SHAPES)(partial(Statements, layout))

    def choose(self, connection: sa.Connection, query: Query) -> AccessPath:
        """Choose the path to a page, by counts made on this connection. Raises `QueryError`."""
        where = self._bound(query.where, query.now)
        statements, values = self._statements_for(where)
        if values is None:
            return _NOTHING
        return self._chosen(_Request(connection, query, statements, values))._replace(
            notes=self._notes(where)
        )

    def statements_for(
        self, where: Sequence[Predicate], now: int | None
    ) -> tuple[Statements, dict[str, Any] | None]:
        """Return the statements for such predicates, and the values of these.

        Raises `QueryError`.
        """
        return self._statements_for(self._bound(where, now))

    def _bound(self, where: Sequence[Predicate], now: int | None) -> list[Term]:
        schema = self._layout.schema
        terms = [schema.bound(predicate, now) for predicate in where]
        check_leaves(schema, terms)
        return possible(self._layout, terms)

    def _statements_for(self, where: Sequence[Term]) -> tuple[Statements, dict[str, Any] | None]:
        statements = self._statements(shape_of(where))
        return statements, statements.values(where)

    def _chosen(self, request: "_Request") -> AccessPath:
        """Look for the page among few matches first, then count, then choose by the total."""
        query, statements = request.query, request.statements
        is_misled = self._is_planner_misled
        is_sought = is_misled and query.limit > 0 and not statements.is_walked

        most = statements.sought(is_counted=query.total)
        if is_sought and query.offset < most and (few := request.few(most)):
            return few

        total = request.total() if query.total else None
        if not query.limit or (total is not None and total <= query.offset):
            return _NOTHING._replace(matches=total)

        if is_misled and query.offset >= _DEEP and (total is None or total < query.offset * 4):
            return request.by_days()
        if is_sought and total is not None and total <= FEW and (few := request.few(FEW)):
            return few
        return request.walk(total)

    def _notes(self, where: Sequence[Term]) -> tuple[str, ...]:
        """Name each `Contains` too short for an index; none beside an `Eq` or `In`."""
        if any(isinstance(predicate, Eq | In) for predicate in where):
            return ()

        least = self._dialect.shortest_part
        return tuple(
            f"{predicate}: too short for trigrams, every record may be looked at"
            for predicate in where
            if isinstance(predicate, Contains) and len(predicate.folded) < least
        )


_NOTHING = AccessPath("nothing but the total", None, 0)


class _Request(NamedTuple):
    """A query that is put to a table, on one connection."""

    connection: sa.Connection
    query: Query
    statements: Statements
    values: dict[str, Any]

    def total(self) -> int:
        """Count all matches."""
        return self.connection.scalar(self.statements.total, self.values) or 0

    def few(self, most: int) -> AccessPath | None:
        """Find the page among all matches, if they are no more than that."""
        values = self._paged(self.query.offset) | {"most": most}
        rows = self.connection.execute(self.statements.few, values).all()
        if not rows:  # as the offset is below the most, it is beyond all matches
            return _NOTHING._replace(matches=self.total() if self.query.offset else 0)
        matches = rows[0][1]
        if matches > most:
            return None
        name = "the matches, sorted"
        if self.statements.few_are_keys:
            keys = [key for key, _ in rows]
            return AccessPath(name, self.statements.keyed, matches, values={"keys": keys})
        return AccessPath(name, self.statements.few, matches, values=values, rows=rows)

    def walk(self, matches: int | None) -> AccessPath:
        """Leave the page to be found along the order.

        Where matches are not counted, one more is looked for: it tells whether more follow.
        """
        values = self._paged(self.query.offset, extra=1 if matches is None else 0)
        return AccessPath("a walk through the order", self.statements.walk, matches, values=values)

    def by_days(self) -> AccessPath:
        """Count the matches of each day, and begin with the day that the page begins in."""
        counts = self.connection.execute(self.statements.days, self.values).all()
        skip = self.query.offset
        total = sum(count for count, _ in counts)

        for count, first in counts:
            if skip < count:
                name = "a walk from the day that the page begins in"
                values = self._paged(skip) | {"first": first}
                return AccessPath(name, self.statements.walk_on, total, values=values)
            skip -= count
        return _NOTHING._replace(matches=total)

    def _paged(self, offset: int, extra: int = 0) -> dict[str, Any]:
        limit = min(self.query.limit + extra, _MOST)
        return self.values | {"limit": limit, "offset": min(offset, _MOST)}
