"""Truths: leaves, once schema and now are known, compiled to functions that test a record."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from instquery.folding import fold
from instquery.leaves import Among, Has, Like, Some, Span
from instquery.predicates import Bounded, Contains, Eq, In, Interval, Missing, check_answered

__all__ = ["Test", "every", "opposite", "some", "truth_of"]

Test: TypeAlias = Callable[[Mapping[str, Any]], bool]
"""Tells whether a record matches."""


def truth_of(leaf: Bounded) -> Test:
    """Return what tests a record for a leaf. Raises `QueryError` for what is no bound leaf."""
    check_answered(leaf)
    return _TESTS[type(leaf)](leaf)


def every(tests: Sequence[Test]) -> Test:
    """Return what tells whether all tests do."""

    def holds(record: Mapping[str, Any]) -> bool:
        for test in tests:  # noqa: SIM110 - a generator would cost more than the tests
            if not test(record):
                return False
        return True

    return holds


def some(tests: Sequence[Test]) -> Test:
    """Return what tells whether a test does."""

    def holds(record: Mapping[str, Any]) -> bool:
        for test in tests:  # noqa: SIM110 - the same
            if test(record):
                return True
        return False

    return holds


def opposite(test: Test) -> Test:
    """Return what tells the opposite."""
    return lambda record: not test(record)


def _equal(leaf: Eq) -> Test:
    field, value = leaf.field, leaf.value
    return lambda record: record.get(field) == value


def _among(leaf: In) -> Test:
    field, members = leaf.field, leaf.members
    return lambda record: record.get(field) in members


def _containing(leaf: Contains) -> Test:
    field, needle = leaf.field, leaf.folded
    return lambda record: (text := record.get(field)) is not None and needle in fold(text)


def _like(leaf: Like) -> Test:
    field, fits = leaf.field, leaf.read.fits
    return lambda record: isinstance(text := record.get(field), str) and fits(text)


def _having(leaf: Has) -> Test:
    field, has = leaf.field, leaf.has
    return lambda record: has(record.get(field) or ())


def _some_value(leaf: Some) -> Test:
    field, inner = leaf.field, leaf.leaf
    if isinstance(inner, Eq):
        value = inner.value
        return lambda record: value in (record.get(field) or ())
    if isinstance(inner, In):
        members = inner.members
        return lambda record: not members.isdisjoint(record.get(field) or ())
    return leaf.matches


def _as_it_says(leaf: Interval | Span | Among | Missing) -> Test:
    return leaf.matches


_TESTS: Mapping[type[Bounded], Callable[[Any], Test]] = {
    Eq: _equal,
    In: _among,
    Contains: _containing,
    Like: _like,
    Interval: _as_it_says,
    Has: _having,
    Span: _as_it_says,
    Among: _as_it_says,
    Some: _some_value,
    Missing: _as_it_says,
}
