"""Another dialect: the list of Kubernetes, declared on the public surface alone.

`GET /api/v1/namespaces/{namespace}/pods` and `GET /api/v1/pods`, with `labelSelector`,
`fieldSelector`, `limit`, `continue` and `resourceVersion`. All pages of a walk show one state. When
its lease has ended, the server says so with status 410, and the client begins anew.

Run it from a checkout with the extra `server`, with pods as JSON lines in a file:

    python examples/kubernetes.py pods.jsonl
    curl -G localhost:8001/api/v1/pods --data-urlencode 'labelSelector=tier in (web,db),!old'
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from instquery import (
    Eq,
    Has,
    Leases,
    Not,
    Order,
    Predicate,
    Schema,
    Store,
    instant,
    keyword,
    stored,
    tags,
)
from instquery.apis.envelope import Answer, Envelope, Fault, Refused
from instquery.apis.operation import Asked, Operation, Refusal
from instquery.apis.params import Param, exact, ignored, page_size, page_token
from instquery.asgi import Served, create_app

SCHEMA = Schema(
    key="uid",
    order=(Order("namespace", descending=False), Order("name", descending=False)),
    fields={
        "uid": keyword(path="metadata.uid"),
        "namespace": keyword(path="metadata.namespace"),
        "name": keyword(path="metadata.name"),
        "labels": tags(path="metadata.labels"),
        "created": instant(path="metadata.creationTimestamp"),
        "phase": keyword(path="status.phase"),
        "node": keyword(path="spec.nodeName"),
        **dict.fromkeys(("metadata", "spec", "status"), stored()),
    },
)

# The fields that a `fieldSelector` may name.
FIELDS = {
    "metadata.namespace": "namespace",
    "metadata.name": "name",
    "status.phase": "phase",
    "spec.nodeName": "node",
}

_NAME = r"[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?"
_COMMA = re.compile(r",(?![^(]*\))")
_EXISTS = re.compile(rf"\s*(!?)\s*({_NAME})\s*")
_EQUALS = re.compile(rf"\s*({_NAME})\s*(==|=|!=)\s*({_NAME})?\s*")
_AMONG = re.compile(rf"\s*({_NAME})\s+(in|notin)\s*\(([^()]*)\)\s*")


def selected_labels(selector: str, _now: int) -> Iterator[Predicate]:
    """Read `a=b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a` and `!a`, commas between.

    What is negated is also true of an object without the label.
    """
    for requirement in _COMMA.split(selector):
        if equals := _EQUALS.fullmatch(requirement):
            key, sign, value = equals.groups(default="")
            found = Has("labels", key, value)
            yield Not(found) if sign == "!=" else found
        elif among := _AMONG.fullmatch(requirement):
            key, word, listed = among.groups()
            found = Has("labels", key, [value.strip() for value in listed.split(",")])
            yield Not(found) if word == "notin" else found
        elif exists := _EXISTS.fullmatch(requirement):
            found = Has("labels", exists[2])
            yield Not(found) if exists[1] else found
        else:
            raise ValueError(f"cannot be parsed: {requirement.strip()!r}")


def selected_fields(selector: str, _now: int) -> Iterator[Predicate]:
    """Read `metadata.name=x` and `status.phase!=Running`, commas between."""
    for requirement in selector.split(","):
        equals = _EQUALS.fullmatch(requirement)
        if equals is None or equals[1] not in FIELDS:
            raise ValueError(f"cannot be parsed: {requirement.strip()!r}")
        found = Eq(FIELDS[equals[1]], equals[3] or "")
        yield Not(found) if equals[2] == "!=" else found


def one_or_the_other(asked: Asked) -> Iterable[Predicate]:
    """A token knows its version; no other may be asked for beside it."""
    if asked.given.get("continue") and asked.given.get("resourceVersion"):
        reason = "specifying resource version is not allowed when using continue"
        raise Refusal("BadRequest", "resourceVersion", reason)
    return ()


def success(answer: Answer) -> dict[str, Any]:
    """Write a list; what remains is not told where selectors narrow it, as in the original."""
    metadata: dict[str, Any] = {"resourceVersion": str(answer.version)}
    if answer.next is not None:
        metadata["continue"] = answer.next
        if not {"labelSelector", "fieldSelector"} & answer.asked.values.keys():
            metadata["remainingItemCount"] = answer.remaining
    return {"kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": answer.items}


def failure(refused: Refused) -> dict[str, Any]:
    """Write a `Status`."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": refused.message,
        "reason": refused.code,
        "code": refused.status,
    }


LIST_PODS = Operation(
    name="ListPods",
    version="v1",
    schema=SCHEMA,
    params=(
        exact("namespace"),
        Param("labelSelector", "filter", selected_labels, "labels that must hold"),
        Param("fieldSelector", "filter", selected_fields, "fields that must hold"),
        page_size("limit", default=2**31 - 1, most=2**31 - 1, least=0),
        page_token("continue", invalid="BadRequest", expired="Expired"),
        # The present state is at least as new as any that a client can name.
        ignored("resourceVersion"),
        ignored("resourceVersionMatch"),
    ),
    rules=(one_or_the_other,),
    envelope=Envelope(
        members=("metadata", "spec", "status"),
        times=frozenset({"metadata.creationTimestamp"}),
        timespec="seconds",
        success=success,
        failure=failure,
    ),
    errors={
        "BadRequest": Fault("{parameter}: {reason}"),
        "Expired": Fault("The provided continue parameter is too old: it {reason}.", status=410),
        "InternalError": Fault("Internal error occurred", status=500),
    },
    invalid="BadRequest",
    internal="InternalError",
)


def store_of(pods: Iterable[dict[str, Any]], minutes: float = 5) -> Store:
    """Return a store of pods that keeps the state of a walk for some minutes."""
    return Store(SCHEMA, pods, leases=Leases(count=1_000, age=minutes * 60))


def served(store: Store) -> tuple[Served, Served]:
    """Return the list of one namespace, and that of all."""
    return (
        Served(LIST_PODS, store, path="/api/v1/namespaces/{namespace}/pods"),
        Served(LIST_PODS, store, path="/api/v1/pods"),
    )


if __name__ == "__main__":
    import uvicorn

    lines = Path(sys.argv[1]).read_text("utf-8").splitlines()
    app = create_app(*served(store_of(json.loads(line) for line in lines)))
    uvicorn.run(app, host="127.0.0.1", port=8001)
