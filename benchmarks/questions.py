"""The requests that are timed: of consoles, billing and control planes, and hard cases."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from instquery import Store
from instquery.apis.catalog import CATALOG
from instquery.apis.questions import Questions
from instquery.apis.samples import ANCHOR
from instquery.instants import to_micros
from instquery.query import Record

__all__ = ["TITLES", "questions_of"]

_SECOND = int(ANCHOR.timestamp())
_DAY = 86_400


def _airec(records: Sequence[Record]) -> Questions:
    """Name the requests to ListInstance; IDs and page numbers fit the inventory."""
    middle = records[len(records) // 2]["instanceId"]
    pages = -(-len(records) // 50)
    return {
        "default page": {},
        "last page of everything": {"page": pages, "size": 50},
        "page past the end": {"page": 10**12},
        "one status": {"status": "Running"},
        "one status, deep page": {"status": "Running", "page": pages // 2, "size": 50},
        "rare status": {"status": "Initializing"},
        "substring, common": {"name": "prod"},
        "substring, common, deep page": {"name": "prod", "page": pages // 20, "size": 50},
        "substring, Chinese": {"name": "推荐"},
        "substring, one Chinese character": {"name": "播"},
        "substring, one letter": {"name": "t"},
        "substring, rare digits": {"name": "4321"},
        "substring, absent": {"name": "no such name"},
        "ID, whole": {"instanceId": middle},
        "ID, four characters": {"instanceId": middle[-4:]},
        "expiring in 7 days": {"expiredTime": _SECOND + 7 * _DAY},
        "status, name and expiring in 30 days": {
            "status": "Running",
            "name": "搜索",
            "expiredTime": _SECOND + 30 * _DAY,
        },
    }


def _bss(records: Sequence[Record]) -> Questions:
    """Name the requests to QueryAvailableInstances; owners and IDs are of the inventory."""
    big_owner = Counter(record["OwnerId"] for record in records).most_common(1)[0][0]
    hundred = ",".join(
        record["InstanceID"] for record in records[:: max(1, len(records) // 100)][:100]
    )
    pages = -(-len(records) // 20)
    return {
        "default page": {},
        "last page of everything": {"PageNum": pages},
        "big owner": {"OwnerId": big_owner},
        "small owner": {"OwnerId": records[len(records) // 3]["OwnerId"]},
        "owner and product": {"OwnerId": big_owner, "ProductCode": "ecs"},
        "product": {"ProductCode": "rds"},
        "product and region": {"ProductCode": "ecs", "Region": "cn-beijing"},
        "unknown product": {"ProductCode": "none"},
        "100 IDs": {"InstanceIDs": hundred},
        "one ID": {"InstanceIDs": records[0]["InstanceID"]},
        "ending within a month": {
            "EndTimeStart": "2026-06-01T00:00:00Z",
            "EndTimeEnd": "2026-06-30T23:59:59Z",
        },
        "ending within an hour": {
            "EndTimeStart": "2026-07-01T15:30:00Z",
            "EndTimeEnd": "2026-07-01T16:30:00Z",
        },
        "a range over everything": {
            "EndTimeStart": "2000-01-01T00:00:00Z",
            "EndTimeEnd": "2100-01-01T00:00:00Z",
        },
        "created in a year and two equalities": {
            "CreateTimeStart": "2025-01-01T00:00:00Z",
            "CreateTimeEnd": "2025-12-31T23:59:59Z",
            "SubscriptionType": "Subscription",
            "RenewStatus": "AutoRenewal",
        },
        "four filters with a range, page 5": {
            "ProductCode": "ecs",
            "SubscriptionType": "Subscription",
            "RenewStatus": "ManualRenewal",
            "EndTimeStart": "2026-09-01T00:00:00Z",
            "PageNum": 5,
        },
        "deep page of 60 %": {"SubscriptionType": "Subscription", "PageNum": pages // 2},
        "eight filters at once": {
            "ProductCode": "ecs",
            "ProductType": "ecs",
            "Region": "cn-hangzhou",
            "SubscriptionType": "Subscription",
            "RenewStatus": "ManualRenewal",
            "OwnerId": big_owner,
            "EndTimeStart": "2026-06-01T00:00:00Z",
            "CreateTimeStart": "2024-01-01T00:00:00Z",
        },
    }


_OWN: Mapping[str, Callable[[Sequence[Record]], Questions]] = {"airec": _airec, "bss": _bss}


def questions_of(name: str, records: Sequence[Record]) -> Questions:
    """Return the requests to an API over an inventory, by title.

    An API without requests here gets those of its drawer.
    """
    if name in _OWN:
        return _OWN[name](records)
    api = CATALOG[name]
    return api.questions(Store(api.operation.schema, records), to_micros(ANCHOR))


_FEW = 100  # samples are as good as an inventory where titles alone count

TITLES = [
    (name, title)
    for name, api in CATALOG.items()
    for title in questions_of(name, list(api.samples(_FEW)))
]
"""Every request by API and title, whatever the inventory."""
