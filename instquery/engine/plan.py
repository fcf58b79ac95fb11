"""Choose how a query is answered. A plan is a function of the query and the version alone, never of a clock."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

from instquery.engine.census import Census
from instquery.engine.sizes import Size
from instquery.engine.version import Version
from instquery.predicates import Bounded, Value, merged
from instquery.query import Query

__all__ = ["Plan", "Step", "plan", "plans"]

Driver = Literal["nothing", "keys", "row sets", "scan"]
Role = Literal["proof", "driver", "row set", "residual"]
Total = Literal["known", "counted", "not asked"]

_WHAT_DRIVES = {
    "nothing": "nothing can match",
    "keys": "rows looked up by key, then put in order",
    "row sets": "row sets, newest segment first",
    "scan": "every row, newest first",
}
_WHENCE_TOTAL = {
    "known": "known before any row is read",
    "counted": "counted along the way",
    "not asked": "not asked for, so the walk ends with the page",
}

# Looking up a row by its key, testing and sorting it costs about as much as this many rows of a
# segment cost when they are taken as part of a row set.
_KEY_COST = 64


class Step(NamedTuple):
    """What a plan does with one predicate, and how many records match it."""

    predicate: Bounded
    role: Role
    size: Size

    @property
    def exact(self) -> bool:
        """Whether the number of matching records is known."""
        return self.size.count is not None


class Plan(NamedTuple):
    """How a query is answered: what drives it, what each predicate is used for, where the total comes from.

    `total` says whence, `known` how many where that is known beforehand. `keys` are those that the driver
    looks up, where it does.
    """

    driver: Driver
    steps: tuple[Step, ...]
    total: Total
    known: int | None
    records: int
    segments: int
    keys: Sequence[Value] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as plain data, for logs and JSON."""
        return {
            "driver": self.driver,
            "steps": [
                {
                    "predicate": str(step.predicate),
                    "role": step.role,
                    "size": step.size.expected,
                    "exact": step.exact,
                }
                for step in self.steps
            ],
            "total": self.total,
            "known": self.known,
            "records": self.records,
            "segments": self.segments,
        }

    def __str__(self) -> str:
        segments = "1 segment" if self.segments == 1 else f"{self.segments} segments"
        lines = [f"{self.records:,} records in {segments}: {_WHAT_DRIVES[self.driver]}"]
        lines += [
            f"  {step.role:<9} {'' if step.exact else 'about '}{step.size.expected:,} with {step.predicate}"
            for step in self.steps
        ]
        return "\n".join([*lines, f"  total     {_WHENCE_TOTAL[self.total]}"])


def plan(query: Query, version: Version, census: Census | None = None) -> Plan:
    """Return the cheapest plan. Raises `QueryError` for a predicate that its field cannot answer."""
    return next(plans(query, version, census))


def plans(query: Query, version: Version, census: Census | None = None) -> Iterator[Plan]:
    """Yield every plan that answers the query, the cheapest first. All give the identical page and total.

    The census of this very version spares work; without it the answers are the same.
    """
    steps = _weigh(query, version, census)
    impossible = [step for step in steps if step.size.count == 0]
    if impossible:
        yield _made("nothing", [(step, "proof") for step in impossible], query, version)
    named = next(
        ((step, keys) for step in steps if (keys := _keys(step.predicate, version, census)) is not None),
        None,
    )
    use_keys = named is not None and named[0].size.expected * _KEY_COST <= version.count
    if named is not None and use_keys:
        yield _by_key(*named, steps, query, version)
    if any(version.has_index(step.predicate.field) for step in steps) or not steps:
        roles: list[tuple[Step, Role]] = [
            (step, "row set" if version.has_index(step.predicate.field) else "residual") for step in steps
        ]
        yield _made("row sets", roles, query, version)
    if named is not None and not use_keys:
        yield _by_key(*named, steps, query, version)
    yield _made("scan", [(step, "residual") for step in steps], query, version)


def _weigh(query: Query, version: Version, census: Census | None) -> list[Step]:
    """Ask how many records match each predicate; what seems the rarest comes first."""
    steps: list[Step] = []
    bound = [version.schema.bound(predicate, query.now) for predicate in query.where]
    for predicate in bound if len(bound) < 2 else merged(bound):
        known = None if census is None else census.size(predicate)
        steps.append(Step(predicate, "residual", version.size(predicate) if known is None else known))

    steps.sort(key=lambda step: step.size.expected)
    return steps


def _keys(predicate: Bounded, version: Version, census: Census | None) -> Sequence[Value] | None:
    """Return keys among which all matches are, if a directory knows them."""
    keys = version.keys_of(predicate)
    return census.keys(predicate) if keys is None and census is not None else keys


def _by_key(by_key: Step, keys: Sequence[Value], steps: list[Step], query: Query, version: Version) -> Plan:
    others: list[tuple[Step, Role]] = [(step, "residual") for step in steps if step is not by_key]
    return _made("keys", [(by_key, "driver"), *others], query, version)._replace(keys=keys)


def _made(driver: Driver, roles: list[tuple[Step, Role]], query: Query, version: Version) -> Plan:
    """Make a plan, and decide where its total comes from."""
    steps = tuple([Step(step.predicate, role, step.size) for step, role in roles])
    known: int | None = None
    if driver == "nothing":
        known = 0
    elif not query.where:
        known = version.count
    elif len(steps) == 1:
        known = steps[0].size.count
    total: Total = "not asked" if not query.total else "counted" if known is None else "known"
    return Plan(driver, steps, total, known, version.count, len(version.segments))
