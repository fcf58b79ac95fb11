"""Alibaba Cloud Airec, `ListInstance` of version 2018-10-12: `GET /openapi/instances`.

The official SDK says no more of it than names: `page` and `size` in lower case, filters and members
with a capital. Limits, values and the meaning of `ExpiredTime` are those of version 2020-11-26.
"""

from instquery.apis.envelope import Answer, Envelope, Fault, Refused
from instquery.apis.inventory import Reader
from instquery.apis.operation import Operation
from instquery.apis.params import contains, expiring_until, one_of, page_number, page_size
from instquery.query import Order, Record
from instquery.schema import Schema, instant, keyword, stored, text

__all__ = ["SCHEMA", "list_instance", "read"]

SCHEMA = Schema(
    key="InstanceId",
    order=Order("GmtCreate"),
    fields={
        "InstanceId": text(),
        "Name": text(),
        "Status": keyword(),
        "RegionId": keyword(),
        "Type": keyword(),
        "LockMode": keyword(),
        "ChargeType": keyword(),
        "Industry": keyword(),
        "CommodityCode": keyword(),
        "Scene": keyword(),
        "DataSetVersion": stored(),
        "GmtCreate": instant(blank_is_missing=True),
        "GmtModified": instant(indexed=False, blank_is_missing=True),
        "ExpiredTime": instant(blank_is_missing=True),
    },
)


def _success(answer: Answer) -> Record:
    return {"RequestId": answer.request_id, "Code": "", "Message": "", "Result": answer.items}


def _failure(refused: Refused) -> Record:
    return {
        "RequestId": refused.request_id,
        "Code": refused.code,
        "Message": refused.message,
        "Result": [],
    }


list_instance = Operation(
    name="ListInstance",
    version="2018-10-12",
    schema=SCHEMA,
    params=(
        page_number("page"),
        page_size("size", default=10, most=50),
        one_of("Status", ("Initializing", "Ready", "Running", "Starting")),
        contains("Name"),
        expiring_until("ExpiredTime", "ExpiredTime"),
    ),
    envelope=Envelope(
        members=tuple(SCHEMA.fields),
        times=frozenset({"GmtCreate", "GmtModified", "ExpiredTime"}),
        timespec="milliseconds",
        success=_success,
        failure=_failure,
        both_casings=True,
    ),
    errors={
        "ValidationError": Fault("The specified parameter {parameter} is not valid: it {reason}."),
        "InternalServerError": Fault("An internal server error occurred", status=500),
    },
    invalid="ValidationError",
    internal="InternalServerError",
    total=False,  # the body has none
)

read = Reader.of(list_instance, path=("Result",), name="airec2018")
"""Reads inventories of Airec instances of that version; see `instquery.apis.inventory.Reader`."""
