"""Run the request benchmarks at one or more sizes, print the tables, draw the plots."""

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from benchmarks.report import draw, summary, table, verdicts

HERE = Path(__file__).parent


def main() -> int:
    """Run each size, keep its medians, and draw from all that are kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("counts", type=int, nargs="*", default=[100_000], help="records in each inventory")
    parser.add_argument("--results", type=Path, default=HERE / "results", help="where medians and plots are kept")
    options = parser.parse_args()
    options.results.mkdir(parents=True, exist_ok=True)
    for count in options.counts:
        with TemporaryDirectory() as folder:
            run = Path(folder) / "run.json"
            size = [f"--count={count}", f"--benchmark-json={run}", "--benchmark-columns=median"]
            rounds = ["--benchmark-min-rounds=5", "--benchmark-max-time=0.1", "-q", "-k", "test_request"]
            failed = pytest.main([str(HERE), *size, *rounds])
            if failed:
                return int(failed)
            medians = summary(run)
        print(f"\n{count:,} records, medians in µs\n\n{table(medians)}\n\n{verdicts(medians)}\n")  # noqa: T201 - the report
        (options.results / f"requests-{count}.json").write_text(
            json.dumps(medians, indent=1, ensure_ascii=False), "utf-8"
        )
    kept = {
        int(path.stem.split("-")[1]): json.loads(path.read_text("utf-8"))
        for path in options.results.glob("requests-*.json")
    }
    draw(kept, options.results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
