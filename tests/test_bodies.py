"""Records as JSON text: what is written comes back as it was, or is refused."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instquery import Eq, Order, Query, RecordError, Schema, Store, instant, keyword, stored, text
from instquery.bodies import from_json, to_json
from instquery.durable import DurableStore

PAIR = "\ud800\udc00"
ODD = "\0a\ud800\udbff\udc00\udfff\U00010000推"

MARKS = ["\0datetime", "\0date", "\0decimal", "\0bytes", "\0text", "\0object"]

texts = st.text(st.sampled_from(ODD), max_size=5)
plain = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(1 << 63), (1 << 64) - 1),
    st.floats(allow_nan=False),
    st.text(max_size=5),
    texts,
    st.binary(max_size=4),
    st.dates(),
    st.datetimes(timezones=st.sampled_from([None, UTC, timezone(timedelta(hours=8))])),
    st.decimals(allow_nan=False),
)
names = st.one_of(texts, st.sampled_from(MARKS))
values = st.recursive(
    plain, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner))
)


def as_written(value):
    """A value with its types told apart: `1` from `True`, `0.0` from `-0.0`."""
    if isinstance(value, dict):
        return [(name, as_written(item)) for name, item in value.items()]
    if isinstance(value, list):
        return [as_written(item) for item in value]
    return type(value).__name__, str(value), value


@given(st.dictionaries(names, values, max_size=4))
def test_what_is_written_comes_back_exactly(record):
    body = to_json(record)
    assert body.isascii()
    assert as_written(from_json(body)) == as_written(record)


def test_what_has_a_plain_form_keeps_it():
    """So that files of earlier releases are read, and their records are found to be the same."""
    record = {
        "id": "推\ud800",
        "deep": {"a": [1, None, {"b": "\U00010000"}]},
        "when": date(2026, 1, 1),
    }
    assert to_json(record) == (
        '{"id":"\\u63a8\\ud800","deep":{"a":[1,null,{"b":"\\ud800\\udc00"}]},"when":{"\\u0000date":"2026-01-01"}}'
    )


@pytest.mark.parametrize("hour", [2, 3])
@pytest.mark.parametrize("day", [datetime(2026, 3, 29), datetime(2026, 10, 25)])  # noqa: DTZ001 - the zone follows
@pytest.mark.parametrize("fold", [0, 1])
def test_a_time_that_its_zone_has_twice_or_never_is_kept(hour, day, fold):
    """Python finds such a time unequal to any of another zone, itself as read again included."""
    at = day.replace(hour=hour, minute=30, fold=fold, tzinfo=ZoneInfo("Europe/Berlin"))
    back = from_json(to_json({"id": "a", "at": at}))["at"]
    assert (back.isoformat(), back.utcoffset()) == (at.isoformat(), at.utcoffset())


def test_a_set_is_written_alike_whatever_its_hashes():
    for items in (
        [8, 0, 16],
        ["a", "b", "c"],
        [frozenset({8, 0}), frozenset({0, 16})],
        [(1, frozenset({8, 0}))],
    ):
        again = [
            frozenset(sorted(item, reverse=True)) if isinstance(item, frozenset) else item
            for item in items
        ]
        assert to_json({"a": set(items)}) == to_json({"a": {*again[::-1]}})


class Odd:
    def __eq__(self, other):
        raise RuntimeError("not to be compared")

    __hash__ = None


def test_what_would_not_come_back_is_refused():
    for value in ({1: 2}, 1j, object(), Odd(), float("nan"), Decimal("sNaN"), 10**5000):
        with pytest.raises(RecordError, match="cannot be kept outside memory"):
            to_json({"id": "a", "note": value})


@pytest.mark.parametrize(
    "told", ['{"\\u0000date":5}', '{"\\u0000object":5}', '{"\\u0000text":"x"}', "[", '{"a":']
)
def test_what_is_not_ours_is_a_value_error(told):
    with pytest.raises(ValueError, match=r"\S"):
        from_json(told)


SCHEMA = Schema(
    key="id",
    order=Order("created"),
    fields={
        "id": text(),
        "name": text(),
        "status": keyword(),
        "created": instant(),
        PAIR: keyword(),
        "note": stored(),
    },
)

RECORDS = [
    {
        "id": PAIR,
        "name": "x" + PAIR,
        "status": PAIR,
        PAIR: "\udc00",
        "note": {PAIR: [PAIR, {"\0date": "never"}]},
    },
    {
        "id": "\U00010000",
        "name": "x\U00010000",
        "status": "\U00010000",
        PAIR: PAIR,
        "note": "\ud800",
    },
    {"id": "\udc00" * 4096, "status": PAIR * 2048},
]


def test_a_durable_store_carries_any_text(tmp_path):
    path = tmp_path / "odd.db"
    with DurableStore.open(path, SCHEMA) as kept:
        kept.put_many(RECORDS)
        kept.put({"id": "\udc00\ud800"})
        kept.discard("\udc00\ud800")
    with DurableStore.open(path, SCHEMA) as kept:
        assert list(kept) == sorted(RECORDS, key=lambda record: record["id"])
        for field, value in (
            ("id", PAIR),
            ("status", PAIR),
            (PAIR, "\udc00"),
            ("name", "x" + PAIR),
        ):
            assert kept.page(Query(Eq(field, value))).items == RECORDS[:1]
        assert kept.facets("status") == Store(SCHEMA, RECORDS).facets("status")
        assert kept.replace_all(RECORDS) == (0, 0, 0)
        assert kept.verify() == []


def test_a_key_field_of_any_name_is_known_again(tmp_path):
    schema = Schema(key=PAIR, order=Order("\ud800"), fields={PAIR: text(), "\ud800": instant()})
    with DurableStore.open(tmp_path / "odd.db", schema) as kept:
        kept.put({PAIR: "a"})
    assert DurableStore.key_of(tmp_path / "odd.db") == PAIR
    with DurableStore.open(tmp_path / "odd.db", schema) as kept:
        assert list(kept) == [{PAIR: "a"}]
