"""The table of the APIs that are answered. Every edge reads it, and names no API itself.

It holds those of this package. Others join it: by an entry point of the group `instquery.apis` of a
package that is installed, and on the command line by `--api module:name`.
"""

import logging
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pkgutil import resolve_name
from typing import Any, Self, TypeAlias, TypedDict

from instquery.apis import airec, airec2018, bss, ecs, rds, tablestore
from instquery.apis.airec import questions as airec_questions
from instquery.apis.airec import samples as airec_samples
from instquery.apis.airec2018 import questions as airec2018_questions
from instquery.apis.airec2018 import samples as airec2018_samples
from instquery.apis.bss import facts as bss_facts
from instquery.apis.bss import questions as bss_questions
from instquery.apis.bss import samples as bss_samples
from instquery.apis.ecs import questions as ecs_questions
from instquery.apis.ecs import samples as ecs_samples
from instquery.apis.facts import Fact
from instquery.apis.generic import items_path, questions_of, samples_of
from instquery.apis.inventory import Reader
from instquery.apis.operation import Engine, Operation
from instquery.apis.questions import Questioner, Questions
from instquery.apis.rds import questions as rds_questions
from instquery.apis.rds import samples as rds_samples
from instquery.apis.samples import Samples
from instquery.apis.served import Served, Walker, check_path
from instquery.apis.tablestore import questions as tablestore_questions
from instquery.apis.tablestore import samples as tablestore_samples
from instquery.contract import Pages
from instquery.errors import InstqueryError, SchemaError
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

Check: TypeAlias = Callable[[Any], None]
"""Refuses a fact of the host that the rules of an operation cannot work with: `InstqueryError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """One row of the table: what the edges need to know of an API.

    Attributes:
        operation: answers its requests.
        read: reads its inventories.
        samples: makes up its records.
        questions: makes requests that suit a store.
        sample_questions: requests to the samples, beside those that suit any store.
        path: where HTTP requests find it; see `Served`. On `/` (RPC) it is found by its operation's
            name, the action.
        method: the HTTP method that its document gives. `GET` and `POST` are taken for each.
        columns: the members of an item that a terminal shows; all of them where there are none
            here.
        checks: by the name of a fact in `operation.host`, what refuses a fact that cannot be used.
        facts: by the name of a fact in `operation.host`, how it is read from a file.

    """

    operation: Operation
    read: Reader
    samples: Samples
    questions: Questioner
    sample_questions: Questions = attribute(default_factory=dict[str, Mapping[str, object]])
    path: str = "/"
    method: str = "GET"
    columns: tuple[str, ...] = ()
    checks: Mapping[str, Check] = attribute(default_factory=dict[str, Check])
    facts: Mapping[str, Fact] = attribute(default_factory=dict[str, Fact])

    def __post_init__(self) -> None:
        check_path(self.path, self.method, self.operation)
        for column in self.columns:
            if column not in self.operation.envelope.members:
                raise SchemaError(
                    f"{column} is no member of an item: name one of the envelope's", field="columns"
                )
        for part in ("checks", "facts"):
            for name in getattr(self, part):
                if name not in self.operation.host:
                    raise SchemaError(
                        f"{name} is no fact of the host: name it in the operation's host",
                        field=part,
                    )

    @classmethod
    def of(
        cls,
        operation: Operation,
        *,
        path: str = "/",
        method: str = "GET",
        columns: tuple[str, ...] = (),
        name: str | None = None,
    ) -> Self:
        """Make the row of an operation alone: what else a row has is made of its declaration.

        Its reader finds the list of a reply by the envelope. Its samples fill the fields of the
        schema, its questions ask with its parameters. With a `name` its reader and those of other
        APIs recognise each other's records.
        """
        return cls(
            operation=operation,
            read=Reader.of(operation, items_path(operation), name=name),
            samples=samples_of(operation),
            questions=questions_of(operation),
            path=path,
            method=method,
            columns=columns,
        )

    @property
    def is_rpc(self) -> bool:
        """Whether HTTP requests name it by their action, not by their path."""
        return self.path == "/"

    def served(
        self,
        store: Pages,
        *,
        facts: Mapping[str, object] | None = None,
        walker: Walker | str | None = None,
    ) -> Served:
        """Return it as an application serves it from a store."""
        return Served(
            self.operation,
            store,
            path=self.path,
            method=self.method,
            facts=facts,
            walker=walker,
        )


CATALOG: dict[str, Api] = {
    "airec": Api(
        operation=airec.list_instance,
        read=airec.read,
        samples=airec_samples.records,
        questions=airec_questions.questions,
        sample_questions=airec_questions.SAMPLE_QUESTIONS,
        path="/v2/openapi/instances",
        columns=("instanceId", "name", "status", "gmtCreate", "expiredTime"),
    ),
    "bss": Api(
        operation=bss.query_available_instances,
        read=bss.read,
        samples=bss_samples.records,
        questions=bss_questions.questions,
        sample_questions=bss_questions.SAMPLE_QUESTIONS,
        columns=("InstanceID", "OwnerId", "ProductCode", "CreateTime", "EndTime"),
        checks={"directory": bss.check_directory, "products": bss.check_products},
        facts=bss_facts.FACTS,
    ),
    "ecs": Api(
        operation=ecs.describe_instances,
        read=ecs.read,
        samples=ecs_samples.records,
        questions=ecs_questions.questions,
        sample_questions=ecs_questions.SAMPLE_QUESTIONS,
        columns=("InstanceId", "InstanceName", "Status", "CreationTime", "ExpiredTime"),
    ),
    "rds": Api(
        operation=rds.describe_db_instances,
        read=rds.read,
        samples=rds_samples.records,
        questions=rds_questions.questions,
        sample_questions=rds_questions.SAMPLE_QUESTIONS,
        columns=("DBInstanceId", "DBInstanceDescription", "Engine", "CreateTime", "ExpireTime"),
    ),
    "tablestore": Api(
        operation=tablestore.list_instances,
        read=tablestore.read,
        samples=tablestore_samples.records,
        questions=tablestore_questions.questions,
        sample_questions=tablestore_questions.SAMPLE_QUESTIONS,
        path="/v2/openapi/listinstances",
        columns=("InstanceName", "AliasName", "InstanceStatus", "CreateTime"),
    ),
    "airec2018": Api(
        operation=airec2018.list_instance,
        read=airec2018.read,
        samples=airec2018_samples.records,
        questions=airec2018_questions.questions,
        sample_questions=airec2018_questions.SAMPLE_QUESTIONS,
        path="/openapi/instances",
        columns=("InstanceId", "Name", "Status", "GmtCreate", "ExpiredTime"),
    ),
}
"""The APIs by their names, which are those of commands, options and stores at the edges."""


# Names that the edges have a meaning of their own for, as options or arguments.
_TAKEN = frozenset(
    {
        *("api", "clock", "db", "facts", "fact", "host", "integers", "keys", "metrics", "port"),
        *("skip_bad", "slow", "store", "strict", "table", "caller"),
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
    if not name.isidentifier() or not name.islower():
        raise InstqueryError(f"an API is named as a function of Python is, not {name!r}")
    if name in _TAKEN or name in fact_names():
        raise InstqueryError(f"{name} is an option already: take another name for the API")
    if isinstance(api, Operation):
        api = Api.of(api, name=name)
    if not isinstance(api, Api):
        raise InstqueryError(f"{name} must be an Api or an Operation, not {told(api)}")

    known = CATALOG.get(name)
    if known is not None and known.operation is not api.operation:
        raise InstqueryError(f"there is an API {name} already: take another name")
    return CATALOG.setdefault(name, api)


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
    except (ImportError, AttributeError, ValueError) as error:
        raise InstqueryError(f"{place} cannot be had: {error}") from error
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
        except Exception as error:
            tell(f"the API {entry.name} ({entry.value}) is left out: {error}")


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

    directory: Mapping[str, bss.Caller] | None
    products: Container[str] | None


class Hosted(Stores, Facts, total=False):
    """All that a host hands in by keyword: stores, and facts."""
