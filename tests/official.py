"""The official clients of the newer APIs, asked of a double."""

import json
from http.client import HTTPConnection
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


def members_of(package, model):
    """Return the paths of all members that a model of an official client reads."""
    probe = _Probe()
    getattr(import_module(f"{package}.models"), model)().from_map(probe)
    return set(probe.paths())


class _Probe(dict):
    """Stands for any reply: has every member, as an object and as a list of one object."""

    def get(self, name, _default=None):
        return self.setdefault(name, _Probe())

    def __bool__(self):
        return True

    def __iter__(self):
        yield self

    def paths(self):
        for name, below in self.items():
            yield from [f"{name}.{path}" for path in below.paths()] or [name]


def raw_failure(double, path):
    """Return the status and the body of a refusal as they come over HTTP, but for its ID."""
    connection = HTTPConnection(double.endpoint.removeprefix("http://"), timeout=10)
    connection.request("GET", path)
    response = connection.getresponse()
    body = json.loads(response.read())
    connection.close()
    assert body.pop("RequestId") == body.pop("requestId")
    return response.status, body


def failure_of_gateway(product, code, message):
    """Return what the body of a refusal has beside its ID, for the clients of every age."""
    return {
        "HostId": f"{product.lower()}.aliyuncs.com",
        "Code": code,
        "code": code,
        "Message": message,
        "message": message,
        "Recommend": f"https://api.aliyun.com/troubleshoot?q={code}&product={product}",
    }
