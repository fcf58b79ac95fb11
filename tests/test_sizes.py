"""Sizes: no number can be had from one by accident, and its bounds hold in every state."""

import random

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

import naive
import worn
from effort import examples
from instquery import Eq, In, Order, Query, Schema, Store, instant, keyword, text
from instquery.engine.sizes import Size
from instquery.terms import Tree
from strategies import SCHEMA, conditions, predicate, records


@pytest.mark.parametrize(
    "use",
    [
        int,
        bool,
        float,
        range,
        list,
        len,
        sum,
        abs,
        hex,
        "{:,}".format,
        "{:d}".format,
        lambda size: size + 1,
        lambda size: 1 + size,
        lambda size: size - 1,
        lambda size: size * 2,
        lambda size: size < 5,
        lambda size: size >= 5,
        lambda size: sorted([size, size]),
        lambda size: max(size, size),
        lambda size: sum([size, size]),
        lambda size: size[0],
        lambda size: [1, 2, 3][size],
        lambda size: [1, 2, 3][:size],
        lambda size: not size,
        lambda size: size or 0,
        lambda size: divmod(10, size),
    ],
)
@pytest.mark.parametrize("size", [Size.exactly(0), Size.exactly(3), Size.at_most(3)])
def test_a_size_is_no_number(size, use):
    with pytest.raises(TypeError):
        use(size)
    assert size not in (0, 3)


def test_a_count_is_there_only_where_both_bounds_agree():
    assert [Size.exactly(count).count for count in (0, 7)] == [0, 7]
    assert Size.at_most(7).count is None
    assert Size.at_most(0).count == 0
    assert Size.of_parts([]).count == 0
    assert Size.of_parts([Size.exactly(2), Size.exactly(3)]).count == 5
    assert Size.of_parts([Size.exactly(2), Size.at_most(3)]).count is None


@pytest.mark.parametrize("wrong", [(2, 1, 1), (-1, 3, 0), (1, 3, 0), (1, 3, 4)])
def test_a_size_that_contradicts_itself_is_refused(wrong):
    with pytest.raises(ValueError, match="least <= expected <= most"):
        Size(*wrong)


def test_a_size_cannot_be_changed():
    size = Size.at_most(3)
    for name in ("least", "most", "expected"):
        with pytest.raises(AttributeError):
            setattr(size, name, 1)


@pytest.fixture
def small_numbers(monkeypatch):
    worn.have_small_numbers(monkeypatch)


def agree(store, conditions_asked):
    """Every size of a segment, of the state and of the census is the naive reading's count."""
    version, census = store._current.version, store._current.census
    for condition, one in conditions_asked:
        asked = store.schema.bound(one, None)
        sizes = [(segment.size(asked), segment) for segment in version.segments]
        sizes.append((version.estimate(asked).size, version))
        known = None if isinstance(asked, Tree) else census.estimate(asked)
        if known is not None:
            sizes.append((known.size, version))

        for size, rows in sizes:
            found = sum(naive.holds(record, condition) for record in rows)
            assert size.least <= found <= size.most, (condition, size)
            assert size.count in (None, found), (condition, size)


@pytest.mark.usefixtures("small_numbers")
@pytest.mark.parametrize("kind_of_key", ["text", "keyword"])
@pytest.mark.parametrize("indexed", [True, False])
@pytest.mark.parametrize("descending", [True, False])
def test_sizes_hold_after_every_write(kind_of_key, indexed, descending):
    declared = worn.schema(kind_of_key, indexed=indexed, descending=descending)
    chance = random.Random(f"{kind_of_key} {indexed} {descending}")
    for _ in range(4):
        store, held = worn.worn(declared, chance)
        lost = {}
        for _ in range(25):
            worn.write(store, held, lost, chance)
            asked = worn.some_conditions(chance, kind_of_key)
            agree(store, zip(asked, worn.predicates(asked), strict=True))


@pytest.mark.usefixtures("small_numbers")
@given(
    st.lists(records(), max_size=30),
    st.lists(st.integers(0, 29), max_size=10),
    st.lists(conditions(), min_size=1, max_size=4),
    st.integers(1, 9),
)
@examples(100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_sizes_hold_for_any_records(inventory, discarded, asked, segment_rows):
    store = Store(SCHEMA, inventory, segment_rows=segment_rows)
    for number in discarded:
        if number < len(inventory):
            store.discard(inventory[number]["id"])
    agree(store, [(condition, predicate(condition)) for condition in asked])


def test_values_that_are_repeated_or_equal_across_types_count_once():
    declared = Schema(
        key="id",
        order=Order("created"),
        fields={
            "id": text(),
            "created": instant(),
            "status": keyword(),
            "group": keyword(indexed=False),
        },
    )
    values = [1, True, 0, False, "1", None]
    made = [{"id": f"i-{n}", "status": values[n % 6], "group": values[n % 6]} for n in range(30)]
    store = Store(declared, made, segment_rows=4)
    for number in (1, 7, 8):
        store.discard(f"i-{number}")

    ones = In("status", [1, True, 1, True, "2"])
    for reading in (store, store.snapshot()):
        assert reading.count([ones]) == reading.explain(Query([ones])).known == 8
        assert reading.count([In("group", [True, 1])]) == 8
        assert reading.count([In("status", [*values[:5], *values[:5]])]) == 22
        assert reading.facets("status")[True] == 8
        assert reading.count([In("id", ["i-0", "i-0", "i-1", "i-2"])]) == 2
        assert reading.explain(Query([In("id", ["i-0", "i-0", "i-2"])])).known == 2


def test_an_estimate_chooses_a_plan_and_never_makes_a_total():
    store = Store(
        worn.schema(), (worn.made(random.Random(n), n) for n in range(60)), segment_rows=8
    )
    text_of_some = worn.predicates(
        [("contains", "name", "web"), ("eq", "name", "推荐-web"), ("in", "name", ["PROD"])]
    )
    for asked in text_of_some:
        (step,) = store.explain(Query([asked])).steps
        assert step.size.count is None
        assert not step.exact
        assert store.explain(Query([asked])).known is None
    assert store.explain(Query([Eq("status", "Ready")])).steps[0].exact
