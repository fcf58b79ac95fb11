"""What the writes that depend on the present records ask for: checked before a store is touched.

Every store does them in three steps, under its own lock or in its own transaction: it looks up what
is there, asks this room what follows, and writes that.
"""

from collections.abc import Iterable, Mapping
from decimal import InvalidOperation
from typing import Any, NamedTuple, Self, cast

from instquery.contents import copied, is_same
from instquery.errors import Conflict, QueryError, RecordError
from instquery.instants import Moment
from instquery.options import brief
from instquery.predicates import Where
from instquery.query import Query, Record
from instquery.rows import Drawn
from instquery.schema import Entry, Schema

__all__ = ["Update", "keys_of", "removal"]

_ALL = (1 << 63) - 1


class Update(NamedTuple):
    """New values of some members of one record, and those that it must have now."""

    schema: Schema
    members: Record
    expect: Record

    @classmethod
    def of(
        cls,
        schema: Schema,
        key: object,
        members: Mapping[str, Any],
        expect: Mapping[str, Any] | None,
    ) -> Self:
        """Check what can be checked without the record; `key` names it.

        Raises:
            RecordError: for members that are no mapping with text names, that a strict schema does
                not know, or that name another key.

        """
        own = schema.own_names("members", members)
        is_member = not schema.fields[schema.key].is_nested
        given = own.pop(schema.key, key) if is_member else key
        if given is not key and (not isinstance(given, str) or given != key):
            raise _other_key(schema.key)
        return cls(schema, own, {} if expect is None else schema.own_names("expect", expect))

    def applied_to(self, record: Record) -> Entry | None:
        """Return the record as it is to be put, or `None` where that would change nothing.

        Raises:
            Conflict: where a member is not as it is expected to be.
            RecordError: where the record would no longer fit the schema.

        """
        known = copied(record) if self.expect else record  # `==` may be code of the caller's
        whole = record.copy() if isinstance(record, Drawn) else record
        for name, expected in self.expect.items():
            found = known.get(name)
            if not _is_equal(found, expected):
                raise Conflict(
                    f"is {brief(found)}, and {brief(expected)} was expected: "
                    "read the record again and decide anew",
                    field=name,
                )

        changed = {**whole, **self.members}
        for name, value in self.members.items():
            if value is None:
                del changed[name]
        entry = self.schema.take(changed)
        if entry.key != record[self.schema.key]:  # a key with a path
            raise _other_key(self.schema.key)
        return None if is_same(record, entry.row) else entry


def _is_equal(found: Any, expected: Any) -> bool:
    try:
        return bool(found == expected)
    except InvalidOperation:  # a signalling NaN, which equals nothing
        return False


def _other_key(field: str) -> RecordError:
    reason = "the key of a record cannot be changed: discard the record, and put another"
    return RecordError(reason, field=field, code="record.key")


def keys_of(keys: object) -> list[str]:
    """List the keys of records that are to go, each once; what is no text is the key of none.

    Raises:
        RecordError: for what is no collection of keys, such as one key.

    """
    if isinstance(keys, str | bytes | bytearray | Mapping) or not isinstance(keys, Iterable):
        kind = type(keys).__name__  # pyright: ignore[reportUnknownArgumentType]
        cure = "discard(key) takes one key" if isinstance(keys, str) else "such as a list of text"
        reason = f"keys must be a collection of keys, not {kind}: {cure}"
        raise RecordError(reason, code="record.batch")
    given = cast(Iterable[object], keys)
    return list(dict.fromkeys([str.__str__(key) for key in given if isinstance(key, str)]))


def removal(where: Where, now: Moment | None) -> Query:
    """Return the query for the records that are to go.

    Raises:
        QueryError: where there are no predicates, as a filter that is empty by mistake would empty
            the store.

    """
    query = Query(where, limit=_ALL, total=False, now=now)
    if not query.where:
        cure = "And() asks for that, as replace_all([]) does"
        reason = f"where is empty, which would remove every record: {cure}"
        raise QueryError(reason, code="query.empty")
    return query
