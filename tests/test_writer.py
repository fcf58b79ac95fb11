"""The writer: segments stay within what two bytes can number, at every moment of every batch."""

import pytest

from instquery import Order, Schema, Store, instant, keyword
from instquery.engine import writer as writer_room
from instquery.engine.census import Census
from instquery.engine.directory import Directory
from instquery.engine.rowsets import MOST_ROWS
from instquery.engine.segment import Segment
from instquery.engine.verify import faults
from instquery.engine.version import Version
from instquery.engine.writer import SEGMENT_ROWS, Writer

SCHEMA = Schema(
    key="id",
    order=Order("created"),
    fields={"id": keyword(), "owner": keyword(), "created": instant(integers="microseconds")},
)


def taken(number, owner, *, later=0):
    return SCHEMA.take(
        {"id": f"i-{number:06}-{later}", "created": 10 * number + later, "owner": owner}
    )


def test_a_segment_may_grow_to_twice_its_rows_and_no_further(monkeypatch):
    monkeypatch.setattr(writer_room, "_BULK", 0)  # enter each record by itself
    widths = []
    insert = Segment.insert
    monkeypatch.setattr(
        Segment, "insert", lambda self, entries: (insert(self, entries), widths.append(len(self)))
    )
    store = Store(SCHEMA, segment_rows=8)
    for number in range(40):
        store.put_many(
            [
                {"id": f"i-{number}-{at}", "created": 1000 - number, "owner": str(at)}
                for at in range(5)
            ]
        )
    assert max(widths) == 16
    assert store.verify() == []


@pytest.mark.long
@pytest.mark.parametrize("room", [0, 1, 99])
def test_a_batch_for_a_segment_that_is_nearly_full(room):
    """A batch was once entered before the segment was split.

    Positions that took 17 bits were an error.
    """
    owner = object()
    entries = [
        taken(number, "frequent" if number % 2 else str(number))
        for number in range(MOST_ROWS - room)
    ]
    directory = Directory(owner)
    for entry in entries:
        directory.set(entry.key, entry.row)
    segment = Segment.build(SCHEMA, entries, owner)
    census = Census.of(SCHEMA, [entry.row for entry in entries])
    version = Version(SCHEMA, (segment,), directory, len(entries), 0, "")

    added = [
        taken(number, str(number), later=5) for number in range(len(entries) - 100, len(entries))
    ]
    writer = Writer(version, census, owner, SEGMENT_ROWS)
    writer.put({entry.key: entry for entry in added})
    written = writer.finish(1)
    assert written.count == len(entries) + len(added)
    assert [len(segment) for segment in written.segments] != [len(segment)]
    assert list(faults(written)) == []


def test_small_neighbours_are_merged_though_neither_has_lost_half():
    def record(number):
        return {"id": f"i-{number:02}", "created": number, "owner": "x"}

    store = Store(SCHEMA, map(record, range(8)), segment_rows=8)
    store.put_many(map(record, range(8, 11)))
    for number in range(5):
        store.discard(f"i-{number:02}")
    assert [len(segment) for segment in store._current.version.segments] == [3, 3]
    store.discard("i-05")
    assert len(store._current.version.segments) == 2
    store.discard("i-10")
    assert [len(segment) for segment in store._current.version.segments] == [4]
    assert store.verify() == []
