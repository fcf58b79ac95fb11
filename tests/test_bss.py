"""QueryAvailableInstances: the document's rules and error table as data.

Callers and the catalogue are among them.
"""

import logging
from collections.abc import Mapping

import pytest

from instquery import InstqueryError, Store
from instquery.apis import bss
from instquery.apis.operation import Refusal

pytestmark = pytest.mark.usefixtures("engine")

# The five items of the document's sample, as it shows them.
SAMPLE = [
    {
        "Status": "Creating",
        "SubStatus": "Normal",
        "SubscriptionType": "Subscription",
        "RenewStatus": "ManualRenewal",
        "InstanceID": instance,
        "ProductCode": "flowpack",
        "CreateTime": "2999-09-08T16:00:00Z",
        "OwnerId": owner,
        "EndTime": end,
        "Seller": "26888",
    }
    for instance, owner, end in [
        ("IFP-ji2gzgi11", "181****", "2016-11-07T16:00:00Z"),
        ("IFP-6dyrcqrq1", "181****", "2016-11-07T16:00:00Z"),
        ("IFP-ne1nt5uw1", "1812171928621610", "2016-11-07T16:00:00Z"),
        ("IFP-vj5ry82x1", "1812171928621610", "2016-11-07T16:00:00Z"),
        ("IFP-e6oupf251", "1812171928621610", "2016-11-10T16:00:00Z"),
    ]
]
OTHER = {
    "InstanceID": "i-1",
    "OwnerID": 42,  # as the document's table spells it, and a number
    "ProductCode": "ecs",
    "ProductType": "ecs",
    "SubscriptionType": "PayAsYouGo",
    "Region": "cn-beijing",
    "CreateTime": "2016-05-23T12:00:00.900Z",
    "RenewalDuration": 1,
    "unknown": "extra",
}
MESSAGES = {
    "NotApplicable": "This API is not applicable for caller.",
    "MissingParameter": "The specified parameter xx is mandatory for this request.",
    "InvalidParameter": "The specified parameter xx is not valid.",
    "InvalidModuleCode": "The specified moduleCode is not valid.",
    "InvalidConfigCode": "The specified configCode is not valid.",
    "InvalidOwner": "The specified owner doesn’t belong to caller.",
    "InvalidCaller": "The specified caller doesn’t exists.",
    "InternalError": (
        "The request processing has failed due to some unknown error, exception or failure."
    ),
    "ProductNotFind": "Can not find inquired product, it may not exist.",
}


@pytest.fixture(scope="module")
def store(engine):
    return Store(bss.SCHEMA, [*SAMPLE, OTHER])


def ask(store, params=None, **host):
    return bss.query_available_instances(store, params, now="2026-01-01", **host)


def refused(reply, code, parameter=""):
    assert set(reply.body) == {"RequestId", "Success", "Code", "Message"}
    assert (reply.status, reply.body["Success"], reply.body["Code"]) == (400, False, code)
    assert reply.body["Message"] == MESSAGES[code].replace("xx", parameter)


def test_the_documents_sample(store):
    reply = ask(store, {"ProductCode": "flowpack", "PageSize": "20"})
    data = reply.body.pop("Data")
    reply.body.pop("RequestId")
    assert reply.body == {"Success": True, "Code": "Success", "Message": "Successful!"}
    assert (data["PageNum"], data["PageSize"], data["TotalCount"]) == (1, 20, 5)
    by_id = sorted(SAMPLE, key=lambda item: item["InstanceID"])  # all were created in one second
    assert data["InstanceList"] == by_id


def test_owners_numbers_times_and_extra_members(store):
    (item,) = ask(store, {"OwnerId": "42"}).body["Data"]["InstanceList"]
    assert item == {
        "OwnerId": "42",
        "ProductCode": "ecs",
        "ProductType": "ecs",
        "SubscriptionType": "PayAsYouGo",
        "InstanceID": "i-1",
        "Region": "cn-beijing",
        "CreateTime": "2016-05-23T12:00:00Z",
        "RenewalDuration": 1,
    }


@pytest.mark.parametrize(
    ("params", "total"),
    [
        (None, 6),
        ({"Action": "QueryAvailableInstances", "RegionId": "cn-nowhere"}, 6),
        ({"ProductCode": "FLOWPACK"}, 0),  # exact
        ({"ProductType": "ecs"}, 1),
        ({"Region": "cn-beijing", "ProductCode": "ecs"}, 1),
        ({"SubscriptionType": "PayAsYouGo"}, 1),
        ({"RenewStatus": "ManualRenewal"}, 5),
        ({"RenewStatus": "AutoRenewal"}, 0),
        ({"OwnerId": "181****"}, 2),
        ({"OwnerId": "181"}, 0),
        ({"InstanceIDs": "i-1"}, 1),
        ({"InstanceIDs": " i-1 , IFP-e6oupf251,,i-1,gone "}, 2),
        ({"InstanceIDs": ",".join(["i-1"] * 500)}, 1),  # repeats do not count
        ({"InstanceIDs": ",".join(f"i-{n}" for n in range(100))}, 1),
        ({"InstanceIDs": "i-1", "ProductCode": "flowpack"}, 0),
        (
            {"EndTimeStart": "2016-11-07T16:00:00Z", "EndTimeEnd": "2016-11-07T16:00:00Z"},
            4,
        ),  # both ends included
        ({"EndTimeStart": "2016-11-07T16:00:01Z"}, 1),
        ({"EndTimeEnd": "2016-11-08T00:00:00+08:00"}, 4),
        ({"EndTimeEnd": "2016-11-07T15:59:59.999999Z"}, 0),
        (
            {
                "CreateTimeStart": "2016-05-23T12:00:00Z",
                "CreateTimeEnd": "2016-05-23T12:00:00.900Z",
            },
            1,
        ),
        ({"CreateTimeEnd": "2016-05-23T12:00:00Z"}, 0),
        ({"CreateTimeStart": "2999-01-01"}, 5),
    ],
)
def test_totals(store, params, total):
    reply = ask(store, params)
    assert reply.status == 200, reply
    assert reply.body["Data"]["TotalCount"] == total
    assert len(reply.body["Data"]["InstanceList"]) == total


def test_totals_are_of_all_pages_and_pages_past_the_end_are_empty(store):
    seen = []
    for number in range(1, 5):
        data = ask(store, {"PageNum": number, "PageSize": 2}).body["Data"]
        assert (data["PageNum"], data["PageSize"], data["TotalCount"]) == (number, 2, 6)
        seen += [item["InstanceID"] for item in data["InstanceList"]]
    assert len(seen) == len(set(seen)) == 6
    assert ask(store, {"PageNum": 2**63 - 1, "PageSize": 300}).body["Data"]["InstanceList"] == []


@pytest.mark.parametrize(
    ("params", "parameter"),
    [
        ({"PageNum": "0"}, "PageNum"),
        ({"PageSize": "301"}, "PageSize"),
        ({"SubscriptionType": "subscription"}, "SubscriptionType"),
        ({"RenewStatus": "Never"}, "RenewStatus"),
        ({"InstanceIDs": ",".join(f"i-{n}" for n in range(101))}, "InstanceIDs"),
        ({"InstanceIDs": " , "}, "InstanceIDs"),
        ({"EndTimeStart": "tomorrow"}, "EndTimeStart"),
        ({"EndTimeEnd": "1608533404"}, "EndTimeEnd"),
        ({"CreateTimeStart": 1608533404}, "CreateTimeStart"),
        ({"CreateTimeEnd": "2016-13-01"}, "CreateTimeEnd"),
        ({"EndTimeStart": "2016-01-02", "EndTimeEnd": "2016-01-01"}, "EndTimeStart"),
        (
            {"CreateTimeStart": "2016-01-01T00:00:00.000001Z", "CreateTimeEnd": "2016-01-01"},
            "CreateTimeStart",
        ),
        ({"OwnerId": 1.5}, "OwnerId"),
        ({"Region": ["cn-beijing"], "ProductCode": "ecs"}, "Region"),
    ],
)
def test_what_breaks_a_rule_is_refused_by_name(store, params, parameter):
    refused(ask(store, params), "InvalidParameter", parameter)


def test_a_region_needs_a_product(store):
    refused(ask(store, {"Region": "cn-beijing"}), "MissingParameter", "ProductCode")


def test_products_are_checked_against_a_catalogue_only_if_there_is_one(store):
    assert ask(store, {"ProductCode": "warp"}).body["Data"]["TotalCount"] == 0
    assert ask(store, {"ProductCode": "ecs"}, products={"ecs"}).body["Data"]["TotalCount"] == 1
    refused(ask(store, {"ProductCode": "warp"}, products={"ecs"}), "ProductNotFind")


OWNER, RESELLER, DISTRIBUTOR = "1812171928621610", "1001", "1002"
DIRECTORY = bss.Directory(
    {
        OWNER: bss.Caller(),
        RESELLER: bss.Caller(role="reseller", customers={"42", OWNER}),
        DISTRIBUTOR: bss.Caller(role="distributor", customers=["181****"]),
        "1003": bss.Caller(applicable=False),
        "1004": bss.Caller(customers={"42"}),
    }
)


@pytest.mark.parametrize(
    ("caller", "params", "outcome"),
    [
        (OWNER, {}, 3),  # its own alone, the masked ones belong to nobody known
        (OWNER, {"OwnerId": OWNER}, 3),
        (OWNER, {"OwnerId": "42"}, "InvalidOwner"),
        (
            OWNER,
            {"InstanceIDs": "i-1,IFP-ji2gzgi11"},
            0,
        ),  # nobody sees or counts a stranger's record
        (OWNER, {"InstanceIDs": "i-1", "OwnerId": "181****"}, "InvalidOwner"),
        (RESELLER, {}, "MissingParameter"),
        (RESELLER, {"OwnerId": ""}, "MissingParameter"),
        (RESELLER, {"OwnerId": "42"}, 1),
        (RESELLER, {"OwnerId": OWNER}, 3),
        (RESELLER, {"OwnerId": RESELLER}, 0),
        (RESELLER, {"OwnerId": "181****"}, "InvalidOwner"),
        (DISTRIBUTOR, {"PageSize": 1}, "MissingParameter"),
        (DISTRIBUTOR, {"OwnerId": "181****"}, 2),
        ("1003", {}, "NotApplicable"),
        ("1004", {}, 0),
        ("1004", {"OwnerId": "42"}, 1),
        ("9999", {}, "InvalidCaller"),
        ("", {"OwnerId": OWNER}, "InvalidCaller"),
        (None, {"OwnerId": OWNER}, "InvalidCaller"),
    ],
)
def test_callers_see_what_is_theirs(store, caller, params, outcome):
    reply = ask(store, params, caller=caller, directory=DIRECTORY)
    if isinstance(outcome, str):
        refused(reply, outcome, "OwnerId")
    else:
        assert (
            reply.body["Data"]["TotalCount"] == outcome == len(reply.body["Data"]["InstanceList"])
        )


def test_without_a_directory_every_record_is_visible_to_any_caller(store):
    assert ask(store, {}, caller="9999").body["Data"]["TotalCount"] == 6


@pytest.mark.parametrize(
    ("role", "customers", "field"), [("king", (), "role"), ("owner", "42", "customers")]
)
def test_an_account_is_checked(role, customers, field):
    with pytest.raises(InstqueryError) as caught:
        bss.Caller(role, customers)
    assert caught.value.field == field


class Hook(Mapping):
    """A host's own directory, which does something else."""

    def __init__(self, error):
        self.error = error

    def __getitem__(self, key):
        raise self.error

    __iter__ = __len__ = None


@pytest.mark.parametrize("code", ["InvalidModuleCode", "InvalidConfigCode", "NotApplicable"])
def test_a_hosts_hook_may_refuse_with_any_code_of_the_table(store, code):
    refused(ask(store, {}, caller="x", directory=Hook(Refusal(code))), code)


@pytest.mark.parametrize("error", [RuntimeError("a secret"), Refusal("NoSuchCode")])
def test_a_fault_of_a_hook_is_an_internal_error_with_its_cause_in_the_log(store, error, caplog):
    with caplog.at_level(logging.ERROR):
        reply = ask(store, {}, caller="x", directory=Hook(error), request_id="R-7")
    assert (reply.status, reply.body["Code"]) == (500, "InternalError")
    assert reply.body["Message"] == MESSAGES["InternalError"]
    assert "R-7" in caplog.text
    assert ("a secret" if isinstance(error, RuntimeError) else "NoSuchCode") in caplog.text


def test_the_error_table_is_the_documents():
    table = bss.query_available_instances.errors
    assert {
        code: fault.message.replace("{parameter}", "xx") for code, fault in table.items()
    } == MESSAGES
