"""Intake: records checked and copied as they come in, so that nobody outside can change them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

from instquery.contents import PLAIN, admitted, name_of
from instquery.drawing import Drawing, as_text
from instquery.errors import QueryError, RecordError, SchemaError
from instquery.fields import Field, unknown_field
from instquery.kinds import KINDS, Kind, Read, Readers, Row
from instquery.orderings import Ordering, Rank, Sortable
from instquery.query import Order, Record
from instquery.rows import Drawn, Nested
from instquery.shapes import CONTAINERS, Shapes
from instquery.values import LARGEST, SMALLEST, check_key

__all__ = ["UNDATED", "Entry", "Intake", "take_all", "take_batch"]

UNDATED = -(1 << 62)
"""The rank of a record without its order field: below that of every instant, so it comes last."""


class Entry(NamedTuple):
    """A record taken in: its place in the order (rank, then key) and the row that is kept.

    Answers show the highest rank first and, within a rank, the lowest key.
    """

    rank: Rank
    key: str
    row: Record


Take: TypeAlias = Callable[[Row, Readers], None]
"""Checks the values of all fields of a kind in a row."""


class Intake:
    """How the records of one schema are taken in; the schema has checked what it is made of."""

    __slots__ = (
        "_aliases",
        "_as_text",
        "_drawing",
        "_fields",
        "_is_by_key",
        "_is_descending",
        "_key",
        "_kinds",
        "_names",
        "_ordering",
        "_ranked",
        "_read_order",
        "_row_type",
        "_shapes",
        "_strict",
        "readers",
    )

    def __init__(
        self,
        key: str,
        orders: tuple[Order, ...],
        fields: Mapping[str, Field],
        aliases: Mapping[str, str],
        *,
        strict: bool,
    ) -> None:
        self._key = key
        self._fields = fields
        is_drawn = any(field.is_drawn for field in fields.values())
        self._drawing = Drawing(fields) if is_drawn else None
        self._names = fields.keys() if self._drawing is None else self._drawing.members
        self._strict = strict
        self._aliases = aliases
        self._as_text = tuple(
            [name for name, field in fields.items() if field.as_text and not field.is_drawn]
        )
        self.readers: Readers = {
            name: None if declared.kind.reader is None else declared.kind.reader(declared)
            for name, declared in fields.items()
        }
        self._ordering = self.ordering(orders)
        self._ranked: str | None = None
        """The instant field that ranks are of, where the order is by one."""
        self._is_descending = True
        self._is_by_key = self._ordering.is_by_key
        self._read_order: Read | None = None
        first, *others = self._ordering.orders
        if not others and fields[first.field].kind.is_instant:
            self._ranked, self._is_descending = first.field, first.descending
            self._read_order = self.read(self._ranked)
        self._kinds = self._by_kind(fields)
        self._row_type = type("Row", (), {})
        self._shapes = Shapes()

    def take(self, record: Mapping[str, Any]) -> Entry:
        """Take a record in: check it, and copy it so that nobody outside can change it.

        Raises `RecordError` that names the field and the reason. Costs 6 µs for 15 fields.
        """
        row = self._own(record)
        if self._drawing is not None:
            return self._drawn(row, self._drawing)
        for take, readers in self._kinds:
            take(row, readers)
        return Entry(self.rank(row), check_key(row.get(self._key), self._key), row)

    def key_of(self, record: Mapping[str, Any]) -> Any:
        """Return the key of a record as stores hand it out."""
        drawing = self._drawing
        return record[self._key] if drawing is None else drawing.draw(self._key, record)

    def own_names(self, what: str, members: Mapping[str, Any]) -> Record:
        """Return members under their own names, as `take` has them; `what` names them in errors.

        Raises `RecordError`.
        """
        if not isinstance(members, Mapping):
            kind = type(members).__name__
            raise RecordError(f"{what} must be a mapping, not {kind}", code="record.shape")

        own = {name_of(name): value for name, value in members.items()}
        self._rename(own)
        if self._strict and not own.keys() <= self._names:
            raise _unknown(own.keys() - self._names, self._names)
        if self._drawing is not None:
            self._drawing.check_members(own)
        return own

    def check_members(self, names: Iterable[str]) -> None:
        """Refuse names of members that a strict schema does not know, with a `QueryError`."""
        unknown = [name for name in names if name not in self._names] if self._strict else ()
        for name in unknown:
            reason = unknown_field(name, self._names)
            raise QueryError(reason, field=name, code="query.field")

    def row(self, record: Mapping[str, Any], fields: Iterable[str]) -> Mapping[str, Any]:
        """Return what some fields hold, of a record as stores hand it out.

        Raises `RecordError` for what its field cannot hold.
        """
        drawing = self._drawing
        drawn = record if drawing is None else {name: drawing.draw(name, record) for name in fields}
        try:
            for name in fields:
                field = self._fields[name]
                if field.kind.take is not None and not field.many:
                    field.kind.take({name: drawn.get(name)}, {name: self.readers[name]})
        except RecordError as error:
            raise error if drawing is None else drawing.with_path(error) from None
        return drawn

    def _drawn(self, record: Record, drawing: Drawing) -> Entry:
        """Return the entry of a record of which its fields are drawn."""
        drawn = drawing.row(record)
        try:
            for take, readers in self._kinds:
                take(drawn, readers)
            rank, key = self.rank(drawn), check_key(drawn.get(self._key), self._key)
        except RecordError as error:
            raise drawing.with_path(error) from None
        return Entry(rank, key, Drawn(drawn, record, self._shapes))

    def rank(self, row: Record) -> Rank:
        """Return a row's place in the order: the higher, the earlier it is answered."""
        if self._read_order is None:
            return 0 if self._is_by_key else self._ordering.rank(self._ordering.values(row))
        try:
            micros = self._read_order(row.get(self._ranked or ""))
        except ValueError as error:
            raise RecordError(str(error), field=self._ranked) from None
        if micros is None:
            return UNDATED
        return micros if self._is_descending else -micros

    def rank_of(self, values: Sequence[Sortable]) -> Rank:
        """Return the rank of a row with these values of the fields of the order."""
        if self._read_order is None:
            return 0 if self._is_by_key else self._ordering.rank(values)
        micros = values[0]
        if not isinstance(micros, int):
            return UNDATED
        return micros if self._is_descending else -micros

    def ordering(self, orders: tuple[Order, ...]) -> Ordering:
        """Return what sorts by orders whose fields are known."""
        ours = KINDS["instant"].reader
        names = [name for name, field in self._fields.items() if field.kind.reader is ours]
        return Ordering(self._key, orders, self.readers, names)

    def read(self, field: str) -> Read:
        """Return how the instants of a field are read.

        Raises `SchemaError` for a field of another kind.
        """
        read = self.readers[field]
        if read is None:
            raise SchemaError("is no instant field", field=field)
        return read

    def _by_kind(self, fields: Mapping[str, Field]) -> tuple[tuple[Take, Readers], ...]:
        """Return what each kind takes in, and by what.

        The key and the instant that ranks are of are checked by themselves.
        """
        taken: dict[Kind, dict[str, Read | None]] = {}
        for name, declared in fields.items():
            is_checked_as_key = name == self._key and declared.kind.index == "values"
            is_checked = is_checked_as_key or name == self._ranked or declared.many
            if declared.kind.take is not None and not is_checked:
                taken.setdefault(declared.kind, {})[name] = self.readers[name]
        return tuple(
            [(kind.take, readers) for kind, readers in taken.items() if kind.take is not None]
        )

    def _own(self, record: Mapping[str, Any]) -> Record:
        """Copy a record, its members under their own names.

        The copy shares nothing changeable with what was given.
        """
        if not isinstance(record, Mapping):
            raise RecordError(
                f"a record must be a mapping, not {type(record).__name__}", code="record.shape"
            )
        # Such dicts share one table of names: a third of a plain one's size.
        row: Record = vars(self._row_type())
        is_nested = False
        for given, value in record.items():
            name = given if type(given) is str else name_of(given)
            kind = type(value)  # pyright: ignore[reportUnknownVariableType]
            if kind in PLAIN or (kind is int and SMALLEST <= value <= LARGEST):
                row[name] = value
            else:
                row[name] = admitted(value, name)
                is_nested = is_nested or type(row[name]) in CONTAINERS

        self._rename(row)
        if self._strict and not row.keys() <= self._names:
            raise _unknown(row.keys() - self._names, self._names)
        return Nested(row, self._shapes) if is_nested and self._drawing is None else row

    def _rename(self, row: Record) -> None:
        """Rename aliases, and turn numbers into text where the schema wants text."""
        for alias, name in self._aliases.items():
            if alias in row:
                self._take_alias(row, alias, name)
        for name in self._as_text:
            if name in row:
                row[name] = as_text(row[name], name)

    def _take_alias(self, row: Record, alias: str, name: str) -> None:
        """Move a member to its own name. Both may be there, where they say the same."""
        values = [row.pop(alias), row.get(name)]
        if name in self._as_text:
            values = [as_text(value, name) for value in values]

        given = [value for value in values if value is not None]
        if len(given) == 2 and given[0] != given[1]:
            raise RecordError(f"given again, with another value, as {alias}", field=name)
        row[name] = given[0] if given else None


def _unknown(names: Iterable[str], known: Collection[str]) -> RecordError:
    """Return the error for members that a strict schema does not know."""
    name = min(names)
    return RecordError(unknown_field(name, known), field=name, code="record.unknown")


class Takes(Protocol):
    """A schema, as a batch needs it."""

    def take(self, record: Mapping[str, Any]) -> Entry: ...


def take_all(schema: Takes, records: Iterable[Mapping[str, Any]]) -> Iterator[Entry]:
    """Take records in one by one.

    A bad one is named by its number, from 1, in the `RecordError`.
    """
    kind = type(records).__name__
    if not isinstance(records, Iterable) or isinstance(records, str | bytes | Mapping):
        raise RecordError(
            f"records must be a collection of mappings, not {kind}", code="record.batch"
        )
    take = schema.take
    for number, record in enumerate(records, 1):
        try:
            entry = take(record)
        except RecordError as error:
            raise error.with_reason(f"{error.reason} (record {number} of the batch)") from None
        yield entry


def take_batch(schema: Takes, records: Iterable[Mapping[str, Any]]) -> dict[str, Entry]:
    """Take a whole batch in, the last record of each key counting, before anything is touched."""
    return {entry.key: entry for entry in take_all(schema, records)}
