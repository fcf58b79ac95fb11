"""Members within members: which of them an item has, and which of them are times.

A member of a member is named by its path, with dots (`VpcAttributes.VpcId`). A path goes through
lists: it means the member of each of their items.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias, cast

__all__ = ["Tree", "found", "picked", "rewritten", "tree_of"]

Tree: TypeAlias = dict[str, Any]
"""Names, each with the tree below it. A name that a path ends with has a leaf instead."""


def tree_of(paths: Iterable[str], leaf: Callable[[str], object]) -> Tree:
    """Return paths as a tree; `leaf` tells what stands at the end of each.

    >>> tree_of(["a.b", "a.c"], leaf=lambda path: None)
    {'a': {'b': None, 'c': None}}
    """
    tree: Tree = {}
    for path in paths:
        *steps, last = path.split(".")
        there = tree
        for step in steps:
            there = there.setdefault(step, {})
        there[last] = leaf(path)
    return tree


def found(value: Any, path: str) -> list[Any]:
    """Return what is at the end of a path; nothing where it leads nowhere.

    >>> found({"a": [{"b": 1}, {"b": 2}, {}]}, "a.b"), found({"a": {"b": [3, 4]}}, "a.b")
    ([1, 2], [3, 4])
    """
    there: list[Any] = [value]
    for step in path.split("."):
        there = [
            cast(Mapping[str, Any], one)[step]
            for one in _flat(there)
            if isinstance(one, Mapping) and step in one
        ]
    return [one for one in _flat(there) if one is not None]


def _flat(values: Iterable[Any]) -> Iterator[Any]:
    """Walk values, and those of lists in their place."""
    for value in values:
        if isinstance(value, list | tuple | set | frozenset):
            yield from _flat(cast(Iterable[Any], value))
        else:
            yield value


def picked(value: Any, tree: Tree | None) -> Any:
    """Return a value with the members of a tree alone; what has no members is left out (`None`).

    >>> picked([{"a": 1, "b": 2}, 5], {"a": None})
    [{'a': 1}]
    """
    if tree is None:
        return value
    # A type tells most sooner than the abstract class does.
    if type(value) is dict or isinstance(value, Mapping):
        kept: dict[str, Any] = {}
        for name, member in cast(Mapping[str, Any], value).items():
            if member is None or name not in tree:
                continue
            below = tree[name]
            inner = member if below is None else picked(member, below)
            if inner is not None:
                kept[name] = inner
        return kept
    if isinstance(value, list | tuple):
        items = [picked(item, tree) for item in cast(Iterable[Any], value)]
        return [item for item in items if item is not None]
    return None


def rewritten(value: Any, tree: Tree, write: Callable[[Any], Any]) -> Any:
    """Return a value with the leaves of a tree written anew; nothing of it is changed in place.

    Args:
        value: what the tree is of.
        tree: the leaves are what a member without a value becomes; with `None` it is left out.
        write: returns `None` for a member that has no value.

    >>> rewritten({"at": "x", "to": ""}, {"at": None, "to": "-"}, lambda at: at.upper() or None)
    {'at': 'X', 'to': '-'}

    """
    if isinstance(value, list | tuple):
        return [rewritten(item, tree, write) for item in cast(Iterable[Any], value)]
    if not isinstance(value, Mapping):
        return value

    members = dict(cast(Mapping[str, Any], value))
    for name, below in tree.items():
        if isinstance(below, dict):
            if name in members:
                members[name] = rewritten(members[name], cast(Tree, below), write)
            continue
        written = write(members.get(name))
        if written is None:
            written = below
        if written is not None:
            members[name] = written
        else:
            members.pop(name, None)
    return members
