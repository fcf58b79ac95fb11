"""Shapes: records with values inside values, kept apart from what they are made of.

Theory of operation
===================

A copy of such a record makes each of its lists and mappings anew. To do that for a record one knows
nothing of, as `deepcopy` does, costs thirty times as much as to copy a flat one. But instances of
one API look alike. So a record is taken apart: what its containers are called and how they lie in
each other is its *shape*, and the values in them are its *parts*, a flat tuple. A shape is compiled
to one function that puts parts together:

    shape of                  is                                    in the function
    ------------------------  ------------------------------------  -----------------------------
    a mapping                 its names, and the shapes in it       {"VpcId": v1, "NatIp": [v2]}
    a list of few items       the shapes of its items               [v1, {"Key": v2, "Value": v3}]
    a list of single values   that alone; all are one part          [*v1]
    many mappings of the      their names; all are one part         [{"Key": a, "Value": b}
    same names                                                      for a, b in v1]
    tuples and frozensets     nothing: they are values, if all in
                              them are

Nothing of a caller's is in the function but names of members, as literals. A record of another
shape than these, or of one more than `_MOST_SHAPES`, is kept as bytes and loaded for each copy:
that costs four to eight times as much.

Parts and shapes are never changed. A shape is compiled when a record of it is first copied.
"""

import marshal
import pickle
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias, cast

__all__ = ["CONTAINERS", "Puts", "Shapes", "octets_of"]

CONTAINERS = frozenset({dict, list, tuple, set, frozenset})
"""Types of values that may hold what can be changed."""

Put: TypeAlias = Callable[[Mapping[str, Any], Any], dict[str, Any]]
"""Puts a record together: from its members, of which nested ones are replaced, and its parts."""

_Shape: TypeAlias = tuple[Any, ...]

# Shapes that a schema compiles, of 10 to 20 KB each; others cost what they would have without.
_MOST_SHAPES = 512

# Values and containers of one record that are compiled; beyond that a function would be large.
_MOST_PARTS = 256
_DEEPEST = 24

# Letters of all names in a shape: a name may be as long as a record.
_MOST_LETTERS = 16_384

# Items of a list that the shape has one by one: a loop costs as much as five of them.
_FEW = 4

# Later forms note which strings are one object, which takes longer than to make them again.
_MARSHAL = 2
_PICKLE = 5


class Puts(Protocol):
    """Makes copies of records of one shape."""

    @property
    def put(self) -> Put:
        """Put a copy together."""
        ...


class Shapes:
    """The shapes of a schema's records. See "Theory of operation"."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[_Shape, _Compiled] = {}

    def apart(self, record: Mapping[str, Any]) -> "tuple[Puts, Any, tuple[str, ...]]":
        """Take a record of checked values apart.

        Returns what puts copies of it together, the parts that are needed for that, and the names
        of the members that are put together. Costs 10 µs for 25 containers.
        """
        taking = _Taking()
        nested = [
            (name, taking.shape_of(value, 0))
            for name, value in record.items()
            if type(value) in CONTAINERS and not _is_value(value)
        ]
        names = tuple([name for name, _ in nested])
        if taking.is_usual:
            shape = tuple(nested)
            known = self._known.get(shape)
            has_room = known is None and len(self._known) < _MOST_SHAPES
            if has_room and _letters_in(shape) <= _MOST_LETTERS:
                known = self._known.setdefault(shape, _Compiled(shape))
            if known is not None:
                return known, tuple(taking.parts), names
        return _LOADED, _frozen({name: record[name] for name in names}), names


def _letters_in(shape: _Shape) -> int:
    """Count the letters of all names in a shape."""
    return sum([len(one) if isinstance(one, str) else _letters_in(one) for one in shape])


def octets_of(parts: Any) -> bytes:
    """Return bytes that are the same only for parts that are, in values and in types."""
    return _frozen(parts)[0]


class _Compiled:
    """A shape, and the function that puts parts together, once that is asked for."""

    def __init__(self, shape: _Shape) -> None:
        self._shape = shape
        self.put: Put = self._compile_and_put

    def _compile_and_put(self, members: Mapping[str, Any], parts: Any) -> dict[str, Any]:
        self.put = _compiled(self._shape)
        return self.put(members, parts)


class _Loaded:
    """Puts records together of which nested members are kept as bytes."""

    def put(self, members: Mapping[str, Any], parts: Any) -> dict[str, Any]:
        """Load them, beside the others."""
        octets, load = parts
        twin = _copied(members)
        twin.update(load(octets))
        return twin


_LOADED = _Loaded()

# Of a row too, which is a dict.
_copied: Callable[[Any], dict[str, Any]] = dict[str, Any].copy


def _frozen(value: Any) -> tuple[bytes, Callable[[bytes], Any]]:
    """Return checked values as bytes, and what loads them.

    marshal is the quicker form, a fifth less than pickle, and does not know every type.
    """
    try:
        return marshal.dumps(value, _MARSHAL), marshal.loads
    except ValueError:  # times, decimals, UUIDs
        return pickle.dumps(value, _PICKLE), pickle.loads


# taking apart

_VALUE: _Shape = ()
"""The shape of what is one part."""


class _Taking:
    """A record being taken apart.

    Attributes:
        parts: the values that were found.
        is_usual: whether a function may be made for it.

    """

    __slots__ = ("_left", "is_usual", "parts")

    def __init__(self) -> None:
        self.parts: list[Any] = []
        self.is_usual = True
        self._left = _MOST_PARTS

    def shape_of(self, value: Any, depth: int) -> _Shape:
        """Return the shape of a value, and list its parts."""
        given: object = value
        kind = type(given)
        if kind not in CONTAINERS or _is_value(value):
            self.parts.append(value)
            return _VALUE

        self._left -= 1
        is_small = self._left > 0 and depth < _DEEPEST and len(self.parts) < _MOST_PARTS
        if is_small and kind is dict:
            return self._mapping(value, depth)
        if is_small and kind is list:
            return self._list(value, depth)
        return self._unusual()

    def _unusual(self) -> _Shape:
        self.is_usual = False
        return _VALUE

    def _mapping(self, value: dict[str, Any], depth: int) -> _Shape:
        if len(value) > _MOST_PARTS:
            return self._unusual()
        if _is_flat(value):
            self.parts += value.values()
            return "flat", *value
        return "mapping", (*value,), *[self.shape_of(one, depth + 1) for one in value.values()]

    def _list(self, value: list[Any], depth: int) -> _Shape:
        is_flat = CONTAINERS.isdisjoint(map(type, value))
        if is_flat and len(value) <= _FEW:
            self.parts += value
            return "list", *[_VALUE] * len(value)
        if is_flat:
            self.parts.append((*value,))
            return ("values",)
        if len(value) <= _FEW:
            return "list", *[self.shape_of(one, depth + 1) for one in value]
        return self._many(value)

    def _many(self, value: list[Any]) -> _Shape:
        """Return the shape of a long list, if its items are flat mappings of the same names."""
        names: list[str] = [*value[0]] if type(value[0]) is dict else []
        for item in cast(list[dict[str, Any]], value):
            is_alike = type(item) is dict and [*item] == names
            if not names or not is_alike or not _is_flat(item):
                return self._unusual()
        self.parts.append(tuple([(*item.values(),) for item in value]))
        return "each", *names


def _is_flat(mapping: dict[str, Any]) -> bool:
    """Tell whether there is no container in a mapping."""
    return CONTAINERS.isdisjoint(map(type, mapping.values()))


def _is_value(value: object) -> bool:
    """Tell whether a tuple or frozenset is a value: whether nothing in it can be changed."""
    if type(value) not in (tuple, frozenset):
        return False
    try:
        hash(value)
    except TypeError:  # a list, a mapping or a set in it
        return False
    return True


# putting together


def _compiled(shape: _Shape) -> Put:
    """Return the function of a record's shape: the name and the shape of each nested member."""
    writer = _Writer()
    members = [f"    twin[{name!a}] = {writer.written(of)}\n" for name, of in shape]
    parts = "".join([f"v{number}, " for number in range(writer.count)])
    lines = [
        "def put(members, parts):\n    twin = copied(members)\n",
        f"    {parts} = parts\n" if parts else "",
        *members,
        "    return twin\n",
    ]
    names: dict[str, Any] = {"copied": _copied}
    exec("".join(lines), names)  # noqa: S102 - made here: names of members are literals in it
    return cast(Put, names["put"])


class _Writer:
    """Writes shapes as expressions, in the order in which their parts were appended."""

    def __init__(self) -> None:
        self.count = 0
        """How many parts were asked for."""

    def written(self, shape: _Shape) -> str:
        """Write what makes a value of this shape."""
        if shape == _VALUE:
            return self._part()
        word, *rest = shape
        if word == "flat":
            return self._mapping(rest, [self._part() for _ in rest])
        if word == "mapping":
            return self._mapping(rest[0], map(self.written, rest[1:]))
        if word == "values":
            return f"[*{self._part()}]"
        if word == "list":
            return f"[{', '.join(map(self.written, rest))}]"

        items = [f"item{number}" for number in range(len(rest))]
        return f"[{self._mapping(rest, items)} for {', '.join(items)}, in {self._part()}]"

    def _part(self) -> str:
        self.count += 1
        return f"v{self.count - 1}"

    def _mapping(self, names: Any, values: Any) -> str:
        pairs = [f"{name!a}: {value}" for name, value in zip(names, values, strict=True)]
        return f"{{{', '.join(pairs)}}}"
