"""Schemas: what contradicts itself, and how records are taken in."""

from datetime import UTC, datetime
from enum import StrEnum

import pytest

from instquery import (
    Contains,
    Eq,
    Order,
    QueryError,
    Range,
    RecordError,
    Schema,
    SchemaError,
    instant,
    keyword,
    stored,
    text,
)
from instquery.schema import UNDATED

FIELDS = {"id": text(), "owner": keyword(aliases=("ownerID",), as_text=True), "created": instant(), "note": stored()}
SCHEMA = Schema(key="id", order=Order("created"), fields=FIELDS)


@pytest.mark.parametrize(
    ("key", "order", "fields", "field"),
    [
        ("name", Order("created"), FIELDS, "name"),
        ("created", Order("created"), FIELDS, "created"),
        ("id", Order("owner"), FIELDS, "owner"),
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
        ({"id": "a", "owner": 1.5}, "owner", "must be text, an integer or a bool, not float"),
        ({"id": "a", "owner": ["x"]}, "owner", "must be text, an integer or a bool, not list"),
        ({"id": "a", "owner": 10**5000}, "owner", "64 bits"),
        ({"id": "a", "owner": "1", "ownerID": "2"}, "owner", "given again"),
        ({"id": "a", "created": "12"}, "created", "is not an ISO 8601 time"),
        ({"id": "a", "created": True}, "created", "not bool"),
        ({"id": "a", 5: "x"}, None, "names of a record's members must be text"),
        ("id", None, "must be a mapping"),
        (None, None, "must be a mapping"),
        ({"id": "a", "note": open}, None, None),
    ],
)
def test_a_record_that_does_not_fit_is_refused_by_field_and_reason(record, field, said):
    if said is None:  # a function is copied as itself: nobody can change it
        assert SCHEMA.take(record).row == record
        return
    with pytest.raises(RecordError) as caught:
        SCHEMA.take(record)
    assert caught.value.field == field
    assert said in caught.value.reason


def test_what_cannot_be_copied_is_refused():
    nested = []
    for _ in range(100_000):
        nested = [nested]
    for value in (nested, (n for n in range(3))):
        with pytest.raises(RecordError, match="cannot be copied"):
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
    assert SCHEMA.take({"id": "a", "ownerID": "181", "owner": "181"}).row == {"id": "a", "owner": "181"}
    assert SCHEMA.take({"id": "a", "ownerID": None}).row == {"id": "a", "owner": None}


def test_ranks_put_the_newest_first_and_the_undated_last():
    ascending = Schema(key="id", order=Order("created", descending=False), fields=FIELDS)
    early, late = {"id": "a", "created": "0001-01-01"}, {"id": "b", "created": datetime(9999, 12, 31, tzinfo=UTC)}
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
