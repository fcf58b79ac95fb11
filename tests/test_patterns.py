"""Patterns beside a naive reading of them, and in bounded time."""

import pickle
import random
import time
from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import naive
from instquery import Like, Order, Query, Schema, Store, instant, keyword, text
from instquery import patterns as patterns_room
from instquery.engine import version as version_room
from instquery.folding import fold
from instquery.patterns import Pattern

patterns = st.text(st.sampled_from("abAB*?*?\\ß＊ﬀ\u0301实"), max_size=9).filter(naive.is_pattern)
texts = st.text(st.sampled_from("abABabsf*?\\ß＊ﬀ\u0301实"), max_size=10)


@given(patterns, texts, st.booleans())
@example("*web*prod*", "prod-web", False)
@example("aba*aba", "aba", False)
@example("a*?", "a", False)
@example("*?a", "a", True)
@example("ß", "SS", False)
@example("?", "ß", False)
@example("??", "ß", False)
@example("＊", "x", False)
@example("", "", False)
@example("*", "", True)
@example("**", "", True)
@example("\\**", "*a", True)
def test_a_text_fits_where_the_naive_reading_says_so(pattern, text, case):
    assert Pattern(pattern, case).fits(text) == naive.is_like(text, pattern, case)


@given(patterns, texts, st.booleans())
def test_what_is_known_of_texts_that_fit_is_true(pattern, text, case):
    read = Pattern(pattern, case)
    compared = text if case else fold(text)
    does_fit = read.fits(text)
    if does_fit:
        assert compared.startswith(read.prefix)
        assert compared.endswith(read.suffix)
        assert all(literal in compared for literal in read.literals)
        assert read.whole in (None, compared)
        assert len(compared) >= read.least
    if read.is_prefix:
        assert does_fit == compared.startswith(read.prefix)
    if read.is_part:
        assert does_fit == ((*read.literals, "")[0] in compared)
    if read.whole is not None:
        assert does_fit == (compared == read.whole)


@given(st.text(st.sampled_from("ab?"), min_size=1, max_size=6), st.integers(0, 200), texts)
def test_a_piece_with_many_places_is_found_as_one_with_few(piece, number, end):
    text = "ab" * number + "a" * number + end
    assert Pattern(f"*{piece}*", True).fits(text) == naive.is_like(text, f"*{piece}*", True)
    assert Pattern(f"*{piece}*{piece}b", True).fits(text) == naive.is_like(
        text, f"*{piece}*{piece}b", True
    )


@pytest.mark.parametrize("most", [0, 1, 64])
def test_all_short_patterns_over_all_short_texts(most, monkeypatch):
    monkeypatch.setattr(patterns_room, "_TRIES", most)
    words = ["".join(one) for size in range(5) for one in product("ab", repeat=size)]
    for given_pattern in ["".join(one) for size in range(6) for one in product("a?*", repeat=size)]:
        read = Pattern(given_pattern, True)
        fitting = [word for word in words if naive.is_like(word, given_pattern, True)]
        assert [word for word in words if read.fits(word)] == fitting, given_pattern


def test_literals_come_longest_first_and_once():
    assert Pattern("a*PROD*b?ab*a").literals == ("prod", "ab", "a", "b")
    assert Pattern("**").literals == ()


def test_forms_are_told_apart():
    assert Pattern("Web*").is_prefix
    assert Pattern("Web*").prefix == "web"
    assert Pattern("*.log").suffix == ".log"
    assert Pattern("*web*").is_part
    assert Pattern("*").is_part
    assert Pattern("a\\*").whole == "a*"
    assert Pattern("a?").whole is None
    assert not Pattern("a?*").is_prefix
    assert not Pattern("*a*b*").is_part
    assert Pattern("?a").prefix == ""
    assert Pattern("a?").suffix == ""


@pytest.mark.parametrize("wrong", ["\\", "a\\", "\\\\\\"])
def test_a_lone_backslash_at_the_end_is_refused(wrong):
    with pytest.raises(ValueError, match="lone backslash"):
        Pattern(wrong)
    assert Pattern("\\\\").fits("\\")


HARD = {
    "stars": ("*a" * 1_024 + "*b", "a" * 100_000),
    "stars that fit": ("*a" * 1_024 + "*", "a" * 100_000),
    "stars alone": ("*" * 100_000 + "b", "a" * 100_000),
    "question marks": ("*" + "a?" * 2_000 + "b*", "a" * 100_000),
    "pieces with question marks": ("*" + "a?b*" * 1_024, "aab" * 30_000 + "a" * 10_000),
    "places for each piece": ("*a?b" * 256 + "*", ("a" * 1_000 + "axb") * 300),
    "one rare place": ("*a?b*", "a" * 1_000_000),
    "long literals": ("*" + "a" * 5_000 + "b*", "a" * 100_000),
}


@pytest.mark.parametrize("name", HARD)
def test_no_pattern_takes_long(name):
    pattern, text = HARD[name]
    read = Pattern(pattern)
    started = time.process_time()
    read.fits(text)
    assert time.process_time() - started < 1


def test_patterns_are_values():
    read = Pattern("a*", True)
    assert pickle.loads(pickle.dumps(read)) == read
    assert hash(read) == hash(Pattern("a*", True))
    assert read != Pattern("a*")
    assert pickle.loads(pickle.dumps(read)).fits("ab")


def test_keys_with_a_prefix_are_found_by_order(monkeypatch):
    """In either comparison, through writes that move, replace and discard; no record is tested."""
    monkeypatch.setattr(version_room, "_KEYS_LISTED", 1)
    chance = random.Random(3)
    keys = [f"{word}-{at % 7}{at}" for at in range(90) for word in ("ab", "AB", "Straße", "b")]
    chance.shuffle(keys)
    fields = {"id": keyword(), "created": instant(integers="seconds")}
    store = Store(Schema(key="id", order=Order("created"), fields=fields), segment_rows=64)
    patterns = ["ab-1*", "AB*", "STRASSE-?2*", "a*", "ab-3?", "ß*", "stras*6", "zz*", "b-11"]
    held = set()
    for turn in range(30):
        for at, key in enumerate(chance.sample(keys, 20)):
            if turn % 3 == 2:
                store.discard(key)
                held.discard(key)
            else:
                store.put({"id": key, "created": at * 7 + turn})
                held.add(key)
        for case in (False, True):
            for pattern in patterns:
                where = Like("id", pattern, case=case)
                fitting = {key for key in held if naive.is_like(key, pattern, case)}
                assert {one["id"] for one in store.page(Query(where, limit=500))} == fitting
                assert store.count(~where) == len(held) - len(fitting)
                plan = store.explain(Query(where))
                assert plan.driver == ("keys" if fitting else "nothing")
                assert plan.known == len(fitting)
        assert store.verify() == []
    for segment in store._current.version.segments:
        segment.keys._folded = segment.keys._folded[::-1]
    assert any("folded key" in fault for fault in store.verify())


@pytest.mark.parametrize("case", [False, True])
def test_the_lowest_text_behind_a_prefix_does_not_begin_with_it(case):
    held = ["ab", "ab-1", "AB", "ABx", "ac", "AC", "aC", "b", "B", "a\U0010ffff"]
    fields = {"id": keyword(indexed=False), "zone": keyword()}
    store = Store(Schema(key="id", fields=fields), [{"id": one, "zone": one} for one in held])
    for pattern in ["ab*", "AB*", "a*", "A*", "a\U0010ffff*", "ab?*"]:
        fitting = {one for one in held if naive.is_like(one, pattern, case)}
        for field in ("id", "zone"):
            where = Like(field, pattern, case=case)
            assert {one["id"] for one in store.page(Query(where))} == fitting, (field, pattern)
            assert store.count(where) == len(fitting)
            assert store.count(~where) == len(held) - len(fitting)


@pytest.mark.parametrize("case", [False, True])
@pytest.mark.parametrize("pattern", ["alpha*", "*lph*-2", "alpha-?", "*"])
def test_the_text_of_a_row_that_is_vacant_fits_no_pattern(pattern, case):
    """Raw text is looked up in records, and a discarded one stays in its row for a while."""
    names = [f"alpha-{at}" if at < 4 else f"name-{at}" for at in range(200)]
    store = Store(
        Schema(key="id", fields={"id": text(), "name": text()}),
        [{"id": f"i-{at:03}", "name": name} for at, name in enumerate(names)],
    )
    assert store.count(Like("name", pattern, case=case))
    store.discard("i-002")
    expected = sum(naive.is_like(name, pattern, case) for name in names if name != "alpha-2")
    assert store.count(Like("name", pattern, case=case)) == expected
