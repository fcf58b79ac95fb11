"""The row of the catalog for Tablestore."""

from instquery.apis.row import Api
from instquery.apis.tablestore import questions, samples
from instquery.apis.tablestore.literal import list_instances, read

__all__ = ["ROW"]

ROW = Api(
    operation=list_instances,
    read=read,
    samples=samples.records,
    questions=questions.questions,
    sample_questions=questions.SAMPLE_QUESTIONS,
    path="/v2/openapi/listinstances",
    columns=("InstanceName", "AliasName", "InstanceStatus", "CreateTime"),
)
