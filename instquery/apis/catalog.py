"""The table of the APIs that this package answers. Every edge reads it, and names no API itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any, TypeAlias

from instquery.apis import airec, bss
from instquery.apis.airec import questions as airec_questions
from instquery.apis.airec import samples as airec_samples
from instquery.apis.bss import questions as bss_questions
from instquery.apis.bss import samples as bss_samples
from instquery.apis.inventory import Reader
from instquery.apis.operation import Operation
from instquery.apis.questions import Questioner, Questions
from instquery.apis.samples import Samples

__all__ = ["CATALOG", "Api", "Check"]

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
        path: where HTTP requests find it. On `/` (RPC) it is found by its operation's name, the action.
        method: the HTTP method that its document gives. The face takes `GET` and `POST` for each.
        columns: the members of an item that a terminal shows; all of them where there are none here.
        checks: by the name of a fact in `operation.host`, what refuses a fact that cannot be used.

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
    ),
}
"""The APIs by their names, which are those of commands, options and stores at the edges."""
