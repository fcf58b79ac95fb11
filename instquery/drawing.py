"""Drawing: what the fields of a schema hold of a record, by paths, of many values, and of tags."""

from collections.abc import Iterable, Mapping
from typing import Any

from instquery.errors import RecordError
from instquery.fields import Field
from instquery.paths import Path, collected, pairs_of, reached
from instquery.query import Record
from instquery.values import LONGEST, fits

__all__ = ["Drawing", "as_text"]

_Pair = tuple[str, str]

# What is kept to be shared by the rows that have it; then it begins anew. A pair weighs 2 and what
# its text is long for, all pairs of a row as many as they are: so it stays within 10 MB.
_SHARED = 131_072
_LONG = 32


class Drawing:
    """What fields hold of records, for a schema some of whose fields are no plain members."""

    def __init__(self, fields: Mapping[str, Field]) -> None:
        self._fields = fields
        self._paths: dict[str, Path] = {
            name: (name,) if field.path is None else field.path for name, field in fields.items()
        }
        self.members = dict.fromkeys([path[0] for path in self._paths.values()]).keys()
        """The names of members that fields are, or begin with."""
        self._shared: dict[Any, Any] = {}
        self._room = _SHARED

    def row(self, record: Mapping[str, Any]) -> Record:
        """Return what all fields hold of a record; a missing value is not there.

        Raises `RecordError` that names the field.
        """
        row: Record = {}
        for name in self._fields:
            value = self.draw(name, record)
            if value is not None:
                row[name] = value
        return row

    def draw(self, name: str, record: Mapping[str, Any]) -> Any:
        """Return what one field holds of a record: a value, a tuple of them, or `None`.

        Raises `RecordError` that names the field.
        """
        field = self._fields[name]
        path = self._paths[name]
        if field.pair is not None:
            return self._tags(record, path, name, field.pair)
        if field.many:
            return self._many(record, path, name)
        if not field.is_nested:
            return record.get(name)

        value = reached(record, path, name)
        return as_text(value, name) if field.as_text else value

    def check_members(self, names: Iterable[str]) -> None:
        """Refuse names of fields that are no members. Raises `RecordError` that names the path."""
        for name in names:
            if name in self._fields and name not in self.members:
                path = self._paths[name]
                reason = f"is no member of its own: replace {path[0]}, in which it is"
                raise RecordError(f"{reason} (path {'.'.join(path)})", field=name)

    def with_path(self, error: RecordError) -> RecordError:
        """Return an error with the path of its field, if it has one."""
        field = self._fields.get(error.field or "")
        if field is None or field.path is None:
            return error
        return error.with_reason(f"{error.reason} (path {'.'.join(field.path)})")

    def _many(self, record: Mapping[str, Any], path: Path, name: str) -> Any:
        """Return the values of a field, each once; `None` where there is none."""
        field, readers = self._fields[name], {name: None}
        take = field.kind.take
        values: dict[Any, None] = {}
        for number, value in enumerate(collected(record, path, name)):
            if value is None:
                continue
            one = {name: value}
            try:
                if field.as_text:
                    one[name] = as_text(value, name)
                if take is not None:
                    take(one, readers)
                values.setdefault(one[name])
            except RecordError as error:
                numbered = error.with_reason(f"item {number}: {error.reason}")
                raise self.with_path(numbered) from None
        return tuple(values) or None

    def _tags(self, record: Mapping[str, Any], path: Path, name: str, pair: _Pair) -> Any:
        """Return the pairs of a tags field, each once; `None` where there is none."""
        key, value = pair
        pairs: dict[_Pair, None] = {}
        try:
            for one in pairs_of(collected(record, path, name), key, value, name):
                if not all(map(fits, one)):
                    reason = f"the key and the value of a tag have at most {LONGEST:,} characters"
                    raise RecordError(reason, field=name)
                pairs.setdefault(self._own(one, 2 + (len(one[0]) + len(one[1])) // _LONG))
        except RecordError as error:
            raise (error if "(path" in error.reason else self.with_path(error)) from None
        return self._own(tuple(pairs), len(pairs)) if pairs else None

    def _own(self, value: Any, weight: int) -> Any:
        """Return a value that is equal, and shared by the rows that have it."""
        if self._room < 0:
            self._shared.clear()
            self._room = _SHARED
        shared = self._shared.setdefault(value, value)
        if shared is value:
            self._room -= weight
        return shared


def as_text(value: Any, name: str) -> Any:
    """Write a number as text; other values stay.

    Raises `RecordError` for a number of more than 64 bits.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        return value
    if not fits(value):
        raise RecordError("must be text, or a number of up to 64 bits", field=name)
    return str(int(value))  # an `IntEnum` too is its number, not its name
