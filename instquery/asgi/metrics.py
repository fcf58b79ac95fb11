"""Figures for Prometheus (extra `metrics`): requests, latencies, what stores and servers hold.

Each application has a registry of its own. Labels are names of what is served, and of this room:
no client can add one.
"""

import logging
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from instquery.apis.served import Served
from instquery.asgi.access import Exchange
from instquery.asgi.connections import Connections
from instquery.contract import Holdings
from instquery.errors import InstqueryError
from instquery.extras import cure
from instquery.options import check_flag

try:
    from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
    from prometheus_client.process_collector import ProcessCollector

    _is_installed = True
# The extra `metrics` is not installed; where types are checked it is.
except ModuleNotFoundError as missing:
    if TYPE_CHECKING or missing.name != "prometheus_client":
        raise
    _is_installed = False

__all__ = ["CONTENT_TYPE", "Metrics", "metrics_for"]

_log = logging.getLogger(__name__)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# Seconds. Most pages are in memory and take 0.05 to 1 ms; those of databases 1 ms to seconds.
_BUCKETS = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005),
    *(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

_HELD = {
    "records": "Records of a store.",
    "snapshots": "Earlier states of a store that somebody still holds.",
    "leases": "States that a store keeps for walks.",
}


def metrics_for(served: Mapping[str, Served], *, wanted: bool | None) -> "Metrics | None":
    """Return what counts for an application; `None` where that is not wanted.

    Without a wish (`None`) it is there where the extra is installed.

    Raises:
        InstqueryError: where it is wanted, and the extra is missing.

    """
    if wanted is not None:
        check_flag("metrics", wanted)
    if wanted and not _is_installed:
        raise InstqueryError(f"metrics need prometheus-client: {cure('metrics')}")
    return Metrics(served) if _is_installed and wanted is not False else None


class Metrics:
    """The figures of one application. `note` costs 2 µs."""

    def __init__(self, served: Mapping[str, Served]) -> None:
        self._served = served
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "instquery_requests",
            "Requests by action and status.",
            ("action", "version", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "instquery_request_seconds",
            "Seconds until a reply was ready.",
            ("action", "version"),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        ProcessCollector(registry=self._registry)  # its memory and its open files, on Linux
        # Found by what decides them, as a look-up by labels costs more than counting.
        self._known: dict[tuple[object, int], tuple[Counter, Histogram]] = {}

    def note(self, exchange: Exchange) -> None:
        """Count a request."""
        operation, status = exchange.operation, exchange.status
        known = self._known.get((id(operation), status))
        if known is None:
            names = ("-", "-") if operation is None else (operation.name, operation.version)
            known = (self._requests.labels(*names, str(status)), self._seconds.labels(*names))
            self._known[id(operation), status] = known  # operations that are served stay
        requests, seconds = known
        requests.inc()
        seconds.observe(exchange.seconds)

    def render(self, connections: Connections | None) -> bytes:
        """Write all figures; those of the connections where the server is one of ours."""
        text = generate_latest(self._registry) + generate_latest(_Held(self._served))
        if connections is not None:
            text += generate_latest(_Served(connections))
        return text


class _Held:
    """What stores hold, as they say it themselves; a database is not asked to count."""

    def __init__(self, served: Mapping[str, Served]) -> None:
        self._served = served

    def collect(self) -> Iterator[Any]:
        """Yield a gauge for each kind of thing, by the name of the API."""
        held = {name: holdings for name in self._served if (holdings := self._of(name))}
        for kind, about in _HELD.items():
            gauge = GaugeMetricFamily(f"instquery_{kind}", about, labels=("api",))
            for name, holdings in held.items():
                gauge.add_metric((name,), getattr(holdings, kind))
            yield gauge

    def _of(self, name: str) -> Holdings | None:
        try:
            return getattr(self._served[name].store, "holdings", None)
        except Exception:
            _log.exception("the store %s does not say what it holds", name)
            return None


class _Served:
    """The connections of a server."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def collect(self) -> Iterator[Any]:
        """Yield how many there are, how many there may be, and how many were refused."""
        held = self._connections
        yield GaugeMetricFamily("instquery_connections", "Connections that are open.", held.held)
        yield GaugeMetricFamily(
            "instquery_connections_most", "Connections that may be open.", held.most
        )
        yield CounterMetricFamily(
            "instquery_connections_refused",
            "Connections closed at once, as there were too many.",
            held.refused,
        )
