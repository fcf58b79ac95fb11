"""The JSON documents of a file, one after the other, in whatever way they are laid out.

A document may take one line or many, and several may share a line. What cannot be read is told by
its line, and reading goes on behind it.

Theory of operation. A document is tried on its own line first, then on ever longer windows of
lines, as long as the fault lies in the window's last line: it may be that only the rest is missing.
A fault further up is final. The document is given up then, and the next one begins at or behind
the line of the fault. So each line is parsed by a bounded number of attempts, and the whole is
linear in the size of the file:

| what ends an attempt | where the next document begins |
| --- | --- |
| the end of a document | right behind it, also on the same line |
| the fault is in the window's last line, more lines follow | same place, a longer window |
| another fault | the first line from there on that can begin a document |
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from instquery.apis.values import first_repeated
from instquery.query import Record

__all__ = ["Document", "Unreadable", "Watch", "documents", "other_encoding"]

Watch = Callable[[list[Any]], Iterable[Any]]
"""Is handed the lines and hands them on, to show progress."""


class Unreadable(NamedTuple):
    """What stands in the place of a record that cannot be had.

    `kind` names a fault that many records share: it is told once a file, and counted each time.
    """

    reason: str
    field: str | None = None
    kind: str | None = None


class Document(NamedTuple):
    """A document, or what is wrong there: the line it begins on, and whether it ends there."""

    line: int
    value: Any
    is_single: bool = True


def documents(lines: list[bytes], watch: Watch = iter) -> Iterator[Document]:
    """Yield what a file's lines hold, in order. Costs 10 ns a byte."""
    watched = iter(watch(lines))
    seen = 0
    for document, read in _scan(lines):
        for _ in range(seen, read):
            next(watched, None)
        seen = max(seen, read)
        yield document

    for _ in watched:  # blank lines at the end
        pass


def other_encoding(data: bytes) -> str | None:
    """Say of a file in UTF-16 or UTF-32 what it is and what to do; `None` for any other.

    JSON begins with an ASCII character, and holds no NUL. So the first four bytes tell.
    """
    start = data[:4]
    found = next((name for mark, name in _MARKS.items() if start.startswith(mark)), None)
    if found is None:
        zeros = bytes([byte != 0 for byte in start])
        found = next((name for shape, name in _SHAPES.items() if zeros.startswith(shape)), None)

    if found is None:
        return None
    return (
        f"the file is {found}, not UTF-8: convert it, such as by iconv -f {found} -t UTF-8, "
        "or save it anew (in PowerShell by Out-File -Encoding utf8)"
    )


def _scan(lines: list[bytes]) -> Iterator[tuple[Document, int]]:
    """Yield each document, and the number of lines that have been read by then."""
    first, column = 0, 0  # where the next document begins
    guess = _GROWTH  # documents of one file have about the same length
    text, decoded = "", -1

    while first < len(lines):
        if decoded != first:
            try:
                text, decoded = lines[first].decode("utf-8"), first
            except UnicodeDecodeError as error:
                reason = f"is not UTF-8: byte {error.start + 1}"
                yield Document(first + 1, Unreadable(reason)), first + 1
                first, column = _resumed(lines, first, first, 0)
                continue

        at = _skip_blanks(text, column)
        if at == len(text):
            first, column = first + 1, 0
            continue
        if text[at] not in "{[":
            value, column = _stray(text, at)
            yield Document(first + 1, value), first + 1
            continue

        found = _read(lines, first, text, at, guess)
        yield Document(first + 1, found.value, found.line == first), found.line + 1
        if found.line > first:
            guess = found.line - first + 1
        if found.is_over:
            first, column = found.line, found.column
        else:
            first, column = _resumed(lines, first, found.line, found.column)


class _Found(NamedTuple):
    """A document, or what is wrong with it; and where it is over, or wrong."""

    value: Any
    line: int
    column: int = 0
    is_over: bool = False


def _read(lines: list[bytes], first: int, text: str, at: int, guess: int) -> _Found:
    """Read the document that begins in the line `first`, which is `text`, at the column `at`."""
    decoder, refused = _DECODER, None
    span, before, stop = 1, 1, first + 1
    while True:
        try:
            value, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            is_all = stop == len(lines) or stop < first + span  # no more lines, or not UTF-8
            if is_all or text.find("\n", error.pos) >= 0:
                return _given_up(lines, text, error, first, stop)
            span, before = max(span * _GROWTH, guess), span
            text, stop = _window(lines, first, first + span)
        except RecursionError:
            # It does not tell where. The window before this one was not too deep.
            return _Found(Unreadable("is nested too deeply"), first + before - 1)
        except ValueError as error:  # from the hooks below, or a number of too many digits
            # Once more, without them: where does the document end?
            decoder, refused = _LENIENT, Unreadable(f"is not usable JSON: {error}")
        else:
            return _ended(text, first, end, value if refused is None else refused)


def _ended(text: str, first: int, end: int, value: Any) -> _Found:
    """Return a document that ends in a text, which begins with the line `first`."""
    comma = _COMMA.match(text, end)
    if comma is not None:
        end = comma.end()
        value = value if isinstance(value, Unreadable) else _TRAILING_COMMA

    # Most are on one line, which may be long, and hold many.
    if "\n" not in text:
        return _Found(value, first, end, is_over=True)
    start = text.rfind("\n", 0, end) + 1
    return _Found(value, first + text.count("\n", 0, end), end - start, is_over=True)


def _given_up(
    lines: list[bytes], text: str, error: json.JSONDecodeError, first: int, stop: int
) -> _Found:
    """Say why the document in lines, which are `text` and end before `stop`, is no JSON."""
    is_last = stop == len(lines)
    is_at_end = text.find("\n", error.pos) < 0
    if is_at_end and not is_last and _BEGINS.match(lines[stop]) is None:
        return _Found(_undecodable(lines[stop], stop), stop)

    if _STARTS.match(text, error.pos) is not None:
        # Where one lacks its end, the next one is unexpected: its end is the place to look at.
        end = len(text[: error.pos].rstrip(" \t\r\n"))
        if text.find("\n", end, error.pos) >= 0:
            error = json.JSONDecodeError(error.msg, text, end)

    line = f"line {first + error.lineno} " if "\n" in text[: error.pos] else ""
    reason = f"is not JSON: {error.msg.removesuffix(' at')} at {line}column {error.colno}"
    is_in_text = error.msg.startswith("Unterminated string")
    if is_last and (is_in_text or not text[error.pos :].strip()):
        fault = Unreadable(f"{reason}, where the file ends: is it cut off?")
        return _Found(fault, stop - 1, len(text) - (text.rfind("\n") + 1), is_over=True)

    fault = Unreadable(reason)
    if text.startswith(("'", "True", "False", "None"), error.pos):
        fault = _PYTHON
    elif text.startswith("\ufeff", error.pos):
        fault = _MARK_INSIDE
    return _Found(fault, first + error.lineno - 1, error.colno - 1)


def _window(lines: list[bytes], first: int, stop: int) -> tuple[str, int]:
    """Return lines as text, and where they stop: at the latest before a line that is not UTF-8."""
    data = b"\n".join(lines[first:stop])
    try:
        return data.decode("utf-8"), min(stop, len(lines))
    except UnicodeDecodeError as error:
        stop = first + data.count(b"\n", 0, error.start)
        return b"\n".join(lines[first:stop]).decode("utf-8"), stop


def _resumed(lines: list[bytes], first: int, line: int, column: int) -> tuple[int, int]:
    """Return where the next document may begin, after one was given up.

    It began in the line `first` and was wrong in `line` at `column`. The members of one that was
    printed over many lines are indented, and are passed over with it.
    """
    begun = _BEGINS.match(lines[first])
    if line == first and (begun is None or lines[first].rstrip()[-1:] in (b"}", b"]")):
        return first + 1, 0

    indent = 0 if begun is None else len(begun[1])
    for number in range(max(line, first + 1), len(lines)):
        begins = _BEGINS.match(lines[number])
        if begins is None or len(begins[1]) > indent:
            continue
        start = begins.end()  # ASCII so far: bytes are characters
        if number > line or start >= column:
            return number, start
    return len(lines), 0


def _stray(text: str, at: int) -> tuple[Any, int]:
    """Return what stands in the place of an object or an array, and the column behind it."""
    if text[at] == "\ufeff":
        return _MARK_INSIDE, at + 1
    if text[at] == ",":
        return _TRAILING_COMMA, at + 1

    rest = text[at:].strip(" \t\r")
    try:
        return _DECODER.decode(rest), len(text)
    except (ValueError, RecursionError):
        pass
    if rest.startswith(("b'", 'b"')):
        return _PYTHON, len(text)
    if rest.startswith("<"):
        return _MARKUP, len(text)
    shown = rest if len(rest) <= _SHOWN else rest[:_SHOWN] + "…"
    cure = "delete it, or save the reply alone as JSON"
    if "," in rest:
        cure += "; a table (CSV) is taken as JSON lines: an object for each row"
    reason = f"is text, not JSON: {shown!r}: {cure}"
    return Unreadable(reason, kind="text"), len(text)


def _undecodable(line: bytes, number: int) -> Unreadable:
    """Say where a line is not UTF-8."""
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        return Unreadable(f"is not UTF-8: byte {error.start + 1} of line {number + 1}")
    raise AssertionError  # it was not read


def _skip_blanks(text: str, at: int) -> int:
    """Return the column of the next character that is no blank."""
    found = _BLANKS.match(text, at)
    return found.end() if found else at


def _members(pairs: list[tuple[str, Any]]) -> Record:
    """Make an object of its members; a name given twice is an error.

    JSON readers would silently drop one of the two.
    """
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError(f"the member {first_repeated([name for name, _ in pairs])} is given twice")
    return members


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number of JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_refuse_constant)
_LENIENT = json.JSONDecoder(parse_int=len, parse_constant=len)
"""Finds the end of a document that has been refused; what it reads is thrown away."""

_BLANKS = re.compile(r"[ \t\r\n]*")
_COMMA = re.compile(r"[ \t\r]*,")
_STARTS = re.compile("\ufeff?[{\\[]")
_BEGINS = re.compile(rb"([ \t]*)(?:[}\]][ \t]*)?(?=(?:\xef\xbb\xbf)?[{\[])")
"""How a line looks on which a document begins, perhaps behind the end of another."""

_GROWTH = 8
"""How many times longer the next window is: what is parsed in vain is a seventh of the document."""

_SHOWN = 40
"""The characters of a stray text that are shown."""

_MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32LE",
    b"\x00\x00\xfe\xff": "UTF-32BE",
    b"\xff\xfe": "UTF-16LE",
    b"\xfe\xff": "UTF-16BE",
}
"""Byte order marks; the longer ones first."""

_SHAPES = {
    b"\1\0\0\0": "UTF-32LE",
    b"\0\0\0\1": "UTF-32BE",
    b"\1\0": "UTF-16LE",
    b"\0\1": "UTF-16BE",
}
"""Where the first character has its bytes other than zero."""

_TRAILING_COMMA = Unreadable(
    "a comma follows, as between the items of an array: put the whole in [ and ], "
    "or delete the commas between the lines",
    kind="comma",
)
_MARK_INSIDE = Unreadable(
    "a byte order mark (U+FEFF) stands inside the file, as where files with one were joined: "
    "delete it",
    kind="mark",
)
_PYTHON = Unreadable(
    "is Python's own notation, not JSON: save json.dumps(…) of the value, not its str() or repr(); "
    "of a reply of an SDK json.dumps(response.to_map())",
    kind="python",
)
_MARKUP = Unreadable(
    "is XML or HTML, not JSON: ask the API for JSON (Format=JSON), and save that", kind="text"
)
