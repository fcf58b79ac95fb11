"""Routes: which operation a request means, by its path or by its action, and by its version.

| a request for | means |
| --- | --- |
| the path of an operation | that one |
| a path that fits one with `{name}` in it | that one, with the segment as the parameter `name` |
| the path of several | those of its method, if there are any; of these the one of its version |
| `/` | the operation that its action names; of several of that name the one of its version |

A path without names goes before one with names, and of these the one whose first name stands later.
Where several are left and the request names no version, the one that was served first is meant.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from instquery.apis.operation import Operation
from instquery.apis.served import Served
from instquery.asgi.refusals import Wrong
from instquery.errors import InstqueryError

__all__ = ["Route", "Routes"]


class Route(NamedTuple):
    """What a request means, and the parameters that its path gives."""

    served: Served
    given: Mapping[str, str]


_NONE: Mapping[str, str] = {}
_NOBODY: list[Served] = []
_PATH_NOT_FOUND = "Specified api is not found: check the path"
_ACTION_NOT_FOUND = "Specified api is not found: check the action and its version"


class _Shape:
    """A path with names in it: literal segments, and where the names stand."""

    def __init__(self, path: str) -> None:
        self.parts = tuple(None if part[:1] == "{" else part for part in path.split("/"))
        self.served: list[Served] = []

    @property
    def rank(self) -> tuple[bool, ...]:
        """What shapes are tried by: the one that is literal for longer goes first."""
        return tuple(part is None for part in self.parts)

    def fits(self, segments: list[str]) -> bool:
        """Tell whether a path of as many segments is of this shape; a name needs some text."""
        return all(
            segment != "" if part is None else segment == part
            for part, segment in zip(self.parts, segments, strict=True)
        )


class Routes:
    """The operations that are served; one without names in its path is found in constant time.

    Raises:
        InstqueryError: for two that no request could tell apart.

    """

    def __init__(self, served: Iterable[Served]) -> None:
        self._by_path: dict[str, list[Served]] = {}
        self._by_action: dict[str, list[Served]] = {}
        self._alone: dict[str, Route] = {}
        self._shapes: dict[int, list[_Shape]] = {}
        for one in served:
            if one.is_rpc:
                _add(self._by_action.setdefault(one.operation.name, []), one, one.operation.name)
            elif not one.names:
                _add(self._by_path.setdefault(one.path, []), one, one.path)
            else:
                self._add_shape(one)
        # As most paths lead to one operation, what they lead to is made once.
        for path, there in self._by_path.items():
            if len(there) == 1:
                self._alone[path] = Route(there[0], _NONE)

    def find(
        self, method: str, path: str, params: Mapping[str, str], headers: Mapping[str, str]
    ) -> Route:
        """Return what a request means.

        A path decides, whatever the action. The first letter of an action may be of either case.

        Raises:
            Wrong: where nothing is served by this path or this action, or not in this version.

        """
        alone = self._alone.get(path)
        if alone is not None:
            return alone
        there = self._by_path.get(path)
        if there is not None:
            return Route(_of_version(_of_method(there, method), params, headers), _NONE)
        if path not in ("", "/"):
            return self._by_shape(method, path, params, headers)

        action = params.get("Action") or headers.get("x-acs-action", "")
        if not action:
            raise Wrong(
                400,
                "InvalidAction.NotFound",
                "Specified api is not found: name it by Action, or by its path;"
                " /openapi.json lists what is served.",
            )
        named = self._by_action.get(action) or self._by_action.get(action[:1].upper() + action[1:])
        if named is None:
            raise Wrong(400, "InvalidAction.NotFound", f"{_ACTION_NOT_FOUND}.")
        version = _version(params, headers)
        if not version or version == named[0].operation.version:
            return Route(named[0], _NONE)
        return Route(_of_version(named, params, headers), _NONE)

    def at(self, path: str) -> Operation | None:
        """Return the operation whose form the refusals of a path have, `None` for the usual one.

        On `/` it is the usual one, unless no operation has it.
        """
        if path in ("", "/"):
            there = [one for named in self._by_action.values() for one in named]
            if any(one.operation.envelope.both_casings for one in there):
                return None
        else:
            there = self._by_path.get(path) or self._of_shape(path.split("/"))
        return there[0].operation if there else None

    def _add_shape(self, one: Served) -> None:
        shape = _Shape(one.path)
        shapes = self._shapes.setdefault(len(shape.parts), [])
        known = next((other for other in shapes if other.parts == shape.parts), None)
        if known is None:
            shapes.append(shape)
            shapes.sort(key=lambda each: each.rank)
            known = shape
        _add(known.served, one, one.path)

    def _of_shape(self, segments: list[str]) -> list[Served]:
        shapes = self._shapes.get(len(segments), ())
        return next((shape.served for shape in shapes if shape.fits(segments)), _NOBODY)

    def _by_shape(
        self, method: str, path: str, params: Mapping[str, str], headers: Mapping[str, str]
    ) -> Route:
        """Return what a path means that is of no operation as it stands. Raises `Wrong`."""
        segments = path.split("/")
        there = self._of_shape(segments)
        if not there:
            raise Wrong(404, "InvalidApi.NotFound", f"{_PATH_NOT_FOUND}.")
        served = _of_version(_of_method(there, method), params, headers)
        parts = zip(served.path.split("/"), segments, strict=True)
        return Route(served, {part[1:-1]: text for part, text in parts if part[:1] == "{"})


def _add(there: list[Served], one: Served, place: str) -> None:
    """Add an operation to those of one place. Raises `InstqueryError`."""
    for other in there:
        is_same_version = other.operation.version == one.operation.version
        if is_same_version and (one.is_rpc or other.method == one.method):
            raise InstqueryError(
                f"two APIs are found by {place}: serve one of them, or give one another version"
            )
    there.append(one)


def _of_method(there: list[Served], method: str) -> list[Served]:
    """Return those of a method; all, where none is of it."""
    return [one for one in there if one.method == method] or there


def _of_version(
    there: list[Served], params: Mapping[str, str], headers: Mapping[str, str]
) -> Served:
    """Return the one that a request's version names, the first where it names none.

    Where a path leads to one operation alone, its version is not looked at. Raises `Wrong`.
    """
    version = _version(params, headers)
    is_rpc = there[0].is_rpc
    if not version or (len(there) == 1 and not is_rpc):
        return there[0]
    for one in there:
        if one.operation.version == version:
            return one

    known = ", ".join(one.operation.version for one in there)
    if is_rpc:
        reason = f"{_ACTION_NOT_FOUND}; it is served in {known}."
        raise Wrong(400, "InvalidAction.NotFound", reason)
    reason = f"{_PATH_NOT_FOUND} and its version; it is served in {known}."
    raise Wrong(404, "InvalidApi.NotFound", reason)


def _version(params: Mapping[str, str], headers: Mapping[str, str]) -> str:
    return headers.get("x-acs-version") or params.get("Version", "")
