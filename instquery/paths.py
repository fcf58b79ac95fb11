"""Paths: what a field finds in a record that has members within members.

| at a step there is | then |
| --- | --- |
| a mapping | its member is the next step |
| nothing, or `None` | the value is missing |
| a list, tuple or set | a field of many values goes on in each item; any other refuses it |
| anything else | refused |

Lists in lists are flattened. Within a list `None`, `{}` and `[]` are passed over.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias, cast

from instquery.errors import RecordError, SchemaError
from instquery.numbers import is_number

__all__ = ["Path", "collected", "pairs_of", "path_of", "reached", "written_path"]

Path: TypeAlias = tuple[str, ...]
"""The names of members, from the outside in."""

_LISTS = (list, tuple, set, frozenset)


def path_of(given: object) -> Path:
    """Read a path: text with dots, or a tuple of names. Raises `SchemaError` for anything else.

    >>> path_of("VpcAttributes.VpcId"), path_of(("a.b", "c"))
    (('VpcAttributes', 'VpcId'), ('a.b', 'c'))
    """
    path: tuple[object, ...] = ()
    if isinstance(given, str):
        path = tuple(given.split("."))
    elif isinstance(given, tuple):
        path = cast(tuple[object, ...], given)

    names = [name for name in path if isinstance(name, str) and name]
    if not names or len(names) < len(path):
        cure = 'such as "VpcAttributes.VpcId" or ("VpcAttributes", "VpcId")'
        raise SchemaError(f"a path is the names of members, {cure}, not {given!r:.80}")
    return tuple(names)


def written_path(path: Path) -> str | Path:
    """Return a path as a declaration would give it: as text, where that says the same.

    >>> written_path(("a", "b")), written_path(("a.b", "c"))
    ('a.b', ('a.b', 'c'))
    """
    text = ".".join(path)
    return text if path_of(text) == path else path


def reached(record: Mapping[str, Any], path: Path, field: str) -> Any:
    """Return the one value at the end of a path, or `None`.

    Raises `RecordError` that names field and path where a step is neither a mapping nor missing.
    """
    value: Any = record
    for depth, name in enumerate(path):
        if isinstance(value, Mapping):
            value = cast(Mapping[str, Any], value).get(name)
        elif value is None:
            return None
        else:
            raise _astray(value, path, depth, field)
    given: object = value
    if isinstance(given, _LISTS):
        raise _astray(value, path, len(path), field)
    return value


def collected(value: Any, path: Path, field: str) -> Iterator[Any]:
    """Walk all values at the end of a path; `None` for items that are passed over.

    Raises `RecordError` that names field and path where a step is neither a mapping, nor a list,
    nor missing.
    """
    return _collected(value, path, 0, field, is_within=False)


def _collected(value: Any, path: Path, depth: int, field: str, *, is_within: bool) -> Iterator[Any]:
    if isinstance(value, _LISTS):
        for item in cast(list[Any], value):
            yield from _collected(item, path, depth, field, is_within=True)
    elif value is None or (is_within and value == {}):
        yield None
    elif depth == len(path):
        yield value
    elif isinstance(value, Mapping):
        member = cast(Mapping[str, Any], value).get(path[depth])
        yield from _collected(member, path, depth + 1, field, is_within=is_within)
    else:
        raise _astray(value, path, depth, field)


def _astray(value: object, path: Path, depth: int, field: str) -> RecordError:
    """Return the error for a step that leads nowhere."""
    there = f"at {'.'.join(path[:depth])}" if depth else "the record"
    kind = type(value).__name__
    if isinstance(value, _LISTS):
        cure = "declare the field with many=True to take all of its items"
        reason = f"{there} is a {kind}, where one value is expected: {cure}"
    else:
        reason = f"{there} is a {kind}, which has no member {path[depth]}"
    return RecordError(f"{reason} (path {'.'.join(path)})", field=field)


def pairs_of(values: Iterator[Any], key: str, value: str, field: str) -> Iterator[tuple[str, str]]:
    """Walk the pairs in what was collected for a tags field.

    A mapping with the member `key` is one pair. Any other mapping is key → value for all its
    members, unless it has `value` alone. Numbers and bools are taken as their text, no value as
    `""`. Raises `RecordError` for a pair without key, and for anything else.
    """
    for number, item in enumerate(values):
        if item is None:
            continue
        if not isinstance(item, Mapping):
            kind = type(item).__name__
            reason = f"item {number}: must be an object with {key} and {value}, not {kind}"
            raise RecordError(reason, field=field)

        members = cast(Mapping[str, Any], item)
        if key not in members and set(members) != {value}:
            for name, held in members.items():
                yield name, _text_of(held, field, number)
        elif members.get(key) is None:
            raise RecordError(f"item {number}: a tag needs a key, as its {key}", field=field)
        else:
            name = _text_of(members[key], field, number)
            yield name, _text_of(members.get(value), field, number)


def _text_of(value: object, field: str, number: int) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_number(value):
        return str(value)
    kind = type(value).__name__
    raise RecordError(f"item {number}: a tag holds text, not {kind}", field=field)
