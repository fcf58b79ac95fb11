"""What is made of an operation's declaration alone: sample records, questions, the way to its list.

An API that has better ones of its own names them in its row of the catalog.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from random import Random
from typing import Any, Self, cast

from instquery.apis.envelope import Answer
from instquery.apis.operation import Operation
from instquery.apis.params import Param
from instquery.apis.questions import (
    Questioner,
    Questions,
    first_with,
    middle_record,
    most_common,
    newest_records,
    values_of,
)
from instquery.apis.samples import Samples, creation_times, samples_by
from instquery.apis.synthetic import record_maker
from instquery.contract import Reads
from instquery.instants import TrustedMicros
from instquery.predicates import Contains, Predicate
from instquery.query import Record
from instquery.schema import Schema
from instquery.trees import leaves_of

__all__ = ["items_path", "questions_of", "samples_of"]

_DEEPEST = 8
_PIECE = 4  # characters of a text that are looked for


def items_path(operation: Operation) -> tuple[str, ...]:
    """Return the members that lead to the list in a reply; empty where that cannot be found."""
    items: list[Record] = [{}]
    try:
        body = operation.envelope.success(Answer("", items, 1, 1, 1))
    except Exception:  # a function of the user's, which may want more than this
        return ()
    return _path_to(items, body) or ()


def _path_to(items: list[Record], body: Any, depth: int = 0) -> tuple[str, ...] | None:
    if not isinstance(body, Mapping) or depth == _DEEPEST:
        return None
    for name, value in cast(Mapping[str, Any], body).items():
        if isinstance(value, list) and value == items:
            return (name,)
        inner = _path_to(items, value, depth + 1)
        if inner is not None:
            return (name, *inner)
    return None


def samples_of(operation: Operation) -> Samples:
    """Return what makes up records of an operation: each field has a value where it looks."""
    return samples_by(partial(_records, operation))


def _records(operation: Operation, count: int, random: Random, now: datetime) -> Iterator[Record]:
    def choices(field: str) -> tuple[str, ...]:
        """Return the values of a field that a parameter lists."""
        listing = [param for param in operation.params if param.choices and field in param.fields]
        return listing[0].choices if listing else ()

    make = record_maker(operation.schema, choices, random, now)
    for number, created in enumerate(creation_times(random, count, now)):
        yield make(number, created)


def questions_of(operation: Operation) -> Questioner:
    """Return what asks a store: with each filter that takes a value of its field."""

    def questions(store: Reads, now: int) -> Questions:
        newest = newest_records(store)
        asking = _Asking(operation.schema, newest, [middle_record(store), *newest], now)
        must: dict[str, object] = {}
        for param in [one for one in operation.params if one.required]:
            given = asking.given_for(param)
            if given is not None:
                must |= given
                asking = asking.among(param, given)
        values = {
            param.name: given
            for param in operation.params
            if (given := asking.given_for(param)) is not None
        }

        asked: dict[str, Mapping[str, object]] = {_of_all(operation.schema): must}
        for name, given in values.items():
            asked[f"By {name}"] = {**given, **must}

        # What cannot stand alone, such as a parameter that needs another, is no question.
        return {
            title: params
            for title, params in asked.items()
            if operation(store, params, now=TrustedMicros(now)).status == 200
        }

    return questions


def _of_all(schema: Schema) -> str:
    """Name the records that come first in the order of a schema."""
    first = schema.ordering.orders[0]
    is_newest = first.descending and schema.fields[first.field].kind.is_instant
    return "The newest records" if is_newest else "The first records"


@dataclass(frozen=True, slots=True)
class _Asking:
    """Finds what to ask the parameters of an operation for, in records of a store.

    Values are common among the `newest`; names, parts and keys are of the first of `others`.
    """

    schema: Schema
    newest: list[Record]
    others: list[Record]
    now: int

    def among(self, param: Param, given: Mapping[str, object]) -> Self:
        """Return what looks at the records that a parameter finds; at all if it finds none."""
        newest = [one for one in self.newest if self._finds(param, given, one)]
        others = [one for one in self.others if self._finds(param, given, one)]
        return replace(self, newest=newest or self.newest, others=others or self.others)

    def given_for(self, param: Param) -> Mapping[str, object] | None:
        """Return what to ask a parameter with, under its name or those of its parts.

        It finds the record that its value is of, if anything does. `None` where none can be told.
        """
        if param.role != "filter":
            return None
        # A value of its first field is one that it finds, however many it looks at.
        example = next((leaf for one in param.examples for leaf in leaves_of(one)), None)
        if example is None:
            return None

        value, record = self._found(example)
        if value is None:
            return {param.name: "none"} if param.required else None
        pair = self.schema.fields[example.field].pair
        spellings = _spelled(param.name, value) if pair is None else _tag(param.name, value, pair)
        found = [(given, self._finds(param, given, record)) for given in spellings]
        taken = [given for given, finds in found if finds is not None]
        return next((given for given, finds in found if finds), taken[0] if taken else None)

    def _found(self, example: Predicate) -> tuple[Any, Record]:
        """Return a value of the field of a leaf, and a record that has it."""
        (field,) = example.fields
        if isinstance(example, Contains) or field == self.schema.key:
            record = first_with(self.schema, self.others, field)
            value = next(iter(values_of(self.schema, record, field)), None)
            if isinstance(example, Contains) and isinstance(value, str):
                value = value[:_PIECE]
            return value, record

        record = first_with(self.schema, self.newest, field)
        if not values_of(self.schema, record, field):
            return None, record
        value = most_common(self.schema, self.newest, field)
        having = [one for one in self.newest if value in values_of(self.schema, one, field)]
        return value, having[0]

    def _finds(self, param: Param, given: Mapping[str, object], record: Record) -> bool | None:
        """Tell whether a parameter finds a record by what is given; `None` if it is refused."""
        try:
            found = param.found(given)
            if found is None:
                return None
            typed = param.over(self.schema)
            made = typed.read(typed.value(found), self.now)
            return not isinstance(made, int) and self.schema.matches(
                () if made is None else made, record, now=TrustedMicros(self.now)
            )
        except Exception:  # a function of the user's, which may raise anything
            return None


def _spelled(name: str, value: Any) -> list[Mapping[str, object]]:
    """Return the ways to give a parameter a value: as it is, as text, as a list."""
    return [{name: given} for given in (value, str(value), json.dumps([value], default=str))]


def _tag(name: str, tag: tuple[str, str], pair: tuple[str, str]) -> list[Mapping[str, object]]:
    """Return the ways to give a parameter a tag: in parts, as a list of pairs, as an object."""
    ways: list[Mapping[str, object]] = []
    for names in dict.fromkeys([("Key", "Value"), pair]):
        parts = dict(zip(names, tag, strict=True))
        ways.append({f"{name}.1.{part}": text for part, text in parts.items()})
        ways.append({name: json.dumps([parts], ensure_ascii=False)})
    key, text = tag
    return [*ways, {name: json.dumps({key: text}, ensure_ascii=False)}]
