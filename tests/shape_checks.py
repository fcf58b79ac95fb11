"""Very many random checks of all shapes of fields: `python tests/shape_checks.py --checks 500000`.

As `many_checks`, with a random schema for each store: members within members, many values, tags,
numbers of all types, keywords of unlike values. Beside its answers the records are compared whole.
"""

import naive
import shaped
from instquery import Store
from many_checks import Checks, main
from shaped import Shape

_WHOLE = ""  # where the naive reading of a record keeps the record


class ShapeChecks(Checks):
    """One store of a random schema through a few of its states."""

    shown = ("meta", "undeclared", "size", "Tags")
    counted = ("status", "groups")

    def begin(self, chance):
        self.shape = Shape(chance)
        self.own = self.shape.own
        listed = [self.shape.record(number) for number in range(chance.randint(5, 40))]
        self.store = Store(self.shape.schema, listed, segment_rows=chance.randint(4, 8))
        self.held = {}
        for record in listed:
            self.hold(record)
        self.lost = {}
        for _ in range(chance.randrange(30)):
            self.write()

    def hold(self, record):
        flat = self.seen(record)
        self.held[flat["id"]] = flat

    def seen(self, record):
        return {**self.shape.flat(record), _WHOLE: record}

    def leaves(self):
        return [self.shape.leaf() for _ in range(30)]

    def tree(self, leaves):
        return self.shape.tree()

    def some_order(self):
        return self.shape.some_order()

    def fresh(self):
        record = self.shape.record(self.chance.randrange(60))
        return record, self.seen(record)

    def picked(self, record):
        return naive.chosen(record[_WHOLE], self.shown)

    def told(self, answer):
        if isinstance(answer, tuple):
            return tuple(map(self.told, answer))
        if isinstance(answer, list):
            return list(map(self.told, answer))
        return self.seen(answer.copy()) if isinstance(answer, dict) else answer

    def write(self):
        """Discard, change in place or anew, or add a record; by several ways."""
        chance = self.chance
        kind = chance.choice(["discard", "change", "put", "put", "many", "again", "all"])
        keys = sorted(self.held)
        if kind == "discard" and keys:
            key = chance.choice(keys)
            self.lost[key] = self.held.pop(key)[_WHOLE]
            assert self.store.discard(key)
        elif kind == "change" and keys:
            self.change(chance.choice(keys))
        elif kind == "again" and self.lost:
            record = self.lost.pop(chance.choice(sorted(self.lost)))
            self.store.put(record)
            self.hold(record)
        elif kind == "all" and chance.random() < 0.2:
            listed = [self.shape.record(number) for number in chance.sample(range(60), 30)]
            listed += [flat[_WHOLE] for flat in self.held.values() if chance.random() < 0.5]
            self.held = {}
            for record in listed:
                self.hold(record)
            self.store.replace_all(listed)
        else:
            count = chance.randrange(6) if kind == "many" else 1
            listed = [self.shape.record(chance.randrange(60)) for _ in range(count)]
            self.store.put_many(listed)
            for record in listed:
                self.hold(record)

    def change(self, key):
        """Replace some members, each whole."""
        old = self.held[key][_WHOLE]
        other = self.shape.record(int(key.removeprefix("i-")))
        names = [name for name in {**old, **other} if self.chance.random() < 0.5]
        names = [name for name in names if name != "id"]
        members = {name: other.get(name) for name in names}
        assert self.store.update(key, members)
        self.hold(naive.updated(old, members))

    def count_by_values_and_bins(self):
        super().count_by_values_and_bins()
        chance = self.chance
        where = [self.tree([])] if chance.random() < 0.7 else []
        wanted = shaped.predicates(where)
        key = chance.choice([None, *shaped.TAG_KEYS])
        missing = chance.random() < 0.5
        for reading, held in [(self.store, self.held), *self.kept]:
            expected = naive.tag_facets(held.values(), where, "tags", key, missing)
            found = reading.facets("tags", wanted, key=key, missing=missing)
            assert [*found.items()] == [(one, count) for (one,), count in expected], wanted
            self.count += 1


if __name__ == "__main__":
    main(ShapeChecks)
