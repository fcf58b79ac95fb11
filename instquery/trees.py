"""Trees of predicates: `And`, `Or` and `Not`, and what every predicate has.

Theory of operation
===================

A group keeps what it was given, and opens groups of its own class when it is asked for its
operands. So a chain of n by `&` costs n to build, not n², and is not deep. What is needed of a
subtree is known when it is made (`depth`, `leaves`, `is_relative`), from that of its operands.

A tree may be of any depth, and one subtree may stand in many places: see `nodes`. What is asked is
bounded, by `Query`.

Two predicates are equal if they have one canonical form, in which

- `And` in `And` and `Or` in `Or` are opened, and a lone operand has no shell;
- operands are a set: neither their sequence nor a repeat counts;
- leaves are equal as their classes say: values are a set, and 1 and `True` are one value;
- what is of another class is another predicate, a derived one included.

Nothing else is rewritten: `Not(Not(p))` is not `p`. `Forms` numbers canonical forms; `canonical`
writes them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias, cast

from instquery.errors import QueryError
from instquery.nodes import Forms, Node, Word, holds, upwards, written
from instquery.options import brief

__all__ = [
    "MOST_DEEP",
    "MOST_LEAVES",
    "And",
    "Compound",
    "Leaf",
    "Not",
    "Or",
    "Predicate",
    "as_predicate",
    "leaves_of",
]

MOST_DEEP = 32
"""The depth of the deepest tree that is answered; a leaf is 1 deep."""

MOST_LEAVES = 10_000
"""The leaves of the largest tree that is answered, repeats included."""


class Predicate(Node):
    """A condition that a record meets or does not: an immutable value.

    Predicates are combined by `&` (and), `|` (or) and `~` (not). The logic has two values: `~p` is
    true exactly where `p` is not, so a record without the field meets `~Eq(field, value)`. Python's
    `and`, `or`, `not` and `if` would drop a predicate: they raise `QueryError`.
    """

    __slots__ = ()

    @property
    def fields(self) -> frozenset[str]:
        """The names of the fields that it looks at."""
        raise NotImplementedError

    @property
    def depth(self) -> int:
        """How deep the tree is; a leaf is 1 deep."""
        return 1

    @property
    def leaves(self) -> int:
        """How many leaves it has, repeats included; of more than `MOST_LEAVES`, one more."""
        return 1

    @property
    def is_relative(self) -> bool:
        """Whether a bound is counted from now."""
        return False

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Tell whether a flat record meets it.

        Raises `QueryError` where only the schema or now would tell: ask `Schema.matches`.
        """
        raise NotImplementedError

    def __and__(self, other: "Predicate") -> "And":
        return And(self, other) if isinstance(other, Predicate) else NotImplemented

    def __or__(self, other: "Predicate") -> "Or":
        return Or(self, other) if isinstance(other, Predicate) else NotImplemented

    def __invert__(self) -> "Not":
        return Not(self)

    def __bool__(self) -> bool:
        # `p and q` would be `q` alone, and remove more than was asked for.
        kind = type(self).__name__
        raise QueryError(f"{kind} has no truth value: use &, | and ~ (and parentheses)")


class Leaf(Predicate):
    """A condition on one field."""

    __slots__ = ()

    field: str

    @property
    def fields(self) -> frozenset[str]:
        """The name of its field."""
        return frozenset((self.field,))


class Compound(Predicate):
    """A predicate that is made of others."""

    __slots__ = ()

    @property
    def operands(self) -> "tuple[Predicate, ...]":
        """What it is made of."""
        raise NotImplementedError

    @property
    def fields(self) -> frozenset[str]:
        """The names of the fields that its leaves look at."""
        return frozenset([leaf.field for leaf in leaves_of(self)])

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Tell whether a flat record meets it.

        Raises `QueryError` where only the schema or now would tell: ask `Schema.matches`.
        """
        return holds(self, record)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Predicate):
            return NotImplemented
        forms = Forms[Node]()
        return forms.number(self) == forms.number(other)

    def __hash__(self) -> int:
        forms = Forms[Node]()
        return forms.hash(forms.number(self))

    def __copy__(self) -> "Compound":
        return self

    def __deepcopy__(self, memo: object) -> "Compound":
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        numbers: dict[int, int] = {}
        parts: list[_Part] = []
        for node, operands in upwards(self):
            numbers[id(node)] = len(parts)
            made_of = [numbers[id(one)] for one in operands]
            parts.append((type(node), made_of) if isinstance(node, Compound) else node)
        return _restored, (parts,)

    def __repr__(self) -> str:
        return written(self, is_call=True)

    def __str__(self) -> str:
        return written(self, is_call=False)


@dataclass(frozen=True, slots=True, init=False, repr=False, eq=False)
class _Group(Compound):
    """Any number of predicates, of which all or one must hold."""

    _given: tuple[Predicate, ...]
    """At least two; or one that is no group of one; or none."""

    _inner: int
    _leaves: int
    _is_relative: bool

    def __init__(self, *predicates: Predicate) -> None:
        given: list[Predicate] = []
        inner = leaves = 0
        is_relative = False

        for one in predicates:
            operand = _core(one, type(self).__name__)
            if type(operand) is not type(self) or not operand.is_open:
                inner = max(inner, operand.depth)
            elif operand._given:
                inner = max(inner, operand._inner)
            else:
                continue  # such as True in a conjunction
            given.append(operand)
            leaves = min(leaves + operand.leaves, MOST_LEAVES + 1)
            is_relative = is_relative or operand.is_relative

        object.__setattr__(self, "_given", tuple(given))
        object.__setattr__(self, "_inner", inner)
        object.__setattr__(self, "_leaves", max(1, leaves))  # or trees of nothing had no bound
        object.__setattr__(self, "_is_relative", is_relative)

    @property
    def is_open(self) -> bool:
        """Whether it is no more than its operands: what a derived class means nobody knows."""
        return type(self) is And or type(self) is Or

    @property
    def core(self) -> Predicate:
        """The predicate itself, or the lone one that it is made of."""
        return self._given[0] if len(self._given) == 1 else self

    @property
    def operands(self) -> tuple[Predicate, ...]:
        """What is combined: groups of the same class are opened. Costs a look at each."""
        own = type(self)
        if not self.is_open or not any(type(one) is own for one in self._given):
            return self._given

        operands: list[Predicate] = []
        opened: set[int] = set()
        left = list(self._given[::-1])
        while left:
            one = left.pop()
            if type(one) is not own:
                operands.append(one)
            elif id(one) not in opened:
                opened.add(id(one))
                left.extend(one._given[::-1])
        return tuple(operands)

    @property
    def depth(self) -> int:
        """How deep the tree is; a leaf is 1 deep."""
        return self._inner if len(self._given) == 1 and self.is_open else self._inner + 1

    @property
    def leaves(self) -> int:
        """How many leaves it has, repeats included; of more than `MOST_LEAVES`, one more.

        A group of nothing counts as one.
        """
        return self._leaves

    @property
    def is_relative(self) -> bool:
        """Whether a bound is counted from now."""
        return self._is_relative


class And(_Group):
    """Holds where all predicates do; `And()` always does. `p & q` is the same.

    >>> from instquery import Eq
    >>> both = Eq("status", "Running") & Eq("zone", "a")
    >>> both.matches({"status": "Running", "zone": "a"}), both.matches({"status": "Running"})
    (True, False)
    >>> And(Eq("zone", "a"), Eq("status", "Running")) == both
    True
    """

    __slots__ = ()

    word: ClassVar[Word] = "and"


class Or(_Group):
    """Holds where one of the predicates does; `Or()` never does. `p | q` is the same.

    >>> from instquery import Eq
    >>> (Eq("zone", "a") | Eq("zone", "b")).matches({"zone": "b"}), Or().matches({"zone": "b"})
    (True, False)
    """

    __slots__ = ()

    word: ClassVar[Word] = "or"


@dataclass(frozen=True, slots=True, init=False, repr=False, eq=False)
class Not(Compound):
    """Holds exactly where a predicate does not, records without the field included. `~p` is it.

    >>> from instquery import Eq
    >>> Not(Eq("status", "Running")).matches({})
    True
    """

    word: ClassVar[Word] = "not"

    operand: Predicate

    _depth: int

    def __init__(self, predicate: Predicate) -> None:
        operand = _core(predicate, "Not")
        object.__setattr__(self, "operand", operand)
        object.__setattr__(self, "_depth", operand.depth + 1)

    @property
    def operands(self) -> tuple[Predicate, ...]:
        """The one that must not hold."""
        return (self.operand,)

    @property
    def depth(self) -> int:
        """How deep the tree is; a leaf is 1 deep."""
        return self._depth

    @property
    def leaves(self) -> int:
        """How many leaves it has, repeats included; of more than `MOST_LEAVES`, one more."""
        return self.operand.leaves

    @property
    def is_relative(self) -> bool:
        """Whether a bound is counted from now."""
        return self.operand.is_relative


_Part: TypeAlias = Node | tuple[type[Compound], list[int]]
"""A node of a pickle: a leaf, or a class and the numbers of the nodes that it is made of."""


def _restored(parts: list[_Part]) -> Any:
    """Make a tree of its nodes, from the leaves up."""
    made: list[Any] = []
    for part in parts:
        if isinstance(part, tuple):
            kind, operands = part
            made.append(kind(*[made[one] for one in operands]))
        else:
            made.append(part)
    return made[-1]


def _core(predicate: object, combined_by: str) -> Predicate:
    """Return a predicate without the shell of a group of one. Raises `QueryError` for others."""
    if not isinstance(predicate, Predicate):
        kind = type(predicate).__name__
        cure = f": {combined_by}(*predicates)" if isinstance(predicate, list | tuple) else ""
        if isinstance(predicate, Mapping):
            cure = as_predicate(cast(Mapping[object, object], predicate))
        raise QueryError(f"{combined_by} takes predicates, not {kind}{cure}")
    return predicate.core if isinstance(predicate, _Group) and predicate.is_open else predicate


def as_predicate(given: Mapping[Any, Any]) -> str:
    """Say what to write for a mapping of names to values, as other libraries take it.

    >>> as_predicate({"region": "eu", "zone": "a"})
    ": write Eq('region', 'eu')"
    """
    for name, value in given.items():
        word = "In" if isinstance(value, list | tuple | set) else "Eq"
        return f": write {word}({brief(name)}, {brief(cast(object, value))})"
    return ""


def leaves_of(predicate: Predicate) -> Iterator[Leaf]:
    """Walk the leaves of a predicate; one that stands in many places comes once."""
    if isinstance(predicate, Leaf):
        yield predicate
        return
    for node, _ in upwards(predicate):
        if isinstance(node, Leaf):
            yield node
