"""Canonical forms in plain JSON: what a query is written and compared by.

`trees.Forms` says what is one form; this room writes it, and `formreader` reads any back. Forms are
promised across releases: whoever changes what is written raises the version in `query`.

| form | is |
| --- | --- |
| `{"eq": [field, value]}`, `{"in": [field, [value, …]]}` | values sorted |
| `{"contains": [field, needle]}`, `{"missing": [field]}` | |
| `{"like": [field, pattern, case]}` | the pattern as it was given |
| `{"has": [field, key]}`, `{"has": [field, key, [value, …]]}` | values sorted |
| `{"range": [field, {"after": bound, …}]}` | an instant is ISO text, an integer a number |
| `["created", "desc"]`, `["id", "asc"]` | an order: a field and a direction |
| `{"and": [form, …]}`, `{"or": [form, …]}`, `{"not": form}` | operands sorted by their JSON |

What JSON would lose is written under a mark: integers beyond 2^53, infinities and decimals that are
no float as `{"number": text}`, text with halves of surrogate pairs as `{"hex": UTF-8}`, a distance
from now as `{"delta": [months, microseconds]}`. Equal numbers are written alike.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from math import isfinite
from typing import Any, TypeAlias

from instquery.bounds import Bound, Delta, Instant
from instquery.instants import to_text
from instquery.nodes import Forms, upwards
from instquery.numbers import number_key
from instquery.orders import Order
from instquery.predicates import (
    ASKED,
    And,
    AnyValue,
    Contains,
    Eq,
    Has,
    In,
    Like,
    Missing,
    Predicate,
    Range,
    check_answered,
    check_size,
    unanswered,
)

__all__ = [
    "BOUNDS",
    "Json",
    "canonical_form",
    "mark_of",
    "names_form",
    "number_form",
    "order_form",
]

Json: TypeAlias = Any
"""What JSON can hold."""

_EXACT = 1 << 53  # integers beyond it are no longer exact to every reader of JSON
_as_json = json.JSONEncoder(separators=(",", ":")).encode
_DIRECTIONS = {True: "desc", False: "asc"}
BOUNDS = ("after", "since", "until", "before", "within")
"""The bounds of a range, by name."""


def canonical_form(where: Iterable[Predicate]) -> Json:
    """Write the canonical form of predicates that must all hold.

    Raises `QueryError` for a predicate of an unknown class.

    >>> from instquery import Eq, In, Or
    >>> canonical_form([Or(Eq("zone", "b"), Eq("zone", "a")), In("n", [True, 1])])
    {'and': [{'in': ['n', [1]]}, {'or': [{'eq': ['zone', 'a']}, {'eq': ['zone', 'b']}]}]}
    """
    return _form_of(tuple(where), _as_json, as_numbers=False)[0]


def mark_of(where: Iterable[Predicate]) -> str:
    """Return a text that predicates have in common exactly where they have one form.

    It is for this release alone, and costs less than the form. Instants are what the same integers
    are: whoever asks knows that these are instants.
    """
    form, told = _form_of(tuple(where), ascii, as_numbers=True)
    return ascii(form) if told is None else told


def _form_of(
    where: tuple[Predicate, ...], by: Callable[[Json], str], *, as_numbers: bool
) -> tuple[Json, str | None]:
    """Write a form, operands sorted by a text of theirs; and of what has more than leaves, a mark.

    A leaf that stands in many places is written once, and so is its text.
    """
    if _LEAVES.issuperset(map(type, where)):  # as nearly all queries are
        forms = [_write_leaf(leaf, as_numbers=as_numbers) for leaf in dict.fromkeys(where)]
        return (forms[0] if len(forms) == 1 else {"and": sorted(forms, key=by)}), None

    for one in where:
        check_answered(one, ASKED)  # which says what to ask with, as And would not
    whole = And(*where)
    check_size(whole)
    for node, _ in upwards(whole):
        check_answered(node, ASKED)  # a class derived from one would be written as that one
    return _Writing(whole, by, as_numbers=as_numbers).result()


class _Writing:
    """The forms of a tree while they are written, by number: see `nodes.Forms`.

    In the place of a leaf's text stands its rank among the texts of leaves. As no form's text is
    how another one begins, that sorts operands as their whole texts would, which may be long, and
    in many places.
    """

    def __init__(self, root: Predicate, by: Callable[[Json], str], *, as_numbers: bool) -> None:
        numbered = Forms[Predicate]()
        self._root = numbered.number(root)
        self._forms = numbered.forms
        self._leaves = {
            number: _write_leaf(form.leaf, as_numbers=as_numbers)
            for number, form in enumerate(self._forms)
            if form.leaf is not None
        }
        self._texts = {number: by(leaf) for number, leaf in self._leaves.items()}

    def result(self) -> tuple[Json, str | None]:
        """Return what `_form_of` does."""
        in_order = sorted(set(self._texts.values()))
        ranks = {text: rank for rank, text in enumerate(in_order)}
        written: list[Json] = []
        marks: list[str] = []
        for number, (word, _, _, operands) in enumerate(self._forms):
            leaf = self._leaves.get(number)
            if leaf is not None:
                written.append(leaf)
                marks.append(f'{{"{next(iter(leaf))}":{ranks[self._texts[number]]:05}}}')
                continue

            ordered = sorted(operands, key=marks.__getitem__)
            parts = [written[one] for one in ordered]
            told = ",".join([marks[one] for one in ordered])
            is_not = word == "not"
            written.append({word: parts[0] if is_not else parts})
            marks.append(f'{{"{word}":{told}}}' if is_not else f'{{"{word}":[{told}]}}')

        mark = None if self._is_flat() else f"{in_order}\n{marks[self._root]}"
        return written[self._root], mark

    def _is_flat(self) -> bool:
        """Tell whether it is a leaf, or leaves that must all hold."""
        word, _, _, operands = self._forms[self._root]
        return self._root in self._leaves or (word == "and" and operands <= self._leaves.keys())


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
    return {"in": [_value(leaf.field), sorted(map(_value, leaf.values), key=_as_json)]}


def _write_like(leaf: Like) -> Json:
    return {"like": [_value(leaf.field), _value(leaf.pattern), leaf.case]}


def _write_has(leaf: Has) -> Json:
    tag = [_value(leaf.field), _value(leaf.key)]
    if leaf.values is not None:
        tag.append(sorted(map(_value, leaf.values), key=_as_json))
    return {"has": tag}


def _write_range(leaf: Range, *, as_numbers: bool) -> Json:
    bounds = {name: getattr(leaf, name) for name in BOUNDS}
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
        return {"delta": [_integer(bound.months), _integer(bound.microseconds)]}
    return _value(bound.number)


def _value(value: AnyValue) -> Json:
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
    return _number(value)


def _number(value: int | float | Decimal) -> Json:
    key = number_key(value)
    if isinstance(key, tuple):
        sign, digits = key
        return {"number": sign + digits}
    if isinstance(key, float) and not key.is_integer():
        return key if isfinite(key) else {"number": str(key)}
    return _integer(int(value))


def _integer(number: int) -> Json:
    if -_EXACT <= number <= _EXACT:
        return number
    # Python refuses to write an integer of more than 4,300 digits in decimals.
    return {"number": str(number) if number.bit_length() <= 128 else hex(number)}


_WRITE: Mapping[type[Predicate], Callable[[Any], Json]] = {
    Eq: _write_eq,
    In: _write_in,
    Contains: _write_contains,
    Like: _write_like,
    Has: _write_has,
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
    return _integer(number)
