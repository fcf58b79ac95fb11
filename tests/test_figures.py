"""The figures that documents show are those of the newest runs kept in `benchmarks/results`."""

import json
import re
from datetime import datetime
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"


def read(document):
    return (ROOT / document).read_text("utf-8")


def newest(count, engine):
    """The newest run of this size in which an engine beside ours was asked the requests."""
    runs = [(path.name, json.loads(path.read_text("utf-8"))) for path in RESULTS.glob("*.json")]
    asked = [
        (run["about"]["date"], name, run)
        for name, run in runs
        if run["count"] == count
        and any(engine in row for data in run["data"].values()
                for row in data.get("requests", {}).values())
    ]  # fmt: skip
    _, name, run = max(asked)
    return name, run


def figures(document):
    """Every cell of the tables of requests: the row's title, the column's head, the figure."""
    tables = re.findall(r"^\| request \|.*\n(?:\|.*\n)+", read(document), re.MULTILINE)
    for table in tables:
        head, _, *rows = [
            [cell.strip() for cell in line.strip("| \n").split(" | ")]
            for line in table.splitlines()
        ]
        if "instquery" in head:
            for title, *cells in rows:
                for name, cell in zip(head[1:], cells, strict=True):
                    yield title, name, cell


@pytest.mark.parametrize("document", ["README.md", "docs/speed.md"])
def test_the_requests_shown_took_what_is_shown(document):
    """A column is an engine, or an engine and the data it was asked: `SQLite, varied`.

    Ours and the floor are of the newest run with SQLite, others of the newest that has them.
    """
    shown = list(figures(document))
    assert len(shown) >= 12
    for title, column, cell in shown:
        engine, _, data = column.partition(", ")
        api, _, request = title.partition(", ")
        asked = engine.lower()
        _, run = newest(1_000_000, "sqlite" if asked in ("instquery", "floor") else asked)
        found = run["data"][data or "samples"]["requests"][f"{api.lower()}: {request}"]
        assert cell == f"{found[engine.lower()]['reply']:,.0f}", (title, column)


@pytest.mark.parametrize("document", ["README.md", "docs/speed.md"])
def test_files_and_dates_are_those_of_the_newest_runs(document):
    text = read(document)
    named = re.findall(r"`benchmarks/results/([\w+-]+-(\d+)\.json)`", text)
    assert any(count == "1000000" for _, count in named)
    for name, count in named:
        engine = "instquery" if int(count) > 1_000_000 else "sqlite"
        assert name == newest(int(count), engine)[0]
    date = datetime.fromisoformat(newest(1_000_000, "sqlite")[1]["about"]["date"])
    assert f"{date.day} {date:%B %Y}" in text


def test_the_readme_tells_a_scan_and_writes_as_they_were_measured():
    text = " ".join(read("README.md").split())
    (milliseconds,) = re.findall(r"a scan takes ([\d.]+) ms", text)
    scanned = newest(10_000, "scan")[1]["data"]["samples"]["requests"]
    taken = median(row["scan"]["reply"] for row in scanned.values()) / 1000
    assert float(milliseconds) == pytest.approx(taken, rel=0.03)

    ((newest_first, at_random),) = re.findall(
        r"([\d,]+) adds a second over 1,000,000 records with two text fields, ([\d,]+) if", text
    )
    writes = newest(1_000_000, "sqlite")[1]["data"]["samples"]["writes"]
    for shown, titles in (
        (newest_first, ("add, the newest", "add")),
        (at_random, ("add at a random time", "back-dated add")),
    ):
        found = [writes[f"airec: {title}"] for title in titles if f"airec: {title}" in writes]
        assert int(shown.replace(",", "")) == pytest.approx(1e6 / found[0]["instquery"], rel=0.05)


def test_runs_say_on_what_they_were_measured():
    for path in RESULTS.glob("*.json"):
        run = json.loads(path.read_text("utf-8"))
        date, commit = run["about"]["date"], run["about"]["commit"]
        assert path.name.startswith(f"{date[:10]}-{commit}-{run['count']}")
        assert {"python", "machine", "versions"} <= set(run["about"])
