"""Claims: what a signed request says of itself, read by each of the three schemes.

What decides is signed: method, path, parameters, body, and the headers that name an action and a
version. Where a scheme leaves room for two readings of what it signs, the request is refused.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import md5, sha256
from hmac import digest
from urllib.parse import quote

from instquery.apis.values import first_repeated
from instquery.asgi.wire import Pairs
from instquery.errors import InstqueryError

__all__ = ["Claim", "Denied", "Signed", "check_once", "mismatch", "read_claim"]

_NONCE = 128  # characters: the clients send 32 or 36
_DATE = 64  # characters of a date; the form of HTTP has 29


@dataclass(frozen=True, slots=True)
class Signed:
    """A request as signatures see it.

    Its path has no mount prefix, parameters are decoded, names of headers are in lower case.
    """

    method: str
    path: str
    query: Pairs
    form: Pairs
    headers: Mapping[str, str]
    body: bytes


class Denied(InstqueryError):  # noqa: N818 - it is an answer, not a fault
    """A request whose signature is refused: the API's error code, and the HTTP status."""

    def __init__(self, code: str, reason: str, status: int = 403) -> None:
        super().__init__(reason)
        self.code, self.status = code, status


@dataclass(frozen=True, slots=True)
class Claim:
    """A signed request's key, time, nonce and signature.

    `expected` makes the signatures that a secret would give; where clients differ in how they write
    a request down, there are several.
    """

    identity: str
    moment: datetime
    nonce: str
    signature: str
    expected: Callable[[str], Iterable[str]]


def read_claim(request: Signed) -> Claim:
    """Read what a request says of its signature, by the scheme that it names.

    Its headers are those of `canonical_headers`, and no parameter is given twice.

    Raises:
        Denied: for what no scheme signs, or signs in a way that could mean two things.

    """
    authorization = request.headers.get("authorization", "")
    try:
        if authorization.startswith("ACS3-HMAC-SHA256 "):
            return _acs3(request, authorization)
        if authorization.startswith("acs "):
            return _roa(request, authorization)
        if dict(request.query + request.form).get("Signature"):
            return _rpc(request)
    except (ValueError, TypeError, OverflowError, IndexError):  # of dates too
        raise mismatch("it is not in a known form: see the headers") from None
    raise Denied(
        "InvalidAccessKeyId.NotFound",
        "Specified access key is not found: the request is not signed.",
    )


def mismatch(reason: str) -> Denied:
    """Return the refusal of a signature, with what is wrong about it."""
    return Denied("SignatureDoesNotMatch", f"The signature does not match: {reason}.")


def check_once(pairs: Pairs) -> None:
    """Refuse a parameter that is given twice: a signature does not fix which of them is the last.

    Raises `Denied`.
    """
    repeated = first_repeated([name for name, _ in pairs])
    if repeated is not None:
        raise mismatch(f"the parameter {repeated[:100]} is given twice, send it once")


_ACS3 = re.compile(
    r"ACS3-HMAC-SHA256 Credential=([^,]+),[ \t]*SignedHeaders=([^,]+),[ \t]*"
    r"Signature=([0-9a-f]{64})"
)


def _acs3(request: Signed, authorization: str) -> Claim:
    """ACS3-HMAC-SHA256, in the Authorization header.

    It signs method, path, parameters, headers and the hash of the body.
    """
    found = _ACS3.fullmatch(authorization)
    if found is None:
        raise ValueError
    identity, listed, signature = found.groups()
    headers, names = request.headers, listed.split(";")
    must = {name for name in headers if name.startswith("x-acs-")}
    if request.body and "content-type" in headers:
        must.add("content-type")
    if unsigned := must.difference(names):
        raise mismatch(f"it leaves out the header {min(unsigned)[:100]}, which must be signed")
    if absent := [name for name in names if name not in headers]:
        raise mismatch(f"it covers the header {absent[0][:100]}, which is not there")

    body_digest = sha256(request.body).hexdigest()
    if headers.get("x-acs-content-sha256") != body_digest:
        raise mismatch("x-acs-content-sha256 is not the digest of the body")
    canonical_request = "\n".join(
        [
            request.method,
            _encoded_path(request.path),
            "&".join(
                [f"{_encoded(name)}={_encoded(value)}" for name, value in sorted(request.query)]
            ),
            "".join([f"{name}:{headers[name]}\n" for name in names]),
            listed,
            body_digest,
        ]
    )
    source = "ACS3-HMAC-SHA256\n" + sha256(canonical_request.encode()).hexdigest()
    return Claim(
        identity,
        _iso(headers.get("x-acs-date", "")),
        _nonce(headers.get("x-acs-signature-nonce")),
        signature,
        lambda secret: [digest(secret.encode(), source.encode(), "sha256").hex()],
    )


_AMBIGUOUS = re.compile(r"[&=\x00-\x1f\x7f-\x9f]")


def _roa(request: Signed, authorization: str) -> Claim:
    """ROA with HMAC-SHA1: a few headers, those of the family, and the path with its parameters.

    Parameters are signed as they are, without being encoded. So `&` and `=` in them would look as
    those between them, and are refused. The body is covered by its MD5 alone. Some clients send no
    nonce; then the signature is the nonce.
    """
    identity, _, signature = authorization.removeprefix("acs ").partition(":")
    headers = request.headers
    for text in (text for pair in request.query for text in pair):
        if _AMBIGUOUS.search(text):
            raise mismatch(
                "the ROA scheme cannot sign `&`, `=` or a control character in a parameter, use"
                " ACS3-HMAC-SHA256"
            )
    body_digest = b64encode(md5(request.body, usedforsecurity=False).digest()).decode()
    told_digest = headers.get("content-md5")
    if (request.body or told_digest) and told_digest != body_digest:  # a body may be taken away too
        raise mismatch("Content-MD5 is not the digest of the body")

    signed = [request.method]
    signed += [headers.get(name, "") for name in ("accept", "content-md5", "content-type", "date")]
    signed += [
        f"{name}:{value}" for name, value in sorted(headers.items()) if name.startswith("x-acs-")
    ]

    def expected(secret: str) -> Iterable[str]:
        for empty in ("", "="):  # how an empty value is written
            yield _sha1(secret, "\n".join([*signed, _roa_resource(request, empty)]))

    date = headers.get("date", "")
    made = parsedate_to_datetime(date if len(date) <= _DATE else "")
    return Claim(
        _given(identity),
        made if made.tzinfo is not None else made.replace(tzinfo=UTC),
        _nonce(headers.get("x-acs-signature-nonce") or signature),
        _given(signature),
        expected,
    )


def _roa_resource(request: Signed, empty: str) -> str:
    """Return the path with its parameters, unencoded; `empty` follows a name without value."""
    pairs = [f"{name}={value}" if value else name + empty for name, value in sorted(request.query)]
    path = _encoded_path(request.path)
    return f"{path}?{'&'.join(pairs)}" if pairs else path


_DECIDING = {"x-acs-action": "Action", "x-acs-version": "Version"}


def _rpc(request: Signed) -> Claim:
    """RPC with HMAC-SHA1: the signature is a parameter.

    It signs the method and all other parameters, those of the form included. It signs no header. So
    one that names an action or a version must say what the parameters say.
    """
    check_once(request.query + request.form)  # which it signs as one
    params = dict(request.query + request.form)
    if request.path not in ("", "/"):
        raise mismatch("the RPC scheme signs the path / alone")
    for header, name in _DECIDING.items():
        if request.headers.get(header) and request.headers[header] != params.get(name):
            raise mismatch(f"{header} is not the signed parameter {name}")
    if request.body and not request.form:
        raise mismatch("the RPC scheme signs no body but a form")

    signature = params.pop("Signature")
    query = "&".join(
        [f"{_encoded(name)}={_encoded(value)}" for name, value in sorted(params.items())]
    )
    source = f"{request.method}&%2F&{_encoded(query)}"
    return Claim(
        _given(params.get("AccessKeyId")),
        _iso(params.get("Timestamp", "")),
        _nonce(params.get("SignatureNonce")),
        signature,
        lambda secret: [_sha1(secret + "&", source)],
    )


def _sha1(secret: str, source: str) -> str:
    return b64encode(digest(secret.encode(), source.encode(), "sha1")).decode()


def _encoded(text: str) -> str:
    return quote(text, safe="~")


def _encoded_path(path: str) -> str:
    """Encode a path as it is sent: so `?` or a line's end in it look like no others."""
    return quote(path, safe="/~")


def _nonce(text: str | None) -> str:
    """Take a nonce that can be remembered: printable ASCII, and not too long."""
    nonce = _given(text)
    if len(nonce) > _NONCE or not (nonce.isascii() and nonce.isprintable()):
        raise mismatch(f"its nonce must be printable ASCII of at most {_NONCE} characters")
    return nonce


def _given(text: str | None) -> str:
    if not text:
        raise ValueError
    return text


def _iso(text: str) -> datetime:
    """Read the one form of time that clients write. Raises `ValueError`."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
