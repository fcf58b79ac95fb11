"""Rows of rare values beside plain lists, through every change and every numbering."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effort import examples
from instquery.engine import opening as opening_room
from instquery.engine.indexes import rare as rare_room
from instquery.engine.indexes.rare import RareRows
from instquery.engine.rowsets import POSITION_CODE

VALUES = ["a", "b", "c", 4, None]


def told(rare):
    for value in VALUES:
        assert rare.count(value) == len(rare.rows(value))
        assert rare.rows(value).typecode == POSITION_CODE
    return {value: rare.rows(value).tolist() for value in rare}


def by_value(column):
    rows = {}
    for at, value in enumerate(column):
        if value is not None:
            rows.setdefault(value, []).append(at)
    return rows


@pytest.mark.parametrize("by_start", [0, 1, 1000])
@pytest.mark.parametrize("changed", [1, 1000])
@examples(80)
@given(data=st.data())
def test_the_rows_of_each_value_through_every_change(by_start, changed, data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening_room, "_BY_START", by_start)
        patch.setattr(rare_room, "_OPENINGS", 3)
        patch.setattr(rare_room, "_OPENED", 8)
        patch.setattr(rare_room, "_MANY", 2)
        patch.setattr(rare_room, "_CHANGED", changed)

        column = data.draw(st.lists(st.sampled_from(VALUES), max_size=30))
        held = [(RareRows.build(by_value(column)), column)]
        for _ in range(data.draw(st.integers(0, 25))):
            rare, column = data.draw(st.sampled_from(held))
            change = data.draw(st.sampled_from(["copy", "open", "open", "set", "append"]))
            if change == "copy":
                held.append((rare.copy(), column[:]))
            elif change == "open":
                places = sorted(data.draw(st.sets(st.integers(0, len(column)), max_size=5)))
                places = [min(place, len(column) + at) for at, place in enumerate(places)]
                for place in places:
                    column.insert(place, None)
                if places:
                    rare.open(places, len(column))
            else:
                at = data.draw(st.integers(0, max(0, len(column) - 1)))
                if change == "append" or not column:
                    at = len(column)
                    column.append(None)
                before, column[at] = column[at], data.draw(st.sampled_from(VALUES))
                for value in {before, column[at]} - {None}:
                    rows = [row for row, other in enumerate(column) if other == value]
                    rare.set(value, array(POSITION_CODE, rows))
            for one, expected in held:
                assert told(one) == by_value(expected)


def test_the_rows_of_thousands_of_values_are_brought_up_to_date_together(monkeypatch):
    """Each array was brought up to date by itself: 16 ms a segment, after every 48 places."""
    rare = RareRows.build({value: [value] for value in range(1000)})
    built = rare._rows
    calls = []
    raw = RareRows.rows
    monkeypatch.setattr(RareRows, "rows", lambda *given: calls.append(given) or raw(*given))
    for number in range(2 * rare_room._OPENINGS):
        rare.open([0], 1001 + number)
    assert not calls
    assert rare._rows is not built
    monkeypatch.undo()
    assert rare.rows(5).tolist() == [5 + 2 * rare_room._OPENINGS]
