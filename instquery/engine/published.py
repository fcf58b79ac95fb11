"""What is published of a store: its version and all that belongs to it, as one value.

Theory of operation
===================

A `Published` is never changed. A write makes another one, and `current` puts it in its place by one
assignment. So nobody sees the version of one write with the census or the history of another.

How a write goes, and what its interruption (Ctrl-C, no memory, a fork by another thread) leaves:

    step                             published from then on       if it ends here
    -------------------------------  ---------------------------  ---------------------------------
    checked, its changes listed      as before                    there was no write
    the journal is asked to keep it  `begun`, "ask"               the writer asks the journal, or
                                                                  else the next writer does. If it
                                                                  was kept: "complete"; if not,
                                                                  there was no write
    brief, nobody has a view:        `begun`, with a journal      whoever takes `_lock` next mends
    changed in place                 "complete", else "undo"      it: all is built anew
    brief, somebody has a view:      no census, and with a        as above; without a journal there
    changed in copies, `_lock` held  journal `begun`, "complete"  was no write
    large: changed in copies         no census, and with a        as above, by the writer
                                     journal `begun`, "ask"
    published                        the new one                  it has happened

So a write that raises has changed nothing, unless the journal has kept it. To mend is to build
another `Published` aside, from the directory and from what the write knows: that can be interrupted
too, and done once more.

Invariant: the census of a `Published` that is whole agrees with its version, or is `None`; its
history reaches up to its version.
"""

from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple, TypeAlias

from instquery.engine.census import Census
from instquery.engine.history import Changed, History
from instquery.engine.version import Version
from instquery.engine.writer import Writer
from instquery.schema import Entry

__all__ = ["Mend", "Published", "Write"]

Mend: TypeAlias = Literal["ask", "complete", "undo"]
"""What is to be done about a write that has begun, and of which no more is known:

    ask       the journal may have kept it: nothing of the version has been changed yet
    complete  the journal has kept it
    undo      there is no journal, and the version has been changed in place
"""


class Write(NamedTuple):
    """A write that has been checked, and the number of the version that it leads to."""

    number: int
    puts: Mapping[str, Entry]
    gone: Collection[str]
    changes: list[Changed]


class Published(NamedTuple):
    """A version, and all that must be seen together with it. Replaced as a whole, never changed."""

    version: Version

    census: Census | None
    """The census of the version; `None` while a write has taken it, or one was cut short."""

    history: History
    """The changes up to the version."""

    owner: object
    """The mark that parts bear which belong to this version alone."""

    begun: Write | None = None
    """A write that has begun on this version."""

    mend: Mend = "ask"
    """What is to be done about that write, if it does not come to its end."""

    @property
    def is_whole(self) -> bool:
        """Whether answers may be read from it as it is."""
        return self.begun is None or self.mend == "ask"

    def with_write(self, write: Write, mend: Mend) -> "Published":
        """Return the same, with a write that has begun on it."""
        return Published(self.version, self.census, self.history, self.owner, write, mend)

    def without_census(self) -> "Published":
        """Return the same, the census taken by whoever writes."""
        return Published(self.version, None, self.history, self.owner, self.begun, self.mend)

    def without_write(self) -> "Published":
        """Return the same, as if no write had begun on it."""
        return Published(self.version, self.census, self.history, self.owner)

    def known_census(self) -> Census:
        """Return the census; it is taken anew where a write was cut short."""
        version = self.version
        return Census.of(version.schema, list(version)) if self.census is None else self.census

    def written(
        self, write: Write, census: Census, owner: object, segment_rows: int
    ) -> "Published":
        """Return what a write leads to.

        What bears the owner's mark is changed in place, and so is the census.
        """
        writer = Writer(self.version, census, owner, segment_rows)
        writer.apply(write.puts, write.gone)
        version = writer.finish(write.number)
        history = self.history.extended(write.number, write.changes)
        return Published(version, writer.census, history, owner)

    def mended(self, segment_rows: int) -> "Published":
        """Return what is published once the write that has begun is completed or undone.

        All is built anew from the directory and from what the write knows, wherever it was cut
        short. This one stays as it is, so that it can be done once more. Costs as much as a load.
        """
        write = self.begun
        if write is None:
            return self

        version, history = self.version, self.history
        puts, gone, number = write.puts, write.gone, write.number
        if self.mend == "undo":
            rank = version.schema.rank
            gone = [key for key, old, _ in write.changes if old is None]
            puts = {
                key: Entry(rank(old), key, old) for key, old, _ in write.changes if old is not None
            }
            number = version.number
        else:
            history = history.extended(number, write.changes)

        owner = object()
        writer = Writer(version, Census(version.schema), owner, segment_rows)
        writer.complete(puts, gone)
        return Published(writer.finish(number), writer.census, history, owner)
