"""`instquery serve`, started as the documents say.

Tests files, durable stores, keys, SIGHUP and a graceful end.
"""

import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from urllib.parse import urlencode

import httpx
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from instquery import InstqueryError, Store
from instquery.apis import airec
from instquery.asgi import Keys
from instquery.cli.app import app
from instquery.durable import DurableStore
from instquery.sql import SqlStore
from test_application import SECRET, acs3, rpc
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
def serving(*arguments, env=None, command=(sys.executable, "-m", "instquery.cli"), text=None):
    """Start the command on a free port, end it as an operator would, and check its end.

    `text` is its standard input.
    """
    command = [*command, "serve", "--port", "0", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    if text is not None:
        pipes["stdin"] = subprocess.PIPE
    with subprocess.Popen(command, **pipes, env=env) as process:  # noqa: S603 - our own command
        try:
            if text is not None:
                process.stdin.write(text)
                process.stdin.close()
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


def test_a_durable_store_and_a_database_are_served_as_they_are(file, tmp_path):
    """Nothing is read again there, and what is written to a database from elsewhere is served."""
    kept, url = tmp_path / "kept.db", f"sqlite:///{tmp_path}/all.sqlite"
    for place, table in ((kept, "x"), (url, "mine")):
        told = CliRunner().invoke(app, ["copy", str(file), str(place), "--table", table])
        assert told.exit_code == 0, told.stderr

    with serving("--airec", kept) as served:
        assert "2 airec records" in served.lines[0]
        assert served.names() == ["推荐", "one"]
        served.process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        assert served.names() == ["推荐", "one"]
        assert not any("taken over" in line or "read again" in line for line in served.lines)
        told = CliRunner().invoke(app, ["query", "airec", str(kept)])
        assert "open" in told.stderr  # elsewhere: one process has it at a time
    assert "2 of 2 matches" in CliRunner().invoke(app, ["query", "airec", str(kept)]).stdout

    for tables in (["--table", "mine"], ["--table", "other", "--table", "airec=mine"]):
        with serving("--airec", url, *tables) as served:
            assert served.names() == ["推荐", "one"]
            write(file, ["one", "推荐", "later"])
            run = CliRunner().invoke(app, ["copy", str(file), url, "--table", "mine"])
            assert run.exit_code == 0, run.stderr
            assert served.names() == ["later", "推荐", "one"]
            SqlStore(sa.create_engine(url), airec.SCHEMA, "mine").discard("i-2")
            write(file, ["one", "推荐"])


@pytest.mark.parametrize("form", ["durable", "database"])
def test_a_folder_of_stores_takes_over_records_from_any_place(file, tmp_path, form):
    place = {"durable": str(tmp_path / "from.db"), "database": f"sqlite:///{tmp_path}/from"}[form]
    assert CliRunner().invoke(app, ["copy", str(file), place]).exit_code == 0
    with serving("--airec", place, "--db", tmp_path / "stores") as served:
        assert served.names() == ["推荐", "one"]
        write(file, ["one", "推荐", "later"])
        assert CliRunner().invoke(app, ["copy", str(file), place]).exit_code == 0
        served.process.send_signal(signal.SIGHUP)
        served.wait_for("1 added, 0 changed, 0 removed")
        assert served.names() == ["later", "推荐", "one"]


def test_with_keys_requests_must_be_signed_and_keys_are_not_said(file, tmp_path):
    keys = tmp_path / "keys.json"
    keys.write_text('{"AK": "the-very-secret"}')
    with serving("--airec", file, "--keys", keys) as served:
        assert "must be signed with the key" in served.lines[0]
        reply = httpx.get(served.url + ROA)
        assert (reply.status_code, reply.json()["Code"]) == (403, "InvalidAccessKeyId.NotFound")
        served.wait_for('"status":403')
        assert "the-very-secret" not in "".join(served.lines)
    with serving("--airec", file, env={"INSTQUERY_KEYS": '{"AK": "s"}'}) as served:
        assert httpx.get(served.url + ROA).status_code == 403


def hang_up(served, pattern):
    """Have the files read again, and return what is said of it."""
    said = len("".join(served.lines))
    served.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if found := re.search(pattern, "".join(served.lines)[said:]):
            return found
        time.sleep(0.02)
    raise AssertionError(f"{pattern!r} was not said: {served.lines}")


def lines_of(count):
    return [json.dumps({"instanceId": f"i-{n}", "name": f"name {n}"}) for n in range(count)]


CUT = {
    "empty": "",
    "blank": "\n \n",
    "in the middle of a line": "\n".join(lines_of(40))[:-300],
    "in the middle of the first line": '{"instanceId": "i-0", "na',
    "an array": json.dumps([json.loads(line) for line in lines_of(40)])[:-200],
    "a saved reply": json.dumps({"result": [json.loads(line) for line in lines_of(40)]})[:-200],
    "noise after it": "\n".join(lines_of(3)) + "\n\0\0\0\0",
}


@pytest.mark.parametrize("skipping", [[], ["--skip-bad"]])
def test_a_file_that_is_cut_short_takes_nothing_out(tmp_path, skipping):
    file = tmp_path / "airec.jsonl"
    file.write_text("\n".join(lines_of(40)))
    with serving("--airec", file, *skipping) as served:
        for cut in CUT.values():
            file.write_text(cut)
            hang_up(served, "airec.jsonl is not taken over: .*")
            page = httpx.get(served.url + ROA, params={"size": 50}).json()
            assert len(page["result"]) == 40
        file.write_text("[]")  # meant so
        hang_up(served, "0 added, 0 changed, 40 removed")
        assert served.names() == []


def test_the_cure_for_an_empty_file_is_said(file):
    with serving("--airec", file) as served:
        file.write_text("")
        assert (
            "[] for an inventory without records" in hang_up(served, "is not taken over: (.*)")[1]
        )


@pytest.mark.parametrize("cut", CUT)
def test_a_file_that_is_cut_short_takes_nothing_out_of_a_durable_store(tmp_path, cut):
    file, folder = tmp_path / "airec.jsonl", tmp_path / "stores"
    file.write_text("\n".join(lines_of(40)))
    with serving("--airec", file, "--db", folder):
        pass
    file.write_text(CUT[cut])
    arguments = ["serve", "--airec", str(file), "--db", str(folder), "--skip-bad"]
    run = CliRunner().invoke(app, arguments)
    assert run.exit_code == 2
    told = run.stderr.replace("\n", "")
    assert "airec.jsonl: " in told
    assert "the file may be cut short" in told or "the file is empty" in told
    with DurableStore.open(folder / "airec.db", airec.SCHEMA) as store:
        assert len(store) == 40


def test_standard_input_is_not_read_again(tmp_path):
    with serving("--airec", "-", "--db", tmp_path, text='{"instanceId": "i-1"}\n') as served:
        hang_up(served, "- is not taken over: standard input can be read once")
        assert len(httpx.get(served.url + ROA).json()["result"]) == 1


def test_keys_are_read_again_on_sighup(file, tmp_path):
    """A revoked key is refused at once, a bad file leaves the old ones, nonces stay remembered."""
    keys = tmp_path / "keys.json"
    keys.write_text('{"AK": "the secret", "OTHER": "s"}')
    with serving("--airec", file, "--keys", keys) as served, httpx.Client() as client:

        def code(made):
            url = served.url + made["path"] + "?" + urlencode(made["query"])
            reply = client.request(made["method"], url, headers=made["headers"])
            return reply.json()["code"]

        sent = acs3()
        assert code(sent) == ""
        keys.write_text('{"AK": "the secr')
        assert "must be a JSON object" in hang_up(served, "keys.json is not taken over: (.*)")[1]
        assert code(acs3()) == ""
        keys.unlink()
        hang_up(served, "keys.json is not taken over: .*No such file")
        assert code(acs3()) == ""
        keys.write_text('{"OTHER": "s"}')
        hang_up(served, "keys.json read again: 1 keys in force")
        assert code(acs3()) == "InvalidAccessKeyId.NotFound"
        keys.write_text('{"AK": "the secret"}')
        hang_up(served, "keys.json read again: 1 keys in force")
        assert code(acs3()) == ""
        assert code(sent) == "SignatureNonceUsed"
        told = "".join(served.lines)
    assert "the secr" not in told


@pytest.fixture
def accounts(tmp_path):
    """Records of two owners, a key of one, a directory, and products."""
    records = [
        {"InstanceID": f"i-{n}", "OwnerId": owner, "ProductCode": "ecs"}
        for n, owner in enumerate(("1001", "1001", "2001", "3001"))
    ]
    written = {
        "bss": "".join(json.dumps(record) + "\n" for record in records),
        "keys": json.dumps({"AK": {"secret": SECRET, "caller": "1001"}}),
        "directory": json.dumps({"1001": {}}),
        "products": json.dumps(["ecs"]),
    }
    for name, text in written.items():
        (tmp_path / name).write_text(text)
    return {name: tmp_path / name for name in written}


def test_a_directory_narrows_what_a_caller_sees_and_is_read_again(accounts):
    arguments = [part for name, file in accounts.items() for part in (f"--{name}", file)]
    with serving(*arguments) as served:
        assert "narrows nothing" not in "".join(served.lines)

        def ask(**params):
            made = rpc(**params)
            body = httpx.get(served.url + "/", params=made["query"]).json()
            return body["Data"]["TotalCount"] if body["Success"] else body["Code"]

        assert ask() == 2
        assert ask(OwnerId="2001") == "InvalidOwner"
        assert ask(ProductCode="rds") == "ProductNotFind"
        accounts["directory"].write_text('{"1001": {"role": "reseller", "customers": ["2001"]}}')
        accounts["products"].write_text('["ecs", "rds"]')
        hang_up(served, "directory read again: in force\n(.*\n)*.*products read again: in force")
        assert ask() == "MissingParameter"
        assert ask(OwnerId="2001") == 1
        assert ask(OwnerId="3001") == "InvalidOwner"
        assert ask(OwnerId="1001", ProductCode="rds") == 0

        accounts["directory"].write_text('{"1001": {"role": "king"}}')
        said = hang_up(served, "directory is not taken over: (.*)")[1]
        assert said == "the caller 1001: role: must be one of owner, reseller, distributor"
        assert ask(OwnerId="2001") == 1
        accounts["directory"].write_text("{}")
        hang_up(served, "directory read again: in force")
        assert ask() == "InvalidCaller"


def test_without_a_directory_it_is_said_once_that_callers_are_not_narrowed(accounts):
    with serving("--bss", accounts["bss"], "--keys", accounts["keys"]) as served:
        served.wait_for("narrows nothing: any key sees every bss record; --directory FILE")
        hang_up(served, "keys read again")
        assert "".join(served.lines).count("narrows nothing") == 1
    with serving("--bss", accounts["bss"]) as served:
        httpx.get(served.url + "/healthz")
        assert "narrows nothing" not in "".join(served.lines)


WRONG = {
    ("directory", "[]"): "must be an object such as",
    ("directory", '{"1001": {}'): "it is not JSON, Expecting",
    ("directory", '{"1001": "owner"}'): "the caller 1001 must be an object, {} for a plain owner",
    ("directory", '{"1001": {}, "1001": {}}'): "has the member 1001 twice: leave one out",
    ("directory", '{"1001": {"rôle": ""}}'): "allowed are role, customers, applicable",
    ("directory", '{"1001": {"customers": "2001"}}'): 'must be an array, such as ["2001"]',
    ("directory", '{"1001": {"customers": [2001]}}'): "must be owner IDs as text",
    ("directory", '{"1001": {"customers": [[]]}}'): "must be owner IDs as text",
    ("directory", '{"1001": {"applicable": 1}}'): "applicable must be True or False",
    ("directory", ""): "must be an object such as",
    ("products", "{}"): 'must be an array of product codes, such as ["ecs", "rds"], not an object',
    ("products", '["ecs", 5]'): "a product code must be text",
    ("keys", "[]"): "access keys must be a JSON object",
    ("keys", '{"AK": "a", "AK": "b"}'): "access keys: has the member AK twice: leave one out",
    ("keys", '{"AK": {"secret": "a", "secret": "b"}}'): "has the member secret twice",
    ("bss", '{"InstanceID": 5}'): "line 1: InstanceID",
}


@pytest.mark.parametrize(("name", "text"), WRONG)
def test_a_wrong_file_is_named_with_the_cure(accounts, name, text):
    accounts[name].write_text(text)
    arguments = [part for name, file in accounts.items() for part in (f"--{name}", str(file))]
    run = CliRunner().invoke(app, ["serve", *arguments], env={"COLUMNS": "1000"})
    assert run.exit_code == 2
    assert f"{accounts[name]}: " in run.stderr
    assert WRONG[name, text] in run.stderr


def test_a_file_that_is_no_utf8_is_named(accounts):
    accounts["directory"].write_bytes(b'{"\xff": {}}')
    arguments = [part for name, file in accounts.items() for part in (f"--{name}", str(file))]
    run = CliRunner().invoke(app, ["serve", *arguments], env={"COLUMNS": "1000"})
    assert f"{accounts['directory']}: must be JSON in UTF-8: see byte 3" in run.stderr


def test_a_directory_without_keys_is_refused(accounts):
    run = CliRunner().invoke(
        app, ["serve", "--bss", str(accounts["bss"]), "--directory", str(accounts["directory"])]
    )
    assert run.exit_code == 2
    assert "--directory needs --keys" in run.stderr


def test_slow_requests_and_figures_are_options(file):
    with serving("--airec", file, "--slow", "0", "--no-metrics") as served:
        served.names()
        served.wait_for('"plan":"')
        assert httpx.get(served.url + "/metrics").status_code == 404
    pytest.importorskip("prometheus_client")
    with serving("--airec", file) as served:
        served.names()
        assert 'instquery_records{api="airec"} 2.0' in httpx.get(served.url + "/metrics").text
        assert '"plan"' not in "".join(served.lines)


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
        app, ["serve", *(each.format(file=file) for each in arguments)], input="[]"
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


@pytest.mark.parametrize("text", ["", "nonsense", "[]"])
def test_keys_of_the_environment_that_cannot_be_read_name_the_variable(monkeypatch, text):
    monkeypatch.setenv("INSTQUERY_KEYS", text)
    with pytest.raises(InstqueryError, match="INSTQUERY_KEYS: access keys must be"):
        Keys.from_environment()


def test_a_port_that_is_taken_is_said_of_the_port(file):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = CliRunner().invoke(app, ["serve", "--airec", str(file), "--port", port])
    assert result.exit_code == 2
    assert result.stderr.startswith("error: --port: cannot listen on 127.0.0.1:")
    assert "free the port, or take another (0 takes any)" in result.stderr
