"""The corridor: what holds for every operation, whichever API it is of."""

from dataclasses import replace

import pytest

import tablestore
from instquery import Eq, Store
from instquery.apis import airec, bss
from instquery.apis.operation import Refusal
from instquery.apis.params import exact

STORE = Store(tablestore.SCHEMA, [{"InstanceName": "a", "Status": "normal"}, {"InstanceName": "b", "Status": "x"}])


def test_rules_add_predicates_and_see_the_facts_of_the_host():
    operation = replace(
        tablestore.list_instances,
        host=("tenant",),
        rules=(lambda asked: [Eq("Status", asked.host["tenant"])] if "tenant" in asked.host else (),),
    )
    assert operation(STORE, {}, tenant="x").body["TotalCount"] == 1
    assert operation(STORE, {}).body["TotalCount"] == 2
    assert operation.query({}, tenant="x").where == (Eq("Status", "x"),)
    with pytest.raises(TypeError, match="takes no colour"):
        operation(STORE, {}, colour="red")


def test_a_rule_may_refuse_and_a_message_names_parameter_and_reason():
    def rule(asked):
        raise Refusal("OTSParameterInvalid", "Status", "is not for today")

    reply = replace(tablestore.list_instances, rules=(rule,))(STORE, {}, request_id="R")
    assert reply.body == {"RequestId": "R", "Code": "OTSParameterInvalid", "Message": "Status: is not for today"}


def test_a_query_that_the_store_cannot_answer_is_a_fault_of_ours():
    operation = replace(tablestore.list_instances, params=(exact("Colour"),))
    reply = operation(STORE, {"Colour": "red"})
    assert (reply.status, reply.body["Code"]) == (500, "OTSInternalServerError")


def test_a_moment_that_cannot_be_read_is_a_fault_of_ours():
    assert tablestore.list_instances(STORE, {}, now="soon").status == 500


def test_the_facts_of_a_success_apart_from_their_wrapping():
    reply = tablestore.list_instances(STORE, {"MaxResults": 1}, request_id="R")
    assert (reply.answer.request_id, reply.answer.number, reply.answer.size, reply.answer.total) == ("R", 1, 1, 2)
    assert reply.answer.items == reply.body["Instances"]
    assert tablestore.list_instances(STORE, {"MaxResults": 0}).answer is None


@pytest.mark.parametrize("api", [airec, bss, tablestore])
def test_the_literals_agree_with_themselves(api):
    operations = [value for value in vars(api).values() if type(value).__name__ == "Operation"]
    for operation in operations:
        assert {operation.invalid, operation.internal} <= operation.errors.keys()
        assert operation.envelope.times <= set(operation.envelope.members) <= set(operation.schema.fields)
        names = [param.name for param in operation.params]
        assert len(names) == len(set(names))
        assert all(param.about for param in operation.params)
    assert len(operations) == 1
