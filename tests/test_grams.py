"""What a text index is built from in bulk, each beside a plain reading of the texts."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effort import examples
from instquery import Contains
from instquery.engine.indexes import matrix as matrix_room
from instquery.engine.indexes.alphabet import Alphabet
from instquery.engine.indexes.grams import GramBlocks, cut
from instquery.engine.indexes.matrix import Matrix, held_by
from instquery.engine.indexes.pieces import frequent_pieces
from instquery.engine.indexes.postings import Postings, gather, spread
from instquery.engine.indexes.text import TextIndex
from instquery.engine.rowsets import set_of
from strategies import names

texts = st.lists(names, max_size=40)
odd_texts = st.lists(st.text(st.sampled_from("ab\0\n推😀\ud800"), max_size=6), max_size=12)


def in_blocks(of_texts, size=4):
    return [(first, min(first + size, len(of_texts))) for first in range(0, len(of_texts), size)]


@given(st.one_of(texts, odd_texts))
def test_an_alphabet_keeps_texts_apart_and_readable(given_texts):
    alphabet, numbered = Alphabet.numbered(given_texts)
    assert [alphabet.decode(numbers) for numbers in numbered] == given_texts
    assert [bytes(map(alphabet.number, text)) for text in given_texts] == numbered
    assert alphabet.number("\u1234") is None


def test_characters_beyond_a_byte_share_a_number():
    crowd = [chr(0x4E00 + number) for number in range(400)]
    alphabet, numbered = Alphabet.numbered(["ab" * 9, *crowd])
    assert alphabet.decode(numbered[0]) == "ab" * 9  # the frequent ones keep their own
    assert sum(alphabet.decode(numbers) is None for numbers in numbered) == 402 - 254
    assert alphabet.number("\u1234") == 255  # it may be one of those that share
    postings = Postings(alphabet, gather(numbered, in_blocks(numbered)))
    assert postings.grams() is None  # nothing can be ruled out
    for at, character in enumerate(crowd, 1):
        assert at // 4 in postings.blocks(*postings.span(character))


@given(st.one_of(texts, odd_texts), st.lists(names, max_size=5))
def test_postings_hold_every_gram_of_every_block_and_no_other(given_texts, others):
    alphabet, numbered = Alphabet.numbered(given_texts)
    spans = in_blocks(given_texts)
    postings = Postings(alphabet, gather(numbered, spans))
    for gram in set().union(*map(cut, [*given_texts, *others])):
        held = {
            at
            for at, (first, end) in enumerate(spans)
            if any(gram in text for text in given_texts[first:end])
        }
        assert set(postings.blocks(*postings.span(gram))) == held
    threes = {gram for text in given_texts for gram in cut(text) if len(gram) == 3}
    assert postings.grams() == threes


@given(texts, st.integers(1, 6))
def test_grams_in_many_blocks_are_listed(given_texts, least):
    alphabet, numbered = Alphabet.numbered(given_texts)
    spans = in_blocks(given_texts)
    listed = {alphabet.decode(gram) for gram in spread(gather(numbered, spans), least)}
    for gram in set().union(*map(cut, given_texts)):
        if (
            sum(any(gram in text for text in given_texts[first:end]) for first, end in spans)
            >= least
        ):
            assert gram in listed


@examples(60)
@given(texts, st.integers(1, 9), st.integers(1, 12), st.sampled_from([0, 4, 256]))
def test_frequent_pieces_and_their_rows(given_texts, width, least, searches):
    original = matrix_room._WIDTH, matrix_room._SEARCHES
    matrix_room._WIDTH, matrix_room._SEARCHES = (
        width,
        searches,
    )  # so that some texts do not fit into the columns
    try:
        alphabet, numbered = Alphabet.numbered(given_texts)
        every = sorted(
            {bytes(map(alphabet.number, gram)) for gram in set().union(*map(cut, given_texts))}
        )
        rows = Matrix(numbered).rows_with([gram for gram in every if len(gram) == 2])
        found = frequent_pieces(numbered, every, least)
    finally:
        matrix_room._WIDTH, matrix_room._SEARCHES = original
    holding = {
        piece: set_of([at for at, text in enumerate(numbered) if piece in text], 40)
        for text in numbered
        for size in range(1, 13)
        for piece in {text[first : first + size] for first in range(len(text) - size + 1)}
    }
    assert rows == {piece: found_in for piece, found_in in holding.items() if len(piece) == 2}
    assert found == {
        piece: found_in for piece, found_in in holding.items() if found_in.bit_count() >= least
    }


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


@given(texts, st.lists(st.tuples(names, st.integers(0, 9)), max_size=20))
def test_blocks_of_texts_that_come_later(given_texts, later):
    alphabet, numbered = Alphabet.numbered(given_texts)
    spans = in_blocks(given_texts)
    blocks = GramBlocks(Postings(alphabet, gather(numbered, spans)))
    held = [set(cut(text)) for text in [""] * 10]
    for at, (first, end) in enumerate(spans):
        held[at].update(*map(cut, given_texts[first:end]))
    earlier, before = blocks.copy(), [set(grams) for grams in held]
    for text, block in later:
        blocks.enter(cut(text), block, 1)
        held[block] |= cut(text)
    for grams in [
        *filter(None, map(cut, given_texts)),
        *(cut(text) or {"b"} for text, _ in later),
        {"nowhere", "a"},
    ]:
        for known, state in ((blocks, held), (earlier, before)):
            assert {at for at in range(10) if grams <= state[at]} <= known.common(grams)
            for gram in grams:
                assert {at for at in range(10) if gram in state[at]} == known.common([gram])


def test_a_piece_longer_than_a_gram_is_in_no_list():
    """Even where all of its characters are known."""
    alphabet, numbered = Alphabet.numbered(["nowhere"])
    held = Postings(alphabet, gather(numbered, [(0, 1)]))
    assert held.span("nowhere") == held.span("nowh") == (0, 0)
    assert held.span("now") != (0, 0)
