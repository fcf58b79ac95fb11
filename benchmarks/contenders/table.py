"""The base of every contender: rows in answer order, and columns for its predicates."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from instquery.folding import fold
from instquery.instants import to_micros
from instquery.predicates import Bounded
from instquery.query import Query, Record
from instquery.ranges import Interval
from instquery.schema import Schema

__all__ = ["Table", "Unanswered", "bound", "columns", "place"]


class Unanswered(Exception):  # noqa: N818 - nothing has failed
    """The contender has no way to answer this query."""


class Table:
    """An inventory that contenders are loaded from. What several of them need is made once."""

    def __init__(self, schema: Schema, records: Sequence[Mapping[str, Any]]) -> None:
        self.schema = schema
        self.records = records

    @cached_property
    def rows(self) -> list[Record]:
        """Checked records in answer order; who changes the list copies it."""
        entries = sorted(map(self.schema.take, self.records), key=lambda entry: entry.key)
        entries.sort(key=lambda entry: entry.rank, reverse=True)
        return [entry.row for entry in entries]

    @cached_property
    def columns(self) -> dict[str, list[Any]]:
        """A column for each field, and those beside it; see `columns`."""
        return columns(self.schema, self.rows)


def place(schema: Schema, rows: list[Record], row: Record) -> int:
    """Return where among rows in answer order a row is, or belongs."""
    return bisect_left(
        rows,
        (-schema.rank(row), row[schema.key]),
        key=lambda other: (-schema.rank(other), other[schema.key]),
    )


def bound(schema: Schema, query: Query) -> list[Bounded]:
    """Return the predicates of a query, the bounds of ranges as microseconds.

    Ranges of one field become one, as anybody would who writes the query by hand.
    """
    found: list[Bounded] = []
    ranges: dict[str, Interval] = {}
    for predicate in query.where:
        one = schema.bound(predicate, query.now)
        if isinstance(one, Interval):
            old = ranges.get(one.field, one)
            low, high = max(old.low, one.low), min(old.high, one.high)
            ranges[one.field] = replace(one, low=low, high=high)
        else:
            found.append(one)
    return [*found, *ranges.values()]


def columns(schema: Schema, rows: list[Record]) -> dict[str, list[Any]]:
    """Return a column for each field.

    Beside it `…_us` for an instant in microseconds, `…_folded` for folded text.
    """
    found: dict[str, list[Any]] = {}
    for name, field in schema.fields.items():
        values = found[name] = [row.get(name) for row in rows]
        if field.kind == "instant":
            found[name + "_us"] = [None if value is None else to_micros(value) for value in values]
        elif field.kind == "text":
            found[name + "_folded"] = [None if value is None else fold(value) for value in values]
    return found
