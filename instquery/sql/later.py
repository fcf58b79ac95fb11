"""Reads that a store on a database does not answer as yet: it says so."""

from collections.abc import Iterable, Iterator
from typing import Any

from instquery.bins import Edges, Every, Histogram
from instquery.bounds import Given
from instquery.errors import QueryError
from instquery.instants import Moment
from instquery.predicates import Like, Where
from instquery.query import Ordered, Query, Record
from instquery.schema import Schema
from instquery.terms import Term, leaves_of

__all__ = ["Later", "check_columns", "check_leaves", "check_order"]


class Later:
    """The reads of `contract.Reads` that are refused."""

    def histogram(  # noqa: PLR0913 - as every store has it
        self,
        field: str,
        edges: Edges | None = None,
        where: Where = (),
        *,
        every: Every | None = None,
        since: Given | None = None,
        until: Given | None = None,
        now: Moment | None = None,
    ) -> Histogram:
        """Refuse, as yet. Raises `QueryError`."""
        del edges, where, every, since, until, now
        raise _not_yet("counts no histograms", field)

    def select(
        self,
        where: Where = (),
        *,
        order: Ordered = None,
        fields: Iterable[str] | None = None,
        now: Moment | None = None,
    ) -> Iterator[Record]:
        """Refuse, as yet. Raises `QueryError`."""
        del where, order, fields, now
        raise _not_yet("does not select, other than by pages or a walk over all")


def check_leaves(schema: Schema, terms: Iterable[Term]) -> None:
    """Refuse what tables have no columns for, and patterns, with a `QueryError`."""
    for term in terms:
        for leaf in leaves_of(term):
            check_columns(schema, [leaf.field])
            if isinstance(leaf, Like):
                raise _not_yet("does not answer Like: ask with Contains, Eq or In", leaf.field)


def check_columns(schema: Schema, fields: Iterable[str]) -> None:
    """Refuse fields that have no column, with a `QueryError`."""
    for field in fields:
        declared = schema.fields[field]
        if not declared.columns:
            what = f"does not answer questions on {declared.kind.phrase}"
            what += " of many values" if declared.many else ""
            raise _not_yet(what + (" with a path" if declared.is_nested else ""), field)


def check_order(schema: Schema, query: Query) -> None:
    """Refuse another order than the table's, with a `QueryError`."""
    if not schema.is_own(query.order):
        raise _not_yet(f"answers in its own order alone, {schema.order!r}", query.order[0].field)


def _not_yet(what: Any, field: str | None = None) -> QueryError:
    cure = "load its records into memory, Store(schema, sql_store), and ask that"
    reason = f"as yet, a store on a database {what}: {cure}"
    return QueryError(reason, field=field, code="query.kind")
