"""Row sets beside plain sets of numbers."""

from hypothesis import given
from hypothesis import strategies as st

from instquery.engine.rowsets import (
    among,
    count_all,
    everything,
    newest,
    positions,
    set_of,
    set_of_flags,
)

sets = st.one_of(
    st.sets(st.integers(0, 40)),
    st.sets(st.integers(0, 3000), max_size=60),
    st.builds(
        lambda width, gaps: set(range(width)) - gaps,
        st.integers(0, 2500),
        st.sets(st.integers(0, 2500)),
    ),
)


@given(sets, st.lists(st.integers(0, 4000)))
def test_positions_among_a_set_stay_in_order(members, places):
    assert among(set_of(members, width=3001), places) == [at for at in places if at in members]


@given(sets)
def test_a_set_and_its_positions(members):
    rows = set_of(members, width=3001)
    assert rows == sum(1 << member for member in members)
    assert positions(rows) == sorted(members, reverse=True)
    assert set_of_flags([at in members for at in range(3001)]) == rows


@given(sets, st.integers(0, 2600), st.integers(0, 600))
def test_the_newest_after_some_are_passed_over(members, skip, take):
    assert (
        newest(set_of(members, 3001), skip, take)
        == sorted(members, reverse=True)[skip : skip + take]
    )


@given(st.lists(sets, max_size=12))
def test_many_sets_are_counted_together(many):
    assert count_all([set_of(members, 3001) for members in many]) == sum(map(len, many))


def test_everything_and_nothing():
    assert positions(everything(3)) == [2, 1, 0]
    assert everything(0) == set_of([], 0) == set_of_flags([]) == 0
    assert positions(0) == newest(0, 0, 5) == []
