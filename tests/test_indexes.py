"""One contract for every kind of index: after any writes it agrees with the predicate."""

import copy
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effort import examples
from instquery import Contains, Eq, In
from instquery.engine.indexes import frequent as frequent_room
from instquery.engine.indexes import keyword as keyword_room
from instquery.engine.indexes import text as text_room
from instquery.engine.indexes.blocks import Blocks
from instquery.engine.indexes.instant import InstantIndex
from instquery.engine.indexes.keyword import KeywordIndex
from instquery.engine.indexes.order import OrderIndex
from instquery.engine.indexes.text import TextIndex
from instquery.engine.opening import Opening
from instquery.engine.rowsets import everything, positions, set_of, set_of_flags
from instquery.instants import EARLIEST, LATEST, moment
from instquery.ranges import Interval
from strategies import keywords, marked_texts, names, needles, owners, times

micros = times().map(moment)


def interval(low, high):
    return Interval("f", low, high, lambda value: value)


KINDS = {
    KeywordIndex: (
        st.one_of(keywords, owners),
        st.one_of(
            st.builds(Eq, st.just("f"), st.one_of(keywords, owners)),
            st.builds(In, st.just("f"), st.lists(owners, max_size=4)),
        ),
    ),
    TextIndex: (
        st.one_of(names, marked_texts),
        st.one_of(
            st.builds(Contains, st.just("f"), st.one_of(needles, marked_texts)),
            st.builds(Eq, st.just("f"), names),
            st.builds(In, st.just("f"), st.lists(st.one_of(names, keywords), max_size=7)),
        ),
    ),
    InstantIndex: (
        micros,
        st.one_of(
            st.builds(interval, micros, micros),
            st.builds(lambda after: interval(after + 1, LATEST), micros),
            st.builds(lambda before: interval(EARLIEST, before - 1), micros),
        ),
    ),
}


@pytest.fixture(autouse=True)
def _small_numbers(monkeypatch):
    """Let tens of rows have frequent and rare values and grams, and change between both forms."""
    monkeypatch.setattr(keyword_room, "_FREQUENT", 4)
    monkeypatch.setattr(keyword_room, "_OPENED", 5)
    monkeypatch.setattr(frequent_room, "_SMALL", 8)
    monkeypatch.setattr(frequent_room, "_FREQUENT", 4)
    monkeypatch.setattr(text_room, "_NARROWING", 12)


def as_set(found):
    return set_of(found, max(found, default=0) + 1) if isinstance(found, list) else found


def agree(index, values, predicates):
    """The index selects all rows that the predicate matches, and where it says so no other."""
    rows = [{"f": value} for value in values]
    for predicate in predicates:
        matches = {at for at, row in enumerate(rows) if predicate.matches(row)}
        found, exact = index.select(predicate)
        assert not isinstance(found, list) or found == sorted(found, reverse=True)
        found = as_set(found)
        assert matches <= set(positions(found)) <= set(range(len(rows)))
        if exact:
            assert set(positions(found)) == matches
        size = index.size(predicate, everything(len(values)))
        assert size.least <= len(matches) <= size.most
        assert size.count in (None, len(matches))
        every = list(range(len(rows)))[::-1]
        assert index.test(predicate, every, rows) == [at for at in every if at in matches]


@pytest.mark.parametrize("kind", KINDS)
@examples(60)
@given(data=st.data())
def test_an_index_agrees_with_the_predicate_through_every_change(kind, data):
    some_value, some_predicate = KINDS[kind]
    value_or_none = st.one_of(st.none(), some_value)
    values = data.draw(st.lists(value_or_none, max_size=50))
    predicates = data.draw(st.lists(some_predicate, min_size=1, max_size=5))
    index = kind.build(values)
    agree(index, values, predicates)
    earlier, earlier_values = index.copy(), list(values)
    for _ in range(data.draw(st.integers(0, 40))):
        value = data.draw(value_or_none)
        change = data.draw(st.sampled_from(["append", "insert", "insert", "replace", "drop"]))
        at = data.draw(st.integers(0, max(0, len(values) - 1)))
        if change == "append" or not values:
            index.add(len(values), value)
            values.append(value)
        elif change == "insert":
            index.open(Opening([at], len(values)))
            index.add(at, value)
            values.insert(at, value)
        else:
            index.drop(at, values[at])
            values[at] = None
            if change == "replace":
                index.add(at, value)
                values[at] = value
    agree(index, values, predicates)
    agree(earlier, earlier_values, predicates)


@given(
    st.lists(st.integers(-5, 5), max_size=30),
    st.integers(-6, 6),
    st.integers(-6, 6),
    st.booleans(),
    st.sets(st.integers(0, 29)),
)
def test_the_order_field_is_a_stretch_of_positions(instants, low, high, descending, discarded):
    instants.sort(reverse=not descending)
    ranks = [at if descending else -at for at in instants]
    index = OrderIndex(copy.copy(__import__("array").array("q", ranks)), descending=descending)
    rows = [{"f": at} for at in instants]
    predicate = interval(low, high)
    matches = [at for at, row in enumerate(rows) if predicate.matches(row)]
    assert positions(as_set(index.select(predicate)[0]) & everything(len(rows))) == matches[::-1]
    assert index.size(predicate, everything(len(rows))).count == len(matches)
    live = everything(len(rows)) & ~set_of(discarded, 30)
    assert index.size(predicate, live).count == len(set(matches) - discarded)
    assert index.test(predicate, list(range(len(rows))), rows) == matches


def test_instants_that_come_in_earlier_and_earlier_are_encoded_anew_a_few_times_only(monkeypatch):
    index = InstantIndex.build([10**15])
    encoded = []
    encode = InstantIndex._encode
    monkeypatch.setattr(
        InstantIndex, "_encode", lambda self, **how: (encoded.append(1), encode(self, **how))
    )
    for number in range(1, 500):
        index.add(number, 10**15 - number * 10**9)
    assert len(encoded) < 12
    assert index.size(interval(EARLIEST, 10**15 - 400 * 10**9), everything(500)).count == 100


def test_a_frequent_gram_answers_without_verification():
    index = TextIndex.build(["推荐-prod", "推荐-test", None, "搜索"] * 20)
    for needle in ("推", "推荐", "pro"):
        assert index.select(Contains("f", needle))[1], needle
    assert index.select(Contains("f", "荐-x")) in (
        (0, True),
        (index.select(Contains("f", "荐-x"))[0], False),
    )
    for word in ("推荐-p", "推荐-prod", "荐-tes"):  # longer than a gram, and frequent
        assert index.select(Contains("f", word))[1], word
    assert index.select(Contains("f", "nowhere")) == (0, True)


def test_grams_of_long_texts_are_looked_for_in_all_texts_a_limited_number_of_times(monkeypatch):
    """All grams of names of 1,280 characters become frequent.

    Each cost a look at every text: 29 s for 700 names.
    """
    monkeypatch.setattr(frequent_room, "_TRIES", 16)
    looks = []
    monkeypatch.setattr(
        frequent_room, "set_of_flags", lambda flags: (looks.append(1), set_of_flags(flags))[1]
    )
    random = Random(2)
    names = ["".join(random.choices("abcdefgh", k=300)) for _ in range(70)]
    index = TextIndex.build([])
    for at, name in enumerate(names):
        index.add(at, name)
    assert 0 < len(looks) <= 16 * 4  # the rows double four times from eight on
    assert list(index.faults(names)) == []
    twin = index.copy()
    assert twin._frequent._tries == index._frequent._tries


def narrowings(monkeypatch):
    """Note every lookup by grams from now on, by the needle."""
    noted = []
    narrow = TextIndex._narrow
    monkeypatch.setattr(
        TextIndex,
        "_narrow",
        lambda self, needle, grams: (noted.append(needle), narrow(self, needle, grams))[1],
    )
    return noted


@pytest.mark.parametrize("count", [1, 4, 5, 50, 3000])
def test_any_number_of_values_of_a_text_costs_a_scan_at_the_most(monkeypatch, count):
    """Each value was looked up by its grams in every segment: 120 scans for 8,000 values."""
    monkeypatch.setattr(text_room, "_NARROWING", 512)
    names = [f"web-{number:x}-{number * 7919 % 104729}" for number in range(2048)]
    index = TextIndex.build(names)
    noted = narrowings(monkeypatch)
    values = [*names[::700], *(f"absent-{number}" for number in range(count - 3))][:count]
    found, _ = index.select(In("f", values))
    assert len(noted) == (count if count <= 2048 / 512 + 1 else 0)
    assert set(positions(as_set(found))) >= set(range(0, 2048, 700)[:count])
    assert (as_set(found).bit_count() <= 200) == bool(noted)


@pytest.mark.parametrize("predicate", [Eq("f", "x" * 3000), In("f", ["x" * 1500, "y" * 1500])])
def test_a_value_that_is_longer_than_a_segment_has_rows_is_not_folded(monkeypatch, predicate):
    monkeypatch.setattr(text_room, "_NARROWING", 512)
    index = TextIndex.build(["x" * 3000, None, *["name"] * 1998])
    noted = narrowings(monkeypatch)
    assert index.select(predicate) == (index._present, False)
    assert not noted


def test_what_is_expected_of_many_values_is_judged_by_a_few(monkeypatch):
    """The plan asks for it before the walk does the work."""
    names = [f"web-{number}" for number in range(1000)]
    index = TextIndex.build(names)
    noted = narrowings(monkeypatch)
    for count in (0, 1, 2, 100, 1000):
        noted.clear()
        assert index.size(In("f", names[:count]), everything(1000)).expected <= 1000
        assert len(noted) == min(count, 4)


@examples(60)
@given(
    st.integers(0, 2000), st.lists(st.integers(0, 2000), max_size=40), st.sets(st.integers(0, 70))
)
def test_blocks_keep_their_rows_together(width, insertions, left_out):
    blocks = Blocks(width)
    held = [blocks.of(at) for at in range(width)]  # the block of each row
    for at in insertions:
        if at >= width:
            blocks.append()
            held.append(blocks.of(width))
        else:
            blocks.open([at])
            held.insert(at, blocks.of(at))
        width += 1
    assert [blocks.of(at) for at in range(width)] == held == sorted(held)
    for chosen in (left_out & set(held), set(held) - left_out, set(held)):
        rows = blocks.rows_of(set_of(chosen, len(blocks)))
        assert positions(rows)[::-1] == [at for at in range(width) if held[at] in chosen]
