"""Prepared queries: planned on one view before anybody waits for the page."""

from collections.abc import Iterator

from instquery.engine.cursors import Bookmark
from instquery.engine.placed import keys_named
from instquery.engine.plan import Plan
from instquery.engine.view import Keep, View
from instquery.pages import Page
from instquery.predicates import Compound, In, Missing, Predicate
from instquery.query import Query
from instquery.schema import Schema
from instquery.terms import Term, leaves_of

__all__ = ["PreparedQuery", "can_be_planned"]

# `prepare` costs at most 50 µs. A size is asked of each predicate, 0.5 µs a value; without a
# census, of each segment too.
_LEAVES = 64
_VALUES = 1_000

# Handing a page to a thread costs 0.1 ms, about as much as to look at so many row sets, or at so
# many rows by their keys.
_AT_ONCE = 100


def can_be_planned(query: Query, segments: int = 1) -> bool:
    """Tell whether a plan can be made within the bounds of `prepare`, asking so many segments."""
    leaves = sum([one.leaves for one in query.where])
    if leaves * segments > _LEAVES:
        return False
    values = [
        len(leaf.values) for one in query.where for leaf in _leaves_in(one) if isinstance(leaf, In)
    ]
    return sum(values) * segments <= _VALUES


def _leaves_in(predicate: Predicate) -> Iterator[Predicate]:
    """Walk the leaves of a predicate in all their places: a plan asks each again."""
    if not isinstance(predicate, Compound):
        yield predicate
        return
    for one in predicate.operands:
        yield from _leaves_in(one)


class PreparedQuery:
    """A query on one view, with its plan where that was made already; see `contract.Prepared`."""

    __slots__ = ("_after", "_keep", "_plan", "_query", "_view")

    def __init__(
        self,
        view: View,
        query: Query,
        plan: Plan | None,
        after: Bookmark | None = None,
        keep: Keep | None = None,
    ) -> None:
        self._view = view
        self._query = query
        self._plan = plan
        self._after = after
        self._keep = keep

    @property
    def brief(self) -> bool:
        """Whether the page is sure to cost less than handing it to a thread."""
        return self._plan is not None and _is_brief(self._plan, self._view.schema)

    @property
    def plan(self) -> Plan:
        """The plan, made now where there is none yet."""
        if self._plan is None:
            self._plan = self._view.explain(self._query)
        return self._plan

    def page(self) -> Page:
        """Carry the plan out."""
        return self._view.answer(self._query, self.plan, self._after, self._keep)


def _is_brief(plan: Plan, schema: Schema) -> bool:
    if plan.driver == "nothing":
        return True
    if plan.driver == "keys":
        return len(plan.keys) <= _AT_ONCE
    if not plan.is_own:
        return False
    is_exact = all(
        step.role == "row set" and (step.exact or _is_selected_exactly(step.predicate, schema))
        for step in plan.steps
    )
    looked_up = sum([_values(step.predicate) for step in plan.steps])
    return is_exact and looked_up * plan.segments <= _AT_ONCE


def _is_selected_exactly(term: Term, schema: Schema) -> bool:
    """Tell whether no record is tested for a tree: all its leaves have indexes that are exact."""
    return all(
        keys_named(leaf, schema) is not None
        or (
            leaf.field in schema.indexed
            and (isinstance(leaf, Missing) or schema.fields[leaf.field].kind.index != "parts")
        )
        for leaf in leaves_of(term)
    )


def _values(term: Term) -> int:
    """Count what a segment looks up."""
    return sum([len(leaf.values) if isinstance(leaf, In) else 1 for leaf in leaves_of(term)])
