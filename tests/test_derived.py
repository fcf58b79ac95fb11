"""Derived classes of predicates: what they mean nobody knows, so they are equal to no other."""

import pytest

from instquery import And, Eq, Not, Or, QueryError
from instquery.canonical import canonical_form


class Both(And):
    """A class of the caller's own, which may mean anything."""


class Either(Or):
    """The same."""


class Neither(Not):
    """The same."""


@pytest.mark.parametrize(
    ("derived", "own"), [(Both, And), (Either, Or), (Neither, Not)], ids=["and", "or", "not"]
)
def test_a_derived_class_is_equal_to_its_like_alone(derived, own):
    a, b = Eq("status", "a"), Eq("id", "b")
    some = [(a,)] if own is Not else [(), (a,), (a, b), (own(a, b), a)]
    for operands in some:
        assert derived(*operands) == derived(*operands)
        assert hash(derived(*operands)) == hash(derived(*operands))
        assert derived(*operands) != own(*operands)
        assert own(*operands) != derived(*operands)
        assert Not(derived(*operands)) != Not(own(*operands))
        for shell in (And, Or, Not):
            with pytest.raises(QueryError, match=f"{derived.__name__} is not answered"):
                canonical_form([shell(derived(*operands))])
    assert derived(a) != a
    assert And(derived(a), b) != And(a, b)
    assert own(derived(a)) != derived(a) or own is not Not
