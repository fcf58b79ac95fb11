"""Schemas: what contradicts itself, and how records are taken in."""

from datetime import UTC, datetime, timedelta, tzinfo
from enum import IntEnum, StrEnum
from random import Random

import pytest

import naive
from instquery import (
    Contains,
    Eq,
    In,
    Order,
    Query,
    QueryError,
    Range,
    RecordError,
    Schema,
    SchemaError,
    Store,
    instant,
    keyword,
    stored,
    text,
)
from instquery.fields import Field
from instquery.instants import to_micros
from instquery.kinds import KINDS, Kind
from instquery.schema import UNDATED

FIELDS = {
    "id": text(),
    "owner": keyword(aliases=("ownerID",), as_text=True),
    "size": keyword(),
    "created": instant(),
    "note": stored(),
}
SCHEMA = Schema(key="id", order=Order("created"), fields=FIELDS)


@pytest.mark.parametrize(
    ("key", "order", "fields", "field"),
    [
        ("name", Order("created"), FIELDS, "name"),
        ("created", Order("created"), FIELDS, "created"),
        ("id", Order("note"), FIELDS, "note"),
        ("id", Order("gone"), FIELDS, "gone"),
        ("id", Order("created"), {**FIELDS, "bad": "text"}, "bad"),
        ("id", Order("created"), {**FIELDS, "bad": text(aliases="name")}, "bad"),
        ("id", "created", FIELDS, None),
        (["id"], Order("created"), FIELDS, None),
        ("id", Order("created"), ["id"], None),
        ("id", Order("created"), {**FIELDS, "other": stored(aliases=("ownerID",))}, "other"),
        ("id", Order("created"), {**FIELDS, "other": stored(aliases=("note",))}, "other"),
    ],
)
def test_a_schema_that_contradicts_itself_is_refused(key, order, fields, field):
    with pytest.raises(SchemaError) as caught:
        Schema(key=key, order=order, fields=fields)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("record", "field", "said"),
    [
        ({}, "id", "not empty"),
        ({"id": ""}, "id", "not empty"),
        ({"id": None}, "id", "not empty"),
        ({"id": 7}, "id", "must be text, not int"),
        ({"name": "a"}, "id", "the key is missing"),
        ({"id": "a", "created": ""}, "created", "declare instant(blank_is_missing=True)"),
        ({"id": "a", "owner": 1.5}, "owner", "must be text, an integer or a bool, not float"),
        ({"id": "a", "owner": ["x"]}, "owner", "must be text, an integer or a bool, not list"),
        ({"id": "a", "owner": 10**5000}, "owner", "64 bits"),
        ({"id": "a", "owner": -(1 << 63) - 1}, "owner", "64 bits"),
        ({"id": "x" * 4097}, "id", "at most 4,096 characters, not 4,097"),
        ({"id": "推" * 140_000}, "id", "at most 4,096 characters, not 140,000"),
        ({"id": "a", "owner": "x" * 4097}, "owner", "at most 4,096 characters, not 4,097"),
        ({"id": "a", "size": 1 << 64}, "size", "from -2^63 to 2^64 - 1"),
        ({"id": "a", "size": -(1 << 63) - 1}, "size", "from -2^63 to 2^64 - 1"),
        ({"id": "a", "size": 10**5000}, "size", "from -2^63 to 2^64 - 1"),
        ({"id": "a", "owner": "1", "ownerID": "2"}, "owner", "given again"),
        ({"id": "a", "created": "12"}, "created", "is not an ISO 8601 time"),
        ({"id": "a", "created": True}, "created", "not bool"),
        ({"id": "a", 5: "x"}, None, "names of a record's members must be text"),
        ("id", None, "must be a mapping"),
        (None, None, "must be a mapping"),
        (
            {"id": "a", "note": open},
            "note",
            "cannot be stored: builtin_function_or_method is not allowed",
        ),
    ],
)
def test_a_record_that_does_not_fit_is_refused_by_field_and_reason(record, field, said):
    with pytest.raises(RecordError) as caught:
        SCHEMA.take(record)
    assert caught.value.field == field
    assert said in caught.value.reason


class Sizes(IntEnum):
    SMALL = 1
    HUGE = 1 << 64


class Long(StrEnum):
    FITS = "x" * 4096
    LONGER = "x" * 4097


def test_the_largest_values_are_taken():
    for size in (
        -(1 << 63),
        (1 << 64) - 1,
        True,
        "x" * 4096,
        "\ud800" * 4096,
        Sizes.SMALL,
        Long.FITS,
    ):
        assert SCHEMA.take({"id": "a", "size": size}).row["size"] == size
    for size in (Sizes.HUGE, Long.LONGER):
        with pytest.raises(RecordError) as caught:
            SCHEMA.take({"id": "a", "size": size})
        assert caught.value.field == "size"
    assert SCHEMA.take({"id": "a", "owner": (1 << 64) - 1}).row["owner"] == "18446744073709551615"
    assert SCHEMA.take({"id": "推" * 4096}).key == "推" * 4096
    kept = {"id": "a", "note": "x" * 100_000, "beyond": "x" * 100_000}
    assert SCHEMA.take(kept).row == kept
    named = Schema(
        key="name",
        order=Order("created"),
        fields={"name": keyword(), "id": text(), "created": instant()},
    )
    with pytest.raises(RecordError) as caught:
        named.take({"name": "x" * 4097})
    assert caught.value.field == "name"
    assert (
        named.take({"name": "a", "id": "x" * 4097}).row["id"] == "x" * 4097
    )  # a text that is no key


def test_what_no_record_can_hold_matches_nothing():
    store = Store(SCHEMA, [{"id": "a", "size": 5}, {"id": "b", "size": "x" * 4096}])
    for never in ("x" * 4097, "x" * 1_000_000, 1 << 64, -(1 << 63) - 1):
        for field in ("id", "size"):
            assert store.page(Query(Eq(field, never))).total == 0
            assert store.count(In(field, [never])) == 0
    assert store.count(In("size", [5, 1 << 64, "x" * 4096, "x" * 4097])) == 2
    assert store.get("x" * 4097) is None


class Zone(tzinfo):
    """A zone of a caller's own, which has no offset to give, or fails to."""

    def __init__(self, answer):
        self.answer = answer

    def utcoffset(self, at):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


ZONES = {
    "none": Zone(None),
    "raises": Zone(KeyError("zone")),
    "raises what is caught elsewhere": Zone(TypeError("zone")),
    "no delta": Zone(8),
    "too far": Zone(timedelta(days=2)),
    "without a method": tzinfo(),
}


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", [datetime(1, 1, 1), datetime(2026, 1, 1), datetime(9999, 12, 31)])  # noqa: DTZ001
def test_a_time_whose_zone_gives_no_offset_is_refused(zone, at):
    at = at.replace(tzinfo=ZONES[zone])
    store = Store(SCHEMA, [{"id": "a"}])
    with pytest.raises(RecordError, match="has a zone that gives no") as caught:
        store.put({"id": "a", "created": at})
    assert caught.value.field == "created"
    with pytest.raises(QueryError, match="has a zone that gives no") as caught:
        store.count(Range("created", since=at))
    assert caught.value.field == "created"
    for ask in (
        lambda: Query(now=at),
        lambda: store.count(now=at),
        lambda: store.watch(()).poll(now=at),
        lambda: store.facets("size", now=at),
    ):
        with pytest.raises(QueryError, match="has a zone that gives no"):
            ask()
    with pytest.raises(ValueError, match="has a zone that gives no"):
        to_micros(at)
    assert list(store) == [{"id": "a"}]


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_its_offset_takes_beyond_the_calendar_is_refused(at):
    for value in (at, datetime.fromisoformat(at)):
        with pytest.raises(RecordError, match="within the years 1 to 9999"):
            SCHEMA.take({"id": "a", "created": value})


def test_what_cannot_be_stored_is_refused():
    nested = []
    for _ in range(100_000):
        nested = [nested]
    for value in (nested, (n for n in range(3))):
        with pytest.raises(RecordError, match="cannot be stored"):
            SCHEMA.take({"id": "a", "note": value})
    while nested:  # taken apart by hand: a deep list is freed recursively
        nested = nested.pop()


def test_members_beyond_the_schema_are_kept_or_refused():
    record = {"id": "a", "colour": "red", "nested": {"a": [1]}}
    assert SCHEMA.take(record).row == record
    strict = Schema(key="id", order=Order("created"), fields=FIELDS, strict=True)
    with pytest.raises(RecordError) as caught:
        strict.take(record)
    assert caught.value.field == "colour"


def test_aliases_and_numbers_are_brought_into_the_schemas_form():
    assert SCHEMA.take({"id": "a", "ownerID": 181}).row == {"id": "a", "owner": "181"}
    assert SCHEMA.take({"id": "a", "ownerID": "181", "owner": "181"}).row == {
        "id": "a",
        "owner": "181",
    }
    assert SCHEMA.take({"id": "a", "ownerID": None}).row == {"id": "a", "owner": None}


def test_ranks_put_the_newest_first_and_the_undated_last():
    ascending = Schema(key="id", order=Order("created", descending=False), fields=FIELDS)
    early, late = (
        {"id": "a", "created": "0001-01-01"},
        {"id": "b", "created": datetime(9999, 12, 31, tzinfo=UTC)},
    )
    assert SCHEMA.rank(late) > SCHEMA.rank(early) > UNDATED
    assert ascending.rank(early) > ascending.rank(late) > UNDATED
    assert SCHEMA.rank({"id": "c"}) == ascending.rank({"id": "c"}) == UNDATED


def test_text_of_a_class_of_its_own_is_text():
    class Colour(StrEnum):
        RED = "red"

    assert SCHEMA.take({"id": Colour.RED, "owner": Colour.RED}).key == "red"


@pytest.mark.parametrize(
    ("predicate", "said"),
    [
        (Eq("gone", "x"), "no such field"),
        (Eq("created", "x"), "an instant field does not answer Eq"),
        (Eq("note", "x"), "a stored field does not answer Eq"),
        (Contains("owner", "x"), "a keyword field does not answer Contains"),
        (Range("id", since=0), "a text field does not answer Range"),
    ],
)
def test_a_predicate_that_its_field_cannot_answer_is_refused(predicate, said):
    with pytest.raises(QueryError) as caught:
        SCHEMA.bound(predicate, None)
    assert caught.value.field == predicate.field
    assert said in caught.value.reason


def test_a_schema_cannot_be_changed_through_the_dict_it_was_made_of():
    fields = dict(FIELDS)
    schema = Schema(key="id", order=Order("created"), fields=fields)
    fields.clear()
    assert set(schema.fields) == set(FIELDS)
    with pytest.raises(TypeError):
        schema.fields["more"] = text()


def test_numbers_of_an_enumeration_become_text_too():
    sizes = IntEnum("sizes", {"SMALL": 5})
    row = SCHEMA.take({"id": "i", "owner": sizes.SMALL}).row
    assert row["owner"] == "5"
    assert SCHEMA.take({"id": "i", "owner": True}).row["owner"] is True


SECONDS = ["2026-01-01T23:59:59Z", "2026-01-02T00:00:00Z", "2026-01-02T00:00:01Z"]
MILLISECONDS = [f"{text[:-1]}.500Z" for text in SECONDS]


@pytest.mark.parametrize("is_descending", [True, False])
@pytest.mark.parametrize(
    "times",
    [
        SECONDS,
        MILLISECONDS,
        [*SECONDS, *MILLISECONDS],
        [*SECONDS, "2026-01-01T24:00:00Z"],  # which is midnight of the next day
        [*SECONDS, None],
        [*SECONDS, ""],
        [*SECONDS, "2026-01-02T01:00:00+01:00"],
        [*SECONDS, datetime(2026, 1, 2, tzinfo=UTC)],
        ["2026-01-02", "2026-01-01T12:00Z", "20260103T00Z"],
    ],
)
def test_records_are_sorted_by_time_whatever_form_it_is_written_in(times, is_descending):
    fields = {"id": text(), "created": instant(blank_is_missing=True)}
    schema = Schema(key="id", order=Order("created", is_descending), fields=fields)
    chance = Random(7)
    for _ in range(20):
        records = [{"id": f"i-{n}", "created": chance.choice(times)} for n in range(12)]
        rows = [schema.take(record).row for record in records]
        schema.sort(rows)
        for record in records:
            if record["created"] and isinstance(record["created"], str):
                record["created"] = naive.iso(record["created"])
        expected = naive.in_order(records, "id", "created", is_descending)
        assert [row["id"] for row in rows] == [record["id"] for record in expected]


def test_records_are_sorted_by_what_the_reader_of_a_kind_of_ones_own_reads():
    """A text of the usual form may stand for another instant there: here only its hour counts."""
    instants = KINDS["instant"]
    hours = Kind(
        "hour",
        answers=instants.answers,
        take=instants.take,
        reader=lambda _: lambda value: None if value is None else int(value[11:13]),
    )
    fields = {"id": text(), "created": Field(hours)}
    schema = Schema(key="id", order=Order("created"), fields=fields)
    rows = [{"id": "a", "created": SECONDS[1]}, {"id": "b", "created": SECONDS[0]}]
    schema.sort(rows)
    assert [row["id"] for row in rows] == ["b", "a"]


@pytest.mark.parametrize(
    "ask",
    [
        lambda schema, name: schema.bound(Eq(name, "x"), None),
        lambda schema, name: schema.facet_fields(name),
        lambda schema, name: schema.check_histogram(name),
        lambda schema, name: schema.ordering_of((Order(name),)),
        lambda schema, name: schema.take({"id": "a", name: "x"}),
        lambda schema, name: schema.own_names("members", {name: "x"}),
    ],
)
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Owner", "did you mean owner?"),
        ("creatde", "did you mean created?"),
        ("zzz", "declare it, or take id, owner, size, created, note"),
        ("z" * 10**6, "declare it, or take id,"),
    ],
)
def test_an_unknown_field_is_told_with_what_may_be_meant(ask, name, said):
    strict = Schema(key="id", order=Order("created"), fields=FIELDS, strict=True)
    with pytest.raises((QueryError, RecordError)) as caught:
        ask(strict, name)
    assert said in caught.value.reason
    assert caught.value.field == name


def test_of_many_fields_the_first_are_told():
    fields = {"id": text(), "at": instant()} | {f"f{n}": stored() for n in range(98)}
    wide = Schema(key="id", order=Order("at"), fields=fields)
    with pytest.raises(QueryError, match="take id, at, f0, f1, f2, f3, f4, f5 or 92 others"):
        wide.bound(Eq("zzz", "x"), None)
