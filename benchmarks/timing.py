"""How long an engine takes of what a reply takes."""

from array import array
from collections.abc import Sequence
from time import perf_counter

from benchmarks.contenders import Unanswered
from instquery import Page, Query
from instquery.apis.operation import Engine

__all__ = ["Timed", "quantile"]


class Timed:
    """An engine, and the seconds that it took for each page, copies of the items included.

    Items that an engine makes when they are first asked for are asked for here.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.seconds = array("d")
        self.last = Page([], 0)
        self.can_answer = True

    def page(self, query: Query) -> Page:
        """Ask the engine."""
        start = perf_counter()
        try:
            page = self._engine.page(query)
        except Unanswered:
            self.can_answer = False
            raise
        _ = page.items
        self.can_answer = True
        self.seconds.append(perf_counter() - start)
        self.last = page
        return page


def quantile(seconds: Sequence[float], share: float) -> float:
    """Return the time that this share of all are not above, in µs."""
    ordered = sorted(seconds)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1e6, 2)
