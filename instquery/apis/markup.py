"""Bodies in XML, for an `Envelope` that writes them so."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast
from xml.sax.saxutils import escape

__all__ = ["xml_writer"]

_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# What a name begins with here, and what else may follow. Editions of XML differ on other letters;
# every parser takes those of Latin and ideographs.
_FIRST = "A-Za-z_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff\u4e00-\u9fa5"
_LATER = f"{_FIRST}0-9.-"
_SPELLED = re.compile(f"^[^{_FIRST}]|[^{_LATER}]|_(?=x[0-9A-F]{{4}})")


def xml_writer(root: str) -> Callable[[Mapping[str, Any]], bytes]:
    """Return what writes a body as an XML document, in UTF-8.

    - A member is an element of its name. One without a value is left out.
    - A list is an element for each item, all of the list's name: an item without a value is an
      empty element, a list in a list is written as its items, and a list without items is nothing.
    - Bools are `true` and `false`. A character that XML cannot hold is written as U+FFFD.
    - A name keeps its Latin letters, ideographs, digits, `.` and `-`. Any other character in it is
      written as `_xHHHH_`, its code point in hexadecimal digits, and so is a `_` that would be read
      as the first of these. So two names are never one element's, but that an empty name is `_`.

    >>> write = xml_writer("Reply")
    >>> print(write({"Id": "R", "Items": {"Item": [{"Name": "<"}, {"Name": "c"}]}}).decode())
    <?xml version="1.0" encoding="UTF-8"?>
    <Reply><Id>R</Id><Items><Item><Name>&lt;</Name></Item><Item><Name>c</Name></Item></Items></Reply>
    >>> print(write({"a b": [None, "x"], "1": [], "c": None}).decode())
    <?xml version="1.0" encoding="UTF-8"?>
    <Reply><a_x0020_b></a_x0020_b><a_x0020_b>x</a_x0020_b></Reply>

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
    for one in _items(value):
        _write_one(name, one, parts)


def _items(value: Any) -> Iterator[Any]:
    """Walk what a member has an element for each of: the items of a list, else itself."""
    if isinstance(value, list | tuple):
        for item in cast(list[Any], value):
            yield from _items(item)
    else:
        yield value


def _write_one(name: str, value: Any, parts: list[str]) -> None:
    """Append one element."""
    tag = _SPELLED.sub(_spelled, name) or "_"
    parts.append(f"<{tag}>")
    if isinstance(value, Mapping):
        members = cast(Mapping[str, Any], value)
        for inner, member in members.items():
            _write(str(inner), member, parts)
    elif value is not None:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        parts.append(escape(_NO_CHARACTER.sub("\ufffd", text)).replace("\r", "&#13;"))
    parts.append(f"</{tag}>")


def _spelled(found: re.Match[str]) -> str:
    """Write a character of a name by its code point."""
    return f"_x{ord(found[0]):04X}_"
