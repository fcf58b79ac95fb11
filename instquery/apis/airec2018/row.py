"""The row of the catalog for Airec, version 2018-10-12."""

from instquery.apis.airec2018 import questions, samples
from instquery.apis.airec2018.literal import list_instance, read
from instquery.apis.row import Api

__all__ = ["ROW"]

ROW = Api(
    operation=list_instance,
    read=read,
    samples=samples.records,
    questions=questions.questions,
    sample_questions=questions.SAMPLE_QUESTIONS,
    path="/openapi/instances",
    columns=("InstanceId", "Name", "Status", "GmtCreate", "ExpiredTime"),
)
