"""Nonces of accepted requests: what was let in once is not let in again."""

from hashlib import blake2b
from threading import Lock
from typing import Literal, TypeAlias

from instquery.forks import renew_after_fork
from instquery.options import check_whole

__all__ = ["Nonces", "Verdict"]

Verdict: TypeAlias = Literal["new", "repeated", "full", "forgotten"]
"""What became of a nonce: only a new one is remembered, and its request let in."""

_DIGEST = 16  # bytes: nobody finds two nonces with one digest of 128 bits
_MINUTE = 60
_NEVER = -(1 << 62)  # before any minute


class Nonces:
    """The nonces of each key, for as long as their requests are in time.

    A nonce is kept as a digest of 16 bytes, by the minute that its request was made in. So a long
    nonce costs no more than a short one, and a minute is forgotten as a whole.

    - Looking up and remembering is one step under one lock: of simultaneous copies one is new.
    - Each key has a memory of its own. A full one takes no more nonces, and forgets none.
    - A minute that was forgotten stays so: if the clock is set back, its requests are refused.

    Costs 5 µs a nonce, and about 100 bytes of memory.

    Args:
        most: nonces that are remembered for one key.
        age: seconds that a request may be late.

    """

    def __init__(self, *, most: int, age: int) -> None:
        check_whole("most", most, most=100_000_000)
        check_whole("age", age)
        self._most, self._age = most, age
        self._memories: dict[str, _Memory] = {}
        self._last_let_go = _NEVER  # the last minute of those memories that are gone
        self.renew_locks()
        renew_after_fork(self)

    def renew_locks(self) -> None:
        """Take a new lock: that of a forked process may be held by a thread that it has not.

        What it guards may lack the count of one nonce then, which moves a bound by one.
        """
        self._lock = Lock()

    def take(self, key: str, nonce: str, *, made: float, now: float) -> Verdict:
        """Remember the nonce of a request, unless it is remembered already.

        Args:
            key: whose nonce it is.
            nonce: the text that was signed.
            made: when the request was made, in UNIX seconds.
            now: the present moment, in UNIX seconds.

        """
        digest = blake2b(nonce.encode(), digest_size=_DIGEST).digest()
        with self._lock:
            memory = self._memories.setdefault(key, _Memory(self._last_let_go))
            memory.forget_before(self._first_minute(now), self._most)
            return memory.take(digest, int(made // _MINUTE), self._most)

    def end_empty(self, now: float) -> None:
        """Let go of the memories of keys that have sent nothing for long.

        Their minutes stay forgotten: of a key that has no memory, those of all that are gone.
        """
        with self._lock:
            for key, memory in list(self._memories.items()):
                memory.forget_before(self._first_minute(now), 0)
                if not memory.count:
                    self._last_let_go = max(memory.last_forgotten, self._last_let_go)
                    del self._memories[key]

    def __len__(self) -> int:
        with self._lock:
            return sum(memory.count for memory in self._memories.values())

    def _first_minute(self, now: float) -> int:
        """Return the first minute whose requests may still be in time."""
        return int((now - self._age) // _MINUTE)


class _Memory:
    """The nonces of one key, by minute; used under the lock of its owner.

    What was made up to the minute `last_forgotten` is not let in.
    """

    def __init__(self, last_forgotten: int) -> None:
        self.count = 0
        self.last_forgotten = last_forgotten
        self._by_minute: dict[int, set[bytes]] = {}
        self._oldest = _NEVER

    def forget_before(self, first: int, room: int) -> None:
        """Forget what was made before the first minute whose requests may still be in time.

        One minute at a time, as 30,000 nonces take 2 ms: more only while there are `room` or more.
        """
        while first > self._oldest and self._by_minute:
            minute = self._oldest = min(self._by_minute)
            if minute >= first:
                break
            self.count -= len(self._by_minute.pop(minute))
            self.last_forgotten = minute  # later than any before, as `take` sees to
            if self.count < room:
                break

    def take(self, digest: bytes, minute: int, most: int) -> Verdict:
        """Remember a nonce, unless it is remembered already."""
        for digests in self._by_minute.values():
            if digest in digests:
                return "repeated"
        if minute <= self.last_forgotten:
            return "forgotten"
        if self.count >= most:
            return "full"

        self._by_minute.setdefault(minute, set()).add(digest)
        self._oldest = min(minute, self._oldest)
        self.count += 1
        return "new"
