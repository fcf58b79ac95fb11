"""The official Node clients, unmodified, against the application. Skipped without Node."""

import pytest

from instquery.apis import airec, bss
from instquery.apis.catalog import CATALOG
from instquery.asgi import AccessKey, Keys
from instquery.testing import Double

NOW = "2026-06-01T00:00:00Z"

CLIENTS = {
    "bssopenapi": {"client": "bss"},
    "pop-core, RPC by GET": {"client": "rpc", "method": "GET"},
    "pop-core, RPC by POST": {"client": "rpc", "method": "POST"},
    "pop-core, ROA": {"client": "roa"},
}
EVERY = {
    "bss": [
        {},
        {"PageNum": "2", "PageSize": "7"},
        {"ProductCode": "ecs", "ProductType": "ecs", "Region": "cn-hangzhou"},
        {"SubscriptionType": "Subscription", "RenewStatus": "AutoRenewal"},
        {"EndTimeStart": "2026-06-01T00:00:00Z", "EndTimeEnd": "2026-12-01T00:00:00Z"},
        {"CreateTimeStart": "2025-06-01T00:00:00Z", "CreateTimeEnd": "2025-12-01T00:00:00Z"},
        {"InstanceIDs": "{ids}"},
        {"OwnerId": "1000000000000000"},
        {"ProductCode": "推荐 +*~%&=/"},
    ],
    "airec": [
        {},
        {"page": "2", "size": "7"},
        {"name": "推荐", "status": "Running"},
        {"instanceId": "airec", "expiredTime": "1800000000"},
        {"name": "~*' +%推"},
        {"name": "~*' +&=%推"},
    ],
}
AMBIGUOUS = EVERY["airec"][-1]
"""What the ROA scheme signs as if it were two parameters: refused where signatures are checked."""

REFUSED = {
    "bss": [({"PageSize": "301"}, "InvalidParameter"), ({"Region": "x"}, "MissingParameter")],
    "airec": [({"size": "51"}, "ValidationError"), ({"status": "运行中"}, "ValidationError")],
}


@pytest.fixture(
    scope="module", params=[None, Keys({"AK": AccessKey("the secret")})], ids=["open", "signed"]
)
def double(request):
    with Double(keys=request.param) as double:
        double.set_clock(NOW)
        double.airec.put_many(CATALOG["airec"].samples(200))
        double.bss.put_many(CATALOG["bss"].samples(200))
        double.is_signed = request.param is not None
        yield double


def named(client, params):
    """Return parameters as a client names them: today's has its own spelling."""
    return (
        {name[0].lower() + name[1:]: value for name, value in params.items()}
        if client == "bssopenapi"
        else params
    )


@pytest.mark.parametrize("client", CLIENTS)
def test_every_parameter_and_every_refusal(node_clients, double, client):
    api = "airec" if client == "pop-core, ROA" else "bss"
    store = getattr(double, api)
    operation = airec.list_instance if api == "airec" else bss.query_available_instances
    ids = ",".join(record["InstanceID"] for record in list(double.bss)[:9])
    questions = [
        {name: value.replace("{ids}", ids) for name, value in params.items()}
        for params in EVERY[api]
        if not (double.is_signed and params is AMBIGUOUS)
    ]
    base = {**CLIENTS[client], "endpoint": double.endpoint, "key": "AK", "secret": "the secret"}
    asked = [base | {"params": named(client, params)} for params in questions]
    asked += [base | {"params": named(client, params)} for params, _ in REFUSED[api]]
    told = node_clients.ask(asked)
    for params, answer in zip(questions, told, strict=False):
        expected = operation(store, params, now=NOW).body
        found = answer["body"]
        if client == "bssopenapi":  # whose own model makes numbers of some
            for item in found["Data"]["InstanceList"]:
                item |= {
                    name: str(item[name]) for name in ("OwnerId", "RenewalDuration") if name in item
                }
        assert {k: v for k, v in found.items() if k.lower() != "requestid"} == {
            k: v for k, v in expected.items() if k.lower() != "requestid"
        }, params
    for (params, code), answer in zip(REFUSED[api], told[len(questions) :], strict=True):
        error = answer["error"]
        assert (error["code"], len(error["requestId"])) == (code, 36), params
        body = operation(store, params, now=NOW).body
        assert body.get("message", body.get("Message")) in error["message"]


@pytest.mark.parametrize("client", CLIENTS)
def test_paging_through_everything_finds_each_once(node_clients, double, client):
    api = "airec" if client == "pop-core, ROA" else "bss"
    store = getattr(double, api)
    base = {**CLIENTS[client], "endpoint": double.endpoint, "key": "AK", "secret": "the secret"}
    pages = range(1, 8)
    number, size = ("page", "size") if api == "airec" else ("PageNum", "PageSize")
    told = node_clients.ask(
        [base | {"params": named(client, {number: str(page), size: "40"})} for page in pages]
    )
    key = store.schema.key
    found = [
        item[key]
        for answer in told
        for item in (
            answer["body"]["result"] if api == "airec" else answer["body"]["Data"]["InstanceList"]
        )
    ]
    assert found == [record[key] for record in store]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_wrong_secret_is_refused_where_signatures_are_checked(node_clients, double, client):
    base = {**CLIENTS[client], "endpoint": double.endpoint, "key": "AK"}
    told = node_clients.ask([base | {"secret": "no", "params": {}}])
    if double.is_signed:
        assert told[0]["error"]["code"] == "SignatureDoesNotMatch"
    else:
        assert "body" in told[0]


def test_what_roa_cannot_sign_unambiguously_is_refused(node_clients, double):
    if not double.is_signed:
        pytest.skip("signatures are not checked")
    base = {**CLIENTS["pop-core, ROA"], "endpoint": double.endpoint, "key": "AK"}
    (told,) = node_clients.ask([base | {"secret": "the secret", "params": AMBIGUOUS}])
    assert told["error"]["code"] == "SignatureDoesNotMatch"
    assert "the ROA scheme cannot sign `&`" in told["error"]["message"]
