"""Questions to ListInstance of 2018-10-12, whatever the inventory holds."""

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

_SECOND = 1_000_000
_DAY = 86_400  # in seconds

SAMPLE_QUESTIONS: Questions = {
    "Running, with 推荐 in the name": {"Status": "Running", "Name": "推荐", "size": "5"},
    "A status that does not exist": {"Status": "Stopped"},
}
"""Questions to the samples, beside those that suit any inventory."""


def questions(store: Reads, now: int) -> Questions:
    """Make the questions of what is common in a store, and of a record in its middle."""
    schema, newest = store.schema, newest_records(store)
    named = first_with(schema, [middle_record(store), *newest], "Name")
    status = most_common(schema, newest, "Status")
    return {
        "The newest instances": {},
        "The last page of everything": {"page": max(1, -(-len(store) // 50)), "size": 50},
        f"One status, {status}": {"Status": status},
        "A whole name": {"Name": value_of(schema, named, "Name")},
        "Nothing has this name": {"Name": "no such instance"},
        "About to expire: within seven days": {"ExpiredTime": now // _SECOND + 7 * _DAY},
    }
