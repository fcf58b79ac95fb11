"""Columns beside plain lists: no copy ever sees what another one has become."""

from hypothesis import given
from hypothesis import strategies as st

from effort import examples
from instquery.engine import column as column_room
from instquery.engine.column import Column, picked
from instquery.engine.opening import Opening
from instquery.engine.rowsets import MOST_ROWS


def same(column, values):
    everywhere = range(len(values))
    assert list(column) == column[:] == values
    assert len(column) == len(values)
    assert [column[at] for at in everywhere] == values
    assert column.picked(everywhere[::-2]) == values[::-2]
    assert column[1:-1] == values[1:-1]
    assert column.newest(1, 3) == values[::-1][1:4]
    assert column[::-2] == values[::-2]
    if values:
        assert column[-1] == values[-1]


@examples(200)
@given(data=st.data())
def test_each_copy_keeps_its_values_whatever_becomes_of_the_others(data):
    values = data.draw(st.lists(st.integers(), max_size=12))
    held = [(Column(values[:]), values)]
    for number in range(data.draw(st.integers(0, 40))):
        column, values = data.draw(st.sampled_from(held))
        change = data.draw(st.sampled_from(["copy", "append", "put", "open"]))
        at = data.draw(st.integers(0, max(0, len(values) - 1)))
        if change == "copy":
            held.append((column.copy(), values[:]))
        elif change == "append" or not values:
            column.append(number)
            values.append(number)
        elif change == "put":
            column[at] = number
            values[at] = number
        else:
            places = sorted({at, *data.draw(st.lists(st.integers(0, len(values)), max_size=3))})
            column.open(Opening(places, len(values)), places)
            for place in places:
                values.insert(place, place)
        for one, expected in held:
            same(one, expected)


@examples(50)
@given(st.lists(st.integers(0, 30), max_size=300))
def test_no_more_is_left_behind_than_a_share(places):
    """Each list is as long as its column, an eighth and some more, whoever has appended."""
    column = Column(list(range(31)))
    for number, place in enumerate(places):
        if number % 7 == 0:
            column = column.copy()
        column[place] = number
        assert len(column._values) <= 31 + 4 + column_room._SPARE + 1


def test_a_copy_shares_the_list():
    column = Column(list(range(100)))
    twin = column.copy()
    twin[7] = 0
    twin.open(Opening([3], 100), [-1])
    assert twin._values is column._values
    assert list(column) == list(range(100))


def test_as_many_values_as_positions_can_number():
    column = Column(list(range(MOST_ROWS)))
    twin = column.copy()
    twin[MOST_ROWS - 1] = -1
    assert (column[-1], twin[-1], len(twin)) == (MOST_ROWS - 1, -1, MOST_ROWS)

    shorter = Column(list(range(MOST_ROWS - 1)))
    twin = shorter.copy()
    twin.open(Opening([0], MOST_ROWS - 1), [-1])
    twin[0] = -2
    assert twin[:2] == [-2, 0]
    assert shorter[:2] == [0, 1]
    assert list(twin)[1:] == list(shorter)


def test_values_are_picked_from_any_sequence():
    assert picked("abc", [2, 0]) == picked(Column(["a", "b", "c"]), [2, 0]) == ["c", "a"]
