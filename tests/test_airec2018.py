"""Airec ListInstance of 2018-10-12: the official client, and a naive reading."""

from datetime import timedelta

import pytest

import naive_airec2018
from asking import NOW, outcomes_of, sampled, written
from instquery import Store
from instquery.apis import airec2018
from instquery.testing import Double
from official import Official, members_of, raw_failure


def items_in(body):
    return body["Result"]


def instance(random, number):
    """Make up a record, with all that can be asked for."""
    made = {
        "InstanceId": f"airec-{number:02}",
        "Name": random.choice(["推荐 1", "Feed", "ＦＥＥＤ-2", "news"]),
        "Status": random.choice(["Running", "Ready", "Starting", "Stopped"]),
        "GmtCreate": written(random),
        "ExpiredTime": random.choice([written(random), written(random), ""]),
        "Scene": "feed",
    }
    for name in random.sample([*made][1:], random.choice((0, 0, 2))):
        del made[name]
    return made


def seconds(days):
    return str(int((NOW + timedelta(days=days)).timestamp()))


# The values that stand first are right.
CHOICES = {
    "Status": ["Running", "Ready", "Starting", "Stopped", "running"],
    "Name": ["feed", "推", "W", "none"],
    "ExpiredTime": [seconds(2), seconds(3), seconds(9), seconds(-9), "x", "1780000000000"],
    "page": ["1", 2, "3", "0", "x"],
    "size": ["3", 20, "50", "0", "51"],
    "InstanceId": ["airec-01"],
    "status": ["Running"],
}


@pytest.mark.long
def test_random_requests_agree_with_a_naive_reading(tries):
    count = tries(2_000, quick=500)

    def some_request(random):
        return sampled(random, CHOICES)

    naive = naive_airec2018.answer
    outcomes = outcomes_of("airec2018", naive, items_in, instance, some_request, count)
    assert len(outcomes) == count
    assert set(outcomes) == {"page", "ValidationError"}
    assert outcomes.count("page") > count / 2


RECORDS = [
    {
        "InstanceId": f"airec-{number:02}",
        "Name": f"推荐 Feed {number}",
        "Status": "Running" if number % 3 else "Ready",
        "GmtCreate": (NOW - timedelta(days=number)).isoformat(),
        "ExpiredTime": (NOW + timedelta(days=number)).isoformat(),
    }
    for number in range(1, 26)
]
ALL = [f"airec-{number:02}" for number in range(1, 26)]


@pytest.fixture(scope="module")
def double():
    with Double() as double:
        double.set_clock(NOW)
        double.airec2018.put_many(RECORDS)
        double.airec.put({"instanceId": "today's"})
        yield double


@pytest.fixture(scope="module")
def client(double):
    package = "alibabacloud_airec20181012"
    return Official(package, "list_instance", "ListInstanceRequest", double.endpoint)


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, ALL),
        ({"Status": "Ready"}, ALL[2::3]),
        ({"Status": "Starting"}, []),
        ({"Name": "ｆｅｅｄ 2"}, [one for one in ALL if one[-2:] == "02" or one[-2] == "2"]),
        ({"ExpiredTime": seconds(3)}, ALL[:3]),
        ({"Status": "Running", "Name": "推荐", "ExpiredTime": seconds(4)}, [*ALL[:2], ALL[3]]),
    ],
    ids=str,
)
def test_every_parameter_by_the_official_client(client, params, found):
    body = client(**params, size=50)
    assert [item["InstanceId"] for item in items_in(body)] == found
    assert (body["Code"], body["Message"]) == ("", "")
    assert set(body) == {"RequestId", "Code", "Message", "Result"}


def test_pages_by_number(client):
    pages = [items_in(client(page=number)) for number in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [10, 10, 5, 0]
    assert [item["InstanceId"] for page in pages for item in page] == ALL


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"page": 0}, "page is not valid: it must be an integer from 1."),
        ({"size": 51}, "size is not valid: it must be an integer from 1 to 50."),
        ({"size": 0}, "size is not valid"),
        ({"Status": "Stopped"}, "Status is not valid: it must be one of Initializing, Ready,"),
        ({"ExpiredTime": seconds(0)}, "ExpiredTime is not valid: it must be later than now."),
        ({"ExpiredTime": "1780000000000"}, "13 digits are milliseconds"),
    ],
    ids=str,
)
def test_a_refusal_is_the_clients_own_exception(client, params, told):
    status, code, message = client.refusal(**params)
    assert (status, code) == (400, "ValidationError")
    assert told in message


def test_an_item_has_all_members_of_the_official_model_and_no_others(client, double):
    members = airec2018.list_instance.envelope.members
    whole = dict.fromkeys(members, "x")
    whole |= dict.fromkeys(("GmtCreate", "GmtModified", "ExpiredTime"), "2030-01-01T00:00:00.123Z")
    double.airec2018.put({**whole, "Name": "the whole", "Other": 1})
    (item,) = items_in(client(Name="THE WHOLE"))
    double.airec2018.discard("x")
    assert item == {**whole, "Name": "the whole"}
    assert set(members) == members_of(
        "alibabacloud_airec20181012", "ListInstanceResponseBodyResult"
    )


@pytest.mark.parametrize("name", ["GmtCreate", "GmtModified", "ExpiredTime"])
def test_times_are_to_the_millisecond_and_left_out_where_there_are_none(name):
    def item_of(record):
        store = Store(airec2018.SCHEMA, [{"InstanceId": "a", **record}])
        (item,) = items_in(airec2018.list_instance(store, {}).body)
        return item

    written = {"InstanceId": "a", name: "2030-01-01T00:00:00.123Z"}
    assert item_of({name: "2030-01-01T08:00:00.123999+08:00"}) == written
    assert item_of({name: ""}) == item_of({}) == {"InstanceId": "a"}


def test_a_refusal_has_both_casings_and_an_empty_list(double):
    message = "The specified parameter page is not valid: it must be an integer from 1."
    told = {"Code": "ValidationError", "Message": message}
    body = {**told, **{name.lower(): text for name, text in told.items()}, "Result": []}
    assert raw_failure(double, "/openapi/instances?page=0&Version=2018-10-12") == (400, body)


def test_a_fault_of_ours_is_no_fault_of_the_caller():
    reply = airec2018.list_instance(object(), {})  # which is no store
    assert (reply.status, reply.body["Code"]) == (500, "InternalServerError")
