"""Facts of the host in files: what the rules of operations ask for beside the request, as JSON."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from instquery.apis.values import first_repeated
from instquery.errors import InstqueryError

__all__ = ["Fact", "read_list", "read_object", "unrepeated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """How a fact of the host is read from a file.

    Attributes:
        read: makes the fact of a file's text. Raises `InstqueryError` that says what to write.
        about: what the file holds, for the help of commands.
        narrows: whether the caller of a request sees less by it. Without such a fact a key's caller
            sees everything, which a host should be told.

    """

    read: Callable[[str], Any]
    about: str
    narrows: bool = False


def read_object(text: str, what: str) -> dict[str, object]:
    """Read a JSON object; `what` says what it has to be.

    A name that is given twice is refused: JSON readers would silently drop one of the two.

    >>> read_object('{"1001": {}}', "an object of owner IDs")
    {'1001': {}}
    """
    found = _read(text, what)
    if not isinstance(found, dict):
        raise InstqueryError(f"must be {what}, not {_kind(found)}")
    return cast(dict[str, object], found)


def read_list(text: str, what: str) -> list[object]:
    """Read a JSON array; `what` says what it has to be."""
    found = _read(text, what)
    if not isinstance(found, list):
        raise InstqueryError(f"must be {what}, not {_kind(found)}")
    return cast(list[object], found)


def _read(text: str, what: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=unrepeated)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise InstqueryError(f"must be {what}: it is not JSON, {error.msg} at {where}") from None
    except (ValueError, RecursionError) as error:
        raise InstqueryError(f"must be {what}: {error}") from None


def unrepeated(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return the members of an object, as a hook of `json`. Raises `InstqueryError`."""
    members = dict(pairs)
    if len(members) < len(pairs):
        name = first_repeated([name for name, _ in pairs])
        raise InstqueryError(f"has the member {name} twice: leave one out")
    return members


def _kind(value: object) -> str:
    names: dict[type, str] = {dict: "an object", list: "an array", str: "text", type(None): "null"}
    return names.get(type(value), "a number, true or false")
