"""The official clients of the newer APIs, asked of a double."""

from importlib import import_module

import pytest
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from alibabacloud_tea_openapi.models import Config


class Official:
    """An official client: asks with parameters as the vendor names them, returns the body."""

    def __init__(self, package, action, request, endpoint, **options):
        # Imported when they are asked: that of ECS takes seconds.
        self._request = getattr(import_module(f"{package}.models"), request)
        client = import_module(f"{package}.client").Client
        config = Config(
            access_key_id="AK",
            access_key_secret="secret",  # noqa: S106 - the double takes any
            endpoint=endpoint,
            protocol="http",
            **options,
        )
        self._ask = getattr(client(config), action)

    def __call__(self, **params):
        return self._ask(self._request().from_map(params)).body.to_map()

    def refusal(self, **params):
        """Return the status, code and message of the client's own exception."""
        with pytest.raises(AlibabaCloudException) as caught:
            self(**params)
        error = caught.value
        assert error.data["RequestId"] in error.message
        return error.status_code, error.code, error.data["Message"]


def pages_by_token(ask, items_in, **params):
    """Walk through all pages by token; return them."""
    pages, token = [], None
    while True:
        body = ask(**params, **({} if token is None else {"NextToken": token}))
        pages.append(items_in(body))
        token = body.get("NextToken")
        if not token:
            return pages
