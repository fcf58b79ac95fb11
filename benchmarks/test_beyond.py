"""The questions beyond the APIs: both engines agree on all of them, over few records."""

import pytest

from benchmarks.beyond import measure
from benchmarks.inventories import DATA
from benchmarks.report import report


@pytest.mark.parametrize("data", DATA)
def test_both_engines_agree_on_all_questions(data: str) -> None:
    found = measure(data, 300, brief=True)
    assert len(found) == 28
    assert all(row["instquery"] > 0 and row["sqlite"] > 0 for row in found.values())
    run = {"about": {"date": "", "commit": "", "python": ""}, "data": {data: {"questions": found}}}
    assert "times ours; faster in" in report(run)
