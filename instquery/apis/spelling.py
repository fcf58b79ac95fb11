"""Names of parameters that an operation does not declare: which, and what may have been meant.

Operations ignore them, as the real gateways do. Whoever tries an API out wants to know.
"""

from collections.abc import Container, Iterable
from difflib import get_close_matches

from instquery.apis.operation import Operation

__all__ = ["undeclared"]

_MOST = 20  # names that are told
_LONGEST = 60  # characters of a name that are compared and told


def undeclared(
    operation: Operation, names: Iterable[str], *, known: Container[str] = ()
) -> str | None:
    """Say which names are no parameters of an operation; `None` where all are.

    `known` holds names that are taken besides.

    >>> from instquery.apis.airec import list_instance
    >>> print(undeclared(list_instance, ["statu", "page"]))
    statu is no parameter of ListInstance: did you mean status?
    >>> print(undeclared(list_instance, ["foo"]))
    foo is no parameter of ListInstance: it takes page, size, status, name, instanceId, expiredTime
    """
    declared = [param.name for param in operation.params]
    own = {
        name
        for param in operation.params
        if param.collect is None  # whose parts alone are read
        for name in (param.name, *param.names)
    }
    parts = [param.is_part for param in operation.params if param.is_part is not None]
    others = [
        name
        for name in dict.fromkeys(names)
        if name not in own and name not in known and not any(is_part(name) for is_part in parts)
    ]
    if not others:
        return None

    by_fold = {name.casefold(): name for name in declared}
    shown = [name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…" for name in others[:_MOST]]
    near = dict.fromkeys(
        by_fold[match]
        for name in shown
        for match in get_close_matches(name.casefold(), by_fold, n=2)
    )
    more = f" and {len(others) - _MOST} more" if len(others) > _MOST else ""
    are = "is no parameter" if len(others) == 1 else "are no parameters"
    cure = f"did you mean {' or '.join(near)}?" if near else f"it takes {', '.join(declared)}"
    return f"{', '.join(shown)}{more} {are} of {operation.name}: {cure}"
