"""What is served, described in OpenAPI 3.1 from the operations' own parameters."""

from collections.abc import Iterable
from typing import Any

from instquery.apis.catalog import Api
from instquery.apis.params import Param

__all__ = ["describe"]

_MEMBERS = ("Code", "Message", "RequestId", "code", "message", "requestId")
_ERROR = {
    "type": "object",
    "required": [*_MEMBERS],
    "properties": {name: {"type": "string"} for name in _MEMBERS},
}


def describe(apis: Iterable[Api]) -> dict[str, Any]:
    """Return the document of the APIs that are served.

    OpenAPI has one operation for each path and method. So all APIs on `/` (RPC) are one: it takes
    any of their actions, and the parameters of all.
    """
    shared: dict[str, list[Api]] = {}
    for api in apis:
        shared.setdefault(api.path, []).append(api)

    return {
        "openapi": "3.1.0",
        "info": {
            "title": "instquery",
            "version": "1",
            "description": "List instances as the real APIs do.",
        },
        "paths": {path: _path(there) for path, there in shared.items()},
    }


def _path(apis: list[Api]) -> dict[str, Any]:
    """Describe the APIs of one path: several of them where it is `/`, one anywhere else."""
    names = [api.operation.name for api in apis]
    params = [param for api in apis for param in api.operation.params]
    if not apis[0].is_rpc:
        return {apis[0].method.lower(): _operation(names[0], _parameters(params))}

    action: dict[str, Any] = {"type": "string", "enum": names}
    parameters = [
        {"name": "Action", "in": "query", "required": True, "schema": action},
        *_parameters(params),
    ]
    name = "Or".join(names)
    return {"get": _operation(name, parameters), "post": _operation(f"{name}ByPost", parameters)}


def _parameters(params: Iterable[Param]) -> list[dict[str, Any]]:
    """Describe parameters, each name once; where several operations have it, all of its rules."""
    rules: dict[str, dict[str, None]] = {}
    for param in params:
        rules.setdefault(param.name, {})[param.about] = None

    return [
        {
            "name": name,
            "in": "query",
            "description": "; or ".join(abouts),
            "schema": {"type": "string"},
        }
        for name, abouts in rules.items()
    ]


def _operation(name: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "operationId": name,
        "parameters": parameters,
        "responses": {
            "200": _response("A page of instances.", {"type": "object"}),
            "400": _response("The request is refused.", _ERROR),
            "403": _response("The signature is refused.", _ERROR),
            "413": _response("The body is too large.", _ERROR),
            "414": _response("The query string is too large.", _ERROR),
            "415": _response("The body is no form.", _ERROR),
            "429": _response("Too many requests of one access key.", _ERROR),
            "431": _response("The headers are too many or too large.", _ERROR),
        },
    }


def _response(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}
