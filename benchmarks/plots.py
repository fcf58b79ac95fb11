"""Plots of the newest runs of each size."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import geometric_mean
from typing import Any

import matplotlib.pyplot as plt

from benchmarks.report import ratios
from benchmarks.results import Run

__all__ = ["draw"]

_DRAWN = {"sqlite": "o", "numpy": "^", "duckdb": "s", "polars": "D"}

Requests = Mapping[str, Any]


def draw(runs: Mapping[int, Run], folder: Path) -> None:
    """Draw the ratios of the largest run that has all engines, and the growth of our times.

    A run without the second generator is drawn with the first alone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    asked = {count: _requests(run) for count, run in runs.items()}
    complete = [
        count
        for count, found in asked.items()
        if all(ratios(requests, other, "reply") for requests in found.values() for other in _DRAWN)
    ]
    if complete:
        _draw_ratios(asked[max(complete)], max(complete), folder / "ratios.png")
    if asked:
        _draw_growth(asked, folder / "growth.png")


def _requests(run: Run) -> dict[str, Requests]:
    data = run.get("data", {})
    return {name: found["requests"] for name, found in data.items() if "requests" in found}


def _panels(number: int, margin: int, height: int) -> tuple[Any, Sequence[Any]]:
    """Return a figure with so many panels side by side, and these."""
    size = (margin + 6 * number, height)
    figure, panels = plt.subplots(
        1, number, figsize=size, sharey=True, squeeze=False, layout="constrained"
    )
    return figure, panels[0]


def _draw_ratios(asked: Mapping[str, Requests], count: int, path: Path) -> None:
    figure, panels = _panels(len(asked), margin=4, height=10)
    for axes, (data, requests) in zip(panels, asked.items(), strict=True):
        names = list(requests)[::-1]
        for engine, marker in _DRAWN.items():
            found = ratios(requests, engine, "reply")
            mean = geometric_mean(found.values())
            timed = [name for name in names if name in found]
            label = f"{engine} (geometric mean {mean:.1f})"
            axes.plot([found[name] for name in timed], timed, marker, label=label)
        axes.axvline(1, color="black", linewidth=1)
        axes.set_xscale("log")
        axes.set_xlabel(f"{data}: time of the other engine / time of instquery, {count:,} records")
        axes.grid(visible=True, axis="both", alpha=0.3)
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _draw_growth(asked: Mapping[int, Mapping[str, Requests]], path: Path) -> None:
    names = list(dict.fromkeys(data for found in asked.values() for data in found))
    figure, panels = _panels(len(names), margin=3, height=5)
    for axes, data in zip(panels, names, strict=True):
        runs = {count: found[data] for count, found in sorted(asked.items()) if data in found}
        _draw_data(axes, runs)
        axes.set_xlabel(f"records ({data})")
        axes.set_ylabel("µs a request (thin: each request of instquery)")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _draw_data(axes: Any, runs: Mapping[int, Requests]) -> None:
    common = set.intersection(*(set(requests) for requests in runs.values()))
    for name in common:
        ours = [requests[name]["instquery"]["reply"] for requests in runs.values()]
        axes.plot(list(runs), ours, color="tab:blue", alpha=0.35)
    for engine in ("instquery", *_DRAWN):
        means = {
            count: geometric_mean([requests[name][engine]["reply"] for name in common])
            for count, requests in runs.items()
            if common and all(engine in requests[name] for name in common)
        }
        if means:
            label = f"{engine}, geometric mean"
            axes.plot(list(means), list(means.values()), "o-", linewidth=2, label=label)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.grid(visible=True, alpha=0.3)
