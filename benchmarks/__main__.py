"""Run the benchmarks at one or more sizes, print the tables, draw the plots.

By default it measures what `TIMED` lists, which takes some 5 minutes for 100,000 records and some
20 for 1,000,000; `--only` chooses parts, also those that take longer.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import pytest

from benchmarks.beyond import measure as measure_questions
from benchmarks.contenders import CONTENDERS
from benchmarks.inventories import DATA
from benchmarks.loads import measure
from benchmarks.mixed import measure as measure_mixed
from benchmarks.plots import draw
from benchmarks.report import report
from benchmarks.results import FOLDER, Run, about, keep, newest, summary
from benchmarks.waits import measure_sync, measure_waits

HERE = Path(__file__).parent
TIMED = ("cold", "requests", "writes", "worst")
_MANY = 1_000_000  # records of which the slow engines are asked less often
_SLOW_TO_LOAD = ("tantivy", "redis")
_QUICKLY_LOADED = 100_000  # records from which on these are left out unless they are named
LONG = ("loads", "mixed", "questions", "sync", "waits")


def main() -> int:
    """Run each size, keep its results beside those of other runs, and draw the newest."""
    options = _parser().parse_args()
    for count in options.counts:
        if not options.show:
            start = perf_counter()
            run = _measured(count, options)
            path = keep(options.results, count, run)
            print(f"\n## {count:,} records, {perf_counter() - start:,.0f} s: {path}")  # noqa: T201
            print(f"\n{report(run)}\n", flush=True)  # noqa: T201 - the report
        elif kept := newest(options.results).get(count):
            print(f"\n## {count:,} records\n\n{report(kept)}\n")  # noqa: T201
    draw(newest(options.results), options.results)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("counts", type=int, nargs="*", default=[100_000], help="records in each inventory")
    add("--results", type=Path, default=FOLDER, help="where figures and plots are kept")
    add("--data", nargs="+", choices=DATA, default=list(DATA), help="generators of records")
    add("--engines", help="engines, commas between; by default all that are quick to load")
    add("--only", nargs="+", choices=[*TIMED, *LONG], default=TIMED, help="what to measure")
    add("--cold", type=int, default=2_000, help="requests that are never repeated")
    add("--cold-seconds", type=float, default=15, help="the most for each engine to answer them")
    add("--seconds", type=float, default=60, help="how long each engine is given mixed work")
    add("--brief", action="store_true", help="time nothing well: to see that all of it works")
    add("--show", action="store_true", help="measure nothing: print and draw the newest runs")
    return parser


def _measured(count: int, options: argparse.Namespace) -> Run:
    """Measure what is asked for."""
    told = about()
    left_out = _SLOW_TO_LOAD if count >= _QUICKLY_LOADED else ()
    usual = [engine for engine in CONTENDERS if engine not in left_out]
    engines = options.engines.split(",") if options.engines else usual
    run = _timed(count, engines, options) | {"about": told, "count": count}
    for data in options.data:
        found = run["data"].setdefault(data, {})
        if "loads" in options.only:
            found["loads"] = measure(data, count, engines)
        if "mixed" in options.only:
            found["mixed"] = measure_mixed(data, count, options.seconds)
        if "questions" in options.only:
            found["questions"] = measure_questions(data, count, brief=options.brief)
        if "sync" in options.only:
            found["sync"] = measure_sync(data, count)
    if "waits" in options.only:
        run["waits"] = measure_waits(count, options.seconds / 10)
    return {name: found for name, found in run.items() if found}


def _timed(count: int, engines: list[str], options: argparse.Namespace) -> Run:
    """Run pytest-benchmark over these parts, and reduce what it says."""
    chosen = [part for part in TIMED if part in options.only]
    if not chosen:
        return {"data": {}}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run.json"
        files = [str(HERE / f"test_{part}.py") for part in chosen]
        size = [f"--count={count}", f"--data={','.join(options.data)}"]
        size += [f"--engines={','.join(engines)}", f"--cold={options.cold}"]
        size += [f"--cold-seconds={options.cold_seconds}", f"--benchmark-json={path}"]
        least = 3 if count >= _MANY else 5
        rounds = [f"--benchmark-min-rounds={least}", "--benchmark-max-time=0.05"]
        if options.brief:
            rounds = ["--benchmark-min-rounds=1", "--benchmark-max-time=0.001"]
        rounds += ["-q"]
        rounds += ["--benchmark-columns=median", "-p", "no:cacheprovider"]
        # Our own plugin's package.
        loaded = ["-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"]
        failed = pytest.main([*files, *size, *rounds, *loaded])
        if failed:
            sys.exit(int(failed))
        return summary(path)


if __name__ == "__main__":
    sys.exit(main())
