"""HTTP under load: requests a second, p99 and memory.

Beside it runs a bare application of the same server.

`python -m benchmarks.serving 1000000 --seconds 60`; needs wrk.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

import psutil
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.inventories import APIS
from instquery.apis.catalog import CATALOG
from instquery.asgi import Server

__all__ = ["main"]

_PAGES = {
    "default page": "/v2/openapi/instances",
    "substring": "/v2/openapi/instances?name=prod&status=Running",
    "default page with total": "/?Action=QueryAvailableInstances",
    "product and region": "/?Action=QueryAvailableInstances&ProductCode=ecs&Region=cn-beijing",
}


def main() -> int:
    """Load both servers in turn, page by page, and print what they did."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.add_argument("count", type=int, help="records of each API")
    parser.add_argument(
        "--seconds", type=int, default=60, help="how long each page of each server is asked for"
    )
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument(
        "--bare", type=int, help="serve a constant body of this many bytes, and nothing else"
    )
    options = parser.parse_args()
    if options.bare is not None:
        _serve_bare(options.bare)
        return 0
    told = (
        "| page | server | requests a second | p99 ms | errors | memory MB before | after |\n"
        + "| --- " * 7
        + "|"
    )
    print(told, flush=True)  # noqa: T201 - the report
    with (
        TemporaryDirectory() as folder,
        _started(*_serve_files(Path(folder), options.count)) as (url, process),
    ):
        for title, path in _PAGES.items():
            size = len(urlopen(url + path).read())  # noqa: S310 - our own server
            with _started("benchmarks.serving", "0", f"--bare={size}") as (bare_url, bare):
                for name, base, serving in (("instquery", url, process), ("bare", bare_url, bare)):
                    print(  # noqa: T201
                        f"| {title} | {name} | {_load(base + path, serving, options)} |", flush=True
                    )
    return 0


def _serve_files(folder: Path, count: int) -> list[str]:
    """Write inventories, and return the module and arguments that serve them."""
    for name in APIS:
        with (folder / name).open("w", encoding="utf-8") as file:
            file.writelines(
                json.dumps(record, ensure_ascii=False) + "\n"
                for record in CATALOG[name].samples(count)
            )
    files = [f"--{name}={folder / name}" for name in APIS]
    return ["instquery.cli", "serve", "--port=0", *files]


@contextmanager
def _started(module: str, *arguments: str) -> Iterator[tuple[str, psutil.Process]]:
    """Run a module that serves; yield where, and its process."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://[0-9.]+:\d+", line)
        assert found is not None, line
        try:
            yield found[0], psutil.Process(process.pid)
        finally:
            process.terminate()


def _load(url: str, process: psutil.Process, options: argparse.Namespace) -> str:
    """Ask for a page as fast as it comes; return the rest of a row of the table."""
    before = process.memory_info().rss
    command = ["wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds}s", "--latency", url]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603
    rate = re.search(r"Requests/sec:\s*([0-9.]+)", told)
    slow = re.search(r"99%\s*([0-9.]+)(us|ms|s)", told)
    assert rate is not None, told
    assert slow is not None, told
    p99 = float(slow[1]) * {"us": 0.001, "ms": 1, "s": 1000}[slow[2]]
    errors = sum(map(int, re.findall(r"(?:responses: |connect |read |write |timeout )(\d+)", told)))
    after = process.memory_info().rss
    return (
        f"{float(rate[1]):,.0f} | {p99:.1f} | {errors} | {before / 1e6:,.0f} | {after / 1e6:,.0f}"
    )


def _serve_bare(size: int) -> None:
    body = b"x" * size

    async def constant(_: Request) -> Response:
        return Response(body, headers={"content-type": "application/json;charset=utf-8"})

    server = Server(Starlette(routes=[Route("/{path:path}", constant)]))
    print(f"serving on http://{server.endpoint}", flush=True)  # noqa: T201 - whoever has started it waits for this
    server.run()


if __name__ == "__main__":
    sys.exit(main())
