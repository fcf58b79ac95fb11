"""What a record may hold: taken everywhere, handed back as it was given, or refused everywhere."""

import copy
import pickle
from collections import OrderedDict, namedtuple
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import IntEnum, StrEnum
from types import MappingProxyType
from uuid import UUID, SafeUUID
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.sql.elements import quoted_name

from instquery import Order, Query, RecordError, Schema, Store, instant, keyword, stored, text
from instquery.bodies import from_json, to_json
from instquery.contents import is_same
from instquery.durable import DurableStore
from instquery.sql import SqlStore

SCHEMA = Schema(
    key="id",
    order=Order("at"),
    fields={"id": text(), "status": keyword(), "at": instant(), "note": stored()},
)

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
ID = UUID("12345678123456781234567812345678")
TWICE = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)

ALLOWED = [
    None,
    True,
    0,
    -(1 << 63),
    (1 << 64) - 1,
    0.5,
    -0.0,
    float("inf"),
    "推\ud800\0",
    b"\0\xff",
    ID,
    date(2026, 1, 1),
    datetime(2026, 1, 1, 12, 30, 1, 5),  # noqa: DTZ001
    datetime(2026, 1, 1, fold=1),  # noqa: DTZ001
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=5, minutes=30), "IST")),
    datetime(2026, 1, 1, tzinfo=SHANGHAI),
    TWICE,
    TWICE.replace(fold=1),
    Decimal("1.00"),
    Decimal("-0"),
    Decimal("1E-400"),
    Decimal("9" * 40),
    [],
    (),
    {},
    set(),
    frozenset(),
    [1, True, 1.0],
    (1, (2, [3])),
    {"a": {"b": ({1, "x"}, frozenset({(1, 2), ID, date(2026, 1, 1)}))}},
    {"\0uuid": "no mark"},
    {"\0tuple": [1]},
    {"\0zoned": [1]},
    {"\ud800\udc00": ("\ud800\udc00",)},
    [datetime(2026, 1, 1, tzinfo=SHANGHAI), Decimal("0.10"), ID],
]


def as_given(value):
    """A value with its types told apart, independently of the package."""
    if isinstance(value, dict):
        return "dict", sorted((name, as_given(item)) for name, item in value.items())
    if isinstance(value, list | tuple):
        return type(value).__name__, [as_given(item) for item in value]
    if isinstance(value, set | frozenset):
        return type(value).__name__, sorted(map(repr, map(as_given, value)))
    if isinstance(value, datetime):
        return type(value).__name__, value.isoformat(), value.fold, repr(value.tzinfo)
    return type(value).__name__, repr(value)


def in_memory(path):
    return Store(SCHEMA)


def on_disk(path):
    return DurableStore.open(path / "kept.db", SCHEMA)


def in_a_table(path):
    made = SqlStore(sa.create_engine("sqlite://"), SCHEMA)
    made.create()
    return made


@pytest.fixture(scope="module", params=[in_memory, on_disk, in_a_table])
def store(request, tmp_path_factory):
    made = request.param(tmp_path_factory.mktemp("contents"))
    yield made
    if isinstance(made, DurableStore):
        made.close()


@pytest.mark.parametrize("value", ALLOWED, ids=repr)
@pytest.mark.parametrize("member", ["note", "undeclared"])
def test_what_is_allowed_comes_back_as_it_was_given(store, member, value):
    record = {"id": "a", member: value, "at": None}
    store.put(record)
    for back in (store.get("a"), store.page(Query()).items[0], next(iter(store))):
        assert as_given(back) == as_given(record)
        assert list(back) == list(record)
    assert store.replace_all([copy.deepcopy(record)]) == (0, 0, 0)


def test_a_file_gives_all_of_it_back(tmp_path):
    records = [{"id": f"i-{number:03}", "note": value} for number, value in enumerate(ALLOWED)]
    with DurableStore.open(tmp_path / "all.db", SCHEMA) as kept:
        kept.put_many(records)
    with DurableStore.open(tmp_path / "all.db", SCHEMA) as kept:
        assert as_given(list(kept)) == as_given(records)
        assert kept.replace_all(copy.deepcopy(records)) == (0, 0, 0)


class Odd:
    def __eq__(self, other):
        raise RuntimeError("not to be compared")

    __hash__ = None

    def __deepcopy__(self, memo):
        raise AssertionError("no code of a record's values is run")


class Nameless(tzinfo):
    def utcoffset(self, at):
        raise KeyError("zone")


def deep(levels):
    value = []
    for _ in range(levels - 1):
        value = [value]
    return value


def looped():
    value = []
    value.append(value)
    return value


def doubled(times):
    value = []
    for _ in range(times):
        value = [value, value]
    return value


def changing():
    class Growing(dict):
        def items(self):
            raise AssertionError("the base's own items are read")

    return Growing(a=1)


REFUSED = [
    (
        1j,
        "complex is not allowed (allowed: JSON types, tuple, set, frozenset, datetime, date,"
        " Decimal, UUID, bytes)",
    ),
    (object(), "object is not allowed"),
    (Odd(), "Odd is not allowed"),
    ([{"a": (Odd(),)}], "Odd is not allowed"),
    (bytearray(b"x"), "bytearray is not allowed"),
    (timedelta(1), "timedelta is not allowed"),
    (MappingProxyType({}), "mappingproxy is not allowed"),
    (iter([]), "list_iterator is not allowed"),
    ({1: 2}, "the names of an object's members must be text, not int"),
    (1 << 64, "an integer must fit 64 bits, from -2^63 to 2^64 - 1"),
    ([-(1 << 63) - 1], "an integer must fit 64 bits"),
    (float("nan"), "NaN equals nothing"),
    ({"a": float("nan")}, "NaN equals nothing"),
    (Decimal("NaN"), "a Decimal must be a finite number"),
    (Decimal("sNaN"), "a Decimal must be a finite number"),
    (Decimal("inf"), "a Decimal must be a finite number"),
    (Decimal("1E+401"), "at most 40 digits and an exponent within ±400"),
    (Decimal("1E+999999"), "at most 40 digits"),
    (Decimal("1" * 41), "at most 40 digits"),
    (datetime(2026, 1, 1, tzinfo=Nameless()), "has a zone that gives no valid offset"),
    (deep(101), "nested 100 deep"),
    (deep(100_000), "nested 100 deep"),
    (looped(), "nested 100 deep"),
    pytest.param(doubled(90), "more than 1,000,000 lists and objects", marks=pytest.mark.long),
]


@pytest.mark.parametrize(
    ("value", "said"), REFUSED, ids=lambda value: value if isinstance(value, str) else None
)
def test_what_is_not_allowed_is_refused_everywhere(store, value, said):
    store.replace_all([{"id": "kept"}])
    for member in ("note", "undeclared", "status"):
        with pytest.raises(RecordError) as caught:
            store.put({"id": "a", member: value})
        assert caught.value.field == member
        assert caught.value.reason.startswith("cannot be stored: ")
        assert said in caught.value.reason
    assert [record["id"] for record in store] == ["kept"]


def test_a_hundred_levels_are_taken(store):
    record = {"id": "a", "note": deep(100)}
    store.put(record)
    assert store.get("a") == record


class Colour(StrEnum):
    RED = "red"


class Size(IntEnum):
    SMALL = 1


class When(datetime):
    pass


class Place(tzinfo):
    def utcoffset(self, at):
        return timedelta(hours=2)


Point = namedtuple("Point", "x y")


class Several(UUID):
    pass


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (Colour.RED, "red"),
        (quoted_name("name", quote=True), "name"),
        (Size.SMALL, 1),
        (Point(1, [2]), (1, [2])),
        (OrderedDict(a=OrderedDict()), {"a": {}}),
        (changing(), {"a": 1}),
        ({quoted_name("b", quote=True): 1}, {"b": 1}),
        (When(2026, 1, 1, tzinfo=BERLIN, fold=1), datetime(2026, 1, 1, tzinfo=BERLIN, fold=1)),
        (
            datetime(2026, 1, 1, tzinfo=Place()),
            datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2))),
        ),
        (Several(int=ID.int), ID),
        (UUID(int=ID.int, is_safe=SafeUUID.unsafe), ID),
    ],
    ids=repr,
)
def test_a_derived_class_is_taken_as_what_it_is_derived_from(store, given, kept):
    store.put({"id": "a", "note": given})
    assert as_given(store.get("a")["note"]) == as_given(kept)


def test_names_of_a_class_of_their_own_are_text(store):
    store.put({quoted_name("id", quote=True): "a", quoted_name("status", quote=None): "up"})
    assert [type(name) for name in store.get("a")] == [str, str]
    with pytest.raises(RecordError, match="names of a record's members must be text, not int"):
        store.put({"id": "a", 5: 1j})


def test_nobody_changes_a_record_from_outside(store):
    given = {"id": "a", "note": {"tags": [{"k": "v"}], "set": {1}, "pair": ([],)}}
    expected = copy.deepcopy(given)
    store.put(given)
    given["note"]["tags"][0]["k"] = "changed"
    given["note"]["pair"][0].append(1)
    for _ in range(2):
        for back in (store.get("a"), store.page(Query()).items[0], next(iter(store))):
            assert back == expected
            assert type(back) is dict
            back["note"]["tags"].append(1)
            back["note"]["tags"][0]["k"] = "changed"
            back["note"]["set"].add(2)
            back["note"]["pair"][0].append(2)


def test_a_row_says_its_values_and_pickles():
    row = SCHEMA.take({"id": "a", "note": {"when": [TWICE]}, "at": "2026-01-01"}).row
    assert row.get("note") == {"when": [TWICE]}
    twin = pickle.loads(pickle.dumps(row))
    assert twin == row
    assert twin.copy() == row.copy()


DIFFER = [
    (1, True),
    (0, False),
    (1, 1.0),
    (0.0, -0.0),
    (Decimal("1.0"), Decimal("1.00")),
    ([], ()),
    (set(), frozenset()),
    (b"", ""),
    (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 8, tzinfo=SHANGHAI)),
    (
        datetime(2026, 1, 1, 8, tzinfo=timezone(timedelta(hours=8))),
        datetime(2026, 1, 1, 8, tzinfo=SHANGHAI),
    ),
    (
        datetime(2026, 1, 1, 8, tzinfo=timezone(timedelta(0))),
        datetime(2026, 1, 1, 8, tzinfo=timezone(timedelta(0), "Z")),
    ),
    (TWICE, TWICE.replace(fold=1)),
    (datetime(2026, 1, 1), date(2026, 1, 1)),  # noqa: DTZ001
    (None, False),
    (Odd(), Odd()),
]


@pytest.mark.parametrize(("one", "other"), DIFFER)
@pytest.mark.parametrize(
    "inside",
    [
        lambda x: x,
        lambda x: [x],
        lambda x: {"a": (x,)},
        lambda x: {x},
        lambda x: frozenset({("a", x)}),
    ],
    ids=["itself", "list", "dict", "set", "frozenset"],
)
def test_values_that_differ_in_more_than_equality_are_not_the_same(one, other, inside):
    is_odd = isinstance(one, Odd)
    try:
        one, other = inside(one), inside(other)
    except TypeError:
        pytest.skip("cannot be in a set")
    assert not is_same({"a": one}, {"a": other})
    assert not is_same({"a": other}, {"a": one})
    if not is_odd:
        assert is_same({"a": one}, {"a": copy.deepcopy(one)})


@pytest.mark.parametrize(("one", "other"), DIFFER[:-1])
def test_what_differs_is_written_and_watched(one, other):
    store = Store(SCHEMA, [{"id": "a", "note": [one]}])
    watch = store.watch(())
    watch.poll()
    assert store.replace_all([{"id": "a", "note": [other]}]) == (0, 1, 0)
    assert [record["id"] for record in watch.poll().changed] == ["a"]
    assert as_given(store.get("a")["note"]) == as_given([other])
    assert store.replace_all([{"id": "a", "note": [copy.deepcopy(other)]}]) == (0, 0, 0)


def test_members_that_are_missing_differ_from_nothing():
    assert not is_same(None, {})
    assert not is_same({"a": None}, {})
    assert not is_same({"a": None}, {"b": None})
    assert is_same({"a": 1, "b": [2]}, {"b": [2], "a": 1})


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(1 << 63), (1 << 64) - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(), max_size=4),
    st.binary(max_size=3),
    st.uuids(),
    st.dates(),
    st.datetimes(
        timezones=st.sampled_from([None, UTC, BERLIN, timezone(timedelta(hours=8), "CST")])
    ),
    st.decimals(
        allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=3
    ),
)
hashables = st.recursive(
    scalars, lambda inner: st.one_of(st.tuples(inner, inner), st.frozensets(inner, max_size=3))
)
contents = st.recursive(
    st.one_of(scalars, hashables, st.sets(hashables, max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
    ),
)


@given(contents)
def test_any_contents_come_back(value):
    record = {"id": "a", "note": value}
    entry = SCHEMA.take(record)
    assert as_given(entry.row.copy()) == as_given(record)
    back = from_json(to_json(entry.row))
    assert as_given(back) == as_given(record)
    assert is_same(entry.row, back)
    assert is_same(SCHEMA.take(back).row, entry.row)
