"""Synthetic records of any schema: a value for each field, where the field looks for it.

Fields are put in a tree by their paths. What is made at a place in it:

| fields | made |
| --- | --- |
| several at one path | one value that all of them can hold |
| below a path | an object |
| of many values | a list of values |
| of many values, below a plural (`addresses.ip`) | a list of objects with a value each |
| tags | a list of pairs, or an object (see `_Making._tags`) |

A list of objects is made only where all that is below it may have many values. What no value fits
is left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import datetime
from random import Random
from typing import Any, TypeAlias

from instquery.apis.samples import expiry_time, instance_name, unique_suffix, zipf_choice
from instquery.errors import RecordError
from instquery.instants import to_micros, to_text
from instquery.paths import Path
from instquery.query import Record
from instquery.schema import Field, Schema

__all__ = ["Choices", "Make", "record_maker"]

Make: TypeAlias = Callable[[int, int], Any]
"""Makes a value for a record, by its number and its creation in microseconds."""

Choices: TypeAlias = Callable[[str], tuple[str, ...]]
"""Returns the only values that a field may have, where there are few."""

_VALUES = 8  # of a keyword
_SPREAD = 500  # values of a keyword that records are ordered by
_NUMBERS = 1_000
_MOST = 3  # values of a field of many, and tags of a record
_TRIED = 8  # records by which it is seen whether values fit

_DEFAULT_PAIR = ("Key", "Value")
_TAGS: Mapping[str, tuple[str, ...]] = {
    "env": ("prod", "test", "staging"),
    "team": tuple([f"team-{number}" for number in range(1, 13)]),
    "app": ("feed", "shop", "news", "video"),
}


def record_maker(
    schema: Schema, choices: Choices, random: Random, now: datetime
) -> Callable[[int, int], Record]:
    """Return what makes the records of a schema, by their numbers and creations.

    Where two fields contradict each other, such as a number and a text at one path, none of them
    has a value.
    """
    left_out: set[Path] = set()
    while True:
        trial = _Making(schema, choices, Random(1), now, left_out).record()  # noqa: S311 - no secret
        wrong = _first_wrong(schema, trial, to_micros(now))
        if wrong is None or wrong in left_out:
            return _Making(schema, choices, random, now, left_out).record()
        left_out.add(wrong)


def _first_wrong(schema: Schema, make: Make, created: int) -> Path | None:
    """Return the path of a field that does not take what is made for it; `None` without any."""
    try:
        for number in range(_TRIED):
            schema.take(make(number, created))
    except RecordError as error:
        field = schema.fields.get(error.field or "")
        return None if field is None else _path_of(error.field or "", field)
    return None


@dataclass(slots=True)
class _Place:
    """A place in records: the fields that end there, and the places below it, by their names."""

    fields: dict[str, Field] = attribute(default_factory=dict[str, Field])
    below: "dict[str, _Place]" = attribute(default_factory=dict[str, "_Place"])

    @property
    def may_be_list(self) -> bool:
        """Whether every field takes a list here."""
        if not all(field.many or field.kind.has_pairs for field in self.fields.values()):
            return False
        return all(place.may_be_list for place in self.below.values())


class _Making:
    """Makes the values of one schema."""

    def __init__(
        self,
        schema: Schema,
        choices: Choices,
        random: Random,
        now: datetime,
        left_out: set[Path],
    ) -> None:
        self._schema = schema
        self._choices = choices
        self._random = random
        self._now = now
        self._left_out = left_out
        decisive = [order.field for order in schema.ordering.orders]
        self._ordered = {*decisive, *[order.field for order in schema.orders]}
        self._created_at = next(
            (name for name in decisive if schema.fields[name].kind.is_instant), None
        )

    def record(self) -> Callable[[int, int], Record]:
        """Return what makes a record."""
        root = _Place()
        for name, field in self._schema.fields.items():
            if field.kind == "stored":
                continue
            place = root
            for step in _path_of(name, field):
                place = place.below.setdefault(step, _Place())
            place.fields[name] = field
        return self._object(root, (), is_item=False)

    def _object(self, place: _Place, path: Path, *, is_item: bool) -> Callable[[int, int], Record]:
        """Return what makes an object of the places below one; empty where nothing is made."""
        makers: dict[str, Make] = {}
        for name, inner in place.below.items():
            maker = self._value(inner, (*path, name), is_item=is_item)
            if maker is not None:
                makers[name] = maker
        return lambda number, created: {
            name: make(number, created) for name, make in makers.items()
        }

    def _value(self, place: _Place, path: Path, *, is_item: bool) -> Make | None:
        """Return what makes the value at a place; `is_item` tells whether a list leads to it."""
        if path in self._left_out:
            return None
        pair = next((field.pair for field in place.fields.values() if field.pair), None)
        if pair is not None:
            return self._tags(place, path, pair)
        if place.below:
            is_list = _is_list_of_objects(path[-1], place)
            make = self._object(place, path, is_item=is_item or is_list)
            return self._several(make) if is_list else make

        one = self._one(place.fields)
        if one is None or is_item or not place.may_be_list:
            return one
        return self._distinct(one)

    def _one(self, fields: Mapping[str, Field]) -> Make | None:
        """Return what makes a value that all of some fields can hold; `None` for an own kind."""
        if self._schema.key in fields:
            return lambda number, _: f"i-{unique_suffix(number)}"
        if self._created_at in fields:
            return lambda _, created: to_text(created, "seconds")

        kinds = {field.kind.name for field in fields.values()}
        if "number" in kinds:
            return self._number(fields)
        if "instant" in kinds:
            return lambda _, created: self._later(created)
        return self._word(fields) if kinds & {"keyword", "text"} else None

    def _later(self, created: int) -> str:
        """Make up a time after the creation."""
        return to_text(expiry_time(self._random, created, self._now), "seconds")

    def _number(self, fields: Mapping[str, Field]) -> Make:
        """Return what makes numbers: those of a parameter, else any."""
        random = self._random
        chosen = [word for name in fields for word in self._choices(name) if word.isdecimal()]
        if chosen:
            return lambda _, __: int(random.choice(chosen))
        return lambda _, __: random.randrange(1, _NUMBERS + 1)

    def _word(self, fields: Mapping[str, Field]) -> Make:
        """Return what makes text: what a parameter takes, else names, or values of a keyword."""
        chosen = next((words for name in fields if (words := self._choices(name))), None)
        if chosen is None and any(field.kind == "text" for field in fields.values()):
            return lambda number, _: instance_name(self._random, number)

        draw = zipf_choice(self._random, chosen or self._values_of(fields))
        return lambda _, __: draw()

    def _values_of(self, fields: Mapping[str, Field]) -> tuple[str, ...]:
        """Return values that are named like a keyword; many where records are ordered by it."""
        first = next(iter(fields)).lower()
        count = _VALUES if self._ordered.isdisjoint(fields) else _SPREAD
        width = len(str(count))
        return tuple([f"{first}-{number:0{width}}" for number in range(1, count + 1)])

    def _tags(self, place: _Place, path: Path, pair: tuple[str, str]) -> Make:
        """Return what makes tags: as pairs, or as an object of keys and values.

        Pairs are made where their members have names of their own, or may well be `Key` and
        `Value`, as the member with the tags has a capital too. Where other fields look below, the
        tags are such that these find their members.
        """
        has_items = bool(place.below) and all(inner.may_be_list for inner in place.below.values())
        is_pair = not place.below.keys().isdisjoint(pair)
        is_listed = pair != _DEFAULT_PAIR or path[-1][:1].isupper()
        inner = self._object(place, path, is_item=True)

        def make(number: int, created: int) -> Any:
            tags = self._drawn_tags()
            if has_items or (is_listed and not place.below):
                named = [dict(zip(pair, tag, strict=True)) for tag in tags.items()]
                return [inner(number, created) | one for one in named]
            if is_pair:
                key = next(iter(tags))
                return inner(number, created) | dict(zip(pair, (key, tags[key]), strict=True))
            return tags | inner(number, created)

        return make

    def _drawn_tags(self) -> dict[str, str]:
        """Draw one tag at the least."""
        keys = self._random.sample([*_TAGS], self._random.randint(1, _MOST))
        return {key: self._random.choice(_TAGS[key]) for key in keys}

    def _several(self, make: Make) -> Make:
        """Return what makes a list."""
        return lambda number, created: [
            make(number, created) for _ in range(self._random.randint(1, _MOST))
        ]

    def _distinct(self, make: Make) -> Make:
        """Return what makes a list of values that are not the same."""
        several = self._several(make)
        return lambda number, created: list(dict.fromkeys(several(number, created)))


def _path_of(name: str, field: Field) -> Path:
    return (name,) if field.path is None else field.path


def _is_list_of_objects(name: str, place: _Place) -> bool:
    """Tell whether a list of objects is at a place, rather than an object of lists.

    Its name must be a plural, such as `addresses` with `ip` below. `SecurityGroupIds` with nothing
    but `SecurityGroupId` below is an object.
    """
    names = [below for below, inner in place.below.items() if inner.fields]
    is_wrapper = len(place.below) == 1 and any(name in (f"{one}s", f"{one}es") for one in names)
    has_single = any(not one.endswith("s") for one in names)
    return name.endswith("s") and has_single and not is_wrapper and place.may_be_list
