"""Arguments of an application: what is served and by which facts, checked."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Unpack

from instquery.apis.catalog import CATALOG, Facts, Hosted, fact_names, join_installed, name_of
from instquery.apis.served import Served, checked_store
from instquery.asgi.service import SERVICE_PATHS
from instquery.errors import InstqueryError

__all__ = ["HostFacts", "served_of"]


def served_of(
    positional: Sequence[object], named: Hosted | Mapping[str, object]
) -> dict[str, Served]:
    """Return what is served, by a name of its own each, in the order in which it was given.

    Args:
        positional: operations with their stores; or stores alone, in the order of the catalog.
        named: stores by the name of their API; facts are passed over.

    Raises:
        InstqueryError: for what an operation cannot ask, and a path that is the application's own.
        TypeError: for too many stores, one that is given twice, and a name that is of nothing.

    """
    join_installed()
    given: Mapping[str, object] = dict(named)
    _check_names(given)
    own = [one for one in positional if isinstance(one, Served)]
    stores = [one for one in positional if not isinstance(one, Served)]
    if own and stores:
        raise TypeError("beside Served(…) stores are given by name, or as Served too")

    everything = [*own, *_of_stores(stores, given)]
    for one in everything:
        if one.path in SERVICE_PATHS:
            raise InstqueryError(f"{one.path} is the application's own: take another", field="path")
    return _by_name(everything)


class HostFacts:
    """The facts that an application's rules go by; they may be replaced while it runs.

    Raises:
        InstqueryError: for one that the rules of an operation cannot work with.

    """

    def __init__(self, given: Hosted | Mapping[str, object], served: Iterable[Served] = ()) -> None:
        self._by_name: Mapping[str, object] = _checked(dict(given))
        for one in served:
            _check_own(one)

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
        self._by_name = _checked({**self._by_name, **given})


def _check_names(given: Mapping[str, object]) -> None:
    """Refuse a name that is neither of an API nor of a fact, as Python does. Raises `TypeError`."""
    facts = fact_names()
    for name in given:
        if name not in CATALOG and name not in facts:
            known = f"the APIs are {', '.join(CATALOG)}, the facts {', '.join(facts)}"
            raise TypeError(f"there is neither an API nor a fact {name}: {known}")


def _of_stores(positional: Sequence[object], given: Mapping[str, object]) -> list[Served]:
    """Return the APIs of the catalog that have a store, in its order."""
    if len(positional) > len(CATALOG):
        raise TypeError(
            f"there are {len(CATALOG)} APIs ({', '.join(CATALOG)}), and {len(positional)} stores"
        )

    in_order = dict(zip(CATALOG, positional, strict=False))
    found: list[Served] = []
    for name, api in CATALOG.items():
        if name in in_order and name in given:
            raise TypeError(f"the store {name} is given twice: leave one out")
        store = in_order.get(name, given.get(name))
        if store is not None:
            found.append(api.served(checked_store(name, store, api.operation)))
    return found


def _by_name(everything: Sequence[Served]) -> dict[str, Served]:
    """Name what is served: by the catalog, else by the operation; of one name by version too."""
    names = [name_of(one.operation) or one.operation.name for one in everything]
    named: dict[str, Served] = {}
    for name, one in zip(names, everything, strict=True):
        whole = name if names.count(name) == 1 else f"{name} {one.operation.version}"
        while whole in named:  # one operation at two paths
            whole = f"{whole} {one.path}"
        named[whole] = one
    return named


def _checked(given: Mapping[str, object]) -> dict[str, object]:
    """Return the facts that were given, by name; raises for what no rule can work with."""
    facts = {name: given[name] for name in fact_names() if given.get(name) is not None}
    for name, fact in facts.items():
        for api in CATALOG.values():
            if name in api.checks:
                api.checks[name](fact)
    return facts


def _check_own(served: Served) -> None:
    """Check the facts of one operation by its row in the catalog, if it has one."""
    name = name_of(served.operation)
    if name is None or served.facts is None:
        return
    for fact, check in CATALOG[name].checks.items():
        value = served.facts.get(fact)
        if value is not None:
            check(value)
