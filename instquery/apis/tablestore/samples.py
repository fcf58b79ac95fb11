"""Made-up records of Tablestore instances."""

from collections.abc import Iterator
from datetime import datetime
from random import Random

from instquery.apis.samples import (
    REGIONS,
    creation_times,
    instance_name,
    samples_by,
    unique_suffix,
    zipf_choice,
)
from instquery.instants import to_text
from instquery.query import Record

__all__ = ["records"]

_WORDS = ("feature", "session", "cart", "feed", "log", "meta", "order", "user")


def _records(count: int, random: Random, now: datetime) -> Iterator[Record]:
    region = zipf_choice(random, REGIONS)
    for number, created in enumerate(creation_times(random, count, now)):
        kind = random.choice(("SSD", "HYBRID"))
        record: Record = {
            "InstanceName": f"{random.choice(_WORDS)}-{unique_suffix(number)}",
            "AliasName": instance_name(random, number),
            "InstanceStatus": random.choices(("normal", "forbidden", "Deleting"), (95, 4, 1))[0],
            "InstanceSpecification": kind,
            "StorageType": kind,
            "IsMultiAZ": random.random() < 0.5,
            "PaymentType": random.choices(("PayAsYouGo", "Subscription"), (8, 2))[0],
            "RegionId": region(),
            "ResourceGroupId": random.choice(("rg-acfm001", "rg-acfm002")),
            "UserId": str(1_000_000_000_000_000 + number % 40),
            "VCUQuota": random.choice((0, 5, 100)),
            "CreateTime": to_text(created, "seconds"),
        }
        if random.random() < 0.6:
            record["Tags"] = {"env": random.choice(("prod", "staging", "test"))}
        yield record


records = samples_by(_records)
"""Makes up records of Tablestore instances, in no order; see `instquery.apis.samples.Samples`."""
