"""One parameter of an operation, as a value: how it is given, what it means, what it asks for."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Self, TypeAlias, TypedDict

from instquery.apis.values import is_given, number_of, numbered, spells_more, typed
from instquery.errors import QueryError, SchemaError
from instquery.kinds import KINDS
from instquery.predicates import Eq, In, Or, Predicate
from instquery.schema import Schema

__all__ = ["Common", "Param", "Predicates", "Read", "Role", "is_count"]

Predicates: TypeAlias = Predicate | Iterable[Predicate]
"""What a filter asks for: a predicate, or any number of them, which must all hold."""

Read: TypeAlias = Callable[[Any, int], Predicates | int | None]
"""Makes predicates or a number of a value, at the moment of the request in microseconds.

`None` and an empty collection ask for nothing.
"""

Role: TypeAlias = Literal["filter", "number", "size", "limit", "token"]
"""What a parameter decides: which records, the page's number, its size, the size of pages that are
walked by token where there is another for numbered ones, the token."""

_ROLES = ("filter", "number", "size", "limit", "token")
_EXACT = (Eq, In)
_NUMBER = re.compile(r"\.N(?![^.])")


class Common(TypedDict, total=False):
    """What every parameter takes by keyword.

    `required` refuses a request without it. `code` is its own code of the error table for a value
    that breaks its rule. `names` are other spellings of its name; its own counts before them.
    """

    required: bool
    code: str | None
    names: tuple[str, ...]


def _as_given(given: object) -> Any:
    """Take a value as it was given."""
    return given


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of an operation, read in two steps: what is meant, then what that asks for now.

    Attributes:
        name: the parameter's name, as requests spell it.
        role: a filter, or what it decides about pages.
        read: turns a value, and the moment of the request in microseconds, into a predicate or
            several (for a filter) or a number (for the page's number and size).
        about: the rule in words.
        default: the number where none is given.
        value: turns what was given into the value that it means at any moment: text, a number, an
            instant in microseconds, a tuple of texts. Two spellings of one value are equal. By
            default a value is what was given.
        examples: a predicate of the form that `read` makes, for each field that it asks. An
            operation checks that its schema answers them. Without any, nothing is checked.
        is_typed: whether a text that `read` looks for (by `Eq` or `In`, or an `Or` of them) also
            stands for the bool or the number that it spells, where the field is a keyword; where it
            is a number field, for the number alone.
        numbers: takes the place of `value` where all of the fields are number fields.
        longest: the characters that a value may have where it comes over a network; `None` leaves
            that to the bound of a request.
        required: whether a request without it is refused, with the operation's code `missing`.
        code: the code of the error table for a value that breaks its rule; the operation's code
            `invalid` where there is none.
        names: other spellings of its name. Its own counts before them, and they in their order.
        choices: the only values that are taken, where there are few.
        collect: gathers what belongs to the parameter from all that was given, for one that comes
            in several parts, such as `Tag.1.Key`; returns `None` where there is nothing.
        is_part: tells whether a name is of one of these parts.
        parts: the names of these parts, with `N` for a number, such as `Tag.N.Key`. Where there are
            any, the parameter's own name is none that a request may have.
        expired: of a token, the code for one whose walk is no longer kept.

    `value` and `read` raise `ValueError` with the rule that is broken, or a `Refusal`, which is
    the reply.

    Raises:
        SchemaError: for an attribute that cannot be used.

    """

    name: str
    role: Role
    read: Read
    about: str
    default: int = 1
    value: Callable[[object], Any] = _as_given
    examples: tuple[Predicate, ...] = ()
    is_typed: bool = False
    numbers: Callable[[object], Any] | None = None
    longest: int | None = None
    required: bool = False
    code: str | None = None
    names: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    collect: Callable[[Mapping[str, object]], object] | None = None
    is_part: Callable[[str], bool] | None = None
    parts: tuple[str, ...] = ()
    expired: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise SchemaError(
                f"a parameter's name must be text that is not empty, not {self.name!r}"
            )
        if self.role not in _ROLES:
            raise SchemaError(
                f"role must be filter, number or size, or limit or token, not {self.role!r}",
                field=self.name,
            )
        if not callable(self.read) or not callable(self.value):
            raise SchemaError("read and value must be functions", field=self.name)
        if type(self.default) is not int or self.default < 1:
            raise SchemaError("default must be an integer from 1", field=self.name)
        if self.longest is not None and not is_count(self.longest):
            raise SchemaError("longest must be an integer from 1, or None", field=self.name)
        if not isinstance(self.required, bool):
            raise SchemaError("required must be True or False", field=self.name)
        if isinstance(self.names, str) or not all(
            isinstance(name, str) and name for name in self.names
        ):
            raise SchemaError("names must be a tuple of other spellings", field=self.name)
        object.__setattr__(self, "names", tuple(self.names))

    @property
    def fields(self) -> frozenset[str]:
        """The fields that the parameter asks, where it says so."""
        return frozenset[str]().union(*[example.fields for example in self.examples])

    @property
    def requested(self) -> tuple[str, ...]:
        """The names that a request may have: its own and the other spellings, or the first parts.

        >>> from instquery.apis.params import repeated
        >>> repeated("Tag", ("Key", "Value.N"), most=5, read=lambda *_: ()).requested
        ('Tag.1.Key', 'Tag.1.Value.1')
        """
        if self.parts:
            return tuple([_NUMBER.sub(".1", part) for part in self.parts])
        return (self.name, *self.names)

    @property
    def is_simple(self) -> bool:
        """Whether it is given under its own name or not at all, and may be left out."""
        return not (self.required or self.names or self.collect)

    def found(self, given: Mapping[str, object]) -> object:
        """Return what was given for it; `None` where that is nothing, or empty."""
        if self.collect is not None:
            return self.collect(given)
        for name in (self.name, *self.names):
            value = given.get(name)
            if is_given(value):
                return value
        return None

    def over(self, schema: Schema) -> Self:
        """Return the parameter as it reads for the fields of a schema.

        Raises:
            SchemaError: if a field is not declared, or does not answer what the parameter asks.

        """
        kinds = {name: schema.fields[name].kind for name in self.fields if name in schema.fields}
        numbers: frozenset[str] = frozenset()
        if self.is_typed:
            numbers = frozenset([name for name, kind in kinds.items() if kind == KINDS["number"]])
        self._check(schema, numbers)

        # The key holds nothing but text, although it may be a keyword.
        keywords = {name for name, kind in kinds.items() if kind.has_numbers} - {schema.key}
        spells_nothing = self.choices and not numbers and not any(map(spells_more, self.choices))
        if not self.is_typed or not (keywords or numbers) or spells_nothing:
            return self

        as_text = {name: schema.fields[name].as_text for name in keywords}
        value = self.value
        if self.numbers is not None and numbers == self.fields:
            value = self.numbers
        return replace(self, read=_reading_typed(self.read, as_text, numbers), value=value)

    def _check(self, schema: Schema, numbers: frozenset[str]) -> None:
        """Check that the fields of a schema answer what is asked; texts may stand for `numbers`."""
        for example in self.examples:
            if numbers.issuperset(example.fields):
                continue
            try:
                schema.bound(example, 0)
            except QueryError as error:
                asked = ", ".join(sorted(example.fields))
                reason = f"asks for {asked} with {type(example).__name__}: {error.reason}"
                cure = "declare the field so, or name another by field="
                raise SchemaError(f"{reason}; {cure}", field=self.name) from None

        for choice in self.choices if numbers else ():
            if number_of(choice) is None:
                reason = f"{choice!r} is no number, and {min(numbers)} is a number field"
                cure = "give numbers alone, or name another field by field="
                raise SchemaError(f"{reason}: {cure}", field=self.name)


def _reading_typed(read_text: Read, as_text: Mapping[str, bool], numbers: frozenset[str]) -> Read:
    """Return what reads a param whose texts also stand for the bools and numbers that they spell.

    `as_text` has the keyword fields, and whether one holds text alone; `numbers` are number fields.
    """

    def typed_in_field(made: Predicate) -> Predicate:
        if isinstance(made, _EXACT):
            is_text = as_text.get(made.field)
            if is_text is not None:
                return typed(made, as_text=is_text)
            if made.field in numbers:
                return numbered(made)
        return made

    def read(value: Any, now: int) -> Predicates | int | None:
        made = read_text(value, now)
        if isinstance(made, _EXACT):
            return typed_in_field(made)
        if isinstance(made, Or):
            return Or(*[typed_in_field(one) for one in made.operands])
        return made

    return read


def is_count(number: object) -> bool:
    """Tell whether a number is an integer from 1."""
    return type(number) is int and number >= 1
