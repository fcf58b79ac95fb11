"""Random schemas with all shapes of fields, and random records, conditions and orders for them.

A field is a member or at the end of a path, has one value or many, is indexed or not. Numbers are
of all types, keywords hold unlike values, tags come as lists and as mappings.
"""

from decimal import Decimal

import naive
from instquery import Order, Schema, Store, instant, keyword, number, tags, text
from strategies import predicate

FIELDS = ("id", "created", "expires", "status", "size", "price", "name", "groups", "names", "tags")

KINDS = {
    "id": (text, keyword),
    "created": (instant,),
    "expires": (instant,),
    "status": (keyword,),
    "size": (number,),
    "price": (number,),
    "name": (text,),
    "groups": (keyword,),
    "names": (text,),
    "tags": (tags,),
}

PATHS = {
    "id": ["meta.id", None],
    "created": ["meta.created", None],
    "expires": ["meta.times.expires", None],
    "status": ["state.status", None],
    "size": ["spec.size", None],
    "price": [("spec", "price.now"), None],
    "name": ["meta.name", None],
    "groups": ["net.groups.group.id", "net.ids", None],
    "names": ["net.names", None],
    "tags": ["Tags.Tag", None],
}

STATUSES = ["Running", "running", "Stopped", "", "1", 1, 0, True, 2**53, -5, "推荐"]
WORDS = ["alpha", "ALPHA-1", "beta", "Straße", "prod-web-1", "web-prod", "推荐", "", "a*b", "\x1f"]
GROUPS = ["sg-1", "sg-2", "sg-3", "SG-1", "sg-10", 7, "7", True, ""]
NUMBERS = [
    *(0, -0.0, 1, 1.0, Decimal("1.00"), 2, 2.5, Decimal("2.5"), 0.1, Decimal("0.1"), -3, 7),
    *(2**53, 2**53 + 1, float(2**53), 2**64 - 1, -(2**63), float("inf"), -float("inf")),
    *(Decimal("1E+400"), Decimal("-1E-400"), Decimal(10**39) / 10**20, 1e300, 2.0**70),
]
TAG_KEYS = ["env", "Env", "team", "", "n"]
TAG_VALUES = ["prod", "dev", "", "env", 1, True, None, 2.5]
ASKED_TAGS = ["prod", "dev", "", "env", "1", "true", "2.5", "Prod"]
PATTERNS = [
    *("*", "?*", "alpha*", "*1", "*a*", "sg-?", "sg-1*", "*web*prod*", "", "ALPHA*", "a\\*b", "??"),
    *("Strasse", "*ss*", "推*", "*\x1f*", "r*g", "[1]"),
]


def instant_of(number):
    return f"2026-01-01T00:00:{number % 60:02}Z"


class Shape:
    """A random schema, how the naive reading sees it, and what makes records for it."""

    def __init__(self, chance):
        self.chance = chance
        self.paths = {field: chance.choice(PATHS[field]) for field in FIELDS}
        self.pair = chance.choice([("Key", "Value"), ("TagKey", "TagValue")])
        self.orderable = ["id", "created", "expires", "status", "size", "price"]
        own = chance.choice([[("created", True)], [("size", False)], [], self.some_order()])
        self.own = own
        fields = {field: self.declared(field) for field in FIELDS}
        self.schema = Schema(
            key="id",
            order=[Order(field, descending=falls) for field, falls in own] or None,
            fields=fields,
        )
        self.shapes = {}
        for field in FIELDS:
            path = self.paths[field]
            path = (field,) if path is None else path
            path = tuple(path.split(".")) if isinstance(path, str) else path
            how = "many" if field in ("groups", "names") else "one"
            self.shapes[field] = path, (self.pair if field == "tags" else how)

    def declared(self, field):
        options = {"path": self.paths[field], "indexed": self.chance.random() < 0.8}
        if field in ("groups", "names"):
            options["many"] = True
        if field == "tags":
            options["key"], options["value"] = self.pair
        return self.chance.choice(KINDS[field])(**options)

    def flat(self, record):
        return naive.flat(record, self.shapes)

    # records

    def record(self, number):
        """Make a record with a key of this number, its members at their places."""
        chance = self.chance
        record = {"undeclared": [number, {"a": None}]} if chance.random() < 0.3 else {}
        values = {
            "id": f"i-{number}",
            "created": instant_of(chance.randrange(8)),
            "expires": instant_of(chance.randrange(30)),
            "status": chance.choice(STATUSES),
            "size": chance.choice(NUMBERS),
            "price": chance.choice([*NUMBERS, chance.randrange(20), chance.random()]),
            "name": chance.choice(WORDS),
            "groups": self.listed([chance.choice(GROUPS) for _ in range(chance.randrange(4))]),
            "names": self.listed([chance.choice(WORDS) for _ in range(chance.randrange(4))]),
            "tags": self.tags(),
        }
        for field, value in values.items():
            kind = chance.random()
            if field == "id" or kind > 0.2:
                self.place(record, field, value)
            elif kind > 0.1:
                self.place(record, field, None)
        return record

    def listed(self, values):
        """Return many values in one of the forms that they may have."""
        chance = self.chance
        form = chance.randrange(6)
        if form == 0 and len(values) == 1:
            return values[0]
        if form == 1:
            return tuple(values)
        if form == 2:
            return [*values, None, [], {}] if chance.random() < 0.5 else [None]
        if form == 3:
            return [values[:1], [values[1:], []]]
        return frozenset(values) if form == 4 and None not in values else values

    def tags(self):
        chance = self.chance
        pairs = [
            (chance.choice(TAG_KEYS), chance.choice(TAG_VALUES)) for _ in range(chance.randrange(4))
        ]
        if chance.random() < 0.4:
            return dict(pairs)
        key, value = self.pair
        made = [{key: name, value: held} for name, held in pairs]
        return [*made, None] if chance.random() < 0.2 else made

    def place(self, record, field, value):
        """Put a value where the path of its field leads."""
        path, _ = self.shapes[field]
        if path == ("net", "groups", "group", "id"):
            items = value if isinstance(value, list | tuple) else [value]
            made = [{"id": one} for one in items if one != {}]
            record.setdefault("net", {})["groups"] = self.chance.choice(
                [{"group": made}, [{"group": made[:1]}, {"group": made[1:]}, None]]
            )
            return
        inner = record
        for name in path[:-1]:
            inner = inner.setdefault(name, {})
        inner[path[-1]] = value

    # questions

    def leaf(self):  # noqa: PLR0911 - a line for each kind
        """Return a condition as the naive reading takes it."""
        chance = self.chance
        kind = chance.choice(["eq", "in", "contains", "range", "missing", "like", "has"])
        if kind == "missing":
            return kind, chance.choice(FIELDS)
        if kind == "contains":
            needle = chance.choice([*WORDS, "a", "ss", "web", "荐", "zzz"])
            return kind, chance.choice(["name", "names"]), needle
        if kind == "like":
            pattern = chance.choice(PATTERNS)
            field = chance.choice(["id", "status", "name", "groups", "names"])
            pattern = chance.choice(["i-?", "I-1*", "*5"]) if field == "id" else pattern
            return kind, field, (pattern, chance.random() < 0.4)
        if kind == "has":
            values = chance.choice([None, chance.sample(ASKED_TAGS, chance.randrange(3))])
            return kind, "tags", (chance.choice(TAG_KEYS), values)
        if kind == "range":
            return self.range()
        field = chance.choice(["id", "status", "size", "price", "name", "groups", "names"])
        values = {
            "id": [f"i-{number}" for number in range(20)],
            "status": STATUSES,
            "groups": GROUPS,
            "size": NUMBERS,
            "price": NUMBERS,
        }.get(field, WORDS)
        if kind == "eq":
            return kind, field, chance.choice(values)
        return kind, field, chance.choices(values, k=chance.choice([0, 1, 2, 5, 30]))

    def range(self):
        chance = self.chance
        field = chance.choice(["created", "expires", "size", "price"])
        bounds = {}
        for name in chance.sample(["after", "since", "until", "before"], chance.randint(1, 3)):
            is_time = field in ("created", "expires")
            bounds[name] = instant_of(chance.randrange(30)) if is_time else chance.choice(NUMBERS)
        return "range", field, bounds

    def tree(self, depth=4):
        kind = self.chance.choice(["leaf", "leaf", "and", "or", "not"]) if depth > 1 else "leaf"
        if kind == "leaf":
            return self.leaf()
        if kind == "not":
            return kind, self.tree(depth - 1)
        return kind, [self.tree(depth - 1) for _ in range(self.chance.randrange(4))]

    def some_order(self):
        chance = self.chance
        fields = chance.sample(self.orderable, chance.choice([1, 1, 2, 3]))
        return [(field, chance.random() < 0.5) for field in fields]


def predicates(where):
    return [predicate(condition) for condition in where]


def store_of(shape, segment_rows=4):
    return Store(shape.schema, segment_rows=segment_rows)
