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
