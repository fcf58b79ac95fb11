"""Notes: what a file says of the schema of its records, and whether another schema fits.

Declared are key, order, and of each field all that decides what a value means: its kind, its unit,
what is missing. How it is indexed and what else its member may be called is no matter of the file.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, NamedTuple, TypeAlias, cast

from instquery.bodies import from_json, to_json
from instquery.drawing import as_text
from instquery.errors import RecordError
from instquery.fields import Field
from instquery.files.refusals import DurableError
from instquery.paths import Path, reached
from instquery.query import Record
from instquery.schema import Schema

__all__ = ["NotedKey", "check_fits", "fields_in", "key_in", "notes_of"]

Noted: TypeAlias = dict[str, Any]
"""What is noted of one field: the parts of its declaration."""

_NO_MEANING = frozenset({"indexed", "aliases"})
"""What may change from one opening to the next."""

_PARTS = {
    part.name: None if part.default is MISSING else part.default
    for part in fields(Field)
    if part.name not in _NO_MEANING
}
"""What is noted of a field, by name, and what it is where an older file notes nothing."""


class NotedKey(NamedTuple):
    """What a file says of the key of its records."""

    name: str
    """The name of the field; empty where nothing was noted yet."""

    path: Path
    """Where it is in a record."""

    as_text: bool
    """Whether it may be a number there, which is taken as its text."""

    def of(self, record: Record) -> object:
        """Return the key of a record, or what is in its place."""
        try:
            named: object = reached(record, self.path, self.name)
            return as_text(named, self.name) if self.as_text else named
        except RecordError:
            return None


def notes_of(schema: Schema, former: str) -> str:
    """Return what is to be noted of a schema, after what was noted before.

    What was noted of a field that the schema no longer has stays: it may come back.
    """
    declared: dict[str, Any] = {
        **(_fields(former) if former else {}),
        **{name: _told(field) for name, field in schema.fields.items()},
    }
    orders = [[one.field, one.descending] for one in schema.ordering.orders]
    order = orders[0] if len(orders) == 1 else orders  # as files note one since the first format
    return to_json({"key": schema.key, "order": order, "fields": dict(sorted(declared.items()))})


def key_in(notes: str) -> NotedKey:
    """Return what is noted of the key of a file's records."""
    name = str(from_json(notes).get("key", ""))
    noted = _fields(notes).get(name, {})
    told = {} if isinstance(noted, str) else noted  # by a file of format 1
    path = told.get("path")
    is_text = told.get("as_text") is True
    return NotedKey(name, (name,) if path is None else tuple(path), is_text)


def fields_in(notes: str) -> frozenset[str]:
    """Return the names of the fields of a file's records; none where nothing was noted yet."""
    return frozenset(_fields(notes)) if notes else frozenset()


def check_fits(place: object, notes: str, schema: Schema, *, migrate: bool) -> None:
    """Refuse a schema by which the records would mean something else. Raises `DurableError`.

    With `migrate` fields may change, and the key may not, nor where it is in a record.
    """
    key = key_in(notes)
    path = schema.fields[schema.key].path or (schema.key,)
    if key.name and (key.name, key.path) != (schema.key, path):
        at = f" at {'.'.join(key.path)}" if key.name == schema.key else ""
        raise DurableError(
            f"{place}: its records are named by {key.name}{at}: open it with a schema of that key",
            field=schema.key,
        )
    if migrate:
        return

    noted = _fields(notes)
    for name, field in schema.fields.items():
        if name in noted:
            _check_field(place, name, noted[name], _told(field))


def _check_field(place: object, name: str, noted: str | Mapping[str, Any], told: Noted) -> None:
    """Refuse a field that is declared otherwise than was noted."""
    if isinstance(noted, str):  # by a file of format 1, which noted the kind alone
        noted = {**told, "kind": noted}

    for part, value in told.items():
        before = noted.get(part, _PARTS[part])
        if before != value:
            raise DurableError(
                f"{place}: was written with {part}={before!r}, and the schema says {part}="
                f"{value!r}: declare it as it was, or open the file with migrate=True "
                "if its values are to be read in the new way",
                field=name,
            )


def _told(field: Field) -> Noted:
    """Return what is noted of a field."""
    return {part: _plain(getattr(field, part)) for part in _PARTS}


def _plain(value: object) -> object:
    """Return a part of a declaration as JSON has it."""
    if isinstance(value, tuple):  # the names of a path, or of a pair
        return [str(name) for name in cast(tuple[object, ...], value)]
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _fields(notes: str) -> dict[str, str | Noted]:
    """Return what is noted of each field."""
    fields_noted: dict[str, str | Noted] = from_json(notes).get("fields", {})
    return fields_noted
