"""Replies as octets: of operations, and to requests that are refused before any sees them."""

import json
import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from instquery.apis.envelope import Reply
from instquery.apis.operation import Operation
from instquery.apis.plainjson import plain_value
from instquery.errors import InstqueryError

__all__ = [
    "Written",
    "Wrong",
    "failure",
    "refusal",
    "refused",
    "reply_headers",
    "written",
]

_log = logging.getLogger(__name__)

_CONTENT_TYPE = (b"content-type", b"application/json;charset=utf-8")


class Written(NamedTuple):
    """A reply that is ready to leave; its type of content is a header."""

    status: int
    octets: bytes
    content_type: tuple[bytes, bytes] = _CONTENT_TYPE


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
    return _in_both_casings({"Code": code, "Message": message, "RequestId": identity})


def written(operation: Operation, reply: Reply) -> Written:
    """Write the reply of an operation: as JSON, or as its envelope does.

    Raises whatever a writer of the operation's own raises.
    """
    envelope, body = operation.envelope, reply.body
    if reply.answer is None and envelope.both_casings:
        body = _in_both_casings(body)
    write = envelope.write
    octets = _json(body) if write is None else write(body)
    if write is not None and not isinstance(octets, bytes):
        kind = type(octets).__name__
        raise TypeError(f"the envelope of {operation.name} must write bytes, not {kind}")
    if envelope.content_type == _USUAL:
        return Written(reply.status, octets, _CONTENT_TYPE)
    content_type = (b"content-type", envelope.content_type.encode("ascii"))
    return Written(reply.status, octets, content_type)


def refused(operation: Operation | None, wrong: Wrong, identity: str) -> Written:
    """Write a refusal: as the failures of an operation look, or as those of Alibaba's gateways do.

    Args:
        operation: what was, or may have been, asked for; `None` where that is not known.
        wrong: what is refused, and why.
        identity: of the request.

    """
    if operation is not None and not operation.envelope.both_casings:
        try:
            return written(
                operation, operation.refuse(wrong.code, wrong.reason, wrong.status, identity)
            )
        except Exception:
            _log.exception("%s cannot write a refusal, request %s", operation.name, identity)
    return Written(wrong.status, _json(refusal(wrong.code, wrong.reason, identity)))


def reply_headers(reply: Written) -> list[tuple[bytes, bytes]]:
    """Return the headers of a reply."""
    return [reply.content_type, (b"content-length", b"%d" % len(reply.octets))]


_USUAL = _CONTENT_TYPE[1].decode()


def _in_both_casings(body: Mapping[str, Any]) -> dict[str, Any]:
    """Give the members of a failure both of the spellings that clients read."""
    whole = dict(body)
    for upper in ("Code", "Message", "RequestId"):
        lower = upper[:1].lower() + upper[1:]
        value = body.get(upper, body.get(lower))
        whole |= {upper: value, lower: value}
    return whole


def _json(value: object) -> bytes:
    """Write JSON.

    The fast library refuses what UTF-8 cannot hold, such as half of a surrogate pair.
    """
    try:
        return orjson.dumps(value, default=plain_value)
    except TypeError:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=plain_value)
        return text.encode(errors="replace")
