"""Test code that calls Alibaba Cloud against a local double, by the official client as it is.

Run it from a checkout with the extra `dev`, or with the extra `testing` and the client installed:

    python -m pytest examples/test_with_double.py

The fixture `instquery_double` comes with the extra `testing`: nothing is imported for it.
"""

# The official client has no types.
# pyright: reportMissingTypeStubs=false
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from alibabacloud_bssopenapi20171214 import models
from alibabacloud_bssopenapi20171214.client import Client
from alibabacloud_tea_openapi.models import Config
from darabonba.exceptions import DaraException

from instquery.testing import Double

TIME = "%Y-%m-%dT%H:%M:%SZ"

# The code that is tested. In a project it has a module of its own.


def ending(client: Client, now: datetime, days: int, page_size: int = 100) -> Iterator[Any]:
    """Yield the subscriptions that end within some days and that nobody renews, over all pages."""
    seen, total, number = 0, 1, 1
    while seen < total:
        request = models.QueryAvailableInstancesRequest(
            subscription_type="Subscription",
            renew_status="NotRenewal",
            end_time_start=now.strftime(TIME),
            end_time_end=(now + timedelta(days=days)).strftime(TIME),
            page_num=number,
            page_size=page_size,
        )
        data = patient(client, request).body.data
        yield from data.instance_list

        # The total counts the matches of all pages. It may change while we walk.
        seen, total, number = number * page_size, data.total_count, number + 1


def patient(client: Client, request: models.QueryAvailableInstancesRequest, tries: int = 3) -> Any:
    """Ask, and ask again while the service says that there were too many requests."""
    for left in reversed(range(tries)):
        try:
            return client.query_available_instances(request)
        except DaraException as error:
            if not left or not str(error.code).startswith("Throttling"):
                raise
            time.sleep(0.01)
    raise AssertionError("unreachable")


# The tests.

NOW = datetime(2026, 6, 1)  # noqa: DTZ001 - UTC, as the API's times are


def record(key: str, **members: str) -> dict[str, str]:
    """Make an instance that `ending` finds; `members` say what differs."""
    usual = {
        "InstanceID": key,
        "ProductCode": "ecs",
        "SubscriptionType": "Subscription",
        "RenewStatus": "NotRenewal",
        "CreateTime": "2026-01-01T00:00:00Z",
        "EndTime": "2026-06-03T00:00:00Z",
    }
    return usual | members


@pytest.fixture
def client(instquery_double: Double) -> Client:
    """The official client, pointed to the double."""
    config = Config(
        access_key_id="any",
        access_key_secret="any",
        endpoint=instquery_double.endpoint,
        protocol="http",
    )
    return Client(config)


def test_all_pages_are_read(client: Client, instquery_double: Double) -> None:
    instquery_double.bss.put_many([record(f"i-{number}") for number in range(5)])

    found = {instance.instance_id for instance in ending(client, NOW, days=7, page_size=2)}

    assert found == {f"i-{number}" for number in range(5)}
    assert [seen.params["PageNum"] for seen in instquery_double.requests] == ["1", "2", "3"]


def test_renewed_and_later_ones_are_left_out(client: Client, instquery_double: Double) -> None:
    instquery_double.bss.put_many(
        [
            record("mine"),
            record("renewed", RenewStatus="AutoRenewal"),
            record("later", EndTime="2026-07-01T00:00:00Z"),
        ]
    )
    assert [instance.instance_id for instance in ending(client, NOW, days=7)] == ["mine"]


def test_a_throttled_request_is_made_again(client: Client, instquery_double: Double) -> None:
    instquery_double.bss.put(record("i-1"))
    instquery_double.throttle(times=2)

    assert [instance.instance_id for instance in ending(client, NOW, days=7)] == ["i-1"]
    assert len(instquery_double.requests) == 3


def test_another_error_is_the_callers(client: Client, instquery_double: Double) -> None:
    instquery_double.fail("NotApplicable", message="This API is not applicable for caller.")

    with pytest.raises(DaraException) as caught:
        list(ending(client, NOW, days=7))

    assert caught.value.code == "NotApplicable"
    assert len(instquery_double.requests) == 1
