"""Signatures of requests, verified: which requests are let in, and by whose key."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from hmac import compare_digest

from instquery.asgi.claims import Denied, Signed, check_once, mismatch, read_claim
from instquery.asgi.keys import AccessKey, Keys
from instquery.asgi.nonces import Nonces, Verdict
from instquery.asgi.refusals import Wrong
from instquery.asgi.wire import Headers, canonical_headers
from instquery.options import check_callable, check_kind

__all__ = ["Denied", "Gate", "Signed"]

_SKEW = 900  # seconds that a request's clock may differ from ours
_MOST = 500_000  # nonces of one key: 550 requests a second, as clocks usually agree; 60 MB

# Code, reason and status of each verdict on a request that is signed as it should be.
_DENIALS: dict[Verdict, tuple[str, str, int]] = {
    "repeated": ("SignatureNonceUsed", "Specified signature nonce was used already.", 403),
    "forgotten": (
        "InvalidTimeStamp.Expired",
        "Specified time stamp or date value is expired.",
        403,
    ),
    "full": (
        "Throttling.User",
        "Request was denied due to user flow control: too many requests of this access key are"
        " remembered, send fewer.",
        429,
    ),
}


class Gate:
    """Lets signed requests in: each once, by a known key, not long after it was made.

    Nonces are remembered for as long as their requests are in time. Threads may share a gate. To
    change the keys of a running application, give `create_app` a gate and call `replace`.

    Args:
        keys: the access keys that requests are signed with.
        clock: tells the present moment; it is not that of the answers, which a host may set.
        most: the requests that are remembered for one key; beyond them it is refused.

    Raises:
        InstqueryError: for an argument that cannot be used.

    >>> gate = Gate(Keys({"AKID": AccessKey("the secret")}))
    >>> gate.replace(Keys({"NEXT": AccessKey("another secret")}))

    """

    def __init__(
        self,
        keys: Keys,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        most: int = _MOST,
    ) -> None:
        check_kind("keys", keys, Keys, "an instance of Keys")
        check_callable("clock", clock, "a datetime with a zone")
        self._keys = keys
        self._clock = clock
        self._nonces = Nonces(most=most, age=_SKEW)

    def replace(self, keys: Keys) -> None:
        """Let in by other keys from the next request on.

        What was accepted stays remembered, also of keys that are not there for a while.

        Raises:
            InstqueryError: for what is no `Keys`; the old ones stay.

        """
        check_kind("keys", keys, Keys, "an instance of Keys")
        self._keys = keys
        self._nonces.end_empty(self._clock().timestamp())

    def admit(self, request: Signed) -> AccessKey:
        """Return the key a request is signed with.

        Costs 40 µs for a usual request, and 1 ms for each 20 KB of parameters.

        Raises:
            Denied: for one that is not signed, not as it was signed, late, or repeated.

        """
        claim = read_claim(_canonical(request))
        key = self._keys.get(claim.identity)
        if key is None:
            raise Denied("InvalidAccessKeyId.NotFound", "Specified access key is not found.")
        signature = claim.signature.encode()
        if not any(compare_digest(signature, one.encode()) for one in claim.expected(key.secret)):
            raise mismatch("it was made with another secret")

        now = self._clock()
        if abs((now - claim.moment).total_seconds()) > _SKEW:
            raise Denied(*_DENIALS["forgotten"])
        verdict = self._nonces.take(
            claim.identity, claim.nonce, made=claim.moment.timestamp(), now=now.timestamp()
        )
        if verdict != "new":
            raise Denied(*_DENIALS[verdict])
        return key


def _canonical(request: Signed) -> Signed:
    """Return a request of which each part can be read in one way alone. Raises `Denied`."""
    for place in (request.query, request.form):
        check_once(place)
    if isinstance(request.headers, Headers):
        return request
    try:
        return replace(request, headers=canonical_headers(request.headers.items()))
    except Wrong as wrong:
        raise mismatch(wrong.reason.rstrip(".")) from None
