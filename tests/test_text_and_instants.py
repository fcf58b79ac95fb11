"""The two rooms at the bottom: folding text, and instants as numbers."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from instquery.folding import fold
from instquery.instants import EARLIEST, LATEST, to_micros, to_text

AT = 1_544_076_841_000_000  # 2018-12-06T06:14:01Z


@given(st.text())
def test_folding_agrees_with_the_naive_reading_and_settles(text):
    assert fold(text) == naive.same_letters(text)
    assert fold(fold(text)) == fold(text)


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
