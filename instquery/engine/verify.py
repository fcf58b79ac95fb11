"""Check a version against its own records, index by index."""

from collections.abc import Iterator
from itertools import pairwise

from instquery.engine.version import Version
from instquery.orderings import Spot

__all__ = ["faults"]


def faults(version: Version) -> Iterator[str]:
    """Name everything that does not agree with the records. Costs about as much as a bulk build."""
    for number, segment in enumerate(version.segments):
        yield from (f"segment {number}: {fault}" for fault in segment.faults())

    schema = version.schema
    records = list(version)
    if len(records) != version.count:
        yield f"count: {version.count} is said, {len(records)} are there"

    places = [(schema.rank(record), record[schema.key]) for record in records]
    if not all(_comes_first(first, second) for first, second in pairwise(places)):
        yield "order: rows of different segments are out of order, or there twice"

    expected = {record[schema.key]: id(record) for record in records}
    directory = {key: id(record) for key, record in version.directory.items()}
    if directory != expected:
        yield "keys: the directory does not name the rows that are there"


def _comes_first(first: Spot, second: Spot) -> bool:
    """Tell whether a place comes before another: by rank, the highest first, then by key."""
    if first[0] == second[0]:
        return first[1] < second[1]
    return bool(first[0] > second[0])
