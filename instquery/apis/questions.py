"""Questions that suit an inventory, whatever it holds: what consoles, billing and control planes ask of it."""

from collections import Counter
from collections.abc import Callable, Mapping

from instquery import Query, Store
from instquery.instants import to_text
from instquery.query import Record

__all__ = ["QUESTIONS", "Questions"]

Questions = Mapping[str, Mapping[str, object]]
"""Requests to an API as parameters, by title."""

_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_SAMPLE = 500  # newest records that are looked at for what is common


def _airec(store: Store, now: int) -> Questions:
    newest, middle = _some(store)
    pages = max(1, -(-len(store) // 50))
    status = _most_common(newest, "status")
    pieces = Counter(name[at : at + 2] for item in newest for name in [str(item.get("name"))] for at in (0, 3, 6))
    piece = pieces.most_common(1)[0][0] if pieces else "prod"
    month = {"expiredTime": now // _SECOND + 30 * 86_400}
    return {
        "The newest instances": {},
        "The last page of everything": {"page": pages, "size": 50},
        f"One status, {status}": {"status": status},
        "One status, far from the first page": {"status": status, "page": max(1, pages // 3), "size": 50},
        "Two characters that many names have": {"name": piece},
        "One character": {"name": piece[:1]},
        "A whole name": {"name": middle.get("name") or "none"},
        "Nothing has this name": {"name": "no such instance"},
        "A whole ID": {"instanceId": middle["instanceId"]},
        "The end of an ID": {"instanceId": middle["instanceId"][-4:]},
        "About to expire: within seven days": {"expiredTime": now // _SECOND + 7 * 86_400},
        "One status, part of the name, expiring within 30 days": {"status": status, "name": piece} | month,
    }


def _bss(store: Store, now: int) -> Questions:
    newest, _ = _some(store)
    owners = list(store.facets("OwnerId")) or ["none"]
    product = _most_common(newest, "ProductCode")
    region = _most_common([item for item in newest if item.get("ProductCode") == product], "Region")
    subscription = _most_common(newest, "SubscriptionType")
    month = {"EndTimeStart": to_text(now, "seconds"), "EndTimeEnd": to_text(now + 30 * _DAY, "seconds")}
    year = {"CreateTimeStart": to_text(now - 365 * _DAY, "seconds"), "CreateTimeEnd": to_text(now, "seconds")}
    return {
        "The newest instances, with the exact total": {},
        "The last page of everything": {"PageNum": max(1, -(-len(store) // 300)), "PageSize": 300},
        "The owner with the most": {"OwnerId": owners[0]},
        "The owner with the fewest": {"OwnerId": owners[-1]},
        "One owner's instances of one product": {"OwnerId": owners[0], "ProductCode": product},
        "One product": {"ProductCode": product},
        "One product in one region": {"ProductCode": product, "Region": region},
        "A hundred IDs": {"InstanceIDs": ",".join(item["InstanceID"] for item in newest[:100])},
        "Ending within 30 days": month,
        "Created within a year, one subscription type, page 5": {"SubscriptionType": subscription, "PageNum": 5} | year,
        "Five filters": {"OwnerId": owners[0], "ProductCode": product, "SubscriptionType": subscription} | month | year,
    }


def _some(store: Store) -> tuple[list[Record], Record]:
    """Return the newest records, and the one in the middle; there is at least one."""
    return store.page(Query(limit=_SAMPLE)).items, store.page(Query(offset=len(store) // 2, limit=1)).items[0]


def _most_common(items: list[Record], field: str) -> object:
    counts = Counter(item[field] for item in items if item.get(field) is not None)
    return counts.most_common(1)[0][0] if counts else "none"


QUESTIONS: Mapping[str, Callable[[Store, int], Questions]] = {"airec": _airec, "bss": _bss}
"""The questions to each API of the catalog, of a store that is not empty, at a moment in microseconds."""
