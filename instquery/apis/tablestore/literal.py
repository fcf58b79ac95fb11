"""Alibaba Cloud Tablestore, `ListInstances` of version 2020-12-09: `GET /v2/openapi/listinstances`.

What the vendor's page leaves open follows the official SDK's text: the order by name, `MaxResults`
of which 0 stands for 100, and the members of an item. Where both are silent: names are ordered by
code points; `Status` is open; any number of names may be asked for, and up to 20 tags, of which a
record must have all; times are written to the second. A record has its tags as `Tags`, an object of
key and value, which no item has.
"""

from instquery.apis.alibaba import FAULTS, failure_of
from instquery.apis.envelope import Answer, Envelope
from instquery.apis.inventory import Reader
from instquery.apis.operation import Operation
from instquery.apis.params import contains, exact, listed, page_size, page_token, tag_list
from instquery.query import Record
from instquery.schema import Schema, instant, keyword, stored, tags, text

__all__ = ["SCHEMA", "list_instances", "read"]

SCHEMA = Schema(
    key="InstanceName",
    fields={
        "InstanceName": text(),
        "InstanceStatus": keyword(),
        "ResourceGroupId": keyword(),
        "CreateTime": instant(indexed=False, blank_is_missing=True),
        "AliasName": stored(),
        "InstanceDescription": stored(),
        "InstanceSpecification": stored(),
        "IsMultiAZ": stored(),
        "PaymentType": stored(),
        "RegionId": stored(),
        "SPInstanceId": stored(),
        "StorageType": stored(),
        "UserId": stored(),
        "VCUQuota": stored(),
        "Tags": tags(),
    },
)


def _success(answer: Answer) -> Record:
    return {
        "RequestId": answer.request_id,
        "TotalCount": answer.total,
        "NextToken": answer.next or "",
        "Instances": answer.items,
    }


list_instances = Operation(
    name="ListInstances",
    version="2020-12-09",
    schema=SCHEMA,
    params=(
        contains("InstanceName"),
        listed("InstanceNameList", "InstanceName", most=None),
        exact("Status", "InstanceStatus"),
        exact("ResourceGroupId"),
        tag_list("Tag", "Tags", most=20),
        page_size("MaxResults", default=100, least=0, most=200),
        page_token("NextToken", invalid="InvalidNextToken"),
    ),
    envelope=Envelope(
        members=tuple([name for name in SCHEMA.fields if name != "Tags"]),
        times=frozenset({"CreateTime"}),
        timespec="seconds",
        success=_success,
        failure=failure_of("Tablestore"),
        both_casings=True,
    ),
    errors=FAULTS,
    invalid="InvalidParameter",
    internal="InternalError",
)

read = Reader.of(list_instances, path=("Instances",), name="tablestore")
"""Reads inventories of Tablestore instances; see `instquery.apis.inventory.Reader`."""
