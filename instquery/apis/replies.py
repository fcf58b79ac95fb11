"""The records in a document: in a reply of an API, however it was saved, or by themselves.

| a document | holds |
| --- | --- |
| an object with the key, in whatever casing | itself, a record |
| an array | what its items hold |
| `{"headers", "statusCode", "body"}`, as SDKs write a response | what its body holds |
| a reply, or a part of it that leads to the list | the records of the list |
| a reply without a list, or with an empty one | none, or the API's refusal |
| any other | itself, for the schema to refuse |

Members on the way to the list are found in any casing (`result`, `Result`, `instance_list`): SDKs
write both that of the document and that of their language.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from itertools import repeat
from typing import Any, Protocol, cast

from instquery.apis.documents import Unreadable
from instquery.apis.envelope import Answer, Envelope, Fault, Refused
from instquery.query import Record
from instquery.schema import Schema

__all__ = ["Answers", "Failures", "Foreign", "Replies", "folded"]

Path = tuple[str, ...]

Foreign = Callable[[dict[str, Any]], tuple[Unreadable, int] | None]
"""Says of a reply that it is another API's, and how many records it holds."""

_DEEPEST = 8
"""How deep arrays and responses may lie in each other: more than anything saves."""

_FINE = frozenset({"", "200", "ok", "success"})
"""Codes that are none of a failure, in lower case."""


class Answers(Protocol):
    """An operation, as a reader needs it."""

    @property
    def schema(self) -> Schema:
        """What a record holds."""
        ...

    @property
    def envelope(self) -> Envelope:
        """How replies are written."""
        ...

    @property
    def errors(self) -> Mapping[str, Fault]:
        """The error table."""
        ...


@dataclass(frozen=True, slots=True)
class Failures:
    """Where a reply has its request ID, its error code and its message; and the codes there are."""

    request_id: Path = ("requestId",)
    code: Path = ("code",)
    message: Path = ("message",)
    codes: frozenset[str] = frozenset()
    fine: frozenset[str] = _FINE
    flag: Path | None = None
    """Where a reply has `false` if it was refused."""

    @classmethod
    def of(cls, operation: Answers) -> "Failures":
        """Look at the bodies that an operation makes.

        What it writes in a way of its own, such as the code within a sentence, is looked for under
        the usual name.
        """
        codes = frozenset(operation.errors)
        refused = Refused("a request ID", min(codes, default="a code"), "a message")
        try:
            failure = operation.envelope.failure(refused)
            success = operation.envelope.success(Answer("a request ID", [], 1, 1, 0))
        except Exception:  # a function of the user's, which may want more than this
            return cls(codes=codes)

        usual = cls()
        code = _path_to(refused.code, failure) or usual.code
        own = _follow(success, code)
        flags = [
            path for path in _paths_to(wanted=False, body=failure) if _follow(success, path) is True
        ]
        return cls(
            _path_to(refused.request_id, failure) or usual.request_id,
            code,
            _path_to(refused.message, failure) or usual.message,
            codes,
            _FINE | {own.lower()} if isinstance(own, str) else _FINE,
            flags[0] if flags else None,
        )

    def is_reply(self, document: Mapping[str, Any]) -> bool:
        """Tell whether an object without a list looks like a reply all the same."""
        if _follow(document, self.request_id) is not None:
            return True
        return (
            _follow(document, self.code) is not None and _follow(document, self.message) is not None
        )

    def told(self, document: Mapping[str, Any], *, has_list: bool) -> Unreadable | None:
        """Say what a reply without records was refused for; `None` for an empty page.

        Where there is an empty list, the code must be one of the API's own: some fill in a code of
        success.
        """
        given = _follow(document, self.code)
        code = given if isinstance(given, str) else str(given or "")
        is_told_so = self.flag is not None and _follow(document, self.flag) in _FALSE
        is_failure = code.lower() not in self.fine and (not has_list or code in self.codes)
        if not is_told_so and not is_failure:
            return None

        message = _follow(document, self.message)
        words = f": {message[:_LONGEST]}" if isinstance(message, str) and message else ""
        why = f", {code}" if code else ""
        return Unreadable(f"is a failure reply and holds no records{why}{words}")


_FALSE: tuple[object, ...] = (False, "false", "False")

_LONGEST = 200
"""The characters of a failure's message that are told."""


@dataclass(frozen=True, slots=True)
class Replies:
    """How the records of one API lie in its replies.

    `keys` are the names of the key: its own, and its aliases.
    """

    path: Path
    keys: frozenset[str]
    failures: Failures = attribute(default_factory=Failures)

    def values(self, document: Any, foreign: Foreign, depth: int = 0) -> Iterator[Any]:
        """Yield the records of a document, and an `Unreadable` where there is none."""
        if isinstance(document, list) and depth < _DEEPEST:
            for item in cast(list[object], document):
                if isinstance(item, dict) and not self.keys.isdisjoint(cast(Record, item)):
                    yield item  # as nearly every one is
                else:
                    yield from self.values(item, foreign, depth + 1)
        elif not isinstance(document, dict) or self.is_record(cast(Record, document)):
            yield document
        elif _find(cast(Record, document), "body") is not None and depth < _DEEPEST:
            yield from self._in_response(cast(Record, document), foreign, depth)
        else:
            yield from self._in_reply(cast(Record, document), foreign)

    def is_record(self, document: Mapping[str, Any]) -> bool:
        """Tell whether an object has the key, in whatever casing."""
        if not self.keys.isdisjoint(document):
            return True
        keys = set(map(folded, self.keys))
        return any(folded(name) in keys for name in document)

    def items(self, document: Mapping[str, Any]) -> list[Any] | None:
        """Return the list of a reply, or of a part of it; `None` where there is none."""
        for start in range(len(self.path)):
            found = self._listed(_follow(document, self.path[start:]))
            if found is not None:
                return found
        return None

    def _in_response(self, document: Record, foreign: Foreign, depth: int) -> Iterator[Any]:
        """Yield what is in the body of a response as SDKs write it."""
        body = _member(document, "body")
        if isinstance(body, dict | list) and body != {}:
            yield from self.values(body, foreign, depth + 1)
        elif _find(document, "statusCode") is None:
            yield document
        else:
            held = "no body" if not body else "a body that is no object: save the body alone"
            yield Unreadable(f"is a response with {held}")

    def _in_reply(self, document: Record, foreign: Foreign) -> Iterator[Any]:
        """Yield the records of a reply, or of a part of one."""
        items = self.items(document)
        if items:
            yield from items
            return

        of_another = foreign(document) if items is None else None
        if of_another is not None:
            yield from repeat(*of_another)
            return
        leads_on = any(_find(document, name) is not None for name in self.path)
        if items is None and not leads_on and not self.failures.is_reply(document):
            yield document
            return

        fault = self.failures.told(document, has_list=items is not None)
        odd = self._stands_for_list(document) if items is None else None
        if fault is not None:
            yield fault
        elif odd is not None:
            name, kind = odd
            yield Unreadable(
                f"is a reply in which {name} is {kind} and holds no list: save JSON alone"
            )
        elif items is None and _has_objects(document):
            way = ".".join(self.path)
            yield Unreadable(f"is a reply without the list {way}: is it a reply of another API?")

    def _stands_for_list(self, document: Record) -> tuple[str, str] | None:
        """Return the name and the kind of what is no list, on the way to where it is; or `None`."""
        for start in range(len(self.path)):
            found: Any = document
            for name in self.path[start:]:
                found = _member(cast(Record, found), name)
                if found and not isinstance(found, dict | list):
                    return name, "text" if isinstance(found, str) else type(found).__name__
                if not isinstance(found, dict):
                    break
        return None

    def _listed(self, found: Any) -> list[Any] | None:
        """Return what stands at the end of the path as a list.

        Older replies, and those made of XML, have an object of one member around it, which may hold
        a lone record.
        """
        if isinstance(found, dict):
            inner = cast(dict[str, Any], found)
            if self.is_record(inner):
                return [inner]
            found = next(iter(inner.values())) if len(inner) == 1 else None
            if isinstance(found, dict) and self.is_record(cast(dict[str, Any], found)):
                return [found]
        return cast(list[object], found) if isinstance(found, list) else None


def folded(name: str) -> str:
    """Return a member's name without casing: one for `InstanceID`, `instanceId`, `instance_id`."""
    return name.replace("_", "").lower()


def _find(document: Mapping[str, Any], name: str) -> str | None:
    """Return how an object spells a member's name; `None` where it has none."""
    if name in document:
        return name
    wanted = folded(name)
    return next((given for given in document if folded(given) == wanted), None)


def _member(document: Mapping[str, Any], name: str) -> Any:
    """Return a member by its name in any casing."""
    given = _find(document, name)
    return None if given is None else document[given]


def _follow(document: Any, path: Path) -> Any:
    """Return what a path leads to; `None` where it leads nowhere."""
    for name in path:
        if not isinstance(document, dict):
            return None
        document = _member(cast(dict[str, Any], document), name)
    return document


def _path_to(wanted: str, body: Any) -> Path | None:
    """Return the path to a text in a body that was made with it."""
    return next(_paths_to(wanted, body), None)


def _paths_to(wanted: object, body: Any, depth: int = 0) -> Iterator[Path]:
    """Yield the paths to a value in a body that was made with it."""
    if not isinstance(body, dict) or depth == _DEEPEST:
        return
    for name, value in cast(dict[str, Any], body).items():
        if type(value) is type(wanted) and value == wanted:
            yield (name,)
        for inner in _paths_to(wanted, value, depth + 1):
            yield (name, *inner)


def _has_objects(value: Any, depth: int = 0) -> bool:
    """Tell whether there is a list of objects somewhere in a value, as one of records is."""
    if isinstance(value, list):
        return any(isinstance(item, dict) for item in cast(list[object], value))
    if not isinstance(value, dict) or depth == _DEEPEST:
        return False
    return any(_has_objects(inner, depth + 1) for inner in cast(dict[str, Any], value).values())
