"""Canonical forms in plain JSON: what a query is written and compared by.

`trees.Forms` says what is one form; this room writes it, and reads any form back. Forms are
promised across releases: whoever changes what is written raises the version in `query`.

| form | is |
| --- | --- |
| `{"eq": [field, value]}`, `{"in": [field, [value, …]]}` | values sorted |
| `{"contains": [field, needle]}`, `{"missing": [field]}` | |
| `{"range": [field, {"after": bound, …}]}` | an instant is ISO text, an integer a number |
| `["created", "desc"]`, `["id", "asc"]` | an order: a field and a direction |
| `{"and": [form, …]}`, `{"or": [form, …]}`, `{"not": form}` | operands sorted by their JSON |

What JSON would lose is written under a mark: integers beyond 2^53 as `{"number": text}`, text with
halves of surrogate pairs as `{"hex": UTF-8}`, a distance from now as `{"delta": [months,
microseconds]}`.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, cast

from instquery.bounds import Bound, Delta, Instant, bound_of
from instquery.errors import QueryError
from instquery.instants import to_text
from instquery.nodes import Forms, upwards
from instquery.options import told
from instquery.orders import ORDERS, Order
from instquery.predicates import (
    ASKED,
    And,
    Contains,
    Eq,
    In,
    Missing,
    Not,
    Or,
    Predicate,
    Range,
    check_answered,
    check_size,
    unanswered,
)
from instquery.trees import MOST_DEEP, MOST_LEAVES

__all__ = [
    "Json",
    "canonical_form",
    "mark_of",
    "names_form",
    "names_of",
    "number_form",
    "number_of",
    "order_form",
    "order_of",
    "where_of",
]

Json: TypeAlias = Any
"""What JSON can hold."""

_EXACT = 1 << 53  # integers beyond it are no longer exact to every reader of JSON
_as_json = json.JSONEncoder(separators=(",", ":")).encode
# Whose form is wrong, as errors say it.
_PREDICATE = "a predicate"
_ORDER = "an order"
_FIELDS = "fields"
_DIRECTIONS = {True: "desc", False: "asc"}
_BOUNDS = ("after", "since", "until", "before", "within")


# writing


def canonical_form(where: Iterable[Predicate]) -> Json:
    """Write the canonical form of predicates that must all hold.

    Raises `QueryError` for a predicate of an unknown class.

    >>> canonical_form([Or(Eq("zone", "b"), Eq("zone", "a")), In("n", [True, 1])])
    {'and': [{'in': ['n', [1]]}, {'or': [{'eq': ['zone', 'a']}, {'eq': ['zone', 'b']}]}]}
    """
    return _form_of(tuple(where), _as_json, as_numbers=False)


def mark_of(where: Iterable[Predicate]) -> str:
    """Return a text that predicates have in common exactly where they have one form.

    It is for this release alone, and costs less than the form. Instants are what the same integers
    are: whoever asks knows that these are instants.
    """
    return ascii(_form_of(tuple(where), ascii, as_numbers=True))


def _form_of(where: tuple[Predicate, ...], by: Callable[[Json], str], *, as_numbers: bool) -> Json:
    """Write a form, operands sorted by a text of theirs."""
    if _LEAVES.issuperset(map(type, where)):  # as nearly all queries are
        forms = [_write_leaf(leaf, as_numbers=as_numbers) for leaf in dict.fromkeys(where)]
        return forms[0] if len(forms) == 1 else {"and": sorted(forms, key=by)}

    for one in where:
        check_answered(one, ASKED)  # which says what to ask with, as And would not
    whole = And(*where)
    check_size(whole)
    for node, _ in upwards(whole):
        check_answered(node, ASKED)  # a class derived from one would be written as that one
    numbered = Forms[Predicate]()
    root = numbered.number(whole)

    written: list[Json] = []
    for word, _, leaf, operands in numbered.forms:
        if leaf is not None:
            written.append(_write_leaf(leaf, as_numbers=as_numbers))
        elif word == "not":
            (operand,) = operands
            written.append({word: written[operand]})
        else:
            written.append({word: sorted([written[one] for one in operands], key=by)})
    return written[root]


def _write_leaf(leaf: Predicate, *, as_numbers: bool) -> Json:
    write = _WRITE.get(type(leaf))
    if write is not None:
        return write(leaf)
    if isinstance(leaf, Range):
        return _write_range(leaf, as_numbers=as_numbers)
    raise unanswered(leaf, _LEAVES)


def _write_eq(leaf: Eq) -> Json:
    return {"eq": [_value(leaf.field), _value(leaf.value)]}


def _write_contains(leaf: Contains) -> Json:
    return {"contains": [_value(leaf.field), _value(leaf.needle)]}


def _write_missing(leaf: Missing) -> Json:
    return {"missing": [_value(leaf.field)]}


def _write_in(leaf: In) -> Json:
    return {"in": [_value(leaf.field), sorted(map(_value, leaf.members), key=_as_json)]}


def _write_range(leaf: Range, *, as_numbers: bool) -> Json:
    bounds = {name: getattr(leaf, name) for name in _BOUNDS}
    given = {
        name: _bound(bound, as_numbers=as_numbers)
        for name, bound in bounds.items()
        if bound is not None
    }
    return {"range": [_value(leaf.field), given]}


def _bound(bound: Bound, *, as_numbers: bool) -> Json:
    if isinstance(bound, Instant):
        if as_numbers:
            return _value(bound.at)
        return to_text(bound.at, "microseconds" if bound.at % 1_000_000 else "seconds")
    if isinstance(bound, Delta):
        return {"delta": [_value(bound.months), _value(bound.microseconds)]}
    return _value(bound.number)


def _value(value: str | int) -> Json:
    """Write a value so that JSON carries it exactly; equal values alike."""
    if isinstance(value, str):
        exact = str.__str__(value)
        if exact.isascii():
            return exact
        try:
            exact.encode()
        except UnicodeEncodeError:
            return {"hex": exact.encode("utf-8", "surrogatepass").hex()}
        return exact
    number = int(value)
    if -_EXACT <= number <= _EXACT:
        return number
    # Python refuses to write an integer of more than 4,300 digits in decimals.
    return {"number": str(number) if number.bit_length() <= 128 else hex(number)}


_WRITE: Mapping[type[Predicate], Callable[[Any], Json]] = {
    Eq: _write_eq,
    In: _write_in,
    Contains: _write_contains,
    Missing: _write_missing,
}


_LEAVES: frozenset[type[Predicate]] = frozenset({Range, *_WRITE})


def order_form(orders: Iterable[Order]) -> Json:
    """Write orders: fields and directions.

    >>> order_form([Order("created"), Order("id", descending=False)])
    [['created', 'desc'], ['id', 'asc']]
    """
    return [[_value(one.field), _DIRECTIONS[one.descending]] for one in orders]


def names_form(names: Iterable[str]) -> Json:
    """Write names of members."""
    return [_value(name) for name in names]


def number_form(number: int) -> Json:
    """Write a number, such as an offset, which may be of any size."""
    return _value(number)


# reading


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
            raise _wrong('is a field and "asc" or "desc"', one, _ORDER)
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
    return _read(form, 1, [MOST_LEAVES])


def _read(form: Json, depth: int, left: list[int]) -> Predicate:
    """Read a form with no more leaves than are left: one mapping may stand in many places."""
    members = _members(form)
    if members is None or len(members) != 1:
        raise _wrong("is one word, such as eq, and what it is of", form)
    if depth > MOST_DEEP:
        raise QueryError(f"the form of a predicate is at most {MOST_DEEP} deep", code="query.value")

    ((word, given),) = members.items()
    if word == "not":
        return Not(_read(given, depth + 1, left))
    if word in ("and", "or"):
        forms = _listed(given)
        if not forms:
            _take_leaf(left)
        operands = [_read(one, depth + 1, left) for one in forms]
        return And(*operands) if word == "and" else Or(*operands)

    read = _READ.get(word)
    if read is None:
        raise _wrong(f"begins with one of and, or, not, {', '.join(_READ)}", word)
    parts = _listed(given)
    if len(parts) != (1 if word == "missing" else 2):
        raise _wrong(f"of {word} has another number of parts", given)
    _take_leaf(left)
    return read(*parts)


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
    if given is None or any(name not in _BOUNDS for name in given):
        raise _wrong(f"of range has bounds by {', '.join(_BOUNDS)}", bounds)
    return Range(_exact(field), **{name: _read_bound(bound) for name, bound in given.items()})


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
            return int(marked["number"], 0)
        if list(marked) == ["hex"]:
            return bytes.fromhex(marked["hex"]).decode("utf-8", "surrogatepass")
    except (TypeError, ValueError):
        pass
    raise _wrong("has values, or number or hex with text", given)


def _wrong(what: str, given: object, of: str = _PREDICATE) -> QueryError:
    return QueryError(f"the form of {of} {what}, not {told(given)}", code="query.value")


_READ: Mapping[str, Callable[..., Predicate]] = {
    "eq": _read_eq,
    "in": _read_in,
    "contains": _read_contains,
    "range": _read_range,
    "missing": _read_missing,
}
