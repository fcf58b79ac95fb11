"""What is served, described in OpenAPI 3.1 from the operations' own parameters."""

import re
from collections.abc import Container, Iterable
from itertools import chain, count
from typing import Any

from instquery.apis.params import Param
from instquery.apis.served import Served

__all__ = ["describe"]

_NAME = re.compile(r"\{[^}]*\}")
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
    tells them apart. Paths that differ in the names of their segments alone are one too, and have
    the names of the first.
    """
    by_shape: dict[str, list[Served]] = {}
    for one in served:
        by_shape.setdefault(_NAME.sub("{}", one.path), []).append(one)
    shared = {there[0].path: there for there in by_shape.values()}
    taken: set[str] = set()

    return {
        "openapi": "3.1.0",
        "info": {
            "title": "instquery",
            "version": "1",
            "description": "List instances as the real APIs do.",
        },
        "paths": {path: _path(there, taken) for path, there in shared.items()},
    }


def _path(there: list[Served], taken: set[str]) -> dict[str, Any]:
    """Describe what is served at one path, by method, under names that are not `taken`."""
    if there[0].is_rpc:
        name = _joined(there)
        return {
            "get": _operation(_untaken(name, there, taken), there, _chosen(there)),
            "post": _operation(_untaken(f"{name}ByPost", there, taken), there, _chosen(there)),
        }

    by_method: dict[str, list[Served]] = {}
    for one in there:
        by_method.setdefault(one.method.lower(), []).append(one)
    return {
        method: _operation(_untaken(_joined(those), those, taken), those, _versions(those))
        for method, those in by_method.items()
    }


def _untaken(name: str, there: list[Served], taken: set[str]) -> str:
    """Return a name that no other operation has: with the version, or a number where need be."""
    version = re.sub(r"\W", "_", there[0].operation.version)
    numbered = (f"{name}_{version}_{number}" for number in count(2))
    free = next(one for one in chain((name, f"{name}_{version}"), numbered) if one not in taken)
    taken.add(free)
    return free


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


def _parameters(there: list[Served], known: Container[str]) -> list[dict[str, Any]]:
    """Describe parameters, each name once; where several operations have it, all of its rules.

    Those that are `known` are described already: what names an action or a version.
    """
    in_path = there[0].names
    rules: dict[str, list[Param]] = {}
    for one in there:
        # A segment has one name, that of the first.
        first_names = dict(zip(one.names, in_path, strict=True))
        for param in one.operation.params:
            # Of one that comes in numbered parts the first ones stand for all.
            for own in param.requested if param.parts else (param.name,):
                name = first_names.get(own, own)
                if name not in known and (name not in in_path or own in first_names):
                    rules.setdefault(name, []).append(param)

    return [
        _parameter(
            name,
            about="; or ".join(dict.fromkeys(param.about for param in params)),
            # What one of several operations can do without, a request may lack.
            is_required=len(params) == len(there) and all(param.required for param in params),
            is_in_path=name in in_path,
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
        "parameters": [*choosing, *_parameters(there, {one["name"] for one in choosing})],
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
