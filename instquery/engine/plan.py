"""Choose how a query is answered: a plan is a function of the query and the version alone."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from instquery.canonical import order_form
from instquery.engine.census import Census
from instquery.engine.placed import keys_named
from instquery.engine.sizes import Size
from instquery.engine.version import Version
from instquery.engine.weighing import Weighed, are_few_named, by_cost, unweighed, weigh
from instquery.kinds import Index
from instquery.leaves import Among, Has, Like, Some, Span
from instquery.options import counted
from instquery.predicates import Bounded, Contains, Eq, In, Interval, Missing, Value
from instquery.query import Order, Query
from instquery.terms import Term, Tree, leaves_of, merged

__all__ = ["Plan", "Step", "plan", "plans"]

# Makes a NamedTuple at half of what a call of its class costs: there is one a predicate.
_new = tuple.__new__  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]

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

_DIRECTIONS = {False: "ascending", True: "descending"}

# What drivers cost in µs, measured on records of 15 fields: to look records up and sort them, and
# that for each; to test one, by the class of the predicate; to ask a segment, and that for each
# value that an index selects by.
_LOOK_UP_ALL = 2.0
_LOOK_UP = 0.4
_TEST: Mapping[type[Bounded], float] = {
    Eq: 0.05,
    In: 0.05,
    Contains: 0.5,
    Like: 1.0,
    Interval: 0.7,
    Has: 0.5,
    Span: 1.0,
    Among: 0.5,
    Some: 0.5,
    Missing: 0.1,
}
_TEST_NODE = 0.1  # of a tree, beside the leaf's own test
_TEST_TEXT = 0.2  # of many values at once
_SEGMENT = 3.0
_PLACE = 10.0  # a record that a tree names by key
_SELECT: Mapping[Index | None, float] = {
    "values": 2.0,
    "pairs": 2.0,
    "slices": 4.0,
    "ranks": 8.0,
    "parts": 15.0,
    None: 2.0,
}


class Step(NamedTuple):
    """What a plan does with one predicate or tree, and how many records match it.

    Any number may, where others have settled the plan, so that its size was not asked.
    """

    predicate: Term
    role: Role
    size: Size

    @property
    def exact(self) -> bool:
        """Whether the number of matching records is known."""
        return self.size.count is not None


class Plan(NamedTuple):
    """How a query is answered.

    Says what drives it, what each predicate is used for, and where the total comes from. `total`
    says whence, `known` how many where that is known beforehand. `keys` are those that the driver
    looks up, where it does.
    """

    driver: Driver
    steps: tuple[Step, ...]
    total: Total
    known: int | None
    records: int
    segments: int
    keys: Sequence[Value] = ()
    order: tuple[Order, ...] = ()
    """What decides before the key, ascending: resolved by the schema."""
    is_own: bool = True
    """Whether it is the order that rows are numbered in."""

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as plain data, for logs and JSON."""
        steps = [
            {
                "predicate": str(step.predicate),
                "role": step.role,
                "size": step.size.expected,
                "exact": step.exact,
            }
            for step in self.steps
        ]
        return {
            "driver": self.driver,
            "order": order_form(self.order),
            "steps": steps,
            "total": self.total,
            "known": self.known,
            "records": self.records,
            "segments": self.segments,
        }

    def __repr__(self) -> str:
        asked = counted(len(self.steps), "predicate")
        known = "" if self.known is None else f" {self.known:,}"
        records = counted(self.records, "record")
        return f"<Plan by {self.driver}: {asked}, {records}, total {self.total}{known}>"

    def __str__(self) -> str:
        segments = "1 segment" if self.segments == 1 else f"{self.segments} segments"
        lines = [f"{self.records:,} records in {segments}: {_WHAT_DRIVES[self.driver]}"]
        for step in self.steps:
            about = "" if step.exact else "about "
            size = f"{about}{step.size.expected:,}"
            lines.append(f"  {step.role:<9} {size} with {step.predicate}")
        if not self.is_own:
            named = [f"{one.field} {_DIRECTIONS[one.descending]}" for one in self.order]
            lines.append(f"  order     {', '.join([*named, 'key ascending'])}")
        lines.append(f"  total     {_WHENCE_TOTAL[self.total]}")
        return "\n".join(lines)


def plan(query: Query, version: Version, census: Census | None = None) -> Plan:
    """Return the cheapest plan. Raises `QueryError` for what its field does not answer."""
    driver, weighed = _weigh(query, version, census)
    return _driven_by(driver, weighed, query, version)


def plans(query: Query, version: Version, census: Census | None = None) -> Iterator[Plan]:
    """Yield every plan that answers the query, the cheapest first.

    All give the identical page and total. The census of this very version spares work; without it
    the answers are the same.
    """
    cheapest, weighed = _weigh(query, version, census)
    is_possible: dict[Driver, bool] = {
        "nothing": any(one.size.most == 0 for one in weighed),
        "keys": any(one.keys is not None for one in weighed),
        "row sets": not weighed or any(one.has_index for one in weighed),
        "scan": True,
    }
    yield _driven_by(cheapest, weighed, query, version)
    for driver, is_one in is_possible.items():
        if is_one and driver != cheapest:
            yield _driven_by(driver, weighed, query, version)


def _weigh(query: Query, version: Version, census: Census | None) -> tuple[Driver, list[Weighed]]:
    """Ask how many records match each predicate; what seems the rarest comes first.

    Returns what drives the cheapest plan, too. Once that is settled, no more is asked.
    """
    schema, now = version.schema, query.now
    schema.check_members(query.fields)
    terms = [schema.bound(predicate, now) for predicate in query.where]
    if len(terms) > 1 or (terms and isinstance(terms[0], Tree)):
        terms = merged(terms)

    known, others = by_cost(terms)
    weighed = weigh(known, version, census)
    if others and are_few_named(weighed, version):
        together = weighed + unweighed(others, version)
        driver = _cheapest(together, query, version)
        if driver in ("nothing", "keys"):
            return driver, together

    if others:
        weighed = weigh(others, version, census, weighed)
    return _cheapest(weighed, query, version), weighed


def _cheapest(weighed: list[Weighed], query: Query, version: Version) -> Driver:
    """Tell what drives the cheapest plan."""
    named: Weighed | None = None
    has_index = not weighed
    for one in weighed:
        if one.size.most == 0:
            return "nothing"
        if named is None and one.keys is not None:
            named = one
        has_index = has_index or one.has_index

    if named is not None and _is_cheaper_by_key(named, weighed, query, version):
        return "keys"
    return "row sets" if has_index else "scan"


def _driven_by(driver: Driver, weighed: list[Weighed], query: Query, version: Version) -> Plan:
    """Make the plan with a driver that is possible."""
    if driver == "keys":
        named = next(one for one in weighed if one.keys is not None)
        return _by_key(named, weighed, query, version)
    if driver == "nothing":
        steps = [_step(one, "proof") for one in weighed if one.size.most == 0]
    elif driver == "row sets":
        steps = [_step(one, "row set" if one.has_index else "residual") for one in weighed]
    else:
        steps = [_step(one, "residual") for one in weighed]
    return _made(driver, steps, query, version)


def _is_cheaper_by_key(
    by_key: Weighed, weighed: list[Weighed], query: Query, version: Version
) -> bool:
    """Tell whether the records of these keys cost less than a walk over the segments."""
    if not any(one.has_index for one in weighed):
        return True

    size = float(by_key.size.expected)
    if isinstance(by_key.predicate, Tree):
        size = float(len(by_key.keys or ()))
    by_keys = _LOOK_UP_ALL + size * _LOOK_UP
    for one in weighed:
        if one is not by_key or isinstance(one.predicate, Tree):
            test = _TEST.get(type(one.predicate))  # type: ignore[arg-type]  # of a tree, none
            by_keys += size * (_cost_to_test(one.predicate) if test is None else test)
            size *= one.size.expected / max(1, version.count)

    segments = float(len(version.segments))
    is_counted = query.total and (len(weighed) > 1 or by_key.size.count is None)
    is_own = not query.order or version.schema.is_own(query.order)
    if is_own and not is_counted and by_key.size.expected:
        # The walk ends with the page.
        segments *= min(1, (query.offset + query.limit) / by_key.size.expected)
    if by_keys <= segments * _SEGMENT:
        return True

    selecting = sum([_cost_to_select(one.predicate, version) for one in weighed if one.has_index])
    trees = [one.predicate for one in weighed if isinstance(one.predicate, Tree)]
    placing = sum([_cost_to_place(tree, version) for tree in trees])
    return by_keys <= placing + segments * (_SEGMENT + selecting)


def _cost_to_test(term: Term) -> float:
    """Tell what it costs to test one record."""
    if isinstance(term, Tree):
        return _TEST_NODE + sum([_TEST_NODE + _cost_to_test(part) for part in term.parts])
    return _TEST[type(term)]


def _cost_to_select(predicate: Term, version: Version) -> float:
    """Tell what it costs to ask the indexes of one segment."""
    if isinstance(predicate, Tree):
        parts = [part for part in predicate.parts if keys_named(part, version.schema) is None]
        return sum([_cost_to_select(part, version) for part in parts])

    index = version.schema.fields[predicate.field].kind.index
    if isinstance(predicate, Some):
        predicate = predicate.leaf
    if not isinstance(predicate, In):
        return _SELECT[index]

    cost = _SELECT[index] * len(predicate.values)
    rows = version.count / max(1, len(version.segments))
    return min(cost, rows * _TEST_TEXT) if index == "parts" else cost


def _cost_to_place(tree: Tree, version: Version) -> float:
    """Tell what it costs to place the keys that a tree names, once for all segments."""
    keys = [keys_named(leaf, version.schema) for leaf in leaves_of(tree)]
    return _PLACE * sum([len(some) for some in keys if some is not None])


def _by_key(by_key: Weighed, weighed: list[Weighed], query: Query, version: Version) -> Plan:
    """Make the plan that looks records up by the keys that an estimate knows."""
    others = [_step(one, "residual") for one in weighed if one is not by_key]
    steps = [_step(by_key, "driver"), *others]
    return _made("keys", steps, query, version, by_key.keys or ())


def _step(weighed: Weighed, role: Role) -> Step:
    return _new(Step, (weighed.predicate, role, weighed.size))


def _made(
    driver: Driver,
    steps: list[Step],
    query: Query,
    version: Version,
    keys: Sequence[Value] = (),
) -> Plan:
    """Make a plan, and decide where its total comes from."""
    known: int | None = None
    if driver == "nothing":
        known = 0
    elif not steps:
        known = version.count
    elif len(steps) == 1:
        known = steps[0].size.count

    own = version.schema.ordering
    ordering = version.schema.ordering_of(query.order) if query.order else own
    total: Total = "known" if known is not None else "counted"
    if not query.total:
        total = "not asked"
    return Plan(
        driver,
        tuple(steps),
        total,
        known,
        version.count,
        len(version.segments),
        keys,
        ordering.orders,
        ordering is own,
    )
