"""Fields: what a member of a record is declared as."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import islice

from instquery.errors import SchemaError
from instquery.instants import MICROS, Unit
from instquery.kinds import KINDS, Column, Kind, Read
from instquery.options import check_flag, check_kind, nearest, some, told
from instquery.paths import Path, path_of, written_path

__all__ = [
    "Field",
    "Kind",
    "Read",
    "checked_aliases",
    "instant",
    "keyword",
    "number",
    "stored",
    "tags",
    "text",
    "unknown_field",
]


@dataclass(frozen=True, slots=True, repr=False)
class Field:
    """One field of a schema; made by `keyword`, `text`, `instant`, `number`, `tags` or `stored`.

    `kind` may be given by name, if it is one of these. `path` is where the values are in a record,
    if they are not its member of the field's name.
    """

    kind: Kind
    indexed: bool = True
    aliases: tuple[str, ...] = ()
    as_text: bool = False
    integers: Unit | None = None
    blank_is_missing: bool = False
    path: Path | None = None
    many: bool = False
    pair: tuple[str, str] | None = None
    """The names of the members of a pair that are its key and its value."""

    def __post_init__(self) -> None:
        # The aliases are checked by the schema, which knows the field's name.
        object.__setattr__(self, "kind", _kind(self.kind))
        check_flag("indexed", self.indexed, SchemaError)
        check_flag("as_text", self.as_text, SchemaError)
        check_flag("blank_is_missing", self.blank_is_missing, SchemaError)
        check_flag("many", self.many, SchemaError)
        if self.path is not None:
            object.__setattr__(self, "path", path_of(self.path))
        if self.many and not self.kind.has_many:
            raise SchemaError(f"{self.kind.phrase} cannot have many values: a keyword or text can")
        if self.path is not None and self.aliases:
            raise SchemaError("a field with a path has no aliases: the path names its member")
        if self.kind.has_pairs and self.pair is None:
            object.__setattr__(self, "pair", _PAIR)
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
        if self.many:
            shown.append("many=True")
        if self.path is not None:
            shown.append(f"path={written_path(self.path)!r}")
        if self.pair is not None and self.pair != _PAIR:
            key, value = self.pair
            shown.append(f"key={key!r}, value={value!r}")
        return f"{name if name in KINDS else 'Field'}({', '.join(shown)})"

    @property
    def has_index(self) -> bool:
        """Whether a store has an index for it."""
        return self.indexed and self.kind.index is not None

    @property
    def is_nested(self) -> bool:
        """Whether it is no member of a record, but is found by a path."""
        return self.path is not None

    @property
    def is_drawn(self) -> bool:
        """Whether what is asked for is drawn out of a record, rather than a member of it."""
        return self.is_nested or self.many or self.kind.has_pairs

    @property
    def columns(self) -> tuple[Column, ...]:
        """How it stands in a table."""
        return () if self.is_drawn else self.kind.columns


def keyword(
    *,
    indexed: bool = True,
    aliases: tuple[str, ...] = (),
    as_text: bool = False,
    path: str | Path | None = None,
    many: bool = False,
) -> Field:
    """Declare a field that is matched whole: text, an integer or a bool.

    For `Eq`, `In`, `Like` and facets. Text has up to 4,096 characters (code points), an integer
    lies between -2^63 and 2^64 - 1.

    Args:
        indexed: `False` spares the index and keeps every answer.
        aliases: other names of the member; it is taken in under the field's own name.
        as_text: whether a number is turned into its text.
        path: where the value is in a record, such as `"VpcAttributes.VpcId"`, or a tuple of names.
        many: whether a record may have several values: a list, tuple or set of them, or one.

    """
    return Field(KINDS["keyword"], indexed, aliases, as_text, path=_path(path), many=many)


def text(
    *,
    indexed: bool = True,
    aliases: tuple[str, ...] = (),
    path: str | Path | None = None,
    many: bool = False,
) -> Field:
    """Declare a field of text that is searched for parts of it.

    For `Contains`, `Like`, `Eq` and `In`. `path` and `many` are as those of `keyword`.
    """
    return Field(KINDS["text"], indexed, aliases, path=_path(path), many=many)


def number(
    *,
    indexed: bool = True,
    aliases: tuple[str, ...] = (),
    path: str | Path | None = None,
) -> Field:
    """Declare a number: an int, a float or a `Decimal`. For `Eq`, `In`, `Range` and orders.

    Numbers are compared exactly, whatever their types: 2**53 + 1 is not 2.0**53. An integer has up
    to 64 bits, a `Decimal` up to 40 digits and an exponent within ±400. Infinities are numbers; NaN
    is refused, and so are bools. `path` is as that of `keyword`.
    """
    return Field(KINDS["number"], indexed, aliases, path=_path(path))


def tags(
    *,
    indexed: bool = True,
    aliases: tuple[str, ...] = (),
    path: str | Path | None = None,
    key: str = "Key",
    value: str = "Value",
) -> Field:
    """Declare tags: pairs of a key and a value, both compared as they are. For `Has` and facets.

    A record has them as a mapping of keys to values, or as a list of objects. An object with the
    member `key` is one pair, any other one is a mapping. Numbers and bools are taken as their text,
    no value as `""`. A key may have several values. `path` is as that of `keyword`.
    """
    for what, name in (("key", key), ("value", value)):
        check_kind(what, name, str, "the name of a member", SchemaError)
    if key == value:
        raise SchemaError(f"key and value are two members, not {key!r} both")
    return Field(KINDS["tags"], indexed, aliases, path=_path(path), pair=(key, value))


def instant(
    *,
    indexed: bool = True,
    aliases: tuple[str, ...] = (),
    integers: Unit | None = None,
    blank_is_missing: bool = False,
    path: str | Path | None = None,
) -> Field:
    """Declare a time: a `datetime` or ISO 8601 text. For `Range` and the order.

    It is handed back as it was given.

    Args:
        indexed: `False` spares the index and keeps every answer.
        aliases: other names of the member.
        integers: what an integer in a record counts since 1970: `"seconds"`, `"milliseconds"` or
            `"microseconds"`. Without it an integer is refused, as it does not say its unit.
        blank_is_missing: whether `""` is taken for no value.
        path: where the value is in a record, as that of `keyword`.

    Raises:
        SchemaError: for another unit.

    """
    return Field(
        KINDS["instant"],
        indexed,
        aliases,
        integers=integers,
        blank_is_missing=blank_is_missing,
        path=_path(path),
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
                "fields maps names to keyword(), text(), instant(), number(), tags() or stored()",
                field=str(name),
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


def _path(given: str | Path | None) -> Path | None:
    return None if given is None else path_of(given)


_PAIR = ("Key", "Value")
_TEXT = frozenset({str})
_MOST = 8  # fields that are told
