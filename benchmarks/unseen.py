"""Requests with parameters that were never asked before, drawn from an inventory by a seed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from random import Random

from benchmarks.questions import sample_of
from instquery.apis.samples import ANCHOR
from instquery.query import Record

__all__ = ["UNSEEN", "unseen"]

Params = dict[str, object]

_SECOND = int(ANCHOR.timestamp())
_DAY = 86_400
_EQUAL = ("ProductCode", "ProductType", "Region", "SubscriptionType", "RenewStatus", "OwnerId")
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def unseen(api: str, records: Sequence[Record], count: int, seed: int = 1) -> list[Params]:
    """Return requests to an API, all different; some ask for what is nowhere."""
    return list(islice(_different(UNSEEN[api](records, Random(seed))), count))


def _different(requests: Iterator[Params]) -> Iterator[Params]:
    seen = set()
    for params in requests:
        known = tuple(sorted(params.items()))
        if known not in seen:
            seen.add(known)
            yield params


def _airec(records: Sequence[Record], random: Random) -> Iterator[Params]:
    sample = sample_of(records)
    pages = max(2, len(records) // 50)
    while True:
        one, other = random.choice(sample), random.choice(sample)
        params: Params = {"size": random.choice((10, 20, 50))}
        kind = random.random()
        if kind < 0.4:
            params["name"] = _piece(random, str(one.get("name", "none")), 1, 6)
        elif kind < 0.5:
            params["name"] = str(one.get("name", "none"))[-5:]
        elif kind < 0.6:
            params["instanceId"] = _piece(random, one["instanceId"], 3, 8)
        elif kind < 0.68:
            params["instanceId"] = one["instanceId"]
        elif kind < 0.75:
            params[random.choice(("name", "instanceId"))] = _nowhere(random)
        elif kind < 0.85:
            params["page"] = random.randrange(1, pages)
        if random.random() < 0.4 or kind >= 0.85:
            params["status"] = other["status"]
        if random.random() < 0.3:
            params["expiredTime"] = _SECOND + random.randrange(_DAY, 400 * _DAY)
        yield params


def _bss(records: Sequence[Record], random: Random) -> Iterator[Params]:
    sample = sample_of(records)
    pages = max(2, len(records) // 100)
    while True:
        params: Params = {"PageSize": random.choice((20, 50, 100))}
        params |= _of_bss(sample, random, pages)
        if random.random() < 0.45:
            params |= _window(random, sample, "EndTime", -60, 700)
        if random.random() < 0.25:
            params |= _window(random, sample, "CreateTime", -1800, 0)
        if random.random() < 0.15:
            params.setdefault("PageNum", random.randrange(2, 9))
        yield params


def _of_bss(sample: Sequence[Record], random: Random, pages: int) -> Params:
    """Return IDs, an owner, what is nowhere, a deep page, or up to six equalities of a record."""
    one, kind = random.choice(sample), random.random()
    if kind < 0.15:
        some = random.sample(sample, min(len(sample), random.randrange(1, 99)))
        return {"InstanceIDs": ",".join([*(each["InstanceID"] for each in some), _nowhere(random)])}
    if kind < 0.3:
        return {"OwnerId": one["OwnerId"]}
    if kind < 0.35:
        return {random.choice(("OwnerId", "ProductCode")): _nowhere(random)}
    if kind < 0.45:
        return {"PageNum": random.randrange(1, pages)}
    names = random.sample(_EQUAL, random.randrange(1, 7))
    params: Params = {name: one[name] for name in names if name in one}
    return params | ({"ProductCode": one["ProductCode"]} if "Region" in params else {})


def _window(random: Random, sample: Sequence[Record], name: str, first: int, last: int) -> Params:
    """Return one bound or both, in days from now; or the very instants of two records."""
    days = [random.uniform(first, last) for _ in range(2)]
    bounds = [f"{ANCHOR + timedelta(days=day):%Y-%m-%dT%H:%M:%SZ}" for day in days]
    if random.random() < 0.5:
        bounds = [random.choice(sample).get(name, bound) for bound in bounds]
    start, end = sorted(bounds)
    both: Params = {f"{name}Start": start, f"{name}End": end}
    if random.random() < 0.4:
        both.pop(random.choice(list(both)))
    return both


def _piece(random: Random, text: str, least: int, most: int) -> str:
    """Cut a piece out of a text that is not blank."""
    size = random.randrange(least, most + 1)
    at = random.randrange(max(1, len(text) - size + 1))
    return text[at : at + size].strip() or text


def _nowhere(random: Random) -> str:
    return "zq" + "".join(random.choices(_LETTERS, k=random.randrange(3, 12)))


UNSEEN: Mapping[str, Callable[[Sequence[Record], Random], Iterator[Params]]] = {
    "airec": _airec,
    "bss": _bss,
}
"""What draws the requests to each API without an end."""
