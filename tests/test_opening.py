"""Openings beside plain lists that places are inserted into."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instquery.engine import opening as opening_room
from instquery.engine.indexes.blocks import Blocks
from instquery.engine.opening import Opening

# Flags of the rows, and where new rows are entered among them, by the old numbers: often several at
# one place, at the first row, or behind the last one.
flags = st.lists(st.booleans(), max_size=70)
places = st.lists(st.integers(0, 70), max_size=40).map(sorted)


def opened(given_flags, old_places):
    """Return the positions of the new rows, and the flags with those of new rows false."""
    inserted = given_flags[:]
    new = []
    for number, place in enumerate(old_places):
        position = min(place, len(given_flags)) + number
        inserted.insert(position, False)
        new.append(position)
    return new, inserted


def as_rows(given_flags):
    return sum(flag << at for at, flag in enumerate(given_flags))


@pytest.fixture(params=[1, 3, 1000], ids=["at once", "either", "one by one"])
def _costs(request, monkeypatch):
    monkeypatch.setattr(opening_room, "_AT_ONCE", request.param)
    monkeypatch.setattr(opening_room, "_STRETCHES", request.param)


@pytest.mark.usefixtures("_costs")
@given(given_flags=flags, old_places=places)
def test_all_ways_of_opening_move_the_same_rows(given_flags, old_places):
    new, expected = opened(given_flags, old_places)
    opening = Opening(new, len(given_flags))
    rows, moved = as_rows(given_flags), as_rows(expected)
    assert opening.moved(rows) == moved

    listed = [rows, 0, rows]
    opening.move(listed)
    assert listed == [moved, 0, moved]
    by_value = {"a": rows, "b": 0}
    opening.move(by_value)
    assert by_value == {"a": moved, "b": 0}

    column = [None if flag else at for at, flag in enumerate(given_flags)]
    opening.insert(column, ["new"] * len(new))
    assert [at for at, value in enumerate(column) if value == "new"] == new
    assert [value is None for value in column] == expected


def test_the_work_at_once_grows_by_a_step_each_time_the_places_double():
    for count, steps in ((1, 1), (9, 9), (15, 4), (500, 9)):
        opening = Opening([3 * number for number in range(count)], 3000)
        assert len(opening._steps) == steps


@given(st.integers(0, 300), st.lists(st.integers(0, 300), max_size=20).map(sorted))
def test_blocks_opened_at_once_are_those_opened_one_by_one(width, old_places):
    new = [min(place, width) + number for number, place in enumerate(old_places)]
    at_once, one_by_one = Blocks(width), Blocks(width)
    at_once.open(new)
    for place in new:
        one_by_one.open([place])
    assert at_once.spans() == one_by_one.spans()
