"""Terms: predicates once schema and now are known, as plans, indexes and databases are asked.

A term is a bound leaf, or a `Tree` of terms. Trees are made by `all_of`, `any_of` and `negated`,
which simplify what they combine: an answer stays the same, and costs less.

- `and` in `and` and `or` in `or` are opened, `not` in `not` is dropped;
- what is always true or always false is known to be;
- the intervals of one field under one `and` are their intersection, which is counted exactly;
- the values of one field under one `or` are one `In`, which is looked up once, but for long lists;
- a leaf that stands in many places under one `and` or `or` is there once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any, Literal, TypeAlias, Union

from instquery.leaves import Among, Some, Span
from instquery.predicates import (
    And,
    Bounded,
    Eq,
    In,
    Interval,
    Missing,
    Not,
    Or,
    Predicate,
    Range,
)
from instquery.truths import Test, every, opposite, some, truth_of

__all__ = [
    "FALSE",
    "TRUE",
    "Term",
    "Tree",
    "all_of",
    "any_of",
    "asked_again",
    "compiled",
    "leaves_of",
    "merged",
    "negated",
]

Term: TypeAlias = Union[Bounded, "Tree"]
"""A bound leaf, or a tree of terms."""

_JOINED_VALUES = 256

_SHOWN = 12
"""The leaves of a tree that `str` shows."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Terms of which all hold (`and`), one holds (`or`), or the only one does not (`not`).

    `test` tells whether a record matches; it is compiled here, once for all records.
    """

    word: Literal["and", "or", "not"]
    parts: tuple[Term, ...]
    test: Test = attribute(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        tests = [compiled(part) for part in self.parts]
        test = opposite(tests[0]) if self.word == "not" else _JOINED[self.word](tests)
        object.__setattr__(self, "test", test)

    def __reduce__(self) -> tuple[Any, ...]:
        return Tree, (self.word, self.parts)

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Tell whether a record matches."""
        return self.test(record)

    def __str__(self) -> str:
        return _told(self, [_SHOWN])


_JOINED = {"and": every, "or": some}

_MERGED = frozenset({Interval, Span, Tree})


def merged(terms: Iterable[Term]) -> list[Term]:
    """List the terms that must all hold, one interval of each field.

    >>> merged([Eq("a", "x"), TRUE]), merged([Eq("a", "x"), FALSE]) == [FALSE]
    ([Eq(field='a', value='x')], True)
    """
    given = _distinct(terms)
    kinds = set(map(type, given))
    if _MERGED.isdisjoint(kinds):
        return given

    found: dict[object, Term] = {}
    for term in _opened("and", given) if Tree in kinds else given:
        if isinstance(term, Interval):
            other = found.get(term.field)
            found[term.field] = term.intersection(other) if isinstance(other, Interval) else term
        elif isinstance(term, Span):
            other = found.get(term.field)
            found[term.field] = term.intersection(other) if isinstance(other, Span) else term
        elif isinstance(term, Tree) and term == FALSE:
            return [FALSE]
        else:
            found[id(term)] = term
    return list(found.values())


def all_of(terms: Iterable[Term]) -> Term:
    """Return the term that holds where all of them do."""
    parts = merged(terms)
    return parts[0] if len(parts) == 1 else Tree("and", tuple(parts))


def any_of(terms: Iterable[Term]) -> Term:
    """Return the term that holds where one of them does.

    >>> any_of([Eq("a", "x"), Eq("b", "y"), Eq("a", "z")]).parts
    (In(field='a', values=('x', 'z')), Eq(field='b', value='y'))
    """
    opened = _distinct(_opened("or", terms))
    if TRUE in opened:
        return TRUE

    fields = [_field_of(term) for term in opened if type(term) in _OF_VALUES]
    if len(set(fields)) == len(fields):  # nothing to put together, as nearly always
        return opened[0] if len(opened) == 1 else Tree("or", tuple(opened))

    values: dict[str, list[Any]] = {}
    for term in opened:
        asked = _values_of(term)
        if asked is not None:
            values.setdefault(_field_of(term), []).extend(asked)

    parts: list[Term] = []
    for term in opened:
        own = _values_of(term)
        if own is None:
            parts.append(term)
        elif _field_of(term) in values:
            given = values.pop(_field_of(term))
            is_alone = len(given) == len(own)
            parts.append(term if is_alone else _with_values(term, given))
    return parts[0] if len(parts) == 1 else Tree("or", tuple(parts))


_OF_VALUES = frozenset({Eq, In, Some, Span, Among})


def _values_of(term: Term) -> Sequence[Any] | None:
    """Return the values of one field of which a leaf asks for any; `None` for any other term.

    And for very many: a leaf that stands in many places would be copied for each of them.
    """
    if type(term) not in _OF_VALUES:
        return None
    if isinstance(term, Some):
        return _values_of(term.leaf)
    if isinstance(term, Eq):
        return (term.value,)
    if isinstance(term, (In, Among)):
        return term.values if len(term.values) <= _JOINED_VALUES else None
    if isinstance(term, Span) and term.low is not None and term.low == term.high:
        return None if term.is_low_open or term.is_high_open else (term.low,)
    return None


def _with_values(term: Term, values: Sequence[Any]) -> Term:
    """Return the leaf of the same field that asks for any of some values."""
    if isinstance(term, Some):
        return Some(term.field, In(term.field, values))
    if isinstance(term, (Among, Span)):
        return Among(term.field, tuple(values))
    return In(_field_of(term), values)


def _field_of(term: Term) -> str:
    return "" if isinstance(term, Tree) else term.field


def negated(term: Term) -> Term:
    """Return the term that holds where this one does not."""
    if isinstance(term, Tree):
        if term.word == "not":
            return term.parts[0]
        if not term.parts:
            return FALSE if term.word == "and" else TRUE
    return Tree("not", (term,))


def leaves_of(term: Term) -> Iterator[Bounded]:
    """Walk the leaves of a term."""
    if not isinstance(term, Tree):
        yield term
        return
    for part in term.parts:
        yield from leaves_of(part)


def asked_again(term: Term) -> Predicate:
    """Return the predicate that a caller would ask, for whoever asks a store."""
    if not isinstance(term, Tree):
        return _asked_leaf(term)

    parts = [asked_again(part) for part in term.parts]
    if term.word == "not":
        return Not(parts[0])
    return And(*parts) if term.word == "and" else Or(*parts)


def _asked_leaf(leaf: Bounded) -> Predicate:
    if isinstance(leaf, Interval):
        return leaf.as_range()
    if isinstance(leaf, Some):
        return _asked_leaf(leaf.leaf)
    if isinstance(leaf, Span):
        return _asked_span(leaf)
    return In(leaf.field, leaf.values) if isinstance(leaf, Among) else leaf


def _asked_span(span: Span) -> Predicate:
    bounds: dict[str, Any] = {}
    if span.low is not None:
        bounds["after" if span.is_low_open else "since"] = span.low
    if span.high is not None:
        bounds["before" if span.is_high_open else "until"] = span.high
    return Range(span.field, **bounds) if bounds else Not(Missing(span.field))


def compiled(term: Term) -> Test:
    """Return what tests a record. Raises `QueryError` for what is no term."""
    if isinstance(term, Tree):
        return term.test
    return truth_of(term)


def _opened(word: Literal["and", "or"], terms: Iterable[Term]) -> Iterator[Term]:
    """Walk terms, trees of this word opened: those within are opened already."""
    for term in terms:
        if isinstance(term, Tree) and term.word == word:
            yield from term.parts
        else:
            yield term


def _distinct(terms: Iterable[Term]) -> list[Term]:
    """List terms, one that stands in many places once: its values are not compared."""
    return list({id(term): term for term in terms}.values())


def _told(term: Term, left: list[int]) -> str:
    """Write a term for people, with no more leaves than are left."""
    if not isinstance(term, Tree):
        left[0] -= 1
        return str(term)

    parts: list[str] = []
    for number, part in enumerate(term.parts):
        if left[0] <= 0:
            parts.append(f"… {len(term.parts) - number:,} more")
            break
        told = _told(part, left)
        parts.append(f"({told})" if isinstance(part, Tree) or term.word == "not" else told)

    if term.word == "not":
        return f"not {parts[0]}"
    return f" {term.word} ".join(parts) or ("everything" if term.word == "and" else "nothing")


TRUE = Tree("and", ())
"""Every record matches."""

FALSE = Tree("or", ())
"""No record matches."""
