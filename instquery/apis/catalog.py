"""The table of the APIs that this package answers. Every edge reads it, and names no API itself."""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any, TypeAlias, TypedDict

from instquery.apis import airec, bss
from instquery.apis.airec import questions as airec_questions
from instquery.apis.airec import samples as airec_samples
from instquery.apis.bss import facts as bss_facts
from instquery.apis.bss import questions as bss_questions
from instquery.apis.bss import samples as bss_samples
from instquery.apis.facts import Fact
from instquery.apis.inventory import Reader
from instquery.apis.operation import Engine, Operation
from instquery.apis.questions import Questioner, Questions
from instquery.apis.samples import Samples
from instquery.errors import SchemaError

__all__ = ["CATALOG", "Api", "Check", "Facts", "Hosted", "Stores", "fact_names", "facts_in_files"]

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
        path: where HTTP requests find it. On `/` (RPC) it is found by its operation's name, the
            action.
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
        if not self.path.startswith("/"):
            raise SchemaError(
                f"must begin with /, as /v1/things does, not {self.path!r}", field="path"
            )
        if self.method not in ("GET", "POST"):
            raise SchemaError(f"must be GET or POST, not {self.method!r}", field="method")
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

    @property
    def is_rpc(self) -> bool:
        """Whether HTTP requests name it by their action, not by their path."""
        return self.path == "/"


CATALOG: Mapping[str, Api] = {
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
}
"""The APIs by their names, which are those of commands, options and stores at the edges."""


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


class Facts(TypedDict, total=False):
    """The facts that operations ask of a host once, for checkers of types."""

    directory: Mapping[str, bss.Caller] | None
    products: Container[str] | None


class Hosted(Stores, Facts, total=False):
    """All that a host hands in by keyword: stores, and facts."""
