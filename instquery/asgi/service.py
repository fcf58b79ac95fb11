"""The paths that are of no API: whether the application is up, its description, its figures."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from instquery.apis.envelope import new_request_id
from instquery.asgi.metrics import CONTENT_TYPE, Metrics
from instquery.asgi.refusals import refusal
from instquery.asgi.server import CONNECTIONS
from instquery.asgi.wire import bad_method

__all__ = ["SERVICE_PATHS", "refused_by_router", "service_routes"]


SERVICE_PATHS = ("/healthz", "/openapi.json", "/metrics")
"""Paths that no operation can have."""


def service_routes(document: dict[str, Any], metrics: Metrics | None) -> list[Route]:
    """Return the routes that are of no API: whether it is up, its description, its figures."""

    async def openapi(_: Request) -> Response:
        return JSONResponse(document)

    async def healthy(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    routes = [Route("/healthz", healthy), Route("/openapi.json", openapi)]
    if metrics is None:
        return routes

    def figures(request: Request) -> Response:  # in a thread, as it waits for each store's lock
        connections = request.scope.get("state", {}).get(CONNECTIONS)
        return Response(metrics.render(connections), media_type=CONTENT_TYPE)

    return [*routes, Route("/metrics", figures)]


async def refused_by_router(_: Request, error: Exception) -> Response:
    """Answer a request that the router refuses, such as a POST to `/healthz`."""
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for these alone
    wrong = bad_method("GET")
    body = refusal(wrong.code, wrong.reason, new_request_id())
    return JSONResponse(body, error.status_code, error.headers)
