"""Alibaba Cloud ECS, `DescribeInstances` of version 2014-05-26 (RPC).

What the vendor's pages leave open follows the official SDK's text: corrected values of
`MaxResults`, `NextToken` that puts `PageNumber` and `PageSize` out of effect, and the members
of an item. Where both are silent: newest first; `InstanceName` folds, and without `*` it is the
whole name; both ends of a `Filter` window are included; `AdditionalAttributes` is taken and adds
nothing; an unknown cluster answers nothing.
"""

from collections.abc import Iterable

from instquery.apis.alibaba import FAULTS, failure_of
from instquery.apis.ecs.members import MEMBERS
from instquery.apis.envelope import Answer, Envelope, Fault
from instquery.apis.inventory import Reader
from instquery.apis.operation import Asked, Operation, Refusal
from instquery.apis.params import (
    boolean,
    exact,
    ignored,
    json_list,
    one_of,
    page_number,
    page_size,
    page_token,
    repeated,
    tag_family,
    wildcard,
)
from instquery.apis.values import iso_time
from instquery.bounds import Instant
from instquery.predicates import In, Predicate, Range
from instquery.query import Order, Record
from instquery.schema import Schema, instant, keyword, stored, tags, text

__all__ = ["SCHEMA", "describe_instances", "read"]

# Members that are matched whole by the parameter of the same name.
_EXACT = (
    *("RegionId", "ZoneId", "ImageId", "InstanceType", "InstanceTypeFamily", "KeyPairName"),
    *("ResourceGroupId", "HpcClusterId"),
)
# Members of which a parameter takes a few values, and its code for any other.
_CHOSEN = {
    "Status": (
        ("Pending", "Running", "Starting", "Stopping", "Stopped"),
        "InvalidStatus.NotFound",
    ),
    "InstanceChargeType": (("PostPaid", "PrePaid"), "InvalidInstanceChargeType.NotFound"),
    "InternetChargeType": (
        ("PayByBandwidth", "PayByTraffic"),
        "InvalidInternetChargeType.ValueNotSupported",
    ),
    "InstanceNetworkType": (("vpc", "classic"), "InvalidNetworkType.NotFound"),
}
_TIMES = ("CreationTime", "ExpiredTime", "StartTime", "AutoReleaseTime")

SCHEMA = Schema(
    key="InstanceId",
    order=Order("CreationTime"),
    fields={
        **dict.fromkeys([path.partition(".")[0] for path in MEMBERS], stored()),
        "InstanceId": keyword(),
        "InstanceName": text(),
        **dict.fromkeys((*_EXACT, *_CHOSEN, "IoOptimized"), keyword()),
        **dict.fromkeys(_TIMES[:2], instant(blank_is_missing=True)),
        **dict.fromkeys(_TIMES[2:], instant(indexed=False, blank_is_missing=True)),
        "VpcId": keyword(path="VpcAttributes.VpcId"),
        "VSwitchId": keyword(path="VpcAttributes.VSwitchId"),
        "SecurityGroupIds": keyword(many=True, path="SecurityGroupIds.SecurityGroupId"),
        "LockReason": keyword(many=True, path="OperationLocks.LockReason.LockReason"),
        "PrivateIpAddresses": keyword(many=True, path="VpcAttributes.PrivateIpAddress.IpAddress"),
        "InnerIpAddresses": keyword(many=True, path="InnerIpAddress.IpAddress"),
        "PublicIpAddresses": keyword(many=True, path="PublicIpAddress.IpAddress"),
        "EipAddresses": keyword(path="EipAddress.IpAddress"),
        "RdmaIpAddresses": keyword(many=True, path="RdmaIpAddress.IpAddress"),
        "Ipv6Address": keyword(
            many=True, path="NetworkInterfaces.NetworkInterface.Ipv6Sets.Ipv6Set.Ipv6Address"
        ),
        "HttpEndpoint": keyword(path="MetadataOptions.HttpEndpoint"),
        "HttpTokens": keyword(path="MetadataOptions.HttpTokens"),
        "Tags": tags(path="Tags.Tag", key="TagKey", value="TagValue"),
    },
)

_WINDOWS = {
    "CreationStartTime": ("CreationTime", "since"),
    "CreationEndTime": ("CreationTime", "until"),
    "ExpiredStartTime": ("ExpiredTime", "since"),
    "ExpiredEndTime": ("ExpiredTime", "until"),
}


def _windows(filters: tuple[tuple[str | None, str | None], ...], _now: int) -> Iterable[Predicate]:
    """Read `Filter.N.Key` and `Filter.N.Value`: the ends of windows, any of them several times."""
    for key, value in filters:
        if key not in _WINDOWS:
            raise Refusal("InvalidFilterKey.NotFound")
        try:
            moment = Instant(iso_time(value))
        except ValueError:
            raise Refusal("InvalidFilterValue") from None
        field, end = _WINDOWS[key]
        yield Range(field, since=moment) if end == "since" else Range(field, until=moment)


def _tried(asked: Asked) -> Iterable[Predicate]:
    """Refuse a dry run; the last of the rules, as all else has to be right.

    Whether a token is right, the store tells when it answers: `_success` refuses that dry run.
    """
    if asked.values.get("DryRun") and not asked.given.get("NextToken"):
        raise Refusal("DryRunOperation")
    return ()


def _success(answer: Answer) -> Record:
    if answer.asked.values.get("DryRun"):
        raise Refusal("DryRunOperation")

    return {
        "RequestId": answer.request_id,
        "PageNumber": answer.number,
        "PageSize": answer.size,
        "TotalCount": answer.total,
        "NextToken": answer.next or "",
        "Instances": {"Instance": answer.items},
    }


describe_instances = Operation(
    name="DescribeInstances",
    version="2014-05-26",
    schema=SCHEMA,
    params=(
        exact("RegionId", required=True),
        *(exact(name) for name in _EXACT if name != "RegionId"),
        exact("VpcId"),
        exact("VSwitchId"),
        exact("SecurityGroupId", "SecurityGroupIds"),
        json_list("InstanceIds", "InstanceId", most=100),
        wildcard("InstanceName", stars_only=True),
        *(one_of(name, values, code=code) for name, (values, code) in _CHOSEN.items()),
        one_of(
            "LockReason",
            ("financial", "security", "Recycling", "dedicatedhostfinancial", "refunded"),
            code="InvalidLockReason.NotFound",
        ),
        json_list("PrivateIpAddresses", most=100),
        json_list("InnerIpAddresses", most=100),
        json_list("PublicIpAddresses", most=100),
        json_list("EipAddresses", most=100),
        json_list("RdmaIpAddresses", most=100, bare=True),
        repeated("Ipv6Address", most=100, read=lambda texts, _now: In("Ipv6Address", texts)),
        boolean("IoOptimized"),
        one_of("HttpEndpoint", ("enabled", "disabled")),
        one_of("HttpTokens", ("optional", "required")),
        tag_family(
            "Tag",
            "Tags",
            most=20,
            parts=(("Key", "key"), ("Value", "value")),
            mismatch="InvalidTag.Mismatch",
            code="InvalidTagCount",
        ),
        repeated("Filter", ("Key", "Value"), most=100, read=_windows),
        page_number("PageNumber"),
        page_size("PageSize", default=10, most=100),
        page_size("MaxResults", default=10, least=10, most=100, corrected=True, by_token=True),
        page_token("NextToken", invalid="InvalidNextToken"),
        boolean("DryRun", read=lambda _value, _now: ()),
        ignored("AdditionalAttributes"),
    ),
    rules=(_tried,),
    envelope=Envelope(
        members=MEMBERS,
        times=frozenset(_TIMES),
        timespec="minutes",
        blank=frozenset(_TIMES),
        success=_success,
        failure=failure_of("Ecs"),
        both_casings=True,
    ),
    errors={
        **FAULTS,
        "InvalidInstanceChargeType.NotFound": Fault(
            "The InstanceChargeType does not exist in our records", 404
        ),
        "InvalidInternetChargeType.ValueNotSupported": Fault(
            "The specified InternetChargeType is not valid", 404
        ),
        "InvalidLockReason.NotFound": Fault("The specified LockReason is not found", 404),
        "InvalidNetworkType.NotFound": Fault("The specified InstanceNetworkType is not found", 404),
        "InvalidStatus.NotFound": Fault("The specified Status is not found", 404),
        "InvalidFilterKey.NotFound": Fault(
            "The specified parameter Filter.N.Key is not valid.", 404
        ),
        "InvalidFilterValue": Fault("The specified parameter Filter.N.Value is not valid.", 404),
        "InvalidTag.Mismatch": Fault("The specified Tag.n.Key and Tag.n.Value are not match."),
        "InvalidTagCount": Fault("The specified tags are beyond the permitted range."),
        # For hooks of the host: which clusters there are, the operation does not know.
        "InvalidHpcClusterId.NotFound": Fault("The specified HpcClusterId is not found."),
        "InvalidHpcClusterId.Creating": Fault("The specified HpcClusterId is creating."),
        "DryRunOperation": Fault("Request validation has been passed with DryRun flag set."),
    },
    invalid="InvalidParameter",
    missing="MissingParameter",
    internal="InternalError",
)

read = Reader.of(describe_instances, path=("Instances", "Instance"), name="ecs")
"""Reads inventories of ECS instances; see `instquery.apis.inventory.Reader`."""
