"""A naive reading of Tablestore ListInstances."""

from naive_apis import Reading, as_json


def answer(records, params, now, walks):
    """Answer a request: names, the total, the page's size, what the next token means."""
    read = Reading(records, params, now, walks, "InvalidParameter", "NextToken")
    read.part("InstanceName", "InstanceName")
    names = read.get("InstanceNameList")
    if names is not None:
        listed = [name.strip() for name in names.split(",") if name.strip()]
        if not listed:
            read.wrong()
        read.any_of("InstanceNameList", listed, "InstanceName")
    read.exact("Status", "InstanceStatus")
    read.exact("ResourceGroupId", "ResourceGroupId")
    tags(read)
    size = read.whole("MaxResults", 0, 200, 100) or 100
    order = lambda found: sorted(found, key=lambda one: one["InstanceName"])  # noqa: E731
    return *read.answer(order, "InstanceName", size, is_walked=True), size


def tags(read):
    given = read.get("Tag")
    if given is None:
        return
    listed = as_json(given)
    is_list = isinstance(listed, list) and len(listed) <= 20
    if not is_list or not all(isinstance(item, dict) for item in listed):
        read.wrong()
        return
    pairs = [(item.get("Key") or None, item.get("Value") or None) for item in listed]
    pairs = [pair for pair in pairs if pair != (None, None)]
    if any(key is None for key, _ in pairs):
        read.wrong()
    read.tags("Tag", pairs, "Tags")
