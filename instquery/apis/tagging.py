"""Parameters that ask for tags: pairs of key and value, which a tags field holds.

Keys and values are exact, case included. An empty one is as if absent. A key alone stands for any
value, and a value alone is refused, except where a docstring says otherwise.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, Unpack, cast

from instquery.apis.families import Part, repeated
from instquery.apis.jsontext import json_array, json_object
from instquery.apis.param import Common, Param, is_count
from instquery.apis.rules import Refusal
from instquery.apis.values import is_given, word
from instquery.errors import SchemaError
from instquery.leaves import Has
from instquery.predicates import Or, Predicate

__all__ = ["tag_family", "tag_list", "tag_map"]

Pair: TypeAlias = tuple[str | None, str | None]


def tag_family(
    name: str,
    field: str,
    *,
    most: int,
    parts: tuple[Part, Part] = ("Key", "Value"),
    mismatch: str | None = None,
    **common: Unpack[Common],
) -> Param:
    """Declare a filter for records that have all of some tags: `Tag.1.Key`, `Tag.1.Value`.

    Args:
        name: what all of the parameters begin with.
        field: a tags field.
        most: how many tags there may be. More are refused with `code`.
        parts: the names of a tag's key and value; a tuple of names has other spellings behind.
        mismatch: the code for a value without a key; by default `code`.
        common: see `Common`.

    >>> tags = tag_family("Tag", "Tags", most=20)
    >>> given = tags.found({"Tag.1.Key": "env", "Tag.4.Key": "app", "Tag.4.Value": "shop"})
    >>> tags.read(tags.value(given), 0)
    [Has('Tags', 'env'), Has('Tags', 'app', 'shop')]

    """

    def read(items: tuple[Pair, ...], _now: int) -> Iterable[Predicate]:
        return _all_of(field, items, mismatch)

    param = repeated(name, parts, most=most, read=read, **common)
    return replace(param, examples=(Has(field, ""),))


def tag_list(
    name: str,
    field: str,
    *,
    most: int,
    parts: tuple[str, str] = ("Key", "Value"),
    **common: Unpack[Common],
) -> Param:
    """Declare a filter for records that have all of some tags, in a JSON array of objects.

    An empty array asks for nothing, and so does an empty object in it. `most` is how many tags
    there may be, `parts` are the members of a tag that are its key and its value.

    >>> tags = tag_list("Tag", "Tags", most=20)
    >>> tags.read(tags.value('[{"Key": "env", "Value": "prod"}]'), 0)
    [Has('Tags', 'env', 'prod')]
    """
    if not is_count(most):
        raise SchemaError("most must be an integer from 1", field=name)

    def value(given: object) -> tuple[Pair, ...]:
        pairs: list[Pair] = []
        for item in json_array(given, most):
            if not isinstance(item, Mapping):
                raise ValueError(f"must hold objects with {' and '.join(parts)}")
            members = cast(Mapping[str, object], item)
            key, text = [_text(members.get(part)) for part in parts]
            if key is not None or text is not None:
                pairs.append((key, text))
        return tuple(pairs)

    def read(items: tuple[Pair, ...], _now: int) -> Iterable[Predicate]:
        return _all_of(field, items, None)

    about = f"up to {most} tags with {' and '.join(parts)}, a JSON array; all of them"
    return Param(name, "filter", read, about, value=value, examples=(Has(field, ""),), **common)


def tag_map(name: str, field: str, *, most: int, **common: Unpack[Common]) -> Param:
    """Declare a filter for records that have any of some tags, in a JSON object of key and value.

    A value is exact, also an empty one, so that no key stands alone. An empty object matches
    nothing. `most` is how many tags there may be.

    >>> tags = tag_map("Tags", "Tags", most=5)
    >>> tags.read(tags.value('{"env": "prod"}'), 0)
    Has('Tags', 'env', 'prod')
    """
    if not is_count(most):
        raise SchemaError("most must be an integer from 1", field=name)

    def value(given: object) -> tuple[tuple[str, str], ...]:
        members = json_object(given, most)
        if "" in members:
            raise ValueError("must name the key of each tag")
        return tuple(sorted([(key, word(text)) for key, text in members.items()]))

    def read(pairs: tuple[tuple[str, str], ...], _now: int) -> Predicate:
        found = [Has(field, key, text) for key, text in pairs]
        return found[0] if len(found) == 1 else Or(*found)

    about = f"up to {most} tags, a JSON object of keys and values; any of them"
    return Param(name, "filter", read, about, value=value, examples=(Has(field, ""),), **common)


def _all_of(field: str, pairs: Sequence[Pair], mismatch: str | None) -> list[Predicate]:
    """Ask for each of some pairs. Raises what is wrong with one without a key."""
    found: list[Predicate] = []
    for key, value in pairs:
        if key is None:
            reason = "must name the key of each tag"
            raise ValueError(reason) if mismatch is None else Refusal(mismatch, None, reason)
        found.append(Has(field, key) if value is None else Has(field, key, value))
    return found


def _text(value: Any) -> str | None:
    """Take a part of a tag; what is empty is none."""
    return word(value) if is_given(value) else None
