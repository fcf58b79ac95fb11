"""A naive reading of the two source documents and of the engine's promises.

It imports nothing of the package: whatever both agree on has been said twice, independently.
Records are plain dicts, every answer is a walk over a list, every time an aware datetime of the
standard library.
"""

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cmp_to_key
from itertools import pairwise, product


def moment(value):
    """Read a time: a datetime, text in one of the forms that the tests make, or microseconds."""
    if isinstance(value, int):
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value)
    found = (
        value
        if isinstance(value, datetime)
        else datetime.fromisoformat(value.replace("Z", "+00:00"))
    )
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def iso(text):
    """Read ISO 8601 text as microseconds since 1970, part by part.

    ValueError for what is no time.
    """
    if not text.isascii():
        raise ValueError
    day, with_clock, clock = text.upper().replace(" ", "T", 1).partition("T")
    micros = (calendar_day(day, alone=not with_clock) - date(1970, 1, 1)).days * 86_400_000_000
    if not with_clock:
        return micros
    zone = 0
    for sign in "+-":
        if sign in clock:
            clock, _, behind = clock.partition(sign)
            zone = time_of_day(behind, ".")
            zone = zone if sign == "+" else -zone
            break
    else:
        clock = clock.removesuffix("Z")
    whole = time_of_day(clock, ".,", last=24)
    return micros + whole - zone


def calendar_day(text, alone):
    parts = text.split("-")
    if len(parts) == 1 and not alone:  # the basic forms, which need a time
        middle = 7 if text[4:5] == "W" else 6
        parts = [part for part in (text[:4], text[4:middle], text[middle:]) if part]
    if not 2 <= len(parts) <= 3:
        raise ValueError
    year, middle, *last = parts
    if middle[:1] == "W":
        weekday = number(last[0], 1) if last else 1
        return date.fromisocalendar(number(year, 4), number(middle[1:], 2), weekday)
    if last:
        return date(number(year, 4), number(middle, 2), number(last[0], 2))
    if "-" not in text:
        raise ValueError
    found = date(number(year, 4), 1, 1) + timedelta(days=number(middle, 3) - 1)
    if found.year != int(year):
        raise ValueError
    return found


def time_of_day(text, points, last=23):
    """Read hours, minutes and seconds with a fraction, of which nothing but hours must be there."""
    point = next((one for one in points if one in text), None)
    whole, _, fraction = text.partition(point) if point else (text, "", "")
    parts = (
        whole.split(":")
        if ":" in whole
        else [whole[first : first + 2] for first in range(0, len(whole), 2)]
    )
    numbers = [number(part, 2) for part in parts]
    if point and (len(numbers) != 3 or not fraction or set(fraction) - set("0123456789")):
        raise ValueError
    if not 1 <= len(numbers) <= 3 or numbers[0] > last or any(one > 59 for one in numbers[1:]):
        raise ValueError
    if numbers[0] == 24 and (any(numbers[1:]) or fraction.strip("0")):
        raise ValueError
    seconds = sum(one * size for one, size in zip(numbers, (3600, 60, 1), strict=False))
    return seconds * 1_000_000 + int((fraction + "000000")[:6])


def number(text, digits):
    if len(text) != digits or set(text) - set("0123456789"):
        raise ValueError
    return int(text)


def same_letters(text):
    kept, marks = "", 0
    for character in text:
        marks = 0 if unicodedata.combining(character) == 0 else marks + 1
        if marks <= 30:
            kept += character
    kept = unicodedata.normalize("NFKC", kept)
    return unicodedata.normalize("NFKC", kept.casefold())


def is_part(needle, text):
    return same_letters(text).find(same_letters(needle)) != -1


def in_order(records, key, created, newest_first=True):
    dated = [record for record in records if record.get(created) not in (None, "")]
    undated = [record for record in records if record.get(created) in (None, "")]
    dated.sort(key=lambda record: record[key])
    dated.sort(key=lambda record: moment(record[created]), reverse=newest_first)
    return dated + sorted(undated, key=lambda record: record[key])


TIMES = {"created", "expires"}


def sort_value(record, field):
    """Return what a record is ordered by: a class, and a value that compares within it."""
    value = record.get(field)
    if value is None:
        return None
    if field in TIMES:
        return (0, moment(value))
    return (0, value) if isinstance(value, str) else (1, exactly(value))


def exactly(value):
    """Return a number as one that compares exactly with any other made so."""
    if isinstance(value, float) and value in (float("inf"), -float("inf")):
        return value
    return Fraction(value)


def is_plain_number(value):
    return isinstance(value, int | float | Decimal)


def sorted_by(records, orders, key="id"):
    """Sort by several (field, whether it falls); missing ones last, ties by key, ascending."""

    def compare(one, other):
        for field, falls in orders:
            first, second = sort_value(one, field), sort_value(other, field)
            if first == second:
                continue
            if first is None or second is None:
                return 1 if first is None else -1
            return -1 if (first > second) == falls else 1
        return -1 if one[key] < other[key] else 1

    return sorted(records, key=cmp_to_key(compare))


def behind(records, last, orders, key="id"):
    """Return the records after the place that a record had, whatever it is now."""
    listed = sorted_by([*records, last], orders, key)
    (at,) = [number for number, record in enumerate(listed) if record is last]

    def is_there(record):
        fields = [field for field, _ in orders]
        same = [sort_value(record, field) == sort_value(last, field) for field in fields]
        return record[key] == last[key] and all(same)

    return [record for record in listed[at + 1 :] if not is_there(record)]


def chosen(record, fields):
    return record if fields is None else {name: record[name] for name in record if name in fields}


def facets(records, conditions, fields, missing=False):
    """Count by combinations of values: pairs of combination and count, the most frequent first."""
    counts = []
    for record in records:
        if not all(holds(record, condition) for condition in conditions):
            continue
        columns = [record.get(field) for field in fields]
        for found in map(list, product(*[one if type(one) is list else [one] for one in columns])):
            if None in found and not missing:
                continue
            for entry in counts:
                if entry[0] == found:
                    entry[1] += 1
                    break
            else:
                counts.append([found, 1])
    return sorted(counts, key=by_frequency)


def by_frequency(entry):
    values, count = entry
    kinds = [2 if one is None else 0 if isinstance(one, str) else 1 for one in values]
    return -count, [as_text(one) for one in values], kinds


def as_text(value):
    return str(int(value)) if isinstance(value, bool) else str(value)


def histogram(records, conditions, field, edges):
    times = [
        moment(record[field])
        for record in records
        if record.get(field) is not None
        and all(holds(record, condition) for condition in conditions)
    ]
    return [
        len([at for at in times if moment(first) <= at < moment(end)])
        for first, end in pairwise(edges)
    ]


def holds(record, condition):
    """Judge one condition.

    A condition is ("eq", field, value), ("in", …), ("called", …), ("contains", …),
    ("range", field, {…}), ("missing", field), ("not", condition), ("and", conditions) or
    ("or", conditions).
    """
    kind, field, *rest = condition
    if kind == "not":
        return not holds(record, field)
    if kind in ("and", "or"):
        told = [holds(record, one) for one in field]
        return False not in told if kind == "and" else True in told
    value = record.get(field)
    if kind == "missing":
        return value is None
    return fits(value, kind, *rest)


def tag_facets(records, conditions, field, key=None, missing=False):
    """Count by keys of tags, or by the values of one key; as `facets`, of one field."""
    made = []
    for record in records:
        if all(holds(record, condition) for condition in conditions):
            found = []
            for held, value in record.get(field) or ():
                wanted = held if key is None else value
                if key in (None, held) and wanted not in found:
                    found.append(wanted)
            made.append({field: found or None})
    return facets(made, [], [field], missing)


def fits(value, kind, wanted):  # noqa: PLR0911 - a line for each kind
    """Judge the value of one field; of many values, whether one is as it should be."""
    if type(value) is list and kind != "has":
        return any(fits(one, kind, wanted) for one in value)
    if kind == "has":
        key, values = wanted
        return any(held == key and (values is None or one in values) for held, one in value or ())
    if kind == "like":
        return isinstance(value, str) and is_like(value, *wanted)
    if is_plain_number(value) and kind != "called":
        return fits_number(value, kind, wanted)
    if value is None or (kind == "range" and value == ""):
        return False
    if kind == "eq":
        return value == wanted
    if kind == "in":
        return any(value == one for one in wanted)
    if kind == "called":
        return is_called(value, wanted)
    if kind == "contains":
        return is_part(wanted, value)
    if kind != "range":
        raise ValueError(f"no such condition: {kind}")
    at = moment(value)
    tests = {
        "after": lambda bound: at > bound,
        "since": lambda bound: at >= bound,
        "until": lambda bound: at <= bound,
        "before": lambda bound: at < bound,
    }
    return all(tests[name](moment(bound)) for name, bound in wanted.items())


def fits_number(value, kind, wanted):
    """Judge a number; or an instant that is one, in microseconds."""
    tests = {
        "after": lambda bound: exactly(value) > exactly(bound),
        "since": lambda bound: exactly(value) >= exactly(bound),
        "until": lambda bound: exactly(value) <= exactly(bound),
        "before": lambda bound: exactly(value) < exactly(bound),
    }
    if kind == "range":
        bounds = {name: in_micros(bound) for name, bound in wanted.items()}
        return all(tests[name](bound) for name, bound in bounds.items())
    if kind == "contains":
        return False
    asked = [wanted] if kind == "eq" else wanted
    return any(is_plain_number(one) and exactly(one) == exactly(value) for one in asked)


def in_micros(bound):
    if is_plain_number(bound):
        return bound
    return (moment(bound) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def flat(record, shapes):
    """Return what fields hold of a record with members in members.

    A shape is (path, how): "one" value, "many" values as a list, or (key, value), by which tags are
    a list of pairs.
    """
    found = {}
    for field, (path, how) in shapes.items():
        values = [one for one in ends([record], path) if one is not None and one != {}]
        if how == "one":
            found[field] = values[0] if values else None
        elif how == "many":
            once = [one for at, one in enumerate(values) if one not in values[:at]]
            found[field] = once or None
        else:
            pairs = [pair for one in values for pair in tag_pairs(one, *how)]
            found[field] = [one for at, one in enumerate(pairs) if one not in pairs[:at]] or None
    return found


def ends(values, path):
    """Return what is at the end of a path, lists opened wherever they are."""
    opened = []
    for value in values:
        if type(value) in (set, frozenset):
            opened += sorted(value, key=repr)
        else:
            opened += ends(value, ()) if type(value) in (list, tuple) else [value]
    if not path:
        return opened
    return ends([one.get(path[0]) for one in opened if one is not None], path[1:])


def tag_pairs(given, key, value):
    if key in given:
        return [(tag_text(given[key]), tag_text(given.get(value)))]
    return [(tag_text(name), tag_text(held)) for name, held in given.items()]


def tag_text(value):
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def is_called(value, text):
    """Tell whether a value is meant by a text of a query string; 1 and True are one value."""
    if isinstance(value, str):
        return value == text
    return text == str(int(value)) or text.casefold() == {0: "false", 1: "true"}.get(value)


def page(records, conditions, offset, limit, key, created, newest_first=True):
    """Return the page and the total."""
    found = [
        record for record in records if all(holds(record, condition) for condition in conditions)
    ]
    found = in_order(found, key, created, newest_first)
    return found[offset : offset + limit], len(found)


class Otherwise(Exception):
    """A record is not as an update expects it; names a member."""


def updated(record, members, expect=None, *, aliases=()):
    """Return a record with some members replaced, and those that are `None` taken out."""
    own = dict(aliases)
    for name, value in (expect or {}).items():
        if record.get(own.get(name, name)) != value:
            raise Otherwise(own.get(name, name))
    made = dict(record)
    for name, value in members.items():
        made.pop(own.get(name, name), None)
        if value is not None:
            made[own.get(name, name)] = value
    return made


def without(records, where):
    """Return the records, by key, that do not meet all conditions."""
    return {
        key: record
        for key, record in records.items()
        if not all(holds(record, condition) for condition in where)
    }


class No(Exception):
    """A refusal: a code, and the parameters of which it may name any one."""


def given(params, name):
    value = params.get(name)
    return None if value is None or value == "" else value


def whole_number(params, name, default, most, wrong):
    value = given(params, name)
    if value is None:
        return default
    if not re.fullmatch("[0-9]+", str(value)) or not 1 <= int(value) <= most:
        wrong.add(name)
        return default
    return int(value)


def written(at, digits):
    text = moment(at).strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    return text + (f".{moment(at).microsecond // 1000:03d}Z" if digits else "Z")


def items(records, members, times, digits):
    return [
        {
            member: written(record[member], digits) if member in times else record[member]
            for member in members
            if record.get(member) is not None and not (member in times and record[member] == "")
        }
        for record in records
    ]


AIREC_MEMBERS = [
    *(
        "regionId",
        "type",
        "lockMode",
        "expiredTime",
        "status",
        "gmtCreate",
        "chargeType",
        "industry",
    ),
    *("commodityCode", "gmtModified", "dataSetVersion", "name", "instanceId"),
]
AIREC_TIMES = {"expiredTime", "gmtCreate", "gmtModified"}


def list_instance(records, params, now):
    """Answer ListInstance: (code, parameters that may be named, items)."""
    wrong = set()
    number = whole_number(params, "page", 1, 2**63 - 1, wrong)
    size = whole_number(params, "size", 10, 50, wrong)
    wanted = [
        ("contains", name, given(params, name))
        for name in ("name", "instanceId")
        if given(params, name)
    ]
    status = given(params, "status")
    if status is not None:
        wanted.append(("eq", "status", status))
        if status not in {"Initializing", "Ready", "Running", "Starting"}:
            wrong.add("status")
    expiry = given(params, "expiredTime")
    if expiry is not None:
        seconds = int(expiry) if re.fullmatch("[0-9]{1,12}", str(expiry)) else -1
        if not 0 <= seconds <= 253402300799 or moment(seconds * 1_000_000) <= moment(now):
            wrong.add("expiredTime")
        else:
            wanted.append(("range", "expiredTime", {"after": now, "until": seconds * 1_000_000}))
    if wrong:
        return "ValidationError", wrong, []
    found, _ = page(records, wanted, (number - 1) * size, size, "instanceId", "gmtCreate")
    return "", None, items(found, AIREC_MEMBERS, AIREC_TIMES, digits=True)


BSS_MEMBERS = [
    *(
        "OwnerId",
        "ProductCode",
        "ProductType",
        "SubscriptionType",
        "InstanceID",
        "Region",
        "CreateTime",
        "EndTime",
    ),
    *(
        "StopTime",
        "ReleaseTime",
        "ExpectedReleaseTime",
        "Status",
        "SubStatus",
        "RenewStatus",
        "RenewalDuration",
    ),
    *("RenewalDurationUnit", "Seller"),
]
BSS_TIMES = {"CreateTime", "EndTime", "StopTime", "ReleaseTime", "ExpectedReleaseTime"}


def query_available_instances(records, params, caller=None, accounts=None, products=None):
    """Answer QueryAvailableInstances.

    Returns (code, parameters that may be named, number, size, items, total).
    """
    wrong = set()
    number = whole_number(params, "PageNum", 1, 2**63 - 1, wrong)
    size = whole_number(params, "PageSize", 20, 300, wrong)
    wanted = bss_filters(params, wrong)
    try:
        if wrong:
            raise No("InvalidParameter", wrong)
        wanted += bss_scope(params, caller, accounts, products)
    except No as no:
        return (*no.args, None, None, [], None)
    found, total = page(records, wanted, (number - 1) * size, size, "InstanceID", "CreateTime")
    return "Success", None, number, size, items(found, BSS_MEMBERS, BSS_TIMES, digits=False), total


def bss_scope(params, caller, accounts, products):
    """What depends on the host: who calls, what may be seen."""
    if accounts is not None:
        if caller not in accounts:
            raise No("InvalidCaller", None)
        role, customers, allowed = accounts[caller]
        if not allowed:
            raise No("NotApplicable", None)
    if given(params, "Region") and not given(params, "ProductCode"):
        raise No("MissingParameter", {"ProductCode"})
    if (
        products is not None
        and given(params, "ProductCode")
        and given(params, "ProductCode") not in products
    ):
        raise No("ProductNotFind", None)
    if accounts is None:
        return []
    owner = given(params, "OwnerId")
    if owner is None:
        if role != "owner":
            raise No("MissingParameter", {"OwnerId"})
        return [("eq", "OwnerId", caller)]
    if owner != caller and owner not in customers:
        raise No("InvalidOwner", None)
    return []


def bss_filters(params, wrong):
    wanted = []
    for name in ("ProductCode", "ProductType", "Region", "OwnerId"):
        if given(params, name) is not None:
            value = given(params, name)
            text = str(value).lower() if isinstance(value, bool) else str(value)
            wanted.append(("called", name, text))
    choices = {
        "SubscriptionType": {"Subscription", "PayAsYouGo"},
        "RenewStatus": {"AutoRenewal", "ManualRenewal", "NotRenewal"},
    }
    for name, allowed in choices.items():
        value = given(params, name)
        if value is not None:
            wanted.append(("eq", name, value))
            if value not in allowed:
                wrong.add(name)
    listed = given(params, "InstanceIDs")
    if listed is not None:
        ids = {part.strip() for part in listed.split(",") if part.strip()}
        wanted.append(("in", "InstanceID", ids))
        if not ids or len(ids) > 100:
            wrong.add("InstanceIDs")
    for field in ("EndTime", "CreateTime"):
        ends = {}
        for side, bound in (("Start", "since"), ("End", "until")):
            value = given(params, field + side)
            if value is not None:
                try:
                    ends[bound] = moment(value)
                except ValueError:
                    wrong.add(field + side)
        if len(ends) == 2 and ends["since"] > ends["until"]:
            wrong |= {field + "Start", field + "End"}
        if ends:
            wanted.append(("range", field, ends))
    return wanted


def wild_parts(pattern):
    """Read a pattern: "*" and "?" for wildcards, ("text", …) for runs of literal characters."""
    parts = []
    at = 0
    while at < len(pattern):
        one = pattern[at]
        if one in "*?":
            parts.append(one)
            at += 1
            continue
        if one == "\\":
            at += 1
            one = pattern[at]  # IndexError: nothing is escaped
        if parts and isinstance(parts[-1], tuple):
            parts[-1] = ("text", parts[-1][1] + one)
        else:
            parts.append(("text", one))
        at += 1
    return parts


def is_pattern(pattern):
    try:
        wild_parts(pattern)
    except IndexError:
        return False
    return True


def is_like(text, pattern, case):
    """Tell whether a whole text fits, by all the ends that the parts so far may have."""
    compared = text if case else same_letters(text)
    ends = {0}
    for part in wild_parts(pattern):
        if part == "*":
            ends = set(range(min(ends), len(compared) + 1)) if ends else ends
        elif part == "?":
            ends = {end + 1 for end in ends if end < len(compared)}
        else:
            wanted = part[1] if case else same_letters(part[1])
            ends = {end + len(wanted) for end in ends if compared[end:].startswith(wanted)}
    return len(compared) in ends
