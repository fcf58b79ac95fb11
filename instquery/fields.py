"""Fields: what a member of a record is declared as."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import islice

from instquery.errors import SchemaError
from instquery.instants import MICROS, Unit
from instquery.kinds import KINDS, Kind, Read
from instquery.options import check_flag, nearest, some, told

__all__ = [
    "Field",
    "Kind",
    "Read",
    "checked_aliases",
    "instant",
    "keyword",
    "stored",
    "text",
    "unknown_field",
]


@dataclass(frozen=True, slots=True, repr=False)
class Field:
    """One field of a schema; made by `keyword`, `text`, `instant` or `stored`.

    `kind` may be given by name, if it is one of these.
    """

    kind: Kind
    indexed: bool = True
    aliases: tuple[str, ...] = ()
    as_text: bool = False
    integers: Unit | None = None
    blank_is_missing: bool = False

    def __post_init__(self) -> None:
        # The aliases are checked by the schema, which knows the field's name.
        object.__setattr__(self, "kind", _kind(self.kind))
        check_flag("indexed", self.indexed, SchemaError)
        check_flag("as_text", self.as_text, SchemaError)
        check_flag("blank_is_missing", self.blank_is_missing, SchemaError)
        if self.integers is not None and self.integers not in tuple(MICROS):
            raise SchemaError(f"integers must be one of {', '.join(MICROS)}, not {self.integers!r}")

    def __repr__(self) -> str:
        name = self.kind.name
        shown = [] if name in KINDS else [repr(name)]
        if not self.indexed and name != "stored":
            shown.append("indexed=False")
        if self.aliases:
            shown.append(f"aliases={some(self.aliases)}")
        if self.as_text:
            shown.append("as_text=True")
        if self.integers is not None:
            shown.append(f"integers={self.integers!r}")
        if self.blank_is_missing:
            shown.append("blank_is_missing=True")
        return f"{name if name in KINDS else 'Field'}({', '.join(shown)})"

    @property
    def has_index(self) -> bool:
        """Whether a store has an index for it."""
        return self.indexed and self.kind.index is not None


def keyword(*, indexed: bool = True, aliases: tuple[str, ...] = (), as_text: bool = False) -> Field:
    """Declare a field that is matched whole: text, an integer or a bool. For `Eq`, `In` and facets.

    Text has up to 4,096 characters (code points), an integer lies between -2^63 and 2^64 - 1.
    `indexed=False` spares the index and keeps every answer. A member spelled as one of `aliases` is
    taken in under the field's own name. `as_text=True` turns a number into its text.
    """
    return Field(KINDS["keyword"], indexed, aliases, as_text)


def text(*, indexed: bool = True, aliases: tuple[str, ...] = ()) -> Field:
    """Declare a field of text that is searched for parts of it. For `Contains`, `Eq` and `In`."""
    return Field(KINDS["text"], indexed, aliases)


def instant(
    *,
    indexed: bool = True,
    aliases: tuple[str, ...] = (),
    integers: Unit | None = None,
    blank_is_missing: bool = False,
) -> Field:
    """Declare a time: a `datetime` or ISO 8601 text. For `Range` and the order.

    It is handed back as it was given.

    Args:
        indexed: `False` spares the index and keeps every answer.
        aliases: other names of the member.
        integers: what an integer in a record counts since 1970: `"seconds"`, `"milliseconds"` or
            `"microseconds"`. Without it an integer is refused, as it does not say its unit.
        blank_is_missing: whether `""` is taken for no value.

    Raises:
        SchemaError: for another unit.

    """
    return Field(
        KINDS["instant"], indexed, aliases, integers=integers, blank_is_missing=blank_is_missing
    )


def stored(*, aliases: tuple[str, ...] = ()) -> Field:
    """Declare a field that is kept and handed back, and never asked for.

    `contents` says what it may hold.
    """
    return Field(KINDS["stored"], indexed=False, aliases=aliases)


def checked_aliases(fields: Mapping[str, Field]) -> dict[str, str]:
    """Check that names map to fields, and return the other names that they go by."""
    aliases: dict[str, str] = {}
    for name, declared in fields.items():
        if not isinstance(name, str) or not isinstance(declared, Field):
            raise SchemaError(
                "fields maps names to keyword(), text(), instant() or stored()", field=str(name)
            )
        if not isinstance(declared.aliases, tuple) or not _TEXT.issuperset(
            map(type, declared.aliases)
        ):
            given = told(declared.aliases)
            raise SchemaError(f"aliases must be a tuple of names, not {given}", field=name)
        for alias in declared.aliases:
            if alias in fields or aliases.setdefault(alias, name) != name:
                raise SchemaError(f"the alias {alias} is taken", field=name)
    return aliases


def unknown_field(name: str, declared: Collection[str]) -> str:
    """Say that a schema lacks a field, and which of its own may be meant.

    >>> unknown_field("Status", ["id", "status"])
    'no such field in the schema: did you mean status?'
    >>> unknown_field("x", ["id", "status"])
    'no such field in the schema: declare it, or take id, status'
    """
    near = nearest(name, declared)
    if near is not None:
        return f"no such field in the schema: did you mean {near}?"

    more = f" or {len(declared) - _MOST} others" if len(declared) > _MOST else ""
    shown = ", ".join(islice(declared, _MOST))
    return f"no such field in the schema: declare it, or take {shown}{more}"


def _kind(given: object) -> Kind:
    """Return the kind that is given as itself or by its name."""
    if isinstance(given, Kind):
        return given

    found = KINDS.get(given) if isinstance(given, str) else None
    if found is None:
        kinds = ", ".join(KINDS)
        raise SchemaError(
            f"the kind of a field must be one of {kinds}, or a Kind, not {told(given)}"
        )
    return found


_TEXT = frozenset({str})
_MOST = 8  # fields that are told
