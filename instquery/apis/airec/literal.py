"""Alibaba Cloud Airec, `ListInstance` of version 2020-11-26: `GET /v2/openapi/instances`."""

from instquery.apis.envelope import Answer, Envelope, Fault, Refused
from instquery.apis.inventory import Reader
from instquery.apis.operation import Operation
from instquery.apis.params import contains, expiring_until, one_of, page_number, page_size
from instquery.query import Order, Record
from instquery.schema import Schema, instant, keyword, stored, text

__all__ = ["SCHEMA", "list_instance", "read"]

SCHEMA = Schema(
    key="instanceId",
    order=Order("gmtCreate", descending=True),
    fields={
        "instanceId": text(),
        "name": text(),
        "status": keyword(),
        "regionId": keyword(),
        "type": keyword(),
        "lockMode": keyword(),
        "chargeType": keyword(),
        "industry": keyword(),
        "commodityCode": keyword(),
        "dataSetVersion": stored(),
        "gmtCreate": instant(blank_is_missing=True),
        "gmtModified": instant(indexed=False, blank_is_missing=True),
        "expiredTime": instant(blank_is_missing=True),
    },
)


def _success(answer: Answer) -> Record:
    return {"requestId": answer.request_id, "code": "", "message": "", "result": answer.items}


def _failure(refused: Refused) -> Record:
    return {
        "requestId": refused.request_id,
        "code": refused.code,
        "message": refused.message,
        "result": [],
    }


list_instance = Operation(
    name="ListInstance",
    version="2020-11-26",
    schema=SCHEMA,
    params=(
        page_number("page"),
        page_size("size", default=10, most=50),
        one_of("status", ("Initializing", "Ready", "Running", "Starting")),
        contains("name"),
        contains("instanceId"),
        expiring_until("expiredTime", "expiredTime"),
    ),
    envelope=Envelope(
        members=(
            "regionId",
            "type",
            "lockMode",
            "expiredTime",
            "status",
            "gmtCreate",
            "chargeType",
            "industry",
            "commodityCode",
            "gmtModified",
            "dataSetVersion",
            "name",
            "instanceId",
        ),
        times=frozenset({"gmtCreate", "gmtModified", "expiredTime"}),
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

read = Reader.of(list_instance, path=("result",), name="airec")
"""Reads inventories of Airec instances; see `instquery.apis.inventory.Reader`."""
