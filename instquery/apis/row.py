"""A row of the catalog: what the edges need to know of one API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any, Self, TypeAlias

from instquery.apis.facts import Fact
from instquery.apis.generic import items_path, questions_of, samples_of
from instquery.apis.inventory import Reader
from instquery.apis.operation import Operation
from instquery.apis.questions import Questioner, Questions
from instquery.apis.samples import Samples
from instquery.apis.served import Served, Walker, check_path
from instquery.contract import Pages
from instquery.errors import SchemaError

__all__ = ["Api", "Check"]

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
        columns: the members of an item that a terminal shows, by their paths (`network.name`); all
            of them where there are none here.
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
            if not self.operation.envelope.has_member(column):
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
