"""Routes: which operation and which store a request means, by its path or by its action."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from instquery.apis.catalog import Api
from instquery.apis.operation import Engine, Operation
from instquery.asgi.refusals import Wrong
from instquery.errors import InstqueryError

__all__ = ["Routes", "Target"]

Target: TypeAlias = tuple[Operation, Engine]
"""What answers a request, and what it asks."""


class Routes:
    """The APIs that are served, found in constant time.

    Raises:
        InstqueryError: for two APIs that no request could tell apart.

    """

    def __init__(self, served: Iterable[tuple[Api, Engine]]) -> None:
        self._by_path: dict[str, Target] = {}
        self._by_action: dict[str, Target] = {}
        for api, store in served:
            routes = self._by_action if api.is_rpc else self._by_path
            name = api.operation.name if api.is_rpc else api.path
            if name in routes:
                raise InstqueryError(f"two APIs are found by {name}: serve one of them")
            routes[name] = (api.operation, store)

    def find(self, path: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Target:
        """Return what a request means.

        A path decides, whatever the action. The first letter of an action may be of either case.

        Raises:
            Wrong: where nothing is served by this path or this action.

        """
        route = self._by_path.get(path)
        if route is not None:
            return route
        if path not in ("", "/"):
            raise Wrong(404, "InvalidApi.NotFound", "Specified api is not found: check the path.")

        action = params.get("Action") or headers.get("x-acs-action", "")
        if not action:
            raise Wrong(
                400,
                "InvalidAction.NotFound",
                "Specified api is not found: name it by Action, or by its path;"
                " /openapi.json lists what is served.",
            )
        route = self._by_action.get(action[:1].upper() + action[1:])
        if route is None:
            raise Wrong(
                400,
                "InvalidAction.NotFound",
                "Specified api is not found: check the action and its version.",
            )
        return route
