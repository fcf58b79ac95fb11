"""The facts that `QueryAvailableInstances` asks of its host, from files."""

from typing import cast

from instquery.apis.bss.literal import Caller, Directory
from instquery.apis.facts import Fact, read_list, read_object
from instquery.errors import InstqueryError

__all__ = ["FACTS", "read_directory", "read_products"]

_MEMBERS = ("role", "customers", "applicable")


def read_directory(text: str) -> Directory:
    """Read the accounts that may call: owner IDs, with role, customers and permission.

    >>> text = '{"1001": {}, "1002": {"role": "reseller", "customers": ["2001"]}}'
    >>> read_directory(text)["1002"].role
    'reseller'
    """
    what = 'an object such as {"1001": {}, "1002": {"role": "reseller", "customers": ["2001"]}}'
    callers: dict[str, Caller] = {}
    for owner_id, told in read_object(text, what).items():
        if not isinstance(told, dict):
            raise InstqueryError(f"the caller {owner_id} must be an object, {{}} for a plain owner")
        facts = cast(dict[str, object], told)
        for name in facts:
            if name not in _MEMBERS:
                raise InstqueryError(
                    f"the caller {owner_id} has a member {name}: allowed are {', '.join(_MEMBERS)}"
                )
        callers[owner_id] = _caller(owner_id, facts)
    return Directory(callers)


def _caller(owner_id: str, facts: dict[str, object]) -> Caller:
    customers = facts.get("customers", [])
    if not isinstance(customers, list):
        raise InstqueryError(f'the customers of {owner_id} must be an array, such as ["2001"]')
    try:
        return Caller(
            role=facts.get("role", "owner"),  # type: ignore[arg-type]  # it checks itself
            customers=frozenset(cast(list[str], customers)),
            applicable=facts.get("applicable", True),  # type: ignore[arg-type]
        )
    except InstqueryError as error:
        raise InstqueryError(f"the caller {owner_id}: {error}") from None
    except TypeError:  # an item that cannot be in a set
        raise InstqueryError(f"the customers of {owner_id} must be owner IDs as text") from None


def read_products(text: str) -> frozenset[str]:
    """Read the catalogue of products: an array of their codes.

    >>> sorted(read_products('["rds", "ecs"]'))
    ['ecs', 'rds']
    """
    found = read_list(text, 'an array of product codes, such as ["ecs", "rds"]')
    for code in found:
        if not isinstance(code, str) or not code:
            raise InstqueryError(f"a product code must be text that is not empty, not {code!r}")
    return frozenset(cast(list[str], found))


FACTS = {
    "directory": Fact(
        read=read_directory,
        about="A JSON file of the accounts that may call: owner IDs, roles, customers.",
        narrows=True,
    ),
    "products": Fact(
        read=read_products,
        about="A JSON file of the product codes that there are; any other is refused.",
    ),
}
