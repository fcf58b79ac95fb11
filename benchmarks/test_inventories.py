"""The inventories are of the characters that they are said to be of, and so are the requests."""

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from benchmarks import estates
from benchmarks.inventories import FIELDS, inventory
from benchmarks.questions import IS_CHINESE, questions_of
from benchmarks.unseen import UNSEEN, unseen
from instquery.apis.catalog import CATALOG
from instquery.apis.samples import ANCHOR
from instquery.instants import to_micros

_COUNT = 6000


@pytest.fixture(scope="module")
def varied() -> dict[str, list[dict[str, Any]]]:
    return {"airec": estates.airec(_COUNT), "bss": estates.bss(_COUNT)}


@pytest.mark.parametrize("api", estates.ESTATES)
def test_the_same_seed_gives_the_same_records(api: str) -> None:
    make = estates.ESTATES[api]
    assert list(make(300)) == list(make(300)) != list(make(300, seed=2))
    assert list(make(0)) == []
    assert to_micros(ANCHOR) == estates._NOW * 10**6


def test_names_are_of_many_words_and_characters(varied: dict[str, list[dict[str, Any]]]) -> None:
    names = [record["name"] for record in varied["airec"] if "name" in record]
    shares = Counter(character for name in names for character in set(IS_CHINESE.findall(name)))
    assert len(shares) > 50
    assert 0.005 < min(shares.values()) / len(names) < 0.015
    assert 0.04 < max(shares.values()) / len(names) < 0.075
    assert len(set(names)) > 0.98 * len(names)
    assert sum(name[-5:].isdigit() for name in names) > 0.85 * len(names)


@pytest.mark.parametrize("api", ["airec", "bss"])
def test_ids_are_of_many_lengths_and_records_in_no_order(
    api: str, varied: dict[str, list[dict[str, Any]]]
) -> None:
    schema = CATALOG[api].operation.schema
    keys = [record[schema.key] for record in varied[api]]
    assert len(set(keys)) == _COUNT
    assert len({len(key) for key in keys}) > 20
    created = [record[schema.order.field] for record in varied[api]]
    assert 0.45 < sum(later < earlier for earlier, later in pairwise(created)) / _COUNT < 0.55


def test_owners_are_by_zipfs_law_and_even(varied: dict[str, list[dict[str, Any]]]) -> None:
    owners = Counter(record["OwnerId"] for record in varied["bss"])
    ranked = [count for _, count in owners.most_common()]
    assert ranked[0] > 2 * estates.EVENLY
    even = [count for count in ranked if 0.7 < count / estates.EVENLY < 1.4]
    assert len(even) > 8
    assert len({record["ProductType"] for record in varied["bss"]}) == 90


@pytest.mark.parametrize("api", CATALOG)
def test_requests_have_the_same_titles_whatever_the_inventory(api: str) -> None:
    titles = [
        list(questions_of(api, list(inventory(data, api, 2000))))
        for data, of in FIELDS
        if of == api
    ]
    assert all(found == titles[0] for found in titles)


@pytest.mark.parametrize("api", UNSEEN)
def test_no_request_is_drawn_twice(api: str) -> None:
    records = list(inventory("samples", api, 2000))
    drawn = [tuple(sorted(params.items())) for params in unseen(api, records, 1000)]
    assert len(set(drawn)) == 1000
    assert unseen(api, records, 10) == unseen(api, records, 10)
