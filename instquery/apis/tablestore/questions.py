"""Questions to ListInstances: what a console asks, whatever the inventory holds."""

from instquery.apis.questions import Questions, middle_record, most_common, newest_records
from instquery.contract import Reads

__all__ = ["SAMPLE_QUESTIONS", "questions"]

SAMPLE_QUESTIONS: Questions = {
    "A tag of any value": {"Tag": '[{"Key": "env"}]'},
    "More than a page holds": {"MaxResults": 201},
}
"""Questions to the samples, beside those that suit any inventory."""


def questions(store: Reads, now: int) -> Questions:  # noqa: ARG001 - as every questioner is asked
    """Make the questions of what is common, and of a record in the middle."""
    first, middle = newest_records(store), middle_record(store)
    name: str = middle["InstanceName"]
    group = most_common(store.schema, first, "ResourceGroupId")

    return {
        "The first instances by name": {},
        "A small page": {"MaxResults": 10},
        "One status": {"Status": most_common(store.schema, first, "InstanceStatus")},
        "Part of a name": {"InstanceName": name[-4:]},
        "One character": {"InstanceName": name[:1]},
        "A hundred names": {
            "InstanceNameList": ",".join([record["InstanceName"] for record in first[:100]])
        },
        "One resource group": {"ResourceGroupId": group},
        "Nothing has this name": {"InstanceName": "no such instance"},
    }
