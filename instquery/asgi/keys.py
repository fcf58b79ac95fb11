"""Access keys: whose they are, from a file or the environment, and never shown."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from os import PathLike
from pathlib import Path
from typing import Any, Self, cast

from instquery.apis.facts import unrepeated
from instquery.errors import InstqueryError
from instquery.options import check_kind

__all__ = ["AccessKey", "Keys"]

_VARIABLE = "INSTQUERY_KEYS"


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A secret, and the caller whose it is (for the owner rules), where it has one."""

    secret: str = attribute(repr=False)
    caller: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.secret, str) or not self.secret:
            raise InstqueryError("must be text that is not empty", field="secret")
        if any("\ud800" <= character <= "\udfff" for character in self.secret):
            raise InstqueryError(
                "must be text that UTF-8 can hold: it signs octets", field="secret"
            )
        if self.caller is not None and (not isinstance(self.caller, str) or not self.caller):
            raise InstqueryError("must be the owner ID as text", field="caller")


class Keys(Mapping[str, AccessKey]):
    """Access keys by AccessKeyId. Their secrets are in no `repr` and no error.

    >>> Keys({"AKID": AccessKey("the secret", caller="1001")})
    Keys(['AKID'])
    """

    def __init__(self, keys: Mapping[str, AccessKey]) -> None:
        check_kind("keys", keys, Mapping, "a mapping of AccessKeyIds to access keys")
        for identity, key in keys.items():
            check_kind("an AccessKeyId", identity, str, "text")
            check_kind(f"the key {identity}", key, AccessKey, "an AccessKey")
        self._keys = dict(keys)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read JSON: AccessKeyId → {"secret": …, "caller": …}, or → the secret alone.

        An AccessKeyId that is given twice is refused: nobody could tell which secret is meant.
        """
        check_kind("access keys", text, str, "a JSON object, as text")
        try:
            found: object = json.loads(text, object_pairs_hook=unrepeated)
        except InstqueryError as error:
            raise InstqueryError(f"access keys: {error}") from None
        except (ValueError, RecursionError):
            raise InstqueryError("access keys must be a JSON object") from None
        if not isinstance(found, dict):
            raise InstqueryError("access keys must be a JSON object")
        keys: dict[str, AccessKey] = {}
        for identity, told in cast(dict[str, object], found).items():
            facts: object = {"secret": told} if isinstance(told, str) else told
            if (
                not isinstance(facts, dict)
                or not facts.keys() <= {"secret", "caller"}
                or "secret" not in facts
            ):
                raise InstqueryError("takes a secret and perhaps a caller", field=identity)
            keys[identity] = AccessKey(**cast(dict[str, Any], facts))
        return cls(keys)

    @classmethod
    def from_file(cls, path: str | PathLike[str]) -> Self:
        """Read a file as `parse` does. Raises `OSError` where there is none."""
        check_kind("path", path, (str, PathLike), "the path of a file")
        try:
            text = Path(path).read_text("utf-8")
        except UnicodeDecodeError:
            raise InstqueryError("access keys must be a JSON object, in UTF-8") from None
        except ValueError as error:  # a NUL, or half of a surrogate pair
            raise InstqueryError(f"path must be one that can be: {error}") from None
        return cls.parse(text)

    @classmethod
    def from_environment(cls) -> Self | None:
        """Read the variable INSTQUERY_KEYS as `parse` does; `None` where it is not set.

        Raises:
            InstqueryError: that names the variable. One that is empty is no JSON either.

        """
        text = os.environ.get(_VARIABLE)
        try:
            return None if text is None else cls.parse(text)
        except InstqueryError as error:
            raise InstqueryError(str(error), field=_VARIABLE) from None

    def __getitem__(self, identity: str) -> AccessKey:
        return self._keys[identity]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        return f"Keys({list(self._keys)})"
