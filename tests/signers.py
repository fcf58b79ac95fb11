"""Requests signed as the clients sign them, made from the descriptions, and an application asked.

Nothing here is imported from the package. A request is raw: a target, headers and a body in bytes,
so that it can be changed on its way as somebody in the middle could.
"""

import asyncio
import base64
import datetime as dt
import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from email.utils import format_datetime
from urllib.parse import quote, urlencode

ROA = "/v2/openapi/instances"
FORM = "application/x-www-form-urlencoded"
SECRET = "the secret"  # noqa: S105 - of a test


@dataclass(frozen=True)
class Raw:
    """A request as it is on the wire."""

    method: str
    path: str
    query: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes = b""

    def header(self, name, value):
        """Return the request with one header in the place of those of its name."""
        kept = tuple(pair for pair in self.headers if pair[0] != name)
        return replace(self, headers=(*kept, (name, value)))

    def without(self, name):
        return replace(self, headers=tuple(pair for pair in self.headers if pair[0] != name))


def now():
    return dt.datetime.now(dt.UTC)


def encoded(text):
    return quote(text, safe="~")


def query_string(params):
    return "&".join(f"{encoded(name)}={encoded(value)}" for name, value in sorted(params.items()))


def raw(method, path, params, headers, body):
    pairs = tuple((name.encode(), value.encode("latin-1")) for name, value in headers.items())
    if body:
        pairs = (*pairs, (b"content-length", b"%d" % len(body)))
    return Raw(method, path, urlencode(params).encode(), pairs, body)


def acs3(nonce, *, params=None, form=None, secret=SECRET, at=None, key="AK", path=ROA, told=FORM):
    """ACS3, with Content-Type among the signed headers as today's clients have it."""
    params = {"name": "推荐", "size": "5"} if params is None else params
    body = urlencode(form).encode() if form else b""
    method = "POST" if form else "GET"
    headers = {
        "host": "testserver",
        "x-acs-action": "ListInstance" if path == ROA else "QueryAvailableInstances",
        "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
        "x-acs-date": (at or now()).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": "2020-11-26" if path == ROA else "2017-12-14",
    }
    if form and told:
        headers["content-type"] = told
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    parts = [
        method,
        quote(path, safe="/~"),
        query_string(params),
        lines,
        names,
        headers["x-acs-content-sha256"],
    ]
    source = "ACS3-HMAC-SHA256\n" + hashlib.sha256("\n".join(parts).encode()).hexdigest()
    signature = hmac.new(secret.encode(), source.encode(), "sha256").hexdigest()
    headers["authorization"] = (
        f"ACS3-HMAC-SHA256 Credential={key},SignedHeaders={names},Signature={signature}"
    )
    return raw(method, path, params, headers, body)


def roa(nonce, *, params=None, form=None, secret=SECRET, at=None, key="AK"):
    """ROA; with a form it also has a Content-MD5. Without a nonce the signature is the nonce."""
    params = {"name": "推荐", "size": "5"} if params is None else params
    body = urlencode(form).encode() if form else b""
    method = "POST" if form else "GET"
    headers = {"accept": "application/json", "date": format_datetime(at or now(), usegmt=True)}
    if form:
        headers["content-type"] = FORM
        headers["content-md5"] = base64.b64encode(hashlib.md5(body).digest()).decode()  # noqa: S324
    headers["x-acs-signature-method"] = "HMAC-SHA1"
    headers["x-acs-version"] = "2020-11-26"
    if nonce:
        headers["x-acs-signature-nonce"] = nonce
    first = [headers.get(name, "") for name in ("accept", "content-md5", "content-type", "date")]
    own = [f"{name}:{headers[name]}" for name in sorted(headers) if name.startswith("x-acs-")]
    pairs = "&".join(f"{name}={value}" for name, value in sorted(params.items()))
    source = "\n".join([method, *first, *own, ROA + (f"?{pairs}" if pairs else "")])
    digest = hmac.new(secret.encode(), source.encode(), "sha1").digest()
    headers["authorization"] = f"acs {key}:{base64.b64encode(digest).decode()}"
    return raw(method, ROA, params, headers, body)


def rpc(nonce, *, params=None, form=None, secret=SECRET, at=None, key="AK"):
    """RPC, with the headers of today's client in its older mode, which are not signed."""
    params = {"PageSize": "5"} if params is None else params
    method = "POST" if form else "GET"
    query = {
        "Action": "QueryAvailableInstances",
        "Version": "2017-12-14",
        "AccessKeyId": key,
        "Timestamp": (at or now()).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": nonce,
        **params,
    }
    source = f"{method}&%2F&{encoded(query_string({**query, **(form or {})}))}"
    digest = hmac.new((secret + "&").encode(), source.encode(), "sha1").digest()
    query["Signature"] = base64.b64encode(digest).decode()
    headers = {"x-acs-action": "QueryAvailableInstances", "x-acs-version": "2017-12-14"}
    if form:
        headers["content-type"] = FORM
    return raw(method, "/", query, headers, urlencode(form).encode() if form else b"")


async def _asked(app, request):
    """Ask an application in process; return status, headers and body."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "path": request.path,
        "raw_path": request.path.encode(),
        "root_path": "",
        "query_string": request.query,
        "headers": list(request.headers),
    }
    told = []

    async def receive():
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message):
        told.append(message)

    await app(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in told)
    return told[0]["status"], dict(told[0]["headers"]), body


def asked(app, *requests):
    """Ask an application some requests, one after the other; return statuses and bodies."""

    async def ask_all():
        return [await _asked(app, request) for request in requests]

    found = asyncio.run(ask_all())
    for _, headers, _ in found:
        assert headers[b"content-type"].startswith(b"application/json")
    return [(status, json.loads(body)) for status, _, body in found]
