"""Questions to a store, as requests to an API: what the questions of all APIs are made with."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from instquery.contract import Reads
from instquery.query import Query, Record

__all__ = ["Questioner", "Questions", "middle_record", "most_common", "newest_records"]

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


def most_common(records: Sequence[Record], field: str) -> object:
    """Return the value that most of the records have; `none` where no record has one."""
    counts = Counter(record[field] for record in records if record.get(field) is not None)
    return counts.most_common(1)[0][0] if counts else "none"
