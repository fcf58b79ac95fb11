"""What nested members cost: pages and loads of instances as ECS describes them, beside flat ones.

Both have as many values. The last line is what no copy that shares nothing can cost less than: each
list and mapping of a page copied by itself, without what is in it, by Python's own functions.

Run it as `python -m benchmarks.nested`.
"""

import gc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import process_time
from typing import Any

from instquery import Order, Query, Record, Schema, Store, instant, keyword, text

__all__ = ["flat", "main", "nested"]

COUNT = 2_000
PAGE = Query(limit=100)

SCHEMA = Schema(
    key="InstanceId",
    order=Order("CreationTime"),
    fields={
        "InstanceId": text(),
        "InstanceName": text(),
        "Status": keyword(),
        "ZoneId": keyword(),
        "InstanceType": keyword(),
        "CreationTime": instant(),
        "ExpiredTime": instant(),
    },
)

_MEMBERS = (
    *("RegionId", "ImageId", "InstanceTypeFamily", "InstanceNetworkType", "InstanceChargeType"),
    *(
        "InternetChargeType",
        "HostName",
        "OSName",
        "OSNameEn",
        "OSType",
        "SerialNumber",
        "KeyPairName",
    ),
    *(
        "ResourceGroupId",
        "Description",
        "StoppedMode",
        "CreditSpecification",
        "SpotStrategy",
        "ClusterId",
    ),
    *("SaleCycle", "HpcClusterId", "DeploymentSetId", "VlanId"),
)
_NUMBERS = (
    "Cpu",
    "Memory",
    "InternetMaxBandwidthIn",
    "InternetMaxBandwidthOut",
    "GPUAmount",
    "SpotDuration",
)


def nested(number: int) -> Record:
    """Make an instance with the nested members of the API's reply."""
    address = f"10.0.{number // 250 % 250}.{number % 250}"
    group = f"sg-{number % 90:08}"
    interface = {
        "Type": "Primary",
        "MacAddress": f"00:16:3e:{number % 256:02x}:00:01",
        "NetworkInterfaceId": f"eni-{number:012}",
        "PrimaryIpAddress": address,
        "PrivateIpSets": {"PrivateIpSet": [{"PrivateIpAddress": address, "Primary": True}]},
        "Ipv6Sets": {"Ipv6Set": [{"Ipv6Address": f"2001:db8::{number:x}"}]},
    }
    return {
        **_top(number),
        "Tags": {
            "Tag": [{"TagKey": f"key-{at}", "TagValue": f"value-{number % 40}"} for at in range(4)]
        },
        "SecurityGroupIds": {"SecurityGroupId": [group, "sg-default"]},
        "PublicIpAddress": {"IpAddress": [f"47.96.{number % 250}.1"]},
        "InnerIpAddress": {"IpAddress": []},
        "RdmaIpAddress": {"IpAddress": []},
        "EipAddress": {
            "AllocationId": "",
            "IpAddress": "",
            "InternetChargeType": "",
            "Bandwidth": 0,
        },
        "VpcAttributes": {
            "VpcId": f"vpc-{number % 30:08}",
            "VSwitchId": f"vsw-{number % 60:08}",
            "NatIpAddress": "",
            "PrivateIpAddress": {"IpAddress": [address]},
        },
        "NetworkInterfaces": {"NetworkInterface": [interface]},
        "OperationLocks": {"LockReason": [{"LockReason": "financial", "LockMsg": ""}]},
        "MetadataOptions": {
            "HttpEndpoint": "enabled",
            "HttpTokens": "optional",
            "HttpPutResponseHopLimit": 1,
        },
        "DedicatedHostAttribute": {"DedicatedHostId": "", "DedicatedHostName": ""},
        "CpuOptions": {"CoreCount": 2, "ThreadsPerCore": 2, "Numa": "ON"},
    }


def flat(number: int) -> Record:
    """Make an instance with as many values, none of them inside another."""
    values: Record = {}
    _spread(nested(number), (), values)
    return values


def main() -> None:
    """Print what a page of 100 and a load of each cost, and how they compare."""
    cost: dict[str, dict[str, float]] = {}
    for make in (flat, nested):
        records = list(map(make, range(COUNT)))
        store = Store(SCHEMA, records)
        cost[make.__name__] = {
            "a page of 100": _best(lambda store=store: store.page(PAGE), 30),  # type: ignore[misc]
            "its items too": _best(lambda store=store: store.page(PAGE).items, 30),  # type: ignore[misc]
            "a record taken in": _best(lambda records=records: _take(records), 1) / COUNT,  # type: ignore[misc]
        }

    values = len(flat(1))
    print(f"{values} values a record, {values - len(_top(1))} of them nested; µs")  # noqa: T201 - a report
    for what, one in cost["flat"].items():
        other = cost["nested"][what]
        print(f"{what:<18} flat {one:8.1f}  nested {other:8.1f}  ratio {other / one:.2f}")  # noqa: T201
    alone, number = _alone(list(map(nested, range(PAGE.limit))))
    print(f"{number} lists and mappings a record, by themselves: {alone:.1f} for 100")  # noqa: T201


def _top(number: int) -> Record:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
    return {
        "InstanceId": f"i-bp1{number:015}",
        "InstanceName": f"shop-web-{number % 700}",
        "Status": ("Running", "Stopped", "Starting")[number % 3],
        "ZoneId": f"cn-hangzhou-{'abcdef'[number % 6]}",
        "InstanceType": f"ecs.g7.{number % 5}xlarge",
        "CreationTime": at.strftime("%Y-%m-%dT%H:%MZ"),
        "ExpiredTime": (at + timedelta(days=365)).strftime("%Y-%m-%dT%H:%MZ"),
        **{name: f"{name.lower()}-{number % 50}" for name in _MEMBERS},
        **dict.fromkeys(_NUMBERS, number % 64),
        "IoOptimized": True,
        "DeviceAvailable": True,
        "DeletionProtection": False,
        "Recyclable": False,
    }


def _spread(value: Any, path: tuple[str, ...], found: Record) -> None:
    if isinstance(value, dict):
        for name, item in value.items():
            _spread(item, (*path, name), found)
    elif isinstance(value, list):
        for at, item in enumerate(value):
            _spread(item, (*path, str(at)), found)
    else:
        found[".".join(path)] = value


def _alone(records: list[Record]) -> tuple[float, int]:
    """Return what it costs to copy each container of records by itself, and how many one has."""
    kept: list[tuple[list[dict[str, None]], list[list[None]]]] = []
    for record in records:
        mappings: list[dict[str, None]] = []
        lists: list[list[None]] = []
        _take_apart(record, mappings, lists)
        kept.append((mappings, lists))

    def copy() -> object:
        return [
            [*map(dict[str, None].copy, mappings), *map(list[None].copy, lists)]
            for mappings, lists in kept
        ]

    return _best(copy, 30), len(kept[0][0]) + len(kept[0][1])


def _take_apart(value: Any, mappings: list[dict[str, None]], lists: list[list[None]]) -> None:
    """List the containers of a value, with nothing in them."""
    if isinstance(value, dict):
        mappings.append(dict.fromkeys(value))
    if isinstance(value, list):
        lists.append([None] * len(value))
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            _take_apart(item, mappings, lists)


def _take(records: list[Record]) -> None:
    for record in records:
        SCHEMA.take(record)


def _best(call: Callable[[], object], times: int) -> float:
    """Return the least µs of processor time that a call takes, over seven rounds."""
    gc.collect()
    rounds = []
    for _ in range(7):
        began = process_time()
        for _ in range(times):
            call()
        rounds.append((process_time() - began) / times * 1e6)
    return min(rounds)


if __name__ == "__main__":
    main()
