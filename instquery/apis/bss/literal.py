"""Alibaba Cloud BssOpenApi, `QueryAvailableInstances` of version 2017-12-14 (RPC)."""

from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

from instquery.apis.envelope import Answer, Envelope, Fault, Refused
from instquery.apis.inventory import Reader
from instquery.apis.operation import Asked, Operation, Refusal, in_order
from instquery.apis.params import (
    exact,
    listed,
    not_after,
    not_before,
    one_of,
    page_number,
    page_size,
)
from instquery.errors import InstqueryError
from instquery.options import check_flag, check_kind, told
from instquery.predicates import Eq, Predicate
from instquery.query import Order, Record
from instquery.schema import Schema, instant, keyword, stored

__all__ = [
    "SCHEMA",
    "Caller",
    "Directory",
    "check_directory",
    "check_products",
    "query_available_instances",
    "read",
]

SCHEMA = Schema(
    key="InstanceID",
    order=Order("CreateTime", descending=True),
    fields={
        "InstanceID": keyword(),
        "OwnerId": keyword(aliases=("OwnerID",), as_text=True),
        "ProductCode": keyword(),
        "ProductType": keyword(),
        "SubscriptionType": keyword(),
        "Region": keyword(),
        "Status": keyword(),
        "SubStatus": keyword(),
        "RenewStatus": keyword(),
        "RenewalDuration": stored(),
        "RenewalDurationUnit": stored(),
        "Seller": keyword(),
        "CreateTime": instant(blank_is_missing=True),
        "EndTime": instant(blank_is_missing=True),
        "StopTime": instant(indexed=False, blank_is_missing=True),
        "ReleaseTime": instant(indexed=False, blank_is_missing=True),
        "ExpectedReleaseTime": instant(indexed=False, blank_is_missing=True),
    },
)

Role = Literal["owner", "reseller", "distributor"]


@dataclass(frozen=True, slots=True)
class Caller:
    """An account that calls: its role, its customers' owner IDs, and its permission."""

    role: Role = "owner"
    customers: Collection[str] = frozenset()
    applicable: bool = True

    def __post_init__(self) -> None:
        if self.role not in get_args(Role):
            raise InstqueryError(f"must be one of {', '.join(get_args(Role))}", field="role")
        if isinstance(self.customers, str | bytes) or not isinstance(self.customers, Collection):
            raise InstqueryError("must be a collection of owner IDs", field="customers")
        if not all(isinstance(customer, str) for customer in self.customers):
            raise InstqueryError("must be owner IDs as text", field="customers")
        check_flag("applicable", self.applicable)


class Directory(Mapping[str, Caller]):
    """The accounts that may call, by their owner ID.

    >>> Directory({"1001": Caller(role="reseller", customers={"2001"})})["1001"].role
    'reseller'
    """

    def __init__(self, callers: Mapping[str, Caller]) -> None:
        check_kind("callers", callers, Mapping, "a mapping of owner IDs to callers")
        for owner_id, caller in callers.items():
            check_kind("an owner ID", owner_id, str, "text")
            check_kind(f"the caller {owner_id}", caller, Caller, "a Caller")
        self._callers = dict(callers)

    def __getitem__(self, owner_id: str) -> Caller:
        return self._callers[owner_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._callers)

    def __len__(self) -> int:
        return len(self._callers)


def check_directory(directory: object) -> None:
    """Refuse what is no mapping of owner IDs to callers.

    Callers are looked at where the mapping is a dict; any other may look them up elsewhere.
    """
    wanted = "a mapping of owner IDs to callers, such as bss.Directory"
    if isinstance(directory, type) or not callable(getattr(directory, "get", None)):
        raise InstqueryError(f"directory must be {wanted}, not {told(directory)}")
    if type(directory) is dict:
        Directory(cast(dict[str, Caller], directory))


def check_products(products: object) -> None:
    """Refuse what is no collection of product codes: of a text, every part would be a product."""
    if not isinstance(products, Container) or isinstance(products, str | bytes):
        given = told(products)
        raise InstqueryError(f"products must be a collection of product codes, not {given}")


def _known_caller(asked: Asked) -> Iterable[Predicate]:
    """With a directory, refuse a caller that is not in it or may not use the operation."""
    directory = asked.host.get("directory")
    if directory is not None:
        account = directory.get(asked.host.get("caller"))
        if account is None:
            raise Refusal("InvalidCaller")
        if not account.applicable:
            raise Refusal("NotApplicable")
    return ()


def _region_with_product(asked: Asked) -> Iterable[Predicate]:
    """A region can be asked for within a product only."""
    if "Region" in asked.filters and "ProductCode" not in asked.filters:
        raise Refusal("MissingParameter", "ProductCode")
    return ()


def _known_product(asked: Asked) -> Iterable[Predicate]:
    """With a catalogue of products, refuse a code that is not in it."""
    products = asked.host.get("products")
    if products is not None:
        check_products(products)
    product = asked.values.get("ProductCode")
    if products is not None and product is not None and product not in products:
        raise Refusal("ProductNotFind")
    return ()


def _own_records(asked: Asked) -> Iterable[Predicate]:
    """Narrow the answer to records that the caller may see; needs a directory.

    Those are the caller's own records, or those of the customer that it names.
    """
    directory = asked.host.get("directory")
    if directory is None:
        return ()
    caller = asked.host.get("caller")
    account: Caller = directory.get(caller)
    named = asked.values.get("OwnerId")
    if named is not None:
        if named != caller and named not in account.customers:
            raise Refusal("InvalidOwner")
        return ()
    if account.role != "owner":
        raise Refusal("MissingParameter", "OwnerId")
    return (Eq("OwnerId", str(caller)),)


def _success(answer: Answer) -> Record:
    return {
        "RequestId": answer.request_id,
        "Success": True,
        "Code": "Success",
        "Message": "Successful!",
        "Data": {
            "PageNum": answer.number,
            "PageSize": answer.size,
            "TotalCount": answer.total,
            "InstanceList": answer.items,
        },
    }


def _failure(refused: Refused) -> Record:
    return {
        "RequestId": refused.request_id,
        "Success": False,
        "Code": refused.code,
        "Message": refused.message,
    }


query_available_instances = Operation(
    name="QueryAvailableInstances",
    version="2017-12-14",
    schema=SCHEMA,
    params=(
        page_number("PageNum"),
        page_size("PageSize", default=20, most=300),
        exact("ProductCode"),
        exact("ProductType"),
        one_of("SubscriptionType", ("Subscription", "PayAsYouGo")),
        listed("InstanceIDs", "InstanceID", most=100),
        exact("Region"),
        not_before("EndTimeStart", "EndTime"),
        not_after("EndTimeEnd", "EndTime"),
        not_before("CreateTimeStart", "CreateTime"),
        not_after("CreateTimeEnd", "CreateTime"),
        one_of("RenewStatus", ("AutoRenewal", "ManualRenewal", "NotRenewal")),
        exact("OwnerId"),
    ),
    rules=(
        in_order("EndTimeStart", "EndTimeEnd", "InvalidParameter"),
        in_order("CreateTimeStart", "CreateTimeEnd", "InvalidParameter"),
        _known_caller,
        _region_with_product,
        _known_product,
        _own_records,
    ),
    host=("caller", "directory", "products"),
    envelope=Envelope(
        members=(
            "OwnerId",
            "ProductCode",
            "ProductType",
            "SubscriptionType",
            "InstanceID",
            "Region",
            "CreateTime",
            "EndTime",
            "StopTime",
            "ReleaseTime",
            "ExpectedReleaseTime",
            "Status",
            "SubStatus",
            "RenewStatus",
            "RenewalDuration",
            "RenewalDurationUnit",
            "Seller",
        ),
        times=frozenset(
            {"CreateTime", "EndTime", "StopTime", "ReleaseTime", "ExpectedReleaseTime"}
        ),
        timespec="seconds",
        success=_success,
        failure=_failure,
        both_casings=True,
    ),
    # The document's own texts; it gives 400 for InternalError too, but a fault of ours is a 5xx.
    errors={
        "NotApplicable": Fault("This API is not applicable for caller."),
        "MissingParameter": Fault(
            "The specified parameter {parameter} is mandatory for this request."
        ),
        "InvalidParameter": Fault("The specified parameter {parameter} is not valid."),
        "InvalidModuleCode": Fault("The specified moduleCode is not valid."),
        "InvalidConfigCode": Fault("The specified configCode is not valid."),
        "InvalidOwner": Fault("The specified owner doesn’t belong to caller."),
        "InvalidCaller": Fault("The specified caller doesn’t exists."),
        "InternalError": Fault(
            "The request processing has failed due to some unknown error, exception or failure.",
            status=500,
        ),
        "ProductNotFind": Fault("Can not find inquired product, it may not exist."),
    },
    invalid="InvalidParameter",
    internal="InternalError",
)

read = Reader.of(query_available_instances, path=("Data", "InstanceList"), name="bss")
"""Reads inventories of BSS instances; see `instquery.apis.inventory.Reader`."""
