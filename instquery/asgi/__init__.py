"""APIs over HTTP (extra `server`): `create_app` for any ASGI server, and `Server`."""

from instquery.asgi.app import create_app
from instquery.asgi.keys import AccessKey, Keys
from instquery.asgi.server import Server

__all__ = ["AccessKey", "Keys", "Server", "create_app"]
