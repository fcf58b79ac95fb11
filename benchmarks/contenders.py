"""Other ways to answer the same queries, each an engine that an operation can ask: `page(query)`."""

from collections.abc import Iterable, Mapping
from typing import Any

from instquery import Contains, Eq, In, Page, Query, Range
from instquery.instants import to_micros
from instquery.query import Predicate, Record
from instquery.schema import Schema
from instquery.text import fold

__all__ = ["Floor", "Scan"]


class Scan:
    """A walk over rows that are parsed, folded and in answer order already: a good list comprehension."""

    def __init__(self, schema: Schema, records: Iterable[Mapping[str, Any]]) -> None:
        entries = sorted(map(schema.take, records), key=lambda entry: entry.key)
        entries.sort(key=lambda entry: entry.rank, reverse=True)
        self._rows = [entry.row for entry in entries]
        self._columns: dict[str, list[Any]] = {}
        for name, field in schema.fields.items():
            values = [row.get(name) for row in self._rows]
            self._columns[name] = values
            if field.kind == "instant":
                self._columns[name] = [None if value is None else to_micros(value) for value in values]
            elif field.kind == "text":
                self._columns[name + " folded"] = ["" if value is None else fold(value) for value in values]

    def page(self, query: Query) -> Page:
        """Test every row that is left, predicate by predicate."""
        found: Iterable[int] = range(len(self._rows))
        for predicate in query.where:
            found = self._pass(predicate, found)
        kept = list(found)
        items: list[Record] = [self._rows[at].copy() for at in kept[query.offset : query.offset + query.limit]]
        return Page(items, len(kept) if query.total else None)

    def _pass(self, predicate: Predicate, found: Iterable[int]) -> list[int]:
        column = self._columns[predicate.field]
        match predicate:
            case Eq(value=value):
                return [at for at in found if column[at] == value]
            case In(members=members):
                return [at for at in found if column[at] in members]
            case Contains(folded=needle):
                texts = self._columns[predicate.field + " folded"]
                return [at for at in found if needle in texts[at]]
            case Range(low=low, high=high):
                return [at for at in found if (value := column[at]) is not None and low <= value <= high]


class Floor:
    """Returns pages that are known beforehand: what reading the parameters and writing the reply cost alone."""

    def __init__(self, pages: Mapping[Query, Page]) -> None:
        self._pages = pages

    def page(self, query: Query) -> Page:
        """Return the known page, its items copied as every engine must."""
        known = self._pages[query]
        return Page([item.copy() for item in known.items], known.total)
