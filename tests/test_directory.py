"""The directory of keys: copies share nothing that either changes later."""

from instquery.engine.directory import Directory


def test_neither_a_copy_nor_what_it_was_made_from_sees_the_other_ones_writes():
    directory = Directory()
    for number in range(5000):
        directory.set(f"i-{number}", {"n": number})
    twin = directory.copy()
    directory.set("i-1", {"n": "new"})
    directory.remove("i-2")
    twin.set("i-3", {"n": "other"})
    assert (directory.get("i-1"), twin.get("i-1")) == ({"n": "new"}, {"n": 1})
    assert (directory.get("i-2"), twin.get("i-2")) == (None, {"n": 2})
    assert (directory.get("i-3"), twin.get("i-3")) == ({"n": 3}, {"n": "other"})
    assert directory.get(7) is None
    assert len(dict(directory.items())) == 4999
    assert directory.get_all(["i-1", "gone", 5]) == [{"n": "new"}]
