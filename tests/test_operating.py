"""What operators see: access lines, slow requests, figures for Prometheus, spans."""

import asyncio
import json
import logging
import re
import socket
import struct
import time
from contextlib import contextmanager

import httpx
import pytest

from instquery import InstqueryError, Query, Store
from instquery.apis import airec, bss
from instquery.apis.catalog import CATALOG
from instquery.apis.walks import Walks
from instquery.asgi import AccessKey, Gate, Keys, Server, create_app
from instquery.asgi import access as access_room
from instquery.asgi import metrics as metrics_room

ROA = "/v2/openapi/instances"
ACTION = {"Action": "QueryAvailableInstances"}


@pytest.fixture(scope="module")
def stores():
    return {
        "airec": Store(airec.SCHEMA, CATALOG["airec"].samples(50)),
        "bss": Store(bss.SCHEMA, CATALOG["bss"].samples(60)),
    }


def ask(app, path, method="GET", **options):
    async def answer():
        transport = httpx.ASGITransport(app=app, client=("10.1.2.3", 5000))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return await client.request(method, path, **options)

    return asyncio.run(answer())


@contextmanager
def serving(app):
    with (
        Server(app) as server,
        httpx.Client(base_url=f"http://{server.endpoint}", timeout=20) as client,
    ):
        yield client


def lines(caplog, name):
    return [record for record in caplog.records if record.name == name]


class Slow:
    """A store whose pages take their time."""

    def __init__(self, store, seconds=0.03):
        self.store, self.seconds = store, seconds

    def page(self, query):
        time.sleep(self.seconds)
        return self.store.page(query)


# access lines


def test_an_access_line_says_what_operators_ask_for(stores, caplog):
    with caplog.at_level(logging.INFO):
        before = time.time()
        reply = ask(create_app(**stores), f"{ROA}?name=a-secret&size=5")
    (record,) = lines(caplog, "instquery.access")
    line = json.loads(record.getMessage())
    stamp = line.pop("time")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", stamp)
    assert abs(access_room.datetime.fromisoformat(stamp).timestamp() - before) < 5
    assert 0 < line.pop("ms") < 5_000
    assert line == {
        "request_id": reply.json()["requestId"],
        "method": "GET",
        "path": ROA,
        "action": "ListInstance",
        "status": 200,
        "bytes": len(reply.content),
        "caller": None,
        "peer": "10.1.2.3",
    }
    assert (record.status, record.peer) == (200, "10.1.2.3")


def test_the_peer_is_whoever_the_connection_comes_from(stores, caplog):
    told = {"x-forwarded-for": "9.9.9.9", "forwarded": "for=9.9.9.9", "x-real-ip": "9.9.9.9"}
    with caplog.at_level(logging.INFO), serving(create_app(**stores)) as client:
        client.get(ROA, headers={**told, "x-forwarded-proto": "https"})
    (record,) = lines(caplog, "instquery.access")
    assert record.peer == "127.0.0.1"


@pytest.mark.parametrize("caller", ['10"01\n\x9b2J', "1\x7f\x85\ud800"])
def test_the_caller_is_in_the_line(stores, caplog, monkeypatch, caller):
    keys = Keys({"AK": AccessKey("s", caller=caller)})
    monkeypatch.setattr(Gate, "admit", lambda *_: keys["AK"])
    with caplog.at_level(logging.INFO):
        ask(create_app(**stores, keys=keys), ROA)
    (record,) = lines(caplog, "instquery.access")
    assert record.getMessage().isprintable()
    assert json.loads(record.getMessage())["caller"] == caller


def test_long_texts_of_a_client_are_cut(stores, caplog):
    ids = ",".join(f"{n:02d}" + "x" * 500 for n in range(100))
    app = create_app(**stores, slow=0)
    with caplog.at_level(logging.INFO):
        assert ask(app, "/", "M" * 3_000).status_code == 405
        assert ask(app, "/", "POST", data={**ACTION, "InstanceIDs": ids}).status_code == 200
    assert len(lines(caplog, "instquery.access")[0].getMessage()) < 1_500
    assert len(lines(caplog, "instquery.slow")[0].getMessage()) < 5_000


@pytest.mark.parametrize(
    "path",
    [
        "/%0a%7b%22status%22%3a200%7d",
        "/%1b%5b2J%c2%9b2J",
        "/%e2%80%a8%c2%85%0b%0c%1c%1d%1e",
        "/%e2%80%ae%7f%00",
        "/%22%2c%22status%22%3a200%2c%22x%22%3a%22",
        "/%f3%a0%80%81%f0%9f%98%80",
        "/%ff%fe%ed%a0%80",
        "/" + "x" * 50_000,
    ],
)
def test_a_path_cannot_make_up_a_line_nor_steer_a_terminal(stores, caplog, path):
    with caplog.at_level(logging.INFO), serving(create_app(**stores)) as client:
        assert client.get(path).status_code == 404
    (record,) = lines(caplog, "instquery.access")
    text = record.getMessage()
    assert text.isprintable()
    assert len(text.splitlines()) == 1
    assert len(text) < 5_000
    line = json.loads(text)
    assert (line["status"], line["action"]) == (404, "-")


def test_a_client_that_goes_away_leaves_a_line(stores, caplog):
    with caplog.at_level(logging.INFO), Server(create_app(**stores)) as server:
        with socket.create_connection((server.host, server.port)) as connection:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nPage")
            time.sleep(0.1)
            reset = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        end = time.monotonic() + 5
        while not lines(caplog, "instquery.access") and time.monotonic() < end:
            time.sleep(0.01)
    (record,) = lines(caplog, "instquery.access")
    assert (record.status, record.bytes, record.peer) == (499, 0, "127.0.0.1")


# slow requests


def test_a_slow_request_is_logged_with_its_plan(stores, caplog):
    app = create_app(**stores, slow=0)
    with caplog.at_level(logging.INFO):
        reply = ask(app, ROA, params={"status": "Running", "name": "推\u2028荐"})
    (record,) = lines(caplog, "instquery.slow")
    assert record.levelno == logging.WARNING
    assert record.getMessage().isprintable()
    line = json.loads(record.getMessage())
    assert line["request_id"] == reply.json()["requestId"]
    assert line["left_out"] == 0
    query = airec.list_instance.query({"status": "Running", "name": "推\u2028荐"})
    assert line["plan"] == str(stores["airec"].explain(query))


def test_only_slow_requests_are_logged(stores, caplog):
    slow = create_app(airec=Slow(stores["airec"]), bss=stores["bss"], slow=0.02)
    ask(slow, "/", params=ACTION)
    assert not lines(caplog, "instquery.slow")
    ask(slow, ROA)
    (record,) = lines(caplog, "instquery.slow")
    assert json.loads(record.getMessage())["plan"] == "the store does not say how it answers"
    assert record.ms > 20


def test_by_default_a_tenth_of_a_second_is_slow(stores, caplog):
    ask(create_app(airec=Slow(stores["airec"], 0.05)), ROA)
    assert not lines(caplog, "instquery.slow")
    ask(create_app(airec=Slow(stores["airec"], 0.11)), ROA)
    assert lines(caplog, "instquery.slow")


def test_where_all_is_slow_lines_are_bounded_and_the_rest_is_counted(stores, caplog, monkeypatch):
    now = [100.5]
    monkeypatch.setattr(access_room, "monotonic", lambda: now[0])
    app = create_app(**stores, slow=0)
    for _ in range(25):
        ask(app, ROA)
    assert len(lines(caplog, "instquery.slow")) == 10
    now[0] += 1
    ask(app, ROA)
    assert json.loads(lines(caplog, "instquery.slow")[-1].getMessage())["left_out"] == 15
    ask(app, ROA)
    assert json.loads(lines(caplog, "instquery.slow")[-1].getMessage())["left_out"] == 0


def test_a_plan_that_cannot_be_had_is_no_failure(stores, caplog):
    class Gone:
        def prepare(self, query, cursor=None, *, live=False):
            return self

        brief = True

        @property
        def plan(self):
            raise RuntimeError("the database is gone")

        def page(self, *_):
            return stores["airec"].page(Query())

    assert ask(create_app(airec=Gone(), slow=0), ROA).status_code == 200
    (record,) = lines(caplog, "instquery.slow")
    assert json.loads(record.getMessage())["plan"] == "unknown: RuntimeError"


def test_a_refused_request_has_no_plan(stores, caplog):
    app = create_app(**stores, slow=0)
    ask(app, ROA, params={"size": "0"})
    ask(app, "/gone")
    (record,) = lines(caplog, "instquery.slow")
    assert json.loads(record.getMessage())["plan"] is None


def test_a_client_that_is_slow_makes_no_slow_request(stores, caplog):
    """Only what follows the reading of a request counts."""
    with (
        Server(create_app(**stores)) as server,
        socket.create_connection((server.host, server.port)) as connection,
    ):
        head = b"POST /?Action=QueryAvailableInstances HTTP/1.1\r\nHost: x\r\n"
        form = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n\r\n"
        connection.sendall(head + form)
        time.sleep(0.2)
        connection.sendall(b"PageSize=1")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        text = httpx.get(f"http://{server.endpoint}/metrics").text
    assert not lines(caplog, "instquery.slow")
    if metrics_room._is_installed:  # where the whole time counts
        assert float(re.search(r"request_seconds_sum\{.*\} (\S+)", text)[1]) > 0.15


@pytest.mark.parametrize("slow", [-1, "1", None, True])
def test_seconds_that_cannot_be_are_refused(slow):
    with pytest.raises(InstqueryError, match="slow must be a number of seconds"):
        create_app(slow=slow)


# figures


def figures(text):
    """Read the text that Prometheus is given, by its own reader."""
    parser = pytest.importorskip("prometheus_client.parser")
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in parser.text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def metrics():
    """Skip where the extra is not installed."""
    pytest.importorskip("prometheus_client")


def test_requests_are_counted_by_action_and_status(stores, metrics):
    app = create_app(**stores)
    for path in (ROA, ROA, f"{ROA}?size=0", "/?Action=QueryAvailableInstances"):
        ask(app, path)
    for number in range(50):
        ask(app, f"/?Action=Made{number}")
        ask(app, f"/made/{number}", method="GET")
    ask(app, ROA, method="DELETE")

    reply = ask(app, "/metrics")
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = figures(reply.text)
    requests = {key[1:]: value for key, value in found.items() if "requests_total" in key[0]}
    listed = (("action", "ListInstance"), ("version", "2020-11-26"))
    asked = (("action", "QueryAvailableInstances"), ("version", "2017-12-14"))
    nothing = (("action", "-"), ("version", "-"))
    assert requests == {
        (listed[0], ("status", "200"), listed[1]): 2,
        (listed[0], ("status", "400"), listed[1]): 1,
        (asked[0], ("status", "200"), asked[1]): 1,
        (nothing[0], ("status", "400"), nothing[1]): 50,
        (nothing[0], ("status", "404"), nothing[1]): 50,
        (nothing[0], ("status", "405"), nothing[1]): 1,
    }
    assert found["instquery_request_seconds_count", *listed] == 3
    assert 0 < found["instquery_request_seconds_sum", *listed] < 30
    buckets = [
        value
        for (name, *labels), value in found.items()
        if name == "instquery_request_seconds_bucket" and listed[0] in labels
    ]
    assert buckets == sorted(buckets)
    assert buckets[-1] == 3
    assert found["process_resident_memory_bytes",] > 1e6


def test_each_application_counts_for_itself(stores, metrics):
    one, other = create_app(**stores), create_app(**stores)
    ask(one, ROA)
    assert 'action="ListInstance"' in ask(one, "/metrics").text
    assert 'action="ListInstance"' not in ask(other, "/metrics").text


def test_what_stores_hold_is_told(metrics):
    store = Store(airec.SCHEMA, CATALOG["airec"].samples(30))
    walks = Walks(Store(bss.SCHEMA, CATALOG["bss"].samples(40)))
    app = create_app(airec=store, bss=walks)

    def held():
        found = figures(ask(app, "/metrics").text)
        return {
            (name, api): int(found[f"instquery_{name}", ("api", api)])
            for name in ("records", "snapshots", "leases")
            for api in ("airec", "bss")
        }

    assert held() == {
        ("records", "airec"): 30,
        ("snapshots", "airec"): 0,
        ("leases", "airec"): 0,
        ("records", "bss"): 40,
        ("snapshots", "bss"): 0,
        ("leases", "bss"): 0,
    }
    record = next(iter(store))
    snapshot = store.snapshot()
    assert store.page(Query(limit=5)).cursor
    store.put({**record, "name": "changed"})
    kept = store.snapshot()
    store.put({**record, "name": "again"})
    ask(app, "/?Action=QueryAvailableInstances&PageSize=1")
    found = held()
    assert (found["snapshots", "airec"], found["leases", "airec"]) == (2, 1)
    assert (found["snapshots", "bss"], found["leases", "bss"]) == (0, 1)
    del kept
    assert held()["snapshots", "airec"] == 1
    del snapshot
    assert held()["snapshots", "airec"] == 1  # the lease


def test_a_store_that_does_not_say_what_it_holds_is_left_out(stores, metrics, caplog):
    class Broken:
        @property
        def holdings(self):
            raise RuntimeError

        def page(self, query):
            return stores["bss"].page(query)

    text = ask(create_app(airec=Slow(stores["airec"]), bss=Broken()), "/metrics").text
    assert "instquery_records{" not in text
    assert "the store bss does not say what it holds" in caplog.text


def test_connections_are_told_where_the_server_is_ours(stores, metrics):
    with (
        Server(create_app(**stores), connections=3) as server,
        httpx.Client(base_url=f"http://{server.endpoint}") as client,
    ):
        client.get("/healthz")
        crowd = [socket.create_connection((server.host, server.port)) for _ in range(7)]
        for connection in crowd[2:]:
            assert connection.recv(1) == b""
        found = figures(client.get("/metrics").text)
        for connection in crowd:
            connection.close()
    assert found["instquery_connections",] == found["instquery_connections_most",] == 3
    assert found["instquery_connections_refused_total",] == 5
    assert "instquery_connections" not in ask(create_app(**stores), "/metrics").text


def test_figures_can_be_left_out(stores, monkeypatch):
    assert ask(create_app(**stores, metrics=False), "/metrics").status_code == 404
    monkeypatch.setattr(metrics_room, "_is_installed", False)
    assert ask(create_app(**stores), "/metrics").status_code == 404
    with pytest.raises(InstqueryError, match=r"pip install 'instquery\[metrics\]'"):
        create_app(metrics=True)
    with pytest.raises(InstqueryError, match="metrics must be True or False, not str"):
        create_app(metrics="yes")


def test_figures_need_no_signature(stores, metrics):
    app = create_app(**stores, keys=Keys({}))
    assert ask(app, ROA).status_code == 403
    assert 'status="403"' in ask(app, "/metrics").text


# spans


@pytest.fixture
def spans(monkeypatch):
    """Collect spans, as a program does that has set OpenTelemetry up."""
    pytest.importorskip("opentelemetry.sdk")
    from opentelemetry import trace  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: PLC0415
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import (  # noqa: PLC0415
        InMemorySpanExporter,
    )

    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    return exporter.get_finished_spans


def test_each_request_is_a_span_within_its_trace(stores, spans):
    parent = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    app = create_app(**stores)
    reply = ask(app, ROA, headers=parent)
    ask(app, "/gone")
    first, second = spans()
    assert first.name == "ListInstance"
    assert first.kind.name == "SERVER"
    assert f"{first.context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    assert f"{first.parent.span_id:016x}" == "b7ad6b7169203331"
    assert dict(first.attributes) == {
        "http.request.method": "GET",
        "url.path": ROA,
        "client.address": "10.1.2.3",
        "instquery.request_id": reply.json()["requestId"],
        "instquery.action": "ListInstance",
        "instquery.version": "2020-11-26",
        "http.response.status_code": 200,
    }
    assert (second.name, second.attributes["http.response.status_code"]) == ("GET", 404)
    assert second.parent is None


def test_what_a_request_does_is_part_of_its_span_in_a_thread_too(stores, spans):
    from opentelemetry import trace  # noqa: PLC0415

    class Traced(Slow):
        def page(self, query):
            with trace.get_tracer("of a database").start_as_current_span("query"):
                return super().page(query)

    ask(create_app(airec=Traced(stores["airec"], 0)), ROA)
    inner, outer = spans()
    assert inner.parent.span_id == outer.context.span_id
    assert trace.get_current_span().get_span_context().span_id == 0


def test_a_fault_of_ours_is_a_failed_span(spans):
    class Broken:
        def page(self, _):
            raise RuntimeError

    ask(create_app(airec=Broken()), ROA)
    (span,) = spans()
    assert span.status.status_code.name == "ERROR"
