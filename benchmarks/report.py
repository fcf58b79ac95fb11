"""Tables and plots of benchmark runs: `python -m benchmarks --help`."""

import json
from collections.abc import Mapping
from pathlib import Path
from statistics import geometric_mean, median, quantiles
from typing import Any

import matplotlib.pyplot as plt

__all__ = ["draw", "report", "summary"]

Run = Mapping[str, Any]
"""One run in µs.

Keys: `requests` (title → engine → reply, p99, engine), `writes` (kind → engine), `worst`, others.
"""

_OTHERS = ("sqlite", "duckdb", "polars", "numpy", "scan")


def summary(path: Path) -> dict[str, Any]:
    """Reduce pytest-benchmark's JSON to what the tables show, in microseconds."""
    run: dict[str, Any] = {"requests": {}, "writes": {}, "worst": {}}
    for entry in json.loads(path.read_text("utf-8"))["benchmarks"]:
        times = [seconds * 1e6 for seconds in entry["stats"]["data"]]
        usual = round(median(times) / entry["extra_info"].get("batch", 1), 2)
        group, asked = entry["group"], entry["params"]
        if group.startswith("worst: "):
            run["worst"][asked["title"]] = usual
        elif "title" in asked:
            found = (
                run["requests"]
                .setdefault(group.removesuffix(", engine alone"), {})
                .setdefault(asked["engine"], {})
            )
            if group.endswith(", engine alone"):
                found["engine"] = usual
            else:
                found |= {"reply": usual, "p99": round(_percentile(times), 2)}
        else:
            engine = asked.get("engine") or entry["extra_info"]["engine"]
            run["writes"].setdefault(group, {})[engine] = usual
    return run


def _percentile(times: list[float]) -> float:
    """Return the 99th percentile, or the slowest of less than a hundred."""
    return quantiles(times, n=100)[-1] if len(times) >= 100 else max(times)


def report(run: Run) -> str:
    """Return the tables of a run in Markdown, and what they amount to."""
    parts = []
    if run.get("requests"):
        parts += [
            "Replies, median:",
            _table(run["requests"], "reply"),
            _verdicts(run["requests"], "reply"),
        ]
        parts += ["Replies, 99th percentile:", _table(run["requests"], "p99")]
        parts += [
            "The engine alone, median:",
            _table(run["requests"], "engine"),
            _verdicts(run["requests"], "engine"),
        ]
    if run.get("writes"):
        parts += ["Writes, µs each:", _columns(run["writes"])]
    if run.get("worst"):
        parts += ["Worst cases, the engine alone, with exact totals:", _worst(run)]
    if run.get("loads"):
        parts += [
            "Loads, µs and bytes a record:",
            *(_columns(loads, api) for api, loads in run["loads"].items()),
        ]
    if run.get("mixed"):
        parts += ["Eight threads, 9 reads to 1 write, operations a second and µs:"]
        parts += [_columns(engines, api) for api, engines in run["mixed"].items()]
    if run.get("sync"):
        parts += [
            "A listing taken over, 1 % of it new, and what readers waited meanwhile in µs:",
            _columns(run["sync"]),
        ]
    if run.get("waits"):
        parts += ["What threads wait for each other, in µs:", _columns(run["waits"])]
    return "\n\n".join(parts)


def _table(requests: Mapping[str, Any], what: str) -> str:
    return _columns(
        {
            name: {engine: found[what] for engine, found in row.items()}
            for name, row in requests.items()
        }
    )


def _columns(rows: Mapping[str, Mapping[str, float]], first: str = "") -> str:
    """Write rows as a table in Markdown; a number that is missing is left open."""
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    lines = [f"| {first} | " + " | ".join(names) + " |", "| --- |" + " ---: |" * len(names)]
    for title, row in rows.items():
        lines.append(
            f"| {title} | "
            + " | ".join(f"{row[name]:,.0f}" if name in row else "" for name in names)
            + " |"
        )
    return "\n".join(lines)


def _verdicts(requests: Mapping[str, Any], what: str) -> str:
    """Say how many times our time each other engine takes.

    Gives the geometric mean, and the request where the engine comes closest.
    """
    lines = []
    for engine in (*_OTHERS, "floor"):
        ratios = _ratios(requests, engine, what)
        if ratios:
            closest = min(ratios, key=ratios.__getitem__)
            mean = geometric_mean(ratios.values())
            lines.append(
                f"{engine:8} {mean:8.2f} times ours; closest {ratios[closest]:.2f} ({closest})"
            )
    ours = [row["instquery"][what] for row in requests.values()]
    return "\n".join(
        [*lines, f"ours: median request {median(ours):,.1f} µs, slowest {max(ours):,.1f} µs"]
    )


def _ratios(requests: Mapping[str, Any], engine: str, what: str) -> dict[str, float]:
    return {
        name: row[engine][what] / row["instquery"][what]
        for name, row in requests.items()
        if engine in row
    }


def _worst(run: Run) -> str:
    rows = {title: {"µs": micros} for title, micros in run["worst"].items()}
    if run.get("requests"):
        usual = median(row["instquery"]["engine"] for row in run["requests"].values())
        for row in rows.values():
            row["times the median request"] = row["µs"] / usual
    return _columns(rows)


def draw(runs: Mapping[int, Run], folder: Path) -> None:
    """Draw the ratios of the largest complete run, and the growth of our times."""
    folder.mkdir(parents=True, exist_ok=True)
    complete = [
        count
        for count, run in runs.items()
        if all(_ratios(run["requests"], other, "reply") for other in _OTHERS)
    ]
    if complete:
        _draw_ratios(runs[max(complete)]["requests"], max(complete), folder / "ratios.png")
    if runs:
        _draw_growth({count: run["requests"] for count, run in runs.items()}, folder / "growth.png")


def _draw_ratios(requests: Mapping[str, Any], count: int, path: Path) -> None:
    names = list(requests)[::-1]
    figure, axes = plt.subplots(figsize=(9, 10), layout="constrained")
    for engine, marker in zip(_OTHERS[:4], "osD^", strict=True):
        ratios = _ratios(requests, engine, "reply")
        mean = geometric_mean(ratios.values())
        axes.plot(
            [ratios[name] for name in names],
            names,
            marker,
            label=f"{engine} (geometric mean {mean:.1f})",
        )
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xscale("log")
    axes.set_xlabel(f"time of the other engine / time of instquery, {count:,} records")
    axes.grid(visible=True, axis="both", alpha=0.3)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _draw_growth(runs: Mapping[int, Mapping[str, Any]], path: Path) -> None:
    counts = sorted(runs)
    figure, axes = plt.subplots(figsize=(9, 5), layout="constrained")
    for name in runs[counts[0]]:
        ours = [runs[count][name]["instquery"]["reply"] for count in counts]
        axes.plot(counts, ours, color="tab:blue", alpha=0.35)
    for engine in ("instquery", *_OTHERS[:4]):
        timed = [count for count in counts if all(engine in row for row in runs[count].values())]
        means = [
            geometric_mean(row[engine]["reply"] for row in runs[count].values()) for count in timed
        ]
        axes.plot(timed, means, "o-", linewidth=2, label=f"{engine}, geometric mean")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("records")
    axes.set_ylabel("µs a request (thin: each request of instquery)")
    axes.grid(visible=True, alpha=0.3)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    figure.savefig(path, dpi=110)
    plt.close(figure)
