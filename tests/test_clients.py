"""The official Python clients, unmodified: they cannot tell the application from the service."""

import asyncio
import json

import pytest
from alibabacloud_airec20201126 import models as airec_models
from alibabacloud_airec20201126.client import Client as AirecClient
from alibabacloud_bssopenapi20171214 import models as bss_models
from alibabacloud_bssopenapi20171214.client import Client as BssClient
from alibabacloud_tea_openapi.models import Config
from aliyunsdkairec.request.v20201126.ListInstanceRequest import ListInstanceRequest
from aliyunsdkbssopenapi.request.v20171214.QueryAvailableInstancesRequest import (
    QueryAvailableInstancesRequest,
)
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from darabonba.exceptions import DaraException
from Tea.exceptions import TeaException

from instquery.apis import airec, bss
from instquery.apis.catalog import CATALOG
from instquery.asgi import AccessKey, Keys
from instquery.testing import Double

NOW = "2026-06-01T00:00:00Z"
KEYS = Keys({"AK": AccessKey("the secret", caller="1001"), "OTHER": AccessKey("another secret")})
EVERY = {
    "airec": {
        "status": "Running",
        "name": "推荐",
        "instanceId": "airec",
        "expiredTime": "1800000000",
        "size": "3",
        "page": "2",
    },
    "bss": {
        "ProductCode": "ecs",
        "ProductType": "ecs",
        "Region": "cn-hangzhou",
        "SubscriptionType": "Subscription",
        "RenewStatus": "ManualRenewal",
        "EndTimeStart": "2020-01-01T00:00:00Z",
        "EndTimeEnd": "2099-01-01T00:00:00Z",
        "CreateTimeStart": "2020-01-01T00:00:00Z",
        "CreateTimeEnd": "2099-01-01T00:00:00Z",
        "PageNum": "1",
        "PageSize": "2",
    },
}


class Refused(Exception):
    """The typed exception of a client."""

    def __init__(self, code, message, request_id):
        super().__init__(code)
        self.code, self.message, self.request_id = code, message, request_id


def tea(double, api, params, key, *, signature=None, is_async=False):
    """Ask with today's client, which signs with ACS3 or, as version 2, the older ways."""
    options = {"signature_version": signature} if signature else {}
    config = Config(
        access_key_id=key[0],
        access_key_secret=key[1],
        endpoint=double.endpoint,
        protocol="http",
        **options,
    )
    if api == "airec":
        client, request = AirecClient(config), airec_models.ListInstanceRequest().from_map(params)
        ask = client.list_instance_async if is_async else client.list_instance
    else:
        client, request = (
            BssClient(config),
            bss_models.QueryAvailableInstancesRequest().from_map(params),
        )
        ask = (
            client.query_available_instances_async if is_async else client.query_available_instances
        )
    try:
        reply = asyncio.run(ask(request)) if is_async else ask(request)
    except (TeaException, DaraException) as error:
        found = getattr(error, "request_id", None) or error.data["RequestId"]
        raise Refused(error.code, error.message, found) from error
    return reply.body.to_map()


def core(double, api, params, key):
    """Ask with the older client."""
    request = ListInstanceRequest() if api == "airec" else QueryAvailableInstancesRequest()
    request.set_endpoint(double.endpoint)
    request.set_protocol_type("http")
    for name, value in params.items():
        request.add_query_param(name, value)
    try:
        return json.loads(AcsClient(*key, "cn-hangzhou").do_action_with_exception(request))
    except ServerException as error:
        raise Refused(
            error.get_error_code(), error.get_error_msg(), error.get_request_id()
        ) from error


CLIENTS = {
    "ACS3": tea,
    "ACS3, async": lambda *asked: tea(*asked, is_async=True),
    "version 2": lambda *asked: tea(*asked, signature="v2"),
    "version 2, async": lambda *asked: tea(*asked, signature="v2", is_async=True),
    "core": core,
}
every_client = pytest.mark.parametrize("client", CLIENTS)
both_apis = pytest.mark.parametrize("api", ["airec", "bss"])
RECORDS = {"airec": list(CATALOG["airec"].samples(300)), "bss": list(CATALOG["bss"].samples(300))}
OPERATIONS = {"airec": airec.list_instance, "bss": bss.query_available_instances}


@pytest.fixture(scope="module", params=[None, KEYS], ids=["open", "signed"])
def double(request):
    with Double(keys=request.param) as double:
        double.set_clock(NOW)
        double.airec.put_many(RECORDS["airec"])
        double.bss.put_many(RECORDS["bss"])
        yield double


def without_identity(body):
    return {name: value for name, value in body.items() if name.lower() != "requestid"}


@every_client
@both_apis
def test_every_parameter_reaches_the_operation(double, client, api):
    store = getattr(double, api)
    asked = [
        {},
        EVERY[api],
        *({name: value} for name, value in EVERY[api].items() if name != "Region"),
    ]
    if api == "bss":
        asked.append(
            {"InstanceIDs": ", ".join(record["InstanceID"] for record in RECORDS["bss"][:7])}
        )
        asked.append({"OwnerId": RECORDS["bss"][0]["OwnerId"]})
    totals = set()
    for params in asked:
        body = CLIENTS[client](double, api, params, ("AK", "the secret"))
        assert without_identity(body) == without_identity(
            OPERATIONS[api](store, params, now=NOW).body
        )
        totals.add(body["Data"]["TotalCount"] if api == "bss" else len(body["result"]))
    assert len(totals) > 1


@every_client
@both_apis
def test_paging_through_everything_finds_each_once(double, client, api):
    found, number = [], 1
    while True:
        params = (
            {"page": str(number), "size": "50"}
            if api == "airec"
            else {"PageNum": str(number), "PageSize": "50"}
        )
        body = CLIENTS[client](double, api, params, ("AK", "the secret"))
        items = body["result"] if api == "airec" else body["Data"]["InstanceList"]
        if not items:
            break
        found += [item["instanceId" if api == "airec" else "InstanceID"] for item in items]
        number += 1
    store = getattr(double, api)
    assert found == [record[store.schema.key] for record in store]


@every_client
@pytest.mark.parametrize(
    ("api", "params", "code"),
    [
        ("airec", {"size": "51"}, "ValidationError"),
        ("airec", {"status": "运行中"}, "ValidationError"),
        ("airec", {"expiredTime": "1"}, "ValidationError"),
        ("bss", {"Region": "cn-hangzhou"}, "MissingParameter"),
        ("bss", {"PageSize": "301"}, "InvalidParameter"),
    ],
)
def test_a_refusal_is_the_clients_own_exception(double, client, api, params, code):
    with pytest.raises(Refused) as caught:
        CLIENTS[client](double, api, params, ("AK", "the secret"))
    message = OPERATIONS[api](getattr(double, api), params, now=NOW).body
    assert caught.value.code == code
    assert message.get("message", message.get("Message")) in caught.value.message
    assert len(caught.value.request_id) == 36


@every_client
@both_apis
def test_a_wrong_secret_and_an_unknown_key_are_refused(client, api):
    with Double(keys=KEYS) as double:
        for key, code in (
            (("AK", "wrong"), "SignatureDoesNotMatch"),
            (("NO", "x"), "InvalidAccessKeyId.NotFound"),
        ):
            with pytest.raises(Refused) as caught:
                CLIENTS[client](double, api, {}, key)
            assert caught.value.code == code
            assert "the secret" not in caught.value.message


class Broken:
    """A host's directory that fails."""

    def get(self, _):
        raise RuntimeError("a secret of the host")


@every_client
def test_the_access_key_names_the_caller(client):
    accounts = {
        "1001": bss.Caller(role="reseller", customers={"2001"}),
        "1002": bss.Caller(applicable=False),
    }
    keys = Keys(
        {
            "R": AccessKey("s", "1001"),
            "N": AccessKey("s", "1002"),
            "S": AccessKey("s", "7"),
            "X": AccessKey("s"),
        }
    )
    with Double(keys=keys, directory=bss.Directory(accounts), products={"ecs"}) as double:
        double.bss.put({"InstanceID": "i-1", "OwnerId": "2001", "CreateTime": NOW})
        double.bss.put({"InstanceID": "i-2", "OwnerId": "3001", "CreateTime": NOW})
        body = CLIENTS[client](double, "bss", {"OwnerId": "2001"}, ("R", "s"))
        assert [item["InstanceID"] for item in body["Data"]["InstanceList"]] == ["i-1"]
        for key, params, code in (
            ("R", {"OwnerId": "3001"}, "InvalidOwner"),
            ("R", {}, "MissingParameter"),
            ("R", {"OwnerId": "2001", "ProductCode": "gone"}, "ProductNotFind"),
            ("N", {}, "NotApplicable"),
            ("S", {}, "InvalidCaller"),
            ("X", {}, "InvalidCaller"),
        ):
            with pytest.raises(Refused) as caught:
                CLIENTS[client](double, "bss", params, (key, "s"))
            assert caught.value.code == code


@every_client
def test_a_fault_of_the_host_is_an_internal_error_without_its_cause(client):
    with Double(directory=Broken()) as double:
        with pytest.raises(Refused) as caught:
            CLIENTS[client](double, "bss", {}, ("AK", "s"))
        assert caught.value.code == "InternalError"
        assert "secret of the host" not in caught.value.message
