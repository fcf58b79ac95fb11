"""What is served: an operation, the store that answers it, and where requests find it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from dataclasses import field as attribute
from typing import Any, TypeAlias, TypeGuard

from instquery.apis.operation import Operation
from instquery.contract import Pages
from instquery.errors import InstqueryError, SchemaError
from instquery.options import check_kind, told
from instquery.schema import Schema

__all__ = ["Served", "Walker", "check_path", "checked_store", "names_in"]

Walker: TypeAlias = Callable[[Mapping[str, str]], str | None]
"""Tells who walks through pages, by the headers of a request (names in lower case)."""

_METHODS = ("GET", "POST")
_PLACE = re.compile(r"\{([^{}/]+)\}")


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """An operation as an application and a double serve it.

    Args:
        operation: what answers.
        store: what is asked: a store, a snapshot, or a `Walks`.
        path: where requests find it. On `/` (RPC) they find it by the action, which is the
            operation's name. A segment `{name}` is the parameter of that name, and decides whatever
            else the request gives for it.
        method: the HTTP method, `GET` or `POST`. The other one is taken too where no other
            operation of the path has it.
        facts: facts for this operation's rules, by name; they count before those of the whole
            application. A request's key tells `caller` before all. They are looked up at each
            request, so a mapping that changes is one whose changes count.
        walker: who walks, where the store is a `Walks`: a function of the request's headers, or a
            text for all. Without it the key's caller walks, or whoever has the peer's address.

    Raises:
        InstqueryError: for what cannot be served: a store of other records, one without cursors
            where the operation has tokens, a fact that the operation does not ask for, a path with
            a name that is no parameter.

    >>> from instquery import Store
    >>> from instquery.apis import airec
    >>> Served(airec.list_instance, Store(airec.SCHEMA), path="/v2/openapi/instances").is_rpc
    False

    """

    operation: Operation
    store: Pages
    _: KW_ONLY
    path: str = "/"
    method: str = "GET"
    facts: Mapping[str, object] | None = None
    walker: Walker | str | None = None
    names: tuple[str, ...] = attribute(init=False, repr=False)
    """The parameters that are in the path."""
    is_pinned: bool = attribute(init=False, repr=False)
    """Whether the store pins walks by page number, so that it counts who walks."""

    def __post_init__(self) -> None:
        check_kind("operation", self.operation, Operation, "an Operation")
        checked_store("store", self.store, self.operation)
        object.__setattr__(self, "names", check_path(self.path, self.method, self.operation))
        object.__setattr__(self, "is_pinned", getattr(self.store, "pins", None) is not None)
        self._check_facts()
        if not (self.walker is None or isinstance(self.walker, str) or callable(self.walker)):
            raise InstqueryError(
                f"walker must be a function of the headers, or text, not {told(self.walker)}"
            )

    @property
    def is_rpc(self) -> bool:
        """Whether HTTP requests name it by their action, not by their path."""
        return self.path == "/"

    def host(self, shared: Mapping[str, object], caller: str | None) -> dict[str, Any]:
        """Return the facts for a request, by name.

        Args:
            shared: the facts of the whole application.
            caller: whose key has signed the request.

        """
        wanted = self.operation.host
        if not wanted:
            return {}
        own = self.facts or {}
        host = {
            name: own[name] if name in own else shared[name]
            for name in wanted
            if name in own or name in shared
        }
        if caller is not None and "caller" in wanted:
            host["caller"] = caller
        return host

    def walks_as(self, headers: Mapping[str, str], caller: str | None, peer: str | None) -> object:
        """Return who walks through the pages of this operation; `None` where nobody is known.

        What is no text is refused by the operation.
        """
        walker = self.walker
        if walker is None:
            return caller if caller is not None else peer
        walking = walker if isinstance(walker, str) else walker(headers)
        # Two callers never share a walk, whatever they say in their headers.
        return walking if caller is None or walking is None else f"{caller!r} {walking}"

    def _check_facts(self) -> None:
        """Refuse facts that the operation's rules do not ask for."""
        if self.facts is None:
            return
        check_kind("facts", self.facts, Mapping, "a mapping of names to facts")
        for name in self.facts:
            if name not in self.operation.host:
                asked = ", ".join(self.operation.host) or "none"
                raise InstqueryError(
                    f"{self.operation.name} asks for no fact {name}: it asks for {asked}",
                    field="facts",
                )


def check_path(path: object, method: object, operation: Operation) -> tuple[str, ...]:
    """Refuse a path that no request can be found by; return the names of parameters in it.

    Raises:
        SchemaError: that says what to write.

    """
    if not isinstance(path, str) or not path.startswith("/"):
        raise SchemaError(f"must begin with /, as /v1/things does, not {path!r}", field="path")
    if method not in _METHODS:
        raise SchemaError(f"must be GET or POST, not {method!r}", field="method")

    names = names_in(path)
    declared = {param.name: param for param in operation.params}
    for name in names:
        if name not in declared:
            reason = (
                f"{{{name}}} is no parameter of {operation.name}: declare it, as exact({name!r})"
            )
            raise SchemaError(reason, field="path")
        if declared[name].collect is not None:
            reason = f"{{{name}}} comes in several parts, and a segment is one: name another"
            raise SchemaError(reason, field="path")
        if names.count(name) > 1:
            raise SchemaError(f"{{{name}}} stands twice: leave one out", field="path")
    return names


def names_in(path: str) -> tuple[str, ...]:
    """Return the names of the parameters in a path.

    Raises:
        SchemaError: for a segment that is neither literal nor one parameter.

    >>> names_in("/v1/regions/{region}/things")
    ('region',)

    """
    names: list[str] = []
    for segment in path.split("/"):
        found = _PLACE.fullmatch(segment)
        if found is not None:
            names.append(found[1])
        elif "{" in segment or "}" in segment:
            raise SchemaError(
                f"a parameter takes a whole segment, as /v1/{{name}} shows, not {segment!r}",
                field="path",
            )
    return tuple(names)


def checked_store(name: str, store: object, operation: Operation) -> Pages:
    """Refuse what an operation cannot ask; a store says by its schema whose records it holds.

    One without cursors has no pages for tokens to lead to.

    Raises:
        InstqueryError: that names the store as `name`.

    """
    if isinstance(store, type) or not _has_pages(store):
        given = told(store)
        raise InstqueryError(
            f"{name} must be a store with the records of {operation.name}, not {given}"
        )

    schema = getattr(store, "schema", None)
    if isinstance(schema, Schema) and schema.key != operation.schema.key:
        wanted = f"{operation.name} asks for records by {operation.schema.key}"
        raise InstqueryError(f"{name}: {wanted}, and this store holds them by {schema.key}")
    if isinstance(schema, Schema) and schema is not operation.schema:
        _check_answers(name, schema, operation)

    token = next((param.name for param in operation.params if param.role == "token"), None)
    if token is not None and not _has_cursors(store):
        wanted = f"{operation.name} leads to further pages by {token}"
        cure = "give it a Store or a DurableStore, or declare the operation without page_token"
        raise InstqueryError(f"{name}: {wanted}, and this store has no cursors: {cure}")
    return store


def _check_answers(name: str, schema: Schema, operation: Operation) -> None:
    """Refuse a store of other records under the same key: it would fail at each such request."""
    for param in operation.params:
        try:
            param.over(schema)
        except SchemaError as error:
            reason = f"{operation.name} cannot ask this store by {param.name}: it {error.reason}"
            raise InstqueryError(f"{name}: {reason}") from None


def _has_pages(store: object) -> TypeGuard[Pages]:
    return callable(getattr(store, "page", None))


def _has_cursors(store: Pages) -> bool:
    return callable(getattr(store, "prepare", None)) and getattr(store, "has_cursors", True)
