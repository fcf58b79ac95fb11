"""Polars: one frame in answer order, filtered by expressions."""

import polars as pl

from benchmarks.contenders.table import Table, bound
from instquery import Contains, Eq, In, Page, Query
from instquery.predicates import Bounded
from instquery.ranges import Interval

__all__ = ["Frame"]


class Frame:
    """Every query is one pass over the columns it names."""

    def __init__(self, table: Table) -> None:
        schema = table.schema
        frame = pl.DataFrame(table.columns, infer_schema_length=None)
        texts = [
            name
            for name, field in schema.fields.items()
            if field.kind == "keyword" and name != schema.key
        ]
        self._frame = frame.with_columns(pl.col(texts).cast(pl.Categorical))
        self._schema = schema
        self._members = list(schema.fields)

    def page(self, query: Query) -> Page:
        """Filter, count, and take the page's rows."""
        total = self._frame.height
        if query.where:
            mask = pl.all_horizontal(
                [_expression(predicate) for predicate in bound(self._schema, query)]
            )
            positions = self._frame.select(mask.fill_null(value=False).arg_true()).to_series()
            total = len(positions)
            part = self._frame[
                positions[min(query.offset, total) : min(query.offset, total) + query.limit]
            ]
        else:
            part = self._frame.slice(min(query.offset, total), query.limit)
        found = part.select(self._members).to_dicts()
        items = [{m: v for m, v in row.items() if v is not None} for row in found]
        return Page(items, total if query.total else None)


def _expression(predicate: Bounded) -> pl.Expr:
    match predicate:
        case Eq(field=field, value=value):
            return pl.col(field) == value
        case In(field=field, values=values):
            return pl.col(field).is_in(list(values))
        case Contains(field=field, folded=needle):
            return pl.col(field + "_folded").str.contains(needle, literal=True)
        case Interval(field=field, low=low, high=high):
            return pl.col(field + "_us").is_between(low, high)
