"""What is served, described in OpenAPI 3.1 from the operations' own parameters."""

from collections.abc import Iterable
from typing import Any

from instquery.apis.params import Param
from instquery.apis.served import Served

__all__ = ["describe"]

_MEMBERS = ("Code", "Message", "RequestId", "code", "message", "requestId")
_ERROR = {
    "type": "object",
    "required": [*_MEMBERS],
    "properties": {name: {"type": "string"} for name in _MEMBERS},
}
_REFUSALS = {
    "400": "The request is refused.",
    "403": "The signature is refused.",
    "413": "The body is too large.",
    "414": "The query string is too large.",
    "415": "The body is no form.",
    "429": "Too many requests of one access key.",
    "431": "The headers are too many or too large.",
}


def describe(served: Iterable[Served]) -> dict[str, Any]:
    """Return the document of what is served.

    OpenAPI has one operation for each path and method. So all operations on `/` (RPC) are one, and
    so are the versions of one path: it takes the parameters of all, and an action or a version
    tells them apart.
    """
    shared: dict[str, list[Served]] = {}
    for one in served:
        shared.setdefault(one.path, []).append(one)

    return {
        "openapi": "3.1.0",
        "info": {
            "title": "instquery",
            "version": "1",
            "description": "List instances as the real APIs do.",
        },
        "paths": {path: _path(there) for path, there in shared.items()},
    }


def _path(there: list[Served]) -> dict[str, Any]:
    """Describe what is served at one path, by method."""
    if there[0].is_rpc:
        name = _joined(there)
        return {
            "get": _operation(name, there, _chosen(there)),
            "post": _operation(f"{name}ByPost", there, _chosen(there)),
        }

    by_method: dict[str, list[Served]] = {}
    for one in there:
        by_method.setdefault(one.method.lower(), []).append(one)
    return {
        method: _operation(_joined(those), those, _versions(those))
        for method, those in by_method.items()
    }


def _joined(there: list[Served]) -> str:
    """Return the name of several operations as one; versions of one name have it once."""
    return "Or".join(dict.fromkeys(one.operation.name for one in there))


def _chosen(there: list[Served]) -> list[dict[str, Any]]:
    """Describe how an action is named, and its version where that decides."""
    names = list(dict.fromkeys(one.operation.name for one in there))
    versions = [] if len(names) == len(there) else _versions(there)
    return [_parameter("Action", is_required=True, values=names), *versions]


def _versions(there: list[Served]) -> list[dict[str, Any]]:
    """Describe how one of several versions is named."""
    if len(there) == 1:
        return []
    values = list(dict.fromkeys(one.operation.version for one in there))
    return [
        _parameter("Version", about="The first one served, where it is not given.", values=values)
    ]


def _parameters(there: list[Served]) -> list[dict[str, Any]]:
    """Describe parameters, each name once; where several operations have it, all of its rules."""
    rules: dict[str, list[Param]] = {}
    for one in there:
        for param in one.operation.params:
            # Of one that comes in numbered parts the first ones stand for all.
            for name in param.requested if param.parts else (param.name,):
                rules.setdefault(name, []).append(param)

    return [
        _parameter(
            name,
            about="; or ".join(dict.fromkeys(param.about for param in params)),
            is_in_path=all(name in one.names for one in there),
        )
        for name, params in rules.items()
    ]


def _parameter(
    name: str,
    *,
    about: str = "",
    is_required: bool = False,
    is_in_path: bool = False,
    values: list[str] | None = None,
) -> dict[str, Any]:
    schema: dict[str, Any] = (
        {"type": "string"} if values is None else {"type": "string", "enum": values}
    )
    described: dict[str, Any] = {"name": name, "in": "path" if is_in_path else "query"}
    if about:
        described["description"] = about
    if is_required or is_in_path:
        described["required"] = True
    return described | {"schema": schema}


def _operation(name: str, there: list[Served], choosing: list[dict[str, Any]]) -> dict[str, Any]:
    envelope = there[0].operation.envelope
    media = envelope.content_type.partition(";")[0].strip()
    # What an operation writes in its own way, its own document describes.
    error = _ERROR if envelope.both_casings else {"type": "object"}
    told = {"200": "A page of instances.", **_REFUSALS}
    for status, codes in _codes(there).items():
        told[status] = f"{told.get(status, '')} Codes: {', '.join(codes)}.".lstrip()
    responses = {
        status: _response(about, media, {"type": "object"} if status == "200" else error)
        for status, about in sorted(told.items())
    }
    return {
        "operationId": name,
        "parameters": [*choosing, *_parameters(there)],
        "responses": responses,
    }


def _codes(there: list[Served]) -> dict[str, list[str]]:
    """Return the codes of all error tables, by status."""
    codes: dict[str, list[str]] = {}
    for one in there:
        for code, fault in one.operation.errors.items():
            same = codes.setdefault(str(fault.status), [])
            if code not in same:
                same.append(code)
    return codes


def _response(description: str, media: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {media: {"schema": schema}}}
