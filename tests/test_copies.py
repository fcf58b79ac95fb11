"""Copies of nested records: the same as what came, sharing nothing, whatever the shape."""

import pickle
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effort import examples
from instquery import Query, Schema, Store, keyword, tags, text
from instquery import shapes as shapes_room
from instquery.contents import is_same
from instquery.rows import Drawn, Nested
from instquery.shapes import Shapes

PLAIN = Schema(key="id", fields={"id": text()})
DRAWN = Schema(
    key="id",
    fields={
        "id": text(),
        "zone": keyword(path="place.zone"),
        "tags": tags(path="tags", key="k", value="v"),
    },
)

atoms = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([0.0, -0.0, 1.5, Decimal("1.0"), Decimal("1.00"), "", "a", "\ud800", b"x"]),
    st.just(datetime(2026, 1, 1, tzinfo=UTC)),
)
names = st.sampled_from(["a", "b", "a'b", 'a"\\', "\n", "实例", "\ud800", "v0", "item0", "{x}"])
frozen_values = st.recursive(atoms, lambda inner: st.lists(inner, max_size=2).map(tuple))
values = st.recursive(
    st.one_of(atoms, frozen_values, st.frozensets(st.integers(0, 3))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=6),
        st.dictionaries(names, inner, max_size=4),
        st.lists(st.fixed_dictionaries({"k": atoms, "v": atoms}), max_size=7),
        st.lists(inner, max_size=2).map(tuple),
        st.sets(st.integers(0, 3), max_size=3),
    ),
    max_leaves=20,
)


def containers(value):
    """Walk what can be changed in a value, tuples gone through."""
    if isinstance(value, list | dict | set):
        yield value
    if isinstance(value, list | dict | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from containers(item)


@examples(300)
@given(st.lists(st.dictionaries(names, values, max_size=5), max_size=4), st.sampled_from([1, 512]))
def test_copies_are_what_came_and_share_nothing(records, most):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shapes_room, "_MOST_SHAPES", most)
        for schema in (PLAIN, DRAWN):
            whole = [{**record, "id": f"i-{n}"} for n, record in enumerate(records)]
            store = Store(schema, whole)
            for record in whole:
                first, second = store.get(record["id"]), store.get(record["id"])
                assert type(first) is dict
                assert is_same(first, record)
                assert repr(first) == repr(second) == repr(record)  # in the order that came too
                apart = [{id(one) for one in containers(each)} for each in (first, second, record)]
                assert len(set().union(*apart)) == sum(map(len, apart))
                assert is_same(pickle.loads(pickle.dumps(first)), record)


@pytest.mark.parametrize("schema", [PLAIN, DRAWN])
def test_members_that_are_asked_for_share_nothing(schema):
    record = {"id": "a", "place": {"zone": "z"}, "note": {"x": [1]}}
    store = Store(schema, [record])
    chosen = Query(fields=("note", "place"))
    for ask in (
        lambda: store.page(chosen).items[0],
        lambda: store.page(chosen).items[0],
        lambda: next(store.select(fields=chosen.fields)),
        lambda: store.prepare(chosen).page()[0],
        lambda: store.snapshot().page(chosen)[0],
    ):
        found = ask()
        assert found == {"note": {"x": [1]}, "place": {"zone": "z"}}
        found["note"]["x"].append(2)
        found["place"]["zone"] = "other"
    assert store.get("a") == record


@given(st.dictionaries(names, values, max_size=5))
def test_rows_can_be_pickled_and_tell_what_is_the_same(record):
    shapes = Shapes()
    for make in (lambda: Nested(record, shapes), lambda: Drawn({"id": "x"}, dict(record), shapes)):
        row = make()
        again = pickle.loads(pickle.dumps(row))
        assert type(again) is type(row)
        assert repr(again.copy()) == repr(row.copy()) == repr(record)
        assert is_same(row, make())


@pytest.mark.parametrize("schema", [PLAIN, DRAWN])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": {"x": 1}}, {"a": {"y": 1}}),
        ({"a": {"x": 1}}, {"b": {"x": 1}}),
        ({"a": {"x": 1}}, {"a": [1]}),
        ({"a": [[1], 2]}, {"a": [1, [2]]}),
        ({"a": [1], "b": 2}, {"a": [1], "b": 3}),
        ({"a": [{"k": n} for n in range(9)]}, {"a": [{"v": n} for n in range(9)]}),
    ],
)
def test_records_that_differ_by_their_shape_alone_differ(schema, one, other):
    store = Store(schema, [{"id": "x", **one}])
    assert store.replace_all([{"id": "x", **one}]) == (0, 0, 0)
    assert store.replace_all([{"id": "x", **other}]) == (0, 1, 0)
    assert store.get("x") == {"id": "x", **other}


@pytest.mark.parametrize(
    "value",
    [
        [[]] * 5_000,
        {str(number): {} for number in range(5_000)},
        [{"k": number} for number in range(5_000)],
        {"a": [{"k": [number]} for number in range(5_000)]},
        [list(range(5_000))],
    ],
)
def test_no_function_grows_with_a_record(value):
    shapes = Shapes()
    row = Nested({"id": "x", "value": value}, shapes)
    first, second = row.copy(), row.copy()
    assert first == second == {"id": "x", "value": value}
    apart = [{id(one) for one in containers(each)} for each in (first, second, row)]
    assert len(set().union(*apart)) == sum(map(len, apart))
    assert all(len(repr(shape)) < 200 for shape in shapes._known)


def test_deep_records_and_many_shapes_are_loaded_instead(monkeypatch):
    monkeypatch.setattr(shapes_room, "_MOST_SHAPES", 3)
    shapes = Shapes()
    deep = []
    for _ in range(90):
        deep = [deep, 1]
    for value in [deep, *[{f"name-{number}": [number]} for number in range(9)]]:
        row = Nested({"value": value, "other": 1}, shapes)
        assert repr(row.copy()) == repr({"value": value, "other": 1})
    assert len(shapes._known) == 3
