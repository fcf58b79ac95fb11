"""The row of the catalog for Airec."""

from instquery.apis.airec import questions, samples
from instquery.apis.airec.literal import list_instance, read
from instquery.apis.row import Api

__all__ = ["ROW"]

ROW = Api(
    operation=list_instance,
    read=read,
    samples=samples.records,
    questions=questions.questions,
    sample_questions=questions.SAMPLE_QUESTIONS,
    path="/v2/openapi/instances",
    columns=("instanceId", "name", "status", "gmtCreate", "expiredTime"),
)
