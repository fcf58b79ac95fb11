"""Made-up records of Airec instances as version 2018-10-12 shows them."""

from collections.abc import Iterator
from datetime import datetime
from random import Random

from instquery.apis.samples import (
    DAY,
    REGIONS,
    creation_times,
    expiry_time,
    instance_name,
    samples_by,
    unique_suffix,
    zipf_choice,
)
from instquery.instants import to_text
from instquery.query import Record

__all__ = ["records"]

_SCENES = ("recommend", "feed", "related", "search")


def _records(count: int, random: Random, now: datetime) -> Iterator[Record]:
    region = zipf_choice(random, REGIONS)
    for number, created in enumerate(creation_times(random, count, now)):
        subscription = random.random() < 0.7
        record: Record = {
            "InstanceId": "airec-cn-" + unique_suffix(number),
            "Name": instance_name(random, number),
            "RegionId": region(),
            "Type": random.choice(("Standard", "Cold_start")),
            "LockMode": random.choices(("Unlock", "LockByExpiration"), (96, 4))[0],
            "Status": random.choices(("Running", "Ready", "Initializing"), (80, 17, 3))[0],
            "ChargeType": "PrePaid" if subscription else "PostPaid",
            "Industry": random.choice(("content", "item", "news")),
            "Scene": random.choice(_SCENES),
            "CommodityCode": "airecpre" if subscription else "airec",
            "GmtCreate": to_text(created, "milliseconds"),
            "GmtModified": to_text(created + random.randrange(40 * DAY), "milliseconds"),
        }
        if subscription:
            record["ExpiredTime"] = to_text(expiry_time(random, created, now), "milliseconds")
        yield record


records = samples_by(_records)
"""Makes up records of Airec instances, in no order; see `instquery.apis.samples.Samples`."""
