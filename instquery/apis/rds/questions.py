"""Questions to DescribeDBInstances: what consoles ask, whatever the inventory holds."""

from instquery.apis.questions import (
    Questions,
    first_with,
    middle_record,
    most_common,
    newest_records,
    value_of,
)
from instquery.contract import Reads

__all__ = ["SAMPLE_QUESTIONS", "questions"]

SAMPLE_QUESTIONS: Questions = {
    "Either of two tags": {"RegionId": "cn-hangzhou", "Tags": '{"env": "prod", "env2": "x"}'},
    "An engine that does not exist": {"RegionId": "cn-hangzhou", "Engine": "Access"},
}
"""Questions to the samples, beside those that suit any inventory."""


def questions(store: Reads, now: int) -> Questions:  # noqa: ARG001 - as every questioner is asked
    """Make the questions of what is common in the region that most of the newest are in."""
    schema, newest = store.schema, newest_records(store)
    middle = middle_record(store)
    named = first_with(schema, [middle, *newest], "RegionId", "DBInstanceDescription")
    region = {"RegionId": most_common(schema, newest, "RegionId")}
    own = {"RegionId": value_of(schema, middle, "RegionId")}
    engine = most_common(schema, newest, "Engine")
    part = {
        "RegionId": value_of(schema, named, "RegionId"),
        "SearchKey": str(value_of(schema, named, "DBInstanceDescription"))[:4],
    }

    return {
        "The newest of a region": region,
        "One engine": {**region, "Engine": engine},
        "One engine, page 3": {**region, "Engine": engine, "PageNumber": 3, "PageSize": 100},
        "A page that tokens lead on from": {**region, "MaxResults": 100},
        "Part of a description": part,
        "The end of an ID": {**own, "SearchKey": middle["DBInstanceId"][-4:]},
        "Nothing has this in it": {**region, "SearchKey": "no such instance"},
        "Expired": {**region, "Expired": "True"},
        "Not expired, of one engine": {**region, "Expired": "False", "Engine": engine},
    }
