"""Made-up records of RDS instances."""

from collections.abc import Iterator
from datetime import datetime
from random import Random

from instquery.apis.samples import (
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

_ENGINES = (
    ("MySQL", "8.0", "mysql.n2.medium.1"),
    ("PostgreSQL", "15.0", "pg.n2.2c.1m"),
    ("MySQL", "5.7", "rds.mysql.s2.large"),
    ("SQLServer", "2019_std", "mssql.x4.large.s1"),
    ("MariaDB", "10.3", "mariadb.x2.large.2c"),
)


def _records(count: int, random: Random, now: datetime) -> Iterator[Record]:
    region, engine = zipf_choice(random, REGIONS), zipf_choice(random, _ENGINES)
    for number, created in enumerate(creation_times(random, count, now)):
        place = region()
        name, version, size = engine()
        prepaid = random.random() < 0.6
        key = "rm-bp" + unique_suffix(number)
        network = random.randrange(20)
        record: Record = {
            "DBInstanceId": key,
            "DBInstanceDescription": instance_name(random, number),
            "RegionId": place,
            "ZoneId": f"{place}-{random.choice('bgh')}",
            "Engine": name,
            "EngineVersion": version,
            "DBInstanceClass": size,
            "DBInstanceStatus": random.choices(("Running", "Creating", "Rebooting"), (97, 2, 1))[0],
            "DBInstanceType": random.choices(("Primary", "Readonly"), (8, 2))[0],
            "Category": random.choice(("Basic", "HighAvailability", "cluster")),
            "ConnectionMode": "Standard",
            "ConnectionString": f"{key}.mysql.rds.aliyuncs.com",
            "InstanceNetworkType": "VPC",
            "PayType": "Prepaid" if prepaid else "Postpaid",
            "VpcId": f"vpc-bp{network:03}",
            "VSwitchId": f"vsw-bp{network:03}{random.randrange(3)}",
            "ResourceGroupId": random.choice(("rg-acfm001", "rg-acfm002")),
            "LockMode": random.choices(("Unlock", "LockByExpiration"), (97, 3))[0],
            "DeletionProtection": random.random() < 0.2,
            "CreateTime": to_text(created, "seconds"),
        }
        if prepaid:
            record["ExpireTime"] = to_text(expiry_time(random, created, now), "seconds")
        if random.random() < 0.7:
            record["Tags"] = {"env": random.choice(("prod", "staging", "test"))}
        yield record


records = samples_by(_records)
"""Makes up records of RDS instances, in no order; see `instquery.apis.samples.Samples`."""
