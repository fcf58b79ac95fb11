"""The face described in OpenAPI 3.1, made from the operations' own parameters."""

from collections.abc import Iterable
from typing import Any

from instquery.apis.operation import Operation

__all__ = ["describe"]

_ERROR = {
    "type": "object",
    "required": ["Code", "Message", "RequestId", "code", "message", "requestId"],
    "properties": {
        name: {"type": "string"} for name in ("Code", "Message", "RequestId", "code", "message", "requestId")
    },
}


def describe(operations: Iterable[tuple[Operation, str]]) -> dict[str, Any]:
    """Return the document of a face; each operation with its path, those on `/` told apart by their action."""
    paths: dict[str, Any] = {}
    for operation, path in operations:
        told = _operation(operation, has_action=path == "/")
        paths[path] = {"get": told}
        if path == "/":
            paths[path]["post"] = told | {"operationId": f"{operation.name}ByPost"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "instquery", "version": "1", "description": "List instances as the real APIs do."},
        "paths": paths,
    }


def _operation(operation: Operation, *, has_action: bool) -> dict[str, Any]:
    params: list[dict[str, Any]] = [
        {"name": param.name, "in": "query", "description": param.about, "schema": {"type": "string"}}
        for param in operation.params
    ]
    if has_action:
        action: dict[str, Any] = {"type": "string", "enum": [operation.name]}
        params.insert(0, {"name": "Action", "in": "query", "required": True, "schema": action})
    return {
        "operationId": operation.name,
        "parameters": params,
        "responses": {
            "200": _response("A page of instances.", {"type": "object"}),
            "400": _response("The request is refused.", _ERROR),
            "403": _response("The signature is refused.", _ERROR),
            "413": _response("The body is too large.", _ERROR),
        },
    }


def _response(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}
