"""Nodes: what walks over trees of predicates have in common. Nothing here recurses.

A tree may be of any depth, and one subtree may stand in many places: each walk visits it once, and
costs no more than there are nodes and places.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Generic, Literal, NamedTuple, TypeAlias, TypeVar, cast

__all__ = ["Form", "Forms", "Node", "Word", "holds", "upwards", "written"]

Word: TypeAlias = Literal["leaf", "and", "or", "not"]
"""What a node is; a `not` has one operand."""

# What `repr` and `str` show of a tree: so many leaves, and subtrees down to this depth.
_SHOWN_LEAVES = 12
_SHOWN_DEEP = 6


class Node:
    """A predicate, as walks know it."""

    __slots__ = ()

    word: ClassVar[Word] = "leaf"

    @property
    def operands(self) -> "tuple[Node, ...]":
        """What it is made of; a leaf of nothing."""
        return ()

    @property
    def is_open(self) -> bool:
        """Whether it is no more than its operands: of one it is that, in its like it is opened."""
        return False

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Tell whether a flat record meets it."""
        raise NotImplementedError


SomeNode = TypeVar("SomeNode", bound=Node)


def upwards(root: Node) -> Iterator[tuple[Node, tuple[Node, ...]]]:
    """Walk the nodes of a tree with their operands, each node once, behind its operands."""
    begun: set[int] = set()
    left: list[tuple[Node, tuple[Node, ...] | None]] = [(root, None)]
    while left:
        node, operands = left.pop()
        if operands is not None:
            yield node, operands
        elif id(node) not in begun:
            begun.add(id(node))
            operands = node.operands
            left.append((node, operands))
            left.extend([(one, None) for one in operands])


def holds(root: Node, record: Mapping[str, Any]) -> bool:
    """Tell whether a record meets a tree; what cannot change the answer is not asked."""
    known: dict[int, bool] = {}
    pending: list[tuple[Node, Iterator[Node]]] = [(root, iter(root.operands))]
    asked: Node | None = None  # an operand that has been put off until it was known

    while pending:
        node, left = pending[-1]
        decisive = node.word == "or"  # the truth of an operand that decides
        while asked is not None or (asked := next(left, None)) is not None:
            is_leaf = asked.word == "leaf"
            if not is_leaf and id(asked) not in known:
                pending.append((asked, iter(asked.operands)))
                asked = None
                break
            is_met = asked.matches(record) if is_leaf else known[id(asked)]
            asked = None
            if is_met is decisive:
                known[id(node)] = decisive
                break
        else:
            known[id(node)] = not decisive

        if id(node) in known:
            if node.word == "not":
                known[id(node)] = not known[id(node)]
            pending.pop()
            asked = node if pending else None
    return known[id(root)]


class Form(NamedTuple, Generic[SomeNode]):
    """A canonical form: a leaf, or a word, a class and the numbers of its operands.

    What a class means that is derived from another one, nobody knows: so it is another form.
    """

    word: Word
    kind: type[Node] | None
    leaf: SomeNode | None
    operands: frozenset[int]


class Forms(Generic[SomeNode]):
    """Numbers canonical forms: predicates share a number exactly where they have one form.

    The form of a number is `forms[number]`, and its operands have lower numbers.
    """

    def __init__(self) -> None:
        self.forms: list[Form[SomeNode]] = []
        self._numbers: dict[Form[SomeNode], int] = {}

    def number(self, root: SomeNode) -> int:
        """Return the number of a predicate's form."""
        known: dict[int, int] = {}
        for node, operands in upwards(root):
            known[id(node)] = self._number_of(node, [known[id(one)] for one in operands])
        return known[id(root)]

    def hash(self, number: int) -> int:
        """Return the hash of a form, which is the same whatever the numbers are."""
        hashes: list[int] = []
        for word, _, leaf, operands in self.forms[: number + 1]:
            made_of = frozenset([hashes[one] for one in operands])
            hashes.append(hash((word, made_of)) if leaf is None else hash(leaf))
        return hashes[number]

    def _number_of(self, node: Any, operands: list[int]) -> int:
        word: Word = node.word
        if word == "leaf":
            return self._entered(Form(word, None, node, frozenset()))
        kind = cast(type[Node], type(node))
        if not node.is_open:
            return self._entered(Form(word, kind, None, frozenset(operands)))

        members: set[int] = set()
        for one in operands:
            form = self.forms[one]
            members |= form.operands if form.kind is kind else {one}
        if len(members) == 1:
            return members.pop()
        return self._entered(Form(word, kind, None, frozenset(members)))

    def _entered(self, form: Form[SomeNode]) -> int:
        number = self._numbers.setdefault(form, len(self.forms))
        if number == len(self.forms):
            self.forms.append(form)
        return number


def written(root: Node, *, is_call: bool) -> str:
    """Write a tree for people: as the call that makes it, or as they would say it. Bounded."""
    return _written(root, _SHOWN_DEEP, [_SHOWN_LEAVES], is_call=is_call)


def _written(node: Node, deep: int, left: list[int], *, is_call: bool) -> str:
    """Write no deeper than `deep`, and no more leaves than are `left`, a count that is shared."""
    if node.word == "leaf":
        left[0] -= 1
        return repr(node) if is_call else str(node)
    operands = node.operands
    if not deep or not operands:
        left[0] -= 1
    if not deep:
        return "…"

    parts: list[str] = []
    for number, one in enumerate(operands):
        if left[0] <= 0:
            parts.append(f"… {len(operands) - number:,} more")
            break
        part = _written(one, deep - 1, left, is_call=is_call)
        is_bare = is_call or (one.word == "leaf" and node.word != "not")
        parts.append(part if is_bare else f"({part})")

    if is_call:
        return f"{type(node).__name__}({', '.join(parts)})"
    if node.word == "not":
        return f"not {parts[0]}"
    return f" {node.word} ".join(parts) or ("everything" if node.word == "and" else "nothing")
