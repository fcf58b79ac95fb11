"""Made-up records of ECS instances."""

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

_TYPES = (
    ("ecs.g7", "large", 2, 8192),
    ("ecs.g7", "xlarge", 4, 16384),
    ("ecs.c7", "large", 2, 4096),
    ("ecs.r7", "2xlarge", 8, 65536),
    ("ecs.e", "small", 1, 2048),
)
_IMAGES = ("aliyun_3_x64_20G_alibase", "ubuntu_22_04_x64_20G_alibase", "win2022_64_dtc_zh-cn")
_ENVIRONMENTS = ("prod", "staging", "test", "dev")
_NEVER = "2099-12-31T15:59Z"
"""When an instance ends that is paid by use, as the API writes it."""


def _records(count: int, random: Random, now: datetime) -> Iterator[Record]:
    region, kind = zipf_choice(random, REGIONS), zipf_choice(random, _TYPES)
    for number, created in enumerate(creation_times(random, count, now)):
        place = region()
        family, size, cpu, memory = kind()
        prepaid = random.random() < 0.6
        record: Record = {
            "InstanceId": "i-bp" + unique_suffix(number),
            "InstanceName": instance_name(random, number),
            "RegionId": place,
            "ZoneId": f"{place}-{random.choice('bgh')}",
            "Status": random.choices(("Running", "Stopped", "Starting"), (90, 9, 1))[0],
            "InstanceChargeType": "PrePaid" if prepaid else "PostPaid",
            "InternetChargeType": random.choice(("PayByTraffic", "PayByBandwidth")),
            "ImageId": random.choice(_IMAGES),
            "InstanceType": f"{family}.{size}",
            "InstanceTypeFamily": family,
            "Cpu": cpu,
            "Memory": memory,
            "IoOptimized": True,
            "CreationTime": _minute(created),
            "ExpiredTime": _minute(expiry_time(random, created, now)) if prepaid else _NEVER,
            "StartTime": _minute(created + 60_000_000),
        }
        yield record | _network(random, number) | _marks(random, number)


def _network(random: Random, number: int) -> Record:
    """Make up where an instance is reached."""
    private = f"172.16.{number // 250 % 250}.{number % 250 + 1}"
    groups = random.sample([f"sg-bp{one:03}" for one in range(40)], random.choice((1, 1, 2)))
    made: Record = {
        "SecurityGroupIds": {"SecurityGroupId": groups},
        "PublicIpAddress": {"IpAddress": []},
        "NetworkInterfaces": {
            "NetworkInterface": [
                {
                    "NetworkInterfaceId": "eni-bp" + unique_suffix(number),
                    "PrimaryIpAddress": private,
                    "Type": "Primary",
                }
            ]
        },
    }
    if random.random() < 0.03:
        return made | {
            "InstanceNetworkType": "classic",
            "InnerIpAddress": {"IpAddress": [f"10.{number // 250 % 250}.1.{number % 250 + 1}"]},
        }

    network = random.randrange(20)
    if random.random() < 0.4:
        address = f"47.98.{number // 250 % 250}.{number % 250 + 1}"
        made["EipAddress"] = {"IpAddress": address, "Bandwidth": random.choice((5, 50))}
    return made | {
        "InstanceNetworkType": "vpc",
        "VpcAttributes": {
            "VpcId": f"vpc-bp{network:03}",
            "VSwitchId": f"vsw-bp{network:03}{random.randrange(3)}",
            "PrivateIpAddress": {"IpAddress": [private]},
        },
    }


def _marks(random: Random, number: int) -> Record:
    """Make up tags, locks and options."""
    pairs = [("env", random.choice(_ENVIRONMENTS))] if random.random() < 0.8 else []
    if random.random() < 0.5:
        pairs.append(("owner", f"team-{number % 12}"))
    locks = ["financial"] if random.random() < 0.02 else []
    return {
        "Tags": {"Tag": [{"TagKey": key, "TagValue": value} for key, value in pairs]},
        "OperationLocks": {"LockReason": [{"LockReason": one} for one in locks]},
        "MetadataOptions": {
            "HttpEndpoint": "enabled",
            "HttpTokens": random.choice(("optional", "required")),
        },
        "ResourceGroupId": random.choice(("", "rg-acfm001", "rg-acfm002")),
        "KeyPairName": random.choice(("", "ops", "build")),
    }


def _minute(micros: int) -> str:
    """Write a time as the API does."""
    return f"{to_text(micros, 'seconds')[:16]}Z"


records = samples_by(_records)
"""Makes up records of ECS instances, in no order; see `instquery.apis.samples.Samples`."""
