"""The examples run as they stand, and do what their first lines say."""

import ast
import asyncio
import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import httpx
import pytest

from instquery import Leases, Store
from instquery.testing import Double

pytest_plugins = ["pytester"]
ROOT = Path(__file__).parent.parent
EXAMPLES = sorted(path.name for path in (ROOT / "examples").glob("*.py"))
NOW = datetime(2026, 6, 1, tzinfo=UTC)
PUBLIC = {
    "instquery",
    "instquery.asgi",
    "instquery.testing",
    # What an API of one's own is declared with.
    "instquery.apis.envelope",
    "instquery.apis.operation",
    "instquery.apis.params",
}


def load(name):
    """Import an example from its file, as no package holds it."""
    spec = spec_from_file_location(f"example_{name}", ROOT / "examples" / f"{name}.py")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def records():
    """Twelve instances, newest first; the n-th expires in n days."""
    for number in range(1, 13):
        yield {
            "id": f"i-{number:02}",
            "name": f"{'test' if number % 3 == 0 else 'prod'}-{number}",
            "status": "Running" if number % 4 else "Stopped",
            "region": "cn-hangzhou" if number % 2 else "cn-beijing",
            "created": (NOW - timedelta(days=number)).isoformat(),
            "expires": (NOW + timedelta(days=number)).isoformat(),
        }


class Clock:
    """A clock that stands until it is moved."""

    now = NOW

    def __call__(self):
        return self.now


def store_for(example, **options):
    options = {"clock": lambda: NOW} | options
    return Store(example.SCHEMA, records(), **options)


def asker(app):
    """Return a function that asks a FastAPI application, in process."""

    def ask(method, path, **given):
        async def once():
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
                return await client.request(method, path, **given)

        reply = asyncio.run(once())
        return reply.status_code, reply.json() if reply.content else None

    return ask


def keys(body):
    return [item["id"] for item in body["items"]]


# what holds for all of them


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_says_how_it_is_run_and_uses_the_public_surface_alone(name):
    tree = ast.parse((ROOT / "examples" / name).read_text("utf-8"))
    (command,) = re.findall(r"^    (python .*)$", ast.get_docstring(tree), re.MULTILINE)
    assert name.removesuffix(".py") in command

    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "instquery":
            assert node.module in PUBLIC
            module = __import__(node.module, fromlist=["__all__"])
            assert {alias.name for alias in node.names} <= set(module.__all__)
        if isinstance(node, ast.Attribute):
            assert not node.attr.startswith("_") or node.value.id == "self", node.attr


# FastAPI


@pytest.fixture(scope="module")
def fastapi_app():
    return load("fastapi_app")


def test_fastapi_filters_in_any_sequence_and_counts_all_matches(fastapi_app):
    ask = asker(fastapi_app.create_app(store_for(fastapi_app)))

    params = [("status", "Running"), ("name", "PROD"), ("limit", "3")]
    status, body = ask("GET", "/instances", params=params)
    assert (status, keys(body), body["total"]) == (200, ["i-01", "i-02", "i-05"], 6)
    assert ask("GET", "/instances", params=params[::-1])[1]["items"] == body["items"]

    params[1:1] = [("status", "Stopped"), ("region", "cn-beijing")]
    assert ask("GET", "/instances", params=params)[1]["total"] == 4
    since = (NOW - timedelta(days=2)).isoformat()
    assert keys(ask("GET", "/instances", params={"created_since": since})[1]) == ["i-01", "i-02"]


def test_fastapi_walks_by_cursor_through_a_window_that_the_clock_has_left(fastapi_app):
    clock = Clock()
    store = store_for(fastapi_app, clock=clock)
    ask = asker(fastapi_app.create_app(store))

    params = {"expires_within_days": 5, "limit": 2}
    found = []
    for _ in range(3):
        status, body = ask("GET", "/instances", params=params)
        assert (status, body["total"]) == (200, 5)
        found += keys(body)
        params["cursor"] = body["next"]

        clock.now += timedelta(days=1)
        store.discard(found[-1])
        store.put({"id": f"new-{len(found)}", "expires": clock.now + timedelta(days=1)})

    assert found == ["i-01", "i-02", "i-03", "i-04", "i-05"]
    assert body["next"] is None


def test_fastapi_tells_an_expired_cursor_from_a_wrong_one(fastapi_app):
    ask = asker(fastapi_app.create_app(store_for(fastapi_app, leases=Leases(count=0))))
    cursor = ask("GET", "/instances", params={"limit": 1})[1]["next"]

    for params, expected in [
        ({"cursor": cursor}, 410),
        ({"cursor": cursor, "name": "prod"}, 400),
        ({"cursor": "x"}, 400),
    ]:
        status, body = ask("GET", "/instances", params=params)
        assert (status, bool(body["detail"])) == (expected, True)


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"created_since": "yesterday"}, 400),
        ({"expires_within_days": 0}, 422),
        ({"expires_within_days": "x"}, 422),
        ({"limit": 201}, 422),
        ({"stauts": "Running"}, 422),
    ],
)
def test_fastapi_refuses_what_is_wrong(fastapi_app, params, status):
    ask = asker(fastapi_app.create_app(store_for(fastapi_app)))
    assert ask("GET", "/instances", params=params)[0] == status


def test_fastapi_writes_and_reads_one_instance(fastapi_app):
    ask = asker(fastapi_app.create_app(store_for(fastapi_app)))
    assert ask("PUT", "/instances/i-99", json={"name": "new", "status": "Ready"}) == (204, None)
    assert ask("GET", "/instances/i-99") == (200, {"id": "i-99", "name": "new", "status": "Ready"})

    status, body = ask("PUT", "/instances/i-99", json={"name": 5})
    assert (status, body["detail"]) == (400, "name: must be text, not int")
    assert ask("GET", "/instances/i-00")[0] == 404


def test_fastapi_serves_its_samples(fastapi_app):
    status, body = asker(fastapi_app.app)("GET", "/instances", params={"expires_within_days": 7})
    assert (status, body["total"]) == (200, len(body["items"]))
    assert 6 <= body["total"] <= 7  # they are made of the present moment


# Flask


@pytest.fixture(scope="module")
def flask_app():
    return load("flask_app")


def test_flask_has_numbered_pages_and_their_total(flask_app):
    client = flask_app.create_app(store_for(flask_app)).test_client()

    body = client.get("/instances?size=5&page=3").get_json()
    assert (keys(body), body["total"], body["pages"]) == (["i-11", "i-12"], 12, 3)
    assert keys(client.get("/instances?size=5&page=4").get_json()) == []

    asked = ["status=Running", "status=Stopped", "region=cn-beijing", "name=prod"]
    asked.append("expires_within_days=9")
    one = client.get("/instances?" + "&".join(asked)).get_json()
    other = client.get("/instances?" + "&".join(reversed(asked))).get_json()
    assert keys(one) == keys(other) == ["i-02", "i-04", "i-08"]
    assert client.get("/instances?status=&name=&region=").get_json()["total"] == 12


def test_flask_walks_by_cursor_and_says_when_one_has_expired(flask_app):
    store = store_for(flask_app, leases=Leases(count=1))
    client = flask_app.create_app(store).test_client()

    first = client.get("/instances?size=7&name=o").get_json()
    store.discard("i-10")
    params = {"size": "7", "name": "o", "cursor": first["next"]}
    second = client.get("/instances", query_string=params).get_json()
    assert keys(first) + keys(second) == [f"i-{number:02}" for number in (1, 2, 4, 5, 7, 8, 10, 11)]

    client.get("/instances?size=2")  # which takes the only lease
    assert client.get("/instances", query_string=params).status_code == 410
    params["name"] = "x"
    assert client.get("/instances", query_string=params).status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=x",
        "page=" + "9" * 5000,
        "size=201",
        "expires_within_days=-1",
        "expires_within_days=²",
        "created_since=yesterday",
        "stauts=Running",
        "cursor=x",
    ],
)
def test_flask_refuses_what_is_wrong_and_says_what(flask_app, query):
    reply = flask_app.create_app(store_for(flask_app)).test_client().get(f"/instances?{query}")
    assert reply.status_code == 400
    name = query.partition("=")[0].removeprefix("created_since").removeprefix("cursor")
    assert name in reply.get_json()["error"]


def test_flask_counts_by_value(flask_app):
    client = flask_app.create_app(store_for(flask_app)).test_client()
    assert client.get("/instances/count?by=status&name=prod").get_json() == {
        "counts": [{"value": "Running", "count": 6}, {"value": "Stopped", "count": 2}]
    }
    assert client.get("/instances/count?by=size").status_code == 400


def test_flask_serves_its_samples(flask_app):
    assert flask_app.app.test_client().get("/instances").get_json()["pages"] == 25


# Django, which can be configured once a process

DJANGO = """
import datetime, json, sys, warnings
warnings.simplefilter("error")
sys.path.insert(0, sys.argv[1])
import django_app
from django.test import Client
from instquery import Leases, Store

now = datetime.datetime.fromisoformat(sys.argv[2])
asked = json.load(sys.stdin)
django_app.store = Store(
    django_app.SCHEMA, asked["records"], clock=lambda: now,
    cursor_key=b"of all workers", leases=Leases(count=asked["leases"]),
)
client, told, cursor = Client(raise_request_exception=False), [], None
for params in asked["requests"]:
    if params.get("cursor") == "next":
        params["cursor"] = cursor
    reply = client.get("/instances", params)
    body = reply.json()
    cursor = body.get("next", cursor)
    told.append([reply.status_code, body])
json.dump(told, sys.stdout)
"""


def output(command, given=""):
    """Run a command and return what it prints."""
    options = {"capture_output": True, "text": True, "check": False}
    run = subprocess.run(command, input=given, **options)  # noqa: S603, PLW1510
    assert run.returncode == 0, run.stderr
    return run.stdout


def ask_django(*requests, leases=32):
    """Ask the Django example in a process of its own.

    The cursor `next` is that of the page before.
    """
    asked = json.dumps({"records": list(records()), "requests": requests, "leases": leases})
    command = [sys.executable, "-c", DJANGO, str(ROOT / "examples"), NOW.isoformat()]
    return json.loads(output(command, asked))


def test_django_filters_walks_and_refuses():
    told = ask_django(
        {
            "status": "Running,Stopped",
            "name": "prod",
            "region": "cn-beijing",
            "expires_within_days": "9",
        },
        {"limit": "5"},
        {"limit": "9", "cursor": "next"},
        {"created_since": "yesterday"},
        {"limit": "0"},
        {"stauts": "Running"},
        {"cursor": "x"},
        {"status": "", "name": ""},
    )
    assert [status for status, _ in told] == [200, 200, 200, 400, 400, 400, 400, 200]
    bodies = [body for _, body in told]

    assert (keys(bodies[0]), bodies[0]["total"]) == (["i-02", "i-04", "i-08"], 3)
    assert keys(bodies[1]) + keys(bodies[2]) == [f"i-{number:02}" for number in range(1, 13)]
    assert (bodies[2]["total"], bodies[2]["next"]) == (12, None)
    assert [body["error"].partition(":")[0] for body in bodies[4:6]] == ["limit", "stauts"]
    assert bodies[7]["total"] == 12


def test_django_goes_on_live_where_another_worker_gave_the_cursor():
    """A worker without a lease knows as much of a cursor as one that did not give it."""
    told = ask_django({"limit": "5"}, {"cursor": "next"}, {"cursor": "next", "live": "1"}, leases=0)
    assert [status for status, _ in told] == [200, 410, 200]
    assert keys(told[0][1]) + keys(told[2][1]) == [f"i-{number:02}" for number in range(1, 13)]


def test_djangos_own_checks_pass():
    command = [sys.executable, str(ROOT / "examples" / "django_app.py"), "check"]
    assert output(command) == "System check identified no issues (0 silenced).\n"


# the sync loop


@pytest.fixture(scope="module")
def sync_loop():
    return load("sync_loop")


class Upstream:
    """A listing in pages of two, which may fail."""

    def __init__(self):
        self.records = []
        self.reply = None
        self.asked = 0

    def __call__(self, request):
        self.asked += 1
        if self.reply is not None:
            return self.reply
        at = int(request.url.params.get("next", 0))
        more = str(at + 2) if at + 2 < len(self.records) else None
        return httpx.Response(200, json={"items": self.records[at : at + 2], "next": more})


@pytest.fixture
def upstream():
    return Upstream()


@pytest.fixture
def sync(sync_loop, upstream):
    """A sync loop, and what it tells."""
    return Told(sync_loop, upstream)


class Told:
    """A sync loop with a consumer that notes what it is told."""

    def __init__(self, sync_loop, upstream):
        self.clock = Clock()
        self.store = Store(sync_loop.SCHEMA, clock=self.clock, history=8)
        self.changed, self.replaced, self.expiring = [], [], []
        self.is_broken = False
        client = httpx.Client(base_url="http://x", transport=httpx.MockTransport(upstream))
        self.once = sync_loop.Sync(
            self.store,
            lambda: sync_loop.listing(client),
            changed=self.note_change,
            replaced=lambda records: self.replaced.append(sorted(each["id"] for each in records)),
            expiring=lambda record: self.expiring.append(record["id"]),
        ).once

    def note_change(self, change):
        if self.is_broken:
            raise BrokenPipeError
        self.changed.append((change.key, change.before is None, change.after is None))


def instance(key, days=99, **members):
    return {"id": key, "expires": (NOW + timedelta(days=days)).isoformat(), **members}


def test_the_sync_loop_tells_what_has_changed(sync, upstream):
    upstream.records = [instance("a"), instance("b"), instance("c")]
    assert sync.once()
    assert (upstream.asked, len(sync.store)) == (2, 3)
    assert sorted(sync.changed) == [(key, True, False) for key in "abc"]
    sync.changed.clear()

    upstream.records = [instance("a"), instance("b", name="new"), instance("d")]
    assert sync.once()
    assert sorted(sync.changed) == [("b", False, False), ("c", False, True), ("d", True, False)]
    sync.changed.clear()

    assert sync.once()
    assert (sync.changed, sync.replaced) == ([], [])


def test_the_sync_loop_tells_what_is_about_to_expire_as_time_passes(sync, upstream):
    upstream.records = [instance("a", days=3), instance("b", days=8), instance("c", days=30)]
    sync.once()
    assert sync.expiring == ["a"]
    sync.clock.now += timedelta(days=2)
    upstream.reply = httpx.Response(503)  # which does not stop the clock
    assert not sync.once()
    sync.once()
    assert sync.expiring == ["a", "b"]


@pytest.mark.parametrize(
    "reply",
    [
        httpx.Response(503),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"items": [], "next": None}),
        httpx.Response(200, json={"items": [{"id": "a", "name": 5}], "next": None}),
    ],
    ids=["503", "no JSON", "no listing", "nothing", "a bad record"],
)
def test_the_sync_loop_keeps_the_last_good_listing(sync, upstream, reply):
    upstream.records = [instance("a"), instance("b")]
    assert sync.once()
    upstream.reply = reply
    assert not sync.once()
    assert len(sync.store) == 2


def test_the_sync_loop_begins_anew_where_the_history_ends(sync, upstream):
    upstream.records = [instance(f"i-{number}") for number in range(9)]
    sync.once()
    assert sync.replaced == [[f"i-{number}" for number in range(9)]]
    assert sync.changed == []
    upstream.records[0]["name"] = "new"
    sync.once()
    assert sync.changed == [("i-0", False, False)]
    assert len(sync.replaced) == 1


def test_the_sync_loop_tells_again_what_its_consumer_could_not_take(sync, upstream):
    upstream.records = [instance("a")]
    sync.is_broken = True
    with pytest.raises(BrokenPipeError):
        sync.once()
    sync.is_broken = False
    sync.once()
    assert sync.changed == [("a", True, False)]


def test_the_sync_loop_asks_less_often_while_the_upstream_is_unusable(sync_loop):
    told = iter([True, False, False, True, False, False, False, False, False, False])
    waits = []
    every = timedelta(minutes=1)
    sync_loop.run(lambda: next(told), every=every, rounds=range(10), sleep=waits.append)
    assert [wait / 60 for wait in waits] == [1, 2, 4, 1, 2, 4, 8, 15, 15, 15]


# the double


def test_the_tests_with_the_double_pass(pytester):
    source = (ROOT / "examples" / "test_with_double.py").read_text("utf-8")
    pytester.makepyfile(test_with_double=source)
    options = ["-p", "no:cacheprovider", "-p", "no:schemathesis"]
    pytester.runpytest_subprocess(*options).assert_outcomes(passed=4)


def test_the_tests_with_an_own_api_pass(pytester):
    source = (ROOT / "examples" / "test_own_api.py").read_text("utf-8")
    pytester.makepyfile(test_own_api=source)
    options = ["-p", "no:cacheprovider", "-p", "no:schemathesis"]
    pytester.runpytest_subprocess(*options).assert_outcomes(passed=5)


# the dialect of Kubernetes


TIERS = ("web", "db", "")


def pod(number, **labels):
    return {
        "metadata": {
            "uid": f"u-{number:02}",
            "name": f"pod-{99 - number:02}",
            "namespace": "blue" if number % 2 else "red",
            "labels": labels,
            "creationTimestamp": NOW.isoformat(),
        },
        "spec": {"nodeName": f"node-{number % 3}"},
        "status": {"phase": "Running" if number % 5 else "Pending"},
    }


PODS = [
    pod(
        number,
        **{name: value for name, value in (("tier", TIERS[number % 3]), ("app", "shop")) if value},
        **({"old": ""} if number % 7 == 0 else {}),
    )
    for number in range(20)
]
SELECTORS = {
    "tier=web": lambda labels: labels.get("tier") == "web",
    "tier==web": lambda labels: labels.get("tier") == "web",
    "tier!=web": lambda labels: labels.get("tier") != "web",
    "tier in (web, db)": lambda labels: labels.get("tier") in ("web", "db"),
    "tier notin (web,gone)": lambda labels: labels.get("tier") not in ("web", "gone"),
    "tier": lambda labels: "tier" in labels,
    "!tier": lambda labels: "tier" not in labels,
    "old=": lambda labels: labels.get("old") == "",
    "tier in (web,db),!old,app=shop": lambda labels: "tier" in labels and "old" not in labels,
    "Tier": lambda labels: False,
}


class Kubernetes:
    """The example, served by a double, and its store."""

    def __init__(self, example):
        self.clock = 0.0
        leases = Leases(count=10, age=300, clock=lambda: self.clock)
        self.store = Store(example.SCHEMA, PODS, leases=leases)
        self.double = Double(*example.served(self.store))

    def list(self, namespace=None, **params):
        path = f"/api/v1/namespaces/{namespace}/pods" if namespace else "/api/v1/pods"
        reply = httpx.get(self.double.url + path, params=params)
        return reply.status_code, reply.json()


@pytest.fixture
def kubernetes():
    made = Kubernetes(load("kubernetes"))
    with made.double:
        yield made


def uids(body):
    return [item["metadata"]["uid"] for item in body["items"]]


def named(condition=lambda one: True):
    """The pods of a condition, by namespace and name."""
    found = [one for one in PODS if condition(one)]
    found.sort(key=lambda one: (one["metadata"]["namespace"], one["metadata"]["name"]))
    return [one["metadata"]["uid"] for one in found]


def test_kubernetes_selects_by_labels_and_fields(kubernetes):
    for selector, holds in SELECTORS.items():
        status, body = kubernetes.list(labelSelector=selector)
        assert (status, body["kind"]) == (200, "PodList")
        wanted = named(lambda one, holds=holds: holds(one["metadata"]["labels"]))
        assert uids(body) == wanted, selector
    _, body = kubernetes.list("blue", fieldSelector="status.phase!=Running,spec.nodeName=node-2")
    assert uids(body) == ["u-05"]
    assert body["items"][0] == PODS[5] | {
        "metadata": PODS[5]["metadata"] | {"creationTimestamp": "2026-06-01T00:00:00Z"}
    }
    _, body = kubernetes.list(fieldSelector="metadata.namespace=blue")
    assert uids(body) == uids(kubernetes.list("blue", limit=0)[1])


def test_kubernetes_walks_in_one_state_until_its_lease_has_ended(kubernetes):
    _, body = kubernetes.list(limit=8)
    first, version = body["metadata"], body["metadata"]["resourceVersion"]
    assert first["remainingItemCount"] == 12
    found = uids(body)
    kubernetes.store.discard("u-00")
    kubernetes.store.put(pod(30))

    _, body = kubernetes.list(limit=8, **{"continue": first["continue"]})
    assert (body["metadata"]["resourceVersion"], body["metadata"]["remainingItemCount"]) == (
        version,
        4,
    )
    found += uids(body)
    token = body["metadata"]["continue"]
    _, body = kubernetes.list(limit=8, **{"continue": token})
    assert found + uids(body) == named()
    assert set(body["metadata"]) == {"resourceVersion"}
    assert int(kubernetes.list()[1]["metadata"]["resourceVersion"]) > int(version)

    kubernetes.clock += 301
    status, body = kubernetes.list(limit=8, **{"continue": token})
    assert (status, body["code"], body["reason"]) == (410, 410, "Expired")
    assert body["kind"] == "Status"


def test_kubernetes_tells_what_remains_only_without_selectors(kubernetes):
    _, body = kubernetes.list(labelSelector="app", limit=5)
    assert set(body["metadata"]) == {"resourceVersion", "continue"}


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"labelSelector": "tier in web"}, "labelSelector: cannot be parsed: 'tier in web'"),
        ({"labelSelector": "a,,b"}, "labelSelector: cannot be parsed: ''"),
        ({"fieldSelector": "spec.host=x"}, "fieldSelector: cannot be parsed: 'spec.host=x'"),
        ({"limit": "many"}, "limit: must be an integer from 0"),
        ({"continue": "x"}, "continue: is invalid"),
    ],
)
def test_kubernetes_refuses_with_a_status(kubernetes, params, told):
    status, body = kubernetes.list(**params)
    assert (status, body["reason"], body["status"]) == (400, "BadRequest", "Failure")
    assert body["message"].startswith(told)


def test_kubernetes_takes_a_version_but_not_beside_a_token(kubernetes):
    _, body = kubernetes.list(limit=5, resourceVersion="0")
    asked = {"continue": body["metadata"]["continue"], "resourceVersion": "1"}
    status, body = kubernetes.list(**asked)
    assert (status, body["reason"]) == (400, "BadRequest")
    assert "not allowed when using continue" in body["message"]
