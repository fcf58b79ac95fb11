"""Questions to DescribeInstances: what consoles and fleets ask, whatever the inventory holds."""

import json

from instquery.apis.questions import Questions, middle_record, most_common, newest_records
from instquery.contract import Reads
from instquery.instants import to_text
from instquery.query import Record

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
    newest, middle = newest_records(store), middle_record(store)
    region = {"RegionId": most_common(newest, "RegionId")}
    own = {"RegionId": middle.get("RegionId") or "none"}
    status = most_common(newest, "Status")
    ids = [record["InstanceId"] for record in newest[:100]]
    network: Record = middle.get("VpcAttributes") or {}
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
        "The name of one, any case": {**own, "InstanceName": middle.get("InstanceName") or "none"},
        "Nothing fits this pattern": {**region, "InstanceName": "no*such*instance"},
        "One network": {**own, "VpcId": network.get("VpcId") or "none"},
        "Expiring within 30 days": {
            **region,
            "Filter.3.Key": "ExpiredStartTime",
            "Filter.3.Value": to_text(now, "seconds"),
            "Filter.4.Key": "ExpiredEndTime",
            "Filter.4.Value": until,
        },
        "Locked": {**region, "LockReason": "financial"},
    }
