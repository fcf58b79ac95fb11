"""What is made of an operation's declaration alone: sample records, questions, the way to its list.

An API that has better ones of its own names them in its row of the catalog.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from random import Random
from typing import Any, cast

from instquery.apis.envelope import Answer
from instquery.apis.operation import Operation
from instquery.apis.params import Param
from instquery.apis.questions import (
    Questioner,
    Questions,
    middle_record,
    most_common,
    newest_records,
)
from instquery.apis.samples import (
    ANCHOR,
    Samples,
    creation_times,
    expiry_time,
    instance_name,
    seeded,
    unique_suffix,
    zipf_choice,
)
from instquery.contract import Reads
from instquery.instants import TrustedMicros, to_text
from instquery.predicates import Contains
from instquery.query import Record
from instquery.schema import Field, Schema
from instquery.trees import leaves_of

__all__ = ["items_path", "questions_of", "samples_of"]

_DEEPEST = 8
_VALUES = 8  # of a keyword whose parameter lists none
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
    """Return what makes up records of an operation: a value for each field of a kind it knows."""

    def samples(count: int, *, seed: int = 1, now: datetime = ANCHOR) -> Iterator[Record]:
        return _records(operation, count, seeded(count, seed, now), now)

    return samples


def _records(operation: Operation, count: int, random: Random, now: datetime) -> Iterator[Record]:
    schema = operation.schema
    ordered = [order.field for order in schema.ordering.orders]
    created_at = next((name for name in ordered if schema.fields[name].kind.is_instant), None)
    makers = {
        name: maker
        for name, field in schema.fields.items()
        if name not in (schema.key, created_at)
        and (maker := _maker(name, field, operation, random, now)) is not None
    }
    for number, created in enumerate(creation_times(random, count, now)):
        record: Record = {schema.key: f"i-{unique_suffix(number)}"}
        if created_at is not None:
            record[created_at] = to_text(created, "seconds")
        for name, make in makers.items():
            record[name] = make(number, created)
        yield record


def _maker(
    name: str, field: Field, operation: Operation, random: Random, now: datetime
) -> Callable[[int, int], object] | None:
    """Return what makes the values of a field, of a record's number and creation."""
    if field.kind == "text":
        return lambda number, _: instance_name(random, number)
    if field.kind == "keyword":
        draw = zipf_choice(random, _choices(name, operation))
        return lambda _, __: draw()
    if field.kind == "instant":
        return lambda _, created: to_text(expiry_time(random, created, now), "seconds")
    return None


def _choices(field: str, operation: Operation) -> tuple[str, ...]:
    """Return the values of a keyword: those that a parameter takes, else some of its name."""
    for param in operation.params:
        if param.choices and field in param.fields:
            return param.choices
    return tuple(f"{field.lower()}-{number}" for number in range(1, _VALUES + 1))


def questions_of(operation: Operation) -> Questioner:
    """Return what asks a store: with each filter that takes a value of its field."""

    def questions(store: Reads, now: int) -> Questions:
        newest, middle = newest_records(store), middle_record(store)
        values = {
            param.name: value
            for param in operation.params
            if (value := _asked(param, operation.schema, newest, middle)) is not None
        }
        must = {
            param.name: values[param.name]
            for param in operation.params
            if param.required and param.name in values
        }
        asked: dict[str, Mapping[str, object]] = {"The newest records": must}
        for name, value in values.items():
            asked[f"By {name}"] = {**must, name: value}

        # What cannot stand alone, such as a parameter that needs another, is no question.
        return {
            title: params
            for title, params in asked.items()
            if operation(store, params, now=TrustedMicros(now)).status == 200
        }

    return questions


def _asked(param: Param, schema: Schema, newest: list[Record], middle: Record) -> object | None:
    """Return a value to ask a parameter for; `None` where it cannot be told."""
    if param.role != "filter" or param.collect is not None:
        return None
    # A value of its first field is one that it finds, however many it looks at.
    example = next((leaf for one in param.examples for leaf in leaves_of(one)), None)
    if example is None:
        return None
    field = example.field
    value: object = middle.get(field)
    if isinstance(example, Contains):
        value = value[:_PIECE] if isinstance(value, str) else None
    elif field != schema.key:
        value = most_common(newest, field)

    for given in (value, json.dumps([value], default=str)):
        try:
            param.value(given)
        except Exception:  # noqa: S112 - a function of the user's: such a value is no question
            continue
        return given
    return None
