"""Made-up records of BSS: instances of any product."""

from collections.abc import Iterator
from datetime import datetime
from random import Random

from instquery.apis.samples import (
    DAY,
    REGIONS,
    creation_times,
    expiry_time,
    samples_by,
    unique_suffix,
    zipf_choice,
)
from instquery.instants import to_micros, to_text
from instquery.query import Record

__all__ = ["records"]

_PRODUCTS = (
    ("ecs", "ecs", "i-bp"),
    ("rds", "rds_ordinary", "rm-bp"),
    ("slb", "slb", "lb-bp"),
    ("oss", "oss", "oss-"),
    ("yundisk", "disk", "d-bp"),
    ("kvstore", "redisa", "r-bp"),
    ("cdn", "cdn", "cdn-"),
    ("vpn", "vpn", "vpn-"),
    ("airec", "airecpre", "airec-cn-"),
    ("flowpack", "flowpack", "IFP-"),
    ("polardb", "polardb_mysql", "pc-bp"),
    ("dds", "dds", "dds-bp"),
)


def _records(count: int, random: Random, now: datetime) -> Iterator[Record]:
    region = zipf_choice(random, REGIONS)
    product = zipf_choice(random, _PRODUCTS)
    owner = zipf_choice(
        random, [str(1_000_000_000_000_000 + 7_919 * n) for n in range(max(10, count // 40))]
    )
    for number, created in enumerate(creation_times(random, count, now)):
        code, kind, prefix = product()
        subscription = random.random() < 0.6
        record = {
            "InstanceID": prefix + unique_suffix(number),
            "OwnerId": owner(),
            "ProductCode": code,
            "ProductType": kind,
            "SubscriptionType": "Subscription" if subscription else "PayAsYouGo",
            "Region": region(),
            "Status": random.choices(
                ("Normal", "Creating", "WaitForExpire", "Released"), (90, 1, 6, 3)
            )[0],
            "SubStatus": random.choices(("Normal", "Upgrading"), (98, 2))[0],
            "Seller": random.choices(("26888", "26842"), (9, 1))[0],
            "CreateTime": to_text(created, "seconds"),
        }
        if subscription:
            end = expiry_time(random, created, now)
            renewal = random.choices(("AutoRenewal", "ManualRenewal", "NotRenewal"), (3, 6, 1))[0]
            record |= {"EndTime": to_text(end, "seconds"), "RenewStatus": renewal}
            record |= {"ExpectedReleaseTime": to_text(end + 15 * DAY, "seconds")}
            if renewal == "AutoRenewal":
                record |= {
                    "RenewalDuration": random.choice(("1", "3", "6", "12")),
                    "RenewalDurationUnit": "M",
                }
            if end <= to_micros(now):
                record["StopTime"] = record["EndTime"]
        yield record


records = samples_by(_records)
"""Makes up records of any product, in no order; see `instquery.apis.samples.Samples`."""
