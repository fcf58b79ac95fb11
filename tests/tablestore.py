"""Alibaba Cloud Tablestore, `ListInstances`: an API outside the package, as a user's."""

from instquery import Order, Schema, instant, keyword, text
from instquery.apis.envelope import Envelope, Fault
from instquery.apis.inventory import Reader
from instquery.apis.operation import Operation
from instquery.apis.params import contains, one_of, page_size

SCHEMA = Schema(
    key="InstanceName",
    order=Order("CreateTime"),
    fields={"InstanceName": text(), "Status": keyword(), "CreateTime": instant()},
)

list_instances = Operation(
    name="ListInstances",
    version="2020-12-09",
    schema=SCHEMA,
    params=(
        one_of("Status", ("normal", "forbidden", "deleting")),
        contains("InstanceName"),
        page_size("MaxResults", default=100, most=200),
    ),
    envelope=Envelope(
        members=("InstanceName", "Status", "CreateTime"),
        times=frozenset({"CreateTime"}),
        timespec="seconds",
        success=lambda answer: {
            "RequestId": answer.request_id,
            "TotalCount": answer.total,
            "Instances": answer.items,
        },
        failure=lambda refused: {
            "RequestId": refused.request_id,
            "Code": refused.code,
            "Message": refused.message,
        },
    ),
    errors={
        "OTSParameterInvalid": Fault("{parameter}: {reason}"),
        "OTSInternalServerError": Fault("Internal server error.", status=500),
    },
    invalid="OTSParameterInvalid",
    internal="OTSInternalServerError",
)

read = Reader.of(list_instances, path=("Instances",), name="tablestore")
