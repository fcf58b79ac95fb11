"""Random requests to an API of the catalog, asked of its operation and of a naive reading."""

from datetime import UTC, datetime, timedelta
from random import Random

from instquery import Leases, Store
from instquery.apis.catalog import CATALOG
from naive_apis import Refused

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def written(random, days=3):
    """Write a time about now, in one of the ways that it may be written."""
    at = NOW + timedelta(days=random.randint(-days, days), minutes=random.choice((0, 0, 1, -1)))
    forms = ("%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:00+00:00")
    return at.strftime(random.choice(forms))


class Both:
    """An operation over a store, and the naive reading of the same records."""

    def __init__(self, name, naive, items_in, make, random):
        self.api, self.naive, self.items_in = CATALOG[name], naive, items_in
        self.make, self.random = make, random
        self.key = self.api.operation.schema.key
        self.records = {one[self.key]: one for one in (make(random, n) for n in range(60))}
        leases = Leases(count=100_000, age=10**9)
        schema = self.api.operation.schema
        self.store = Store(schema, self.records.values(), leases=leases, segment_rows=13)
        self.now, self.walks, self.requests, self.outcomes = NOW, {}, {}, []

    def ask(self, params):
        """Ask both, and compare; note the outcome."""
        reply = self.api.operation(self.store, params, now=self.now)
        try:
            wanted = self.naive(list(self.records.values()), params, self.now, self.walks)
        except Refused as refused:
            code = reply.body.get("Code", reply.body.get("code"))
            assert reply.status != 200, params
            assert code in refused.codes, (params, refused.codes, code)
            self.outcomes.append(code)
            return

        keys, total, following, size = wanted
        assert reply.status == 200, (params, reply.body)
        assert [item[self.key] for item in self.items_in(reply.body)] == keys, params
        answer = reply.answer
        assert answer.size == size, params
        assert answer.total in (None, total), params
        assert bool(answer.next) is (following is not None), params
        assert (reply.body.get("NextToken") or None) == answer.next
        if following is not None:
            self.walks[answer.next], self.requests[answer.next] = following, params
        self.outcomes.append("next" if params.get("NextToken") else "page")

    def ask_on(self, others):
        """Go on with a walk: as it is, with other filters, with a changed token."""
        token = self.random.choice([*self.walks][-6:])
        params = self.requests[token] | {"NextToken": token}
        chance = self.random.random()
        if chance < 0.1:
            params |= others
        elif chance < 0.15:
            params["NextToken"] = self.random.choice((token[:-2], token.swapcase(), "x"))
        elif chance < 0.3:
            params |= {"PageNumber": "x", "PageSize": "0"}
        elif chance < 0.5:
            params["MaxResults"] = self.random.choice(("", "20", "3"))
        self.ask(params)

    def write(self):
        """Put or discard a record, and let time pass."""
        made = self.make(self.random, self.random.randrange(70))
        if self.random.random() < 0.5:
            self.store.put(made)
            self.records = {**self.records, made[self.key]: made}
        else:
            self.store.discard(made[self.key])
            self.records = {k: one for k, one in self.records.items() if k != made[self.key]}
        self.now += timedelta(hours=self.random.choice((0, 0, 5)))


def outcomes_of(name, naive, items_in, make, some_request, count):
    """Ask so many random requests, between writes; return what came of them."""
    outcomes = []
    for seed in range(max(1, count // 250)):
        both = Both(name, naive, items_in, make, Random(f"{name} {seed}"))
        for number in range(min(250, count)):
            if both.walks and both.random.random() < 0.3:
                both.ask_on(some_request(both.random))
            else:
                both.ask(some_request(both.random))
            if number % 5 == 4:
                both.write()
        outcomes += both.outcomes
    return outcomes


def sampled(random, choices, *, right=3):
    """Make parameters: a few of those that there are, and few values that are wrong.

    The values that are right stand first.
    """
    asked = {}
    for name in random.sample([*choices], random.choice((0, 1, 1, 2, 2, 4))):
        listed = choices[name]
        listed = listed(random) if callable(listed) else listed
        asked[name] = random.choice(listed[: random.choice((right, right, right, 99))])
    return asked
