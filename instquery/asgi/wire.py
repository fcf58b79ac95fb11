"""What came over the wire, read in one place: headers, parameters, and which body is a form.

The application, the double and signatures read a request by these functions. So what is signed,
what is remembered and what is answered cannot be three readings of one request.
"""

import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias
from urllib.parse import unquote_to_bytes

from starlette.types import Scope

from instquery.asgi.refusals import Wrong

__all__ = [
    "FORM",
    "MOST_BYTES",
    "Headers",
    "Pairs",
    "bad_method",
    "canonical_headers",
    "checked_size",
    "is_form",
    "mounted_path",
    "origin_path",
    "read_pairs",
    "unsupported_body",
]

Pairs: TypeAlias = tuple[tuple[str, str], ...]
"""Parameters by name, decoded, in the order in which they came."""

FORM = "application/x-www-form-urlencoded"

MOST_BYTES = 65_536
"""The bound of a query string, of a body, and of all headers together.

The longest documented request has a hundred IDs.
"""

_PARAMETERS = 1_000
_HEADERS = 200
_BLANKS = " \t"  # the blanks of HTTP: `str.strip()` takes those of Unicode too

# What a signature covers, or what decides how a request is read; and every `x-acs-` header.
_DECIDING = frozenset(
    {
        "authorization",
        "content-encoding",
        "content-length",
        "content-md5",
        "content-type",
        "date",
        "host",
        "transfer-encoding",
    }
)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_CHARSET = re.compile(r";[ \t]*charset[ \t]*=[ \t]*\"?([^\s\";]*)", re.IGNORECASE)
_AUTHORITY = re.compile(r"https?://[^/]*", re.IGNORECASE)


def checked_size(path: str, scope: Scope) -> int:
    """Return how large a request's head is, before anything in it is read. Raises `Wrong`."""
    if scope["method"] not in ("GET", "POST"):
        raise bad_method("GET or POST")
    headers = scope["headers"]
    if len(headers) > _HEADERS:
        raise _large_head(f"There are more than {_HEADERS} headers")
    of_headers = sum([len(name) + len(value) for name, value in headers])
    if of_headers > MOST_BYTES:
        raise _large_head(f"The headers are larger than {MOST_BYTES} bytes")

    _check_count(scope["query_string"])
    of_target = len(path) + len(scope["query_string"])
    if of_target > MOST_BYTES:
        reason = f"Path and query string are larger than {MOST_BYTES} bytes: shorten them."
        raise Wrong(414, "RequestURITooLarge", reason)
    return of_headers + of_target


class Headers(dict[str, str]):
    """Headers in their canonical form; made by `canonical_headers` alone."""


def canonical_headers(given: Iterable[tuple[str, str]]) -> Headers:
    """Return the values of headers as signatures see them, by their name in lower case.

    Blanks and tabs around a value do not count, and nothing else is taken off.

    Raises:
        Wrong: for a control character, and for a header that decides something (`x-acs-*`,
            `Authorization`, `Content-Type`, `Date` …) and is given twice or is not ASCII.

    """
    headers = Headers()
    for raw_name, raw_value in given:
        name, value = raw_name.lower(), raw_value.strip(_BLANKS)
        is_deciding = name in _DECIDING or name.startswith("x-acs-")
        if is_deciding and name in headers:
            raise _bad_header(name, "is given twice: send it once")
        if not (value.isascii() and value.isprintable()):
            if is_deciding:
                raise _bad_header(name, "must hold printable ASCII alone: take the rest out")
            if _CONTROL.search(value):
                raise _bad_header(name, "holds a control character: take it out")
        headers[name] = value
    return headers


def read_pairs(text: bytes) -> Pairs:
    """Read the parameters of a query string or a form: percent-decoded to bytes, then UTF-8.

    A `%` that begins no two hexadecimal digits stands for itself.

    Raises:
        Wrong: for too many parameters, and for bytes that are no UTF-8.

    >>> read_pairs("a=推&b=%E6%8E%A8+荐&c".encode())
    (('a', '推'), ('b', '推 荐'), ('c', ''))

    """
    if not text:
        return ()
    _check_count(text)

    found: list[tuple[str, str]] = []
    for part in text.split(b"&"):
        name, _, value = part.partition(b"=")
        if part:
            found.append((_decoded(name), _decoded(value)))
    return tuple(found)


def is_form(headers: Mapping[str, str]) -> bool:
    """Tell whether a body is read as a form: if its type says so, or if it has none.

    What is no form is refused and never passed over. So a type that was changed on the way cannot
    make a request mean anything else.
    """
    told = headers.get("content-type") or FORM
    kind = told.partition(";")[0].strip(_BLANKS).lower()
    charset = _CHARSET.search(told)
    is_plain = headers.get("content-encoding", "identity").lower() == "identity"
    return kind == FORM and is_plain and (charset is None or _is_utf8(charset[1]))


def bad_method(allowed: str) -> Wrong:
    """Return the refusal of a method, with those that are allowed."""
    reason = f"Specified HTTP method is not supported: use {allowed}."
    return Wrong(405, "UnsupportedHTTPMethod", reason)


def unsupported_body(headers: Mapping[str, str]) -> Wrong:
    """Return the refusal of a body that is no form, with the name of what it is instead."""
    told = headers.get("content-type") or FORM
    coding = headers.get("content-encoding", "")
    what = f"{told[:100]} in the coding {coding[:100]}" if coding else told[:100]
    return Wrong(
        415,
        "UnsupportedMediaType",
        f"A body of {what} is not supported: send parameters in the query string or as {FORM}"
        " in UTF-8.",
    )


def origin_path(path: str) -> str:
    """Return the path of a target that has a scheme and a host before it, as proxies send them.

    >>> origin_path("http://host/v2/x"), origin_path("http://host"), origin_path("/v2/x")
    ('/v2/x', '/', '/v2/x')
    """
    if path.startswith("/"):
        return path
    found = _AUTHORITY.match(path)
    return path if found is None else path[found.end() :] or "/"


def mounted_path(scope: Scope) -> str:
    """Return the path of a request behind the prefix that the application is mounted under."""
    return origin_path(scope["path"].removeprefix(scope.get("root_path", "")))


def _check_count(text: bytes) -> None:
    """Refuse too many parameters. Raises `Wrong`."""
    if text.count(b"&") >= _PARAMETERS:
        reason = f"There are more than {_PARAMETERS} parameters: send fewer."
        raise Wrong(400, "InvalidParameter", reason)


def _large_head(reason: str) -> Wrong:
    return Wrong(431, "RequestHeaderFieldsTooLarge", f"{reason}: send fewer.")


def _decoded(text: bytes) -> str:
    """Decode a name or a value. Raises `Wrong`."""
    plain = text.replace(b"+", b" ") if b"+" in text else text
    octets = unquote_to_bytes(plain) if b"%" in plain else plain
    try:
        return octets.decode()
    except UnicodeDecodeError:
        raise Wrong(
            400, "InvalidParameter", "The parameters are not valid UTF-8: encode them so."
        ) from None


def _is_utf8(charset: str) -> bool:
    return charset.lower() in ("utf-8", "utf8", "us-ascii")


def _bad_header(name: str, reason: str) -> Wrong:
    """Return the refusal of a header; its value is not told, as it may hold a signature."""
    return Wrong(400, "InvalidHeader", f"The header {name[:100]} {reason}.")
