"""Alibaba Cloud RDS, `DescribeDBInstances` of version 2014-08-15 (RPC).

What the vendor's page leaves open follows the official SDK's text: the "Valid values" of
parameters, `MaxResults` that puts `PageNumber` and `PageSize` out of effect, and the
members of an item. Where both are silent: newest first; `DBInstanceStatus` is open, as its values
are listed elsewhere; `DedicatedHostId` is that of the master, the slave or the log; what has no
`ExpireTime` has not expired; times are written to the second. A record has its tags as `Tags`, an
object of key and value, which no item has.
"""

from instquery.apis.alibaba import FAULTS, failure_of
from instquery.apis.envelope import Answer, Envelope
from instquery.apis.inventory import Reader
from instquery.apis.operation import Operation
from instquery.apis.params import (
    exact,
    expired,
    ignored,
    one_of,
    page_number,
    page_size,
    page_token,
    search_key,
    tag_map,
)
from instquery.query import Order, Record
from instquery.schema import Schema, instant, keyword, stored, tags, text

__all__ = ["SCHEMA", "describe_db_instances", "read"]

_MEMBERS = """
AutoRenewal BlueGreenDeploymentName BlueInstanceName BpeEnabled BurstingEnabled Category
ColdDataEnabled ConnectionMode ConnectionString CreateTime DBInstanceCPU DBInstanceClass
DBInstanceDescription DBInstanceId DBInstanceMemory DBInstanceNetType DBInstanceStatus
DBInstanceStorageType DBInstanceType DedicatedHostGroupId DedicatedHostGroupName
DedicatedHostIdForLog DedicatedHostIdForMaster DedicatedHostIdForSlave DedicatedHostNameForLog
DedicatedHostNameForMaster DedicatedHostNameForSlave DedicatedHostZoneIdForLog
DedicatedHostZoneIdForMaster DedicatedHostZoneIdForSlave DeletionProtection DestroyTime Engine
EngineVersion ExpireTime GeneralGroupName GreenInstanceName GuardDBInstanceId InstanceNetworkType
IoAccelerationEnabled IsAnalyticIns IsAnalyticReadOnlyIns LockMode LockReason MasterInstanceId
MutriORsignle PayType ReadOnlyDBInstanceIds.ReadOnlyDBInstanceId.DBInstanceId RegionId
ResourceGroupId SwitchWeight TempDBInstanceId Tips TipsLevel VSwitchId VpcCloudInstanceId VpcId
VpcName ZoneId
"""
MEMBERS = tuple(_MEMBERS.split())

# Members that are matched whole by the parameter of the same name.
_EXACT = (
    *("RegionId", "ZoneId", "VpcId", "VSwitchId", "ResourceGroupId", "DedicatedHostGroupId"),
    *("DBInstanceClass", "DBInstanceStatus", "EngineVersion", "ConnectionString"),
)
_CHOSEN = {
    "Category": ("Basic", "HighAvailability", "cluster", "serverless_basic"),
    "ConnectionMode": ("Standard", "Safe"),
    "DBInstanceType": ("Primary", "Readonly", "Guard", "Temp"),
    "Engine": ("MySQL", "SQLServer", "PostgreSQL", "MariaDB"),
    "InstanceNetworkType": ("VPC", "Classic"),
    "PayType": ("Postpaid", "Prepaid"),
}
_HOSTS = ("DedicatedHostIdForMaster", "DedicatedHostIdForSlave", "DedicatedHostIdForLog")

SCHEMA = Schema(
    key="DBInstanceId",
    order=Order("CreateTime"),
    fields={
        **dict.fromkeys([path.partition(".")[0] for path in MEMBERS], stored()),
        "DBInstanceId": text(),
        "DBInstanceDescription": text(),
        **dict.fromkeys((*_EXACT, *_CHOSEN, *_HOSTS), keyword()),
        "CreateTime": instant(blank_is_missing=True),
        "ExpireTime": instant(blank_is_missing=True),
        "DestroyTime": instant(indexed=False, blank_is_missing=True),
        "Tags": tags(),
    },
)


def _success(answer: Answer) -> Record:
    return {
        "RequestId": answer.request_id,
        "PageNumber": answer.number,
        "PageRecordCount": len(answer.items),
        "TotalRecordCount": answer.total,
        "NextToken": answer.next or "",
        "Items": {"DBInstance": answer.items},
    }


describe_db_instances = Operation(
    name="DescribeDBInstances",
    version="2014-08-15",
    schema=SCHEMA,
    params=(
        exact("RegionId", required=True),
        *(exact(name) for name in _EXACT if name != "RegionId"),
        exact("DBInstanceId"),
        exact("DedicatedHostId", _HOSTS),
        *(one_of(name, values) for name, values in _CHOSEN.items()),
        search_key("SearchKey", "DBInstanceId", "DBInstanceDescription"),
        expired("Expired", "ExpireTime", words=("True", "False")),
        tag_map("Tags", "Tags", most=5),
        page_number("PageNumber"),
        page_size("PageSize", default=30, most=100),
        page_size("MaxResults", default=30, most=100, by_token=True),
        page_token("NextToken", invalid="InvalidNextToken"),
        ignored("Filter"),
        ignored("InstanceLevel"),
        ignored("QueryAutoRenewal"),
        ignored("ClientToken"),
        ignored("proxyId"),
    ),
    envelope=Envelope(
        members=MEMBERS,
        times=frozenset({"CreateTime", "ExpireTime", "DestroyTime"}),
        timespec="seconds",
        success=_success,
        failure=failure_of("Rds"),
        both_casings=True,
    ),
    errors=FAULTS,
    invalid="InvalidParameter",
    missing="MissingParameter",
    internal="InternalError",
)

read = Reader.of(describe_db_instances, path=("Items", "DBInstance"), name="rds")
"""Reads inventories of RDS instances; see `instquery.apis.inventory.Reader`."""
