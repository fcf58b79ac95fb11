"""The HTTP face of the APIs (extra `server`): `create_app` for any ASGI server, `Server` to run it."""

from instquery.asgi.app import create_app
from instquery.asgi.keys import AccessKey, Keys
from instquery.asgi.server import Server

__all__ = ["AccessKey", "Keys", "Server", "create_app"]
