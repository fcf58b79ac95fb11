"""Sample inventories that look like real ones: what the samples of all APIs are made with.

They serve the demonstration, the benchmarks, and whoever tries things out.

Owners, products and regions follow Zipf's law. Most records are created one after the other, some
in bursts within one second, and some are written late. Names are Chinese, Latin or both. Optional
members are absent where they would be. The same seed gives the same inventory.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from random import Random
from typing import Protocol, TypeAlias, TypeVar

from instquery.instants import to_micros
from instquery.options import check_kind, check_whole
from instquery.query import Record, moment_of

__all__ = [
    "ANCHOR",
    "DAY",
    "REGIONS",
    "Samples",
    "creation_times",
    "expiry_time",
    "instance_name",
    "samples_by",
    "unique_suffix",
    "zipf_choice",
]

Choice = TypeVar("Choice")

ANCHOR = datetime(2026, 6, 1, tzinfo=UTC)
"""The moment at which the inventories are seen, so that they do not change from day to day."""

DAY = 86_400_000_000
"""In microseconds."""

REGIONS = (
    "cn-hangzhou",
    "cn-beijing",
    "cn-shanghai",
    "cn-shenzhen",
    "ap-southeast-1",
    "cn-hongkong",
    "us-west-1",
    "eu-central-1",
)
_WORDS = (
    "推荐",
    "首页",
    "直播",
    "搜索",
    "实例",
    "feed",
    "shop",
    "news",
    "video",
    "item",
    "related",
    "cart",
)
_STAGES = ("生产", "测试", "预发", "prod", "test", "staging", "灰度", "Beta")
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"


class Samples(Protocol):
    """Makes up the records of one API."""

    def __call__(self, count: int, *, seed: int = 1, now: datetime = ANCHOR) -> Iterator[Record]:
        """Yield `count` records as seen at `now`, in no order; the same seed gives the same ones.

        Raises `InstqueryError` for an option that cannot be used; when it is called.
        """
        ...


Maker: TypeAlias = Callable[[int, Random, datetime], Iterator[Record]]
"""Makes up a number of records, by random numbers, as seen at a moment."""


def samples_by(make: Maker) -> Samples:
    """Return what makes up records by a function that is given checked options."""

    def samples(count: int, *, seed: int = 1, now: datetime = ANCHOR) -> Iterator[Record]:
        return make(count, _seeded(count, seed, now), now)

    return samples


def _seeded(count: object, seed: int, now: object) -> Random:
    """Check what was asked for, and return a generator of random numbers.

    Raises:
        InstqueryError: for an option that cannot be used.

    """
    check_whole("count", count)
    check_whole("seed", seed, least=None)
    check_kind("now", now, datetime, "a datetime")
    moment_of(now)
    return Random(seed)  # noqa: S311 - seeded on purpose, and nothing to do with security


def creation_times(random: Random, count: int, now: datetime) -> Iterator[int]:
    """Yield creation times over three years up to `now`, in whole seconds."""
    end = to_micros(now)
    step = 3 * 365 * DAY // max(count, 1)

    created = end
    burst = 0  # records that are still to come within the same second
    for number in range(count):
        if burst:
            burst -= 1
        else:
            created = end - step * (count - number) + random.randrange(step + 1)
            burst = random.randrange(5, 40) if random.random() < 0.005 else 0

        late = random.randrange(30 * DAY) if random.random() < 0.01 else 0
        yield (created - late) // 1_000_000 * 1_000_000


def expiry_time(random: Random, created: int, now: datetime) -> int:
    """Return when a subscription ends: at 16:00 UTC of a day, most of them still to come."""
    end = to_micros(now) + random.randrange(-20, 400) * DAY
    return max(end, created + 30 * DAY) // DAY * DAY + 16 * DAY // 24


def unique_suffix(number: int) -> str:
    """Return ten letters and digits that no other number gets."""
    # A factor prime to 36 mixes without collisions.
    code = (number * 2_259_623_846_123_461 + 97) % 36**10
    letters: list[str] = []
    for _ in range(10):
        code, digit = divmod(code, 36)
        letters.append(_BASE36[digit])
    return "".join(letters)


def instance_name(random: Random, number: int) -> str:
    """Return a name as people give them: words, a stage, a number.

    Two scripts, often in one name.
    """
    words, joint = (_WORDS[:5], "") if random.random() < 0.3 else (_WORDS, "-")
    name = joint.join(random.sample(words, 2))
    stage = f"{random.choice('-_ ')}{random.choice(_STAGES)}"
    return f"{name}{stage}{random.choice(('', '-'))}{number % 9973}"


def zipf_choice(random: Random, values: Sequence[Choice]) -> Callable[[], Choice]:
    """Return a function that draws a value, the n-th of them with a weight of 1/n."""
    weights = list(accumulate(1 / rank for rank in range(1, len(values) + 1)))
    return lambda: random.choices(values, cum_weights=weights)[0]
