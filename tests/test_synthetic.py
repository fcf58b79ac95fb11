"""Records and questions that are made of a declaration alone suit its schema, whatever is in it."""

from dataclasses import replace

import pytest

import own_api
from instquery import (
    Order,
    Schema,
    Store,
    instant,
    keyword,
    number,
    stored,
    tags,
    text,
)
from instquery.apis import generic
from instquery.apis.catalog import CATALOG
from instquery.apis.envelope import Envelope
from instquery.apis.operation import Operation
from instquery.apis.params import contains, exact, json_list, one_of, tag_family, tag_map

FIELDS = {
    "uid": text(path="metadata.uid"),
    "created": instant(path="metadata.created"),
    "name": text(path="metadata.name"),
    "name_sorted": keyword(path="metadata.name"),
    "labels": tags(path="metadata.labels"),
    "metadata": stored(),
    "spec": stored(),
    "kind": keyword(path="spec.kind"),
    "phase": keyword(path="spec.phase"),
    "cpu": number(path="spec.cpu"),
    "addresses": keyword(path="status.addresses.ip", many=True),
    "types": keyword(path="status.addresses.type", many=True),
    "groups": keyword(path="SecurityGroupIds.SecurityGroupId", many=True),
    "zones": keyword(many=True),
    "aliases": text(many=True),
    "Tags": tags(path="Tags.Tag", key="TagKey", value="TagValue"),
    "marks": tags(key="k", value="v"),
}
PARAMS = (
    exact("kind"),
    one_of("phase", ("on", "off")),
    contains("name"),
    exact("addresses"),
    json_list("types", most=5),
    exact("groups"),
    exact("zones"),
    contains("aliases"),
    tag_family("Label", "labels", most=5),
    tag_map("Tags", "Tags", most=5),
    exact("uid"),
)


def operation_of(schema, params=PARAMS):
    envelope = own_api.list_things.envelope
    return Operation(
        name="ListObjects",
        version="v1",
        schema=schema,
        params=params,
        envelope=Envelope(
            members=("metadata", "spec") if "spec" in schema.fields else (),
            times=frozenset(),
            timespec="seconds",
            success=envelope.success,
            failure=envelope.failure,
        ),
        errors=own_api.list_things.errors,
        invalid="Invalid",
        internal="Internal",
    )


SCHEMA = Schema(key="uid", order=Order("created"), fields=FIELDS, strict=True)
OPERATION = operation_of(SCHEMA)
NOW = 1_780_000_000_000_000


@pytest.fixture(scope="module")
def records():
    return list(generic.samples_of(OPERATION)(80))


def test_records_are_nested_as_the_paths_say(records):
    store = Store(SCHEMA, records)
    assert len(store) == 80
    first = records[0]
    assert set(first["metadata"]) == {"uid", "created", "name", "labels"}
    assert set(first["spec"]) == {"kind", "phase", "cpu"}
    for record in records:
        assert all(set(one) == {"ip", "type"} for one in record["status"]["addresses"])
        assert isinstance(record["SecurityGroupIds"]["SecurityGroupId"], list)
        assert isinstance(record["metadata"]["labels"], dict)
        assert all(set(one) == {"TagKey", "TagValue"} for one in record["Tags"]["Tag"])
        assert all(set(one) == {"k", "v"} for one in record["marks"])
    for several in (
        [record["zones"] for record in records],
        [record["status"]["addresses"] for record in records],
        [record["aliases"] for record in records],
    ):
        assert {1, 2, 3} == {len(values) for values in several}


def test_every_field_has_a_value_that_is_read(records):
    asked = [name for name in FIELDS if name not in ("metadata", "spec")]
    for record in records:
        row = SCHEMA.row(record, asked)
        assert all(row[name] not in (None, ()) for name in asked)


@pytest.mark.parametrize("order", ["cpu", "kind", "created", "name_sorted"])
def test_values_that_records_are_ordered_by_are_spread(order):
    schema = replace(SCHEMA, order=Order(order), orders=(Order("cpu"),))
    records = list(generic.samples_of(operation_of(schema))(200))
    values = {schema.row(record, [order])[order] for record in records}
    assert len(values) > 50


def test_values_have_the_name_of_their_field_or_are_names(records):
    assert {record["spec"]["phase"] for record in records} == {"on", "off"}
    assert {record["spec"]["kind"][:5] for record in records} == {"kind-"}
    assert len({record["metadata"]["name"] for record in records}) > 50


@pytest.mark.parametrize(
    "fields",
    [
        {"a": number(path="x"), "b": text(path="x")},
        {"a": keyword(path="x"), "b": keyword(path="x.y")},
        {"a": tags(path="x"), "b": keyword(path="x.y"), "c": number(path="x.z")},
        {"a": tags(path="x"), "b": keyword(path="x.y.z")},
        {"a": tags(path="x"), "b": keyword(path="x.Key", many=True)},
        {"a": tags(path="x"), "b": keyword(path="x.Key")},
        {"a": tags(path="x"), "b": keyword(path="x.y", many=True)},
        {"a": keyword(path="xs.y", many=True), "b": keyword(path="xs.z")},
        {"a": keyword(path="x"), "b": keyword(path="x", many=True)},
        {"a": keyword(path="x"), "b": number(path="x")},
        {"a": text(path="x"), "b": instant(path="x")},
        {"a": keyword(path=("x.y", "z"))},
        {"a": keyword(path="xs.ys.z", many=True), "b": text(path="xs.y", many=True)},
        {"a": tags(path="xs.tags"), "b": keyword(path="xs.y", many=True)},
    ],
)
def test_any_fields_that_share_a_path_are_taken(fields):
    schema = Schema(key="uid", fields={"uid": text(path="m.uid"), **fields})
    records = list(generic.samples_of(operation_of(schema, ()))(30))
    assert len(Store(schema, records)) == 30


def found_by(operation, store, params):
    reply = operation(store, params, now=NOW)
    assert reply.status == 200, reply.body
    return reply.answer.items


def test_questions_find_something_wherever_a_field_looks(records):
    store = Store(SCHEMA, records)
    questions = generic.questions_of(OPERATION)(store, NOW)
    assert set(questions) == {"The newest records", *[f"By {param.name}" for param in PARAMS]}
    for title, params in questions.items():
        assert found_by(OPERATION, store, params), title
    assert questions["By addresses"]["addresses"].startswith("addresses-")
    assert questions["By Label"].keys() == {"Label.1.Key", "Label.1.Value"}


def test_no_question_is_made_of_a_field_without_a_value():
    store = Store(SCHEMA, [{"metadata": {"uid": "i-1"}, "status": {"addresses": [{}]}}])
    questions = generic.questions_of(OPERATION)(store, NOW)
    assert set(questions) == {"The newest records", "By uid"}


def test_questions_are_asked_within_what_a_request_must_say():
    params = (exact("kind", required=True), exact("phase"), contains("name"))
    operation = operation_of(SCHEMA, params)
    common = {"metadata": {"uid": "i-1", "name": "one"}, "spec": {"kind": "vm"}}
    other = {"metadata": {"uid": "i-4", "name": "four"}, "spec": {"kind": "bm", "phase": "on"}}
    names = ("i-2", "i-3", "i-9")
    more = [{"metadata": {"uid": uid, "name": "x"}, "spec": {"kind": "vm"}} for uid in names]
    store = Store(SCHEMA, [common, other, *more])
    questions = generic.questions_of(operation)(store, NOW)
    assert set(questions) == {"The newest records", "By kind", "By name"}
    assert all(found_by(operation, store, params) for params in questions.values())


@pytest.mark.parametrize(
    ("order", "title"),
    [
        (Order("created"), "The newest records"),
        (Order("created", descending=False), "The first records"),
        (Order("kind"), "The first records"),
        (None, "The first records"),
    ],
)
def test_the_first_question_says_which_records_come_first(records, order, title):
    schema = replace(SCHEMA, order=order)
    questions = generic.questions_of(operation_of(schema))(Store(schema, records), NOW)
    assert next(iter(questions)) == title


@pytest.mark.parametrize("name", CATALOG)
def test_no_api_asks_for_nothing_where_some_records_lack_a_member(name):
    api = CATALOG[name]
    schema = api.operation.schema
    made = list(api.samples(81))
    kept = {schema.key, "RegionId", "ProductCode", "OwnerId"}
    bare = [{m: v for m, v in one.items() if m in kept} for one in made[40:]]
    # What has next to nothing is in the middle, and comes last as it has no time.
    store = Store(schema, [*made[:40], *bare])
    for title, params in api.questions(store, NOW).items():
        assert "none" not in params.values(), title
