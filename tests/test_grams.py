"""What a text index is built from in bulk, each beside a plain reading of the texts."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effort import examples
from instquery import Contains
from instquery.engine.indexes import matrix as matrix_room
from instquery.engine.indexes import pieces as pieces_room
from instquery.engine.indexes import postings as postings_room
from instquery.engine.indexes import scan as scan_room
from instquery.engine.indexes.alphabet import Alphabet
from instquery.engine.indexes.grams import GramBlocks, cut
from instquery.engine.indexes.matrix import Matrix, held_by
from instquery.engine.indexes.needles import longest_known
from instquery.engine.indexes.pieces import frequent_pieces
from instquery.engine.indexes.postings import Postings, gather, spread
from instquery.engine.indexes.scan import holding
from instquery.engine.indexes.shifts import Shifts
from instquery.engine.indexes.text import TextIndex
from instquery.engine.rowsets import set_of
from strategies import names

texts = st.lists(names, max_size=40)
odd_texts = st.lists(st.text(st.sampled_from("ab\0\n推😀\ud800"), max_size=6), max_size=12)


@given(st.one_of(texts, odd_texts))
def test_an_alphabet_keeps_texts_apart_and_readable(given_texts):
    alphabet, numbered = Alphabet.numbered(given_texts)
    assert [alphabet.decode(numbers) for numbers in numbered] == given_texts
    assert list(map(alphabet.encode, given_texts)) == numbered
    assert [bytes(map(alphabet.number, text)) for text in given_texts] == numbered
    assert alphabet.number("\u1234") is None


def test_characters_beyond_a_byte_share_a_number():
    crowd = [chr(0x4E00 + number) for number in range(400)]
    alphabet, numbered = Alphabet.numbered(["ab" * 9, *crowd])
    assert alphabet.decode(numbered[0]) == "ab" * 9  # the frequent ones keep their own
    assert sum(alphabet.decode(numbers) is None for numbers in numbered) == 402 - 254
    assert alphabet.number("\u1234") == 255  # it may be one of those that share
    postings = Postings(alphabet, gather(numbered))
    assert postings.grams() is None  # nothing can be ruled out
    for at, character in enumerate(crowd, 1):
        rows = postings.common(character, [character])
        assert at in rows
        assert postings.is_exact(character) == (set(rows) == {at})


def holders(given_texts):
    """Return each gram with the rows that hold it."""
    grams = set().union(*map(cut, given_texts))
    return {gram: {at for at, text in enumerate(given_texts) if gram in text} for gram in grams}


@given(st.one_of(texts, odd_texts), st.lists(names, max_size=5))
def test_postings_hold_every_row_of_every_gram_and_no_other(given_texts, others):
    alphabet, numbered = Alphabet.numbered(given_texts)
    postings = Postings(alphabet, gather(numbered))
    held = holders(given_texts)
    for gram in set().union(*map(cut, [*given_texts, *others])):
        listed = postings.listed(gram)
        assert set(listed) == held.get(gram, set())
        assert len(gram) < 3 or list(listed) == sorted(set(listed))
        assert postings.is_exact(gram)
        rows = postings.common(gram, [gram])
        assert sorted(rows) == sorted(held.get(gram, ()))
    assert postings.grams() == {gram for gram in held if len(gram) == 3}


@pytest.mark.parametrize("short", [0, 2, 64])
@given(given_texts=texts, grams=st.lists(names.map(lambda name: name[:3]), min_size=1, max_size=4))
def test_what_grams_have_in_common_is_a_superset_and_a_missing_one_is_a_proof(
    short, given_texts, grams
):
    alphabet, numbered = Alphabet.numbered(given_texts)
    postings = Postings(alphabet, gather(numbered))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postings_room, "_SHORT", short)
        patch.setattr(postings_room, "_HARDLY", short // 2)
        rows = list(postings.common("", filter(None, grams)) or ())
    assert len(rows) == len(set(rows))
    held = holders(given_texts)
    if any(grams):
        assert set(rows) >= {
            at for at, text in enumerate(given_texts) if all(gram in text for gram in grams)
        }
        assert set(rows) <= set().union(*[held.get(gram, set()) for gram in grams])
        assert postings.common("", grams, besides=grams[:1], nor=grams[1:]) is None
    assert not rows or all(gram in held for gram in filter(None, grams)) or short


@given(texts, st.integers(1, 6), st.integers(1, 6))
def test_grams_in_many_rows_are_listed(given_texts, least, least_of_two):
    alphabet, numbered = Alphabet.numbered(given_texts)
    listed = {alphabet.decode(gram) for gram in spread(gather(numbered), least, least_of_two)}
    for gram, rows in holders(given_texts).items():
        if len(rows) >= (least_of_two if len(gram) == 2 else least):
            assert gram in listed
        elif len(gram) == 3:
            assert gram not in listed


@examples(60)
@given(
    texts,
    st.integers(1, 9),
    st.integers(1, 12),
    st.integers(1, 12),
    st.integers(1, 12),
    st.sampled_from([0, 4, 256]),
)
def test_frequent_pieces_and_their_rows(given_texts, width, least, of_two, fewest, searches):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            matrix_room, "_WIDTH", width
        )  # so that some texts do not fit into the columns
        patch.setattr(matrix_room, "_WIDEST", width + of_two % 3)
        patch.setattr(matrix_room, "_FAR", 4)
        patch.setattr(matrix_room, "_SEARCHES", searches)
        alphabet, numbered = Alphabet.numbered(given_texts)
        every = sorted(
            {bytes(map(alphabet.number, gram)) for gram in set().union(*map(cut, given_texts))}
        )
        rows = Matrix(numbered).rows_with([gram for gram in every if len(gram) == 2])
        found, listed = frequent_pieces(
            numbered, every, least, max(least, of_two), min(least, fewest)
        )
    holding = {
        piece: set_of([at for at, text in enumerate(numbered) if piece in text], 40)
        for text in numbered
        for size in range(1, 13)
        for piece in {text[first : first + size] for first in range(len(text) - size + 1)}
    }
    assert rows == {piece: found_in for piece, found_in in holding.items() if len(piece) == 2}
    frequent = {
        piece: found_in
        for piece, found_in in holding.items()
        if found_in.bit_count() >= (max(least, of_two) if len(piece) == 2 else least)
    }
    assert frequent.items() <= found.items()
    for piece in found.keys() - frequent.keys():  # both halves are frequent, in many rows together
        both = frequent[piece[:-1]] & frequent[piece[1:]]
        assert len(piece) > 3
        assert found[piece] == holding.get(piece, 0)
        assert both.bit_count() >= (2 * least if found[piece] else least)

    # Every other piece whose halves are in so many rows together is listed, and no other one.
    assert not listed.keys() & found.keys()
    stage = {piece for piece, rows in holding.items() if rows.bit_count() >= min(least, fewest)}
    made = {head + tail[-1:] for head in stage for tail in stage if head[1:] == tail[:-1]}
    assert listed == {
        piece: holding.get(piece, 0)
        for piece in made - found.keys()
        if 3 < len(piece) <= 24
        and (holding[piece[:-1]] & holding[piece[1:]]).bit_count() >= min(least, fewest)
    }


def test_pieces_that_frequent_ones_do_not_make_are_found_too(monkeypatch):
    """Else every text that holds both is looked at, where hardly any holds them together."""
    given_texts = [f"abc-bcd-cde-{number}" for number in range(90)] + ["abcd"] * 2 + ["defg", "abc"]
    given_texts += ["uvw-vwx"] * 2
    alphabet, numbered = Alphabet.numbered(given_texts)

    def found():
        both = frequent_pieces(numbered, spread(gather(numbered), 2, 9), 9, 9, 2)
        return [{alphabet.decode(one): rows for one, rows in pieces.items()} for pieces in both]

    pieces, listed = found()
    assert pieces["abcd"] == set_of([90, 91], 96)
    assert pieces["bcde"] == 0  # "bcd" and "cde" have many rows in common
    assert "cdef" not in pieces  # "def" is in one row
    assert listed["uvwx"] == 0  # in fewer than are worth a row set
    assert listed["uvw-v"] == set_of([94, 95], 96)
    assert not [piece for piece, rows in pieces.items() if rows == 0 and len(piece) < 4]

    monkeypatch.setattr(pieces_room, "_REFUTED", 0)
    pieces, listed = found()  # texts of hundreds of characters have any number of such
    assert "abcd" not in pieces
    assert listed["abcd"] == set_of([90, 91], 96)
    monkeypatch.setattr(pieces_room, "_LISTED", 9)
    pieces, listed = found()
    assert not listed
    assert "bc-b" in pieces  # what is frequent grows on


@given(st.lists(names, max_size=8), names, st.integers(4, 9))
def test_the_longest_known_pieces_of_a_needle(given_texts, needle, longest):
    def windows(text):
        sizes = range(4, longest + 1)
        return {text[at : at + size] for size in sizes for at in range(len(text) - size + 1)}

    known = set().union(*map(windows, given_texts))
    pieces = windows(needle) & known
    within = {piece for piece in pieces for other in pieces - {piece} if piece in other}
    half = {piece for piece in known if hash(piece) % 2}
    assert set(longest_known(needle, half, known - half)) >= pieces - within
    assert set(longest_known(needle, known)) <= pieces


@given(
    st.text(st.sampled_from("ab推"), max_size=30),
    st.sets(st.text(st.sampled_from("ab推"), min_size=2, max_size=4)),
)
def test_pieces_that_a_text_holds(text, pieces):
    expected = {piece for piece in pieces if text.find(piece) >= 0}
    for searches in (0, 256):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(matrix_room, "_SEARCHES", searches)
            held = held_by(text, pieces, [2, 3, 4])
        assert len(held) == len(expected)
        assert set(held) == expected


def test_there_are_columns_for_all_texts_but_a_few():
    """Texts of 65 characters that share 60 were each walked through: 300 µs a text."""
    given_texts = [b"abc" * 30] * 99 + [b"abc" * 60, b""]
    assert Matrix(given_texts)._long == [(99, given_texts[99])]
    assert [at for at, _ in Matrix([b"abc" * 90] * 2)._long] == [0, 1]
    assert Matrix(given_texts).rows_with([b"bca"]) == {b"bca": set_of(range(100), 101)}


class Whole(bytes):
    """Bytes that may be searched and not cut up."""

    def __getitem__(self, key):
        raise AssertionError("cut up")


def test_few_pieces_are_looked_for_in_a_long_text_that_is_not_cut_up():
    """One name of 1 MB among 2,000 others was cut up twelve times.

    That took 10 s, and as much memory as 50 copies of it.
    """
    assert held_by(Whole(b"ab" * 100), {b"ba", b"bb"}, [2]) == [b"ba"]


def test_characters_that_share_a_number_are_in_no_piece_that_is_counted(monkeypatch):
    """A number stands for hundreds of characters, so its pieces are frequent and mean nothing.

    They grew to a million pieces.
    """
    asked = []
    rows = Matrix.rows_with
    monkeypatch.setattr(
        Matrix,
        "rows_with",
        lambda self, pieces: rows(self, asked.append(list(pieces)) or asked[-1]),
    )
    random = Random(1)
    alphabet = [chr(0x4E00 + number) for number in range(3000)]
    names = ["推荐-" + "".join(random.choices(alphabet, k=20)) for _ in range(600)]
    index = TextIndex.build(names)
    assert len([piece for pieces in asked for piece in pieces]) < 300
    assert not [piece for pieces in asked for piece in pieces if 255 in piece]
    assert index.select(Contains("f", "推荐-"))[1]
    assert list(index.faults(names)) == []


@given(st.lists(st.tuples(names, st.integers(0, 9)), max_size=20), texts)
def test_blocks_of_texts_that_come_later(later, others):
    blocks = GramBlocks()
    held = [set() for _ in range(10)]
    earlier = blocks.copy()
    for text, block in later:
        blocks.enter(cut(text), block, 1)
        held[block] |= cut(text)
    for grams in filter(None, map(cut, [*others, *(text for text, _ in later), "nowhere"])):
        assert earlier.common(grams) == 0
        assert blocks.common(grams) == set_of([at for at in range(10) if grams <= held[at]], 10)


@given(st.integers(0, 30), st.lists(st.sets(st.integers(0, 60), max_size=4), max_size=12))
def test_shifts_know_where_the_rows_of_the_build_are(count, opened):
    shifts, rows = Shifts(count), list(range(count))
    for wanted in opened:
        before, copied = list(rows), shifts.copy()
        places = []
        for place in sorted(wanted):
            if place <= len(rows):
                rows.insert(place, None)
                places.append(place)
        shifts.open(places)
        assert list(copied.now(range(count))) == [before.index(row) for row in range(count)]
    assert list(shifts.now(range(count))) == [rows.index(row) for row in range(count)]


def test_rows_that_come_behind_those_of_the_build_shift_nothing():
    shifts = Shifts(3)
    shifts.open([3, 4])
    shifts.open([3])
    assert shifts.now([0, 1, 2]) == [0, 1, 2]
    shifts.open([2])
    assert shifts.now([0, 1, 2]) == [0, 1, 3]


@given(
    st.lists(st.text(st.sampled_from("ab推\n"), max_size=6), max_size=40),
    st.text(st.sampled_from("ab推\n"), min_size=1, max_size=3),
    st.data(),
)
@pytest.mark.parametrize("sparse", [1, 4])
def test_texts_searched_as_one_or_one_by_one_hold_the_same_needles(
    sparse, given_texts, needle, data
):
    chosen = data.draw(st.sets(st.sampled_from(range(len(given_texts) or 1))))
    every = range(len(given_texts))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan_room, "_SPARSE", sparse)
        patch.setattr(scan_room, "_FIRST", sparse)
        for asked in (set(every), chosen & set(every), set(every) - chosen):
            places = sorted(asked, reverse=True)
            expected = [at for at in places if given_texts[at].find(needle) >= 0]
            assert holding(needle, given_texts, places) == expected


def test_some_texts_are_fetched_together_and_searched_as_one():
    given_texts = [f"name-{number}" for number in range(1000)] + ["a\nb"]
    places = list(range(998, -1, -3))
    for needle in ("-77", "name", "7", "-998", "nowhere", "e-2", "9"):
        expected = [at for at in places if needle in given_texts[at]]
        assert holding(needle, given_texts, places) == expected
        assert holding(needle, given_texts, [1000, *places]) == expected
    assert holding("a\nb", given_texts, [1000, *places]) == [1000]


def test_texts_that_were_fetched_are_not_looked_at_one_by_one():
    """Not unless a sample of them says that many hold the needle."""
    looks = []

    class Text(str):
        __slots__ = ()

        def __contains__(self, needle):
            return looks.append(1) or str.__contains__(self, needle)

    given_texts = [Text(f"name-{number}") for number in range(1000)]
    assert holding("-997", given_texts, range(999, -1, -3)) == []
    assert len(looks) == 64
    assert len(holding("name", given_texts, range(999, -1, -3))) == 334
    assert len(looks) == 2 * 64 + 334


def test_more_than_half_of_the_texts_are_searched_as_one():
    class Whole(list):
        def __getitem__(self, at):
            raise AssertionError("looked at")

    given_texts = Whole(f"name-{number}" for number in range(100))
    places = list(range(99, 40, -1))
    assert holding("-77", given_texts, places) == [77]
    for needle, of in (("name", given_texts), ("a\nb", given_texts), ("b", Whole(["a\nb", "c"]))):
        with pytest.raises(AssertionError, match="looked at"):  # many hits, or no way to tell rows
            holding(needle, of, [1, 0] if len(of) == 2 else places)


def test_what_words_have_in_common():
    words = {"abcd": range(90), "bcde": range(45, 300), "cdef": range(300), "defg": [7]}
    lists = Postings(Alphabet("", shares=False), {}, words)
    assert lists.holding(["none"]) is None
    assert lists.holding(["abcd", "none"]) == set(range(90))
    assert lists.holding(["bcde", "abcd"]) == set(range(45, 90))
    assert lists.holding(["cdef", "bcde", "abcd"]) == set(range(45, 90))
    assert lists.holding(["abcd", "defg"]) == {7}  # and none of the others is read


def test_a_piece_longer_than_a_gram_is_in_no_list():
    """Even where all of its characters are known."""
    alphabet, numbered = Alphabet.numbered(["nowhere"])
    held = Postings(alphabet, gather(numbered))
    assert held.span("nowhere") == held.span("nowh") == (0, 0)
    assert held.span("now") != (0, 0)


def test_a_block_number_is_not_found_across_two_others():
    """Of 1 and 513, each two bytes, the two in the middle are those of 256."""
    blocks = GramBlocks()
    for block in (1, 513, 256, 513):
        blocks.enter(["abc"], block, 1)
    assert blocks.common(["abc"]) == 1 << 1 | 1 << 513 | 1 << 256
