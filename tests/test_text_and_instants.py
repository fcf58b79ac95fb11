"""The two rooms at the bottom: folding text, and instants as numbers."""

import sys
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from itertools import combinations, product
from unicodedata import combining, normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from effort import examples
from instquery import Contains, folding
from instquery.folding import fold
from instquery.instants import EARLIEST, LATEST, to_micros, to_text
from strategies import marked_texts

AT = 1_544_076_841_000_000  # 2018-12-06T06:14:01Z


@given(st.text())
def test_folding_agrees_with_the_naive_reading_and_settles(text):
    assert fold(text) == naive.same_letters(text)
    assert fold(fold(text)) == fold(text)


@examples(300)
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
    """Count the swaps of an insertion sort that puts each run of marks into canonical order."""
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
    character
    for character in map(chr, range(sys.maxunicode + 1))
    if any(map(combining, normalize("NFKD", character)))
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
        character
        for character in MARKED
        if not combining(character) and combining(normalize("NFKD", character)[0])
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
    [
        ("ＡＢＣ１", "abc1"),
        ("Straße", "STRASSE"),
        ("ﬀ", "FF"),
        ("①", "1"),
        ("ｶﾞ", "ガ"),
        ("İ", "i̇"),
        ("Σ", "ς"),
    ],
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
        ("2020-W53-5T00Z", 1_609_459_200_000_000),
        ("9999-12-31T24:00:00+00:01", LATEST + 1 - 60_000_000),
        ("2018-12-06T06:14:31+00:00:30", AT),
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
        *(
            "",
            " ",
            "10",
            "2018",
            "1608533404",
            "1608533404000",
            "20181206170353",
            "201812061",
            "2018-12",
            "soon",
        ),
        *(
            "2025-W53-1",
            "2025-W53",
            "2025-W53-1T00:00:00Z",
            "2025W531T00Z",
            "2026-W54-1",
            "2025-W00-1",
            "2025-W01-0",
        ),
        *(
            "2025-W01-8",
            "2025-366",
            "2025-000",
            "2024-367",
            "9999-W52-6",
            "2018-12-06T24:00:00.0000001Z",
        ),
        *(
            "2018-12-06T24:01Z",
            "2018-12-06T06:14:01+24:00",
            "2018-12-06T06:14:01+08:60",
            "2018-12-06T06:14:01-99:99",
        ),
        *(
            "2018-12-06T06:14.5Z",
            "2018-12-06T06,5",
            "2018-12-06T06:14:01xZ",
            "2018-12-06T06:14:01 +08:00",
        ),
        *(
            "2018-12-06T06:14:01:5",
            "2018-12-06T06:14:01.Z",
            "2018-12-06T06:14:Z\x00Z",
            "9999-12-31T24:00:00Z",
        ),
        *(
            "2018-12-06T06:14:60Z",
            "2018-13-01",
            "2018-12-06x06:14:01Z",
            "2018-12-06T25:00:00Z",
            "٢٠١٨-12-06",
        ),
        *(
            "9999-12-31T23:59:59-01:00",
            "0001-01-01T00:00:00+01:00",
            "0000-01-01",
            "\ud800",
            "2018-12-06T06:14:01\x00",
        ),
        *(None, True, 1.5, b"2018-12-06", [], EARLIEST - 1, LATEST + 1, 10**400),
    ],
)
def test_what_is_no_time_is_refused(wrong):
    with pytest.raises(ValueError, match=r"must|is not an ISO 8601 time"):
        to_micros(wrong)


def check_reading(text):
    """The text is read as the naive reading has it, or refused as a time is."""
    try:
        expected = naive.iso(text)
    except (ValueError, OverflowError):
        expected = None
    if expected is None or not EARLIEST <= expected <= LATEST:
        with pytest.raises(
            ValueError, match=r"is not an ISO 8601 time|must lie within the years 1 to 9999"
        ):
            to_micros(text)
    else:
        assert to_micros(text) == expected


def digits(least, most, width):
    return st.integers(least, most).map(lambda number: str(number).zfill(width))


years = st.one_of(
    digits(1995, 2035, 4),
    digits(0, 9999, 4),
    st.sampled_from(["0000", "0001", "9999", "199", "20255"]),
)
dates = st.one_of(
    st.builds("{}-{}-{}".format, years, digits(0, 13, 2), digits(0, 32, 2)),
    st.builds("{}{}{}".format, years, digits(0, 13, 2), digits(0, 32, 2)),
    st.builds(
        "{}-W{}-{}".format, years, st.one_of(digits(0, 54, 2), st.just("53")), digits(0, 9, 1)
    ),
    st.builds("{}W{}{}".format, years, st.one_of(digits(0, 54, 2), st.just("53")), digits(0, 9, 1)),
    st.builds("{}-W{}".format, years, digits(50, 54, 2)),
    st.builds(
        "{}-{}".format, years, st.one_of(digits(0, 400, 3), st.sampled_from(["000", "365", "366"]))
    ),
)
hours = st.one_of(digits(0, 25, 2), st.just("24"))
sixty = st.one_of(digits(0, 61, 2), st.just("00"))
fractions = st.sampled_from(
    ["", "", ".0", ",5", ".123456", ".0000001", ".999999999", ".", ".000000000"]
)
clocks = st.one_of(
    hours,
    st.builds("{}:{}".format, hours, sixty),
    st.builds("{}{}".format, hours, sixty),
    st.builds("{}:{}:{}{}".format, hours, sixty, sixty, fractions),
    st.builds("{}{}{}{}".format, hours, sixty, sixty, fractions),
    st.builds("{}:{}{}".format, hours, sixty, fractions),
)
offsets = st.one_of(
    st.sampled_from(["", "Z", "z"]), st.builds("{}{}".format, st.sampled_from("+-"), clocks)
)
iso_texts = st.one_of(
    dates, st.builds("{}{}{}{}".format, dates, st.sampled_from("TTTt x"), clocks, offsets)
)


@examples(500)
@given(iso_texts)
def test_dates_and_times_are_read_as_the_naive_reading_has_them_or_refused(text):
    check_reading(text)


@examples(300)
@given(iso_texts, st.data())
def test_what_is_nearly_a_time_is_refused(text, data):
    at = data.draw(st.integers(0, len(text)))
    other = data.draw(st.sampled_from(["", *"0159TZW:-+., x\0\n٣\ud800"]))
    check_reading(text[:at] + other + text[at + data.draw(st.integers(0, 2)) :])


@pytest.mark.parametrize(
    "text", ["2018-12-06T06:14:01Z", "2018-12-06T06:14Z", "2018-12-06T06:14:01.5+08:00"]
)
def test_no_two_characters_of_a_time_can_be_anything_else(text):
    """Readers of the standard library stop at some, and skip others."""
    odd = "0:Z+-.T\0x "
    for first, second in combinations(range(len(text)), 2):
        for one, other in product(odd, repeat=2):
            check_reading(
                text[:first] + one + text[first + 1 : second] + other + text[second + 1 :]
            )


@pytest.mark.parametrize("year", range(1990, 2031))
def test_a_year_has_the_weeks_and_days_that_its_calendar_has(year):
    for week in range(55):
        check_reading(f"{year}-W{week:02}-1")
        check_reading(f"{year}W{week:02}7T12")
    for day in (0, 1, 59, 60, 365, 366, 367):
        check_reading(f"{year}-{day:03}")


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
