"""Bindings: the values that a statement is asked with, leaf by leaf."""

from collections.abc import Iterable
from typing import Any, cast

from instquery.errors import QueryError
from instquery.predicates import (
    Bounded,
    Contains,
    Eq,
    In,
    Interval,
    Missing,
    Value,
    check_answered,
)
from instquery.sql.layout import Layout
from instquery.sql.values import Word
from instquery.terms import FALSE, Term, Tree, all_of, any_of, leaves_of, merged, negated
from instquery.values import fits

__all__ = ["bindings", "possible"]

_MOST_TEXT = 100_000_000  # characters: SQLite and PostgreSQL take 1 GB, escapes included

# SQLite and ClickHouse parse expressions of up to 1,000 levels: a chain of `OR` has one each.
_MOST_LEAVES = 500


def bindings(layout: Layout, name: str, leaf: Bounded) -> dict[str, Any] | None:
    """Return what a leaf asks with, under names that begin so; `None` where nothing can match.

    Raises `QueryError` for a leaf that no database answers.
    """
    if isinstance(leaf, Contains):
        held = layout.column(leaf.field, folded=True).type
        can_be_there = layout.dialect.can_hold(held, leaf.folded)
        return {name: layout.dialect.part(leaf.folded)} if can_be_there else None

    if isinstance(leaf, Interval):
        if leaf.low > leaf.high:
            return None
        instant = layout.instants[leaf.field]
        return {name: instant.first(leaf.low), f"{name}_end": instant.last(leaf.high)}

    if isinstance(leaf, Eq | In):
        known = _known(layout, leaf)
        if not known:
            return None
        return {name: known if isinstance(leaf, In) else known[0]}

    check_answered(leaf, (Missing,))
    return {}


def possible(layout: Layout, terms: Iterable[Term]) -> list[Term]:
    """Return the terms that must all hold, without what can match nothing within a tree.

    So the statements of one shape differ in values alone. Raises `QueryError` for a tree of more
    leaves than databases take.
    """
    found = merged(terms)
    if not any(isinstance(term, Tree) for term in found):
        return found

    leaves = sum([1 for term in found for _ in leaves_of(term)])
    if leaves > _MOST_LEAVES:
        raise QueryError(
            f"a tree of {leaves:,} predicates is more than the {_MOST_LEAVES} that a database "
            "takes in one question: ask for many values of one field with In, or in parts"
        )
    return merged([_possible(layout, term) for term in found])


def _possible(layout: Layout, term: Term, *, is_within: bool = False) -> Term:
    if not isinstance(term, Tree):
        is_nothing = is_within and bindings(layout, "", term) is None
        return FALSE if is_nothing else term

    parts = [_possible(layout, part, is_within=True) for part in term.parts]
    if term.word == "not":
        return negated(parts[0])
    return all_of(parts) if term.word == "and" else any_of(parts)


def _known(layout: Layout, leaf: Eq | In) -> list[Value]:
    """List the values that a record may have: for others the database need not be asked."""
    schema, field = layout.schema, leaf.field
    held = layout.column(field).type
    asked = leaf.values if isinstance(leaf, In) else (leaf.value,)
    given = cast(tuple[Value, ...], asked)  # a table of numbers is refused

    if isinstance(leaf, In):
        _check_size(leaf)

    # A table that is mapped may hold what others have written.
    is_bounded = field == schema.key or schema.fields[field].kind.is_bounded
    if is_bounded and isinstance(held, Word):
        given = tuple(filter(fits, given))
    return [value for value in given if layout.dialect.can_hold(held, value)]


def _check_size(leaf: In) -> None:
    """Raise `QueryError` for a list that is longer than one parameter of a database can be."""
    size = sum(len(value) for value in leaf.values if isinstance(value, str))
    if size > _MOST_TEXT:
        raise QueryError(
            f"the values have {size:,} characters, and a database takes {_MOST_TEXT:,} "
            "in one question: ask in parts",
            field=leaf.field,
            code="query.value",
        )
