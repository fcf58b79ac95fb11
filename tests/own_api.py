"""An API of a user's own, as it stands in a module: one operation, and one with a row."""

from instquery import Order, Schema, instant, keyword, text
from instquery.apis.catalog import Api
from instquery.apis.envelope import Envelope, Fault
from instquery.apis.operation import Operation
from instquery.apis.params import (
    boolean,
    contains,
    exact,
    json_list,
    one_of,
    page_size,
    page_token,
    repeated,
)
from instquery.predicates import In

SCHEMA = Schema(
    key="Id",
    order=Order("Created"),
    fields={
        "Id": text(),
        "Name": text(),
        "State": keyword(),
        "Zone": keyword(),
        "Public": keyword(),
        "Created": instant(),
        "Ended": instant(),
    },
)

list_things = Operation(
    name="ListThings",
    version="2026-01-01",
    schema=SCHEMA,
    params=(
        exact("Zone"),
        one_of("State", ("up", "down")),
        contains("Name"),
        boolean("Public"),
        json_list("Ids", "Id", most=100),
        repeated("ThingId", most=5, read=lambda ids, now: In("Id", ids)),
        exact("continue", "State"),
        exact("table", "State"),
        page_size("MaxResults", default=10, most=100),
        page_token("NextToken"),
    ),
    envelope=Envelope(
        members=("Id", "Name", "State", "Zone", "Public", "Created", "Ended"),
        times=frozenset({"Created", "Ended"}),
        timespec="seconds",
        success=lambda answer: {
            "Data": {"Things": answer.items},
            "Total": answer.total,
            "NextToken": answer.next,
        },
        failure=lambda refused: {"Error": refused.code, "Message": refused.message},
    ),
    errors={"Invalid": Fault("{parameter} {reason}"), "Internal": Fault("ours", 500)},
    invalid="Invalid",
    internal="Internal",
)

things = Api.of(list_things, path="/v1/zones/{Zone}/things", columns=("Id", "State"), name="things")

nothing = 5
