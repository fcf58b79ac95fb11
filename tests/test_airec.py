"""ListInstance: the document's rules as data, with each point that it leaves open."""

import logging
import re
from datetime import UTC, datetime

import pytest

from instquery import Contains, Eq, Range, Store
from instquery.apis import airec

pytestmark = pytest.mark.usefixtures("engine")
NOW = datetime(2019, 1, 1, tzinfo=UTC)
SAMPLE = {
    "regionId": "cn-beijing",
    "type": "Standard",
    "lockMode": "Unlock",
    "expiredTime": "2019-01-06T16:00:00.000Z",
    "status": "Running",
    "gmtCreate": "2018-12-06T06:14:01.000Z",
    "chargeType": "PrePaid",
    "industry": "news",
    "commodityCode": "airecpre",
    "gmtModified": "2018-12-06T11:17:49.000Z",
    "dataSetVersion": "20181206170353",
    "name": "实例1",
    "instanceId": "airec-cn-****",
}
OTHERS = [
    {
        "instanceId": "airec-cn-b",
        "name": "ＰＲＯＤ-Straße",
        "status": "Ready",
        "gmtCreate": "2018-12-06T06:14:01Z",
    },
    {
        "instanceId": "airec-cn-a",
        "name": "100%_[x]",
        "status": "Starting",
        "gmtCreate": "2018-12-06T14:14:01+08:00",
    },
    {
        "instanceId": "airec-cn-c",
        "status": "Running",
        "gmtCreate": None,
        "expiredTime": "2019-01-01T00:00:00.000001Z",
    },
    {
        "instanceId": "airec-cn-d",
        "gmtCreate": "2999-09-08T16:00:00Z",
        "expiredTime": "2019-01-01T00:00:00Z",
    },
]


@pytest.fixture(scope="module")
def instances(engine):
    return Store(airec.SCHEMA, [SAMPLE, *OTHERS])


def ids(reply):
    assert reply.status == 200, reply
    return [item["instanceId"][-1] for item in reply.body["result"]]


def test_the_documents_sample_comes_back_as_it_is(instances):
    reply = airec.list_instance(instances, {"name": "实例1", "status": "Running"}, now=NOW)
    assert reply.body["result"] == [SAMPLE]
    assert (reply.body["code"], reply.body["message"]) == ("", "")
    assert set(reply.body) == {"requestId", "code", "message", "result"}


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, "d*abc"),  # newest first, ties by ID, without a creation time last
        (None, "d*abc"),
        ({"page": "2", "size": "2"}, "ab"),
        ({"page": 3, "size": 2}, "c"),
        ({"page": 4, "size": 2}, ""),  # past the end
        ({"page": str(2**63 - 1), "size": "50"}, ""),
        ({"status": "Ready"}, "b"),
        ({"status": "Starting"}, "a"),
        ({"status": "", "name": None}, "d*abc"),  # empty is as if absent
        ({"name": "prod"}, "b"),
        ({"name": "STRASSE"}, "b"),
        ({"name": "%"}, "a"),  # every character is literal
        ({"name": "_["}, "a"),
        ({"name": "*"}, ""),
        ({"name": "例"}, "*"),
        ({"name": 100}, "a"),
        ({"instanceId": "****"}, "*"),
        ({"instanceId": "CN-A"}, "a"),
        ({"instanceId": "airec", "status": "Running"}, "*c"),  # ANDed
        ({"expiredTime": "1546300801"}, "c"),  # after now (not at it), up to the value
        ({"expiredTime": 1546790400}, "*c"),
        ({"expiredTime": "1546790399"}, "c"),
        ({"expiredTime": datetime(2019, 1, 7, tzinfo=UTC)}, "*c"),
        (
            {"RegionId": "cn-nowhere", "Action": "ListInstance", "regionId": "x", 5: "y"},
            "d*abc",
        ),  # unknown: ignored
    ],
)
def test_answers(instances, params, found):
    assert "".join(ids(airec.list_instance(instances, params, now=NOW))) == found


@pytest.mark.parametrize(
    ("parameter", "value", "said"),
    [
        ("page", "0", "must be an integer from 1"),
        ("page", "-1", "must be an integer"),
        ("page", "1.0", "must be an integer"),
        ("page", " 1", "must be an integer"),
        ("page", "１", "must be an integer"),
        ("page", 2**63, "must be an integer"),
        ("page", "9" * 10_000, "must be an integer"),
        pytest.param("page", 10**5000, "must be text", id="a number of 5001 digits"),
        ("page", True, "must be text"),
        ("page", 1.0, "must be text"),
        ("size", "51", "must be an integer from 1 to 50"),
        ("size", 0, "must be an integer from 1 to 50"),
        ("status", "running", "must be one of Initializing, Ready, Running, Starting"),
        ("status", "Running ", "must be one of"),
        ("status", ["Running"], "must be text"),
        ("name", b"x", "must be text"),
        ("name", {"a": 1}, "must be text"),
        ("expiredTime", "1546300800", "must be later than now"),
        ("expiredTime", "0", "must be later than now"),
        ("expiredTime", "1546790400000", "13 digits are milliseconds"),
        ("expiredTime", "253402300800", "before the year 10000"),
        ("expiredTime", "9" * 5000, "before the year 10000"),
        ("expiredTime", "-5", "digits only"),
        ("expiredTime", "1546790400.5", "digits only"),
        ("expiredTime", "٣", "digits only"),
        ("expiredTime", "2019-01-06T16:00:00Z", "digits only"),
    ],
)
def test_what_breaks_a_rule_is_refused_by_name(instances, parameter, value, said):
    reply = airec.list_instance(instances, {parameter: value}, now=NOW)
    assert reply.status == 400
    assert reply.body["code"] == "ValidationError"
    assert reply.body["result"] == []
    assert f" {parameter} " in reply.body["message"]
    assert said in reply.body["message"]


def test_times_are_written_to_the_millisecond_and_members_left_out(instances):
    reply = airec.list_instance(instances, {"instanceId": "airec-cn-c"}, now=NOW)
    assert reply.body["result"] == [
        {"expiredTime": "2019-01-01T00:00:00.000Z", "status": "Running", "instanceId": "airec-cn-c"}
    ]
    reply = airec.list_instance(instances, {"instanceId": "airec-cn-a"}, now=NOW)
    assert reply.body["result"][0]["gmtCreate"] == "2018-12-06T06:14:01.000Z"


@pytest.mark.parametrize(
    "written",
    ["2018-W49-4T06:14:01.000Z", "2018-12-05T24:00:00.000Z", "2018-12-06 06:14:01.000Z", NOW],
)
def test_a_time_in_any_form_is_written_in_the_documents(written):
    store = Store(airec.SCHEMA, [{"instanceId": "a", "gmtCreate": written}])
    item = airec.list_instance(store, {}, now=NOW).body["result"][0]
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}T[0-2]\d:\d{2}:\d{2}\.\d{3}Z", item["gmtCreate"])
    assert "W" not in item["gmtCreate"]
    assert "T24" not in item["gmtCreate"]


def test_extra_members_are_kept_but_are_no_part_of_an_item():
    store = Store(airec.SCHEMA, [{"instanceId": "a", "tags": ["x"]}])
    assert store.get("a")["tags"] == ["x"]
    assert airec.list_instance(store).body["result"] == [{"instanceId": "a"}]


def test_request_ids_are_fresh_upper_case_guids_unless_given(instances):
    guid = re.compile("[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}")
    replies = [airec.list_instance(instances, {"size": size}) for size in ("1", "1", "bad")]
    assert all(guid.fullmatch(reply.body["requestId"]) for reply in replies)
    assert len({reply.body["requestId"] for reply in replies}) == 3
    assert airec.list_instance(instances, request_id="R-1").body["requestId"] == "R-1"


def test_a_fault_of_ours_is_told_without_its_cause(caplog):
    class Broken:
        def page(self, query):
            raise RuntimeError("the secret of the house")

    with caplog.at_level(logging.ERROR):
        reply = airec.list_instance(Broken(), {}, request_id="R-2")
    assert reply.status == 500
    assert reply.body == {
        "requestId": "R-2",
        "code": "InternalServerError",
        "message": "An internal server error occurred",
        "result": [],
    }
    assert "the secret of the house" in caplog.text
    assert "R-2" in caplog.text


def test_the_request_as_a_query():
    query = airec.list_instance.query(
        {"status": "Ready", "name": "x", "page": 3, "expiredTime": "1546790400"}, now=NOW
    )
    assert set(query.where) == {
        Eq("status", "Ready"),
        Contains("name", "x"),
        Range("expiredTime", after=NOW, until="2019-01-06T16:00:00Z"),
    }
    assert (query.offset, query.limit, query.total) == (20, 10, False)


def test_the_clock_is_read_once_a_request_that_brings_no_moment():
    from dataclasses import replace  # noqa: PLC0415

    moments = iter([NOW, datetime(2020, 1, 1, tzinfo=UTC)])
    operation = replace(airec.list_instance, clock=lambda: next(moments))
    store = Store(airec.SCHEMA, [SAMPLE])
    assert ids(operation(store, {"expiredTime": "1600000000"})) == ["*"]
    assert ids(operation(store, {"expiredTime": "1600000000"})) == []
    with pytest.raises(StopIteration):
        next(moments)


@pytest.mark.memory
def test_a_snapshot_answers_too(instances):
    assert ids(airec.list_instance(instances.snapshot(), {"status": "Ready"})) == ["b"]


def test_facts_that_the_operation_does_not_take_are_the_hosts_mistake(instances):
    with pytest.raises(TypeError, match="ListInstance takes no caller"):
        airec.list_instance(instances, {}, caller="x")
