"""Attacks on the application, each of which got through once: kept as tests of their whole kind."""

import asyncio
import datetime as dt
import json
import logging
import socket
import threading
import time
from contextlib import suppress
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest

from guards import KEYS, fresh
from instquery import InstqueryError, Store
from instquery.apis import airec
from instquery.asgi import AccessKey, Gate, Keys, create_app
from instquery.asgi import app as app_room
from instquery.asgi import nonces as nonces_room
from instquery.asgi.nonces import Nonces
from instquery.asgi.signing import Denied, Signed
from instquery.testing import Double
from signers import FORM, ROA, Raw, acs3, asked, now, roa, rpc


def statuses(app, *requests):
    return [status for status, _ in asked(app, *requests)]


def signed(request):
    """Return a request as a gate is given it."""
    pairs = tuple(parse_qsl(request.query.decode()))
    headers = {name.decode(): value.decode("latin-1") for name, value in request.headers}
    return Signed(request.method, request.path, pairs, (), headers, request.body)


# replay

BLANKS = ["\xa0", "\x85", *map(chr, range(0x1C, 0x20)), "\x0b", "\x0c", "\x00", "\x7f", "\xad"]


@pytest.mark.parametrize("maker", [acs3, roa])
@pytest.mark.parametrize("name", ["x-acs-signature-nonce", "x-acs-version", "authorization"])
def test_a_request_with_other_blanks_around_a_header_is_no_new_one(guarded, maker, name):
    request = maker(fresh())
    value = dict(request.headers)[name.encode()].decode()

    def spelled(blanks):
        values = [v for b in blanks for v in (value + b, b + value, b + value + 2 * b)]
        return [request.header(name.encode(), each.encode("latin-1")) for each in values]

    assert set(statuses(guarded, *spelled(BLANKS))) == {403}
    found = statuses(guarded, *spelled([" ", "\t", " \t "]), request)
    assert found == [200] + 9 * [403]  # the blanks of HTTP belong to no value


@pytest.mark.parametrize("maker", [acs3, roa, rpc])
def test_a_nonce_is_printable_ascii_although_it_is_signed(guarded, maker):
    for character in (*BLANKS, "é", "推")[: None if maker is rpc else -1]:
        ((status, body),) = asked(guarded, maker(fresh() + character + "x"))
        assert (status, body["Code"]) == (403, "SignatureDoesNotMatch"), repr(character)


@pytest.mark.parametrize("character", [*BLANKS, "\t", "é"])
def test_a_header_that_decides_holds_printable_ascii_alone(plain, character):
    value = f"a{character}b".encode("latin-1")
    for name in (*DECIDING, "x-acs-anything"):
        ((status, body),) = asked(plain, get(b"", [(name.encode(), value)]))
        assert (status, body["Code"]) == (400, "InvalidHeader")
    status = 200 if character in "\té\xa0\x85\xad" else 400
    assert statuses(plain, get(b"", [(b"user-agent", value)])) == [status]


DECIDING = {
    "x-acs-action": "ListInstance",
    "x-acs-signature-nonce": "x",
    "authorization": "acs AK:x",
    "content-type": FORM,
    "content-md5": "x",
    "content-encoding": "identity",
    "content-length": "0",
    "transfer-encoding": "chunked",
    "date": "x",
    "host": "testserver",
}


@pytest.mark.parametrize("name", DECIDING)
def test_a_header_that_decides_is_given_once(guarded, plain, name):
    told = DECIDING[name].encode()
    request = acs3(fresh())
    first = tuple(pair for pair in request.headers if pair[0] == name.encode())
    first = first or ((name.encode(), told),)
    pairs = (*request.without(name.encode()).headers, *first, (name.upper().encode(), told))
    changed = replace(request, headers=pairs)
    ((status, body),) = asked(plain, changed)
    assert (status, body["Code"]) == (400, "InvalidHeader")
    assert f"The header {name} " in body["Message"]
    ((status, body),) = asked(guarded, changed)
    assert (status, body["Code"]) == (403, "SignatureDoesNotMatch")
    assert statuses(guarded, request) == [200]


@pytest.mark.parametrize("maker", [acs3, roa, rpc])
def test_a_parameter_that_is_given_twice_is_refused_where_it_is_signed(guarded, maker):
    request = maker(fresh())
    for part in (*request.query.split(b"&"), b"size=50", b"name=x"):
        doubled = replace(request, query=request.query + b"&" + part)
        if doubled.query.count(part.partition(b"=")[0] + b"=") < 2:
            continue
        ((status, body),) = asked(guarded, doubled)
        assert (status, body["Code"]) == (403, "SignatureDoesNotMatch"), part
        assert "is given twice" in body["Message"]


def test_rpc_refuses_a_parameter_that_is_in_the_query_string_and_in_the_form(guarded):
    request = rpc(fresh(), params={}, form={"PageSize": "5"})
    assert statuses(guarded, replace(request, query=request.query + b"&PageSize=300")) == [403]
    assert statuses(guarded, request) == [200]


def test_acs3_whose_client_repeats_a_parameter_is_refused_although_it_is_signed(guarded):
    """The order of the two is lost in what is signed, and the last one counts."""
    request = acs3(fresh(), params={"size": "5"})
    body = asked(guarded, replace(request, query=b"size=5&size=5"))[0][1]
    assert body["Code"] == "SignatureDoesNotMatch"


# what decides is signed


@pytest.mark.parametrize("maker", [acs3, roa])
@pytest.mark.parametrize(
    "told", [None, "", "text/plain", "application/json", f"{FORM};charset=gbk", FORM + "x"]
)
def test_the_type_of_a_body_cannot_be_changed_so_that_its_form_is_not_read(guarded, maker, told):
    request = maker(fresh(), params={}, form={"size": "0"})  # which is refused where it is read
    name = b"content-type"
    changed = request.without(name) if told is None else request.header(name, told.encode())
    ((status, body),) = asked(guarded, changed)
    assert (status, body["Code"]) == (403, "SignatureDoesNotMatch")
    ((status, body),) = asked(guarded, request)
    assert (status, body["Code"]) == (400, "ValidationError")


def test_acs3_must_sign_the_type_of_a_body_where_there_is_one(guarded):
    request = acs3(fresh(), params={}, form={"size": "0"}, told=None)
    for told in (FORM, "text/plain", "application/json"):
        ((status, body),) = asked(guarded, request.header(b"content-type", told.encode()))
        assert (status, body["Code"]) == (403, "SignatureDoesNotMatch")
        assert "leaves out the header content-type" in body["Message"]
    assert asked(guarded, request)[0][1]["Code"] == "ValidationError"  # without a type it is a form


def test_roa_does_not_take_a_body_that_was_taken_away(guarded):
    request = roa(fresh(), params={}, form={"size": "0"})
    changed = replace(request.without(b"content-length"), body=b"")
    assert statuses(guarded, changed) == [403]


@pytest.mark.parametrize("name", ["x-acs-action", "x-acs-version"])
def test_headers_that_rpc_does_not_sign_decide_nothing(guarded, name):
    request = rpc(fresh())
    assert statuses(guarded, request.header(name.encode(), b"2014-05-26")) == [403]
    assert statuses(guarded, request.without(name.encode())) == [200]


@pytest.mark.parametrize("character", ["&", "=", "\n", "\x00", "\x7f", "\x85"])
@pytest.mark.parametrize("where", ["name", "value"])
def test_roa_refuses_what_it_cannot_sign_unambiguously(guarded, character, where):
    text = f"a{character}size"
    params = {text: "1"} if where == "name" else {"name": text}
    ((status, body),) = asked(guarded, roa(fresh(), params=params))
    assert (status, body["Code"]) == (403, "SignatureDoesNotMatch")
    assert "use ACS3-HMAC-SHA256" in body["Message"]
    assert statuses(guarded, acs3(fresh(), params=params)) == [200]


def test_roa_parameters_are_not_moved_into_one_another(guarded):
    request = roa(fresh(), params={"name": "a", "size": "50"})
    assert statuses(guarded, replace(request, query=b"name=a%26size%3D50")) == [403]
    assert statuses(guarded, replace(request, path=ROA + "?name=a", query=b"size=50")) == [403]
    assert statuses(guarded, replace(request, path=ROA + "?name=a&size=50", query=b"")) == [403]
    assert statuses(guarded, request) == [200]


def test_a_path_is_signed_as_it_is_sent(guarded):
    """Nothing is served there; a path may hold parameters one day."""
    assert statuses(guarded, acs3(fresh(), path="/v2/推 荐/a?b%20c")) == [404]


# the memory of nonces


@pytest.mark.parametrize("maker", [acs3, roa, rpc])
def test_a_nonce_has_at_most_128_characters(guarded, maker):
    nonce = (maker.__name__ + "n" * 128)[:128]
    assert statuses(guarded, maker(nonce)) == [200]
    ((status, body),) = asked(guarded, maker(nonce + "n"))
    assert (status, body["Code"]) == (403, "SignatureDoesNotMatch")
    assert "at most 128 characters" in body["Message"]


def test_a_full_memory_refuses_its_own_key_and_forgets_nothing():
    gate = Gate(KEYS, most=10)
    of_another = acs3("kept", key="B", secret="another")  # noqa: S106 - of a test
    gate.admit(signed(of_another))
    made = [acs3(fresh()) for _ in range(11)]
    for request in made[:10]:
        gate.admit(signed(request))
    for _ in range(3):
        with pytest.raises(Denied, match="too many requests of this access key") as caught:
            gate.admit(signed(made[10]))
        assert (caught.value.code, caught.value.status) == ("Throttling.User", 429)
    for request in (of_another, *made[:10]):
        with pytest.raises(Denied) as caught:
            gate.admit(signed(request))
        assert caught.value.code == "SignatureNonceUsed"


def test_a_memory_has_room_again_once_requests_are_late():
    moment = now()
    gate = Gate(KEYS, lambda: moment, most=3)
    for _ in range(5):
        for _ in range(3):
            gate.admit(signed(acs3(fresh(), at=moment)))
        with pytest.raises(Denied, match="too many"):
            gate.admit(signed(acs3(fresh(), at=moment)))
        moment += dt.timedelta(minutes=17)


def test_a_clock_that_is_set_back_lets_no_request_in_again():
    moment = start = now()
    gate = Gate(KEYS, lambda: moment)
    request = signed(acs3(fresh(), at=start))
    gate.admit(request)
    for minutes in (20, 60, 60 * 24 * 365):
        moment = start + dt.timedelta(minutes=minutes)
        gate.admit(signed(acs3(fresh(), at=moment)))
        moment = start
        with pytest.raises(Denied):
            gate.admit(request)


class SlowMemory(nonces_room._Memory):
    """A memory whose look-up takes so long that others come meanwhile."""

    def forget_before(self, first, room):
        super().forget_before(first, room)
        self._by_minute = SlowDict(self._by_minute)


class SlowDict(dict):
    def values(self):
        found = list(super().values())
        time.sleep(0.02)
        return found


@pytest.mark.parametrize("repeat", range(5))
def test_of_simultaneous_copies_one_is_let_in(repeat):
    gate = Gate(KEYS)
    copies = [signed(acs3(fresh())) for _ in range(300)]
    ready, let_in = threading.Barrier(8), [[] for _ in range(8)]

    def run(mine):
        ready.wait()
        for number, request in enumerate(copies):
            try:
                gate.admit(request)
            except Denied:
                continue
            mine.append(number)

    threads = [threading.Thread(target=run, args=(mine,)) for mine in let_in]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(number for mine in let_in for number in mine) == list(range(300))


def test_looking_up_and_remembering_is_one_step(monkeypatch):
    """A thread that looks up is held there until another has had the time to look up too."""
    nonces, told = Nonces(most=10, age=900), []
    monkeypatch.setattr(nonces_room, "_Memory", SlowMemory)

    def run():
        told.append(nonces.take("AK", "n", made=1e9, now=1e9))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["new", "repeated", "repeated", "repeated"]


def test_other_keys_are_in_force_at_once_and_the_memory_stays(stores):
    gate = Gate(KEYS)
    app = create_app(*stores, keys=gate)
    request = acs3(fresh())
    assert statuses(app, request) == [200]
    gate.replace(Keys({"NEW": AccessKey("new secret")}))
    by_new = acs3(fresh(), key="NEW", secret="new secret")  # noqa: S106 - of a test
    assert statuses(app, acs3(fresh()), by_new) == [403, 200]
    with pytest.raises(InstqueryError, match="keys must be an instance of Keys"):
        gate.replace({"AK": "the secret"})
    gate.replace(KEYS)
    ((_, body),) = asked(app, request)
    assert body["Code"] == "SignatureNonceUsed"
    assert statuses(app, acs3(fresh())) == [200]


def test_keys_that_are_gone_for_long_leave_no_memory():
    moment = now()
    gate = Gate(KEYS, lambda: moment)
    gate.admit(signed(acs3(fresh(), at=moment)))
    moment += dt.timedelta(minutes=40)
    gate.replace(Keys({"NEW": AccessKey("new secret")}))
    assert (len(gate._nonces), gate._nonces._memories) == (0, {})


# bodies


def post(body, told=FORM, **headers):
    pairs = [(b"content-length", b"%d" % len(body))]
    pairs += [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    if told is not None:
        pairs.append((b"content-type", told.encode()))
    return Raw("POST", ROA, b"", tuple(pairs), body)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("name=推荐".encode(), FORM),
        ("name=推%E8%8D%90".encode(), f"{FORM}; charset=UTF-8"),
        (b"name=%e6%8e%a8%E8%8D%90", FORM.upper()),
        ("name=推荐".encode(), f'{FORM} ; q=1;Charset="utf8"'),
        ("name=推荐".encode(), None),
    ],
)
def test_a_form_is_read_as_utf8_however_it_is_encoded(plain, told, body):
    ((status, found),) = asked(plain, post(body, told))
    assert (status, [item["name"] for item in found["result"]]) == (200, ["推荐"])


def test_the_double_notes_what_the_application_has_read():
    with Double() as double:
        double.airec.put({"instanceId": "i-1", "name": "推荐"})
        headers = {"content-type": FORM}
        body = "name=推荐&x=%E6%8E%A8".encode()
        reply = httpx.post(double.url + ROA, content=body, headers=headers)
        assert len(reply.json()["result"]) == 1
        assert double.requests[0].params == {"name": "推荐", "x": "推"}
        assert httpx.post(double.url + ROA, content=b"name=%ff", headers=headers).status_code == 400
        assert double.requests[1].params == {}


@pytest.mark.parametrize("text", [b"name=%ff", b"name=\xe6\x8e", b"%c3=1", b"name=%ED%A0%80"])
def test_what_is_no_utf8_is_refused(plain, text):
    for request in (post(text), Raw("GET", ROA, text, ())):
        ((status, body),) = asked(plain, request)
        assert (status, body["Code"]) == (400, "InvalidParameter")
        assert body["Message"] == "The parameters are not valid UTF-8: encode them so."


@pytest.mark.parametrize(
    ("told", "headers"),
    [
        ("application/json", {}),
        ("multipart/form-data; boundary=x", {}),
        ("text/plain", {}),
        (f"{FORM}; charset=gbk", {}),
        (FORM, {"content_encoding": "gzip"}),
    ],
)
def test_a_body_that_is_no_form_is_refused_by_its_name(plain, guarded, told, headers):
    ((status, body),) = asked(plain, post(b'{"size": 1}', told, **headers))
    assert (status, body["Code"]) == (415, "UnsupportedMediaType")
    assert body["message"].startswith(f"A body of {told}")
    assert statuses(guarded, post(b"{}", told, **headers)) == [403]


# bounds


def get(query, headers=(), method="GET", path=ROA):
    return Raw(method, path, query, tuple(headers))


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (get(b"name=" + b"a" * 65_536), 414, "RequestURITooLarge"),
        (get(b"", path="/" + "a" * 65_536), 414, "RequestURITooLarge"),
        (post(b"name=" + b"a" * 65_536), 413, "RequestEntityTooLarge"),
        (get(b"&".join([b"a"] * 1_001)), 400, "InvalidParameter"),
        (post(b"&".join([b"a"] * 1_001)), 400, "InvalidParameter"),
        (get(b"", [(b"x-a", b"a" * 65_536)]), 431, "RequestHeaderFieldsTooLarge"),
        (get(b"", [(b"x-a", b"a")] * 201), 431, "RequestHeaderFieldsTooLarge"),
        (get(b"", [(b"x-a", b"a")] * 200), 200, ""),
        (get(b"name=" + b"a" * 1_025), 400, "ValidationError"),
        (get(b"instanceId=" + b"%E6%8E%A8" * 1_025), 400, "ValidationError"),
        (get(b"name=" + b"a" * 1_024), 200, ""),
        (get(b"", method="HEAD"), 405, None),
        (get(b"", method="OPTIONS"), 405, "UnsupportedHTTPMethod"),
        (get(b"", method="POST", path="/healthz"), 405, "UnsupportedHTTPMethod"),
        (get(b"", method="POST", path="/openapi.json"), 405, "UnsupportedHTTPMethod"),
    ],
)
def test_what_is_beyond_a_bound_is_refused_as_documented(plain, request_, status, code):
    if code is None:  # without a body, as its method asks
        with pytest.raises(ValueError, match="Expecting value"):
            asked(plain, request_)
        return
    ((found, body),) = asked(plain, request_)
    assert (found, body["code"]) == (status, code)
    if status != 200:
        assert body["Message"] == body["message"]


def test_a_needle_that_is_too_long_is_refused_by_its_name():
    store = Store(airec.SCHEMA)
    for name in ("name", "instanceId"):
        asking = airec.list_instance.prepare(store, {name: "a" * 1_025}, is_remote=True)
        assert asking.reply().body["message"] == (
            f"The specified parameter {name} is not valid: it must have at most 1,024 characters."
        )
        for needle in ("a" * 1_024, "推" * 1_024):
            asking = airec.list_instance.prepare(store, {name: needle}, is_remote=True)
            assert asking.reply().status == 200


@pytest.mark.parametrize(
    "request_",
    [
        get(b"name=" + b"%41" * 20_000),
        post(b"InstanceIDs=" + b"a," * 30_000),
        acs3("long 1", params={"x": "推" * 7_000}),
        rpc("long 2", params={"x": "a" * 60_000}),
        get(b"name=" + ("a" + "\u0300" * 10_000 + "\u0316" * 10_000).encode()),
    ],
)
def test_a_large_request_is_read_and_planned_in_a_thread(guarded, plain, request_, monkeypatch):
    threads, real = [], app_room.Application._plan
    reading = app_room.read_pairs

    def plan(*given):
        threads.append(threading.current_thread())
        return real(*given)

    def read(text):
        threads.append(threading.current_thread())
        return reading(text)

    monkeypatch.setattr(app_room.Application, "_plan", plan)
    monkeypatch.setattr(app_room, "read_pairs", read)
    assert all(status < 500 for status in statuses(plain, request_) + statuses(guarded, request_))
    assert threads
    assert threading.main_thread() not in threads


def test_a_small_request_takes_no_thread(plain, monkeypatch):
    async def fail(*_):
        raise AssertionError

    monkeypatch.setattr(app_room, "run_in_threadpool", fail)
    assert statuses(plain, get(b"size=5"), post(b"size=5")) == [200, 200]


# the wire


def talk(double, octets):
    with socket.create_connection(double.endpoint.split(":"), timeout=5) as connection:
        connection.sendall(octets)
        with suppress(OSError):  # it may be refused and closed before all has been read
            connection.shutdown(socket.SHUT_WR)
        told = b""
        while part := connection.recv(65536):
            told += part
    return told


@pytest.fixture(scope="module")
def double():
    with Double() as double:
        yield double


def test_a_target_with_scheme_and_host_is_served(double):
    start = len(double.requests)
    for target, status in (
        (b"http://host" + ROA.encode() + b"?size=5", b"200"),
        (b"http://host?Action=QueryAvailableInstances", b"200"),
        (b"HTTP://user@host:80/?Action=QueryAvailableInstances", b"200"),
        (b"http://host/healthz", b"200"),
        (b"http://host/none", b"404"),
    ):
        told = talk(
            double, b"GET " + target + b" HTTP/1.1\r\nHost: host\r\nConnection: close\r\n\r\n"
        )
        assert told.split(b" ")[1] == status, told
    assert [seen.path for seen in double.requests[start:]] == [ROA, "/", "/", "/none"]


def test_the_access_log_has_the_path_alone_of_such_a_target(plain, caplog):
    with caplog.at_level(logging.INFO, "instquery.access"):
        asked(plain, get(b"size=5", path="http://user@host:80" + ROA))
    assert json.loads(caplog.records[-1].getMessage())["path"] == ROA


HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
REFUSED = {
    "garbage": (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400),
    "no HTTP": (b"GET / FTP/1.1\r\n\r\n", 400),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "bytes that are no ASCII in the target": ("GET /?a=推 HTTP/1.1\r\n\r\n".encode(), 400),
    "two lengths": (HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400),
    "an unknown coding": (HEAD + b"Transfer-Encoding: gzip\r\n\r\n", 501),
    "16,000 headers": (HEAD + b"a:\r\n" * 16_000 + b"\r\n", 431),
    "16,000 headers without carriage returns": (HEAD + b"a:\n" * 16_000 + b"\n", 431),
    "16,000 headers without an end": (HEAD + b"a:\r\n" * 16_000, 431),
    "300 headers": (HEAD + b"a: 1\r\n" * 300 + b"\r\n", 431),
    "10,000 chunks": (CHUNKED + b"1\r\nx\r\n" * 10_000 + b"0\r\n\r\n", 400),
    "10,000 trailers": (CHUNKED + b"1\r\nx\r\n0\r\n" + b"a:\r\n" * 10_000 + b"\r\n", 400),
    "a path of 75 KB": (b"GET /" + b"a" * 75_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    "a path of escapes": (b"GET /" + b"%41" * 1_001 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    "headers of 135 KB": (HEAD + b"a: " + b"x" * 135_200 + b"\r\n\r\n", 431),
    "a broken chunk": (CHUNKED + b"zz\r\n", 400),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_parser_refuses_is_answered_in_json(double, name):
    octets, status = REFUSED[name]
    head, _, body = talk(double, octets).partition(b"\r\n\r\n")
    assert int(head.split(b" ")[1]) == status, head
    assert b"content-type: application/json" in head
    found = httpx.Response(status, content=body).json()
    assert status != 400 or found["Code"] == "InvalidRequest"  # no operation has been asked
    for upper in ("Code", "Message", "RequestId"):
        assert found[upper] == found[upper[0].lower() + upper[1:]] != ""


def test_what_looks_alike_and_is_not_costly_is_served(double):
    action = b"Action=QueryAvailableInstances"
    chunks = b"".join(b"1\r\n%c\r\n" % letter for letter in action)
    assert b" 200 " in talk(double, CHUNKED + chunks + b"0\r\n\r\n")[:20]
    body = action + b"&x=" + b"\n" * 3_000  # lines of a body are no lines of a head
    length = b"Content-Length: %d\r\n\r\n" % len(body)
    assert b" 200 " in talk(double, HEAD + length + body)[:20]
    one = b"GET /v2/openapi/instances?size=5 HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /healthz" + HEAD[6:] + b"\r\n"
    assert talk(double, one * 500 + last).count(b"HTTP/1.1 200") == 501
    query = urlencode({"x": "a" * 60_000}).encode()
    assert b" 200 " in talk(double, b"GET " + ROA.encode() + b"?" + query + HEAD[6:] + b"\r\n")[:20]


def test_a_client_that_has_said_all_still_gets_its_reply(double):
    """However soon it ends its side, and without asking for the connection to be closed."""
    for _ in range(20):
        with socket.create_connection(double.endpoint.split(":"), timeout=5) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(65536).startswith(b"HTTP/1.1 400")


def test_a_head_that_comes_in_pieces_may_be_as_large_as_one_that_does_not(double):
    octets = b"GET " + ROA.encode() + b"?x=" + b"a" * 60_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.create_connection(double.endpoint.split(":"), timeout=5) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(octets), 5_000):
            connection.sendall(octets[at : at + 5_000])
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")


def test_without_an_action_the_description_is_named(plain):
    ((status, body),) = asked(plain, get(b"", path="/"))
    assert (status, body["Code"]) == (400, "InvalidAction.NotFound")
    assert "/openapi.json" in body["Message"]


def test_a_body_of_http_2_needs_no_length(plain):
    async def ask():
        told = []

        async def receive():
            return {"type": "http.request", "body": b"size=0", "more_body": False}

        async def send(message):
            told.append(message)

        scope = {"type": "http", "http_version": "2", "method": "POST", "path": ROA}
        scope |= {"query_string": b"", "headers": [(b"content-type", FORM.encode())]}
        await plain(scope, receive, send)
        return told[0]["status"]

    assert asyncio.run(ask()) == 400
