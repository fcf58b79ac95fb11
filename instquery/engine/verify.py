"""Check a version against its own rows, index by index."""

from collections.abc import Iterator
from itertools import pairwise

from instquery.engine.version import Version

__all__ = ["faults"]


def faults(version: Version) -> Iterator[str]:
    """Name everything that does not agree with the rows; costs about as much as a bulk build."""
    for number, segment in enumerate(version.segments):
        yield from (f"segment {number}: {fault}" for fault in segment.faults())
    records = list(version)
    if len(records) != version.count:
        yield f"count: {version.count} is said, {len(records)} are there"
    schema = version.schema
    places = [(-schema.rank(record), record[schema.key]) for record in records]
    if any(first >= second for first, second in pairwise(places)):
        yield "order: rows of different segments are out of order, or there twice"
    if {key: id(record) for key, record in version.directory.items()} != {
        record[schema.key]: id(record) for record in records
    }:
        yield "keys: the directory does not name the rows that are there"
