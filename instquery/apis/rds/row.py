"""The row of the catalog for RDS."""

from instquery.apis.rds import questions, samples
from instquery.apis.rds.literal import describe_db_instances, read
from instquery.apis.row import Api

__all__ = ["ROW"]

ROW = Api(
    operation=describe_db_instances,
    read=read,
    samples=samples.records,
    questions=questions.questions,
    sample_questions=questions.SAMPLE_QUESTIONS,
    columns=("DBInstanceId", "Engine", "DBInstanceStatus", "CreateTime", "ExpireTime"),
)
