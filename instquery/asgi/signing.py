"""Signatures of requests: the three schemes that Alibaba Cloud's clients use, verified."""

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import md5, sha256
from hmac import compare_digest, digest
from urllib.parse import quote

from instquery.asgi.keys import AccessKey, Keys
from instquery.errors import InstqueryError
from instquery.leases import Leases
from instquery.options import check_callable, check_kind

__all__ = ["Denied", "Gate", "Signed"]

Pairs = tuple[tuple[str, str], ...]

_SKEW = 900  # seconds that a request's clock may differ from ours
_MOST = 1_000_000  # nonces that are remembered


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
    """A request whose signature is refused; `code` is the API's."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


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


class Gate:
    """Lets signed requests in: each once, by a known key, not long after it was made.

    `clock` tells the present moment; it is not that of the answers, which a host may set. Nonces
    are remembered for as long as a request may be late.
    """

    def __init__(
        self, keys: Keys, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        check_kind("keys", keys, Keys, "an instance of Keys")
        check_callable("clock", clock, "a datetime with a zone")
        self._keys = keys
        self._clock = clock
        self._nonces: Leases[bool] = Leases(
            count=_MOST, age=2 * _SKEW, clock=lambda: clock().timestamp()
        )

    def replace(self, keys: Keys) -> None:
        """Let in by other keys from the next request on. What was accepted stays remembered.

        Raises:
            InstqueryError: for what is no `Keys`; the old ones stay.

        """
        check_kind("keys", keys, Keys, "an instance of Keys")
        self._keys = keys

    def admit(self, request: Signed) -> AccessKey:
        """Return the key a request is signed with. Raises `Denied`."""
        try:
            claim = _claim(request)
        except (ValueError, TypeError, OverflowError):
            raise Denied(
                "SignatureDoesNotMatch", "The signature is not in a known form: see the headers."
            ) from None
        key = self._keys.get(claim.identity)
        if key is None:
            raise Denied("InvalidAccessKeyId.NotFound", "Specified access key is not found.")
        expected = claim.expected(key.secret)
        if not any(compare_digest(claim.signature.encode(), one.encode()) for one in expected):
            raise Denied(
                "SignatureDoesNotMatch",
                "The signature does not match: it was made with another secret.",
            )
        if abs((self._clock() - claim.moment).total_seconds()) > _SKEW:
            raise Denied(
                "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired."
            )
        name = (claim.identity, claim.nonce)
        if self._nonces.find(name):
            raise Denied("SignatureNonceUsed", "Specified signature nonce was used already.")
        self._nonces.grant(name, thing=True)
        return key


def _claim(request: Signed) -> Claim:
    """Read what a request says of its signature, whichever scheme it is of. Raises `ValueError`."""
    authorization = request.headers.get("authorization", "")
    if authorization.startswith("ACS3-HMAC-SHA256 "):
        return _acs3(request, authorization)
    if authorization.startswith("acs "):
        return _roa(request, authorization)
    if dict(request.query + request.form).get("Signature"):
        return _rpc(request)
    raise Denied(
        "InvalidAccessKeyId.NotFound",
        "Specified access key is not found: the request is not signed.",
    )


_ACS3 = re.compile(
    r"ACS3-HMAC-SHA256 Credential=([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{64})"
)


def _acs3(request: Signed, authorization: str) -> Claim:
    """ACS3-HMAC-SHA256, in the Authorization header.

    It signs method, path, parameters, headers and the hash of the body.
    """
    found = _ACS3.fullmatch(authorization)
    if found is None:
        raise ValueError
    identity, listed, signature = found.groups()
    names = listed.split(";")
    own = {name for name in request.headers if name.startswith("x-acs-")}
    if not own <= set(names) or sha256(request.body).hexdigest() != request.headers.get(
        "x-acs-content-sha256"
    ):
        raise ValueError
    query = "&".join(
        [f"{_encoded(name)}={_encoded(value)}" for name, value in sorted(request.query)]
    )
    headers = "".join(
        [f"{name}:{request.headers[name].strip()}\n" for name in names if name in request.headers]
    )
    told = "\n".join(
        [
            request.method,
            request.path,
            query,
            headers,
            listed,
            request.headers["x-acs-content-sha256"],
        ]
    )
    source = "ACS3-HMAC-SHA256\n" + sha256(told.encode("utf-8", "surrogateescape")).hexdigest()
    return Claim(
        identity,
        _iso(request.headers.get("x-acs-date", "")),
        _given(request.headers.get("x-acs-signature-nonce")),
        signature,
        lambda secret: [digest(secret.encode(), source.encode(), "sha256").hex()],
    )


def _roa(request: Signed, authorization: str) -> Claim:
    """ROA with HMAC-SHA1: a few headers, those of the family, and the path with its parameters.

    The body is covered by its MD5 alone. Some clients send no nonce; then the signature is the
    nonce.
    """
    identity, _, signature = authorization.removeprefix("acs ").partition(":")
    headers = request.headers
    body_digest = b64encode(md5(request.body, usedforsecurity=False).digest()).decode()
    if request.body and headers.get("content-md5") != body_digest:
        raise ValueError

    signed = [request.method]
    signed += [headers.get(name, "") for name in ("accept", "content-md5", "content-type", "date")]
    signed += [
        f"{name}:{value}" for name, value in sorted(headers.items()) if name.startswith("x-acs-")
    ]

    def expected(secret: str) -> Iterable[str]:
        for empty in ("", "="):  # how an empty value is written
            yield _sha1(secret, "\n".join([*signed, _roa_resource(request, empty)]))

    made = parsedate_to_datetime(headers.get("date", ""))
    moment = made if made.tzinfo is not None else made.replace(tzinfo=UTC)
    return Claim(
        _given(identity),
        moment,
        headers.get("x-acs-signature-nonce") or signature,
        _given(signature),
        expected,
    )


def _roa_resource(request: Signed, empty: str) -> str:
    """Return the path with its parameters, unencoded; `empty` follows a name without value."""
    pairs = [f"{name}={value}" if value else name + empty for name, value in sorted(request.query)]
    return f"{request.path}?{'&'.join(pairs)}" if pairs else request.path


def _rpc(request: Signed) -> Claim:
    """RPC with HMAC-SHA1: the signature is a parameter.

    It signs the method and all other parameters, those of the form included.
    """
    given = request.query + request.form
    params = dict(given)
    # Of two values of one name, one is not signed.
    if request.path not in ("", "/") or len(params) != len(given):
        raise ValueError
    signature = params.pop("Signature")
    query = "&".join(
        [f"{_encoded(name)}={_encoded(value)}" for name, value in sorted(params.items())]
    )
    told = f"{request.method}&%2F&{_encoded(query)}"
    if request.body and not request.form:
        raise ValueError
    return Claim(
        _given(params.get("AccessKeyId")),
        _iso(params.get("Timestamp", "")),
        _given(params.get("SignatureNonce")),
        signature,
        lambda secret: [_sha1(secret + "&", told)],
    )


def _sha1(secret: str, told: str) -> str:
    return b64encode(
        digest(secret.encode(), told.encode("utf-8", "surrogateescape"), "sha1")
    ).decode()


def _encoded(text: str) -> str:
    return quote(text, safe="~", errors="surrogateescape")


def _given(text: str | None) -> str:
    if not text:
        raise ValueError
    return text


def _iso(text: str) -> datetime:
    """Read the one form of time that clients write. Raises `ValueError`."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
