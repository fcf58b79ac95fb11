"""The corridor: what holds for every operation, whichever API it is of."""

import inspect
import uuid
from dataclasses import replace

import pytest

from instquery import Eq, SchemaError, Store, stored
from instquery.apis import checks, tablestore
from instquery.apis.catalog import CATALOG
from instquery.apis.envelope import Envelope, Fault, new_request_id
from instquery.apis.inventory import Reader
from instquery.apis.operation import Operation, Refusal, in_order
from instquery.apis.params import (
    Param,
    contains,
    exact,
    expiring_until,
    listed,
    not_after,
    not_before,
    one_of,
    page_number,
    page_size,
)

STORE = Store(
    tablestore.SCHEMA,
    [
        {"InstanceName": "a", "InstanceStatus": "normal"},
        {"InstanceName": "b", "InstanceStatus": "x"},
    ],
)


def test_rules_add_predicates_and_see_the_facts_of_the_host():
    operation = replace(
        tablestore.list_instances,
        host=("tenant",),
        rules=(
            lambda asked: (
                [Eq("InstanceStatus", asked.host["tenant"])] if "tenant" in asked.host else ()
            ),
        ),
    )
    assert operation(STORE, {}, tenant="x").body["TotalCount"] == 1
    assert operation(STORE, {}).body["TotalCount"] == 2
    assert operation.query({}, tenant="x").where == (Eq("InstanceStatus", "x"),)
    with pytest.raises(TypeError, match="takes no colour"):
        operation(STORE, {}, colour="red")


def test_a_rule_may_refuse_and_a_message_names_parameter_and_reason():
    def rule(asked):
        raise Refusal("InvalidParameter", "InstanceStatus", "is not for today")

    reply = replace(tablestore.list_instances, rules=(rule,))(STORE, {}, request_id="R")
    assert {name: reply.body[name] for name in ("RequestId", "Code", "Message")} == {
        "RequestId": "R",
        "Code": "InvalidParameter",
        "Message": "The specified parameter InstanceStatus is not valid.",
    }


def test_a_query_that_the_store_cannot_answer_is_a_fault_of_ours():
    operation = replace(tablestore.list_instances, rules=(lambda asked: [Eq("Colour", "red")],))
    reply = operation(STORE, {})
    assert (reply.status, reply.body["Code"]) == (500, "InternalError")


def test_a_moment_that_cannot_be_read_is_a_fault_of_ours():
    assert tablestore.list_instances(STORE, {}, now="soon").status == 500


def test_the_facts_of_a_success_apart_from_their_wrapping():
    reply = tablestore.list_instances(STORE, {"MaxResults": 1}, request_id="R")
    assert (
        reply.answer.request_id,
        reply.answer.number,
        reply.answer.size,
        reply.answer.total,
    ) == ("R", 1, 1, 2)
    assert reply.answer.items == reply.body["Instances"]
    assert tablestore.list_instances(STORE, {"MaxResults": 201}).answer is None


@pytest.mark.parametrize("name", CATALOG)
def test_the_literals_agree_with_themselves(name):
    operation = CATALOG[name].operation
    envelope = operation.envelope
    assert {operation.invalid, operation.internal} <= operation.errors.keys()
    assert envelope.times <= set(envelope.members)
    assert {path.partition(".")[0] for path in envelope.members} <= set(operation.schema.fields)
    names = [param.name for param in operation.params]
    assert len(names) == len(set(names))
    assert all(param.about for param in operation.params)


LIST = tablestore.list_instances
WITH_WINDOW = (
    not_before("From", "CreateTime"),
    not_after("To", "CreateTime"),
    page_size("Size", default=1, most=2),
)


def declared(**parts):
    return replace(LIST, **parts)


# These return a function that makes the declaration, so that its refusal comes inside a test.


def asking(*params):
    return lambda: declared(params=params)


def in_window(start, end, code="InvalidParameter"):
    return lambda: declared(params=WITH_WINDOW, rules=(in_order(start, end, code),))


def in_envelope(**parts):
    return lambda: declared(envelope=replace(LIST.envelope, **parts))


def message(text):
    return lambda: declared(errors={**LIST.errors, "InvalidParameter": Fault(text)})


def own(name="X", role="filter", **parts):
    return Param(name, role, lambda value, now: Eq("InstanceStatus", "x"), "own", **parts)


# What contradicts itself, and two words of the message: the culprit and the cure.
CONTRADICTIONS = {
    "a field that is not there": (asking(exact("Colour")), "Colour", "declare the field"),
    "a field of another name": (
        asking(exact("InstanceStatus", "Colour")),
        "InstanceStatus: asks for Colour",
        "field=",
    ),
    "a needle in a keyword": (
        asking(contains("InstanceStatus")),
        "InstanceStatus",
        "keyword field does not answer",
    ),
    "a value of a time": (
        asking(exact("CreateTime")),
        "CreateTime",
        "instant field does not answer",
    ),
    "a choice of a time": (asking(one_of("X", ("a",), "CreateTime")), "X", "does not answer Eq"),
    "a list of times": (asking(listed("X", "CreateTime", most=9)), "X", "does not answer In"),
    "a window of a keyword": (
        asking(not_before("X", "InstanceStatus")),
        "X",
        "does not answer Range",
    ),
    "the end of one": (asking(not_after("X", "InstanceStatus")), "X", "does not answer Range"),
    "the expiry of a text": (asking(expiring_until("X", "InstanceName")), "X", "Range"),
    "a schema without the field": (
        lambda: declared(
            schema=replace(LIST.schema, fields={**LIST.schema.fields, "InstanceStatus": stored()})
        ),
        "InstanceStatus",
        "stored field does not answer",
    ),
    "two params of one name": (
        asking(exact("InstanceStatus"), contains("InstanceStatus", "InstanceName")),
        "InstanceStatus",
        "twice",
    ),
    "two page numbers": (asking(page_number("A"), page_number("B")), "A and B", "keep one"),
    "two page sizes": (
        asking(page_size("A", default=1, most=2), page_size("B", default=1, most=2)),
        "A and B",
        "keep one",
    ),
    "one param, not in a tuple": (
        lambda: declared(params=exact("InstanceStatus")),
        "params",
        "tuple",
    ),
    "what is no param": (asking("InstanceStatus"), "params", "exact("),
    "a rule, not in a tuple": (lambda: declared(rules=lambda asked: ()), "rules", "tuple"),
    "what is no rule": (lambda: declared(rules=("x",)), "rules", "function"),
    "a window without its start": (in_window("Begin", "To"), "Begin", "declare it"),
    "a window without its end": (in_window("From", "Size"), "Size", "declare it"),
    "a window that refuses with no code": (in_window("From", "To", "Gone"), "Gone", "add it"),
    "a name that is empty": (lambda: declared(name=""), "name", "not empty"),
    "a version that is no text": (lambda: declared(version=1), "version", "text"),
    "a schema that is none": (lambda: declared(schema=LIST.schema.fields), "schema", "Schema"),
    "an envelope that is none": (lambda: declared(envelope=None), "envelope", "Envelope"),
    "a member that is no field": (
        in_envelope(members=(*LIST.envelope.members, "Colour")),
        "Colour",
        "declare it",
    ),
    "a member twice": (
        in_envelope(members=("InstanceStatus", "CreateTime", "InstanceStatus")),
        "InstanceStatus",
        "leave one out",
    ),
    "members that are a text": (in_envelope(members="InstanceStatus"), "members", "collection"),
    "a member that is no name": (in_envelope(members=(1,)), "members", "name"),
    "a time that is no member": (
        in_envelope(times={"ExpireTime"}),
        "ExpireTime",
        "add it to members",
    ),
    "times that are a text": (in_envelope(times="CreateTime"), "times", "collection"),
    "a timespec that is none": (in_envelope(timespec="minute"), "minute", "seconds, milliseconds"),
    "a timespec that cannot be hashed": (
        in_envelope(timespec=["seconds"]),
        "seconds",
        "seconds, milliseconds",
    ),
    "a body that is none": (in_envelope(success={}), "success", "function"),
    "a failure that is none": (in_envelope(failure=None), "failure", "function"),
    "a code for what is invalid": (lambda: declared(invalid="Gone"), "invalid: 'Gone'", "add it"),
    "a code for what is ours": (lambda: declared(internal="Gone"), "internal: 'Gone'", "add it"),
    "errors that are none": (lambda: declared(errors=[]), "errors", "Fault"),
    "an error that is a text": (
        lambda: declared(errors={**LIST.errors, "Gone": "is gone"}),
        "Gone",
        "Fault",
    ),
    "a status that is none": (
        lambda: declared(errors={**LIST.errors, "Gone": Fault("", status="404")}),
        "Gone",
        "200 to 599",
    ),
    "a placeholder by number": (
        message("{}: {reason}"),
        "InvalidParameter",
        "{parameter} and {reason}",
    ),
    "a placeholder by another name": (
        message("{param} is wrong"),
        "param",
        "{parameter} and {reason}",
    ),
    "a placeholder with an attribute": (
        message("{parameter.name}"),
        "parameter.name",
        "nothing else",
    ),
    "a placeholder with a form": (message("{parameter:>9}"), "parameter", "nothing else"),
    "a brace": (message("{parameter"), "InvalidParameter", "{{ for a brace"),
    "another brace": (message("{parameter}}"), "InvalidParameter", "{{ for a brace"),
    "a message that is no text": (message(None), "InvalidParameter", "cannot be filled in"),
    "a fact, not in a tuple": (lambda: declared(host="caller"), "host", "tuple"),
    "a fact twice": (lambda: declared(host=("caller", "caller")), "caller", "leave one out"),
    "a fact that no host can give": (lambda: declared(host=("my caller",)), "my caller", "name"),
    "a fact that every operation takes": (
        lambda: declared(host=("walker",)),
        "walker",
        "another name",
    ),
    "a clock that is none": (lambda: declared(clock=0), "clock", "function"),
    "the path of a reader, not in a tuple": (
        lambda: Reader(LIST.schema, path="Instances"),
        "path",
        "tuple of names",
    ),
    "a param without a name": (lambda: own(""), "name", "not empty"),
    "a param of no role": (lambda: own(role="filters"), "filters", "filter, number or size"),
    "a param that reads nothing": (lambda: Param("X", "filter", None, "x"), "X", "functions"),
    "a param with a default of 0": (lambda: own(default=0), "X", "from 1"),
    "a default above the most": (lambda: page_size("X", default=5, most=4), "X", "not above most"),
    "a list of none": (lambda: listed("X", "InstanceStatus", most=0), "X", "from 1"),
    "a choice of none": (lambda: one_of("X", ()), "X", "at least one"),
    "a choice of letters": (lambda: one_of("X", "abc"), "X", "tuple"),
    "a choice of what is no value": (lambda: one_of("X", (1.5,)), "X", "number"),
}


@pytest.mark.parametrize("what", CONTRADICTIONS)
def test_what_contradicts_itself_is_refused_when_it_is_declared(what):
    declare, culprit, cure = CONTRADICTIONS[what]
    with pytest.raises(SchemaError) as caught:
        declare()
    assert culprit in str(caught.value)
    assert cure in str(caught.value)


def test_what_agrees_is_taken():
    operation = declared(
        params=[*WITH_WINDOW, own(), own("Y", examples=(Eq("InstanceStatus", ""),))],
        rules=[in_order("From", "To", "InvalidParameter")],
        host=["caller"],
        envelope=replace(
            LIST.envelope, members=["InstanceName", "CreateTime"], times={"CreateTime"}
        ),
        errors={**LIST.errors, "Braces": Fault("{{}} of {parameter}", status=200)},
    )
    for part in (operation.params, operation.rules, operation.host):
        assert type(part) is tuple
    assert type(operation.envelope.members) is tuple
    assert type(operation.envelope.times) is frozenset
    assert operation(STORE, {"From": "2026-01-01"}, caller="x").body["TotalCount"] == 0
    assert exact("InstanceStatus").fields == {"InstanceStatus"}


def test_a_request_id_is_a_random_guid_in_upper_case():
    made = {new_request_id() for _ in range(1_000)}
    assert len(made) == 1_000
    for text in made:
        guid = uuid.UUID(text)
        assert (guid.version, guid.variant) == (4, uuid.RFC_4122)
        assert str(guid).upper() == text
    # Every digit but the version varies, the one with the variant between four.
    digits = [len(set(column)) for column in zip(*made, strict=True)]
    assert digits == [*[16] * 8, 1, *[16] * 4, 1, 1, *[16] * 3, 1, 4, *[16] * 3, 1, *[16] * 12]


@pytest.mark.parametrize("other", ["text", ["a", "list"], {"an": "object"}, 5])
def test_a_member_without_a_value_is_left_out_whatever_else_there_is(other):
    envelope = Envelope(("id", "tags", "note"), frozenset(), "seconds", success=dict, failure=dict)
    full = {"id": "a", "tags": other, "note": "n"}
    assert envelope.items([full, full]) == [full, full]
    assert envelope.items([full, {**full, "note": None}]) == [full, {"id": "a", "tags": other}]
    assert envelope.items([{**full, "more": 1}, full]) == [full, full]


def test_no_fact_of_a_host_can_have_the_name_of_an_argument():
    for method in (Operation.__call__, Operation.prepare, Operation.query):
        taken = inspect.signature(method).parameters
        names = {name for name, part in taken.items() if part.kind is not part.VAR_KEYWORD}
        assert names <= checks._RESERVED
