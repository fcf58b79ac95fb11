"""Keys, nonces and small stores for tests of an application that checks signatures."""

from itertools import count

from instquery import Store
from instquery.apis import airec, bss
from instquery.asgi import AccessKey, Keys

KEYS = Keys({"AK": AccessKey("the secret", caller="1001"), "B": AccessKey("another")})
_numbers = count()


def fresh():
    """Return a nonce that no request has had."""
    return f"{next(_numbers):032d}"


def small_stores():
    """Make a store of each API, with one record."""
    record = {"instanceId": "i-1", "name": "推荐", "gmtCreate": "2026-01-01T00:00:00Z"}
    return Store(airec.SCHEMA, [record]), Store(bss.SCHEMA, [{"InstanceID": "i-1"}])
