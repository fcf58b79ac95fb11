"""The table of the APIs that are answered. Every edge reads it, and names no API itself.

It holds those of this package. Others join it: by an entry point of the group `instquery.apis` of a
package that is installed, and on the command line by `--api module:name`.
"""

import logging
from collections.abc import Callable, Container, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from keyword import iskeyword
from pkgutil import resolve_name
from typing import TypedDict

from instquery.apis.airec import row as airec
from instquery.apis.airec2018 import row as airec2018
from instquery.apis.bss import row as bss
from instquery.apis.bss.literal import Caller
from instquery.apis.ecs import row as ecs
from instquery.apis.facts import Fact
from instquery.apis.operation import Engine, Operation
from instquery.apis.rds import row as rds
from instquery.apis.row import Api, Check
from instquery.apis.tablestore import row as tablestore
from instquery.errors import InstqueryError
from instquery.options import told

__all__ = [
    "CATALOG",
    "GROUP",
    "Api",
    "Check",
    "Facts",
    "Hosted",
    "Stores",
    "fact_names",
    "facts_in_files",
    "join",
    "join_by_name",
    "join_installed",
    "name_of",
    "named",
]

_log = logging.getLogger(__name__)

GROUP = str(__package__)
"""The group of entry points by which installed packages add APIs: `instquery.apis`.

Each is a name, and an `Api` or an `Operation`.
"""

CATALOG: dict[str, Api] = {
    "airec": airec.ROW,
    "bss": bss.ROW,
    "ecs": ecs.ROW,
    "rds": rds.ROW,
    "tablestore": tablestore.ROW,
    "airec2018": airec2018.ROW,
}
"""The APIs by their names, which are those of commands, options and stores at the edges."""


# Names that the edges have a meaning of their own for, as options or arguments.
_TAKEN = frozenset(
    {
        *("api", "clock", "db", "facts", "fact", "host", "integers", "keys", "metrics", "port"),
        *("skip_bad", "slow", "store", "strict", "table", "caller", "help"),
    }
)


def name_of(operation: Operation) -> str | None:
    """Return the name that an operation has in the catalog, `None` for one that is not in it."""
    return next((name for name, api in CATALOG.items() if api.operation is operation), None)


def named(name: str) -> str:
    """Return the name in the catalog that a user means: that name, or the only operation's.

    Raises:
        InstqueryError: where there is none, or several are meant.

    """
    if name in CATALOG:
        return name
    meant = [key for key, api in CATALOG.items() if api.operation.name == name]
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise InstqueryError(f"{name} is several APIs: name one of {', '.join(meant)}")
    raise InstqueryError(f"there is no API {name}: name one of {', '.join(CATALOG)}")


def join(name: str, api: Api | Operation) -> Api:
    """Add an API to the catalog, for every edge of this process, and return its row.

    Args:
        name: what it is called by commands, options and stores: a name of Python in lower case.
        api: its row; of an operation alone one is made, by which it is found by its action.

    Raises:
        InstqueryError: for a name that is taken, and for what is no API.

    """
    is_name = name.isidentifier() and name.islower() and not iskeyword(name)
    if not is_name or name.strip("_") != name:  # as an option it would have another name
        raise InstqueryError(f"an API is named as a function of Python is, not {name!r}")
    if name in _TAKEN or name in fact_names():
        raise InstqueryError(f"{name} is an option already: take another name for the API")
    if not isinstance(api, Api | Operation):
        raise InstqueryError(f"{name} must be an Api or an Operation, not {told(api)}")

    operation = api if isinstance(api, Operation) else api.operation
    known = CATALOG.get(name)
    if known is not None and known.operation is not operation:
        raise InstqueryError(f"there is an API {name} already: take another name")
    for fact in operation.host:
        if fact in CATALOG or fact == name or fact in _TAKEN - {"caller"}:
            raise InstqueryError(f"{fact} is an option already: take another name for the fact")
    if known is not None:
        return known

    # Only now: its reader is known to the others from when it is made.
    row = api if isinstance(api, Api) else Api.of(api, name=name)
    CATALOG[name] = row
    return row


def join_by_name(text: str) -> str:
    """Add what `module:name` or `other=module:name` leads to; return its name in the catalog.

    The name is that of the object in its module, unless another one is given before it.

    Raises:
        InstqueryError: where it leads nowhere, and as `join` does.

    """
    called, is_called, place = text.rpartition("=")
    module, is_place, attribute_name = place.partition(":")
    if not (module and is_place and attribute_name) or (is_called and not called):
        raise InstqueryError(f"must be module:name, or NAME=module:name, not {text!r}")
    try:
        found = resolve_name(place)
    except (Exception, SystemExit) as error:  # a module may raise anything, and end by itself
        raise InstqueryError(f"{place} cannot be had: {_why(error)}") from error
    name = called or attribute_name.rpartition(".")[2].lower()
    join(name, found)
    return name


def join_installed(tell: Callable[[str], None] = _log.warning) -> None:
    """Add what installed packages declare by entry points, once in a process.

    `tell` is told what is left out, and why: whatever is wrong with it, the other APIs go on.
    """
    waiting = _installed()
    while waiting:
        entry = waiting.pop(0)
        try:
            join(entry.name, entry.load())
        except (Exception, SystemExit) as error:
            tell(f"the API {entry.name} ({entry.value}) is left out: {_why(error)}")


def _why(error: BaseException) -> str:
    """Say why a module cannot be had: those that say little name their kind too."""
    if isinstance(error, ImportError | AttributeError | InstqueryError):
        return str(error)
    return f"{type(error).__name__}: {error}".removesuffix(": ")


@cache
def _installed() -> list[EntryPoint]:
    """Return the entry points that have not joined yet."""
    return sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value))


def fact_names() -> list[str]:
    """Return the names of the facts that operations ask of a host once.

    `caller` is none of them: each request's signature tells it.
    """
    names = dict.fromkeys(name for api in CATALOG.values() for name in api.operation.host)
    return [name for name in names if name != "caller"]


def facts_in_files() -> dict[str, Fact]:
    """Return the facts that can be read from a file, by name."""
    return {name: fact for api in CATALOG.values() for name, fact in api.facts.items()}


class Stores(TypedDict, total=False):
    """A store of each API by name, as an edge takes them; for type checkers."""

    airec: Engine | None
    bss: Engine | None
    ecs: Engine | None
    rds: Engine | None
    tablestore: Engine | None
    airec2018: Engine | None


class Facts(TypedDict, total=False):
    """The facts that operations ask of a host once, for checkers of types."""

    directory: Mapping[str, Caller] | None
    products: Container[str] | None


class Hosted(Stores, Facts, total=False):
    """All that a host hands in by keyword: stores, and facts."""
