"""Terms weighed: how many records match each, so that plans choose by it.

Sizes of values cost the least, as a census keeps their counts. So they are asked first. Where they
settle how a query is answered, the other terms are not asked: any number of records may match them.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from instquery.engine.census import Census
from instquery.engine.sizes import Size
from instquery.engine.version import Version
from instquery.predicates import Contains, Eq, In, Value
from instquery.terms import Term, Tree, leaves_of

__all__ = ["Weighed", "are_few_named", "by_cost", "unweighed", "weigh"]

# Makes a NamedTuple at half of what a call of its class costs: there is one a predicate.
_new = tuple.__new__  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]

_OF_VALUES = frozenset({Eq, In})

# To look up so many keys costs about as much as to ask one segment for what several terms select.
_KEYS_A_SEGMENT = 16


class Weighed(NamedTuple):
    """A term, what is known of its matches, and whether segments can select them."""

    predicate: Term
    size: Size
    keys: Sequence[Value] | None
    has_index: bool


def by_cost(terms: Sequence[Term]) -> tuple[Sequence[Term], Sequence[Term]]:
    """Part terms into those that are asked first, and the others: of these, needles first.

    Most proofs that nothing matches are of needles. To part terms costs 1 µs, as much as the size
    of a value: two are not worth it.
    """
    if len(terms) <= 2 or _OF_VALUES.issuperset(map(type, terms)):
        return terms, ()
    known = [term for term in terms if type(term) in _OF_VALUES]
    others = [term for term in terms if type(term) not in _OF_VALUES]
    others.sort(key=_is_no_needle)
    return known, others


def _is_no_needle(term: Term) -> bool:
    return type(term) is not Contains


def weigh(
    terms: Sequence[Term],
    version: Version,
    census: Census | None,
    weighed: Sequence[Weighed] = (),
) -> list[Weighed]:
    """Weigh terms; with those that are weighed already, what seems the rarest comes first.

    Once one is known to match nothing, no more is asked.
    """
    together = list(weighed)
    for number, term in enumerate(terms, start=1):
        size, keys = version.estimate(term, census)
        together.append(_new(Weighed, (term, size, keys, _has_index(term, version))))
        if size.most == 0 and number < len(terms):
            together += unweighed(terms[number:], version)
            break

    if len(together) > 1:
        together.sort(key=_expected)
    return together


def unweighed(terms: Iterable[Term], version: Version) -> list[Weighed]:
    """Return terms of which nothing is known, as nothing was asked."""
    size = Size.at_most(version.count)
    return [Weighed(term, size, None, _has_index(term, version)) for term in terms]


def are_few_named(weighed: Iterable[Weighed], version: Version) -> bool:
    """Tell whether what is weighed may settle the plan: it matches nothing, or names few keys."""
    few = len(version.segments) * _KEYS_A_SEGMENT
    for one in weighed:
        if one.size.most == 0 or (one.keys is not None and len(one.keys) <= few):
            return True
    return False


def _has_index(term: Term, version: Version) -> bool:
    """Tell whether segments can select by a term, or by a part of a tree: keys are placed there."""
    if not isinstance(term, Tree):
        return term.field in version.schema.indexed
    selectable = {*version.schema.indexed, version.schema.key}
    return not selectable.isdisjoint([leaf.field for leaf in leaves_of(term)])


def _expected(weighed: Weighed) -> int:
    return weighed.size.expected
