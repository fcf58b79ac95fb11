"""Tables and plots of benchmark runs: `python -m benchmarks --help`."""

import json
from collections.abc import Mapping
from pathlib import Path
from statistics import geometric_mean

import matplotlib.pyplot as plt

__all__ = ["draw", "summary", "table", "verdicts"]

Medians = Mapping[str, Mapping[str, float]]
"""Request → engine → median in microseconds."""

_OTHERS = ("sqlite", "duckdb", "polars", "numpy", "scan")


def summary(run: Path) -> dict[str, dict[str, float]]:
    """Reduce pytest-benchmark's JSON to the medians of requests, in microseconds."""
    medians: dict[str, dict[str, float]] = {}
    for entry in json.loads(run.read_text("utf-8"))["benchmarks"]:
        asked = entry["params"] or {}
        if "title" in asked:
            request = medians.setdefault(f"{asked['api']}: {asked['title']}", {})
            request[asked["engine"]] = round(entry["stats"]["median"] * 1e6, 1)
    return medians


def table(medians: Medians) -> str:
    """Return the medians as a table in Markdown."""
    engines = list(next(iter(medians.values())))
    lines = ["| request | " + " | ".join(engines) + " |", "| --- |" + " ---: |" * len(engines)]
    lines += [f"| {name} | " + " | ".join(f"{row[e]:,.0f}" for e in engines) + " |" for name, row in medians.items()]
    return "\n".join(lines)


def verdicts(medians: Medians) -> str:
    """Say for each other engine how many times our time it takes: geometric mean, and where it comes closest."""
    lines = []
    for engine in (*_OTHERS, "floor"):
        ratios = {name: row[engine] / row["instquery"] for name, row in medians.items()}
        closest = min(ratios, key=ratios.__getitem__)
        mean = geometric_mean(ratios.values())
        lines.append(f"{engine:8} {mean:8.2f} times ours; closest {ratios[closest]:.2f} ({closest})")
    return "\n".join(lines)


def draw(runs: Mapping[int, Medians], folder: Path) -> None:
    """Draw the ratios of the largest run, and the growth of our medians over all runs."""
    folder.mkdir(parents=True, exist_ok=True)
    largest = max(runs)
    _draw_ratios(runs[largest], largest, folder / "ratios.png")
    _draw_growth(runs, folder / "growth.png")


def _draw_ratios(medians: Medians, count: int, path: Path) -> None:
    names = list(medians)[::-1]
    figure, axes = plt.subplots(figsize=(9, 10), layout="constrained")
    for engine, marker in zip(_OTHERS[:4], "osD^", strict=True):
        ratios = [medians[name][engine] / medians[name]["instquery"] for name in names]
        axes.plot(ratios, names, marker, label=f"{engine} (geometric mean {geometric_mean(ratios):.1f})")
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xscale("log")
    axes.set_xlabel(f"time of the other engine / time of instquery, {count:,} records")
    axes.grid(visible=True, axis="both", alpha=0.3)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _draw_growth(runs: Mapping[int, Medians], path: Path) -> None:
    counts = sorted(runs)
    figure, axes = plt.subplots(figsize=(9, 5), layout="constrained")
    for name in runs[counts[0]]:
        axes.plot(counts, [runs[count][name]["instquery"] for count in counts], color="tab:blue", alpha=0.35)
    for engine in ("instquery", *_OTHERS[:4]):
        means = [geometric_mean(row[engine] for row in runs[count].values()) for count in counts]
        axes.plot(counts, means, "o-", linewidth=2, label=f"{engine}, geometric mean")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("records")
    axes.set_ylabel("µs a request (thin: each request of instquery)")
    axes.grid(visible=True, alpha=0.3)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    figure.savefig(path, dpi=110)
    plt.close(figure)
