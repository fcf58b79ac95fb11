"""`instquery serve`, started as the documents say.

Tests files, durable stores, keys, SIGHUP and a graceful end.
"""

import json
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import httpx
import pytest
from typer.testing import CliRunner

from instquery import Store
from instquery.apis import airec
from instquery.cli.app import app
from test_clients import CLIENTS, RECORDS, Refused
from test_node_clients import CLIENTS as NODE_CLIENTS

ROA = "/v2/openapi/instances"


class Serving:
    """A serving process, and what it says."""

    def __init__(self, process):
        self.process, self.lines = process, []
        self._reader = threading.Thread(
            target=lambda: self.lines.extend(iter(process.stdout.readline, "")), daemon=True
        )
        self._reader.start()
        found = self.wait_for(r"on http://(\S+);")
        self.endpoint, self.url = found[1], f"http://{found[1]}"

    def wait_for(self, pattern, seconds=20):
        """Return the first match in what has been said since the start."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = re.search(pattern, "".join(self.lines))
            if found:
                return found
            time.sleep(0.02)
        raise AssertionError(f"{pattern!r} was not said: {self.lines}")

    def names(self):
        return [item["name"] for item in httpx.get(self.url + ROA).json()["result"]]


@contextmanager
def serving(*arguments, env=None, command=(sys.executable, "-m", "instquery.cli")):
    """Start the command on a free port, end it as an operator would, and check its end."""
    command = [*command, "serve", "--port", "0", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, **pipes, env=env) as process:  # noqa: S603 - our own command
        try:
            yield Serving(process)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) in (0, -signal.SIGTERM)
        finally:
            process.kill()


def write(path, names):
    lines = [
        {"instanceId": f"i-{n}", "name": name, "gmtCreate": f"2026-01-01T00:00:0{n}Z"}
        for n, name in enumerate(names)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "airec.jsonl"
    write(path, ["one", "推荐"])
    return path


def test_files_are_served_and_read_again_on_sighup(file):
    with serving("--airec", file) as served:
        assert "2 airec records" in served.lines[0]
        assert "signatures are not checked" in served.lines[0]
        assert served.endpoint.startswith("127.0.0.1:")
        assert served.names() == ["推荐", "one"]
        write(file, ["one", "new", "three"])
        served.process.send_signal(signal.SIGHUP)
        served.wait_for("1 added, 1 changed, 0 removed")
        assert served.names() == ["three", "new", "one"]
        file.write_text('{"instanceId": "i-1"}\n{"instanceId": 5}\n')
        served.process.send_signal(signal.SIGHUP)
        said = served.wait_for("is not taken over: (.*)")
        assert "line 2: instanceId" in said[1]
        assert served.names() == ["three", "new", "one"]
        assert (
            httpx.post(served.url, data={"Action": "QueryAvailableInstances"}).status_code == 400
        )  # no such file


def test_durable_stores_keep_what_was_taken_over(file, tmp_path):
    with serving("--airec", file, "--db", tmp_path / "stores") as served:
        assert served.names() == ["推荐", "one"]
    with serving("--db", tmp_path / "stores") as served:
        assert served.names() == ["推荐", "one"]
        assert (
            httpx.get(served.url, params={"Action": "QueryAvailableInstances"}).json()["Data"][
                "TotalCount"
            ]
            == 0
        )


def test_with_keys_requests_must_be_signed_and_keys_are_not_said(file, tmp_path):
    keys = tmp_path / "keys.json"
    keys.write_text('{"AK": "the-very-secret"}')
    with serving("--airec", file, "--keys", keys) as served:
        assert "signed with one of 1 keys" in served.lines[0]
        reply = httpx.get(served.url + ROA)
        assert (reply.status_code, reply.json()["Code"]) == (403, "InvalidAccessKeyId.NotFound")
        served.wait_for('"status":403')
        assert "the-very-secret" not in "".join(served.lines)
    with serving("--airec", file, env={"INSTQUERY_KEYS": '{"AK": "s"}'}) as served:
        assert httpx.get(served.url + ROA).status_code == 403


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "give a file"),
        (["--airec", "gone.jsonl"], "gone.jsonl"),
        (["--bss", "-", "--keys", "gone.json"], "gone.json"),
        (["--airec", "{file}", "--host", "203.0.113.1"], "cannot listen"),
    ],
)
def test_what_cannot_be_served_is_exit_code_2(file, arguments, told):
    run = CliRunner().invoke(
        app, ["serve", *(each.format(file=file) for each in arguments)], input=""
    )
    assert run.exit_code == 2
    assert told in run.stderr
    assert "Traceback" not in run.stderr


@pytest.fixture(scope="module")
def documented(tmp_path_factory):
    """The command with files of both APIs and a key, as the documents start it."""
    folder = tmp_path_factory.mktemp("documented")
    for api in ("airec", "bss"):
        lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in RECORDS[api])
        (folder / f"{api}.jsonl").write_text(lines, "utf-8")
    keys = folder / "keys.json"
    keys.write_text('{"AK": "s"}')
    with serving(
        "--airec", folder / "airec.jsonl", "--bss", folder / "bss.jsonl", "--keys", keys
    ) as served:
        yield served


@pytest.mark.parametrize("client", CLIENTS)
def test_the_official_clients_against_the_documented_command(documented, client):
    found, page = [], 1
    while items := CLIENTS[client](
        documented, "airec", {"page": str(page), "size": "50"}, ("AK", "s")
    )["result"]:
        found += [item["instanceId"] for item in items]
        page += 1
    assert found == [record["instanceId"] for record in Store(airec.SCHEMA, RECORDS["airec"])]
    body = CLIENTS[client](documented, "bss", {"PageSize": "300"}, ("AK", "s"))
    assert body["Data"]["TotalCount"] == len(body["Data"]["InstanceList"]) == 300
    for params, key, code in (
        ({"status": "x"}, "s", "ValidationError"),
        ({}, "no", "SignatureDoesNotMatch"),
    ):
        with pytest.raises(Refused) as caught:
            CLIENTS[client](documented, "airec", params, ("AK", key))
        assert caught.value.code == code


@pytest.mark.parametrize("client", NODE_CLIENTS)
def test_the_official_node_clients_against_the_documented_command(documented, node_clients, client):
    base = {**NODE_CLIENTS[client], "endpoint": documented.endpoint, "key": "AK", "params": {}}
    told = node_clients.ask([base | {"secret": "s"}, base | {"secret": "no"}])
    body = told[0]["body"]
    assert len(body["result"]) == 10 if "result" in body else body["Data"]["TotalCount"] == 300
    assert told[1]["error"]["code"] == "SignatureDoesNotMatch"
