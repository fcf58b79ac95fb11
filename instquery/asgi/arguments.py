"""Arguments of an application: the stores and the facts that the catalog has names for, checked."""

from collections.abc import Mapping, Sequence
from typing import TypeGuard, Unpack

from instquery.apis.catalog import CATALOG, Facts, fact_names
from instquery.apis.operation import Engine, Operation
from instquery.errors import InstqueryError
from instquery.options import told
from instquery.schema import Schema

__all__ = ["HostFacts", "checked_names", "facts_of", "stores_of"]


def checked_names(given: Mapping[str, object]) -> Mapping[str, object]:
    """Return what was given by names of APIs and facts; any other name is refused.

    Raises:
        TypeError: as Python does for an argument that a function does not take.

    """
    facts = fact_names()
    for name in given:
        if name not in CATALOG and name not in facts:
            known = f"the APIs are {', '.join(CATALOG)}, the facts {', '.join(facts)}"
            raise TypeError(f"there is neither an API nor a fact {name}: {known}")
    return given


def stores_of(positional: Sequence[object], given: Mapping[str, object]) -> dict[str, Engine]:
    """Return the stores that were given, by the name of their API.

    Positional ones are in the catalog's order.

    Raises:
        InstqueryError: for what an operation cannot ask.
        TypeError: for too many, or one that is given twice.

    """
    if len(positional) > len(CATALOG):
        raise TypeError(
            f"there are {len(CATALOG)} APIs ({', '.join(CATALOG)}), and {len(positional)} stores"
        )

    in_order = dict(zip(CATALOG, positional, strict=False))
    stores: dict[str, Engine] = {}
    for name, api in CATALOG.items():
        if name in in_order and name in given:
            raise TypeError(f"the store {name} is given twice: leave one out")
        store = in_order.get(name, given.get(name))
        if store is not None:
            stores[name] = _as_engine(name, store, api.operation)
    return stores


def facts_of(given: Mapping[str, object]) -> dict[str, object]:
    """Return the facts of the host that were given, by name.

    Raises:
        InstqueryError: for one that the rules of an operation cannot work with.

    """
    facts = {name: given[name] for name in fact_names() if given.get(name) is not None}
    for name, fact in facts.items():
        for api in CATALOG.values():
            if name in api.checks:
                api.checks[name](fact)
    return facts


class HostFacts:
    """The facts that an application's rules go by; they may be replaced while it runs.

    Raises:
        InstqueryError: for one that the rules of an operation cannot work with.

    """

    def __init__(self, given: Mapping[str, object]) -> None:
        self._by_name: Mapping[str, object] = facts_of(given)

    @property
    def by_name(self) -> Mapping[str, object]:
        """The facts by name, as they are now."""
        return self._by_name

    def replace(self, **facts: Unpack[Facts]) -> None:
        """Go by other facts from the next request on; those that are not named stay.

        Raises:
            InstqueryError: for one that cannot be used; then all stay as they are.
            TypeError: for a name that is of no fact.

        """
        given: Mapping[str, object] = dict(facts)
        for name in given:
            if name not in fact_names():
                raise TypeError(f"there is no fact {name}: there are {', '.join(fact_names())}")
        self._by_name = facts_of({**self._by_name, **given})


def _as_engine(name: str, store: object, operation: Operation) -> Engine:
    """Refuse what an operation cannot ask; a store says by its schema whose records it holds."""
    if isinstance(store, type) or not _has_pages(store):
        given = told(store)
        raise InstqueryError(
            f"{name} must be a store with the records of {operation.name}, not {given}"
        )

    schema = getattr(store, "schema", None)
    if isinstance(schema, Schema) and schema.key != operation.schema.key:
        wanted = f"{operation.name} asks for records by {operation.schema.key}"
        raise InstqueryError(f"{name}: {wanted}, and this store holds them by {schema.key}")
    return store


def _has_pages(store: object) -> TypeGuard[Engine]:
    return callable(getattr(store, "page", None))
