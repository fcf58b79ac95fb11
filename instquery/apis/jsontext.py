"""Values of parameters that are JSON text: arrays and objects.

Python code may give the lists, tuples and mappings themselves. What breaks a rule is a `ValueError`
with the rule.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

from instquery.apis.facts import unrepeated
from instquery.apis.values import number_of, plain_text, word
from instquery.errors import InstqueryError
from instquery.numbers import Number

__all__ = ["json_array", "json_numbers", "json_object", "json_texts"]


def json_array(
    given: object,
    most: int | None,
    *,
    bare: bool = False,
    fraction: Callable[[str], Any] | None = None,
) -> tuple[Any, ...]:
    """Read an array of up to `most` items of any kind; repeats count.

    With `bare` a text that begins with no bracket is the only item. `fraction` reads numbers that
    are no integers, in the place of `float`.

    >>> json_array('["a", {"b": 1}]', 2), json_array("10.0.0.1", 2, bare=True)
    (('a', {'b': 1}), ('10.0.0.1',))
    """
    items: object = given
    if bare and isinstance(given, str) and not given.lstrip().startswith("["):
        items = (given,)
    elif not isinstance(given, list | tuple):
        items = _read(given, "array", fraction)
    if not isinstance(items, list | tuple):
        raise ValueError("must be a JSON array")

    listed_items = tuple(cast(Sequence[Any], items))
    if most is not None and len(listed_items) > most:
        raise ValueError(f"must hold at most {most} values")
    return listed_items


def json_texts(given: object, most: int | None, *, bare: bool = False) -> tuple[str, ...]:
    """Read an array of values that are matched whole; repeats count, and are left out then."""
    items = json_array(given, most, bare=bare)
    if any(isinstance(item, float) or item is None for item in items):
        raise ValueError("must hold texts")
    return tuple(sorted(set(map(word, items))))


def json_numbers(given: object, most: int | None, *, bare: bool = False) -> tuple[Number, ...]:
    """Read an array of numbers, or of texts that spell them; repeats count, and are left out then.

    >>> json_numbers('[2.50, "1", 2.5]', 3)
    (1, Decimal('2.50'))
    """
    read = [number_of(item) for item in json_array(given, most, bare=bare, fraction=Decimal)]
    numbers = [one for one in read if one is not None]
    if len(numbers) < len(read):
        raise ValueError("must hold numbers")
    return tuple(sorted(dict.fromkeys(numbers)))


def json_object(given: object, most: int) -> Mapping[str, Any]:
    """Read an object of up to `most` members; a name that is given twice is refused.

    >>> json_object('{"a": 1}', 2)
    {'a': 1}
    """
    found = given
    if not isinstance(given, Mapping):
        found = _read(given, "object")
    if not isinstance(found, Mapping):
        raise ValueError("must be a JSON object")

    members = cast(Mapping[str, Any], found)
    if len(members) > most:
        raise ValueError(f"must have at most {most} members")
    if not all(isinstance(name, str) for name in members):  # as Python code may give them
        raise ValueError("must have texts as names")
    return members


def _read(given: object, what: str, fraction: Callable[[str], Any] | None = None) -> object:
    try:
        return json.loads(plain_text(given), object_pairs_hook=unrepeated, parse_float=fraction)
    except (ValueError, RecursionError, InstqueryError):
        raise ValueError(f"must be a JSON {what}") from None
