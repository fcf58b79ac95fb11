"""Parameters that look for a part of a text, or for a pattern in it.

Over a network a value has at most 1,024 characters.
"""

import re
from typing import Unpack

from instquery.apis.param import Common, Param
from instquery.apis.values import LONGEST, plain_text
from instquery.errors import SchemaError
from instquery.leaves import Like
from instquery.predicates import Contains, Or, Predicate

__all__ = ["contains", "search_key", "wildcard"]

_OTHER_WILDCARDS = re.compile(r"[?\\]")


def contains(name: str, field: str | None = None, **common: Unpack[Common]) -> Param:
    """Declare a filter for records whose text field has the value in it.

    What vendors call fuzzy. Over a network a value has at most 1,024 characters.
    """
    target = field or name

    def read(value: str, _now: int) -> Predicate:
        return Contains(target, value)

    about = f"part of {target}, any case"
    return Param(
        name,
        "filter",
        read,
        about,
        value=plain_text,
        examples=(Contains(target, ""),),
        longest=LONGEST,
        **common,
    )


def search_key(name: str, *fields: str, **common: Unpack[Common]) -> Param:
    """Declare a filter for records with the value in at least one of several text fields.

    Such as a part of the id or of the description. The key is one of them where it is `text()`.
    Over a network a value has at most 1,024 characters.

    >>> search_key("SearchKey", "Id", "Name").read("web", 0)
    Or(Contains(field='Id', needle='web'), Contains(field='Name', needle='web'))
    """
    if not fields or not all(isinstance(field, str) and field for field in fields):
        reason = "name at least one text field: search_key('SearchKey', 'InstanceId', 'Name')"
        raise SchemaError(reason, field=name)

    def read(value: str, _now: int) -> Predicate:
        return Or(*[Contains(field, value) for field in fields])

    about = f"part of {' or '.join(fields)}, any case"
    examples = tuple([Contains(field, "") for field in fields])
    return Param(name, "filter", read, about, 1, plain_text, examples, longest=LONGEST, **common)


def wildcard(
    name: str, field: str | None = None, *, stars_only: bool = False, **common: Unpack[Common]
) -> Param:
    r"""Declare a filter for records whose whole text fits a pattern, in any case and width.

    Args:
        name: of the parameter.
        field: is text or a keyword; `name` unless given.
        stars_only: takes `*` alone for a wildcard. Otherwise `?` is one character, and a backslash
            takes the next one literally; a pattern that ends in one is refused. See `Like`.
        common: see `Common`.

    >>> wildcard("Name", stars_only=True).read("web-*?", 0)
    Like('Name', 'web-*\\?')

    """
    target = field or name

    def read(value: str, _now: int) -> Predicate:
        pattern = _OTHER_WILDCARDS.sub(r"\\\g<0>", value) if stars_only else value
        return Like(target, pattern)

    about = f"pattern of {target}, * for any characters, any case"
    examples = (Like(target, ""),)
    return Param(name, "filter", read, about, 1, plain_text, examples, longest=LONGEST, **common)
