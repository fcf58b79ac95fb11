"""A naive reading of RDS DescribeDBInstances."""

from functools import partial

from naive import in_order, moment
from naive_apis import Reading, as_json, pairs_in, values

EXACT = (
    *("RegionId", "ZoneId", "VpcId", "VSwitchId", "ResourceGroupId", "DedicatedHostGroupId"),
    *("DBInstanceClass", "DBInstanceStatus", "EngineVersion", "ConnectionString", "DBInstanceId"),
)
CHOSEN = {
    "Category": "Basic HighAvailability cluster serverless_basic",
    "ConnectionMode": "Standard Safe",
    "DBInstanceType": "Primary Readonly Guard Temp",
    "Engine": "MySQL SQLServer PostgreSQL MariaDB",
    "InstanceNetworkType": "VPC Classic",
    "PayType": "Postpaid Prepaid",
}


def answer(records, params, now, walks):
    """Answer a request: instance IDs, the total, the page's size, what the next token means."""
    read = Reading(records, params, now, walks, "InvalidParameter", "NextToken")
    if read.get("RegionId") is None:
        read.wrong("MissingParameter")
    for name in EXACT:
        read.exact(name, name)
    for name, allowed in CHOSEN.items():
        read.one_of(name, allowed.split(), name)
    hosts = [f"DedicatedHostIdFor{role}" for role in ("Master", "Slave", "Log")]
    read.exact("DedicatedHostId", *hosts)
    read.part("SearchKey", "DBInstanceId", "DBInstanceDescription")
    expired(read)
    tags(read)

    is_walked = read.has_token or read.get("MaxResults") is not None
    number, size = 1, read.whole("MaxResults", 1, 100, 30)
    if not is_walked:
        number = read.whole("PageNumber", 1, 2**63 - 1, 1)
        size = read.whole("PageSize", 1, 100, 30)
    order = partial(in_order, key="DBInstanceId", created="CreateTime")
    return *read.answer(order, "DBInstanceId", size, number, is_walked), size


def expired(read):
    value = read.get("Expired")
    if value is None:
        return
    if value not in ("True", "False"):
        read.wrong()
        return
    now = read.now
    read.ask("Expired", value, lambda one: is_over(one, now) is (value == "True"))


def is_over(record, now):
    return any(moment(text) <= now for text in values(record, "ExpireTime") if text)


def tags(read):
    given = read.get("Tags")
    if given is None:
        return
    pairs = as_json(given)
    is_map = isinstance(pairs, dict) and len(pairs) <= 5 and "" not in pairs
    if not is_map or not all(isinstance(value, str) for value in pairs.values()):
        read.wrong()
        return
    wanted = frozenset(pairs.items())
    read.ask("Tags", sorted(wanted), lambda one: not wanted.isdisjoint(pairs_in(one, "Tags")))
