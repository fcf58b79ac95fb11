"""ECS DescribeInstances: the official client, a naive reading, and what the double shows of it."""

import json
from datetime import timedelta

import pytest

import naive_ecs
from asking import NOW, outcomes_of, sampled, written
from instquery import Leases, Store
from instquery.apis import ecs
from instquery.apis.ecs.members import MEMBERS
from instquery.testing import Double, Served
from official import Official, failure_of_gateway, members_of, pages_by_token, raw_failure

REGION = {"RegionId": "cn-hangzhou"}


def items_in(body):
    return body["Instances"]["Instance"]


NAMES = ("Web-01", "web-prod", "ＷＥＢ*", "数据-web", "a?b", "axb", "a\\*")


def instance(random, number):
    """Make up a record, with all that can be asked for."""
    network, sets = random.randrange(3), random.sample(("2001::1", "2001::2", "2001::3"), 2)
    made = {
        "InstanceId": f"i-{number:02}",
        "InstanceName": random.choice(NAMES),
        "RegionId": random.choice(["cn-hangzhou", "cn-hangzhou", "cn-hangzhou", "cn-beijing"]),
        "ZoneId": random.choice(["z-a", "z-b"]),
        "Status": random.choice(["Running", "Running", "Stopped", "Pending", "Released"]),
        "InstanceChargeType": random.choice(["PostPaid", "PrePaid"]),
        "InternetChargeType": random.choice(["PayByTraffic", "PayByBandwidth"]),
        "InstanceNetworkType": random.choice(["vpc", "vpc", "classic"]),
        "ImageId": random.choice(["m-1", "m-2"]),
        "InstanceType": random.choice(["ecs.g7.large", "ecs.c7.large"]),
        "InstanceTypeFamily": random.choice(["ecs.g7", "ecs.c7"]),
        "KeyPairName": random.choice(["", "ops"]),
        "ResourceGroupId": random.choice(["rg-1", "rg-2"]),
        "HpcClusterId": random.choice(["", "hpc-1"]),
        "IoOptimized": random.choice([True, True, False, "true"]),
        "CreationTime": written(random),
        "ExpiredTime": random.choice([written(random), "2099-12-31T15:59Z", ""]),
        "StartTime": "",
        "SecurityGroupIds": {"SecurityGroupId": random.sample(["sg-1", "sg-2", "sg-3"], 2)},
        "VpcAttributes": {
            "VpcId": f"vpc-{network}",
            "VSwitchId": f"vsw-{network}",
            "PrivateIpAddress": {"IpAddress": [f"10.0.0.{number}", f"10.0.1.{number % 5}"]},
        },
        "PublicIpAddress": {"IpAddress": [f"47.0.0.{number % 9}"]},
        "InnerIpAddress": {"IpAddress": random.choice([[], [f"11.0.0.{number % 9}"]])},
        "EipAddress": {"IpAddress": random.choice(["", f"48.0.0.{number % 9}"])},
        "RdmaIpAddress": {"IpAddress": [f"12.0.0.{number % 4}"]},
        "NetworkInterfaces": {
            "NetworkInterface": [
                {"Ipv6Sets": {"Ipv6Set": [{"Ipv6Address": one}]}, "Type": "Primary"} for one in sets
            ]
        },
        "MetadataOptions": {"HttpEndpoint": random.choice(["enabled", "disabled"])},
        "OperationLocks": {
            "LockReason": random.choice([[], [{"LockReason": "financial", "LockMsg": "x"}]])
        },
        "Tags": {"Tag": some_tags(random)},
    }
    for name in random.sample([*made][2:], random.choice((0, 0, 3))):
        del made[name]
    return made


def some_tags(random):
    keys = random.sample(["env", "Env", "team", "tier"], random.choice((0, 1, 2, 3)))
    return [
        {"TagKey": key, "TagValue": random.choice(["prod", "Prod", "test", ""])} for key in keys
    ]


def addresses(prefix, count):
    return lambda random: [
        json.dumps([f"{prefix}{random.randrange(count)}", f"{prefix}{random.randrange(count)}"]),
        json.dumps([f"{prefix}{one}" for one in range(count)]),
        "[]",
        "10.0.0.1",
        json.dumps(["x"] * 101),
        '{"a": 1}',
        "[null]",
    ]


# The values that stand first are right.
CHOICES = {
    "ZoneId": ["z-a", "z-b"],
    "ImageId": ["m-1", "m-2"],
    "InstanceType": ["ecs.g7.large", "none"],
    "InstanceTypeFamily": ["ecs.g7", "ecs.c7"],
    "KeyPairName": ["ops", ""],
    "ResourceGroupId": ["rg-1", "rg-2"],
    "HpcClusterId": ["hpc-1", "hpc-9"],
    "VpcId": ["vpc-0", "vpc-1"],
    "VSwitchId": ["vsw-0", "vsw-1"],
    "SecurityGroupId": ["sg-1", "sg-2"],
    "Status": ["Running", "Stopped", "Pending", "Released", "running"],
    "InstanceChargeType": ["PostPaid", "PrePaid", "PostPaid", "postpaid"],
    "InternetChargeType": ["PayByTraffic", "PayByBandwidth", "PayByTraffic", "x"],
    "InstanceNetworkType": ["vpc", "classic", "vpc", "VPC"],
    "LockReason": ["financial", "security", "refunded", "Financial"],
    "HttpEndpoint": ["enabled", "disabled", "enabled", "on"],
    "HttpTokens": ["optional", "required", "optional", "none"],
    "InstanceName": ["*web*", "a?*", "a\\*", "WEB-*", "web-01", "*", "ｗｅｂ**", "*\\", "web"],
    "IoOptimized": ["true", "False", True, "1"],
    "InstanceIds": addresses("i-0", 9),
    "PrivateIpAddresses": addresses("10.0.0.", 60),
    "InnerIpAddresses": addresses("11.0.0.", 9),
    "PublicIpAddresses": addresses("47.0.0.", 9),
    "EipAddresses": addresses("48.0.0.", 9),
    "RdmaIpAddresses": lambda random: ["12.0.0.1", '["12.0.0.2", "12.0.0.3"]', "[]", "[", "13"],
    "Ipv6Address.1": ["2001::1", "2001::2"],
    "Ipv6Address.7": ["2001::3", "x"],
    "Tag.1.Key": ["env", "Env", "team", "no"],
    "Tag.1.Value": ["prod", "Prod", "test"],
    "Tag.9.key": ["tier", "env"],
    "Tag.9.value": ["prod", ""],
    "Tag.9.Key": ["team", ""],
    "Filter.1.Key": ["CreationStartTime", "ExpiredStartTime", "CreationEndTime", "Created"],
    "Filter.1.Value": lambda random: [written(random), written(random), written(random), "soon"],
    "Filter.3.Key": ["ExpiredEndTime", "CreationEndTime", "ExpiredStartTime"],
    "Filter.3.Value": lambda random: [written(random), written(random, 1), written(random), ""],
    "PageNumber": ["1", 2, "3", "0", "x", "-1"],
    "PageSize": ["3", 20, "100", "0", "101"],
    "MaxResults": ["10", 12, "20", "3", "-1", "1000", "abc", "+11"],
    "NextToken": ["", "", "", "x"],
    "DryRun": ["false", "false", "False", "true", "x"],
    "AdditionalAttributes.1": ["META_OPTIONS"],
    "DeviceAvailable": ["x"],
    "OwnerId": ["1"],
}
WITH = {
    "Tag.1.Value": "Tag.1.Key",
    "Filter.1.Key": "Filter.1.Value",
    "Filter.1.Value": "Filter.1.Key",
    "Filter.3.Key": "Filter.3.Value",
    "Filter.3.Value": "Filter.3.Key",
}


def some_request(random):
    asked = {} if random.random() < 0.02 else {"RegionId": "cn-hangzhou"}
    asked |= sampled(random, CHOICES)
    for name, other in WITH.items():
        if name in asked and other not in asked and random.random() < 0.9:
            choices = CHOICES[other]
            asked[other] = (choices(random) if callable(choices) else choices)[0]
    return asked


@pytest.mark.long
def test_random_requests_agree_with_a_naive_reading(tries):
    count = tries(2_000, quick=500)
    outcomes = outcomes_of("ecs", naive_ecs.answer, items_in, instance, some_request, count)
    assert len(outcomes) == count
    assert {"page", "next", "MissingParameter", "InvalidParameter"} <= set(outcomes)
    assert {"InvalidNextToken", "InvalidFilterKey.NotFound"} <= set(outcomes)
    assert "InternalError" not in outcomes
    assert outcomes.count("page") + outcomes.count("next") > count / 2


RECORDS = [
    {
        "InstanceId": f"i-{number:02}",
        "InstanceName": f"Web-{number}*" if number % 2 else f"数据 {number}",
        "RegionId": "cn-hangzhou",
        "Status": "Running" if number % 3 else "Stopped",
        "IoOptimized": number != 4,
        "CreationTime": (NOW - timedelta(days=number)).strftime("%Y-%m-%dT%H:%MZ"),
        "ExpiredTime": (NOW + timedelta(days=number)).strftime("%Y-%m-%dT%H:%MZ"),
        "InstanceChargeType": "PrePaid" if number < 12 else "PostPaid",
        "InternetChargeType": "PayByTraffic" if number < 20 else "PayByBandwidth",
        "InstanceNetworkType": "classic" if number == 7 else "vpc",
        "InstanceTypeFamily": "ecs.g7",
        "ZoneId": f"z-{number % 4}",
        "ImageId": f"m-{number % 5}",
        "InstanceType": f"t-{number % 6}",
        "KeyPairName": f"k-{number % 7}",
        "ResourceGroupId": f"rg-{number % 8}",
        "HpcClusterId": f"hpc-{number % 9}",
        "VpcAttributes": {
            "VpcId": f"vpc-{number % 2}",
            "VSwitchId": f"vsw-{number % 3}",
            "PrivateIpAddress": {"IpAddress": [f"10.0.0.{number}"]},
        },
        "InnerIpAddress": {"IpAddress": [f"11.0.0.{number}"]},
        "PublicIpAddress": {"IpAddress": [f"47.0.0.{number}"]},
        "EipAddress": {"IpAddress": f"48.0.0.{number}"},
        "RdmaIpAddress": {"IpAddress": [f"12.0.0.{number}"]},
        "SecurityGroupIds": {"SecurityGroupId": ["sg-0", f"sg-{number}"]},
        "OperationLocks": {"LockReason": [{"LockReason": "security"}] if number == 9 else []},
        "MetadataOptions": {
            "HttpEndpoint": "enabled" if number < 5 else "disabled",
            "HttpTokens": "required" if number < 6 else "optional",
        },
        "NetworkInterfaces": {
            "NetworkInterface": [
                {"Ipv6Sets": {"Ipv6Set": [{"Ipv6Address": f"2001::{number}"}]}},
                {"Ipv6Sets": {"Ipv6Set": []}},
            ]
        },
        "Tags": {
            "Tag": [
                {"TagKey": "env", "TagValue": "prod" if number < 10 else "test"},
                {"TagKey": "Team", "TagValue": f"t{number % 2}"},
            ]
        },
    }
    for number in range(1, 26)
]
ALL = [f"i-{number:02}" for number in range(1, 26)]


@pytest.fixture(scope="module")
def double():
    with Double() as double:
        double.set_clock(NOW)
        double.ecs.put_many(RECORDS)
        double.ecs.put({"InstanceId": "i-far", "RegionId": "cn-beijing"})
        yield double


@pytest.fixture(scope="module")
def client(double):
    package = "alibabacloud_ecs20140526"
    return Official(package, "describe_instances", "DescribeInstancesRequest", double.endpoint)


def numbers(condition):
    return [f"i-{number:02}" for number in range(1, 26) if condition(number)]


PARAMETERS = [
    ({}, ALL),
    ({"RegionId": "cn-beijing"}, ["i-far"]),
    ({"RegionId": "eu-west-1"}, []),
    ({"InstanceIds": '["i-03", "i-01", "i-far", "gone"]'}, ["i-01", "i-03"]),
    ({"InstanceIds": "[]"}, []),
    ({"InstanceName": "web-*"}, numbers(lambda n: n % 2)),
    ({"InstanceName": "ＷＥＢ-7*"}, ["i-07"]),
    ({"InstanceName": "web-7"}, []),
    ({"InstanceName": "web-?*"}, []),  # is itself
    ({"InstanceName": "web-7\\*"}, []),
    ({"InstanceName": "数据 8"}, ["i-08"]),
    ({"Status": "Stopped"}, numbers(lambda n: n % 3 == 0)),
    ({"InstanceChargeType": "PrePaid"}, numbers(lambda n: n < 12)),
    ({"InternetChargeType": "PayByBandwidth"}, numbers(lambda n: n >= 20)),
    ({"InstanceNetworkType": "classic"}, ["i-07"]),
    ({"InstanceTypeFamily": "ecs.g7"}, ALL),
    ({"ZoneId": "z-1"}, numbers(lambda n: n % 4 == 1)),
    ({"ImageId": "m-1"}, numbers(lambda n: n % 5 == 1)),
    ({"InstanceType": "t-1"}, numbers(lambda n: n % 6 == 1)),
    ({"KeyPairName": "k-1"}, numbers(lambda n: n % 7 == 1)),
    ({"ResourceGroupId": "rg-1"}, numbers(lambda n: n % 8 == 1)),
    ({"HpcClusterId": "hpc-1"}, numbers(lambda n: n % 9 == 1)),
    ({"HpcClusterId": "hpc-unknown"}, []),
    ({"VpcId": "vpc-1"}, numbers(lambda n: n % 2)),
    ({"VSwitchId": "vsw-1"}, numbers(lambda n: n % 3 == 1)),
    ({"SecurityGroupId": "sg-5"}, ["i-05"]),
    ({"SecurityGroupId": "sg-0"}, ALL),
    ({"LockReason": "security"}, ["i-09"]),
    ({"PrivateIpAddresses": '["10.0.0.3", "10.0.0.4"]'}, ["i-03", "i-04"]),
    ({"InnerIpAddresses": '["11.0.0.3"]'}, ["i-03"]),
    ({"PublicIpAddresses": '["47.0.0.3"]'}, ["i-03"]),
    ({"EipAddresses": '["48.0.0.3", "x"]'}, ["i-03"]),
    ({"EipAddresses": "[]"}, []),
    ({"RdmaIpAddresses": "12.0.0.3"}, ["i-03"]),
    ({"RdmaIpAddresses": '["12.0.0.3", "12.0.0.5"]'}, ["i-03", "i-05"]),
    ({"Ipv6Address": ["2001::3", "2001::25"]}, ["i-03", "i-25"]),
    ({"IoOptimized": False}, ["i-04"]),
    ({"HttpEndpoint": "enabled"}, numbers(lambda n: n < 5)),
    ({"HttpTokens": "required"}, numbers(lambda n: n < 6)),
    ({"Tag": [{"Key": "env"}]}, ALL),
    ({"Tag": [{"Key": "env", "Value": "prod"}]}, numbers(lambda n: n < 10)),
    (
        {"Tag": [{"Key": "env", "Value": "prod"}, {"Key": "Team", "Value": "t1"}]},
        numbers(lambda n: n < 10 and n % 2),
    ),
    ({"Tag": [{"Key": "team"}]}, []),
    ({"Tag": []}, ALL),
    (
        {"Filter": [{"Key": "CreationStartTime", "Value": "2026-05-29T00:00Z"}]},
        ["i-01", "i-02", "i-03"],
    ),
    (
        {
            "Filter": [
                {"Key": "ExpiredEndTime", "Value": "2026-06-06T00:00Z"},
                {"Key": "CreationEndTime", "Value": "2026-05-30T00:00Z"},
                {"Key": "ExpiredStartTime", "Value": "2026-06-04T00:00Z"},
                {"Key": "ExpiredEndTime", "Value": "2026-06-05T00:00Z"},
            ]
        },
        ["i-03", "i-04"],
    ),
    (
        {
            "Filter": [
                {"Key": "CreationStartTime", "Value": "2026-05-30T00:00Z"},
                {"Key": "CreationEndTime", "Value": "2026-05-01T00:00Z"},
            ]
        },
        [],
    ),
    ({"DryRun": False, "AdditionalAttributes": ["META_OPTIONS"]}, ALL),
    (
        {
            "DeviceAvailable": True,
            "NeedSaleCycle": True,
            "HttpPutResponseHopLimit": 3,
            "OwnerAccount": "x",
            "OwnerId": 1,
            "ResourceOwnerAccount": "x",
            "ResourceOwnerId": 2,
        },
        ALL,
    ),
]


@pytest.mark.parametrize(("params", "found"), PARAMETERS, ids=lambda value: str(value)[:60])
def test_every_parameter_by_the_official_client(client, params, found):
    body = client(**{**REGION, "PageSize": 100, **params})
    assert [item["InstanceId"] for item in items_in(body)] == found
    assert (body["TotalCount"], body["PageNumber"], body["PageSize"]) == (len(found), 1, 100)


def test_pages_by_number(client):
    pages = [items_in(client(**REGION, PageNumber=number)) for number in range(1, 5)]
    assert [len(page) for page in pages] == [10, 10, 5, 0]
    assert [item["InstanceId"] for page in pages for item in page] == ALL
    assert client(**REGION, PageNumber=3, PageSize=7)["PageNumber"] == 3
    assert not client(**REGION)["NextToken"]


def test_pages_by_token_are_one_walk(client, double):
    body = client(**REGION, MaxResults=10)
    assert (body["TotalCount"], body["PageNumber"], body["PageSize"]) == (25, 1, 10)
    double.ecs.discard("i-15")
    double.ecs.put({"InstanceId": "i-new", "RegionId": "cn-hangzhou", "CreationTime": NOW})
    try:
        token = body["NextToken"]
        twice = [client(**REGION, NextToken=token) for _ in range(2)]
        assert items_in(twice[0]) == items_in(twice[1])
        assert [item["InstanceId"] for item in items_in(twice[0])] == ALL[10:20]
        last = client(**REGION, NextToken=twice[0]["NextToken"], MaxResults=100, PageNumber=9)
        assert [item["InstanceId"] for item in items_in(last)] == ALL[20:]
        assert not last["NextToken"]
        assert last["TotalCount"] == 25
    finally:
        double.ecs.discard("i-new")
        double.ecs.put(RECORDS[14])


def test_the_last_page_has_no_token_though_it_is_full(client):
    asked = {**REGION, "InstanceIds": json.dumps(ALL[:20])}
    pages = pages_by_token(client, items_in, **asked, MaxResults=10)
    assert [len(page) for page in pages] == [10, 10]


def test_sizes_by_token_are_corrected(client):
    sizes = ((1, 10), (0, 10), (-5, 10), (-50, 10), (11, 11), (1000, 100), ("9" * 5_000, 100))
    for given, size in sizes:
        assert client(**REGION, MaxResults=given)["PageSize"] == size


REFUSED = [
    ({"RegionId": None}, 400, "MissingParameter", '"RegionId" that is mandatory'),
    ({"Status": "running"}, 404, "InvalidStatus.NotFound", "The specified Status is not found"),
    (
        {"InstanceChargeType": "x"},
        404,
        "InvalidInstanceChargeType.NotFound",
        "The InstanceChargeType does not exist in our records",
    ),
    (
        {"InternetChargeType": "x"},
        404,
        "InvalidInternetChargeType.ValueNotSupported",
        "The specified InternetChargeType is not valid",
    ),
    (
        {"InstanceNetworkType": "VPC"},
        404,
        "InvalidNetworkType.NotFound",
        "The specified InstanceNetworkType is not found",
    ),
    (
        {"LockReason": "x"},
        404,
        "InvalidLockReason.NotFound",
        "The specified LockReason is not found",
    ),
    (
        {"Filter": [{"Key": "x", "Value": "2026-05-29T00:00Z"}]},
        404,
        "InvalidFilterKey.NotFound",
        "The specified parameter Filter.N.Key is not valid.",
    ),
    (
        {"Filter": [{"Key": "CreationEndTime", "Value": "x"}]},
        404,
        "InvalidFilterValue",
        "The specified parameter Filter.N.Value is not valid.",
    ),
    ({"Filter": [{"Key": "CreationEndTime"}]}, 404, "InvalidFilterValue", "Filter.N.Value"),
    (
        {"Tag": [{"Value": "x"}]},
        400,
        "InvalidTag.Mismatch",
        "The specified Tag.n.Key and Tag.n.Value are not match.",
    ),
    (
        {"Tag": [{"Key": f"k{n}"} for n in range(21)]},
        400,
        "InvalidTagCount",
        "The specified tags are beyond the permitted range.",
    ),
    ({"InstanceIds": json.dumps(["i"] * 101)}, 400, "InvalidParameter", "InstanceIds"),
    ({"InstanceIds": "i-01,i-02"}, 400, "InvalidParameter", "InstanceIds"),
    ({"PrivateIpAddresses": "10.0.0.1"}, 400, "InvalidParameter", "PrivateIpAddresses"),
    ({"RdmaIpAddresses": "[1.5]"}, 400, "InvalidParameter", "RdmaIpAddresses"),
    ({"IoOptimized": "yes"}, 400, "InvalidParameter", "IoOptimized"),
    ({"HttpEndpoint": "on"}, 400, "InvalidParameter", "HttpEndpoint"),
    ({"HttpTokens": "none"}, 400, "InvalidParameter", "HttpTokens"),
    ({"PageSize": 0}, 400, "InvalidParameter", "PageSize"),
    ({"PageSize": 101}, 400, "InvalidParameter", "PageSize"),
    ({"PageNumber": 0}, 400, "InvalidParameter", "PageNumber"),
    ({"MaxResults": "abc"}, 400, "InvalidParameter", "MaxResults"),
    ({"NextToken": "x"}, 400, "InvalidNextToken", "The specified NextToken is invalid."),
    ({"DryRun": "x"}, 400, "InvalidParameter", "DryRun"),
    (
        {"DryRun": True},
        400,
        "DryRunOperation",
        "Request validation has been passed with DryRun flag set.",
    ),
    ({"DryRun": True, "Status": "x"}, 404, "InvalidStatus.NotFound", "Status"),
]


@pytest.mark.parametrize(("params", "status", "code", "told"), REFUSED, ids=lambda v: str(v)[:50])
def test_a_refusal_is_the_clients_own_exception(client, params, status, code, told):
    found = client.refusal(**{**REGION, **params})
    assert found[:2] == (status, code)
    assert told in found[2]


def test_a_token_of_other_filters_and_one_that_has_expired(client):
    token = client(**REGION, MaxResults=10)["NextToken"]
    refusal = (400, "InvalidNextToken", "The specified NextToken is invalid.")
    assert client.refusal(**REGION, NextToken=token, Status="Running") == refusal

    leases = Leases(count=1, age=1_000)
    store = Store(ecs.SCHEMA, RECORDS, leases=leases)
    with Double(Served(ecs.describe_instances, store)) as alone:
        other = Official(
            "alibabacloud_ecs20140526",
            "describe_instances",
            "DescribeInstancesRequest",
            alone.endpoint,
        )
        first = other(**REGION, MaxResults=10)["NextToken"]
        store.put(RECORDS[0] | {"Status": "Stopped"})
        other(**REGION, MaxResults=10)
        told = (400, "InvalidNextToken", "The specified NextToken has expired.")
        assert other.refusal(**REGION, NextToken=first) == told


def test_a_dry_run_with_a_token_that_is_wrong_is_refused_for_the_token():
    """A dry run is the last of all checks."""
    store = Store(ecs.SCHEMA, RECORDS, leases=Leases(count=1, age=1_000))

    def code(**params):
        return ecs.describe_instances(store, {**REGION, **params}).body["Code"]

    token = ecs.describe_instances(store, {**REGION, "MaxResults": 10}).body["NextToken"]
    assert code(NextToken=token, DryRun=True) == "DryRunOperation"
    assert code(NextToken=token, DryRun=True, Status="Running") == "InvalidNextToken"
    assert code(NextToken="x", DryRun=True) == "InvalidNextToken"

    store.put(RECORDS[0])
    assert code(MaxResults=10, DryRun=True) == "DryRunOperation"
    assert code(NextToken=token, DryRun=True) == "DryRunOperation"  # a dry run begins no walk
    store.put(RECORDS[0] | {"Status": "Stopped"})
    ecs.describe_instances(store, {**REGION, "MaxResults": 10})
    assert code(NextToken=token, DryRun=True) == "InvalidNextToken"


ARRAYS = {
    "InstanceIds": "i-03",
    "PrivateIpAddresses": "10.0.0.3",
    "InnerIpAddresses": "11.0.0.3",
    "PublicIpAddresses": "47.0.0.3",
    "EipAddresses": "48.0.0.3",
    "RdmaIpAddresses": "12.0.0.3",
}


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_holds_a_hundred_values(client, name):
    hundred = ["gone"] * 99 + [ARRAYS[name]]
    body = client(**REGION, **{name: json.dumps(hundred)})
    assert [item["InstanceId"] for item in items_in(body)] == ["i-03"]
    refused = client.refusal(**REGION, **{name: json.dumps([*hundred, "gone"])})
    assert refused[:2] == (400, "InvalidParameter")
    assert name in refused[2]


@pytest.mark.parametrize("name", [name for name in ARRAYS if name != "RdmaIpAddresses"])
def test_a_bare_value_is_no_array(client, name):
    refused = client.refusal(**REGION, **{name: ARRAYS[name]})
    assert refused[:2] == (400, "InvalidParameter")


VALUES = {
    "Status": "Pending Running Starting Stopping Stopped",
    "InstanceChargeType": "PostPaid PrePaid",
    "InternetChargeType": "PayByBandwidth PayByTraffic",
    "InstanceNetworkType": "vpc classic",
    "LockReason": "financial security Recycling dedicatedhostfinancial refunded",
    "HttpEndpoint": "enabled disabled",
    "HttpTokens": "optional required",
}


@pytest.mark.parametrize("name", VALUES)
def test_every_documented_value_is_taken(name):
    store = Store(ecs.SCHEMA, RECORDS)
    for value in VALUES[name].split():
        assert ecs.describe_instances(store, {**REGION, name: value}).status == 200, value


def test_twenty_tags_are_taken():
    store = Store(ecs.SCHEMA, RECORDS)
    asked = {f"Tag.{number}.Key": "env" for number in range(1, 21)}
    assert ecs.describe_instances(store, {**REGION, **asked}).body["TotalCount"] == 25


def test_a_page_number_fits_64_bits():
    store = Store(ecs.SCHEMA, RECORDS)
    last = ecs.describe_instances(store, {**REGION, "PageNumber": 2**63 - 1})
    assert (items_in(last.body), last.body["TotalCount"]) == ([], 25)
    assert ecs.describe_instances(store, {**REGION, "PageNumber": 2**63}).status == 400


def test_a_refusal_has_the_body_of_the_gateway(double):
    message = "The specified Status is not found"
    body = failure_of_gateway("Ecs", "InvalidStatus.NotFound", message)
    asked = "/?Action=DescribeInstances&Version=2014-05-26&RegionId=r&Status=x"
    assert raw_failure(double, asked) == (404, body)


def test_a_fault_of_ours_is_an_internal_error():
    reply = ecs.describe_instances(object(), REGION)  # which is no store
    assert (reply.status, reply.body["Code"]) == (500, "InternalError")


def test_the_members_are_those_of_the_official_model():
    model = "DescribeInstancesResponseBodyInstancesInstance"
    assert set(MEMBERS) == members_of("alibabacloud_ecs20140526", model)


def whole_item():
    """Make an item with all members, each of them text."""
    item = {}
    for path in MEMBERS:
        *steps, last = path.split(".")
        there = item
        for step in steps:
            there = there.setdefault(step, {})
        there[last] = "x"
    lists = {
        "NetworkInterfaces": "NetworkInterface",
        "OperationLocks": "LockReason",
        "Tags": "Tag",
    }
    for outer, inner in lists.items():
        item[outer][inner] = [item[outer][inner]]
    for sets, one in (
        ("Ipv4PrefixSets", "Ipv4PrefixSet"),
        ("Ipv6PrefixSets", "Ipv6PrefixSet"),
        ("Ipv6Sets", "Ipv6Set"),
        ("PrivateIpSets", "PrivateIpSet"),
    ):
        (interface,) = item["NetworkInterfaces"]["NetworkInterface"]
        interface[sets][one] = [interface[sets][one]]
    for outer in ("InnerIpAddress", "PublicIpAddress", "RdmaIpAddress"):
        item[outer]["IpAddress"] = ["10.0.0.1"]
    item["SecurityGroupIds"]["SecurityGroupId"] = ["sg-1"]
    item["VpcAttributes"]["PrivateIpAddress"]["IpAddress"] = ["10.0.0.1"]
    for time in ("CreationTime", "ExpiredTime", "StartTime", "AutoReleaseTime"):
        item[time] = "2017-12-10T04:04Z"
    return {**item, "InstanceId": "i-whole", "RegionId": "cn-whole"}


def test_an_item_has_all_members_of_the_official_model_and_no_others(client, double):
    whole = whole_item()
    more = {**whole, "Other": 1, "VpcAttributes": {**whole["VpcAttributes"], "Other": 1}}
    double.ecs.put({**more, "CreationTime": "2017-12-10T12:04:59.999+08:00"})
    (item,) = items_in(client(RegionId="cn-whole"))
    double.ecs.discard("i-whole")
    assert item == whole


def test_times_are_to_the_minute_and_blank_where_there_are_none(client):
    (item,) = items_in(client(RegionId="cn-beijing"))
    blank = dict.fromkeys(("CreationTime", "ExpiredTime", "StartTime", "AutoReleaseTime"), "")
    assert item == {"InstanceId": "i-far", "RegionId": "cn-beijing", **blank}
    (item,) = items_in(client(**REGION, InstanceIds='["i-01"]'))
    assert item["CreationTime"] == "2026-05-31T00:00Z"


def test_python_gives_lists_and_bools():
    store = Store(ecs.SCHEMA, RECORDS)
    asked = {**REGION, "InstanceIds": ["i-01"], "IoOptimized": True, "Tag": [{"Key": "env"}]}
    body = ecs.describe_instances(store, asked).body
    assert [item["InstanceId"] for item in items_in(body)] == ["i-01"]
    assert ecs.describe_instances(store, {**REGION, "InstanceIds": []}).body["TotalCount"] == 0
    assert ecs.describe_instances(store, {**REGION, "Tag": []}).body["TotalCount"] == 25


def test_deprecated_spellings_of_tags_count_after_their_own():
    store = Store(ecs.SCHEMA, RECORDS)

    def total(**tags):
        asked = {**REGION, **{name.replace("_", "."): value for name, value in tags.items()}}
        return ecs.describe_instances(store, asked).body["TotalCount"]

    assert total(Tag_1_key="env", Tag_1_value="test") == 16
    assert total(Tag_1_key="env", Tag_1_Value="prod") == 9
    assert total(Tag_1_key="gone", Tag_1_Key="env") == 25
    assert total(Tag_1_Key="env", Tag_1_key="gone") == 25
    assert total(Tag_1_KEY="gone") == 25


def test_a_hook_of_the_host_may_refuse_a_cluster():
    table = ecs.describe_instances.errors
    for code, what in (("NotFound", "not found"), ("Creating", "creating")):
        fault = table[f"InvalidHpcClusterId.{code}"]
        told = f"The specified HpcClusterId is {what}."
        assert (fault.status, fault.message) == (400, told)
