"""Run the benchmarks at one or more sizes, print the tables, draw the plots."""

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from benchmarks.contenders import CONTENDERS
from benchmarks.loads import measure
from benchmarks.mixed import measure as measure_mixed
from benchmarks.mixed import measure_sync, measure_waits
from benchmarks.report import draw, report, summary

HERE = Path(__file__).parent
TIMED = ("requests", "writes", "worst")
PARTS = (*TIMED, "loads", "mixed", "sync", "waits")


def main() -> int:
    """Run each size, keep its results beside those of other runs, and draw all of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "counts", type=int, nargs="*", default=[100_000], help="records in each inventory"
    )
    parser.add_argument(
        "--results", type=Path, default=HERE / "results", help="where figures and plots are kept"
    )
    parser.add_argument(
        "--engines", default=",".join(CONTENDERS), help="engines to time, commas between"
    )
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what to measure")
    parser.add_argument(
        "--seconds", type=float, default=60, help="how long each engine is given mixed work"
    )
    options = parser.parse_args()
    options.results.mkdir(parents=True, exist_ok=True)
    for count in options.counts:
        path = options.results / f"{count}.json"
        run = json.loads(path.read_text("utf-8")) if path.exists() else {}
        run |= _timed(count, options.engines, [part for part in options.parts if part in TIMED])
        if "loads" in options.parts:
            run["loads"] = measure(count, options.engines.split(","))
        if "mixed" in options.parts:
            run["mixed"] = measure_mixed(count, options.seconds)
        if "sync" in options.parts:
            run["sync"] = measure_sync(count)
        if "waits" in options.parts:
            run["waits"] = measure_waits(count, options.seconds / 10)
        print(f"\n## {count:,} records\n\n{report(run)}\n", flush=True)  # noqa: T201 - the report
        path.write_text(json.dumps(run, indent=1, ensure_ascii=False), "utf-8")
    kept = {
        int(path.stem): json.loads(path.read_text("utf-8"))
        for path in options.results.glob("*.json")
    }
    draw({count: run for count, run in kept.items() if "requests" in run}, options.results)
    return 0


def _timed(count: int, engines: str, parts: list[str]) -> dict[str, Any]:
    """Run pytest-benchmark over these parts, and reduce what it says."""
    if not parts:
        return {}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run.json"
        files = [str(HERE / f"test_{part}.py") for part in parts]
        size = [
            f"--count={count}",
            f"--engines={engines}",
            f"--benchmark-json={path}",
            "--benchmark-columns=median",
        ]
        rounds = ["--benchmark-min-rounds=5", "--benchmark-max-time=0.1", "-q", "--no-summary"]
        loaded = [
            "-W",
            "ignore:Module already imported:pytest.PytestAssertRewriteWarning",
        ]  # our own plugin's package
        failed = pytest.main([*files, *size, *rounds, *loaded])
        if failed:
            sys.exit(int(failed))
        found = summary(path)
        return {part: found[part] for part in parts}


if __name__ == "__main__":
    sys.exit(main())
