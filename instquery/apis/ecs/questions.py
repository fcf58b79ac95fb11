"""Questions to DescribeInstances: what consoles and fleets ask, whatever the inventory holds."""

import json

from instquery.apis.questions import (
    Questions,
    first_with,
    middle_record,
    most_common,
    newest_records,
    value_of,
)
from instquery.contract import Reads
from instquery.instants import to_text

__all__ = ["SAMPLE_QUESTIONS", "questions"]

_DAY = 86_400_000_000  # in microseconds

SAMPLE_QUESTIONS: Questions = {
    "A pattern of any case and width": {"RegionId": "cn-hangzhou", "InstanceName": "*ＰＲＯＤ*"},
    "A tag of any value, and one of a value": {
        "RegionId": "cn-hangzhou",
        "Tag.1.Key": "owner",
        "Tag.2.Key": "env",
        "Tag.2.Value": "prod",
    },
    "A request that lacks its region": {"Status": "Running"},
}
"""Questions to the samples, beside those that suit any inventory."""


def questions(store: Reads, now: int) -> Questions:
    """Make the questions of what is common in the region that most of the newest are in."""
    schema, newest = store.schema, newest_records(store)
    around = [middle_record(store), *newest]
    region = {"RegionId": most_common(schema, newest, "RegionId")}
    status = most_common(schema, newest, "Status")
    ids = [record["InstanceId"] for record in newest[:100]]

    def of_one(field: str) -> dict[str, object]:
        """Ask for what one instance has, in its region."""
        record = first_with(schema, around, "RegionId", field)
        return {name: value_of(schema, record, name) for name in ("RegionId", field)}

    until = to_text(now + 30 * _DAY, "seconds")

    return {
        "The newest of a region": region,
        "One status": {**region, "Status": status},
        "One status, far from the first page": {
            **region,
            "Status": status,
            "PageNumber": max(1, store.count() // 400),
            "PageSize": 100,
        },
        "A page that tokens lead on from": {**region, "MaxResults": 100},
        "A hundred IDs": {**region, "InstanceIds": json.dumps(ids)},
        "The name of one, any case": of_one("InstanceName"),
        "Nothing fits this pattern": {**region, "InstanceName": "no*such*instance"},
        "One network": of_one("VpcId"),
        "Expiring within 30 days": {
            **region,
            "Filter.3.Key": "ExpiredStartTime",
            "Filter.3.Value": to_text(now, "seconds"),
            "Filter.4.Key": "ExpiredEndTime",
            "Filter.4.Value": until,
        },
        "Locked": {**region, "LockReason": "financial"},
    }
