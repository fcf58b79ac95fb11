"""The directory of keys: copies share nothing that either changes later."""

from instquery.engine.keys import Keys


def test_neither_a_copy_nor_what_it_was_made_from_sees_the_other_ones_writes():
    keys = Keys()
    for number in range(5000):
        keys.set(f"i-{number}", {"n": number})
    twin = keys.copy()
    keys.set("i-1", {"n": "new"})
    keys.remove("i-2")
    twin.set("i-3", {"n": "other"})
    assert (keys.get("i-1"), twin.get("i-1")) == ({"n": "new"}, {"n": 1})
    assert (keys.get("i-2"), twin.get("i-2")) == (None, {"n": 2})
    assert (keys.get("i-3"), twin.get("i-3")) == ({"n": 3}, {"n": "other"})
    assert keys.get(7) is None
    assert len(dict(keys.items())) == 4999
    assert keys.get_all(["i-1", "gone", 5]) == [{"n": "new"}]
