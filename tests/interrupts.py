"""Interrupts: something is done before a given byte code of the package, whichever that is."""

import dis
import sys
from functools import cache
from pathlib import Path

import instquery

ROOT = Path(instquery.__file__).parent

PUBLISHING = {
    str(ROOT / name)
    for name in (
        "engine/current.py",
        "engine/published.py",
        "engine/history.py",
        "files/live.py",
        "watch.py",
    )
}
"""The files in which each byte code is tried; of the others every `STEP`th."""

STEP = 50


class ByteCodes:
    """Counts the byte codes of the package that are run within it; calls `act` once, before one.

    That is number `at`, or, `as_signal`, the next one before which Python would run a signal
    handler: behind a call, a jump back, or the start of a function. `points` are the numbers that
    are worth an `act`.
    """

    def __init__(self, act=None, at=0, *, as_signal=False):
        self.act = act
        self.at = at
        self.as_signal = as_signal
        self.number = 0
        self.points = []
        self.is_over = act is not None
        """Whether `act` was not called, as there were not so many byte codes."""

    def __enter__(self):
        sys.settrace(self.trace)
        return self

    def __exit__(self, *raised):
        sys.settrace(None)

    def trace(self, frame, event, argument):
        path = frame.f_code.co_filename
        # The walk of all shards is thousands of steps that change nothing.
        is_walk = frame.f_code.co_name == "<genexpr>" and path.endswith("directory.py")
        if is_walk or not path.startswith(str(ROOT)):
            return None

        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        if event == "opcode":
            self.count(frame.f_code, frame.f_lasti, path)
        return self.trace

    def count(self, code, offset, path):
        uninterrupted, after_calls = _places(code)
        if offset in uninterrupted:
            return
        self.number += 1
        if self.act is None:
            if path in PUBLISHING or self.number % STEP == 0:
                self.points.append(self.number)
        elif self.is_over and self.number >= self.at:
            self.is_over = self.as_signal and offset not in after_calls
            if not self.is_over:
                self.act()


@cache
def _places(code):
    """Return the places of a code at which nothing can come in between, and those behind a call.

    The former are the ends of `with`: an interrupt comes with a call or a jump back, and what they
    call is a lock's own `__exit__`, which is written in C and allocates nothing. To raise something
    there by a trace would leave a lock taken that Python never leaves taken.
    """
    steps = [one for one in dis.get_instructions(code, show_caches=False) if one.opname != "CACHE"]
    uninterrupted, after_calls = set(), set()
    for number, step in enumerate(steps):
        at = number
        three = steps[at : at + 3]
        if len(three) == 3 and all(
            one.opname == "LOAD_CONST" and one.argval is None for one in three
        ):
            end = at + 3
            while steps[end].opname in ("PRECALL", "CALL"):
                end += 1
            if end > at + 3:
                while steps[at - 1].opname in ("SWAP", "NOP"):
                    at -= 1
                uninterrupted.update(one.offset for one in steps[at:end])
        if step.opname == "WITH_EXCEPT_START":
            uninterrupted.update(one.offset for one in steps[at - 1 : at + 1])
        before = steps[number - 1].opname if number else ""
        if before in ("CALL", "CALL_FUNCTION_EX", "RESUME") or before.startswith("JUMP_BACKWARD"):
            after_calls.add(step.offset)
    return uninterrupted, after_calls
