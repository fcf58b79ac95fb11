"""Very many random checks of the engine in memory: `python tests/many_checks.py --checks 500000`.

A check is one answer of one plan, compared with the naive reading: worn stores with small segments
and vacant rows, indexed or not, are asked random trees up to five deep, at random offsets, by every
plan, with and without the census. The seed of what disagrees is printed; `--seed` begins with it.
"""

import argparse
import random
import sys
import time

import pytest

import naive
import worn
from instquery import Query
from instquery.engine.plan import plans
from instquery.engine.search import search

_KINDS_OF_KEY = ["text", "keyword"]
_WHERES = 12  # that one state of a store is asked
_STATES = 6  # of one store


def wheres_of(chance, kind_of_key):
    """Some conditions: mostly one tree, sometimes with others beside it."""
    leaves = worn.some_conditions(chance, kind_of_key)
    for _ in range(_WHERES):
        beside = chance.choices(leaves, k=chance.choice([0, 0, 1, 2]))
        yield [worn.some_tree(chance, leaves), *beside]


def compare(store, held, where, chance):
    """Compare all plans of one query; return how many answers were compared."""
    descending = store.schema.order.descending
    expected = worn.matching(held.values(), where, descending=descending)
    wanted = worn.predicates(where)
    offset = chance.choice([0, 0, 1, len(expected) // 2, len(expected)])
    query = Query(
        wanted, offset=offset, limit=chance.choice([1, 3, 50]), total=chance.random() < 0.7
    )
    total = len(expected) if query.total else None
    page = (expected[offset : offset + query.limit], total)

    version, census = store._current.version, store._current.census
    count = 0
    for known in (census, None):
        for plan in plans(query, version, known):
            assert search(version, query, plan) == page, plan
            assert plan.known in (None, len(expected)), plan
            count += 1

    record = worn.made(chance, chance.randrange(60))
    is_met = all(naive.holds(record, condition) for condition in where)
    assert store.schema.matches(wanted, record) == is_met
    assert Query.from_dict(query.to_dict()) == query
    return count + 1


def check(seed):
    """Compare the answers of one store, through a few of its states; return how many."""
    chance = random.Random(seed)
    kind_of_key = chance.choice(_KINDS_OF_KEY)
    declared = worn.schema(
        kind_of_key, indexed=chance.random() < 0.7, descending=chance.random() < 0.5
    )
    store, held = worn.worn(declared, chance)
    lost = {}
    count = 0
    for _ in range(_STATES):
        for where in wheres_of(chance, kind_of_key):
            count += compare(store, held, where, chance)
        worn.write(store, held, lost, chance)
    assert store.verify() == []
    return count


def check_many(checks, first=0):
    """Make at least so many checks; return how many there were."""
    count, seed = 0, first
    while count < checks:
        try:
            count += check(seed)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
        seed += 1
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--checks", type=int, default=500_000, help="how many, at the least")
    parser.add_argument("--seed", type=int, default=0, help="the first of the random stores")
    options = parser.parse_args()

    begun = time.perf_counter()
    with pytest.MonkeyPatch.context() as patch:
        worn.have_small_numbers(patch)
        count = check_many(options.checks, options.seed)
    seconds = time.perf_counter() - begun
    sys.stdout.write(f"{count:,} checks agree, {seconds:,.0f} s\n")


if __name__ == "__main__":
    main()
