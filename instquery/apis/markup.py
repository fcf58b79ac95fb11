"""Bodies in XML, for an `Envelope` that writes them so."""

import re
from collections.abc import Callable, Mapping
from typing import Any, cast
from xml.sax.saxutils import escape

__all__ = ["xml_writer"]

_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Editions of XML differ on other letters; every parser takes those of Latin and ideographs.
_LETTERS = "A-Za-z_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff\u4e00-\u9fa5"
_NO_NAME = re.compile(f"[^{_LETTERS}0-9.-]")
_BEGINS = re.compile(f"[{_LETTERS}]")


def xml_writer(root: str) -> Callable[[Mapping[str, Any]], bytes]:
    """Return what writes a body as an XML document, in UTF-8.

    A member is an element of its name, a list an element for each item, all of the list's name. A
    member without a value is left out. Bools are `true` and `false`. A character that XML cannot
    hold is written as U+FFFD. A name keeps its Latin letters, ideographs, digits, `.` and `-`;
    whatever else is in it is `_`.

    >>> write = xml_writer("Reply")
    >>> print(write({"Id": "R", "Items": {"Item": [{"Name": "<"}, {"Name": "c"}]}}).decode())
    <?xml version="1.0" encoding="UTF-8"?>
    <Reply><Id>R</Id><Items><Item><Name>&lt;</Name></Item><Item><Name>c</Name></Item></Items></Reply>

    """

    def write(body: Mapping[str, Any]) -> bytes:
        parts = ['<?xml version="1.0" encoding="UTF-8"?>\n']
        _write(root, body, parts)
        return "".join(parts).encode()

    return write


def _write(name: str, value: Any, parts: list[str]) -> None:
    """Append the elements of a member."""
    if value is None:
        return
    if isinstance(value, list | tuple):
        for item in cast(list[Any], value):
            _write(name, item, parts)
        return

    tag = _named(name)
    parts.append(f"<{tag}>")
    if isinstance(value, Mapping):
        members = cast(Mapping[str, Any], value)
        for inner, member in members.items():
            _write(str(inner), member, parts)
    else:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        parts.append(escape(_NO_CHARACTER.sub("\ufffd", text)).replace("\r", "&#13;"))
    parts.append(f"</{tag}>")


def _named(name: str) -> str:
    """Return a member's name as one of an element."""
    tag = _NO_NAME.sub("_", name) or "_"
    return tag if _BEGINS.match(tag) else f"_{tag}"
