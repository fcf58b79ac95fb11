"""Sweep the numbers that were tuned in `instquery/engine`, and write what each value costs.

Every whole number that a module of the engine has as a constant is tried at a quarter, a half,
twice and four times its value, each in a process of its own whose module is compiled with that
value; what is derived of it follows. `NOT_TUNED` are left out. All values must give the same
answers.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

__all__ = ["NOT_TUNED", "constants", "main"]

HERE = Path(__file__).parent
PACKAGE = HERE.parent / "instquery"
NOT_TUNED = {
    "_AT_ONCE": "when to hand a page to a thread, which no request here does",
    "_BLOCK": "changes of the history, which no request here reads",
    "_BYTE": "a fact",
    "_DAY": "a fact",
    "_LEAVES": "what `prepare` promises",
    "_LONGEST": "a promise, in cursors",
    "_OTHER": "a fact",
    "_SIGNATURE": "a promise",
    "_VALUES": "what `prepare` promises",
}
"""Numbers that are no matter of speed, and why. `SEGMENT_ROWS` is tried as a store's option."""

_FACTORS = (0.25, 0.5, 2, 4)
_SEGMENTS = (4096, 8192, 16_384)  # beside the default, which is the most that fits

Measured = Mapping[str, Any]


class Constant(NamedTuple):
    """A number by its module and name."""

    module: str
    name: str
    value: int

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


def constants() -> Iterator[Constant]:
    """Yield the whole numbers that the engine's modules have as constants."""
    shape = re.compile(r"^(_?[A-Z][A-Z_]*) = (\d[\d_]*)(?: *#.*)?$", re.MULTILINE)
    for path in sorted((PACKAGE / "engine").rglob("*.py")):
        module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        for name, value in shape.findall(path.read_text("utf-8")):
            if name not in NOT_TUNED:
                yield Constant(module, name, int(value))


def main() -> int:
    """Measure each value and write the tables."""
    options = _parser().parse_args()
    if options.measure:
        _child(json.loads(options.measure))
        return 0
    chosen = [one for one in constants() if not options.only or one.name in options.only]
    blocks = [_head(options)]
    for constant in chosen[: 1 if options.brief else None]:
        tried = {int(constant.value * factor) for factor in _FACTORS} - {0}
        place = {"module": constant.module, "name": constant.name}
        changes = {value: place | {"to": value} for value in sorted(tried)}
        blocks.append(_swept(options, str(constant), f"{constant.value:,}", changes))
        _write(options, blocks)
    if not options.only or "SEGMENT_ROWS" in options.only:
        sizes = {size: {"segment_rows": size} for size in _SEGMENTS if size < 2 * options.count}
        blocks.append(_swept(options, "Store(segment_rows=…)", "the default", sizes))
    _write(options, blocks)
    return 0


def _write(options: argparse.Namespace, blocks: Sequence[str]) -> None:
    """Write what there is, so that a sweep that is ended has said something."""
    options.to.write_text("\n\n".join(blocks) + "\n", "utf-8")
    print(f"{options.to}: {len(blocks) - 1} numbers", flush=True)  # noqa: T201 - the report


def _swept(
    options: argparse.Namespace,
    title: str,
    in_force: str,
    changes: Mapping[int, Mapping[str, object]],
) -> str:
    """Measure each value beside the one in force, which is measured anew: machines get busy."""
    usual = _measure(options, {})
    if "failed" in usual:
        raise SystemExit(usual["failed"])
    chosen = list(changes.items())[: 1 if options.brief else None]
    found = {value: _measure(options, change) for value, change in chosen}
    return _block(title, in_force, usual, found)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tuning", description=__doc__)
    add = parser.add_argument
    add("count", type=int, nargs="?", default=100_000, help="records in each inventory")
    add("--only", nargs="+", default=[], help="names of constants, or SEGMENT_ROWS")
    add("--to", type=Path, default=HERE / "tuning.md", help="where the tables are written")
    add("--rounds", type=int, default=15, help="times that each request is asked")
    add("--brief", action="store_true", help="one number alone: to see that it works")
    add("--measure", help=argparse.SUPPRESS)
    return parser


def _measure(options: argparse.Namespace, change: Mapping[str, object]) -> Measured:
    """Measure in a process of its own, and return what it says."""
    rounds = 2 if options.brief else options.rounds
    task = {"count": options.count, "rounds": rounds, **change}
    command = [sys.executable, "-m", "benchmarks.tuning", "--measure", json.dumps(task)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if told.returncode:
        return {"failed": (told.stderr.strip().splitlines() or ["no message"])[-1]}
    found: Measured = json.loads(told.stdout)
    return found


def _child(task: Mapping[str, Any]) -> None:
    if "module" in task:
        sys.meta_path.insert(0, _Changing(task["module"], task["name"], task["to"]))
    from benchmarks.tuned import measure  # noqa: PLC0415 - the engine is imported with the change

    rows = task.get("segment_rows")
    found = measure(task["count"], task["rounds"], {} if rows is None else {"segment_rows": rows})
    print(json.dumps(found))  # noqa: T201 - what the parent reads


class _Changing(MetaPathFinder):
    """Finds one module, and has it compiled with another number."""

    def __init__(self, module: str, name: str, value: int) -> None:
        self._module, self._name, self._value = module, name, value

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, _target: object = None
    ) -> ModuleSpec | None:
        """Return the module's place with a loader that changes the number."""
        if fullname != self._module:
            return None
        spec = PathFinder.find_spec(fullname, path)
        if spec is None or spec.origin is None:
            return None
        spec.loader = _Changed(fullname, spec.origin, self._name, self._value)
        return spec


class _Changed(SourceFileLoader):
    def __init__(self, fullname: str, path: str, name: str, value: int) -> None:
        super().__init__(fullname, path)
        self._name, self._value = name, value

    def get_code(self, fullname: str) -> CodeType:
        """Compile the source with the number changed; nothing of it is cached."""
        source = self.get_data(self.path).decode("utf-8")
        shape = re.compile(rf"^{self._name} = \d[\d_]*", re.MULTILINE)
        changed, times = shape.subn(f"{self._name} = {self._value}", source)
        if times != 1:
            raise ImportError(f"{self._name} is not one number in {fullname}", name=fullname)
        code: CodeType = self.source_to_code(changed.encode("utf-8"), self.path)
        return code


def _head(options: argparse.Namespace) -> str:
    from benchmarks.results import about  # noqa: PLC0415 - children have no use for it

    told = about()
    return (
        f"# Tuned numbers\n\nBy `python -m benchmarks.tuning {options.count}`, {told['date']},"
        f" commit {told['commit']}, {told['python']}, {told['machine']['processor']}."
        "\n\nEach cell is the"
        " time or size with that value as a part of that with the value in force: processor time,"
        " the least of several, over both kinds of inventories."
    )


def _block(title: str, in_force: str, usual: Measured, found: Mapping[int, Measured]) -> str:
    """Write what each value costs beside the one in force."""
    names = list(usual["figures"])
    lines = [f"## `{title}`", ""]
    lines += ["| value | " + " | ".join(names) + " | slowest request |"]
    lines += ["| ---: |" + " ---: |" * len(names) + " --- |"]
    flat: list[float] = []
    for tried, told in found.items():
        if "failed" in told:
            lines.append(f"| {tried:,} |" + " |" * len(names) + f" cannot be: {told['failed']} |")
            continue
        if told["answers"] != usual["answers"]:
            raise SystemExit(f"{title}: {tried} gives other answers")
        ratios = [told["figures"][name] / usual["figures"][name] for name in names]
        flat.append(ratios[0])
        by_request = {
            name: told["requests"][name] / micros for name, micros in usual["requests"].items()
        }
        slowest = max(by_request, key=by_request.__getitem__)
        cells = " | ".join(f"{ratio:.2f}" for ratio in ratios)
        lines.append(f"| {tried:,} | {cells} | {by_request[slowest]:.2f} {slowest} |")
    if flat:
        lines += ["", f"In force: {in_force}. Requests: {min(flat):.2f} to {max(flat):.2f}."]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
