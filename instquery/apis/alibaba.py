"""What the gateways of Alibaba Cloud answer, whichever API is asked."""

from collections.abc import Callable, Mapping

from instquery.apis.envelope import Body, Fault, Refused

__all__ = ["FAULTS", "failure_of"]

FAULTS: Mapping[str, Fault] = {
    "MissingParameter": Fault(
        'The input parameter "{parameter}" that is mandatory for processing this request '
        "is not supplied."
    ),
    "InvalidParameter": Fault("The specified parameter {parameter} is not valid."),
    "InvalidNextToken": Fault("The specified NextToken {reason}."),
    "InternalError": Fault("The request processing has failed due to some unknown error.", 500),
}
"""The rows of an error table that all APIs have; a row of an API's own stands behind them."""


def failure_of(product: str) -> Callable[[Refused], Body]:
    """Return what makes the body of a refusal by the gateway of a product, such as `Ecs`."""

    def failure(refused: Refused) -> Body:
        return {
            "RequestId": refused.request_id,
            "HostId": f"{product.lower()}.aliyuncs.com",
            "Code": refused.code,
            "Message": refused.message,
            "Recommend": f"https://api.aliyun.com/troubleshoot?q={refused.code}&product={product}",
        }

    return failure
