"""What is checked when an operation is declared: its parts with each other, and with its schema.

Each function raises `SchemaError` that names the culprit and the cure.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from string import Formatter
from typing import TypeVar

from instquery.apis.envelope import Envelope, Fault
from instquery.apis.params import Param
from instquery.apis.rules import InOrder, Rule
from instquery.errors import SchemaError
from instquery.schema import Schema

__all__ = [
    "check_codes",
    "check_envelope",
    "check_errors",
    "check_host",
    "check_params",
    "check_rules",
    "listed_as",
]

Part = TypeVar("Part")

_ONCE = {
    "number": "the page's number",
    "size": "the page's size",
    "limit": "the size of pages by token",
    "token": "the token",
}
"""Roles that one parameter may have, and what it tells."""

_PLACEHOLDERS = {"parameter", "reason"}

# The parameters of every operation: a fact of the host by such a name could not be given.
_RESERVED = {"self", "store", "params", "now", "request_id", "walker", "is_remote"}


def listed_as(name: str, parts: Iterable[Part]) -> tuple[Part, ...]:
    """Freeze a collection of parts; a single text or part is no collection of them."""
    if isinstance(parts, str) or not isinstance(parts, Iterable):
        raise SchemaError(f"must be a tuple, such as (…,), not {type(parts).__name__}", field=name)
    return tuple(parts)


def check_params(params: Sequence[Param]) -> None:
    """Check that names differ, and that at most one is the page's number and one its size."""
    for param in params:
        if not isinstance(param, Param):
            raise SchemaError(
                f"each must be a Param, such as exact('status'), not {param!r}", field="params"
            )

    names = [name for param in params for name in (param.name, *param.names)]
    for name in names:
        if names.count(name) > 1:
            raise SchemaError(
                f"the parameter {name} is declared twice: leave one out", field="params"
            )

    for role, what in _ONCE.items():
        several = [param.name for param in params if param.role == role]
        if len(several) > 1:
            raise SchemaError(f"{' and '.join(several)} both tell {what}: keep one", field="params")
    roles = {param.role for param in params}
    if "limit" in roles and "token" not in roles:
        reason = "a size of pages by token needs page_token(…) beside it: declare it"
        raise SchemaError(reason, field="params")


def check_envelope(envelope: Envelope, schema: Schema) -> None:
    """Check that the members of an item are fields of the schema."""
    if not isinstance(schema, Schema):
        raise SchemaError(f"must be a Schema, not {type(schema).__name__}", field="schema")
    if not isinstance(envelope, Envelope):
        raise SchemaError(f"must be an Envelope, not {type(envelope).__name__}", field="envelope")
    paths = {name: field.path for name, field in schema.fields.items() if field.path}
    outer = {path[0] for path in paths.values()}
    for member in envelope.members:
        first = member.partition(".")[0]
        if first in schema.fields and (first not in paths or first in outer):
            continue
        if first != member:
            reason = f"the member {member} is no field of the schema, and no record has {first}"
            cure = f'declare "{first}": stored()'
        elif member in paths:
            way = ".".join(paths[member])
            reason = f"the field {member} is drawn from {way}, and is no member of a record"
            cure = f'name {way} in its place, and declare "{paths[member][0]}": stored()'
        else:
            reason = f"the member {member} is no field of the schema"
            cure = "declare it, such as by stored()"
        raise SchemaError(f"{reason}: {cure}", field="envelope")


def check_errors(
    errors: Mapping[str, Fault], invalid: str, internal: str, missing: str | None
) -> None:
    """Check that the error table has the codes needed, and messages that can be filled in."""
    if not isinstance(errors, Mapping):
        raise SchemaError("must map codes to Fault(…)", field="errors")
    for code, fault in errors.items():
        if not isinstance(code, str) or not isinstance(fault, Fault):
            raise SchemaError(f"must map codes to Fault(…): see {code!r}", field="errors")
        if type(fault.status) is not int or not 200 <= fault.status <= 599:
            raise SchemaError(
                f"the status of {code} must be an integer from 200 to 599", field="errors"
            )
        _check_message(code, fault.message)
    codes = {"invalid": invalid, "internal": internal}
    if missing is not None:
        codes["missing"] = missing
    for name, code in codes.items():
        if code not in errors:
            raise SchemaError(f"{code!r} is not in errors: add it there", field=name)


def check_codes(params: Sequence[Param], errors: Mapping[str, Fault]) -> None:
    """Check that the codes which parameters refuse with are in the error table."""
    for param in params:
        for code in (param.code, param.expired):
            if code is not None and code not in errors:
                raise SchemaError(
                    f"refuses with {code!r}, which is not in errors: add it there", field=param.name
                )


def check_rules(
    rules: Sequence[Rule], params: Sequence[Param], errors: Mapping[str, Fault]
) -> None:
    """Check that rules are functions, and that those of `in_order` name what is declared."""
    filters = {param.name for param in params if param.role == "filter"}
    for rule in rules:
        if not callable(rule):
            raise SchemaError(f"each must be a function of Asked, not {rule!r}", field="rules")
        if not isinstance(rule, InOrder):
            continue
        for name in (rule.start, rule.end):
            if name not in filters:
                reason = f"in_order names {name}, which is no filter among params: declare it"
                raise SchemaError(reason, field="rules")
        if rule.code not in errors:
            reason = f"in_order refuses with {rule.code}, which is not in errors: add it there"
            raise SchemaError(reason, field="rules")


def check_host(host: Sequence[str], clock: Callable[[], object]) -> None:
    """Check that facts of the host can be given by their names, and that the clock can be read."""
    for name in host:
        if not isinstance(name, str) or not name.isidentifier():
            raise SchemaError(
                f"each must be a name that a host can give a fact by, not {name!r}", field="host"
            )
        if name in _RESERVED:
            raise SchemaError(
                f"{name} is a parameter of every operation: choose another name", field="host"
            )
        if host.count(name) > 1:
            raise SchemaError(f"{name} is named twice: leave one out", field="host")
    if not callable(clock):
        raise SchemaError("must be a function that returns the present moment", field="clock")


def _check_message(code: str, message: str) -> None:
    """Check that a message holds no placeholder but the two that are filled in."""
    try:
        parts = list(Formatter().parse(message))
    except (TypeError, ValueError) as error:
        reason = f"the message of {code} cannot be filled in: {error}; write {{{{ for a brace"
        raise SchemaError(reason, field="errors") from None
    for _, name, form, conversion in parts:
        if name is not None and (name not in _PLACEHOLDERS or form or conversion):
            allowed = "it may hold {parameter} and {reason}, as they stand here, and nothing else"
            raise SchemaError(f"the message of {code} holds {{{name}…}}: {allowed}", field="errors")
