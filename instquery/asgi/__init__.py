"""APIs over HTTP (extra `server`): `create_app` for any ASGI server, and `Server`."""

from instquery.apis.served import Served
from instquery.extras import needing

with needing("server", "HTTP"):
    from instquery.asgi.app import create_app
    from instquery.asgi.keys import AccessKey, Keys
    from instquery.asgi.server import Server
    from instquery.asgi.signing import Gate

__all__ = ["AccessKey", "Gate", "Keys", "Served", "Server", "create_app"]
