"""Records of files, taken in: their times may be blank, or integers of a unit that the file has."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from instquery.errors import RecordError
from instquery.instants import MICROS, Unit, to_text
from instquery.kinds import KINDS
from instquery.paths import reached
from instquery.query import Record
from instquery.rows import Drawn
from instquery.schema import Schema

__all__ = ["Taking"]

_NO_UNIT = (
    "an integer does not say its unit: name it by --integers seconds, milliseconds or microseconds "
    "(in Python by integers= of Reader or of its call), or write the time as ISO 8601 text"
)


class Taking:
    """Takes the records of a file in, so that a store of the API's own schema takes them too.

    A field keeps the unit that it declares. An integer of the file's unit becomes text in UTC, and
    a blank time of a field that takes none is left out, wherever a path leads to it.
    """

    def __init__(self, schema: Schema, integers: Unit | None) -> None:
        times = {
            name: field for name, field in schema.fields.items() if field.kind == KINDS["instant"]
        }
        lenient = {
            name: replace(field, integers=field.integers or integers, blank_is_missing=True)
            for name, field in times.items()
        }
        self._schema = replace(schema, fields={**schema.fields, **lenient})
        self._without_unit = {name: time for name, time in times.items() if time.integers is None}
        self._never_blank = [name for name, time in times.items() if not time.blank_is_missing]
        self._scale = None if integers is None else MICROS[integers]

    def take(self, record: Any) -> Record:
        """Return a record as a store keeps it. Raises `RecordError`."""
        try:
            taken = self._schema.take(record).row
        except RecordError as error:
            if self._is_without_unit(record, error.field):
                raise RecordError(_NO_UNIT, field=error.field) from None
            raise

        # What fields have drawn out of a record is not the record itself.
        whole = taken.copy() if isinstance(taken, Drawn) else taken
        for name in self._never_blank:
            holder, member = self._place_of(name, whole)
            if holder.get(member) == "":
                del holder[member]
        if self._scale is not None:
            for name in self._without_unit:
                holder, member = self._place_of(name, whole)
                value = holder.get(member)
                if type(value) is int:
                    holder[member] = _written(value * self._scale)
        return whole

    def _place_of(self, name: str, record: Record) -> tuple[Record, str]:
        """Return the mapping that a time stands in, empty where there is none, and its member."""
        *steps, member = self._schema.fields[name].path or (name,)
        holder = record
        for step in steps:
            inner = holder.get(step)
            holder = cast(Record, inner) if isinstance(inner, dict) else {}
        return holder, member

    def kind_of(self, error: RecordError) -> str | None:
        """Return the kind of fault that all records of a file are likely to share, if it is one."""
        return f"unit of {error.field}" if error.reason == _NO_UNIT else None

    def _is_without_unit(self, record: Any, field: str | None) -> bool:
        """Tell whether a record was refused for an integer that does not say its unit."""
        if self._scale is not None or field not in self._without_unit:
            return False
        declared = self._without_unit[field]
        if not isinstance(record, Mapping):
            return False
        given = cast(Mapping[str, Any], record)
        if declared.path is not None:
            return type(reached(given, declared.path, field)) is int
        return any(type(given.get(name)) is int for name in (field, *declared.aliases))


def _written(micros: int) -> str:
    """Write an instant as briefly as it is exact."""
    unit: Unit = next(unit for unit, scale in MICROS.items() if micros % scale == 0)
    return to_text(micros, unit)
