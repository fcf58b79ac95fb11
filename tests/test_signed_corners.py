"""Signed requests at the edges: of time, of the memory of nonces, and of what a scheme can say."""

import asyncio
import datetime as dt
import hashlib
import json
from dataclasses import replace
from email.utils import format_datetime

import pytest

import signers
from guards import KEYS, fresh
from instquery import InstqueryError
from instquery.apis import bss
from instquery.asgi import AccessKey, Gate, Keys, create_app
from instquery.asgi import app as app_room
from instquery.asgi import server as server_room
from instquery.asgi.nonces import Nonces
from instquery.asgi.signing import Denied, Signed
from signers import FORM, ROA, Raw, acs3, asked, now, roa, rpc


def codes(app, *requests):
    """Return the error code of each reply; nothing where it is answered."""
    return [body["code"] if status != 200 else "" for status, body in asked(app, *requests)]


def code(gate, request):
    """Return the code that a gate refuses a request by; nothing where it is let in."""
    headers = {name.decode(): value.decode() for name, value in request.headers}
    try:
        gate.admit(Signed("GET", request.path, (("size", "5"),), (), headers, b""))
    except Denied as denied:
        return denied.code
    return ""


def small(nonce, at):
    return acs3(nonce, params={"size": "5"}, at=at)


# the memory of nonces


def test_keys_that_were_gone_leave_no_hole_where_a_clock_is_set_back():
    """Their memory is let go of; what was in it stays forgotten."""
    moment = start = now()
    gate = Gate(KEYS, lambda: moment)
    request = small(fresh(), start)
    assert code(gate, request) == ""
    moment = start + dt.timedelta(minutes=40)
    gate.replace(KEYS)
    assert len(gate._nonces) == 0
    moment = start
    assert code(gate, request) == "InvalidTimeStamp.Expired"
    moment = start + dt.timedelta(minutes=2)
    assert code(gate, small(fresh(), moment)) == ""


def test_the_last_minute_of_all_that_are_gone_counts():
    nonces = Nonces(most=10, age=900)
    nonces.take("A", "a", made=600, now=600)
    nonces.take("B", "b", made=300, now=600)
    nonces.end_empty(9_000)
    assert len(nonces) == 0
    for key in ("A", "B"):
        assert nonces.take(key, "a", made=600, now=600) == "forgotten"
        assert nonces.take(key, "c", made=660, now=660) == "new"


def test_a_request_is_remembered_until_it_is_late_and_let_in_until_then():
    start = now().replace(second=5)
    moment = start
    gate = Gate(KEYS, lambda: moment)
    first = small(fresh(), start)
    assert code(gate, first) == ""
    moment = start + dt.timedelta(minutes=14, seconds=50)
    assert code(gate, small(fresh(), start)) == ""
    assert code(gate, first) == "SignatureNonceUsed"


def test_a_nonce_is_one_whatever_the_minute_it_comes_in():
    nonce, moment = fresh(), now()
    gate = Gate(KEYS)
    for minutes in (0, -3, 3, 14):
        request = small(nonce, moment + dt.timedelta(minutes=minutes))
        assert code(gate, request) == ("SignatureNonceUsed" if minutes else "")


def test_a_minute_is_forgotten_once_it_is_over_and_no_sooner():
    nonces = Nonces(most=10, age=900)
    assert nonces.take("AK", "a", made=0, now=0) == "new"
    assert nonces.take("AK", "b", made=30, now=930) == "new"
    assert nonces.take("AK", "a", made=0, now=959) == "repeated"
    assert nonces.take("AK", "c", made=59, now=960) == "forgotten"


def test_a_minute_that_came_late_makes_room_in_its_turn():
    nonces = Nonces(most=2, age=900)
    assert nonces.take("AK", "a", made=600, now=600) == "new"
    assert nonces.take("AK", "b", made=300, now=600) == "new"
    assert nonces.take("AK", "c", made=1_260, now=1_260) == "new"


def test_one_minute_is_forgotten_at_a_time_where_there_is_room():
    """So that no request waits for a million nonces to be let go of."""
    nonces = Nonces(most=100, age=900)
    for minute in range(10):
        nonces.take("AK", str(minute), made=60 * minute, now=60 * minute)
    for left in (10, 10, 10):
        nonces.take("AK", f"x{len(nonces)}{fresh()}", made=9_000, now=9_000)
        assert len(nonces) == left


def test_the_bounds_are_those_that_are_documented():
    assert Gate(KEYS)._nonces._most == 500_000
    assert app_room._PATIENCE == server_room._PATIENCE == 10


# what a scheme can say


@pytest.mark.parametrize("maker", [acs3, roa])
def test_a_form_says_a_thing_once_where_it_is_signed(guarded, monkeypatch, maker):
    monkeypatch.setattr(
        signers, "urlencode", lambda params: "&".join(f"{k}={v}" for k, v in params.items())
    )
    request = maker(fresh(), params={}, form={"size": "5&size=6"})
    assert request.body == b"size=5&size=6"
    assert codes(guarded, request) == ["SignatureDoesNotMatch"]


@pytest.mark.parametrize("body", [b"&", b"&&", b'{"size": 1}'])
def test_rpc_takes_no_body_that_it_does_not_sign(guarded, body):
    request = rpc(fresh())
    length = (b"content-length", b"%d" % len(body))
    for told in (FORM, "application/json"):
        pairs = (
            *request.without(b"content-type").headers,
            (b"content-type", told.encode()),
            length,
        )
        assert codes(guarded, replace(request, body=body, headers=pairs)) == [
            "SignatureDoesNotMatch"
        ]


def test_nothing_that_is_needed_may_be_empty(guarded):
    made = [acs3(""), rpc(""), rpc(fresh(), key=""), roa(fresh(), key="")]
    assert codes(guarded, *made) == ["SignatureDoesNotMatch"] * 4


def dated(text):
    """Return a request of the ROA scheme that was made at a moment written in this way."""

    class At:
        pass

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signers, "format_datetime", lambda *_, **__: text)
        return roa(fresh(), at=At())


@pytest.mark.parametrize("hours", [8, -5, 0])
def test_a_date_counts_in_its_own_zone(guarded, hours):
    zone = dt.timezone(dt.timedelta(hours=hours))
    here = format_datetime(now().astimezone(zone))
    assert codes(guarded, dated(here)) == [""]
    elsewhere = here[:-5] + "+0330"
    assert codes(guarded, dated(elsewhere)) == ["InvalidTimeStamp.Expired"]


@pytest.mark.parametrize(
    "date",
    [
        *(
            "",
            "x",
            ":::",
            "1 Jan 99999999999999999999 00:00:00 GMT",
            "Mon, 01 Jan 2026 25:00:00 GMT",
        ),
        "Thu, 01 Jan 2026 00:00:00 +9999",
        "{now} (" + "x" * 40 + ")",
    ],
)
def test_a_date_that_cannot_be_is_refused(guarded, date):
    text = date.format(now=format_datetime(now(), usegmt=True))
    assert codes(guarded, dated(text)) == ["SignatureDoesNotMatch"]


@pytest.mark.parametrize("date", ["Mon, 01 Jan 0001 00:00:00 +2359", "31 Dec 9999 23:59:59 -2359"])
def test_a_date_at_the_end_of_time_is_late(guarded, date):
    assert codes(guarded, dated(date)) == ["InvalidTimeStamp.Expired"]


def test_a_key_without_a_caller_sees_nothing_where_owners_are_told_apart(stores):
    directory = bss.Directory({"1001": bss.Caller()})
    app = create_app(*stores, keys=KEYS, directory=directory)
    by_nobody = rpc(fresh(), key="B", secret="another")  # noqa: S106 - of a test
    assert codes(app, by_nobody) == ["InvalidCaller"]
    ((status, body),) = asked(app, rpc(fresh()))
    assert (status, body["Data"]["TotalCount"]) == (200, 0)


# what is read


def form(text, *, query=b"", told=FORM):
    pairs = ((b"content-type", told.encode()), (b"content-length", b"%d" % len(text)))
    return Raw("POST", ROA, query, pairs, text)


def test_the_form_counts_where_a_parameter_is_in_both_places(plain):
    assert codes(plain, form(b"size=5", query=b"size=0"), form(b"size=0", query=b"size=5")) == [
        "",
        "ValidationError",
    ]
    assert codes(plain, form(b"size=", query=b"size=0")) == ["ValidationError"]


def test_a_parameter_names_the_action_before_a_header_does(plain):
    named = Raw("GET", "/", b"Action=QueryAvailableInstances", ((b"x-acs-action", b"Gone"),))
    assert codes(plain, named, replace(named, query=b"Action=")) == ["", "InvalidAction.NotFound"]


def test_a_type_without_a_body_says_nothing(plain):
    request = Raw("GET", ROA, b"size=5", ((b"content-type", b"application/json"),))
    assert codes(plain, request) == [""]


def test_a_type_is_told_in_brief(plain):
    ((status, body),) = asked(plain, form(b"x", told="x/" + "y" * 5_000))
    assert (status, len(body["Message"]) < 300) == (415, True)
    coded = form(b"x").header(b"content-encoding", b"y" * 5_000)
    ((status, body),) = asked(plain, coded)
    assert (status, len(body["Message"]) < 400) == (415, True)


def test_a_body_in_parts_has_the_bound_of_one_in_one_piece(plain):
    parts = [b"x" * 30_000] * 3
    told = []

    async def receive():
        return {"type": "http.request", "body": parts.pop(), "more_body": bool(parts)}

    async def send(message):
        told.append(message)

    headers = [(b"transfer-encoding", b"chunked"), (b"content-type", FORM.encode())]
    scope = {"type": "http", "method": "POST", "path": ROA, "query_string": b"", "headers": headers}
    asyncio.run(plain(scope, receive, send))
    assert told[0]["status"] == 413


@pytest.mark.parametrize("secret", ["", "\ud800", "a\udfffb", b"x", None, 5])
def test_a_secret_is_text_that_can_sign(secret):
    with pytest.raises(InstqueryError, match="secret: must be text"):
        AccessKey(secret)


def test_keys_say_a_thing_once():
    """Which of two secrets is meant nobody could tell; the last one would win in silence."""
    for text in ('{"AK": "a", "AK": "b"}', '{"AK": {"secret": "a", "secret": "b"}}'):
        with pytest.raises(InstqueryError, match="twice: leave one out") as caught:
            Keys.parse(text)
        assert json.dumps("b") not in str(caught.value)


def test_a_signature_of_another_body_is_no_signature(guarded):
    """The digest is signed, and so is what it is of."""
    request = acs3(fresh(), params={}, form={"size": "5"})
    other = request.header(b"x-acs-content-sha256", hashlib.sha256(b"size=6").hexdigest().encode())
    for changed in (replace(request, body=b"size=6"), replace(other, body=b"size=6"), other):
        assert codes(guarded, changed) == ["SignatureDoesNotMatch"]
