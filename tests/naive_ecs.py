"""A naive reading of ECS DescribeInstances: its table, and what was decided beside it."""

import re
from functools import partial

from naive import in_order, moment
from naive_apis import Reading, time, values

EXACT = {
    "RegionId": "RegionId",
    "ZoneId": "ZoneId",
    "ImageId": "ImageId",
    "InstanceType": "InstanceType",
    "InstanceTypeFamily": "InstanceTypeFamily",
    "KeyPairName": "KeyPairName",
    "ResourceGroupId": "ResourceGroupId",
    "HpcClusterId": "HpcClusterId",
    "VpcId": "VpcAttributes.VpcId",
    "VSwitchId": "VpcAttributes.VSwitchId",
    "SecurityGroupId": "SecurityGroupIds.SecurityGroupId",
}
CHOSEN = {
    "Status": ("Pending Running Starting Stopping Stopped", "InvalidStatus.NotFound", "Status"),
    "InstanceChargeType": (
        "PostPaid PrePaid",
        "InvalidInstanceChargeType.NotFound",
        "InstanceChargeType",
    ),
    "InternetChargeType": (
        "PayByBandwidth PayByTraffic",
        "InvalidInternetChargeType.ValueNotSupported",
        "InternetChargeType",
    ),
    "InstanceNetworkType": (
        "vpc classic",
        "InvalidNetworkType.NotFound",
        "InstanceNetworkType",
    ),
    "LockReason": (
        "financial security Recycling dedicatedhostfinancial refunded",
        "InvalidLockReason.NotFound",
        "OperationLocks.LockReason.LockReason",
    ),
    "HttpEndpoint": ("enabled disabled", None, "MetadataOptions.HttpEndpoint"),
    "HttpTokens": ("optional required", None, "MetadataOptions.HttpTokens"),
}
ARRAYS = {
    "InstanceIds": "InstanceId",
    "PrivateIpAddresses": "VpcAttributes.PrivateIpAddress.IpAddress",
    "InnerIpAddresses": "InnerIpAddress.IpAddress",
    "PublicIpAddresses": "PublicIpAddress.IpAddress",
    "EipAddresses": "EipAddress.IpAddress",
    "RdmaIpAddresses": "RdmaIpAddress.IpAddress",
}
IPV6 = "NetworkInterfaces.NetworkInterface.Ipv6Sets.Ipv6Set.Ipv6Address"
WINDOWS = {
    "CreationStartTime": ("CreationTime", False),
    "CreationEndTime": ("CreationTime", True),
    "ExpiredStartTime": ("ExpiredTime", False),
    "ExpiredEndTime": ("ExpiredTime", True),
}


def answer(records, params, now, walks):
    """Answer a request: instance IDs, the total, the page's size, what the next token means."""
    read = Reading(records, params, now, walks, "InvalidParameter", "NextToken")
    if read.get("RegionId") is None:
        read.wrong("MissingParameter")
    for name, path in EXACT.items():
        read.exact(name, path)
    for name, (allowed, code, path) in CHOSEN.items():
        read.one_of(name, allowed.split(), path, code)
    for name, path in ARRAYS.items():
        read.array(name, path, bare=name == "RdmaIpAddresses")
    read.pattern("InstanceName", "InstanceName")
    optimized(read)
    addresses = [value for name, value in params.items() if re.fullmatch(r"Ipv6Address\.\d+", name)]
    if addresses:
        read.any_of("Ipv6Address", addresses, IPV6)
    tags(read)
    windows(read)

    is_walked = read.has_token or read.get("MaxResults") is not None
    number, size = 1, corrected(read)
    if not is_walked:
        number = read.whole("PageNumber", 1, 2**63 - 1, 1)
        size = read.whole("PageSize", 1, 100, 10)
    last = "DryRunOperation" if boolean(read, "DryRun") else None
    order = partial(in_order, key="InstanceId", created="CreationTime")
    return *read.answer(order, "InstanceId", size, number, is_walked, last), size


def boolean(read, name):
    value = read.get(name)
    if value is not None and str(value).lower() not in ("true", "false"):
        read.wrong()
    return None if value is None else str(value).lower() == "true"


def optimized(read):
    wanted = boolean(read, "IoOptimized")
    if wanted is not None:
        kept = (True, "true", "True") if wanted else (False, "false", "False")
        read.ask("IoOptimized", wanted, lambda one: one.get("IoOptimized") in kept)


def corrected(read):
    value = read.get("MaxResults")
    if value is None:
        return 10
    if not re.fullmatch("[+-]?[0-9]+", str(value)):
        read.wrong()
        return 10
    return min(100, max(10, int(value)))


def items(params, family):
    """Gather the numbered parts of a family, in any casing of a part."""
    found = {}
    for name, value in params.items():
        matched = re.fullmatch(rf"{family}\.(\d+)\.(Key|key|Value|value)", name)
        if matched and value:
            is_own = matched[2][0].isupper()
            part = found.setdefault(int(matched[1]), {})
            if is_own or matched[2].capitalize() not in part:
                part[matched[2].capitalize()] = value
    return [found[number] for number in sorted(found)]


def tags(read):
    given = items(read.params, "Tag")
    if len(given) > 20:
        read.wrong("InvalidTagCount")
    if any("Key" not in item for item in given):
        read.wrong("InvalidTag.Mismatch")
    read.tags("Tag", [(item.get("Key"), item.get("Value")) for item in given], "Tags.Tag")


def windows(read):
    for item in items(read.params, "Filter"):
        key, value = item.get("Key"), item.get("Value")
        if key not in WINDOWS:
            read.wrong("InvalidFilterKey.NotFound")
            continue
        at = None if value is None else time(value)
        if at is None:
            read.wrong("InvalidFilterValue")
            continue
        path, is_end = WINDOWS[key]
        read.ask(key, at, partial(within, path, at, is_end))


def within(path, at, is_end, record):
    found = [moment(text) for text in values(record, path) if text]
    return any(one <= at if is_end else one >= at for one in found)
