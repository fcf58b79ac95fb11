"""Runs are kept beside older ones."""

import json
from pathlib import Path
from typing import Any

from benchmarks.results import Run, keep, newest
from benchmarks.tuning import constants


def run(date: str, **parts: Any) -> Run:
    return {"about": {"date": date, "commit": "abc"}, "count": 7, "data": {"samples": parts}}


def test_a_part_is_added_to_the_file_of_its_commit_and_never_overwritten(tmp_path: Path) -> None:
    first = keep(tmp_path, 7, run("2026-01-01T01:00:00Z", requests={"a": 1}))
    assert first.name == "2026-01-01-abc-7.json"
    assert keep(tmp_path, 7, run("2026-01-01T02:00:00Z", cold={"b": 2})) == first
    again = keep(tmp_path, 7, run("2026-01-01T03:00:00Z", requests={"c": 3}))
    assert again.name == "2026-01-01-abc-7-2.json"
    assert json.loads(first.read_text("utf-8"))["data"]["samples"] == {
        "requests": {"a": 1},
        "cold": {"b": 2},
    }


def test_the_newest_run_that_has_a_part_is_shown(tmp_path: Path) -> None:
    keep(tmp_path, 7, run("2026-01-01T01:00:00Z", requests={"old": 1}))
    keep(tmp_path, 7, run("2026-01-02T01:00:00Z", requests={"new": 1}))
    keep(tmp_path, 7, run("2026-01-03T01:00:00Z", cold={"other": 1}))
    assert newest(tmp_path)[7]["data"]["samples"] == {"requests": {"new": 1}}


def test_the_numbers_that_are_swept_are_found() -> None:
    assert len(list(constants())) > 10
