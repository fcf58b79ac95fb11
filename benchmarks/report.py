"""Tables of benchmark runs: `python -m benchmarks --help`."""

from collections.abc import Mapping, Sequence
from statistics import geometric_mean, median
from typing import Any

from benchmarks.results import Run

__all__ = ["OTHERS", "ratios", "report"]

OTHERS = ("sqlite", "numpy", "duckdb", "polars", "tantivy", "redis", "scan")
"""The contenders, in the order of the tables; not all of them are in every run."""


def report(run: Run) -> str:
    """Return the tables of a run in Markdown, and what they amount to."""
    blocks = [_about(run)]
    for data, found in run.get("data", {}).items():
        blocks += [f"### Data: {data}", *_of_data(found)]
    if run.get("worst"):
        blocks += ["Worst cases, the engine alone, with exact totals:", _worst(run)]
    if run.get("waits"):
        blocks += ["What threads wait for each other, in µs:", _columns(run["waits"])]
    return "\n\n".join(blocks)


def _about(run: Run) -> str:
    told = run["about"]
    machine = ", ".join(f"{name}: {value}" for name, value in told.get("machine", {}).items())
    others = ", ".join(f"{name} {version}" for name, version in told.get("versions", {}).items())
    return f"{told['date']}, commit {told['commit']}, {told['python']}; {machine}; {others}"


def _of_data(found: Mapping[str, Any]) -> list[str]:
    blocks: list[str] = []
    if requests := found.get("requests"):
        for what, title in (
            ("reply", "Replies, median:"),
            ("p99", "Replies, 99th percentile:"),
            ("engine", "The engine alone, median:"),
        ):
            blocks += [title, _table(requests, what), _verdicts(requests, what)]
    for api, engines in found.get("cold", {}).items():
        blocks += [f"{api}: requests never seen before, then once more, in µs:", _cold(engines)]
    if writes := found.get("writes"):
        blocks += ["Writes a second:", _rates(writes)]
    for api, loads in found.get("loads", {}).items():
        blocks += ["Loads, µs and bytes a record:", _columns(loads, api)]
    for api, engines in found.get("mixed", {}).items():
        blocks += ["Eight threads, 9 reads to 1 write, operations a second and µs:"]
        blocks += [_columns(engines, api)]
    if questions := found.get("questions"):
        blocks += ["Questions beyond the APIs, beside SQLite by hand, in µs:", _columns(questions)]
        blocks += [_slower(questions)]
    if sync := found.get("sync"):
        blocks += ["A listing taken over, 1 % of it new, and readers' waits in µs:", _columns(sync)]
    return blocks


def _table(requests: Mapping[str, Any], what: str) -> str:
    return _columns(
        {
            name: {engine: found[what] for engine, found in row.items()}
            for name, row in requests.items()
        }
    )


def _cold(engines: Mapping[str, Mapping[str, float]]) -> str:
    """Leave out what the reply and the engine alone have in common."""
    shown = ("requests", "p50", "p99", "max", "p50, engine alone", "p99, engine alone")
    names = [f"cold {name}" for name in shown] + [f"warm {name}" for name in shown[1:4]]
    return _columns(
        {
            engine: {name: found[name] for name in names if name in found}
            for engine, found in engines.items()
        }
    )


def _rates(writes: Mapping[str, Mapping[str, float]]) -> str:
    return _columns(
        {
            name: {engine: 1e6 / micros for engine, micros in row.items()}
            for name, row in writes.items()
        }
    )


def _columns(rows: Mapping[str, Mapping[str, float]], first: str = "") -> str:
    """Write rows as a table in Markdown; a number that is missing is left open."""
    names = _ordered({name for row in rows.values() for name in row}, rows)
    lines = [f"| {first} | " + " | ".join(names) + " |", "| --- |" + " ---: |" * len(names)]
    for title, row in rows.items():
        cells = [f"{row[name]:,.0f}" if name in row else "" for name in names]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _ordered(names: set[str], rows: Mapping[str, Mapping[str, float]]) -> Sequence[str]:
    """Return engines in the order of all tables; other columns as they come."""
    known = [name for name in ("instquery", *OTHERS, "floor") if name in names]
    return [
        *known,
        *dict.fromkeys(name for row in rows.values() for name in row if name not in known),
    ]


def _verdicts(requests: Mapping[str, Any], what: str) -> str:
    """Say how many times our time each other engine takes.

    Gives the geometric mean, and the request where the engine comes closest or is furthest ahead.
    """
    lines = []
    for engine in (*OTHERS, "floor"):
        found = ratios(requests, engine, what)
        if found:
            closest = min(found, key=found.__getitem__)
            ahead = sum(ratio < 1 for ratio in found.values())
            lines.append(
                f"- {engine}: {geometric_mean(found.values()):.2f} times ours over {len(found)}"
                f" requests, faster in {ahead}; least {found[closest]:.2f} ({closest})"
            )
    ours = [row["instquery"][what] for row in requests.values() if "instquery" in row]
    if ours:
        lines.append(f"- ours: median request {median(ours):,.1f} µs, slowest {max(ours):,.1f} µs")
    return "\n".join(lines)


def _slower(questions: Mapping[str, Mapping[str, float]]) -> str:
    """Name what SQLite answers faster."""
    found = {title: row["sqlite"] / row["instquery"] for title, row in questions.items()}
    slower = [f"{title} ({ratio:.2f})" for title, ratio in found.items() if ratio < 1]
    mean = geometric_mean(found.values())
    return f"- sqlite: {mean:.1f} times ours; faster in {', '.join(slower) or 'none'}"


def ratios(requests: Mapping[str, Any], engine: str, what: str) -> dict[str, float]:
    """Return by request how many times our time another engine takes."""
    return {
        name: row[engine][what] / row["instquery"][what]
        for name, row in requests.items()
        if engine in row and "instquery" in row
    }


def _worst(run: Run) -> str:
    rows = {title: dict(found) for title, found in run["worst"].items()}
    rows = dict(sorted(rows.items(), key=lambda pair: -pair[1]["µs"]))
    ours = [
        row["instquery"]["engine"]
        for found in run.get("data", {}).values()
        for row in found.get("requests", {}).values()
        if "instquery" in row
    ]
    if ours:
        for row in rows.values():
            row["times the median request"] = row["µs"] / median(ours)
    return _columns(rows)
