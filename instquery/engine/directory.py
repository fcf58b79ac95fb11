"""The directory of a store: key → record."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Self

from instquery.query import Record

__all__ = ["Directory"]

# A write that may not change a shard copies it, and one that may not change a directory copies the
# list of its shards: so there are more of them where there are more keys.
_FEWEST = 2048
_FULL = 256  # keys of a shard on average, beyond which there are twice as many shards

_EMPTY: dict[str, Record] = {}


class Directory:
    """Key → record, in shards that copies share.

    A copy costs 5 to 50 µs; a later write, in either, copies one shard first. `owner` is the mark
    of whoever may change this directory in place; anyone else takes a copy.
    """

    __slots__ = ("_is_own", "_mask", "_shards", "owner")

    def __init__(self, owner: object = None, room: int = 0) -> None:
        """Make an empty directory that is good for so many keys."""
        self.owner = owner
        shards = _FEWEST
        while shards * _FULL < room:
            shards *= 2
        self._mask = shards - 1
        self._shards = [_EMPTY] * shards
        self._is_own = bytearray(shards)  # 1 where no copy shares the shard

    # reading

    def get(self, key: object) -> Record | None:
        """Return the record of a key, as it is kept."""
        return self._shards[hash(key) & self._mask].get(key) if isinstance(key, str) else None

    def get_all(self, keys: Iterable[object]) -> list[Record]:
        """Return the records of those of the keys that are held. Costs 0.1 µs a key."""
        shards, mask = self._shards, self._mask
        return [
            record
            for key in keys  # what is no text is found nowhere
            if (record := shards[hash(key) & mask].get(key)) is not None  # type: ignore[call-overload]
        ]

    def items(self) -> Iterator[tuple[str, Record]]:
        """Walk keys and records, in no order."""
        return chain.from_iterable(shard.items() for shard in self._shards)

    # writing

    def set(self, key: str, record: Record) -> None:
        """Enter a record under its key, in the place of another one."""
        self._own(key)[key] = record

    def remove(self, key: str) -> None:
        """Take a key out."""
        del self._own(key)[key]

    def with_room(self, count: int) -> Self:
        """Return this directory, or one with the same content that is good for so many keys.

        Costs 0.2 µs a key each time that they have doubled.
        """
        if count <= len(self._shards) * _FULL:
            return self

        roomy = type(self)(self.owner, 2 * count)
        for key, record in self.items():
            roomy.set(key, record)
        return roomy

    def copy(self, owner: object = None) -> Self:
        """Return a directory with the same content, for another owner."""
        twin = object.__new__(type(self))
        twin.owner = owner
        twin._mask = self._mask
        twin._shards = self._shards[:]
        twin._is_own = bytearray(len(self._shards))
        self._is_own = bytearray(len(self._shards))
        return twin

    def _own(self, key: str) -> dict[str, Record]:
        """Return the shard of a key, made ready to be changed."""
        number = hash(key) & self._mask
        if not self._is_own[number]:
            self._shards[number] = self._shards[number].copy()
            self._is_own[number] = 1
        return self._shards[number]
