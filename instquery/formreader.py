"""Read the plain forms that `canonical` writes."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from instquery.bounds import Delta, bound_of
from instquery.canonical import BOUNDS, Json
from instquery.errors import QueryError
from instquery.options import brief
from instquery.orders import ORDERS, Order
from instquery.predicates import (
    And,
    Contains,
    Eq,
    Has,
    In,
    Like,
    Missing,
    Not,
    Or,
    Predicate,
    Range,
)
from instquery.trees import MOST_DEEP, MOST_LEAVES

__all__ = ["names_of", "number_of", "order_of", "where_of"]

# Whose form is wrong, as errors say it.
_PREDICATE = "a predicate"
_ORDER = "an order"
_FIELDS = "fields"


def number_of(form: Json) -> Any:
    """Read a number; what is none is left to whoever checks it."""
    return _exact(form)


def order_of(form: Json) -> list[Order]:
    """Read the form of orders. Raises `QueryError` for what is none."""
    orders: list[Order] = []
    for one in _listed(form, _ORDER)[: ORDERS + 1]:  # one too many is refused by the query
        parts = _listed(one, _ORDER)
        field, direction = parts if len(parts) == 2 else (None, None)
        name = _exact(field)
        if not isinstance(name, str) or direction not in ("desc", "asc"):
            culprit = direction if isinstance(name, str) else one
            raise _wrong('is a field and "asc" or "desc"', culprit, _ORDER)
        orders.append(Order(name, descending=direction == "desc"))
    return orders


def names_of(form: Json) -> list[str]:
    """Read names of members. Raises `QueryError` for what is no list of them."""
    names = [_exact(one) for one in _listed(form, _FIELDS)]
    if not all(isinstance(name, str) for name in names):
        raise _wrong("has names alone", form, _FIELDS)
    return names


def where_of(form: Json) -> Predicate:
    """Read a form. Raises `QueryError` for what is none."""
    return _read(form, 1, [MOST_LEAVES], {})


def _read(form: Json, depth: int, left: list[int], known: dict[int, Predicate]) -> Predicate:
    """Read a form with no more leaves than are left.

    One mapping may stand in many places: the leaf that it is read as is `known` by its `id` then.
    """
    if id(form) in known:
        _take_leaf(left)
        return known[id(form)]
    members = _members(form)
    if members is None or len(members) != 1:
        raise _wrong("is one word, such as eq, and what it is of", form)
    if depth > MOST_DEEP:
        raise QueryError(f"the form of a predicate is at most {MOST_DEEP} deep", code="query.value")

    ((word, given),) = members.items()
    if word == "not":
        return Not(_read(given, depth + 1, left, known))
    if word in ("and", "or"):
        forms = _listed(given)
        if not forms:
            _take_leaf(left)
        operands = [_read(one, depth + 1, left, known) for one in forms]
        return And(*operands) if word == "and" else Or(*operands)

    read = _READ.get(word)
    if read is None:
        raise _wrong(f"begins with one of and, or, not, {', '.join(_READ)}", word)
    parts = _listed(given)
    wanted = _PARTS.get(word, (2,))
    if len(parts) not in wanted:
        several = f"{' or '.join(map(str, wanted))} {'part' if wanted == (1,) else 'parts'}"
        raise _wrong(f"of {word} has {several}", given)
    _take_leaf(left)
    leaf = known[id(form)] = read(*parts)
    return leaf


def _take_leaf(left: list[int]) -> None:
    if not left[0]:
        reason = f"the form of a predicate has at most {MOST_LEAVES:,} leaves"
        raise QueryError(reason, code="query.value")
    left[0] -= 1


def _read_eq(field: Json, value: Json) -> Predicate:
    return Eq(_exact(field), _exact(value))


def _read_in(field: Json, values: Json) -> Predicate:
    return In(_exact(field), [_exact(one) for one in _listed(values)])


def _read_contains(field: Json, needle: Json) -> Predicate:
    return Contains(_exact(field), _exact(needle))


def _read_range(field: Json, bounds: Json) -> Predicate:
    given = _members(bounds)
    if given is None or any(name not in BOUNDS for name in given):
        raise _wrong(f"of range has bounds by {', '.join(BOUNDS)}", bounds)
    return Range(_exact(field), **{name: _read_bound(bound) for name, bound in given.items()})


def _read_like(field: Json, pattern: Json, case: Json) -> Predicate:
    return Like(_exact(field), _exact(pattern), case=case)


def _read_has(field: Json, key: Json, values: Json = None) -> Predicate:
    given = None if values is None else [_exact(one) for one in _listed(values)]
    return Has(_exact(field), _exact(key), given)


def _read_missing(field: Json) -> Predicate:
    return Missing(_exact(field))


def _read_bound(given: Json) -> Any:
    marked = _members(given)
    if marked is None:
        try:
            return bound_of(given)
        except ValueError as error:
            raise QueryError(f"the bound {error}", code="query.value") from None

    if list(marked) != ["delta"]:
        return _exact(given)
    parts = _listed(marked["delta"])
    months, microseconds = map(_exact, parts) if len(parts) == 2 else (None, None)
    if type(months) is not int or type(microseconds) is not int:
        raise _wrong("of delta has months and microseconds", given)
    return Delta.cut(months, microseconds)


def _members(given: Json) -> Mapping[str, Json] | None:
    """Return the members of a mapping; `None` for what is none."""
    return cast(Mapping[str, Json], given) if isinstance(given, Mapping) else None


def _listed(given: Json, of: str = _PREDICATE) -> Sequence[Json]:
    if not isinstance(given, list | tuple):
        raise _wrong("has lists of parts", given, of)
    return cast(Sequence[Json], given)


def _exact(given: Json) -> Any:
    """Read a value; what is under a mark as it was."""
    marked = _members(given)
    if marked is None:
        return given
    try:
        if list(marked) == ["number"]:
            return _number(marked["number"])
        if list(marked) == ["hex"]:
            return bytes.fromhex(marked["hex"]).decode("utf-8", "surrogatepass")
    except (TypeError, ValueError):
        pass
    raise _wrong("has values, or number or hex with text", given)


def _number(text: str) -> int | float | Decimal:
    """Read a number that JSON would lose. Raises `ValueError`, also for text without end."""
    try:
        return int(text, 0)
    except ValueError:
        pass
    if text in ("inf", "-inf"):
        return float(text)
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None


def _wrong(what: str, given: object, of: str = _PREDICATE) -> QueryError:
    return QueryError(f"the form of {of} {what}, not {brief(given)}", code="query.value")


_READ: Mapping[str, Callable[..., Predicate]] = {
    "eq": _read_eq,
    "in": _read_in,
    "contains": _read_contains,
    "range": _read_range,
    "like": _read_like,
    "has": _read_has,
    "missing": _read_missing,
}

_PARTS: Mapping[str, tuple[int, ...]] = {"missing": (1,), "like": (3,), "has": (2, 3)}
"""How many parts a form has, where these are not two."""
