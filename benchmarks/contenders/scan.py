"""A list comprehension, and the floor under every engine."""

from collections.abc import Iterable, Mapping
from typing import Any

from benchmarks.contenders.table import bound, columns, in_answer_order, place
from instquery import Contains, Eq, In, Page, Query
from instquery.predicates import Bounded
from instquery.query import Record
from instquery.ranges import Interval
from instquery.schema import Schema

__all__ = ["Floor", "Scan"]


class Scan:
    """A walk over rows that are parsed, folded and sorted already: a list comprehension."""

    def __init__(self, schema: Schema, records: Iterable[Mapping[str, Any]]) -> None:
        self._schema = schema
        self._rows = in_answer_order(schema, records)
        self._columns = columns(schema, self._rows)
        self._by_key = {row[schema.key]: row for row in self._rows}

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

    def put(self, record: Mapping[str, Any]) -> None:
        """Insert at the right place in the list and in every column; all that is behind moves."""
        row = self._schema.take(record).row
        key = row[self._schema.key]
        if key in self._by_key:
            self.discard(key)
        at = place(self._schema, self._rows, row)
        self._rows.insert(at, row)
        for name, (value,) in columns(self._schema, [row]).items():
            self._columns[name].insert(at, value)
        self._by_key[key] = row

    def put_many(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Insert one by one."""
        for record in records:
            self.put(record)

    def discard(self, key: str) -> None:
        """Take out of the list and of every column."""
        at = place(self._schema, self._rows, self._by_key.pop(key))
        del self._rows[at]
        for column in self._columns.values():
            del column[at]

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
