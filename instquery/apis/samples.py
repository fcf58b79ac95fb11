"""Made-up inventories that look like real ones: for the demo, for benchmarks, and for trying things out.

Owners, products and regions follow Zipf's law; records were mostly created one after the other, some in
bursts within one second and some written late; names are Chinese, Latin or both; optional members are
absent where they would be. The same seed gives the same inventory.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from random import Random
from typing import TypeVar

from instquery.instants import to_micros, to_text
from instquery.options import check_kind, check_whole
from instquery.query import Record, moment_of

__all__ = ["ANCHOR", "ESTATES", "airec", "bss"]

T = TypeVar("T")

_DAY = 86_400_000_000
ANCHOR = datetime(2026, 6, 1, tzinfo=UTC)
"""The moment at which the inventories are seen, so that they do not change from day to day."""

_REGIONS = (
    "cn-hangzhou",
    "cn-beijing",
    "cn-shanghai",
    "cn-shenzhen",
    "ap-southeast-1",
    "cn-hongkong",
    "us-west-1",
    "eu-central-1",
)
_WORDS = ("推荐", "首页", "直播", "搜索", "实例", "feed", "shop", "news", "video", "item", "related", "cart")
_STAGES = ("生产", "测试", "预发", "prod", "test", "staging", "灰度", "Beta")
_PRODUCTS = (
    ("ecs", "ecs", "i-bp"),
    ("rds", "rds_ordinary", "rm-bp"),
    ("slb", "slb", "lb-bp"),
    ("oss", "oss", "oss-"),
    ("yundisk", "disk", "d-bp"),
    ("kvstore", "redisa", "r-bp"),
    ("cdn", "cdn", "cdn-"),
    ("vpn", "vpn", "vpn-"),
    ("airec", "airecpre", "airec-cn-"),
    ("flowpack", "flowpack", "IFP-"),
    ("polardb", "polardb_mysql", "pc-bp"),
    ("dds", "dds", "dds-bp"),
)
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"


def airec(count: int, *, seed: int = 1, now: datetime = ANCHOR) -> Iterator[Record]:
    """Yield `count` records of Airec instances as seen at `now`, in no order."""
    return _airec(count, _checked(count, seed, now), now)


def bss(count: int, *, seed: int = 1, now: datetime = ANCHOR) -> Iterator[Record]:
    """Yield `count` records of available instances of any product as seen at `now`, in no order."""
    return _bss(count, _checked(count, seed, now), now)


def _checked(count: object, seed: int, now: object) -> Random:
    """Check what was asked for, and return what chance is made of."""
    check_whole("count", count)
    check_whole("seed", seed, least=None)
    check_kind("now", now, datetime, "a datetime")
    moment_of(now)
    return Random(seed)  # noqa: S311 - seeded on purpose, and nothing to do with security


def _airec(count: int, random: Random, now: datetime) -> Iterator[Record]:
    region = _zipf(random, _REGIONS)
    for number, created in enumerate(_creations(random, count, now)):
        subscription = random.random() < 0.7
        prefix = "airec-" + ("cn-" if random.random() < 0.9 else "intl-")
        record = {
            "instanceId": prefix + _identity(number),
            "name": _name(random, number),
            "regionId": region(),
            "type": random.choice(("Standard", "Algorithm_configuration", "Industry_operation", "Cold_start")),
            "lockMode": random.choices(("Unlock", "ManualLock", "LockByExpiration"), (94, 2, 4))[0],
            "status": random.choices(("Running", "Ready", "Initializing"), (80, 17, 3))[0],
            "chargeType": "PrePaid" if subscription else "PostPaid",
            "industry": random.choice(("content", "item", "news")),
            "commodityCode": "airecpre" if subscription else "airec",
            "gmtCreate": to_text(created, "milliseconds"),
            "gmtModified": to_text(created + random.randrange(40 * _DAY), "milliseconds"),
        }
        if subscription:
            record["expiredTime"] = to_text(_expiry(random, created, now), "milliseconds")
        if random.random() < 0.8:
            record["dataSetVersion"] = to_text(created)[:19].translate({45: None, 58: None, 84: None})
        yield record


def _bss(count: int, random: Random, now: datetime) -> Iterator[Record]:
    region = _zipf(random, _REGIONS)
    product = _zipf(random, _PRODUCTS)
    owner = _zipf(random, [str(1_000_000_000_000_000 + 7_919 * n) for n in range(max(10, count // 40))])
    for number, created in enumerate(_creations(random, count, now)):
        code, kind, prefix = product()
        subscription = random.random() < 0.6
        record = {
            "InstanceID": prefix + _identity(number),
            "OwnerId": owner(),
            "ProductCode": code,
            "ProductType": kind,
            "SubscriptionType": "Subscription" if subscription else "PayAsYouGo",
            "Region": region(),
            "Status": random.choices(("Normal", "Creating", "WaitForExpire", "Released"), (90, 1, 6, 3))[0],
            "SubStatus": random.choices(("Normal", "Upgrading"), (98, 2))[0],
            "Seller": random.choices(("26888", "26842"), (9, 1))[0],
            "CreateTime": to_text(created, "seconds"),
        }
        if subscription:
            end = _expiry(random, created, now)
            renewal = random.choices(("AutoRenewal", "ManualRenewal", "NotRenewal"), (3, 6, 1))[0]
            record |= {"EndTime": to_text(end, "seconds"), "RenewStatus": renewal}
            record |= {"ExpectedReleaseTime": to_text(end + 15 * _DAY, "seconds")}
            if renewal == "AutoRenewal":
                record |= {"RenewalDuration": random.choice(("1", "3", "6", "12")), "RenewalDurationUnit": "M"}
            if end <= to_micros(now):
                record["StopTime"] = record["EndTime"]
        yield record


def _creations(random: Random, count: int, now: datetime) -> Iterator[int]:
    """Yield creation times over three years up to `now`, in whole seconds."""
    end = to_micros(now)
    step = 3 * 365 * _DAY // max(count, 1)
    burst = 0  # records that are still to come within the same second
    at = end
    for number in range(count):
        if burst:
            burst -= 1
        else:
            at = end - step * (count - number) + random.randrange(step + 1)
            burst = random.randrange(5, 40) if random.random() < 0.005 else 0
        late = random.randrange(30 * _DAY) if random.random() < 0.01 else 0
        yield (at - late) // 1_000_000 * 1_000_000


def _expiry(random: Random, created: int, now: datetime) -> int:
    """Return when a subscription ends: at 16:00 UTC of a day, most of them still to come."""
    end = to_micros(now) + random.randrange(-20, 400) * _DAY
    return max(end, created + 30 * _DAY) // _DAY * _DAY + 16 * _DAY // 24


def _identity(number: int) -> str:
    """Return ten letters and digits that no other number gets."""
    code = (number * 2_259_623_846_123_461 + 97) % 36**10  # a factor prime to 36 mixes without collisions
    letters: list[str] = []
    for _ in range(10):
        code, digit = divmod(code, 36)
        letters.append(_BASE36[digit])
    return "".join(letters)


def _name(random: Random, number: int) -> str:
    """Return a name as people give them: words, a stage, a number; two scripts, often in one name."""
    words = "".join(random.sample(_WORDS[:5], 2)) if random.random() < 0.3 else "-".join(random.sample(_WORDS, 2))
    return f"{words}{random.choice('-_ ')}{random.choice(_STAGES)}{random.choice(('', '-'))}{number % 9973}"


def _zipf(random: Random, values: Sequence[T]) -> Callable[[], T]:
    """Return a function that draws a value, the n-th of them with a weight of 1/n."""
    weights = list(accumulate(1 / rank for rank in range(1, len(values) + 1)))
    return lambda: random.choices(values, cum_weights=weights)[0]


ESTATES: Mapping[str, Callable[..., Iterator[Record]]] = {"airec": airec, "bss": bss}
"""The made-up inventory of each API of the catalog."""
