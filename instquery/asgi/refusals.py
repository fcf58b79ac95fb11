"""Replies to requests that no operation has answered: refused before any sees them, or failed."""

import json
from collections.abc import Mapping
from typing import Any

from instquery.errors import InstqueryError

__all__ = ["Wrong", "failure", "in_both_casings", "refusal", "refusal_octets", "reply_headers"]


class Wrong(InstqueryError):  # noqa: N818 - it becomes the reply
    """A request refused before any operation sees it: HTTP status and error code."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


def failure() -> Wrong:
    """Return the reply to a request that failed outside of any operation.

    The cause goes to the log alone.
    """
    message = "The request processing has failed due to some unknown error, exception or failure."
    return Wrong(500, "InternalError", message)


def refusal(code: str, message: str, identity: str) -> dict[str, Any]:
    """Return the body of a request that no operation has answered."""
    return in_both_casings({"Code": code, "Message": message, "RequestId": identity})


def refusal_octets(code: str, message: str, identity: str) -> bytes:
    """Return the same as JSON."""
    return json.dumps(refusal(code, message, identity)).encode()


def reply_headers(octets: bytes) -> list[tuple[bytes, bytes]]:
    """Return the headers of a body of JSON."""
    return [_JSON, (b"content-length", b"%d" % len(octets))]


_JSON = (b"content-type", b"application/json;charset=utf-8")


def in_both_casings(body: Mapping[str, Any]) -> dict[str, Any]:
    """Give the members of a failure both of the spellings that clients read."""
    whole = dict(body)
    for upper in ("Code", "Message", "RequestId"):
        lower = upper[:1].lower() + upper[1:]
        value = body.get(upper, body.get(lower))
        whole |= {upper: value, lower: value}
    return whole
