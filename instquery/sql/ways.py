"""The way to a page: which statements answer a query, and which of them is the quickest on which engine."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, any_, column, false, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement

from instquery.plan import merged
from instquery.query import Contains, Eq, In, Predicate, Query, Range, Value
from instquery.sql.layout import CLICKHOUSE, Layout
from instquery.sql.values import Word
from instquery.text import GRAM

__all__ = ["Way", "Ways"]

_FEW = 15_000  # matches that are sorted rather than met on a walk through the order
_DEEP = 10_000  # matches that are counted by day rather than passed over
_DAY = 86_400_000_000
_MOST = 1 << 62  # rows: more than there are, and a number that every engine takes


class Way(NamedTuple):
    """How a query is answered: what is done, the statement for the page (`None` if it is empty), how many match.

    `matches` is exact where the query asks for a total. `notes` are for whoever wonders why it takes so long.
    """

    name: str
    statement: Select[Any] | None
    matches: int | None
    notes: tuple[str, ...] = ()
    rows: Sequence[Row[Any]] | None = None
    """The page's rows, where the way was found by finding them."""

    def to_dict(self) -> dict[str, Any]:
        """Return the way as plain data, for logs and JSON."""
        statement = None if self.statement is None else str(self.statement)
        return {"name": self.name, "statement": statement, "matches": self.matches, "notes": self.notes}

    def __str__(self) -> str:
        return "\n".join([self.name, *self.notes, *(() if self.statement is None else (str(self.statement),))])


class Ways:
    """Finds the way to a page on an engine that speaks `dialect`."""

    def __init__(self, layout: Layout, dialect: str) -> None:
        self._layout = layout
        self._is_planner_misled = dialect != CLICKHOUSE and layout.order.type.python_type is int
        self._dialect = dialect
        self._key = layout.column(layout.schema.key)
        # Made once, as making them takes longer than what they ask: what a few are found and sorted by.
        key, order = layout.key, layout.order
        found_key, found_order = column(key.name, key.type), column(order.name, order.type)
        self._found = layout.select(key, order).limit(_FEW + 1)
        self._sorted = select(found_key, func.count().over()).order_by(*layout.in_order(found_order, found_key))
        whole = key if layout.record is None else layout.record
        self._found_whole = layout.select(key, order, whole).limit(_FEW + 1)
        self._sorted_whole = self._sorted.with_only_columns(column(whole.name, whole.type), func.count().over())
        self._records = layout.records().order_by(*layout.in_order())
        self._counted = layout.select(func.count())

    def find(self, connection: Connection, query: Query) -> Way:
        """Choose the way to a page, by counts made on this connection. Raises `QueryError`."""
        asked = merged(query.where)
        where = self.conditions(asked)
        notes = self._notes(asked)
        if self._is_planner_misled and query.offset >= _DEEP:
            return self._by_days(connection, query, where)._replace(notes=notes)
        total: int | None = None
        if query.total and _is_counted_by_an_index(asked):
            total = connection.scalar(self._count(where))
        if self._is_planner_misled and query.limit and not _is_walked(asked) and (total or 0) <= _FEW:
            few = self._few(connection, query, where)
            if few is not None:
                return few._replace(notes=notes)
        if query.total and total is None:
            total = connection.scalar(self._count(where))
        if not query.limit or (total is not None and total <= query.offset):
            return Way("nothing but the total", None, total, notes)
        return Way("a walk through the order", self._page(where, query), total, notes)

    def _count(self, where: Iterable[ColumnElement[bool]]) -> Select[Any]:
        return self._counted.where(*where)

    def _few(self, connection: Connection, query: Query, where: Sequence[ColumnElement[bool]]) -> Way | None:
        """Find the page among all matches, if they are few: the planner may walk far to meet them."""
        # Equalities and ranges may be found in an index alone; for others rows are looked at, and are brought along.
        is_whole = self._layout.record is not None and any(isinstance(one, Contains | In) for one in query.where)
        found, in_order = (self._found_whole, self._sorted_whole) if is_whole else (self._found, self._sorted)
        page = in_order.select_from(found.where(*where).subquery()).limit(query.limit).offset(query.offset)
        rows = connection.execute(page).all()
        if not rows:  # as the offset is less than a few, it is beyond all matches
            return Way("nothing but the total", None, connection.scalar(self._count(where)) if query.offset else 0)
        matches = rows[0][1]
        if matches > _FEW:
            return None
        if is_whole:
            return Way("the matches, sorted", page, matches, rows=rows)
        keyed = self._layout.records().where(self._among(self._key, [key for key, _ in rows]))
        return Way("the matches, sorted", keyed.order_by(*self._layout.in_order(self._layout.order + 0)), matches)

    def conditions(self, where: Iterable[Predicate]) -> list[ColumnElement[bool]]:
        """Write predicates as conditions. Raises `QueryError`."""
        return [self._condition(predicate) for predicate in where]

    def _condition(self, predicate: Predicate) -> ColumnElement[bool]:
        self._layout.schema.check(predicate)
        if isinstance(predicate, Contains):
            return self._has_part(self._layout.folded(predicate.field), predicate.folded)
        column = self._layout.column(predicate.field)
        if isinstance(predicate, Range):
            if predicate.low > predicate.high:
                return false()
            ends = [self._layout.moment(predicate.field, end) for end in (predicate.low, predicate.high)]
            return column.between(*ends)
        values = predicate.values if isinstance(predicate, In) else (predicate.value,)
        known = [value for value in values if isinstance(column.type, Word) or type(value) is column.type.python_type]
        if isinstance(predicate, Eq) and known:
            return column == literal(known[0], column.type)
        return self._among(column, known)

    def _among(self, column: ColumnElement[Any], values: Sequence[Value]) -> ColumnElement[bool]:
        if not values:
            return false()
        if self._dialect == "postgresql":  # one parameter, however many values
            return column == any_(literal(list(values), ARRAY(column.type)))
        return column.in_(values)

    def _has_part(self, column: ColumnElement[Any], part: str) -> ColumnElement[bool]:
        """Say that folded text has a part, character by character."""
        if self._dialect == "postgresql":  # whose LIKE looks at case and is what its trigrams are for
            return column.contains(part, autoescape=True)
        find = func.position if self._dialect == CLICKHOUSE else func.instr
        return find(column, literal(part, column.type)) > 0

    def _page(self, where: Iterable[ColumnElement[bool]], query: Query) -> Select[Any]:
        return self._records.where(*where).limit(min(query.limit, _MOST)).offset(min(query.offset, _MOST))

    def _by_days(self, connection: Connection, query: Query, where: Sequence[ColumnElement[bool]]) -> Way:
        """Count the matches of each day, and begin with the day that the page begins in."""
        order, is_falling = self._layout.order, self._layout.schema.order.descending
        edge = func.max(order) if is_falling else func.min(order)
        days = self._layout.select(func.count(), edge).where(*where).group_by(order // _DAY)
        counts = connection.execute(days.order_by(edge.desc() if is_falling else edge.asc())).all()
        skip, total = query.offset, sum(count for count, _ in counts)
        for count, first in counts:
            if skip < count and query.limit:
                begun = order <= first if is_falling else order >= first
                page = self._page([*where, begun], Query(offset=skip, limit=query.limit))
                return Way("a walk from the day that the page begins in", page, total)
            skip -= count
        return Way("nothing but the total", None, total)

    def _notes(self, where: Sequence[Predicate]) -> tuple[str, ...]:
        if self._dialect != "postgresql" or any(isinstance(predicate, Eq | In) for predicate in where):
            return ()
        short = [predicate for predicate in where if isinstance(predicate, Contains) and len(predicate.folded) < GRAM]
        return tuple(f"{predicate}: too short for trigrams, every record may be looked at" for predicate in short)


def _is_counted_by_an_index(where: Sequence[Predicate]) -> bool:
    """Tell whether an index alone counts what matches, so that to count first costs little."""
    return len(where) <= 1 and all(isinstance(predicate, Eq | Range) for predicate in where)


def _is_walked(where: Sequence[Predicate]) -> bool:
    """Tell whether an index in the order of answers serves these predicates: no planner goes wrong there."""
    return not where or (len(where) == 1 and isinstance(where[0], Eq))
