"""Requests that have been read, for a host that decides where one is answered."""

from collections.abc import Callable, Hashable
from typing import Protocol

from instquery.apis.envelope import Reply
from instquery.contract import Explained, Pages, Prepared
from instquery.instants import TrustedMicros
from instquery.query import Query

__all__ = ["Asking", "Pins"]


class Pins(Protocol):
    """What pins walks by page number to the state of their first page; see `apis/walks`."""

    def begin(self, walk: Hashable, moment: TrustedMicros) -> Pages:
        """Return the state for the first page of a walk, and keep it with its moment."""
        ...

    def going(self, walk: Hashable) -> tuple[Pages, TrustedMicros] | None:
        """Return the state and the moment of a walk, `None` where there is none."""
        ...


class Asking:
    """A request, read and prepared; made by `Operation.prepare`.

    Attributes:
        query: what the request stands for; `None` where it is refused.

    """

    __slots__ = ("_prepared", "_reply", "query")

    def __init__(
        self, query: Query | None, prepared: Prepared | None, reply: Callable[[], Reply]
    ) -> None:
        self.query = query
        self._prepared = prepared
        self._reply = reply

    @property
    def brief(self) -> bool:
        """Whether the reply costs less than handing it to a thread; a refusal does."""
        return self._prepared is None or self._prepared.brief

    @property
    def plan(self) -> Explained | None:
        """How the query is answered; `None` where the request is refused."""
        return None if self._prepared is None else self._prepared.plan

    def reply(self) -> Reply:
        """Answer the request; once, from any thread. Never raises."""
        return self._reply()
