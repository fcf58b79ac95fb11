"""The base of every contender: rows in answer order, and columns for its predicates."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import Any

from instquery.folding import fold
from instquery.instants import to_micros
from instquery.predicates import Bounded
from instquery.query import Query, Record
from instquery.schema import Schema

__all__ = ["columns", "in_answer_order", "place"]


def in_answer_order(schema: Schema, records: Iterable[Mapping[str, Any]]) -> list[Record]:
    """Check and sort records, the first to be answered first."""
    entries = sorted(map(schema.take, records), key=lambda entry: entry.key)
    entries.sort(key=lambda entry: entry.rank, reverse=True)
    return [entry.row for entry in entries]


def place(schema: Schema, rows: list[Record], row: Record) -> int:
    """Return where among rows in answer order a row is, or belongs."""
    return bisect_left(
        rows,
        (-schema.rank(row), row[schema.key]),
        key=lambda other: (-schema.rank(other), other[schema.key]),
    )


def bound(schema: Schema, query: Query) -> list[Bounded]:
    """Return the predicates of a query, the bounds of ranges as microseconds."""
    return [schema.bound(predicate, query.now) for predicate in query.where]


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
