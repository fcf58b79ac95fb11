"""Runs on disk: a file for each date, commit and count, which no later run overwrites.

A run is a mapping in µs. `about` says on what it was measured. `data` holds, by the name of the
data, `requests` (title → engine → reply, p99, engine), `cold` (API → engine), `writes` (title →
engine) and other parts; `worst` and `waits` stand beside it.
"""

import json
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from benchmarks.contenders import versions
from benchmarks.timing import quantile

__all__ = ["FOLDER", "Run", "about", "keep", "newest", "parts", "summary"]

Run = dict[str, Any]

FOLDER = Path(__file__).parent / "results"


def about() -> Mapping[str, Any]:
    """Return the machine, the commit, the date, and the versions of Python and the contenders."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "commit": _commit(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "memory GB": round(psutil.virtual_memory().total / 1e9),
            "system": platform.platform(),
        },
        "versions": versions(),
    }


def _commit() -> str:
    """Return the short commit, with a plus sign where a file of git has changed."""
    found = _git("rev-parse", "--short", "HEAD") or "unknown"
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ":!benchmarks/results")
    return found + ("+" if changed else "")


def _git(*words: str) -> str:
    command = ["git", "-C", str(FOLDER.parent), *words]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:
        return ""
    return told.stdout.strip()


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor()


def keep(folder: Path, count: int, run: Run) -> Path:
    """Write a run: into the file of its date, commit and count as long as it has no such part.

    Else into a new file with a number behind it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{run['about']['date'][:10]}-{run['about']['commit']}-{count}"
    number, path = 1, folder / f"{stem}.json"
    while path.exists():
        kept = json.loads(path.read_text("utf-8"))
        if not parts(kept) & parts(run):
            run = _joined(kept, run)
            break
        number += 1
        path = folder / f"{stem}-{number}.json"
    path.write_text(json.dumps(run, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return path


def parts(run: Run) -> set[tuple[str, str]]:
    """Return what a run has measured, as data and part; the data is empty for what needs none."""
    found = {(data, part) for data, kept in run.get("data", {}).items() for part in kept}
    return found | {("", part) for part in run if part not in ("about", "count", "data")}


def _joined(kept: Run, run: Run) -> Run:
    data = {name: dict(found) for name, found in kept.get("data", {}).items()}
    for name, found in run.get("data", {}).items():
        data.setdefault(name, {}).update(found)
    return kept | run | {"data": data}


def newest(folder: Path, part: str = "requests") -> dict[int, Run]:
    """Return by count the newest run that has a part."""
    found: dict[int, Run] = {}
    for run in _by_date(folder):
        if any(name == part for _, name in parts(run)):
            found[run["count"]] = run
    return dict(sorted(found.items()))


def _by_date(folder: Path) -> Iterator[Run]:
    runs = [json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")]
    yield from sorted(runs, key=lambda run: str(run["about"]["date"]))


def summary(path: Path) -> Run:
    """Reduce pytest-benchmark's JSON to what the tables show, in microseconds."""
    run: Run = {"data": {}, "worst": {}}
    for entry in json.loads(path.read_text("utf-8"))["benchmarks"]:
        group, told, asked = entry["group"], entry["extra_info"], entry["params"] or {}
        times = entry["stats"]["data"]
        usual = round(median(times) / told.get("batch", 1) * 1e6, 2)
        if group.startswith("worst: "):
            run["worst"][asked["title"]] = {"µs": usual, "matches": told["matches"]}
            continue
        field, _, title = group.partition(": ")
        data, _, api = field.partition("/")
        found = run["data"].setdefault(data, {})
        engine = asked.get("engine") or told["engine"]
        if "cold" in told:
            found.setdefault("cold", {}).setdefault(api, {})[engine] = told["cold"]
        elif "title" in asked:
            row = found.setdefault("requests", {}).setdefault(f"{api}: {title}", {})
            row[engine] = {"reply": usual, "p99": quantile(times, 0.99)}
            row[engine]["engine"] = told["engine alone"]
            found.setdefault("matches", {})[f"{api}: {title}"] = told["matches"]
        else:
            found.setdefault("writes", {}).setdefault(f"{api}: {title}", {})[engine] = usual
    return run
