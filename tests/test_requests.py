"""10,000 random requests to each API agree with the naive reading of its document."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

import instquery
import naive
from instquery import Store
from instquery.apis import airec, bss

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def asked(part, tries):
    """Name the inventories of a part by their seeds, and say how many requests each is asked.

    A quarter of the inventories for a database, which takes milliseconds.
    """
    inventories, requests = tries((100, 100), quick=(16, 50))
    return range(part, inventories if Store is instquery.Store else inventories // 4, 4), requests


pytestmark = pytest.mark.usefixtures("engine")


def some_time(random, form):
    at = NOW + random.choice(
        [
            timedelta(seconds=random.randint(-3, 3)),
            timedelta(days=random.randint(-40, 40)),
            timedelta(
                seconds=random.randint(-2, 2),
                microseconds=random.choice([1, 999, 1000, 500_000, 999_999]),
            ),
            timedelta(days=365 * 973),
        ]
    )
    text = at.isoformat(timespec="auto").replace("+00:00", "Z")
    if form == "record" and random.random() < 0.2:
        return at.replace(tzinfo=None).isoformat(" ")
    if random.random() < 0.1:
        return (at + timedelta(hours=8)).isoformat().replace("+00:00", "+08:00")
    return text


def airec_record(random, number):
    record = {
        "instanceId": f"airec-cn-{random.choice('aAbB')}{number:03}" + random.choice(["", "****"]),
        "name": random.choice(["实例", "推荐", "Prod", "ｐｒｏｄ", "a*b", "100%"])
        + random.choice(["-web", "数据", "_1", ""]),
        "status": random.choice(
            ["Running", "Running", "Ready", "Initializing", "Starting", "Stopped"]
        ),
        "regionId": random.choice(["cn-beijing", "cn-hangzhou"]),
        "type": "Standard",
        "gmtCreate": some_time(random, "record"),
        "gmtModified": some_time(random, "record"),
        "expiredTime": some_time(random, "record"),
        "extra": {"kept": [1]},
    }
    for member in ("name", "status", "gmtCreate", "gmtModified", "expiredTime"):
        chance = random.random()
        if chance < 0.1:
            del record[member]
        elif chance < 0.13:
            record[member] = None
        elif chance < 0.16:
            record[member] = ""
    return record


def airec_request(random):
    until = int(NOW.timestamp()) + random.choice([-1, 0, 1, 2, 3, 86400, 40 * 86400, 10**11])
    offers = {
        "page": lambda: random.choice(
            [1, 2, 3, "1", "2", "9", 0, "x", "", 2**63 - 1, 2**63, "-1", "1.0", "９"]
        ),
        "size": lambda: random.choice([1, 2, 5, 50, "3", "10", 51, 0, "", "ten"]),
        "status": lambda: random.choice(
            ["Running", "Ready", "Initializing", "Starting", "running", ""]
        ),
        "name": lambda: random.choice(
            ["PROD", "推荐", "数", "*", "%", "web", "例", "rod-", "荐数据", "_", "zz", ""]
        ),
        "instanceId": lambda: random.choice(
            ["airec", "CN-A", "*", "-b01", "001", "5", "none", None]
        ),
        "expiredTime": lambda: random.choice(
            [str(until), until, f"{until}000", "soon", "", str(until)]
        ),
        "RegionId": lambda: "cn-beijing",
    }
    return {name: offer() for name, offer in offers.items() if random.random() < 0.3}


def bss_record(random, number):
    start = some_time(random, "record")
    record = {
        "InstanceID": f"i-{random.choice('aAbB')}{number:03}",
        "OwnerId": random.choice(["181", "182", "183", "181****"]),
        "ProductCode": random.choice(["ecs", "ecs", "rds", "flowpack"]),
        "ProductType": random.choice(
            ["ecs", "disk", "1", 1, 0, True, False, "true", "-7", -7, "01"]
        ),
        "SubscriptionType": random.choice(["Subscription", "PayAsYouGo", "Other"]),
        "Region": random.choice(["cn-beijing", "cn-hangzhou"]),
        "RenewStatus": random.choice(["AutoRenewal", "ManualRenewal", "NotRenewal"]),
        "RenewalDuration": random.choice([1, "1"]),
        "CreateTime": start,
        "EndTime": some_time(random, "record"),
        "StopTime": some_time(random, "record"),
    }
    for member in list(record)[1:]:
        chance = random.random()
        if chance < 0.08:
            del record[member]
        elif chance < 0.1 and member.endswith("Time"):
            record[member] = ""
    return record


def bss_request(random):
    def ids():
        listed = [
            f"i-{random.choice('aAbB')}{random.randrange(60):03}"
            for _ in range(random.choice([1, 30, 99]))
        ]
        return random.choice([", ", ","]).join(listed + listed[:2]) + random.choice(["", " ", ","])

    offers = {
        "PageNum": lambda: random.choice([1, 2, "1", "3", 0, "", "a", 2**63 - 1]),
        "PageSize": lambda: random.choice([1, 3, 20, "300", 301, "0", ""]),
        "ProductCode": lambda: random.choice(["ecs", "ecs", "rds", "ECS", "oss", ""]),
        "ProductType": lambda: random.choice(
            [
                "ecs",
                "disk",
                "",
                "1",
                1,
                "0",
                "-0",
                0,
                "true",
                True,
                "TRUE",
                "False",
                False,
                "-7",
                -7,
                "01",
                "1.0",
            ]
        ),
        "SubscriptionType": lambda: random.choice(["Subscription", "PayAsYouGo", "Other", ""]),
        "Region": lambda: random.choice(["cn-beijing", "cn-hangzhou", ""]),
        "InstanceIDs": ids,
        "EndTimeStart": lambda: random.choice([some_time(random, "request"), "soon", ""]),
        "EndTimeEnd": lambda: some_time(random, "request"),
        "CreateTimeStart": lambda: some_time(random, "request"),
        "CreateTimeEnd": lambda: random.choice([some_time(random, "request"), "12", ""]),
        "RenewStatus": lambda: random.choice(
            ["AutoRenewal", "ManualRenewal", "NotRenewal", "Never"]
        ),
        "OwnerId": lambda: random.choice(["181", "182", "183", "181****", "999", ""]),
    }
    return {name: offer() for name, offer in offers.items() if random.random() < 0.17}


ACCOUNTS = {
    "181": ("owner", set(), True),
    "182": ("reseller", {"181", "183"}, True),
    "183": ("distributor", set(), True),
    "184": ("owner", {"183"}, False),
}
DIRECTORY = bss.Directory(
    {key: bss.Caller(role, customers, may) for key, (role, customers, may) in ACCOUNTS.items()}
)


def names_one_of(message, parameters):
    return parameters is None or any(f" {name} " in message for name in parameters)


@pytest.mark.long
@pytest.mark.parametrize("part", range(4))
def test_list_instance_agrees(part, tries):
    answered, (seeds, requests) = 0, asked(part, tries)
    for seed in seeds:
        random = Random(seed)
        inventory = [airec_record(random, number) for number in range(random.randrange(60))]
        store = Store(airec.SCHEMA, inventory, segment_rows=random.choice([5, 32768]))
        for _ in range(requests):
            params = airec_request(random)
            code, wrong, items = naive.list_instance(inventory, params, NOW)
            reply = airec.list_instance(store, params, now=NOW)
            assert (reply.body["code"], reply.body["result"]) == (code, items), params
            assert reply.status == (400 if code else 200)
            assert names_one_of(reply.body["message"], wrong)
            answered += bool(items)
    assert answered > len(seeds) * requests / 8


@pytest.mark.long
@pytest.mark.parametrize("part", range(4))
def test_query_available_instances_agrees(part, tries):
    answered, (seeds, requests) = 0, asked(part, tries)
    for seed in seeds:
        random = Random(seed)
        inventory = [bss_record(random, number) for number in range(random.randrange(60))]
        store = Store(bss.SCHEMA, inventory, segment_rows=random.choice([5, 32768]))
        for _ in range(requests):
            params = bss_request(random)
            knows_callers = random.random() < 0.4
            caller = random.choice([*ACCOUNTS, "185", None]) if knows_callers else None
            products = {"ecs", "rds"} if random.random() < 0.3 else None
            code, wrong, number, size, items, total = naive.query_available_instances(
                inventory, params, caller, ACCOUNTS if knows_callers else None, products
            )
            directory = DIRECTORY if knows_callers else None
            reply = bss.query_available_instances(
                store, params, caller=caller, directory=directory, products=products, now=NOW
            )
            assert reply.body["Code"] == code, (params, reply)
            if code == "Success":
                expected = {
                    "PageNum": number,
                    "PageSize": size,
                    "TotalCount": total,
                    "InstanceList": items,
                }
                assert reply.body["Data"] == expected, params
                answered += bool(items)
            else:
                assert "Data" not in reply.body
                assert reply.status == 400
                assert names_one_of(reply.body["Message"], wrong)
    assert answered > len(seeds) * requests / 8
