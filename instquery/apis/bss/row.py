"""The row of the catalog for BssOpenApi."""

from instquery.apis.bss import questions, samples
from instquery.apis.bss.facts import FACTS
from instquery.apis.bss.literal import (
    check_directory,
    check_products,
    query_available_instances,
    read,
)
from instquery.apis.row import Api

__all__ = ["ROW"]

ROW = Api(
    operation=query_available_instances,
    read=read,
    samples=samples.records,
    questions=questions.questions,
    sample_questions=questions.SAMPLE_QUESTIONS,
    columns=("InstanceID", "OwnerId", "ProductCode", "CreateTime", "EndTime"),
    checks={"directory": check_directory, "products": check_products},
    facts=FACTS,
)
