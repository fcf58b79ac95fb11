"""The row of the catalog for ECS."""

from instquery.apis.ecs import questions, samples
from instquery.apis.ecs.literal import describe_instances, read
from instquery.apis.row import Api

__all__ = ["ROW"]

ROW = Api(
    operation=describe_instances,
    read=read,
    samples=samples.records,
    questions=questions.questions,
    sample_questions=questions.SAMPLE_QUESTIONS,
    columns=("InstanceId", "InstanceName", "Status", "CreationTime", "ExpiredTime"),
)
