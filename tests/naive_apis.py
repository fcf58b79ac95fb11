"""What naive readings of APIs share: a request's faults, values, tags, pages by number and token.

Like `naive`, it imports nothing of the package. A reading collects everything that is wrong with a
request, as no document says which of several faults is told.
"""

import json
import re
from datetime import timedelta

from naive import iso, moment, same_letters


class Refused(Exception):
    """A request that is refused: the codes of all that is wrong with it."""

    def __init__(self, codes):
        super().__init__(sorted(codes))
        self.codes = set(codes)


class Walk:
    """What a token stands for: the records of its state, its filters, its moment, how many came."""

    def __init__(self, records, filters, now, came):
        self.records, self.filters, self.now, self.came = records, filters, now, came


class Reading:
    """One request, read parameter by parameter into conditions.

    A condition has a name, which is equal where two requests ask for the same, and a function of a
    record.
    """

    def __init__(self, records, params, now, walks, invalid, token=None):
        self.params, self.invalid = params, invalid
        self.records, self.now = records, now
        self.faults, self.filters, self.checks = set(), [], []
        self.walk = None
        self.has_token = token is not None and self.get(token) is not None
        if self.has_token:
            self.walk = walks.get(self.get(token))
            if self.walk is None:
                raise Refused({"InvalidNextToken"})
            self.records, self.now = self.walk.records, self.walk.now

    def get(self, name):
        value = self.params.get(name)
        return None if value is None or value == "" else value

    def wrong(self, code=None):
        self.faults.add(code or self.invalid)

    def ask(self, name, meant, check):
        self.filters.append((name, meant))
        self.checks.append(check)

    def exact(self, name, *fields):
        value = self.get(name)
        if value is not None:
            self.ask(name, value, lambda one: any(value in values(one, path) for path in fields))

    def one_of(self, name, allowed, path, code=None):
        value = self.get(name)
        if value is not None and value not in allowed:
            self.wrong(code)
        else:
            self.exact(name, path)

    def part(self, name, *fields):
        needle = self.get(name)
        if needle is not None:
            self.ask(
                name,
                needle,
                lambda one: any(
                    same_letters(needle) in same_letters(text)
                    for path in fields
                    for text in values(one, path)
                ),
            )

    def pattern(self, name, path):
        given = self.get(name)
        if given is not None:
            pieces = [re.escape(same_letters(piece)) for piece in given.split("*")]
            wanted = re.compile(".*".join(pieces), re.DOTALL)
            self.ask(
                name,
                given,
                lambda one: any(wanted.fullmatch(same_letters(text)) for text in values(one, path)),
            )

    def array(self, name, path, bare=False):
        given = self.get(name)
        if given is None:
            return
        if bare and not given.startswith("["):
            listed = [given]
        else:
            listed = as_json(given)
            is_list = isinstance(listed, list) and len(listed) <= 100
            if not is_list or not all(isinstance(text, str) for text in listed):
                self.wrong()
                return
        self.any_of(name, listed, path)

    def any_of(self, name, listed, path):
        wanted = frozenset(listed)
        self.ask(name, wanted, lambda one: not wanted.isdisjoint(values(one, path)))

    def tags(self, name, pairs, path):
        """Ask for all of some pairs; a value of `None` is any."""
        for pair in pairs:
            key, value = pair
            self.ask(
                name,
                pair,
                lambda one, key=key, value=value: any(
                    own == key and value in (None, text) for own, text in pairs_in(one, path)
                ),
            )

    def whole(self, name, least, most, default):
        value = self.get(name)
        if value is None:
            return default
        text = str(value)
        if not re.fullmatch("[0-9]+", text) or not least <= int(text) <= most:
            self.wrong()
            return default
        return int(text)

    def until(self, name, path):
        """Ask for what expires after now, and up to UNIX seconds."""
        value = self.get(name)
        if value is None:
            return
        text = str(value)
        if not re.fullmatch("[0-9]{1,11}", text):
            self.wrong()
            return
        last = moment(0) + timedelta(seconds=int(text))
        if last <= self.now:
            self.wrong()
        now = self.now
        self.ask(
            name,
            last,
            lambda one: any(now < moment(text) <= last for text in values(one, path) if text),
        )

    def answer(self, order, key, size, number=1, is_walked=False, last=None):
        """Return the keys of a page, the total, and what the next token stands for.

        `last` is the code of a refusal where all else is right.
        """
        filters = sorted(map(repr, self.filters))
        if self.walk is not None and filters != self.walk.filters:
            self.wrong("InvalidNextToken")
        if last is not None and not self.faults:
            self.wrong(last)
        if self.faults:
            raise Refused(self.faults)

        matches = order([one for one in self.records if all(check(one) for check in self.checks)])
        came = (number - 1) * size if self.walk is None else self.walk.came
        shown = matches[came : came + size]
        following = None
        if is_walked and shown and came + len(shown) < len(matches):
            following = Walk(self.records, filters, self.now, came + len(shown))
        return [one[key] for one in shown], len(matches), following


def values(record, path):
    """Return all texts that a path leads to, through lists."""
    found = [record]
    for name in path.split("."):
        inner = [one.get(name) for one in found if isinstance(one, dict)]
        found = []
        for value in inner:
            found += value if isinstance(value, list) else [value]
    return [value for value in found if value is not None]


def pairs_in(record, path):
    """Return the pairs of tags: a list of TagKey and TagValue, or an object."""
    found = []
    for value in values(record, path):
        if "TagKey" in value:
            found.append((value["TagKey"], value.get("TagValue", "")))
        else:
            found += value.items()
    return found


def as_json(text):
    try:
        return json.loads(text)
    except ValueError:
        return None


def time(text):
    try:
        return moment(iso(text))
    except ValueError:
        return None
