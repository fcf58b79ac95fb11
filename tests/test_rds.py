"""RDS DescribeDBInstances: the official client, a naive reading, what the double shows of it."""

import json
from datetime import timedelta

import pytest

import naive_rds
from asking import NOW, outcomes_of, sampled, written
from instquery import Store
from instquery.apis import rds
from instquery.apis.rds.literal import MEMBERS
from instquery.testing import Double
from official import Official, failure_of_gateway, members_of, pages_by_token, raw_failure

REGION = {"RegionId": "cn-hangzhou"}


def items_in(body):
    return body["Items"]["DBInstance"]


def instance(random, number):
    """Make up a record, with all that can be asked for."""
    made = {
        "DBInstanceId": f"rm-{number:02}",
        "DBInstanceDescription": random.choice(
            ["Orders", "ORDERS 1", "数据 rm", "ｏｒｄｅｒｓ", ""]
        ),
        "RegionId": random.choice(["cn-hangzhou", "cn-hangzhou", "cn-beijing"]),
        "ZoneId": random.choice(["z-a", "z-b"]),
        "VpcId": random.choice(["vpc-1", "vpc-2"]),
        "VSwitchId": random.choice(["vsw-1", "vsw-2"]),
        "ResourceGroupId": random.choice(["rg-1", "rg-2"]),
        "DedicatedHostGroupId": random.choice(["dhg-1", "dhg-2"]),
        "DedicatedHostIdForMaster": random.choice(["ch-1", "ch-2"]),
        "DedicatedHostIdForSlave": random.choice(["ch-2", "ch-3"]),
        "DedicatedHostIdForLog": random.choice(["ch-3", "ch-4"]),
        "DBInstanceClass": random.choice(["c-1", "c-2"]),
        "DBInstanceStatus": random.choice(["Running", "Creating", "Odd"]),
        "EngineVersion": random.choice(["8.0", "5.7", 8]),
        "ConnectionString": f"rm-{number:02}.mysql",
        "Category": random.choice(["Basic", "HighAvailability", "AlwaysOn"]),
        "ConnectionMode": random.choice(["Standard", "Safe"]),
        "DBInstanceType": random.choice(["Primary", "Readonly", "Guard"]),
        "Engine": random.choice(["MySQL", "PostgreSQL", "Oracle"]),
        "InstanceNetworkType": random.choice(["VPC", "Classic"]),
        "PayType": random.choice(["Postpaid", "Prepaid"]),
        "CreateTime": written(random),
        "ExpireTime": random.choice([written(random), written(random), ""]),
        "Tags": random.choice([{"env": "prod"}, {"env": "test", "Team": "a"}, {"env": ""}, {}]),
    }
    for name in random.sample([*made][2:], random.choice((0, 0, 3))):
        del made[name]
    return made


# The values that stand first are right.
CHOICES = {
    "ZoneId": ["z-a", "z-b", "no"],
    "VpcId": ["vpc-1", "vpc-2"],
    "VSwitchId": ["vsw-1", "vsw-2"],
    "ResourceGroupId": ["rg-1", "rg-2"],
    "DedicatedHostGroupId": ["dhg-1", "dhg-2"],
    "DedicatedHostId": ["ch-1", "ch-2", "ch-3", "ch-9"],
    "DBInstanceClass": ["c-1", "c-2"],
    "DBInstanceStatus": ["Running", "Odd", "gone"],
    "DBInstanceId": ["rm-01", "rm-02", "RM-01"],
    "EngineVersion": ["8.0", "5.7"],
    "ConnectionString": ["rm-01.mysql", "rm-02.mysql"],
    "Category": ["Basic", "HighAvailability", "cluster", "AlwaysOn"],
    "ConnectionMode": ["Standard", "Safe", "Safe", "standard"],
    "DBInstanceType": ["Primary", "Readonly", "Temp", "x"],
    "Engine": ["MySQL", "PostgreSQL", "MariaDB", "Oracle"],
    "InstanceNetworkType": ["VPC", "Classic", "VPC", "vpc"],
    "PayType": ["Postpaid", "Prepaid", "Prepaid", "PrePaid"],
    "SearchKey": ["orders", "RM-0", "ｏｒｄ", "数据", "none"],
    "Expired": ["True", "False", "False", "true", "yes"],
    "Tags": [
        *('{"env": "prod"}', '{"env": "test", "Team": "b"}', '{"env": "", "ENV": "prod"}'),
        *("{}", "[]", '{"": "x"}', '{"env": null}', "env"),
        json.dumps({f"k{number}": "x" for number in range(6)}),
    ],
    "PageNumber": ["1", 2, "3", "0", "x"],
    "PageSize": ["3", 20, "100", "0", "101"],
    "MaxResults": ["5", 12, "3", "0", "101", "x"],
    "NextToken": ["", "", "", "x"],
    "Filter": ["[]"],
    "InstanceLevel": ["x"],
    "proxyId": ["1"],
}


def some_request(random):
    asked = {} if random.random() < 0.02 else {"RegionId": "cn-hangzhou"}
    return asked | sampled(random, CHOICES)


@pytest.mark.long
def test_random_requests_agree_with_a_naive_reading(tries):
    count = tries(2_000, quick=500)
    outcomes = outcomes_of("rds", naive_rds.answer, items_in, instance, some_request, count)
    assert len(outcomes) == count
    expected = {"page", "next", "MissingParameter", "InvalidParameter", "InvalidNextToken"}
    assert set(outcomes) == expected
    assert outcomes.count("page") + outcomes.count("next") > count / 2


RECORDS = [
    {
        "DBInstanceId": f"rm-{number:02}",
        "DBInstanceDescription": f"Orders {number}",
        "RegionId": "cn-hangzhou",
        "ZoneId": f"z-{number % 2}",
        "VpcId": f"vpc-{number % 3}",
        "VSwitchId": f"vsw-{number % 4}",
        "ResourceGroupId": f"rg-{number % 5}",
        "DedicatedHostGroupId": f"dhg-{number % 6}",
        "DedicatedHostIdForMaster": f"m-{number}",
        "DedicatedHostIdForSlave": f"s-{number}",
        "DedicatedHostIdForLog": f"l-{number}",
        "DBInstanceClass": f"c-{number % 7}",
        "DBInstanceStatus": "Running" if number % 8 else "Creating",
        "EngineVersion": "8.0" if number % 9 else "5.7",
        "ConnectionString": f"rm-{number:02}.mysql.rds.aliyuncs.com",
        "Category": "Basic" if number < 5 else "HighAvailability",
        "ConnectionMode": "Safe" if number < 6 else "Standard",
        "DBInstanceType": "Readonly" if number < 7 else "Primary",
        "Engine": "MariaDB" if number < 8 else "MySQL",
        "InstanceNetworkType": "Classic" if number < 9 else "VPC",
        "PayType": "Prepaid" if number < 10 else "Postpaid",
        "CreateTime": (NOW - timedelta(days=number)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "Tags": {"env": "prod" if number < 11 else "test", "n": str(number)},
    }
    for number in range(1, 41)
]
for record in RECORDS[:30]:
    days = int(record["DBInstanceId"][3:]) - 12  # the twelfth expires now
    record["ExpireTime"] = (NOW + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
ALL = [f"rm-{number:02}" for number in range(1, 41)]


@pytest.fixture(scope="module")
def double():
    with Double() as double:
        double.set_clock(NOW)
        double.rds.put_many(RECORDS)
        double.rds.put({"DBInstanceId": "rm-far", "RegionId": "cn-beijing"})
        yield double


@pytest.fixture(scope="module")
def client(double):
    package = "alibabacloud_rds20140815"
    return Official(package, "describe_dbinstances", "DescribeDBInstancesRequest", double.endpoint)


def numbers(condition):
    return [f"rm-{number:02}" for number in range(1, 41) if condition(number)]


PARAMETERS = [
    ({}, ALL),
    ({"RegionId": "cn-beijing"}, ["rm-far"]),
    ({"RegionId": "eu-west-1"}, []),
    ({"ZoneId": "z-1"}, numbers(lambda n: n % 2)),
    ({"VpcId": "vpc-1"}, numbers(lambda n: n % 3 == 1)),
    ({"VSwitchId": "vsw-1"}, numbers(lambda n: n % 4 == 1)),
    ({"ResourceGroupId": "rg-1"}, numbers(lambda n: n % 5 == 1)),
    ({"DedicatedHostGroupId": "dhg-1"}, numbers(lambda n: n % 6 == 1)),
    ({"DedicatedHostId": "m-3"}, ["rm-03"]),
    ({"DedicatedHostId": "s-4"}, ["rm-04"]),
    ({"DedicatedHostId": "l-5"}, ["rm-05"]),
    ({"DBInstanceClass": "c-1"}, numbers(lambda n: n % 7 == 1)),
    ({"DBInstanceStatus": "Creating"}, numbers(lambda n: n % 8 == 0)),
    ({"DBInstanceStatus": "NoSuch"}, []),
    ({"EngineVersion": "5.7"}, numbers(lambda n: n % 9 == 0)),
    ({"ConnectionString": "rm-03.mysql.rds.aliyuncs.com"}, ["rm-03"]),
    ({"DBInstanceId": "rm-03"}, ["rm-03"]),
    ({"DBInstanceId": "rm-0"}, []),
    ({"Category": "Basic"}, numbers(lambda n: n < 5)),
    ({"ConnectionMode": "Safe"}, numbers(lambda n: n < 6)),
    ({"DBInstanceType": "Readonly"}, numbers(lambda n: n < 7)),
    ({"DBInstanceType": "Temp"}, []),
    ({"Engine": "MariaDB"}, numbers(lambda n: n < 8)),
    ({"InstanceNetworkType": "Classic"}, numbers(lambda n: n < 9)),
    ({"PayType": "Prepaid"}, numbers(lambda n: n < 10)),
    ({"SearchKey": "ＲＭ-3"}, numbers(lambda n: 30 <= n < 40)),
    ({"SearchKey": "orders 3"}, numbers(lambda n: n == 3 or 30 <= n < 40)),
    ({"Expired": "True"}, numbers(lambda n: n <= 12)),
    ({"Expired": "False"}, numbers(lambda n: n > 12)),
    ({"Tags": '{"env": "prod"}'}, numbers(lambda n: n < 11)),
    ({"Tags": '{"env": "prod", "n": "20", "x": "y"}'}, numbers(lambda n: n < 11 or n == 20)),
    ({"Tags": '{"env": ""}'}, []),
    ({"Tags": '{"Env": "prod"}'}, []),
    ({"Tags": "{}"}, []),
    (
        {
            "Filter": "x",
            "InstanceLevel": 7,
            "QueryAutoRenewal": True,
            "ClientToken": "x",
            "proxyId": "x",
            "OwnerAccount": "x",
            "OwnerId": 1,
            "ResourceOwnerAccount": "x",
            "ResourceOwnerId": 1,
        },
        ALL,
    ),
]


@pytest.mark.parametrize(("params", "found"), PARAMETERS, ids=lambda value: str(value)[:60])
def test_every_parameter_by_the_official_client(client, params, found):
    body = client(**{**REGION, "PageSize": 100, **params})
    assert [item["DBInstanceId"] for item in items_in(body)] == found
    assert (body["TotalRecordCount"], body["PageRecordCount"]) == (len(found), len(found))
    assert body["PageNumber"] == 1


def test_pages_by_number(client):
    bodies = [client(**REGION, PageNumber=number) for number in (1, 2, 3)]
    assert [body["PageRecordCount"] for body in bodies] == [30, 10, 0]
    assert [body["PageNumber"] for body in bodies] == [1, 2, 3]
    assert {body["TotalRecordCount"] for body in bodies} == {40}
    assert [item["DBInstanceId"] for body in bodies for item in items_in(body)] == ALL
    assert not bodies[0]["NextToken"]


def test_pages_by_token(client, double):
    pages = pages_by_token(client, items_in, **REGION, MaxResults=20)
    assert [len(page) for page in pages] == [20, 20]  # the last one is full
    assert [item["DBInstanceId"] for page in pages for item in page] == ALL

    first = client(**REGION, MaxResults=20)
    double.rds.discard("rm-21")
    try:
        second = client(**REGION, NextToken=first["NextToken"], PageNumber=7, MaxResults=5)
        assert [item["DBInstanceId"] for item in items_in(second)] == ALL[20:25]
        assert (second["PageNumber"], second["PageRecordCount"]) == (1, 5)
        assert second["TotalRecordCount"] == 40
    finally:
        double.rds.put(RECORDS[20])


REFUSED = [
    ({"RegionId": None}, "MissingParameter"),
    *[
        ({name: "x"}, "InvalidParameter")
        for name in (
            *("Category", "ConnectionMode", "DBInstanceType", "Engine", "InstanceNetworkType"),
            *("PayType", "Expired", "Tags", "PageNumber", "PageSize", "MaxResults"),
        )
    ],
    ({"Expired": "true"}, "InvalidParameter"),
    ({"PageSize": 0}, "InvalidParameter"),
    ({"PageSize": 101}, "InvalidParameter"),
    ({"PageNumber": 0}, "InvalidParameter"),
    ({"MaxResults": 0}, "InvalidParameter"),
    ({"MaxResults": 101}, "InvalidParameter"),
    ({"Tags": json.dumps(dict.fromkeys("abcdef", "x"))}, "InvalidParameter"),
    ({"Tags": '{"": "x"}'}, "InvalidParameter"),
    ({"Tags": '{"a": "x", "a": "y"}'}, "InvalidParameter"),
    ({"Tags": '[{"Key": "a"}]'}, "InvalidParameter"),
    ({"NextToken": "x"}, "InvalidNextToken"),
]


@pytest.mark.parametrize(("params", "code"), REFUSED, ids=lambda value: str(value)[:50])
def test_a_refusal_is_the_clients_own_exception(client, params, code):
    (name,) = params
    assert client.refusal(**{**REGION, **params}) == (
        400,
        code,
        {
            "MissingParameter": f'The input parameter "{name}" that is mandatory for processing '
            "this request is not supplied.",
            "InvalidParameter": f"The specified parameter {name} is not valid.",
            "InvalidNextToken": "The specified NextToken is invalid.",
        }[code],
    )


def test_an_item_has_all_members_of_the_official_model_and_no_others(client, double):
    item = {path: "x" for path in MEMBERS if "." not in path}
    times = dict.fromkeys(("CreateTime", "ExpireTime", "DestroyTime"), "2017-12-10T04:04:05Z")
    item |= {**times, "DBInstanceId": "rm-whole", "RegionId": "cn-whole"}
    item["ReadOnlyDBInstanceIds"] = {"ReadOnlyDBInstanceId": [{"DBInstanceId": "rr-1"}]}
    double.rds.put({**item, "Tags": {"env": "prod"}, "Other": 1})
    body = client(RegionId="cn-whole", Tags='{"env": "prod"}')
    double.rds.discard("rm-whole")
    assert items_in(body) == [item]


def test_the_members_are_those_of_the_official_model():
    model = "DescribeDBInstancesResponseBodyItemsDBInstance"
    assert set(MEMBERS) == members_of("alibabacloud_rds20140815", model)


def item_of(record):
    """Return the item of a record as it leaves: the client drops what its model does not have."""
    store = Store(rds.SCHEMA, [record | {"DBInstanceId": "rm-1", **REGION}])
    (item,) = items_in(rds.describe_db_instances(store, REGION).body)
    return {name: item[name] for name in item if name not in ("DBInstanceId", "RegionId")}


def test_tags_are_in_no_item():
    assert item_of({"Tags": {"env": "prod"}, "Engine": "MySQL"}) == {"Engine": "MySQL"}


@pytest.mark.parametrize("name", ["CreateTime", "ExpireTime", "DestroyTime"])
def test_times_are_to_the_second_and_left_out_where_there_are_none(name):
    written = {name: "2017-12-10T04:04:05Z"}
    assert item_of({name: "2017-12-10T12:04:05.999+08:00"}) == written
    assert item_of({name: ""}) == {}
    assert item_of({}) == {}


VALUES = {
    "Category": "Basic HighAvailability cluster serverless_basic",
    "ConnectionMode": "Standard Safe",
    "DBInstanceType": "Primary Readonly Guard Temp",
    "Engine": "MySQL SQLServer PostgreSQL MariaDB",
    "InstanceNetworkType": "VPC Classic",
    "PayType": "Postpaid Prepaid",
}


@pytest.mark.parametrize("name", VALUES)
def test_every_documented_value_is_taken(name):
    store = Store(rds.SCHEMA, RECORDS)
    for value in VALUES[name].split():
        assert rds.describe_db_instances(store, {**REGION, name: value}).status == 200, value


def test_the_largest_of_what_is_counted_is_taken(client):
    assert len(items_in(client(**REGION, MaxResults=100))) == 40
    tags = dict.fromkeys("abcd", "x") | {"env": "prod"}
    assert client(**REGION, Tags=json.dumps(tags))["TotalRecordCount"] == 10


def test_a_refusal_has_the_body_of_the_gateway(double):
    message = "The specified parameter Engine is not valid."
    body = failure_of_gateway("Rds", "InvalidParameter", message)
    asked = "/?Action=DescribeDBInstances&RegionId=r&Engine=x"
    assert raw_failure(double, asked) == (400, body)


def test_python_gives_an_object_and_a_bool():
    store = Store(rds.SCHEMA, RECORDS)

    def total(**params):
        body = rds.describe_db_instances(store, {**REGION, **params}, now=NOW).body
        return body["TotalRecordCount"]

    assert total(Tags={"env": "prod"}) == 10
    assert total(Tags={}) == 0
    assert (total(Expired=True), total(Expired=False)) == (12, 28)
