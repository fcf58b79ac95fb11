"""The application: what the wire rules ask for, mounted anywhere, and which requests are let in."""

import asyncio
import base64
import datetime as dt
import hashlib
import hmac
import json
import logging
import random
import re
from contextlib import contextmanager
from email.utils import format_datetime
from urllib.parse import quote, urlencode

import httpx
import pytest
from fastapi import FastAPI

from instquery import InstqueryError, Store
from instquery.apis import airec, bss
from instquery.apis.catalog import CATALOG
from instquery.asgi import AccessKey, Keys, Server, create_app
from instquery.asgi.signing import Denied, Gate, Signed
from instquery.engine.view import View

GUID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")
ROA = "/v2/openapi/instances"
FORM = {"content-type": "application/x-www-form-urlencoded"}


@contextmanager
def served(app):
    """Yield a client of an application that is served on this machine."""
    with (
        Server(app) as server,
        httpx.Client(base_url=f"http://{server.endpoint}", timeout=20) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def stores():
    return Store(airec.SCHEMA, CATALOG["airec"].samples(50)), Store(
        bss.SCHEMA, CATALOG["bss"].samples(50)
    )


@pytest.fixture(scope="module")
def client(stores):
    with served(create_app(*stores)) as client:
        yield client


def test_the_action_is_a_parameter_or_a_header_and_parameters_are_merged(client):
    action = {"x-acs-action": "QueryAvailableInstances"}
    asked = [
        client.get("/", params={"Action": "QueryAvailableInstances", "PageSize": "3"}),
        client.get("/", params={"Action": "queryAvailableInstances", "PageSize": "3"}),
        client.post("/", params={"PageSize": "3"}, headers=action),
        client.post("/", params={"Action": "QueryAvailableInstances"}, data={"PageSize": "3"}),
        client.post("/", data={"Action": "QueryAvailableInstances", "PageSize": "3", "Region": ""}),
        client.post(
            "/",
            content=b"",
            params={"PageSize": "3"},
            headers={"X-Acs-Action": "queryAvailableInstances"},
        ),
    ]
    for reply in asked:
        assert reply.status_code == 200
        assert reply.headers["content-type"].startswith("application/json")
        body = reply.json()
        assert GUID.fullmatch(body.pop("RequestId"))
        assert len(body["Data"]["InstanceList"]) == 3
    assert client.get(ROA, params={"size": "2"}).json()["code"] == ""
    assert client.get(ROA, headers=action).json()["code"] == ""  # the path decides


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/?Action=QueryAvailableInstances&PageSize=x", 400, "InvalidParameter"),
        ("GET", "/?Action=QueryAvailableInstances&Region=x", 400, "MissingParameter"),
        ("GET", f"{ROA}?size=0", 400, "ValidationError"),
        ("GET", "/?Action=Gone", 400, "InvalidAction.NotFound"),
        ("GET", "/?Action=ListInstance", 400, "InvalidAction.NotFound"),
        ("GET", "/", 400, "InvalidAction.NotFound"),
        ("GET", "/openapi/instances", 404, "InvalidApi.NotFound"),
        ("POST", "/v2/openapi/instances/x", 404, "InvalidApi.NotFound"),
        ("DELETE", ROA, 405, "UnsupportedHTTPMethod"),
        ("GET", "/?" + "&".join(f"p{n}=1" for n in range(1001)), 400, "InvalidParameter"),
    ],
)
def test_every_error_has_both_casings(client, method, path, status, code):
    reply = client.request(method, path)
    body = reply.json()
    assert (reply.status_code, body["code"], body["Code"]) == (status, code, code)
    assert body["message"] == body["Message"] != ""
    assert body["requestId"] == body["RequestId"]
    assert GUID.fullmatch(body["requestId"])
    assert reply.headers["content-type"].startswith("application/json")


def test_a_body_that_is_too_large_is_refused(client):
    reply = client.post("/", content=b"x=" + b"y" * 70_000, headers=FORM)
    assert (reply.status_code, reply.json()["Code"]) == (413, "RequestEntityTooLarge")


def test_health_and_description(client):
    assert client.get("/healthz").json() == {"status": "ok"}
    document = client.get("/openapi.json").json()
    names = {param["name"] for param in document["paths"][ROA]["get"]["parameters"]}
    assert names == {param.name for param in airec.list_instance.params}


@pytest.mark.parametrize("prefix", ["", "/aliyun", "/deep/er"])
def test_mounted_under_a_prefix_of_another_application_signatures_still_fit(stores, prefix):
    outer = FastAPI()
    outer.mount(prefix, create_app(*stores, keys=KEYS))
    with served(outer) as client:
        for made in (acs3(), roa(), rpc()):
            reply = send(client, made, prefix=prefix)
            assert reply.status_code == 200, reply.text


def test_an_api_without_a_store_is_not_there(stores):
    with served(create_app(bss=stores[1])) as only_bss:
        assert only_bss.get(ROA).status_code == 404
        assert only_bss.get("/?Action=QueryAvailableInstances").status_code == 200
        assert list(only_bss.get("/openapi.json").json()["paths"]) == ["/"]


class Broken:
    """A store that fails."""

    def page(self, _):
        raise RuntimeError("a secret")


def test_a_fault_inside_is_in_the_log_by_its_request_id_and_nowhere_else(caplog):
    with caplog.at_level(logging.INFO), served(create_app(bss=Broken())) as client:
        reply = client.get("/?Action=QueryAvailableInstances")
    body = reply.json()
    assert (reply.status_code, body["Code"]) == (500, "InternalError")
    assert "a secret" not in reply.text
    told = [record for record in caplog.records if record.exc_info]
    assert len(told) == 1
    assert body["RequestId"] in told[0].getMessage()
    access = [record for record in caplog.records if record.name == "instquery.access"]
    line = json.loads(access[-1].getMessage())
    assert (line["request_id"], line["status"], line["action"]) == (
        body["RequestId"],
        500,
        "QueryAvailableInstances",
    )
    assert access[-1].request_id == body["RequestId"]


def test_what_may_be_slow_does_not_hold_the_event_loop(stores, monkeypatch):
    """Two slow requests and a brief one at once: the brief one does not wait for the others."""
    import threading  # noqa: PLC0415

    go_on, order = threading.Event(), []
    real = View.answer

    def answer(view, query, *how):
        if query.where:
            assert go_on.wait(20)
            order.append("slow")
        return real(view, query, *how)

    monkeypatch.setattr(View, "answer", answer)

    async def ask():
        transport = httpx.ASGITransport(app=create_app(*stores))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            slow = [asyncio.create_task(client.get(ROA, params={"name": "生"})) for _ in range(2)]
            await asyncio.sleep(0.05)
            assert (await client.get(ROA)).status_code == 200
            order.append("brief")
            go_on.set()
            assert [(await each).status_code for each in slow] == [200, 200]

    asyncio.run(ask())
    assert order == ["brief", "slow", "slow"]


# signatures, made here once more from their description

SECRET = "the secret"  # noqa: S105 - of a test
KEYS = Keys({"AK": AccessKey(SECRET, caller="1001"), "OTHER": AccessKey("another")})
_chance = random.Random(5)


def nonce():
    return f"{_chance.getrandbits(128):032x}"


def now():
    return dt.datetime.now(dt.UTC)


def enc(text):
    return quote(text, safe="~")


def acs3(secret=SECRET, at=None, params=None, path=ROA, body=b"", method="GET"):
    params = {"name": "推荐", "size": "5"} if params is None else params
    stamp = (at or now()).strftime("%Y-%m-%dT%H:%M:%SZ")
    headers = {
        "host": "testserver",
        "x-acs-action": "ListInstance",
        "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
        "x-acs-date": stamp,
        "x-acs-signature-nonce": nonce(),
        "x-acs-version": "2020-11-26",
    }
    names = ";".join(sorted(headers))
    query = "&".join(f"{enc(k)}={enc(v)}" for k, v in sorted(params.items()))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    told = "\n".join([method, path, query, lines, names, headers["x-acs-content-sha256"]])
    source = "ACS3-HMAC-SHA256\n" + hashlib.sha256(told.encode()).hexdigest()
    signature = hmac.new(secret.encode(), source.encode(), "sha256").hexdigest()
    headers["authorization"] = (
        f"ACS3-HMAC-SHA256 Credential=AK,SignedHeaders={names},Signature={signature}"
    )
    return {"method": method, "path": path, "query": dict(params), "headers": headers, "body": body}


def roa(secret=SECRET, at=None, params=None):
    params = {"name": "推荐", "size": "5"} if params is None else params
    headers = {
        "accept": "application/json",
        "date": format_datetime(at or now(), usegmt=True),
        "x-acs-signature-method": "HMAC-SHA1",
        "x-acs-signature-nonce": nonce(),
        "x-acs-version": "2020-11-26",
    }
    own = "".join(
        f"{name}:{headers[name]}\n" for name in sorted(headers) if name.startswith("x-acs-")
    )
    resource = ROA + (
        "?" + "&".join(f"{k}={v}" for k, v in sorted(params.items())) if params else ""
    )
    told = f"GET\n{headers['accept']}\n\n\n{headers['date']}\n{own}{resource}"
    signature = base64.b64encode(hmac.new(secret.encode(), told.encode(), "sha1").digest()).decode()
    headers["authorization"] = f"acs AK:{signature}"
    return {"method": "GET", "path": ROA, "query": dict(params), "headers": headers, "body": b""}


def rpc(secret=SECRET, at=None, method="GET", form=(), **params):
    query = {
        "Action": "QueryAvailableInstances",
        "AccessKeyId": "AK",
        "Timestamp": (at or now()).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": nonce(),
        "PageSize": "5",
        **params,
    }
    told = "&".join(f"{enc(k)}={enc(v)}" for k, v in sorted({**query, **dict(form)}.items()))
    source = f"{method}&%2F&{enc(told)}"
    digest = hmac.new((secret + "&").encode(), source.encode(), "sha1").digest()
    query["Signature"] = base64.b64encode(digest).decode()
    body = urlencode(dict(form)).encode()
    return {
        "method": method,
        "path": "/",
        "query": query,
        "headers": dict(FORM) if form else {},
        "body": body,
    }


def send(client, made, prefix=""):
    url = prefix + made["path"] + ("?" + urlencode(made["query"]) if made["query"] else "")
    return client.request(made["method"], url, headers=made["headers"], content=made["body"])


@pytest.fixture(scope="module")
def guarded(stores):
    with served(create_app(*stores, keys=KEYS)) as client:
        yield client


MAKERS = {
    "ACS3": acs3,
    "ACS3, POST": lambda **given: acs3(method="POST", body=b"size=3", **given),
    "ROA": roa,
    "RPC": rpc,
    "RPC, POST": lambda **given: rpc(
        method="POST", form=(("PageNum", "2"), ("ProductCode", "推荐 +*")), **given
    ),
}


@pytest.mark.parametrize("maker", MAKERS)
def test_a_signed_request_is_let_in_once(guarded, maker):
    made = MAKERS[maker]()
    assert send(guarded, made).status_code == 200
    again = send(guarded, made)
    assert (again.status_code, again.json()["Code"]) == (403, "SignatureNonceUsed")


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("minutes", [-16, 16, -60 * 24 * 400])
def test_a_stale_request_is_refused(guarded, maker, minutes):
    reply = send(guarded, MAKERS[maker](at=now() + dt.timedelta(minutes=minutes)))
    assert (reply.status_code, reply.json()["Code"]) == (403, "InvalidTimeStamp.Expired")


def test_an_unsigned_request_is_refused(guarded):
    for path in (
        ROA,
        "/?Action=QueryAvailableInstances",
        "/?Action=QueryAvailableInstances&AccessKeyId=AK",
    ):
        reply = guarded.get(path)
        assert (reply.status_code, reply.json()["Code"]) == (403, "InvalidAccessKeyId.NotFound")


def mutated(made, chance):
    """Change one thing about a signed request, as somebody would who has no secret."""
    made = {**made, "query": dict(made["query"]), "headers": dict(made["headers"])}
    kind = chance.choice(["query", "add", "drop", "header", "method", "body", "path"])
    if kind == "query" and made["query"]:
        name = chance.choice(sorted(made["query"]))
        value = made["query"][name]
        at = chance.randrange(len(value) + 1)
        made["query"][name] = (
            value[:at] + chance.choice("aZ5+推") + value[at + chance.randrange(2) :]
        )
    elif kind == "add":
        made["query"][chance.choice(["size2", "OwnerId", "page", "status"])] = chance.choice(
            ["1", "x", ""]
        )
    elif kind == "drop" and made["query"]:
        del made["query"][chance.choice(sorted(made["query"]))]
    elif kind == "header":
        names = [
            n
            for n in made["headers"]
            if n.startswith("x-acs-") or n in ("authorization", "date", "accept")
        ]
        if names:
            name = chance.choice(sorted(names))
            value = made["headers"][name]
            at = chance.randrange(len(value))
            made["headers"][name] = value[:at] + chance.choice("abz09").strip() + value[at + 1 :]
        else:
            made["query"]["Signature"] = base64.b64encode(chance.randbytes(20)).decode()
    elif kind == "method":
        made["method"] = "POST" if made["method"] == "GET" else "GET"
    elif kind == "body":
        made["body"] = made["body"] + b"&size=50"
        made["headers"] |= FORM
    else:
        made["path"] = "/" if made["path"] == ROA else ROA
    return made


def test_forged_requests_are_refused_whatever_is_changed(guarded):
    """1,500 changes to valid requests; any of them that is let in would be a forgery."""
    chance, forged = random.Random(8), 0
    while forged < 1500:
        made = MAKERS[chance.choice(sorted(MAKERS))]()
        changed = mutated(made, chance)
        if changed == made:
            continue
        reply = send(guarded, changed)
        assert reply.status_code == 403, (made, changed, reply.text)
        assert reply.json()["Code"] in (
            *("SignatureDoesNotMatch", "InvalidAccessKeyId.NotFound"),
            *("InvalidTimeStamp.Expired", "SignatureNonceUsed"),
        )
        assert "the secret" not in reply.text
        forged += 1


def test_a_parameter_given_twice_is_not_let_in_by_rpc(guarded):
    made = rpc()
    url = "/?" + urlencode(made["query"]) + "&PageSize=300"
    assert guarded.get(url).json()["Code"] == "SignatureDoesNotMatch"


def test_the_gate_forgets_nonces_no_sooner_than_their_requests_are_stale():
    moment = now()
    gate = Gate(KEYS, lambda: moment)
    made = roa(at=moment)
    pairs = tuple(made["query"].items())
    signed = Signed("GET", made["path"], pairs, (), made["headers"], b"")
    assert gate.admit(signed).caller == "1001"
    for minutes in (1, 15, 16, 31, 60):
        moment += dt.timedelta(minutes=minutes)
        with pytest.raises(Denied):
            gate.admit(signed)


def test_keys_are_read_and_never_shown(tmp_path, monkeypatch):
    text = '{"AK": {"secret": "the secret", "caller": "1001"}, "B": "another"}'
    (tmp_path / "keys.json").write_text(text)
    keys = Keys.from_file(tmp_path / "keys.json")
    assert (keys["AK"].caller, keys["B"].secret, len(keys)) == ("1001", "another", 2)
    monkeypatch.delenv("INSTQUERY_KEYS", raising=False)
    assert Keys.from_environment() is None
    monkeypatch.setenv("INSTQUERY_KEYS", text)
    assert Keys.from_environment() == keys
    assert "secret" not in repr(keys["AK"]).replace("AccessKey", "") + repr(keys) + str(keys)
    for bad in (
        "",
        "[]",
        '{"AK": 5}',
        '{"AK": {"secret": ""}}',
        '{"AK": {"secret": "s", "x": 1}}',
        '{"AK": {}}',
    ):
        with pytest.raises(InstqueryError):
            Keys.parse(bad)
