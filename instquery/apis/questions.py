"""Questions to a store, as requests to an API: what the questions of all APIs are made with."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast

from instquery.contract import Reads
from instquery.query import Query, Record
from instquery.schema import Schema

__all__ = [
    "Questioner",
    "Questions",
    "first_with",
    "middle_record",
    "most_common",
    "newest_records",
    "value_of",
    "values_of",
]

Questions: TypeAlias = Mapping[str, Mapping[str, object]]
"""Requests to an API as parameters, by title."""

_SAMPLE = 500  # newest records that are looked at for what is common


Questioner: TypeAlias = Callable[[Reads, int], Questions]
"""Makes questions that suit a store which is not empty, at a moment in microseconds."""


def newest_records(store: Reads) -> list[Record]:
    """Return the first records in order, a few hundred at the most."""
    return store.page(Query(limit=_SAMPLE)).items


def middle_record(store: Reads) -> Record:
    """Return the record in the middle of a store that is not empty."""
    return store.page(Query(offset=len(store) // 2, limit=1)).items[0]


def values_of(schema: Schema, record: Record, field: str) -> tuple[Any, ...]:
    """Return what a field finds in a record, by its path; of tags, pairs of a key and a value.

    An empty text is left out: nobody can ask for it.
    """
    value = schema.row(record, [field]).get(field)
    declared = schema.fields[field]
    has_many = declared.many or declared.pair is not None
    values = cast(tuple[Any, ...], value or ()) if has_many else (value,)
    return tuple([one for one in values if one is not None and one != ""])


def value_of(schema: Schema, record: Record, field: str) -> Any:
    """Return the first value that a field finds in a record; `none` where there is none."""
    return next(iter(values_of(schema, record, field)), "none")


def first_with(schema: Schema, records: Sequence[Record], *fields: str) -> Record:
    """Return the first record that has values of some fields; the first of all if none has."""
    for record in records:
        if all(values_of(schema, record, field) for field in fields):
            return record
    return records[0]


def most_common(schema: Schema, records: Sequence[Record], field: str) -> Any:
    """Return the value that most of the records have; `none` where no record has one."""
    counts = Counter([value for record in records for value in values_of(schema, record, field)])
    return counts.most_common(1)[0][0] if counts else "none"
