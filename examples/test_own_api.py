"""An API of one's own, from nothing to a double: code that walks a listing, tested without it.

The API lists the volumes of a project: `GET /v1/projects/{project}/volumes`, page by page by token.

Run it from a checkout with the extra `testing`:

    python -m pytest examples/test_own_api.py
"""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from instquery import Eq, In, Order, Schema, Store, instant, keyword, stored, text
from instquery.apis.envelope import Envelope, Fault
from instquery.apis.operation import Operation
from instquery.apis.params import boolean, contains, exact, page_size, page_token, repeated
from instquery.testing import Double, Served

# The API, as its document describes it.

SCHEMA = Schema(
    key="id",
    order=Order("created"),
    fields={
        "id": keyword(),
        "project": keyword(),
        "name": text(),
        "encrypted": keyword(),
        "attachment": stored(),
        "created": instant(),
        "detached": instant(blank_is_missing=True),
    },
)


def with_ids(ids: tuple[str, ...], _now: int) -> In:
    """Ask for any of these: `Id.1=…&Id.2=…`."""
    return In("id", ids)


def unencrypted(wanted: bool, _now: int) -> list[Eq]:  # noqa: FBT001 - as every param is read
    """Ask for what is not encrypted, or for all."""
    return [Eq("encrypted", "false")] if wanted else []


LIST_VOLUMES = Operation(
    name="ListVolumes",
    version="v1",
    schema=SCHEMA,
    params=(
        exact("project", required=True),
        contains("name", names=("title",)),
        repeated("Id", most=50, read=with_ids),
        boolean("unencrypted", read=unencrypted),
        page_size("limit", default=2, most=100, corrected=True),
        page_token("after", invalid="BadToken", expired="GoneToken"),
    ),
    envelope=Envelope(
        members=("id", "name", "attachment.host", "created", "detached"),
        times=frozenset({"created", "detached"}),
        timespec="minutes",
        blank=frozenset({"detached"}),
        success=lambda answer: {
            "volumes": answer.items,
            "after": answer.next,
            "left": answer.remaining,
        },
        failure=lambda refused: {"error": {"code": refused.code, "message": refused.message}},
    ),
    errors={
        "BadRequest": Fault("{parameter} {reason}"),
        "BadToken": Fault("The token {reason}."),
        "GoneToken": Fault("The token {reason}.", status=410),
        "Internal": Fault("Something failed.", status=500),
    },
    invalid="BadRequest",
    internal="Internal",
)


# The code that is tested. In a project it has a module of its own.


def volumes(client: httpx.Client, project: str, **filters: str) -> Iterator[dict[str, Any]]:
    """Yield the volumes of a project, over all pages."""
    after: str | None = ""
    while after is not None:
        reply = client.get(f"/v1/projects/{project}/volumes", params={**filters, "after": after})
        reply.raise_for_status()
        body = reply.json()
        yield from body["volumes"]
        after = body["after"]


# The tests.


@pytest.fixture
def double() -> Iterator[Double]:
    """The API on a free port, with five volumes of one project and one of another."""
    served = Served(LIST_VOLUMES, Store(SCHEMA), path="/v1/projects/{project}/volumes")
    with Double(served, strict=True) as double:
        double["ListVolumes"].put_many(
            {
                "id": f"v-{number}",
                "project": "blue" if number < 6 else "red",
                "name": f"Data {number}",
                "encrypted": "true" if number % 2 else "false",
                "attachment": {"host": f"h-{number}", "slot": number},
                "created": f"2026-01-0{number}T08:00:30Z",
            }
            for number in range(1, 7)
        )
        yield double


@pytest.fixture
def client(double: Double) -> Iterator[httpx.Client]:
    """A client of it."""
    with httpx.Client(base_url=double.url) as client:
        yield client


def ids(found: Iterator[dict[str, Any]]) -> list[str]:
    return [volume["id"] for volume in found]


def test_all_pages_of_a_project_are_read(client: httpx.Client, double: Double) -> None:
    assert ids(volumes(client, "blue")) == ["v-5", "v-4", "v-3", "v-2", "v-1"]
    assert ids(volumes(client, "red")) == ["v-6"]
    assert ids(volumes(client, "green")) == []
    assert [seen.path for seen in double.requests][:3] == ["/v1/projects/blue/volumes"] * 3


def test_a_walk_sees_what_was_there_when_it_began(client: httpx.Client, double: Double) -> None:
    walk = volumes(client, "blue")
    first = [next(walk)["id"], next(walk)["id"]]
    double["ListVolumes"].discard("v-3")
    double["ListVolumes"].put({"id": "v-0", "project": "blue", "created": "2026-01-01"})

    assert first + ids(walk) == ["v-5", "v-4", "v-3", "v-2", "v-1"]
    assert "v-3" not in ids(volumes(client, "blue"))


def test_filters_are_those_of_the_document(client: httpx.Client) -> None:
    assert ids(volumes(client, "blue", title="DATA 3")) == ["v-3"]
    assert ids(volumes(client, "blue", unencrypted="True")) == ["v-4", "v-2"]
    asked = {"Id.1": "v-1", "Id.9": "v-5", "Id.20": "v-6"}
    assert ids(volumes(client, "blue", **asked)) == ["v-5", "v-1"]
    assert next(volumes(client, "blue", limit="1000")) == {
        "id": "v-5",
        "name": "Data 5",
        "attachment": {"host": "h-5"},
        "created": "2026-01-05T08:00Z",
        "detached": "",
    }


def test_what_is_left_is_told(client: httpx.Client) -> None:
    reply = client.get("/v1/projects/blue/volumes").json()
    assert reply["left"] == 3
    reply = client.get("/v1/projects/blue/volumes", params={"after": reply["after"]}).json()
    assert reply["left"] == 1


def test_refusals_look_as_the_document_says(client: httpx.Client, double: Double) -> None:
    def refused(**params: str) -> tuple[int, str]:
        reply = client.get("/v1/projects/blue/volumes", params=params)
        return reply.status_code, reply.json()["error"]["message"]

    assert refused(limit="many") == (400, "limit must be an integer")
    assert refused(after="x") == (400, "The token is invalid.")
    assert refused(colour="red")[1].startswith("colour is no parameter of ListVolumes")
    double.fail("GoneToken", message="The token has expired.")
    assert refused() == (410, "The token has expired.")
