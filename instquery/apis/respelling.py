"""Members within members, under the names that the API has for them.

SDKs spell those within others in their own way too: `vpcAttributes.vpcId` in the place of
`VpcAttributes.VpcId`. Objects whose members are keys of their own, such as tags, are left alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias, cast

from instquery.apis.replies import folded
from instquery.schema import Schema

__all__ = ["Names", "names_of", "respelled"]

Names: TypeAlias = Mapping[str, tuple[str, "Names"]]
"""By a name without casing: the name, and those of the members below it."""

_Tree: TypeAlias = dict[str, "_Tree"]


def names_of(schema: Schema, nested: Iterable[str] = ()) -> Names:
    """Collect the names on the paths of a schema's fields, and on `nested` paths, with dots."""
    paths = [tuple(path.split(".")) for path in nested if "." in path]
    paths += [field.path for field in schema.fields.values() if field.path is not None]

    tree: _Tree = {}
    for path in paths:
        there = tree
        for step in path:
            there = there.setdefault(step, {})
    return _by_fold(tree)


def respelled(value: Any, names: Names) -> Any:
    """Return a value with its members under their names; nothing of it is changed in place.

    A member that is there under its own name is left to it.

    >>> respelled({"vpc": [{"vpcId": 1}], "x": 2}, {"vpc": ("Vpc", {"vpcid": ("VpcId", {})})})
    {'Vpc': [{'VpcId': 1}], 'x': 2}
    """
    if not names:
        return value
    if isinstance(value, list):
        return [respelled(item, names) for item in cast(Sequence[Any], value)]
    if not isinstance(value, Mapping):
        return value

    members = cast(Mapping[str, Any], value)
    renamed: dict[str, Any] = {}
    for given, inner in members.items():
        name, below = names.get(folded(given), (given, _NONE))
        is_taken = name != given and (name in members or name in renamed)
        renamed[given if is_taken else name] = inner if is_taken else respelled(inner, below)
    return renamed


_NONE: Names = {}


def _by_fold(tree: _Tree) -> Names:
    """Return names by what they are without casing, where these differ."""
    folds = [folded(name) for name in tree]
    return {
        fold: (name, _by_fold(below))
        for fold, (name, below) in zip(folds, tree.items(), strict=True)
        if folds.count(fold) == 1
    }
