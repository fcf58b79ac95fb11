"""The requests that are timed: of consoles, billing and control planes, and hard cases.

What they ask for is chosen from the inventory, so that a title means the same on any.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain

from benchmarks.inventories import APIS
from instquery.apis.catalog import CATALOG
from instquery.apis.questions import Questions
from instquery.apis.samples import ANCHOR
from instquery.folding import fold
from instquery.query import Record

__all__ = ["IS_CHINESE", "NOWHERE", "TITLES", "questions_of", "sample_of"]

NOWHERE = "no such name"

IS_CHINESE = re.compile("[\u4e00-\u9fff]")

_SECOND = int(ANCHOR.timestamp())
_DAY = 86_400
_SAMPLE = 20_000  # records that are looked at for what is common
_OWNED = 156  # records of an owner who is neither large nor small


def sample_of(records: Sequence[Record], size: int = _SAMPLE) -> Sequence[Record]:
    """Return some records from all over the inventory."""
    return records[:: max(1, len(records) // size)][:size]


def _airec(records: Sequence[Record]) -> Questions:
    """Name the requests to ListInstance; IDs and page numbers fit the inventory."""
    sample = sample_of(records)
    names = [fold(record["name"]) for record in sample if "name" in record]
    middle = records[len(records) // 2]["instanceId"]
    pages = -(-len(records) // 50)
    statuses = _by_count(sample, "status")
    usual = {"status": statuses[0], "size": 50}
    piece, share = _piece(names, 4, re.compile(r"[^\W\d_]{4}"))
    rare = _character(names, 0.04)
    digits = next(filter(None, map(_last_digits, names[len(names) // 2 :])), "4321")
    soon = {"expiredTime": _SECOND + 30 * _DAY}
    return {
        "default page": {},
        "last page of everything": {"page": pages, "size": 50},
        "page past the end": {"page": 10**12},
        "one status": {"status": statuses[0]},
        "one status, 50 items": usual,
        "one status, deep page": usual | {"page": max(1, pages // 4)},
        "rare status": {"status": statuses[-1]},
        "substring, common": {"name": piece},
        "substring, common, deep page": {
            "name": piece,
            "page": max(1, int(pages * share / 2)),
            "size": 50,
        },
        "substring, two Chinese characters": {"name": _piece(names, 2, IS_CHINESE, 2)[0]},
        "substring, a Chinese character of 4 %, 50 items": {"name": rare, "size": 50},
        "substring, one letter": {"name": _piece(names, 1, re.compile("[a-z]"))[0]},
        "substring, last digits of a name": {"name": digits},
        "substring, absent": {"name": NOWHERE},
        "substring, absent, with two filters": usual | soon | {"name": NOWHERE},
        "ID, whole": {"instanceId": middle},
        "ID, four characters": {"instanceId": middle[-4:]},
        "expiring in 7 days": {"expiredTime": _SECOND + 7 * _DAY},
        "status, a Chinese character of 4 % and expiring in 30 days": usual | soon | {"name": rare},
    }


def _bss(records: Sequence[Record]) -> Questions:
    """Name the requests to QueryAvailableInstances; owners and IDs are of the inventory."""
    owners = Counter(record["OwnerId"] for record in records)
    big = owners.most_common(1)[0][0]
    other = min(owners, key=lambda owner: abs(owners[owner] - _OWNED))
    of_big = _first(records, OwnerId=big)
    of_other = _first(records, OwnerId=other)
    product = _by_count(sample_of(records), "ProductCode")[0]
    usual = _first(records, ProductCode=product)
    hundred = ",".join(record["InstanceID"] for record in sample_of(records, 100))
    pages = -(-len(records) // 20)
    return {
        "default page": {},
        "last page of everything": {"PageNum": pages},
        "big owner": {"OwnerId": big},
        "owner of about 156": {"OwnerId": other},
        "owner and product": {"OwnerId": big, "ProductCode": of_big["ProductCode"]},
        "owner of about 156 and product": {
            "OwnerId": other,
            "ProductCode": of_other["ProductCode"],
        },
        "product": {"ProductCode": product},
        "product and region": {"ProductCode": product, "Region": usual["Region"]},
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
            "ProductCode": product,
            "SubscriptionType": "Subscription",
            "RenewStatus": "ManualRenewal",
            "EndTimeStart": "2026-09-01T00:00:00Z",
            "PageNum": 5,
        },
        "product, region, renewal and 90 days, page 5": {
            "ProductCode": product,
            "Region": usual["Region"],
            "RenewStatus": usual["RenewStatus"],
            "EndTimeStart": "2026-06-01T00:00:00Z",
            "EndTimeEnd": "2026-08-30T00:00:00Z",
            "PageNum": 5,
        },
        "deep page of 60 %": {"SubscriptionType": "Subscription", "PageNum": max(1, pages // 2)},
        "eight filters at once": _eight(of_big),
        "eight filters, owner of about 156": _eight(of_other),
    }


def _eight(record: Record) -> Mapping[str, object]:
    """Ask for a record by all that an owner may know of it."""
    names = ("ProductCode", "ProductType", "Region", "SubscriptionType", "RenewStatus", "OwnerId")
    return {name: record[name] for name in names} | {
        "EndTimeStart": "2026-06-01T00:00:00Z",
        "CreateTimeStart": "2024-01-01T00:00:00Z",
    }


def _first(records: Iterable[Record], **wanted: object) -> Record:
    """Return a new subscription that lasts, with these members; else whatever has them."""
    found: Record | None = None
    for record in records:
        if all(record[name] == value for name, value in wanted.items()):
            if record["CreateTime"] > "2024-02" and record.get("EndTime", "") > "2026-07":
                return record
            found = found or record
    return {"RenewStatus": "NotRenewal"} | (found or {})


def _by_count(records: Iterable[Record], field: str) -> list[str]:
    """Return the values of a field, the most frequent first."""
    counts = Counter(record[field] for record in records if field in record)
    return [value for value, _ in counts.most_common()]


def _piece(
    names: Sequence[str], size: int, shape: re.Pattern[str], times: int = 1
) -> tuple[str, float]:
    """Return the piece of a shape that most names have, and their share."""
    is_piece = re.compile(f"(?:{shape.pattern}){{{times}}}").fullmatch
    counts = Counter(
        chain.from_iterable(
            {piece for at in range(len(name)) if is_piece(piece := name[at : at + size])}
            for name in names
        )
    )
    piece, count = counts.most_common(1)[0]
    return piece, count / len(names)


def _character(names: Sequence[str], share: float) -> str:
    """Return the Chinese character that is in about this share of the names."""
    counts = Counter(chain.from_iterable(set(IS_CHINESE.findall(name)) for name in names))
    found: str = min(counts, key=lambda character: abs(counts[character] / len(names) - share))
    return found


def _last_digits(name: str) -> str:
    found = re.search(r"\d{4,5}$", name)
    return found[0] if found else ""


_OWN: Mapping[str, Callable[[Sequence[Record]], Questions]] = {"airec": _airec, "bss": _bss}


def questions_of(name: str, records: Sequence[Record]) -> Questions:
    """Return the requests to an API over an inventory, by title."""
    return _OWN[name](records)


_FEW = 1500  # samples are as good as an inventory where titles alone count

TITLES = [
    (name, title)
    for name in APIS
    for title in questions_of(name, list(CATALOG[name].samples(_FEW)))
]
"""Every request by API and title, whatever the inventory."""
