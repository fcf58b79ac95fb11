"""Inventories that have been written to for a while.

They have small segments with vacant rows, opened places and moved records.
"""

import naive
from instquery import Order, Schema, Store, instant, keyword, text
from instquery import terms as terms_room
from instquery.engine import books as books_room
from instquery.engine import bykey as bykey_room
from instquery.engine import census as census_room
from instquery.engine import column as column_room
from instquery.engine import keycodes as keycodes_room
from instquery.engine import keylist as keylist_room
from instquery.engine import ordered as ordered_room
from instquery.engine import placed as placed_room
from instquery.engine import stretches as stretches_room
from instquery.engine import tallies as tallies_room
from instquery.engine import version as version_room
from instquery.engine import writer as writer_room
from instquery.engine.indexes import frequent as frequent_room
from instquery.engine.indexes import rare as rare_room
from instquery.engine.indexes import sought as sought_room
from instquery.engine.indexes import valuerows as valuerows_room
from strategies import predicate

KINDS_OF_KEY = {"text": text, "keyword": keyword}

NAMES = ["prod-web-1", "prod-web-2", "PROD", "推荐-web", "推荐", "Straße", "b", "", None]
NEEDLES = ["prod", "web", "-", "推", "STRASSE", "b", "", "absent", "od-web-2"]
STATUSES = ["Running", "Running", "Ready", "", 1, True, 0, None]
OWNERS = [*map(str, range(12)), None]
BOUNDS = ["after", "since", "until", "before"]


def have_small_numbers(monkeypatch):
    """Let segments of four rows have what only large ones have.

    Frequent and rare values and grams, keys of rare values in the census, and rows that are entered
    between others instead of a segment that is built anew.
    """
    monkeypatch.setattr(valuerows_room, "_FREQUENT", 4)
    monkeypatch.setattr(rare_room, "_OPENINGS", 3)
    monkeypatch.setattr(rare_room, "_OPENED", 7)
    monkeypatch.setattr(column_room, "_SPARE", 1)
    monkeypatch.setattr(sought_room, "_LEAST", 1)
    monkeypatch.setattr(frequent_room, "_SMALL", 4)
    monkeypatch.setattr(frequent_room, "_FREQUENT", 3)
    monkeypatch.setattr(frequent_room, "_LISTED", 4)
    monkeypatch.setattr(books_room, "_FEW", 3)
    monkeypatch.setattr(census_room, "_TOGETHER", 3)
    monkeypatch.setattr(writer_room, "_BULK", 0)
    monkeypatch.setattr(ordered_room, "_FEW", 0)
    monkeypatch.setattr(ordered_room, "_FEW_A_SEGMENT", 0)
    monkeypatch.setattr(ordered_room, "_FEW_VALUES", 8)
    monkeypatch.setattr(ordered_room, "_MOSTLY", 0)
    monkeypatch.setattr(bykey_room, "_FEW", 2)
    monkeypatch.setattr(bykey_room, "_NEAR", 4)
    monkeypatch.setattr(bykey_room, "_MOSTLY", 0)
    monkeypatch.setattr(bykey_room, "_CUTS", 2)
    monkeypatch.setattr(bykey_room, "_SPARSE", 10**6)
    monkeypatch.setattr(bykey_room, "_STEPS", 2)
    monkeypatch.setattr(bykey_room, "_STEPS_A_ROW", 1)
    monkeypatch.setattr(bykey_room, "_PORTION", 1)
    monkeypatch.setattr(keycodes_room, "_BITS", 2)
    monkeypatch.setattr(keylist_room, "_WISHES", 2)
    monkeypatch.setattr(keylist_room, "_UNCODED", 2)
    monkeypatch.setattr(placed_room, "_ROWS_A_KEY", 8)
    monkeypatch.setattr(stretches_room, "_SAMPLED", 4)
    monkeypatch.setattr(tallies_room, "_ROWS_A_COMBINATION", 1)
    monkeypatch.setattr(tallies_room, "_ROWS_AN_EDGE", 1)
    monkeypatch.setattr(terms_room, "_JOINED_VALUES", 3)
    monkeypatch.setattr(version_room, "_TOGETHER", 4)


def schema(kind_of_key="text", *, indexed=True, descending=True, **options):
    """A key of either kind, and two fields of each kind: with common and with rare values.

    All fields are indexed, or none, or those that are named.
    """
    options.setdefault("order", Order("created", descending=descending))
    kinds = {
        "id": KINDS_OF_KEY[kind_of_key],
        "name": text,
        "status": keyword,
        "owner": keyword,
        "created": instant,
        "expires": instant,
    }
    named = (kinds if indexed else ()) if isinstance(indexed, bool) else indexed
    fields = {name: kind(indexed=name in named) for name, kind in kinds.items()}
    return Schema(key="id", **options, fields=fields)


FIELDS = ["id", "name", "status", "owner", "created", "expires"]

ORDERED_BY = ["id", "status", "owner", "created", "expires"]
"""The fields that any query may be ordered by."""


def some_order(chance):
    """Up to three orders, as the naive reading takes them."""
    fields = chance.choices(ORDERED_BY, k=chance.choice([1, 1, 2, 3]))
    return [(field, chance.random() < 0.5) for field in fields]


def identifier(number):
    return f"{['i', 'I', '实例'][number % 3]}-{number}"


def second(number):
    days, seconds = divmod(number, 86_400)
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"2026-06-{1 + days:02}T{hours:02}:{minutes:02}:{seconds % 60:02}Z"


def made(chance, number, seconds=20):
    """A record with values that others have too; members are missing, or None."""
    record = {
        "id": identifier(number),
        "name": chance.choice(NAMES),
        "status": chance.choice(STATUSES),
        "owner": chance.choice(OWNERS),
        "created": chance.choice([None, *map(second, range(seconds))]),
        "expires": chance.choice([None, *map(second, range(5))]),
    }
    return {
        name: value for name, value in record.items() if value is not None or chance.random() < 0.5
    }


def worn(declared, chance, *, most=40, segment_rows=None):
    """A store that has been written to, and the records that it holds by key."""
    held = {
        record["id"]: record
        for record in (made(chance, number) for number in range(chance.randint(most // 4, most)))
    }
    store = Store(declared, held.values(), segment_rows=segment_rows or chance.randint(4, 8))
    lost = {}

    for _ in range(chance.randrange(30)):
        write(store, held, lost, chance)
    return store, held


def write(store, held, lost, chance):
    """Discard, change, move or add a record, or put one back into its vacant place."""
    kind = chance.choice(["discard", "discard", "change", "move", "add", "again"])
    keys = sorted(held)

    if kind == "discard" and keys:
        key = chance.choice(keys)
        lost[key] = held.pop(key)
        store.discard(key)
        return

    if kind == "again" and lost:
        record = lost.pop(chance.choice(sorted(lost)))
    elif kind in ("change", "move") and keys:
        old = held[chance.choice(keys)]
        record = {**made(chance, 0), "id": old["id"]}
        if kind == "change":
            record["created"] = old.get("created")
    else:
        record = made(chance, chance.randrange(60))

    held[record["id"]] = record
    store.put(record)


def some_conditions(chance, kind_of_key="text"):
    """One condition of every predicate on every field, as the naive reading takes them."""
    texts = {"name": NAMES} | (
        {"id": [*map(identifier, range(60))]} if kind_of_key == "text" else {}
    )
    keywords = {"status": STATUSES, "owner": OWNERS}
    keywords |= {"id": [*map(identifier, range(60)), 7]} if kind_of_key == "keyword" else {}

    found = []
    for field, some in {**texts, **keywords}.items():
        values = [value for value in some if value is not None]
        found.append(("eq", field, chance.choice(values)))
        found.append(("in", field, chance.choices(values, k=chance.choice([0, 2, 5, 30]))))
    for field in texts:
        found.append(
            (
                "contains",
                field,
                chance.choice(NEEDLES if field == "name" else ["i-", "-1", "3", "例"]),
            )
        )
    for field in ("created", "expires"):
        names = chance.sample(BOUNDS, chance.randint(1, 2))
        found.append(("range", field, {name: second(chance.randrange(20)) for name in names}))
    found += [("missing", field) for field in FIELDS]
    return found


def some_tree(chance, leaves, depth=5):
    """A tree of some of these conditions, at the most so deep."""
    kind = chance.choice(["leaf", "and", "or", "not"]) if depth > 1 else "leaf"
    if kind == "leaf":
        return chance.choice(leaves)
    if kind == "not":
        return kind, some_tree(chance, leaves, depth - 1)
    count = chance.choice([0, 1, 2, 2, 3])
    return kind, [some_tree(chance, leaves, depth - 1) for _ in range(count)]


def some_wheres(chance, kind_of_key="text"):
    """Each condition by itself, some together, and some trees; the last asks nothing."""
    singles = some_conditions(chance, kind_of_key)
    pairs = [chance.sample(singles, 2) for _ in range(6)]
    triples = [chance.sample(singles, 3) for _ in range(4)]
    trees = [some_tree(chance, singles) for _ in range(12)]
    beside = [[chance.choice(singles), some_tree(chance, singles)] for _ in range(4)]
    return [*([one] for one in (*singles, *trees)), *pairs, *triples, *beside, []]


def predicates(where):
    return [predicate(condition) for condition in where]


def matching(records, where, *, descending=True):
    """All records that match, in order, by the naive reading."""
    found = [
        record for record in records if all(naive.holds(record, condition) for condition in where)
    ]
    return naive.in_order(found, "id", "created", descending)
