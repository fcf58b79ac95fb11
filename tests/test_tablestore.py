"""Tablestore ListInstances: the official client, a naive reading, what the double shows of it."""

import json

import pytest

import naive_tablestore
from asking import NOW, outcomes_of, sampled, written
from instquery import Store
from instquery.apis import tablestore
from instquery.testing import Double
from official import Official, failure_of_gateway, members_of, pages_by_token, raw_failure


def items_in(body):
    return body["Instances"]


def instance(random, number):
    """Make up a record, with all that can be asked for."""
    letters = "aBcДe"
    made = {
        "InstanceName": f"{letters[number % 5]}{random.choice('-_')}{number}",
        "InstanceStatus": random.choice(["normal", "forbidden", "Deleting"]),
        "ResourceGroupId": random.choice(["rg-1", "rg-2"]),
        "CreateTime": written(random),
        "Tags": random.choice([{"env": "prod"}, {"env": "test", "Team": "a"}, {"env": ""}, {}]),
    }
    for name in random.sample([*made][1:], random.choice((0, 0, 2))):
        del made[name]
    return made


# The values that stand first are right.
CHOICES = {
    "InstanceName": ["a", "B-", "ｂ", "д", "1", "none"],
    "InstanceNameList": ["a-0,B-1", " c_2 , c-2,c-2", "e-4,gone", ",", " , "],
    "Status": ["normal", "Deleting", "forbidden", "gone"],
    "ResourceGroupId": ["rg-1", "rg-2"],
    "Tag": [
        *('[{"Key": "env"}]', '[{"Key": "env", "Value": "test"}, {"Key": "Team"}]', "[]"),
        *('[{"Key": "env", "Value": ""}]', "[{}]", '[{"Key": "ENV"}]', '[{"Value": "test"}]'),
        *("{}", "env", '["env"]', json.dumps([{"Key": f"k{n}"} for n in range(21)])),
    ],
    "MaxResults": ["5", 7, "0", "200", "201", "-1", "x"],
    "NextToken": ["", "", "", "x"],
    "RegionId": ["cn-hangzhou"],
}


def some_request(random):
    return sampled(random, CHOICES)


@pytest.mark.long
def test_random_requests_agree_with_a_naive_reading(tries):
    count = tries(2_000, quick=500)
    naive = naive_tablestore.answer
    outcomes = outcomes_of("tablestore", naive, items_in, instance, some_request, count)
    assert len(outcomes) == count
    assert set(outcomes) == {"page", "next", "InvalidParameter", "InvalidNextToken"}
    assert outcomes.count("page") + outcomes.count("next") > count / 2


NAMES = sorted(f"{'Ax'[number % 2]}-{number:03}" for number in range(1, 241))
RECORDS = [
    {
        "InstanceName": name,
        "AliasName": f"alias of {name}",
        "InstanceStatus": "forbidden" if name.endswith("7") else "normal",
        "ResourceGroupId": f"rg-{name[-1]}",
        "CreateTime": "2019-12-23T07:24:33.5Z",
        "Tags": {"env": "prod" if name.startswith("A") else "test", "last": name[-1]},
    }
    for name in reversed(NAMES)
]


@pytest.fixture(scope="module")
def double():
    with Double() as double:
        double.set_clock(NOW)
        double.tablestore.put_many(RECORDS)
        yield double


@pytest.fixture(scope="module")
def client(double):
    package = "alibabacloud_tablestore20201209"
    return Official(package, "list_instances", "ListInstancesRequest", double.endpoint)


def names(condition):
    return [name for name in NAMES if condition(name)]


PARAMETERS = [
    ({}, NAMES),
    ({"InstanceName": "ａ-00"}, names(lambda name: name.startswith("A-00"))),
    ({"InstanceName": "no such"}, []),
    ({"InstanceNameList": ["x-001", "A-002", "gone"]}, ["A-002", "x-001"]),
    ({"InstanceNameList": [f"gone-{n}" for n in range(300)] + ["x-003"]}, ["x-003"]),
    ({"InstanceNameList": []}, NAMES),  # the client sends an empty text, which is as if absent
    ({"Status": "forbidden"}, names(lambda name: name.endswith("7"))),
    ({"Status": "NoSuch"}, []),
    ({"ResourceGroupId": "rg-3"}, names(lambda name: name.endswith("3"))),
    ({"Tag": [{"Key": "env"}]}, NAMES),
    ({"Tag": [{"Key": "Env"}]}, []),
    ({"Tag": [{"Key": "env", "Value": "prod"}]}, names(lambda name: name[0] == "A")),
    (
        {"Tag": [{"Key": "env", "Value": "prod"}, {"Key": "last", "Value": "4"}]},
        names(lambda name: name[0] == "A" and name[-1] == "4"),
    ),
    ({"Tag": []}, NAMES),
]


@pytest.mark.parametrize(("params", "found"), PARAMETERS, ids=lambda value: str(value)[:60])
def test_every_parameter_by_the_official_client(client, params, found):
    body = client(**params, MaxResults=200)
    assert [item["InstanceName"] for item in items_in(body)] == found[:200]
    assert body["TotalCount"] == len(found)


def test_pages_by_token_are_in_order_of_names(client, double):
    pages = pages_by_token(client, items_in, MaxResults=100)
    assert [len(page) for page in pages] == [100, 100, 40]
    assert [item["InstanceName"] for page in pages for item in page] == NAMES
    full = pages_by_token(client, items_in, MaxResults=120)
    assert [len(page) for page in full] == [120, 120]
    for default in ({}, {"MaxResults": 0}):
        assert len(items_in(client(**default))) == 100

    token = client(MaxResults=1)["NextToken"]
    double.tablestore.discard(NAMES[1])
    try:
        body = client(NextToken=token, MaxResults=2)
        assert [item["InstanceName"] for item in items_in(body)] == NAMES[1:3]
        assert body["TotalCount"] == 240
        assert client.refusal(NextToken=token, Status="normal")[1] == "InvalidNextToken"
    finally:
        double.tablestore.put(next(one for one in RECORDS if one["InstanceName"] == NAMES[1]))


REFUSED = [
    ({"MaxResults": 201}, "InvalidParameter", "The specified parameter MaxResults is not valid."),
    ({"MaxResults": -1}, "InvalidParameter", "The specified parameter MaxResults is not valid."),
    ({"MaxResults": "x"}, "InvalidParameter", "The specified parameter MaxResults is not valid."),
    ({"Tag": [{"Value": "x"}]}, "InvalidParameter", "The specified parameter Tag is not valid."),
    (
        {"Tag": [{"Key": f"k{number}"} for number in range(21)]},
        "InvalidParameter",
        "The specified parameter Tag is not valid.",
    ),
    ({"NextToken": "x"}, "InvalidNextToken", "The specified NextToken is invalid."),
]


@pytest.mark.parametrize(("params", "code", "told"), REFUSED, ids=lambda value: str(value)[:50])
def test_a_refusal_is_the_clients_own_exception(client, params, code, told):
    assert client.refusal(**params) == (400, code, told)


def test_an_item_has_all_members_of_the_official_model_and_no_others(client, double):
    members = tablestore.list_instances.envelope.members
    whole = dict.fromkeys(members, "x") | {
        "InstanceName": "0",
        "CreateTime": "2019-12-23T07:24:33Z",
    }
    double.tablestore.put({**whole, "Tags": {"only": "here"}, "Other": 1})
    body = client(Tag=[{"Key": "only", "Value": "here"}])
    double.tablestore.discard("0")
    assert items_in(body) == [whole]
    model = "ListInstancesResponseBodyInstances"
    assert set(members) == members_of("alibabacloud_tablestore20201209", model)


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ({"CreateTime": "2019-12-23T15:24:33.999+08:00"}, {"CreateTime": "2019-12-23T07:24:33Z"}),
        ({"CreateTime": ""}, {}),
        ({"Tags": {"env": "prod"}}, {}),
        ({}, {}),
    ],
)
def test_an_item_as_it_leaves(given, written):
    """The client drops what its model does not have."""
    store = Store(tablestore.SCHEMA, [{"InstanceName": "a", **given}])
    body = tablestore.list_instances(store, {}).body
    assert items_in(body) == [{"InstanceName": "a", **written}]


def test_twenty_tags_are_taken(client):
    assert client(Tag=[{"Key": "env"}] * 20)["TotalCount"] == 240


def test_a_refusal_has_the_body_of_the_gateway(double):
    message = "The specified parameter MaxResults is not valid."
    body = failure_of_gateway("Tablestore", "InvalidParameter", message)
    asked = "/v2/openapi/listinstances?MaxResults=x"
    assert raw_failure(double, asked) == (400, body)


def test_python_gives_lists():
    store = Store(tablestore.SCHEMA, RECORDS)
    reply = tablestore.list_instances(store, {"Tag": [{"Key": "last", "Value": 3}]})
    assert reply.body["TotalCount"] == 24
    assert tablestore.list_instances(store, {"Tag": []}).body["TotalCount"] == 240
