"""The directory of keys: copies share nothing that either changes later."""

from instquery.engine import directory as directory_room
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


def test_a_directory_has_more_shards_where_there_are_more_keys(monkeypatch):
    """A write that copies one shard copied 500 keys of a million."""
    monkeypatch.setattr(directory_room, "_FEWEST", 4)
    monkeypatch.setattr(directory_room, "_FULL", 8)
    directory = Directory("owner", room=20)
    for number in range(32):
        directory.set(f"i-{number}", {"n": number})
    assert directory.with_room(32) is directory
    roomy = directory.with_room(33)
    assert (len(directory._shards), len(roomy._shards)) == (4, 16)
    assert dict(roomy.items()) == dict(directory.items())
    assert roomy.owner == "owner"

    twin = roomy.copy()
    twin.set("i-3", {"n": "other"})
    roomy.remove("i-4")
    assert (roomy.get("i-3"), twin.get("i-3")) == ({"n": 3}, {"n": "other"})
    assert (roomy.get("i-4"), twin.get("i-4")) == (None, {"n": 4})
    assert directory.get("i-4") == {"n": 4}
    assert twin.get_all(["i-4", "i-3", "gone"]) == [{"n": 4}, {"n": "other"}]
