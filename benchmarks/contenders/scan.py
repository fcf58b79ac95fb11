"""A list comprehension, and the floor under every engine."""

from collections.abc import Iterable, Mapping

from benchmarks.contenders.table import Table, bound
from instquery import Contains, Eq, In, Page, Query
from instquery.predicates import Bounded
from instquery.query import Record
from instquery.ranges import Interval

__all__ = ["Floor", "Scan"]


class Scan:
    """A walk over rows that are parsed, folded and sorted already: a list comprehension."""

    def __init__(self, table: Table) -> None:
        self._schema = table.schema
        self._rows = table.rows
        self._columns = table.columns

    def page(self, query: Query) -> Page:
        """Test every row that is left, predicate by predicate."""
        kept = self.matches(query)
        items = [self._rows[at].copy() for at in kept[query.offset : query.offset + query.limit]]
        return Page(items, len(kept) if query.total else None)

    def matches(self, query: Query) -> list[int]:
        """Return the numbers of the rows that match, in answer order."""
        found: Iterable[int] = range(len(self._rows))
        for predicate in bound(self._schema, query):
            found = self._pass(predicate, found)
        return list(found)

    def rows(self, numbers: Iterable[int]) -> list[Record]:
        """Return rows by their numbers, as they are kept."""
        return [self._rows[number] for number in numbers]

    def _pass(self, predicate: Bounded, found: Iterable[int]) -> list[int]:
        match predicate:
            case Eq(field=field, value=value):
                column = self._columns[field]
                return [at for at in found if column[at] == value]
            case In(field=field, members=members):
                column = self._columns[field]
                return [at for at in found if column[at] in members]
            case Contains(field=field, folded=needle):
                column = self._columns[field + "_folded"]
                return [at for at in found if (text := column[at]) is not None and needle in text]
            case Interval(field=field, low=low, high=high):
                column = self._columns[field + "_us"]
                return [
                    at
                    for at in found
                    if (micros := column[at]) is not None and low <= micros <= high
                ]


class Floor:
    """Returns pages that are known beforehand.

    This is the cost of reading the parameters and writing the reply alone.
    """

    def __init__(self, pages: Mapping[Query, Page]) -> None:
        self._pages = pages

    def page(self, query: Query) -> Page:
        """Return the known page, its items copied as every engine must."""
        known = self._pages[query]
        return Page([item.copy() for item in known.items], known.total)
