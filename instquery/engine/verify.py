"""Check a state against its own rows, index by index."""

from collections.abc import Iterator
from itertools import pairwise

from instquery.engine.state import State

__all__ = ["faults"]


def faults(state: State) -> Iterator[str]:
    """Name everything that does not agree with the rows; costs about as much as a bulk build."""
    for number, segment in enumerate(state.segments):
        yield from (f"segment {number}: {fault}" for fault in segment.faults())
    rows = list(state)
    if len(rows) != state.count:
        yield f"count: {state.count} is said, {len(rows)} are there"
    schema = state.schema
    places = [(-schema.rank(row), row[schema.key]) for row in rows]
    if any(first >= second for first, second in pairwise(places)):
        yield "order: rows of different segments are out of order, or there twice"
    if {key: id(row) for key, row in state.keys.items()} != {
        row[schema.key]: id(row) for row in rows
    }:
        yield "keys: the directory does not name the rows that are there"
