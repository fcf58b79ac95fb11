"""A second generator of inventories, of another character than the package's samples.

| | `instquery.apis.samples` | here |
| --- | --- | --- |
| names | 12 words, 8 stages, 9,973 numbers | 1,500 words, 60 Chinese characters, 100,000 numbers |
| a Chinese character | in up to 20 % of the names | in 1 to 6 % |
| IDs | of one or two lengths | of 6 to 32 letters and digits behind 5 prefixes |
| records arrive | in order of creation, 1 % late | in no order, from five years |
| ends | at 16:00 of a day | at any second |
| owners | by Zipf's law | three fifths by Zipf's law, the others evenly, about 156 records each |
| types of products; regions | 12; 8 | 90; 24 |

It imports nothing of the package, so that the file works wherever it is copied to. The same seed
gives the same records.
"""

from collections.abc import Callable, Iterator
from itertools import accumulate
from random import Random
from time import gmtime
from typing import Any

__all__ = ["ESTATES", "EVENLY", "airec", "airec_records", "bss", "bss_records"]

Record = dict[str, Any]

EVENLY = 156
"""About how many records an owner has that is drawn evenly, whatever the size of the inventory."""

_NOW = 1_780_272_000  # 2026-06-01T00:00:00Z, the anchor of the package's samples
_DAY = 86_400
_YEARS = 5 * 365 * _DAY
_CHUNK = 10_000  # records that are drawn at a time

_SYLLABLES = (
    *("ka", "ro", "mi", "sen", "tal", "vor", "lu", "quin", "dex", "pha", "zo", "bre", "chi"),
    *("nov", "gar", "hel", "ix", "jun", "wex", "yor", "ul", "stra", "pli", "fen", "om", "dra"),
)
_CHINESE = (
    "云服务器数据库网关存储安全日志监控消息队列缓存搜推荐播视频图像语音金融电商物流游戏教育医疗"
    "华东南北西中研发运维测试灰度主备份容灾"
)
_PLACES = ("north-1", "north-2", "south-1", "south-2", "east-1", "west-1")
_REGIONS = [f"{area}-{place}" for area in ("cn", "ap", "eu", "us") for place in _PLACES]
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"


def airec(count: int, *, seed: int = 1) -> list[Record]:
    """Return records of Airec instances.

    >>> [len(airec(3)), airec(3) == airec(3), airec(3) == airec(3, seed=2)]
    [3, True, False]
    """
    return list(airec_records(count, seed=seed))


def bss(count: int, *, seed: int = 1) -> list[Record]:
    """Return records of BSS: instances of any product."""
    return list(bss_records(count, seed=seed))


def airec_records(count: int, *, seed: int = 1) -> Iterator[Record]:
    """Yield records of Airec instances, one at a time."""
    random = Random(f"airec {seed}")
    identity, name = _identities(random), _names(random)
    for fields in _draw(random, count, _AIREC):
        created = _NOW - int(random.random() * _YEARS)
        subscription = fields.pop("subscription")
        record: Record = {
            "instanceId": identity(("airec-", "airec-cn-", "rec", "i-", "AIREC-intl-")),
            **fields,
            "gmtCreate": f"{_second(created)}.{int(random.random() * 1000):03}Z",
            "gmtModified": f"{_second(created + int(random.random() * 90 * _DAY))}.000Z",
        }
        if random.random() < 0.99:
            record["name"] = name()
        if subscription:
            ends = _NOW + int((random.random() * 760 - 60) * _DAY)
            record["expiredTime"] = f"{_second(max(ends, created + 7 * _DAY))}.000Z"
        if random.random() < 0.3:
            record["dataSetVersion"] = f"v{created % 1000}"
        yield record


def bss_records(count: int, *, seed: int = 1) -> Iterator[Record]:
    """Yield records of BSS, one at a time."""
    random = Random(f"bss {seed}")
    identity, owner = _identities(random), _owners(random, count)
    for fields in _draw(random, count, _BSS):
        created = _NOW - int(random.random() * _YEARS)
        subscription = fields.pop("subscription")
        code, kind = fields.pop("product")
        record: Record = {
            "InstanceID": identity(("i-", "rm-", "lb-bp", "oss-", "IFP-")),
            "OwnerId": owner(),
            "ProductCode": code,
            "ProductType": kind,
            "SubscriptionType": "Subscription" if subscription else "PayAsYouGo",
            **fields,
            "CreateTime": f"{_second(created)}Z",
        }
        if subscription:
            ends = _NOW + int((random.random() * 760 - 60) * _DAY)
            record["EndTime"] = f"{_second(max(ends, created + 7 * _DAY))}Z"
            if ends <= _NOW:
                record["StopTime"] = record["EndTime"]
        else:
            del record["RenewStatus"]
        yield record


ESTATES: dict[str, Callable[..., Iterator[Record]]] = {"airec": airec_records, "bss": bss_records}
"""The generator of each API."""

Column = tuple[list[Any], list[float]]
"""Values of a field, and how often each is drawn: weights added up."""


def _column(values: list[Any], weights: list[float]) -> Column:
    return values, list(accumulate(weights))


def _zipf(values: list[Any], power: float = 1.0) -> Column:
    return _column(values, [1 / rank**power for rank in range(1, len(values) + 1)])


_SUBSCRIPTION = _column([True, False], [6, 4])

_TYPES = ["Standard", "Algorithm", "Operation", "Cold_start", "Trial"]

_AIREC: dict[str, Column] = {
    "subscription": _SUBSCRIPTION,
    "status": _column(["Running", "Ready", "Initializing", "Starting"], [60, 25, 10, 5]),
    "regionId": _zipf(_REGIONS, 0.7),
    "type": _column(_TYPES, [5, 4, 3, 2, 1]),
    "lockMode": _column(["Unlock", "ManualLock", "LockByExpiration"], [80, 5, 15]),
    "chargeType": _column(["PrePaid", "PostPaid"], [6, 4]),
    "industry": _zipf([f"industry-{number}" for number in range(12)], 0.5),
    "commodityCode": _column(["airec", "airecpre", "airec_intl", "airec_dg"], [4, 3, 2, 1]),
}

_BSS: dict[str, Column] = {
    "subscription": _SUBSCRIPTION,
    "product": _zipf(
        [(f"p{code:02}", f"p{code:02}_{kind}") for kind in range(3) for code in range(30)], 0.6
    ),
    "Region": _zipf(_REGIONS, 0.7),
    "Status": _column(
        ["Normal", "Creating", "WaitForExpire", "Expired", "Released"], [70, 3, 12, 10, 5]
    ),
    "SubStatus": _column(["Normal", "Upgrading", "Locked"], [90, 4, 6]),
    "RenewStatus": _column(["AutoRenewal", "ManualRenewal", "NotRenewal"], [4, 4, 2]),
    "Seller": _zipf(["26888", "26842", "26900", "27001"]),
}


def _draw(random: Random, count: int, table: dict[str, Column]) -> Iterator[Record]:
    """Yield a new dict with a value for each column, drawn by the thousand, which is quicker."""
    left = count
    while left > 0:
        size = min(left, _CHUNK)
        drawn = [
            random.choices(values, cum_weights=weights, k=size)
            for values, weights in table.values()
        ]
        names = list(table)
        for row in zip(*drawn, strict=True):
            yield dict(zip(names, row, strict=True))
        left -= size


def _identities(random: Random) -> Callable[[tuple[str, ...]], str]:
    """Return a function that makes an ID of any of many lengths that it has not made before."""
    pieces = [a + b + c for a in _BASE36 for b in _BASE36 for c in _BASE36]
    made: set[str] = set()

    def identity(prefixes: tuple[str, ...]) -> str:
        while True:
            letters = "".join(random.choices(pieces, k=11))
            found = random.choice(prefixes) + letters[: 6 + int(random.random() * 27)]
            if found not in made:
                made.add(found)
                return found

    return identity


def _names(random: Random) -> Callable[[], str]:
    """Return a function that makes a name: words, none to four Chinese characters, five digits.

    A Chinese character is in 1 to 6 % of the names.
    """
    made = ["".join(random.choices(_SYLLABLES, k=random.choice((1, 2, 2, 3)))) for _ in range(1600)]
    words = sorted(set(made))
    random.shuffle(words)
    words[::7] = [word.upper() for word in words[::7]]
    by_use = list(accumulate(1 / (20 + rank) for rank in range(len(words))))
    characters = list(dict.fromkeys(_CHINESE))[:60]
    often = list(accumulate(1 + 5 * at / len(characters) for at in range(len(characters))))

    def name() -> str:
        first, second = random.choices(words, cum_weights=by_use, k=2)
        chinese = "".join(random.choices(characters, cum_weights=often, k=4))
        digits = f"{int(random.random() * 100_000):05}"
        form = random.random()
        if form < 0.3:
            return f"{first}-{chinese[:2]}-{digits}"
        if form < 0.5:
            return f"{chinese}{first}{digits}"
        if form < 0.7:
            return f"{first}-{second}_{digits}"
        if form < 0.9:
            return f"{chinese[:3]} {first} {second}-{digits}"
        return f"{second}.{first}" + chinese[:2]

    return name


def _owners(random: Random, count: int) -> Callable[[], str]:
    """Return a function that draws an owner: by Zipf's law, or evenly among others."""
    known = [str(random.randrange(10**9, 10**16)) for _ in range(max(10, count // 50))]
    by_law = _zipf(known, 0.9)
    even = [str(random.randrange(10**15, 10**16)) for _ in range(max(1, count * 2 // 5 // EVENLY))]

    def owner() -> str:
        if random.random() < 0.4:
            return random.choice(even)
        return str(random.choices(by_law[0], cum_weights=by_law[1])[0])

    return owner


_days: dict[int, str] = {}


def _second(seconds: int) -> str:
    """Return a time as ISO 8601 text without a zone."""
    day, rest = divmod(seconds, _DAY)
    text = _days.get(day)
    if text is None:
        year, month, date = gmtime(day * _DAY)[:3]
        text = _days[day] = f"{year:04}-{month:02}-{date:02}T"
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{text}{hours:02}:{minutes:02}:{rest:02}"
