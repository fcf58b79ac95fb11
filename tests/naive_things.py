"""A naive reading of an API of one's own: families, JSON, bools, corrected sizes, tokens, orders.

Like `naive`, it imports nothing of the package. A request is read from the top of its declaration
to the end, and the first thing that is wrong is what it is refused for. A token is looked up among
those that were handed out: what it stands for is a list of the records that its walk still has.
"""

import json
from datetime import timedelta

from naive import given, holds, iso, moment, sorted_by

STATES = ("up", "down", "7")
TAGGED = ("zone", "state", "note")


class Refused(Exception):
    """A refusal: a code, and the parameter that it is about."""


class Walk:
    """What is known of a token: the records of its state, its filters, its moment."""

    def __init__(self, records, filters, now, came):
        self.records, self.filters, self.now, self.came = records, filters, now, came


def answer(records, params, now, orders, walks):
    """Answer a request.

    Returns the ids, the total, the page's number, how many follow, and what the next token stands
    for: a Walk or None. `walks` are those of all tokens that were handed out, by token.
    """
    walk = None
    token = given(params, "token")
    if token is not None:
        if token not in walks:
            raise Refused("BadToken", "token")
        walk = walks[token]
        now, records = walk.now, walk.records

    is_walked = walk is not None or given(params, "max") is not None
    read = values(params, is_walked)
    filters = conditions(read, now)
    if walk is not None and filters != walk.filters:
        raise Refused("BadToken", "token")

    matches = sorted_by([one for one in records if all(map(is_true(one), filters))], orders)
    size = read["max"] if is_walked else read["size"]
    number = 1 if is_walked else read["page"]
    came = walk.came if walk is not None else (number - 1) * size
    shown = matches[came : came + size]
    left = max(0, len(matches) - came - len(shown))
    following = None
    if is_walked and shown and left:
        following = Walk(records, filters, now, came + len(shown))
    return [one["id"] for one in shown], len(matches), number, left, following


def is_true(record):
    return lambda condition: holds(record, condition)


def values(params, is_walked):
    """Read what each parameter means, in the order of the declaration."""
    read = {}
    region = given(params, "tenant")
    if region is None:
        raise Refused("Missing", "tenant")
    read["tenant"] = word(region, "tenant")
    for name, check in CHECKS.items():
        value = given(params, name)
        if value is None and name in SPELLINGS:
            value = given(params, SPELLINGS[name])
        if value is not None:
            read[name] = check(value, name)
    for name, parts in (("Tag", ("Key", "Value")), ("Filter", ("Name", "Value"))):
        items = family(params, name, parts)
        if items:
            if len(items) > 2:
                raise Refused("Invalid", name)
            read[name] = items
    read |= {"page": 1, "size": 3, "max": 4}
    if not is_walked:
        read["page"] = within(params, "page", 1, 2**63 - 1, 1)
        read["size"] = corrected(params, "size")
    read["max"] = within(params, "max", 0, 5, 4) or 4
    return read


def word(value, _name):
    return str(value).lower() if isinstance(value, bool) else str(value)


def state(value, name):
    if word(value, name) not in STATES:
        raise Refused("BadState", name)
    return word(value, name)


def text(value, name):
    if isinstance(value, bool):
        raise Refused("Invalid", name)
    return str(value)


def array(value, name):
    if not isinstance(value, list):
        try:
            value = json.loads(text(value, name))
        except ValueError:
            raise Refused("BadIds", name) from None
    if not isinstance(value, list) or len(value) > 3:
        raise Refused("BadIds", name)
    for one in value:
        if isinstance(one, float | list | dict) or one is None:
            raise Refused("BadIds", name)
    return frozenset(word(one, name) for one in value)


def listed(value, name):
    found = frozenset(part.strip() for part in word(value, name).split(",")) - {""}
    if not 1 <= len(found) <= 2:
        raise Refused("Invalid", name)
    return found


def boolean(value, name):
    if word(value, name).lower() not in ("true", "false"):
        raise Refused("Invalid", name)
    return word(value, name).lower() == "true"


def time(value, name):
    try:
        return iso(value)
    except ValueError:
        raise Refused("Invalid", name) from None


def seconds(value, name):
    digits = str(value)
    if isinstance(value, bool) or not digits.isascii() or not digits.isdigit() or len(digits) > 11:
        raise Refused("Invalid", name)
    return int(digits)


CHECKS = {
    "zone": word,
    "state": state,
    "name": text,
    "key": text,
    "ids": array,
    "zones": listed,
    "public": boolean,
    "since": time,
    "till": time,
    "ends": seconds,
}
SPELLINGS = {"name": "Name"}


def family(params, name, parts):
    """Gather the items of a family by their numbers."""
    numbers = {}
    for given_name in params:
        for number in range(1, 40):
            for part in parts:
                is_own = given_name == f"{name}.{number}.{part}"
                is_of_many = name == "Filter" and part == "Value"
                for inner in range(1, 6) if is_of_many else ():
                    if given_name == f"{name}.{number}.{part}.{inner}":
                        put(numbers, number, (part, inner), params[given_name])
                if is_own and not is_of_many:
                    put(numbers, number, part, params[given_name])
    return [numbers[number] for number in sorted(numbers)]


def put(numbers, number, part, value):
    if value is not None and value != "":
        numbers.setdefault(number, {})[part] = word(value, part)


def within(params, name, least, most, default):
    value = given(params, name)
    if value is None:
        return default
    digits = str(value)
    is_number = not isinstance(value, bool) and digits.isascii() and digits.isdigit()
    if not is_number or not least <= int(digits) <= most:
        raise Refused("Invalid", name)
    return int(digits)


def corrected(params, name):
    value = given(params, name)
    if value is None:
        return 3
    digits = str(value).removeprefix("-") if str(value)[:1] != "+" else str(value)[1:]
    if isinstance(value, bool) or not digits.isascii() or not digits.isdigit():
        raise Refused("Invalid", name)
    return min(6, max(2, int(value)))


def conditions(read, now):
    """Return what must hold, as a set: two requests with equal sets ask for the same."""
    found = {called("tenant", {read["tenant"]})}
    for name in ("zone", "state"):
        if name in read:
            found.add(called(name, {read[name]}))
    if "name" in read:
        found.add(("contains", "name", read["name"]))
    if "key" in read:
        found.add(("or", tuple(("contains", field, read["key"]) for field in ("id", "note"))))
    if "ids" in read:
        found.add(("in", "id", read["ids"]))
    if "zones" in read:
        found.add(called("zone", read["zones"]))
    if "public" in read:
        truth = read["public"]
        found.add(("in", "public", (True, "true", "True") if truth else (False, "false", "False")))
    found |= windows(read, now)
    for item in read.get("Tag", ()):
        found.add(tagged(item))
    for item in read.get("Filter", ()):
        name = item.get("Name")
        chosen = frozenset(text for part, text in item.items() if part != "Name")
        if name not in TAGGED or not chosen:
            raise Refused("BadFilter", "Filter")
        found.add(("in", name, chosen))
    start, end = read.get("since"), read.get("till")
    if start is not None and end is not None and start > end:
        raise Refused("BadWindow", "since")
    return frozenset(found)


def windows(read, now):
    found = set()
    if "since" in read:
        found.add(("range", "created", Bounds(since=read["since"])))
    if "till" in read:
        found.add(("range", "created", Bounds(until=read["till"])))
    if "ends" in read:
        last = moment(0) + timedelta(seconds=read["ends"])
        if last <= now:
            raise Refused("Invalid", "ends")
        found.add(("range", "expires", Bounds(after=now, until=last)))
    return found


def tagged(item):
    key, value = item.get("Key"), item.get("Value")
    if key not in TAGGED:
        raise Refused("BadTag", "Tag")
    return ("not", ("missing", key)) if value is None else ("in", key, frozenset([value]))


def called(field, texts):
    return ("or", tuple(("called", field, text) for text in sorted(texts)))


class Bounds(dict):
    """The bounds of a range, as a part of a set."""

    def __hash__(self):
        return hash(tuple(sorted(map(str, self.items()))))
