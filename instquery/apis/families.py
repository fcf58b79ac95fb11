"""Parameters that come in numbered parts: `InstanceId.1`, `Tag.1.Key`, `Filter.2.Value.3`.

Numbers may have gaps, and say in which order the items are. Parts that are empty count as not
given, and an item without parts is none.

From Python the items may also be given as a list under the family's name: texts, or mappings of
parts. Anything else under that name is refused. Over a network it is no name of a parameter.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, Unpack, cast

from instquery.apis.param import Common, Param, Predicates, is_count
from instquery.apis.values import is_given, word
from instquery.errors import SchemaError

__all__ = ["Part", "repeated"]

Part: TypeAlias = str | tuple[str, ...]
"""The name of a part, or a tuple of names: its own, and other spellings of it."""

Item: TypeAlias = str | tuple[str | tuple[str, ...] | None, ...]
"""One of a family: a text, or its parts in the order in which they are declared; `None` for a part
that is not given."""

_NUMBER = "[1-9][0-9]{0,8}"
_MANY = ".N"


def repeated(
    name: str,
    parts: Sequence[Part] = (),
    *,
    most: int,
    read: Callable[[Any, int], Predicates | None],
    **common: Unpack[Common],
) -> Param:
    """Declare a family of parameters, numbered from 1: `Tag.1.Key`, `Tag.1.Value`, `Tag.2.Key`.

    Args:
        name: what all of them begin with, such as `Tag`.
        parts: what an item has behind its number. Without any an item is a text (`InstanceId.1`).
            A part that ends with `.N` is numbered itself (`Value.N` for `Filter.1.Value.2`), and is
            a tuple of texts. A tuple of names has other spellings behind the part's own.
        most: how many items there may be.
        read: makes predicates of the items and the moment of the request. An item is a text, or a
            tuple of its parts in the order of `parts`, with `None` for those not given. It raises
            `ValueError` or `Refusal` for what does not fit together.
        common: see `Common`; `code` is also that of too many items.

    >>> tags = repeated("Tag", ("Key", "Value"), most=20, read=lambda pairs, now: ())
    >>> tags.value(tags.found({"Tag.7.Key": "env", "Tag.2.Key": "app", "Tag.2.Value": "shop"}))
    (('app', 'shop'), ('env', None))

    """
    family = _Family((name, *common.get("names", ())), parts, most)
    named = tuple([f"{name}.N.{part}" for part in family.parts]) or (f"{name}.N",)
    return Param(
        name,
        "filter",
        read,
        f"{', '.join(named)}: up to {most}",
        value=family.checked,
        collect=family.collect,
        is_part=family.has,
        parts=named,
        **common,
    )


class _Family:
    """The names of a family, and the items that they make.

    A name that is spelled in another way counts where the same part of the same item is not given
    under its own name.
    """

    def __init__(self, names: tuple[str, ...], parts: Sequence[Part], most: int) -> None:
        name = names[0]
        if not is_count(most):
            raise SchemaError("most must be an integer from 1", field=name)
        if isinstance(parts, str) or not all(map(_is_part, parts)):
            reason = "parts must be a tuple of names, such as ('Key', 'Value')"
            raise SchemaError(reason, field=name)
        self._names = names
        self._spellings = [(part,) if isinstance(part, str) else part for part in parts]
        self.parts = tuple([spellings[0] for spellings in self._spellings])
        """The own names of the parts."""
        self._most = most
        self._what = f"objects with {', '.join(self.parts)}" if self.parts else "texts"
        self._prefixes = tuple([f"{one}." for one in names])
        behind = ["|".join(map(_pattern, spellings)) for spellings in self._spellings]
        ends = "|".join(f"(?P<p{at}>{pattern})" for at, pattern in enumerate(behind))
        end = rf"\.(?:{ends})" if behind else ""
        begin = "|".join(map(re.escape, names))
        self._pattern = re.compile(rf"(?P<name>{begin})\.(?P<number>{_NUMBER}){end}", re.ASCII)

    def has(self, name: str) -> bool:
        """Tell whether a name is of the family."""
        return self._pattern.fullmatch(name) is not None

    def checked(self, items: object) -> tuple[Item, ...]:
        """Return the items that were collected. Raises `ValueError` for too many."""
        found = cast(tuple[Item, ...], items)
        if len(found) > self._most:
            raise ValueError(f"must have at most {self._most} items")
        return found

    def collect(self, given: Mapping[str, object]) -> tuple[Item, ...] | None:
        """Return the items that were given; `None` where there are none. Raises `ValueError`."""
        for name in self._names:
            listed = given.get(name)
            if isinstance(listed, list | tuple):
                items = [self._of_python(one) for one in cast(Sequence[object], listed)]
                return tuple([item for item in items if item is not None]) or None
            if is_given(listed):
                raise ValueError(f"must be a list of {self._what}, or come in numbered parts")

        found: dict[int, dict[int, Any]] = {}
        for name, value in given.items():
            if not name.startswith(self._prefixes) or not is_given(value):
                continue
            matched = self._pattern.fullmatch(name)
            if matched is not None:
                self._note(found.setdefault(int(matched["number"]), {}), matched, word(value))
        return tuple([self._item(found[number]) for number in sorted(found)]) or None

    def _note(self, item: dict[int, Any], matched: re.Match[str], text: str) -> None:
        """Put the text of a name to the others of its item."""
        at = next((at for at in range(len(self.parts)) if matched[f"p{at}"] is not None), 0)
        is_own = matched["name"] == self._names[0]
        if not self.parts:
            _put(item, at, text, is_own=is_own)
            return

        own, spelled = self.parts[at], matched[f"p{at}"]
        if not own.endswith(_MANY):
            _put(item, at, text, is_own=is_own and spelled == own)
            return
        spelled, _, number = spelled.rpartition(".")
        is_own = is_own and spelled == own.removesuffix(_MANY)
        _put(item.setdefault(at, {}), int(number), text, is_own=is_own)

    def _item(self, noted: Mapping[int, Any]) -> Item:
        """Return an item of what was noted of it, by part."""
        if not self.parts:
            return cast(str, noted[0])
        return tuple([_in_order(noted.get(at)) for at in range(len(self.parts))])

    def _of_python(self, one: object) -> Item | None:
        """Take an item that Python code has given; `None` for one without parts."""
        if not self.parts:
            return word(one) if is_given(one) else None
        if not isinstance(one, Mapping):
            raise ValueError(f"must hold {self._what}")
        members = cast(Mapping[str, object], one)
        parts = tuple([_of_part(members, spellings) for spellings in self._spellings])
        return None if all(part is None for part in parts) else parts


def _is_part(part: object) -> bool:
    """Tell whether this names a part: a text, or several of which all are numbered or none is."""
    spellings = cast(tuple[object, ...], part) if isinstance(part, tuple) else (part,)
    names = [name for name in spellings if isinstance(name, str) and name]
    is_all = bool(names) and len(names) == len(spellings)
    return is_all and len({name.endswith(_MANY) for name in names}) == 1


def _pattern(part: str) -> str:
    """Return the pattern of a part's name."""
    if part.endswith(_MANY):
        return rf"{re.escape(part.removesuffix(_MANY))}\.{_NUMBER}"
    return re.escape(part)


def _put(texts: dict[int, Any], at: int, text: str, *, is_own: bool) -> None:
    """Note a text; under another spelling only where there is none."""
    if is_own or at not in texts:
        texts[at] = text


def _in_order(noted: Any) -> str | tuple[str, ...] | None:
    """Return a part; where it is numbered itself, its texts in order."""
    if not isinstance(noted, dict):
        return cast(str | None, noted)
    texts = cast(dict[int, str], noted)
    return tuple([texts[number] for number in sorted(texts)])


def _of_part(
    members: Mapping[str, object], spellings: tuple[str, ...]
) -> str | tuple[str, ...] | None:
    given = [members.get(one.removesuffix(_MANY)) for one in spellings]
    value = next((one for one in given if one is not None and one != ""), None)
    if value is None:
        return None
    is_many = spellings[0].endswith(_MANY)
    if is_many and isinstance(value, list | tuple):
        given = [one for one in cast(Sequence[object], value) if one is not None and one != ""]
        return tuple(map(word, given)) or None
    return (word(value),) if is_many else word(value)
