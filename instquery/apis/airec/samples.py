"""Made-up records of Airec instances."""

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


def _records(count: int, random: Random, now: datetime) -> Iterator[Record]:
    region = zipf_choice(random, REGIONS)
    for number, created in enumerate(creation_times(random, count, now)):
        subscription = random.random() < 0.7
        prefix = "airec-" + ("cn-" if random.random() < 0.9 else "intl-")
        record = {
            "instanceId": prefix + unique_suffix(number),
            "name": instance_name(random, number),
            "regionId": region(),
            "type": random.choice(
                ("Standard", "Algorithm_configuration", "Industry_operation", "Cold_start")
            ),
            "lockMode": random.choices(("Unlock", "ManualLock", "LockByExpiration"), (94, 2, 4))[0],
            "status": random.choices(("Running", "Ready", "Initializing"), (80, 17, 3))[0],
            "chargeType": "PrePaid" if subscription else "PostPaid",
            "industry": random.choice(("content", "item", "news")),
            "commodityCode": "airecpre" if subscription else "airec",
            "gmtCreate": to_text(created, "milliseconds"),
            "gmtModified": to_text(created + random.randrange(40 * DAY), "milliseconds"),
        }
        if subscription:
            record["expiredTime"] = to_text(expiry_time(random, created, now), "milliseconds")
        if random.random() < 0.8:
            record["dataSetVersion"] = to_text(created)[:19].translate(
                {45: None, 58: None, 84: None}
            )
        yield record


records = samples_by(_records)
"""Makes up records of Airec instances, in no order; see `instquery.apis.samples.Samples`."""
