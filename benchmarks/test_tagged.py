"""The questions of tags, numbers and patterns: both engines agree on all of them."""

from benchmarks.tagged import measure


def test_both_engines_agree_on_all_questions() -> None:
    found = measure(600, brief=True)
    assert len(found) == 14
    assert all(row["instquery"] > 0 and row["sqlite"] > 0 for row in found.values())
    assert all(row["matches"] > 0 for row in found.values())
