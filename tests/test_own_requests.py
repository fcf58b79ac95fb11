"""Random requests to an API of one's own agree with a naive reading of its declaration."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

import naive_things
from effort import tries
from instquery import Eq, In, Leases, Missing, Not, Order, Schema, Store, instant, keyword, text
from instquery.apis.envelope import Envelope, Fault
from instquery.apis.operation import Operation, Refusal, in_order
from instquery.apis.params import (
    boolean,
    contains,
    exact,
    expiring_until,
    json_list,
    listed,
    not_after,
    not_before,
    one_of,
    page_number,
    page_size,
    page_token,
    repeated,
    search_key,
)
from instquery.apis.walks import Walks

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
TAGGED = ("zone", "state", "note")
ORDERS = [
    (("created", True),),
    (("zone", False),),
    (("zone", True), ("created", False)),
    (("expires", False), ("state", True), ("id", False)),
    (("id", True),),
    (),
]


def read_tags(items, _now):
    for key, value in items:
        if key not in TAGGED:
            raise Refusal("BadTag")
        yield Not(Missing(key)) if value is None else Eq(key, value)


def read_filters(items, _now):
    for name, values in items:
        if name not in TAGGED or not values:
            raise Refusal("BadFilter", "Filter")
        yield In(name, values)


LIST = Operation(
    name="ListThings",
    version="1",
    schema=Schema(
        key="id",
        order=Order("created"),
        fields={
            "id": text(),
            "name": text(),
            "note": text(),
            "tenant": keyword(),
            "zone": keyword(),
            "state": keyword(),
            "public": keyword(),
            "created": instant(),
            "expires": instant(),
        },
    ),
    params=(
        exact("tenant", required=True),
        exact("zone"),
        one_of("state", naive_things.STATES, code="BadState"),
        contains("name", names=("Name",)),
        search_key("key", "id", "note"),
        json_list("ids", "id", most=3, code="BadIds"),
        listed("zones", "zone", most=2),
        boolean("public"),
        not_before("since", "created"),
        not_after("till", "created"),
        expiring_until("ends", "expires"),
        repeated("Tag", ("Key", "Value"), most=2, read=read_tags),
        repeated("Filter", ("Name", "Value.N"), most=2, read=read_filters),
        page_number("page"),
        page_size("size", default=3, least=2, most=6, corrected=True),
        page_size("max", default=4, least=0, most=5, by_token=True),
        page_token("token", invalid="BadToken"),
    ),
    envelope=Envelope(
        members=("id",),
        times=frozenset(),
        timespec="seconds",
        success=lambda answer: {
            "ids": [item["id"] for item in answer.items],
            "total": answer.total,
            "number": answer.number,
            "remaining": answer.remaining,
            "next": answer.next,
        },
        failure=lambda refused: {"code": refused.code, "about": refused.parameter},
    ),
    errors={
        code: Fault("{parameter} {reason}")
        for code in (
            *("Invalid", "Missing", "BadState", "BadIds", "BadTag"),
            *("BadFilter", "BadWindow", "BadToken"),
        )
    }
    | {"Internal": Fault("ours", 500)},
    rules=(in_order("since", "till", "BadWindow"),),
    invalid="Invalid",
    internal="Internal",
    missing="Missing",
)


def ordered_by(orders):
    schema = replace(LIST.schema, order=tuple(Order(name, falls) for name, falls in orders) or None)
    return replace(LIST, schema=schema)


def some_time(random):
    return NOW + timedelta(
        days=random.randint(-3, 3), microseconds=random.choice([0, 0, 1, -1, 500_000])
    )


def written(at):
    return at.isoformat().replace("+00:00", "Z")


def record(random, number):
    made = {
        "id": f"t-{number:02}",
        "name": random.choice(["Web", "WEB-1", "数据", "ｗｅｂ", "db"]),
        "note": random.choice(["a-0", "T-1", "x", "web"]),
        "tenant": random.choice(["acme", "acme", 1]),
        "zone": random.choice(["a", "b", "1", 1, True, "true", "x"]),
        "state": random.choice(["up", "down", "7", 7]),
        "public": random.choice([True, False, "true", "False"]),
        "created": written(some_time(random)),
        "expires": written(some_time(random)),
    }
    for name in ("name", "note", "zone", "state", "public", "created", "expires"):
        if random.random() < 0.1:
            del made[name]
    return made


FILTERS = {
    "zone": ["a", "b", "1", 1, True, "TRUE", "no"],
    "state": ["up", "down", "7", 7, "gone", True],
    "name": ["web", "W", "数", "db", "none", 1, True],
    "Name": ["web", "db"],
    "key": ["t-0", "T-1", "web", "x", "1", 1],
    "ids": [
        '["t-01", "t-02"]',
        "[]",
        '["t-03"]',
        ["t-04", "t-05"],
        "[1.5]",
        "x",
        '["a","b","c","d"]',
    ],
    "zones": ["a,b", "1, a", "true", ",", "a,b,x", 1],
    "public": ["true", "FALSE", True, False, "yes", 1],
    "ends": [str(int((NOW + timedelta(days=days)).timestamp())) for days in (-1, 1, 2, 3)] + ["x"],
    "Tag.1.Key": ["zone", "state", "note", "other"],
    "Tag.1.Value": ["a", "up", "x"],
    "Tag.7.Key": ["note", "zone"],
    "Tag.12.Key": ["state"],
    "Filter.3.Name": ["zone", "state", "other"],
    "Filter.3.Value.2": ["a", "up"],
    "Filter.3.Value.1": ["b", 7, "7"],
    "Filter.1.Name": ["note"],
    "Filter.1.Value.5": ["x", "web"],
    "Filter.1.Value": ["x"],
    "unknown": ["x"],
}
PAGING = {
    "page": [1, "2", 3, "0", "x", True],
    "size": [2, "3", 5, "0", "-4", "99", "+3", "x"],
    "max": [1, "2", 3, "0", 5, "6", "x"],
}


def some_request(random):
    """Make a request: few filters, so that something is found, and few of them wrong."""
    asked = {} if random.random() < 0.02 else {"tenant": random.choice(["acme", "acme", "1", ""])}
    for name in random.sample([*FILTERS, "since", "till"], random.choice([0, 0, 1, 1, 2, 4])):
        if name in ("since", "till"):
            asked[name] = written(some_time(random)) if random.random() < 0.9 else "yesterday"
        else:
            # What stands last is wrong as a rule.
            asked[name] = random.choice(FILTERS[name][: random.choice([3, 3, 99])])
        if name.startswith(("Tag.1.", "Filter.")) and random.random() < 0.8:
            asked |= {
                whole: random.choice(FILTERS[whole][:2])
                for whole in FILTERS
                if whole.startswith(name.rpartition(".")[0].removesuffix(".Value"))
                and whole not in asked
            }
    for name in random.sample([*PAGING], random.choice([0, 1, 1, 2])):
        asked[name] = random.choice(PAGING[name][: random.choice([3, 3, 99])])
    return asked


class Both:
    """An operation and its naive reading, asked the same."""

    def __init__(self, random, orders):
        self.random, self.orders = random, orders
        self.operation = ordered_by(orders)
        self.records = {f"t-{number:02}": record(random, number) for number in range(24)}
        leases = Leases(count=10_000, age=10**9)
        schema = self.operation.schema
        held = list(self.records.values())
        self.store = Store(schema, held, leases=leases, segment_rows=7)
        self.asked_of = random.choice([self.store, Walks(self.store)])
        self.now, self.walks, self.requests = NOW, {}, {}

    def ask(self, params):
        try:
            now, walks = self.now, self.walks
            naive = naive_things.answer(self.records.values(), params, now, self.orders, walks)
        except naive_things.Refused as refused:
            naive = refused.args
        if self.random.random() < 0.5:
            reply = self.operation(self.asked_of, params, now=self.now)
        else:
            asking = self.operation.prepare(self.asked_of, params, now=self.now, is_remote=True)
            reply = asking.reply()

        if reply.answer is None:
            assert (reply.body["code"], reply.body["about"]) == naive, params
            return reply.body["code"]
        *told, walk = naive
        body = reply.body
        assert [body[name] for name in ("ids", "total", "number", "remaining")] == told, params
        assert (body["next"] is None) is (walk is None), params
        if walk is not None:
            # The records of that state, whatever is written later.
            walk.records = list(walk.records)
            self.walks[body["next"]], self.requests[body["next"]] = walk, params
        return "next page" if "token" in params else "page"

    def ask_anything(self):
        """Begin a walk, go on with one, or go on with other filters or a changed token."""
        random = self.random
        if not self.walks or random.random() < 0.5:
            return self.ask(some_request(random))
        token = random.choice([*self.walks][-5:])
        params = self.requests[token] | {"token": token}
        chance = random.random()
        if chance < 0.15:
            params |= some_request(random)
        elif chance < 0.2:
            params["token"] = random.choice([token[:-2], token + "A", "x", token.swapcase()])
        elif chance < 0.3:
            params |= {"page": "x", "size": "y", "max": random.choice(["1", 2, ""])}
        elif chance < 0.4:
            params = {name: value for name, value in params.items() if name != "max"}
        return self.ask(params)

    def write(self):
        random = self.random
        made = record(random, random.randrange(30))
        if random.random() < 0.5:
            self.store.put(made)
            self.records = self.records | {made["id"]: made}
        else:
            self.store.discard(made["id"])
            self.records = {k: one for k, one in self.records.items() if k != made["id"]}
        self.now += timedelta(hours=random.choice([0, 0, 1, 20]))


@pytest.mark.parametrize("orders", ORDERS)
def test_random_requests_agree_with_a_naive_reading(orders):
    outcomes = []
    for seed in range(tries(8, quick=2)):
        both = Both(Random(f"{seed} {orders}"), orders)
        for _ in range(50):
            outcomes += [both.ask_anything() for _ in range(3)]
            both.write()

    # Each kind of answer was asked for.
    assert len(outcomes) >= 300
    assert {"page", "next page", "Invalid", "Missing", "BadToken"} <= set(outcomes)
    assert "Internal" not in outcomes
    assert outcomes.count("page") + outcomes.count("next page") > len(outcomes) / 3
