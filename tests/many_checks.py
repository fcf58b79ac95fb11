"""Very many random checks of the engine in memory: `python tests/many_checks.py --checks 500000`.

A check is one answer, compared with the naive reading. Worn stores with small segments and vacant
rows, kept in any order, with any of their fields indexed, are asked trees up to five deep, in any
order. Of a store and of its snapshots these are compared:

- every plan's page, at the offsets where something changes, and what it finds behind any place;
- walks by cursors while records are written, in the state of their first page and live;
- selections, facets of fields and combinations, histograms.

The seed of what disagrees is printed; `--seed` begins with it.
"""

import argparse
import random
import sys
import time

import pytest

import naive
import worn
from instquery import And, Query
from instquery.engine.plan import plans
from instquery.engine.search import resume, search
from strategies import order

_KINDS_OF_KEY = ["text", "keyword"]
_WHERES = 8  # that one state of a store is asked
_STATES = 6  # of one store
_LIMITS = [0, 1, 3, 50]
_EDGES = [0, 2, 3, 9, 18]


class Checks:
    """One store through a few of its states, beside its records in a dict."""

    shown = ("id", "owner")
    counted = ("status", "owner")

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.begin(self.chance)
        self.lost = {}
        self.kept = []
        self.walks = []
        self.live = []
        self.is_live = self.chance.random() < 0.5  # as a live walk ends what another may be in
        self.count = 0

    # what is random

    def begin(self, chance):
        """Make a store, and hold its records."""
        self.kind_of_key = chance.choice(_KINDS_OF_KEY)
        named = [field for field in worn.FIELDS if chance.random() < 0.7]
        self.own = chance.choice([[], [("created", True)], [("created", False)], None])
        if self.own is None:
            self.own = worn.some_order(chance)
        declared = worn.schema(
            self.kind_of_key,
            indexed=chance.choice([True, named]),
            order=order(self.own) or None,
        )
        self.store, self.held = worn.worn(declared, chance)

    def leaves(self):
        return worn.some_conditions(self.chance, self.kind_of_key)

    def tree(self, leaves):
        return worn.some_tree(self.chance, leaves)

    def some_order(self):
        return worn.some_order(self.chance)

    def write(self):
        worn.write(self.store, self.held, self.lost, self.chance)

    def fresh(self):
        """Return a record, and as the naive reading has it."""
        record = worn.made(self.chance, self.chance.randrange(60))
        return record, record

    def told(self, answer):
        """Return an answer as the naive reading has it."""
        return answer

    # what is checked

    def run(self):
        """Ask and write in turns."""
        for _ in range(_STATES):
            self.kept = [*self.kept[-1:], (self.store.snapshot(), dict(self.held))]
            for where in self.wheres():
                self.ask(where)
            self.count_by_values_and_bins()
            for _ in range(self.chance.randrange(3)):
                self.write()
            self.go_on()
        assert self.store.verify() == []

    def wheres(self):
        """Yield some conditions: mostly one tree, sometimes with others beside it."""
        leaves = self.leaves()
        for _ in range(_WHERES):
            beside = self.chance.choices(leaves, k=self.chance.choice([0, 0, 1, 2]))
            yield [self.tree(leaves), *beside]

    def matches(self, held, where, given):
        """Return the matches in order, by the naive reading."""
        return [
            record
            for record in naive.sorted_by(held.values(), given)
            if all(naive.holds(record, condition) for condition in where)
        ]

    def agree(self, answer, expected, *about):
        """Compare two answers."""
        assert self.told(answer) == expected, about
        self.count += 1

    # pages

    def ask(self, where):
        """Compare what every plan of a query finds, in a random order or the store's own."""
        chance = self.chance
        given = self.own if chance.random() < 0.3 else self.some_order()
        reading, held = chance.choice([(self.store, self.held), *self.kept])
        expected = self.matches(held, where, given)
        wanted = worn.predicates(where)
        offset = chance.choice([0, 0, 1, len(expected) // 2, len(expected)])
        query = Query(
            wanted,
            order=order(given),
            offset=offset,
            limit=chance.choice(_LIMITS),
            total=chance.random() < 0.7,
        )
        page = expected[offset : offset + query.limit], len(expected) if query.total else None

        known = [None]
        version = self.store._current.version
        if reading is self.store:
            known.append(self.store._current.census)
        else:
            version = reading._view.version
        last = chance.choice([*held.values()]) if held else None
        for census in known:
            for plan in plans(query, version, census):
                self.agree(search(version, query, plan), page, plan)
                assert plan.known in (None, len(expected)), plan
                if last is not None:
                    self.go_on_behind(version, query, plan, last, expected)

        answer = reading.page(query)
        self.agree(answer.items, page[0], query)
        assert answer.has_more == (bool(page[0]) and offset + query.limit < len(expected))
        assert Query.from_dict(query.to_dict()) == query
        if chance.random() < 0.3:
            chosen = reading.select(wanted, order=query.order, fields=self.shown)
            assert [*chosen] == [self.picked(record) for record in expected], query
        self.begin_a_walk(where, given)

        record, seen = self.fresh()
        is_met = all(naive.holds(seen, condition) for condition in where)
        self.agree(self.store.schema.matches(wanted, record), is_met, query, record)

    def picked(self, record):
        return naive.chosen(record, self.shown)

    def go_on_behind(self, version, query, plan, last, expected):
        """Compare what a plan finds behind the place of a record."""
        ordering = version.schema.ordering_of(query.order)
        given = [(one.field, one.descending) for one in ordering.orders]
        behind = naive.behind([one for one in expected if one != last], last, given)
        records, came = resume(version, query, plan, ordering.place(last))
        self.agree(records, behind[: query.limit + 1], plan, last)
        if plan.driver != "nothing":
            assert came in (None, len(expected) - len(behind)), plan

    # walks

    def begin_a_walk(self, where, given):
        """Ask for a first page, and keep its cursor."""
        limit = self.chance.choice([1, 2, 5])
        query = Query(worn.predicates(where), order=order(given), limit=limit)
        page = self.store.page(query)
        expected = self.matches(self.held, where, given)
        self.agree(page.items, expected[:limit], query)
        if not page.has_more:
            return
        if self.is_live:
            self.live.append((query, where, page.cursor, dict(expected[limit - 1])))
        else:
            self.walks.append((query, page.cursor, expected, limit))

    def go_on(self):
        """Ask for the next page of each walk, by another query of the same form."""
        going, self.walks = self.walks, []
        for query, cursor, expected, at in going:
            again = Query(And(*query.where[::-1]), order=query.order, limit=query.limit)
            page = self.store.page(again, cursor)
            self.agree(
                (page.items, page.total), (expected[at:][: query.limit], len(expected)), query
            )
            if page.has_more:
                self.walks.append((query, page.cursor, expected, at + query.limit))
            else:
                assert at + query.limit >= len(expected)

        going, self.live = self.live, []
        for query, where, cursor, last in going:
            epoch = self.store._signer.read(cursor).epoch
            self.store._leases.end((self.store._signer, epoch))
            page = self.store.page(query, cursor, live=True)
            ordering = self.store.schema.ordering_of(query.order)
            given = [(one.field, one.descending) for one in ordering.orders]
            present = self.matches(self.held, where, given)
            behind = naive.behind(present, last, given)
            self.agree((page.items, page.total), (behind[: query.limit], len(present)), query, last)

    # counts

    def count_by_values_and_bins(self):
        """Compare facets and a histogram under a tree."""
        chance = self.chance
        where = [self.tree(self.leaves())]
        wanted = worn.predicates(where)
        reading, held = chance.choice([(self.store, self.held), *self.kept])
        fields = chance.choices(self.counted, k=chance.randint(1, 3))
        missing = chance.random() < 0.5
        expected = naive.facets(held.values(), where, fields, missing)
        found = reading.facets(tuple(fields), wanted, missing=missing)
        self.agree([*found.items()], [(tuple(one), count) for one, count in expected], wanted)
        expected = naive.facets(held.values(), where, fields[:1], missing)
        found = reading.facets(fields[0], wanted, missing=missing)
        self.agree([*found.items()], [(one, count) for (one,), count in expected], wanted)

        field = chance.choice(["created", "expires"])
        edges = [worn.second(number) for number in _EDGES]
        found = reading.histogram(field, edges, wanted)
        self.agree(found, naive.histogram(held.values(), where, field, edges), wanted)
        found = reading.histogram(field, edges)
        self.agree(found, naive.histogram(held.values(), [], field, edges), field)
        self.agree(reading.count(wanted), len(self.matches(held, where, [])), wanted)


def check_many(checks, first=0, kind=Checks):
    """Make at least so many checks; return how many there were."""
    count, seed = 0, first
    while count < checks:
        try:
            one = kind(seed)
            one.run()
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
        count += one.count
        seed += 1
    return count


def main(kind=Checks):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--checks", type=int, default=500_000, help="how many, at the least")
    parser.add_argument("--seed", type=int, default=0, help="the first of the random stores")
    options = parser.parse_args()

    begun = time.perf_counter()
    with pytest.MonkeyPatch.context() as patch:
        worn.have_small_numbers(patch)
        count = check_many(options.checks, options.seed, kind)
    seconds = time.perf_counter() - begun
    sys.stdout.write(f"{count:,} checks agree, {seconds:,.0f} s\n")


if __name__ == "__main__":
    main()
