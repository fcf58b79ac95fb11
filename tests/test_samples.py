"""Sample inventories: the same seed gives the same records, fit to load, shaped as promised."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest

from instquery.apis.catalog import CATALOG
from instquery.apis.samples import ANCHOR
from instquery.instants import to_micros

# When records were created, and a member that some of them have.
SHAPES = {
    "airec": ("gmtCreate", "expiredTime"),
    "bss": ("CreateTime", "EndTime"),
    "ecs": ("CreationTime", "EipAddress"),
    "rds": ("CreateTime", "ExpireTime"),
    "tablestore": ("CreateTime", "Tags"),
    "airec2018": ("GmtCreate", "ExpiredTime"),
}


@pytest.mark.parametrize("name", CATALOG)
def test_samples(name):
    schema = CATALOG[name].operation.schema
    records = list(CATALOG[name].samples(3000, seed=7))
    assert records == list(CATALOG[name].samples(3000, seed=7))
    assert records != list(CATALOG[name].samples(3000, seed=8))
    entries = [schema.take(record) for record in records]
    assert len({entry.key for entry in entries}) == 3000
    assert all(set(record) <= set(schema.fields) for record in records)
    created, optional = SHAPES[name]
    ranks = [to_micros(record[created]) for record in records]
    assert max(ranks) <= to_micros(ANCHOR)
    assert min(ranks) > to_micros(ANCHOR - timedelta(days=4 * 365))
    late = sum(later < earlier for earlier, later in pairwise(ranks))
    assert 0 < late < 300  # mostly in order
    assert max(Counter(ranks).values()) >= 5  # bursts in one second
    assert 0.3 < sum(optional in record for record in records) / 3000 < 0.8


@pytest.mark.parametrize("name", CATALOG)
def test_there_may_be_no_samples_at_all(name):
    assert list(CATALOG[name].samples(0)) == []


def test_owners_follow_zipfs_law_and_names_are_of_two_scripts():
    owners = Counter(record["OwnerId"] for record in CATALOG["bss"].samples(5000))
    ranked = [count for _, count in owners.most_common()]
    assert ranked[0] > 3 * ranked[5] > 3 * ranked[50] > 0
    names = [record["name"] for record in CATALOG["airec"].samples(500)]
    assert any(name.isascii() for name in names)
    assert any(not name.isascii() for name in names)
