"""The two rooms at the bottom: folding text, and instants as numbers."""

import sys
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from unicodedata import combining, normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from instquery import Contains, folding
from instquery.folding import fold
from instquery.instants import EARLIEST, LATEST, to_micros, to_text
from strategies import marked_texts

AT = 1_544_076_841_000_000  # 2018-12-06T06:14:01Z


@given(st.text())
def test_folding_agrees_with_the_naive_reading_and_settles(text):
    assert fold(text) == naive.same_letters(text)
    assert fold(fold(text)) == fold(text)


@settings(max_examples=1000)
@given(marked_texts)
def test_text_rich_in_marks_folds_as_the_naive_reading_has_it(text):
    assert fold(text) == naive.same_letters(text)


@given(st.text(st.sampled_from("ab推\u0301"), max_size=3), marked_texts, st.data())
def test_a_part_of_text_rich_in_marks_is_found_where_the_naive_reading_finds_it(prefix, text, data):
    first = data.draw(st.integers(0, len(text)))
    part = text[first : data.draw(st.integers(first, len(text)))]
    found = Contains("name", part).matches({"name": prefix + text})
    assert found == naive.is_part(part, prefix + text)


@pytest.mark.parametrize("mark", ["́", "̴̣́", "่"])
def test_of_a_run_of_marks_the_first_thirty_count(mark):
    run = mark * 40
    assert [len(fold("x" + run[:length])) for length in (29, 30, 31, 40)] == [30, 31, 31, 31]
    assert fold("x" + run) == fold("x" + run[:30])
    assert fold(run + "x" + run) == fold(run[:30] + "x" + run[:30])


@pytest.mark.parametrize("between", ["ः", "‍", "͏", "ཱི", "ﾞ"])
def test_a_character_of_class_0_ends_a_run_even_one_that_decomposes_into_marks(between):
    run = "̣́" * 15
    assert sorted(fold("x" + (run + between) * 3)) == sorted(
        fold("x" + run) + (fold(between) + run) * 2 + fold(between)
    )


def swaps(text):
    """Count what a sort by insertion swaps when normalisation brings the marks of each run into order."""
    total, run = 0, Counter()
    for character in text:
        for mark in normalize("NFKD", character):
            number = combining(mark)
            total += sum(run[other] for other in run if other > number > 0)
            run = run if number else Counter()
            run[number] += number > 0
    return total


def check_that_folding_is_linear(text):
    worked = []

    def counted(form, part):
        worked.append(swaps(part) if len(part) > 1 else 0)
        return normalize(form, part)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folding, "normalize", counted)
        fold(text)
    assert sum(worked) <= 100 * len(text)


@given(st.lists(marked_texts, max_size=4).map("".join), st.integers(1, 20))
def test_no_text_makes_normalisation_sort_for_long(text, times):
    check_that_folding_is_linear(text * times)


MARKED = [
    character for character in map(chr, range(sys.maxunicode + 1)) if any(map(combining, normalize("NFKD", character)))
]
"""Every character that is a mark or decomposes into some."""


def test_no_character_makes_normalisation_sort_for_long():
    """Not by itself, and not between marks that stand in the worst order."""
    for character in MARKED:
        check_that_folding_is_linear((character + "̴̣́ͅ" * 8)[:31] * 3)
    for first in range(0, len(MARKED), 30):
        check_that_folding_is_linear("".join(MARKED[first : first + 30]) * 20)
    for late in folding._LATE:
        for others in ("", "\u0334", "\u0301\u0334", "\uff9e"):
            check_that_folding_is_linear((late + others) * 300)
    check_that_folding_is_linear("".join(sorted(MARKED, key=combining, reverse=True)))


def test_all_characters_that_decompose_into_marks_are_known():
    """A newer Unicode may bring others; folding would be right, but not linear for them."""
    late = {
        character for character in MARKED if not combining(character) and combining(normalize("NFKD", character)[0])
    }
    assert late == folding._LATE


def test_case_folding_brings_few_marks():
    for character in map(chr, range(sys.maxunicode + 1)):
        folded = character.casefold()
        if folded != character:
            assert not combining(folded[0]), character
            assert folding._LATE.isdisjoint(folded), character
            assert sum(map(combining, folded)) <= 2 * 230, character


@pytest.mark.parametrize("unit", ["̧́", "ཱི", "ﾞ́", "ཱཱྀུ", "ᾂ" + "̣́" * 15])
def test_a_name_of_many_marks_is_taken_in_and_found(unit):
    """200,000 characters took minutes where each mark was sorted by insertion."""
    name = (unit * 200_000)[:200_000]
    assert Contains("name", name).matches({"name": "x" + name})


@pytest.mark.parametrize(
    ("one", "other"),
    [("ＡＢＣ１", "abc1"), ("Straße", "STRASSE"), ("ﬀ", "FF"), ("①", "1"), ("ｶﾞ", "ガ"), ("İ", "i̇"), ("Σ", "ς")],
)
def test_spellings_of_the_same_letters_fold_alike(one, other):
    assert fold(one) == fold(other)


def test_no_character_has_a_meaning_of_its_own():
    assert fold("a*b%c_[d]\x00\ud800") == "a*b%c_[d]\x00\ud800"


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("2018-12-06T06:14:01Z", AT),
        ("2018-12-06T06:14:01.000Z", AT),
        ("2018-12-06T06:14:01", AT),
        ("2018-12-06 06:14:01", AT),
        ("2018-12-06T14:14:01+08:00", AT),
        ("2018-12-06t06:14:01z", AT),
        ("20181206T061401Z", AT),
        ("2018-W49-4T06:14:01Z", AT),
        ("2018-340T06:14:01Z", AT),
        ("2018-12-06T06:14:01.000001Z", AT + 1),
        ("2018-12-06T06:14:01,5Z", AT + 500_000),
        ("2018-12-06T06:14:01.1234567Z", AT + 123_456),
        ("2018-12-05T24:00:00Z", AT - 22_441_000_000),
        ("2018-12-06", AT - 22_441_000_000),
        ("0001-01-01T00:00:00Z", EARLIEST),
        ("9999-12-31T23:59:59.999999Z", LATEST),
        ("2999-09-08T16:00:00Z", 376_085 * 86_400_000_000 + 57_600_000_000),
    ],
)
def test_valid_times_are_read(text, micros):
    assert to_micros(text) == micros


@pytest.mark.parametrize(
    "wrong",
    [
        *("", " ", "10", "2018", "1608533404", "1608533404000", "20181206170353", "201812061", "2018-12", "soon"),
        *("2018-12-06T06:14:60Z", "2018-13-01", "2018-12-06x06:14:01Z", "2018-12-06T25:00:00Z", "٢٠١٨-12-06"),
        *("9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00", "0000-01-01", "\ud800", "2018-12-06T06:14:01\x00"),
        *(None, True, 1.5, b"2018-12-06", [], EARLIEST - 1, LATEST + 1, 10**400),
    ],
)
def test_what_is_no_time_is_refused(wrong):
    with pytest.raises(ValueError, match=r"must|is not an ISO 8601 time"):
        to_micros(wrong)


zones = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.one_of(st.none(), zones)))  # noqa: DTZ001
def test_datetimes_are_exact_and_come_back(at):
    micros = to_micros(at)
    assert micros == to_micros(at.isoformat())
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    assert datetime.fromisoformat(to_text(micros)) == aware
    assert to_micros(to_text(micros)) == micros


def test_what_is_finer_than_asked_for_is_cut_off():
    assert to_text(AT + 999_999, "seconds") == "2018-12-06T06:14:01Z"
    assert to_text(AT + 999_999, "milliseconds") == "2018-12-06T06:14:01.999Z"
    assert to_text(-1, "milliseconds") == "1969-12-31T23:59:59.999Z"
