"""What is hard for an index of this engine: one list, which grows by whatever anybody finds.

An inventory is a function of its size, made once for all the cases that follow one another on it.
Each case says which index it is against.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from random import Random
from typing import NamedTuple

from benchmarks.estates import airec as varied_airec
from benchmarks.estates import bss as varied_bss
from instquery import Contains, Eq, In, Query, Range, Store
from instquery.apis import airec, bss
from instquery.apis.catalog import CATALOG
from instquery.apis.samples import ANCHOR
from instquery.instants import to_micros, to_text
from instquery.query import Record

__all__ = ["CASES", "Case"]

_WHEN = "2026-01-01T00:00:00.000Z"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


Wheres = list[Eq | In | Contains | Range]


class Case(NamedTuple):
    """An inventory by its size, and what is asked of it."""

    make: Callable[[int], Store]
    ask: Callable[[int], Query]


def _estate(count: int) -> Store:
    return Store(airec.SCHEMA, CATALOG["airec"].samples(count))


def _varied_estate(count: int) -> Store:
    return Store(airec.SCHEMA, varied_airec(count))


def _varied_billing(count: int) -> Store:
    return Store(bss.SCHEMA, varied_bss(count))


def _named(names: Iterable[str], *, step: int = 1) -> Store:
    """Make instances of these names, `step` seconds between them."""
    first = to_micros(_WHEN)
    return Store(
        airec.SCHEMA,
        (_instance(number, name, first + number * step) for number, name in enumerate(names)),
    )


def _instance(number: int, name: str, micros: int) -> Record:
    created = to_text(micros, "milliseconds")
    return {"instanceId": f"i-{number:08}", "name": name, "status": "Running", "gmtCreate": created}


def _one_name_and_instant(count: int) -> Store:
    return _named(("the same name" for _ in range(count)), step=0)


def _never_together(count: int) -> Store:
    return _named(f"abc-bcd-{number}" for number in range(count))


# Just below every share of the rows at which an index of text changes its form, and above the last.
_SHARES = (2, 15, 17, 31, 33, 63, 65, 129, 257)


def _pieces(share: int) -> str:
    """Return four letters for a share, of which no two shares have any in common."""
    at = 0x4E00 + 8 * _SHARES.index(share)
    return "".join(chr(at + number) for number in range(4))


def _below_thresholds(count: int) -> Store:
    """Give one row in `share` the two pieces of three letters of four, never adjoining."""

    def names() -> Iterator[str]:
        for number in range(count):
            kept = [_pieces(share) for share in _SHARES if number % share == 0]
            yield "-".join([f"{four[:3]}-{four[1:]}" for four in kept] + [str(number)])

    return _named(names())


_LONG = _LETTERS + "0123456789"


def _shared_names(count: int) -> Store:
    """Let all names have both halves of 24 letters, and one in 33 those of 36, never adjoining."""

    def names() -> Iterator[str]:
        common, long = _LETTERS[:1:-1], _LONG
        for number in range(count):
            kept = f"{common[:-1]}_{common[1:]}_"
            yield f"{kept}{long[:-1]}_{long[1:]}" if number % 33 == 0 else f"{kept}{number}"

    return _named(names())


def _long_shared(count: int) -> Store:
    """Let all names share 36 letters, and one in 20 hold their windows and not them."""
    both = f"{_LONG[:-1]}_{_LONG[1:]}"
    return _named(f"{both if number % 20 == 7 else _LONG}-{number}" for number in range(count))


_LONGER = _LONG + _LONG[::-1][1:]


def _mirrored(count: int) -> Store:
    """Give one name in two 71 letters, there and back."""
    return _named(f"{_LONGER}-{number}" if number % 2 else f"{number}" for number in range(count))


def _repeated(count: int) -> Store:
    """Give names of one letter, of two by turns, and of thirty dashes and a number."""

    def name(number: int) -> str:
        if number % 3 == 0:
            return "a" * (25 + number % 36)
        return "xy" * (13 + number % 20) if number % 3 == 1 else "-" * 30 + str(number)

    return _named(map(name, range(count)))


def _repeated_words(count: int) -> Store:
    """Give every second name one word of four letters again and again."""
    return _named("wxyz" * (7 + n % 9) if n % 2 else f"name-{n}" for n in range(count))


def _repeated_alphabets(count: int) -> Store:
    """Give every second name 26 letters again and again: longer than runs are known."""
    return _named((_LETTERS * 3)[: 52 + n % 26] if n % 2 else f"name-{n}" for n in range(count))


def _small_alphabets(count: int) -> Store:
    """Give names of twenty letters: of two, of five, or sixteen words of three."""
    draw = Random(1)
    words = [one + two + three for one in "xyzw" for two in "aeio" for three in "kl"]
    drawn = {"ab": 20, "cdefg": 20, tuple(f" {word}" for word in words): 5}
    kinds = [*drawn.items()]
    return _named("".join(draw.choices(*kinds[n % 3][:1], k=kinds[n % 3][1])) for n in range(count))


def _long_names(count: int) -> Store:
    def names() -> Iterator[str]:
        draw = Random(1)
        for _ in range(max(50, count // 1000)):
            yield "".join(draw.choices(_LETTERS, k=10_000))

    return _named(names())


def _late_matches(count: int) -> Store:
    """Give one piece to the oldest rows alone, another to every second of them."""
    late = count // 50
    return _named(
        f"late {'even' if number % 2 else 'odd'} {number}" if number < late else f"new-{number}"
        for number in range(count)
    )


def _owned(count: int) -> Store:
    """Let owners have 1 %, 0.3 % and 0.1 % of the records, a quarter of these a product."""

    def records() -> Iterator[Record]:
        first, draw = to_micros(_WHEN), Random(1)
        for number in range(count):
            share = next((share for share in (100, 333, 1000) if number % share == 7), 0)
            yield {
                "InstanceID": f"i-{number:08}",
                "OwnerId": f"one in {share}" if share else f"o-{number % 5000}",
                "ProductCode": draw.choice(("ecs", "rds", "oss", "slb")),
                "Region": draw.choice(("north", "south")),
                "CreateTime": to_text(first + number * 10**6, "seconds"),
                "EndTime": to_text(first + draw.randrange(10**14), "seconds"),
            }

    return Store(bss.SCHEMA, records())


def _back_dated(count: int) -> Store:
    """Put 5,000 records, one by one, below all others of one segment."""
    store = Store(bss.SCHEMA, CATALOG["bss"].samples(count))
    bottom = ANCHOR - timedelta(days=2000)
    for number in range(min(5000, count)):
        created = to_text(to_micros(bottom + timedelta(seconds=number * 7919 % 5000)), "seconds")
        store.put(
            {
                "InstanceID": f"late-{number}",
                "OwnerId": f"{number % 50}",
                "Region": "r",
                "CreateTime": created,
            }
        )
    return store


def _ask(*where: Eq | In | Contains | Range, offset: int = 0) -> Callable[[int], Query]:
    return lambda _count: Query(where, offset=offset, limit=50)


def _deep(*where: Eq | In | Contains | Range, share: float = 1) -> Callable[[int], Query]:
    """Ask for the page at this share of the inventory."""
    return lambda count: Query(where, offset=max(0, int(count * share) - 50), limit=50)


_HALF = Range("CreateTime", since=ANCHOR - timedelta(days=1369), until=ANCHOR - timedelta(days=456))
_OTHER_HALF = Range("EndTime", since=ANCHOR + timedelta(days=100))
_PRODUCT: Wheres = [Eq("ProductCode", "ecs")]
_THREE: Wheres = [*_PRODUCT, Eq("Region", "north"), Range("EndTime", since="2027-01-01")]

CASES = {
    # text: which needles leave much to look through
    "a needle that is nowhere": Case(_estate, _ask(Contains("name", "no such name"))),
    "a needle of one letter": Case(_estate, _ask(Contains("name", "t"))),
    "a needle of one rare character": Case(_estate, _ask(Contains("instanceId", "_"))),
    "a needle of scattered digits": Case(_estate, _ask(Contains("name", "4321"))),
    "the last page of everything": Case(_estate, _deep()),
    "predicates that contradict each other": Case(
        _estate, _ask(Eq("status", "Running"), Eq("status", "Ready"))
    ),
    "varied: a needle of one letter": Case(_varied_estate, _ask(Contains("name", "q"))),
    "varied: a needle of one digit, deep page": Case(
        _varied_estate, _deep(Contains("name", "7"), share=0.3)
    ),
    "varied: a needle of one Chinese character": Case(_varied_estate, _ask(Contains("name", "数"))),
    "varied: two Chinese characters": Case(_varied_estate, _ask(Contains("name", "据库"))),
    "varied: three digits": Case(_varied_estate, _ask(Contains("name", "431"))),
    "varied: five digits": Case(_varied_estate, _ask(Contains("name", "43217"))),
    "varied: three characters of IDs": Case(_varied_estate, _ask(Contains("instanceId", "x7q"))),
    "varied: two needles of one letter": Case(
        _varied_estate, _ask(Contains("name", "q"), Contains("instanceId", "7"))
    ),
    "varied: words that are nowhere together": Case(
        _varied_estate, _ask(Contains("name", "quinquinquin"))
    ),
    "a needle of common grams never together": Case(
        _never_together, _ask(Contains("name", "abcd"))
    ),
    "a needle of digits never together": Case(_never_together, _ask(Contains("name", "bcd-abc"))),
    **{
        f"grams of one row in {share} never together": Case(
            _below_thresholds, _ask(Contains("name", _pieces(share)))
        )
        for share in _SHARES
    },
    "two pieces of 24 letters that every name has, never together": Case(
        _shared_names, _ask(Contains("name", _LETTERS[:1:-1]))
    ),
    "two pieces of 36 letters of one row in 33, never together": Case(
        _shared_names, _ask(Contains("name", _LONG))
    ),
    "36 letters that all names share but some": Case(_long_shared, _ask(Contains("name", _LONG))),
    "27 letters that all names share": Case(_long_shared, _ask(Contains("name", _LONG[3:30]))),
    "142 letters that only in the middle are nowhere": Case(
        _mirrored, _ask(Contains("name", _LONGER * 2))
    ),
    **{
        f"repeated letters: {title}": Case(_repeated, _ask(Contains("name", needle)))
        for title, needle in {"one": "a" * 40, "two": "yx" * 15, "dashes": "-" * 30}.items()
    },
    "repeated letters: four": Case(_repeated_words, _ask(Contains("name", "xyzw" * 8))),
    "repeated letters: 26": Case(
        _repeated_alphabets, _ask(Contains("name", _LETTERS[9:] + _LETTERS[:19]))
    ),
    **{
        f"small alphabets: {needle}": Case(_small_alphabets, _ask(Contains("name", needle)))
        for needle in ("abbaabab", "babababababab", "a" * 12, "cdcd", "fgfgf", "ik yil", " yal yal")
    },
    "varied: two characters of one name in 27": Case(_varied_estate, _ask(Contains("name", " p"))),
    "varied: four letters of one name in 50": Case(_varied_estate, _ask(Contains("name", "vor-"))),
    "varied: four letters of some names": Case(_varied_estate, _ask(Contains("name", "ulmi"))),
    "one instant for all, deep page": Case(_one_name_and_instant, _deep(share=0.5)),
    "one instant for all, that time": Case(
        _one_name_and_instant,
        _ask(Range("gmtCreate", since=_WHEN, until=_WHEN), Contains("instanceId", "9")),
    ),
    "one name for all": Case(_one_name_and_instant, _ask(Contains("name", "same"))),
    "one name for all, another needle": Case(_one_name_and_instant, _ask(Contains("name", "mesa"))),
    "names of 10,000 characters": Case(_long_names, _ask(Contains("name", "abcd"))),
    "matches in the oldest 2 % alone": Case(_late_matches, _ask(Contains("name", "late"))),
    "matches in the oldest 2 % alone, deep page": Case(
        _late_matches, _deep(Contains("name", "late"), share=0.02)
    ),
    "half of the oldest 2 %, deep page": Case(
        _late_matches, _deep(Contains("name", "late even"), Eq("status", "Running"), share=0.01)
    ),
    # keywords, ranges, keys: which combinations have to be counted row by row
    **{
        f"an owner with one record in {share}, and {what}": Case(
            _owned, _ask(Eq("OwnerId", f"one in {share}"), *more)
        )
        for share in (100, 333, 1000)
        for what, more in {
            "a product": _PRODUCT,
            "a product, a region, a range": _THREE,
        }.items()
    },
    "300 owners": Case(_owned, _ask(In("OwnerId", [f"o-{number}" for number in range(300)]))),
    "300 owners and a range": Case(
        _owned,
        _ask(
            In("OwnerId", [f"o-{number}" for number in range(300)]),
            Range("EndTime", since="2027-01-01"),
        ),
    ),
    "two ranges, half in half": Case(_varied_billing, _ask(_HALF, _OTHER_HALF)),
    "two ranges, half in half, and a product": Case(
        _varied_billing, _ask(_HALF, _OTHER_HALF, Eq("ProductCode", "p00"))
    ),
    "two ranges, deep page": Case(_varied_billing, _deep(_HALF, _OTHER_HALF, share=0.1)),
    "300 IDs that are nowhere": Case(
        _varied_billing, _ask(In("InstanceID", [f"none-{number}" for number in range(300)]))
    ),
    "300 IDs": Case(
        _owned,
        lambda count: Query(
            [In("InstanceID", [f"i-{n:08}" for n in range(0, count, max(1, count // 300))][:300])]
        ),
    ),
    "predicates that exclude each other, unknown to the census": Case(
        _varied_billing,
        _ask(Eq("ProductCode", "p00"), Eq("ProductType", "p01_0"), Range("EndTime", since=ANCHOR)),
    ),
    "a segment full of back-dated writes": Case(
        _back_dated, _ask(Eq("OwnerId", "7"), Eq("Region", "r"))
    ),
}
"""Every case by its title; those on one inventory follow one another."""
