"""A naive reading of Airec ListInstance of 2018-10-12."""

from functools import partial

from naive import in_order
from naive_apis import Reading


def answer(records, params, now, walks):
    """Answer a request: instance IDs, the total, the page's size; no token ever follows."""
    read = Reading(records, params, now, walks, "ValidationError")
    read.one_of("Status", ("Initializing", "Ready", "Running", "Starting"), "Status")
    read.part("Name", "Name")
    read.until("ExpiredTime", "ExpiredTime")
    number, size = read.whole("page", 1, 2**63 - 1, 1), read.whole("size", 1, 50, 10)
    order = partial(in_order, key="InstanceId", created="GmtCreate")
    return *read.answer(order, "InstanceId", size, number), size
