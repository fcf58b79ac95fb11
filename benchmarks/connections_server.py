"""The server that `benchmarks.connections` crowds."""

import sys

from instquery import Store
from instquery.apis.catalog import CATALOG
from instquery.asgi import Server, create_app
from instquery.asgi import server as room
from instquery.asgi.connections import allow_many_files

__all__: list[str] = []

if __name__ == "__main__":
    api = CATALOG["bss"]
    allow_many_files()
    room._PATIENCE = 600.0
    served = Server(create_app(bss=Store(api.operation.schema, api.samples(int(sys.argv[1])))))
    print(f"serving on http://{served.endpoint}", flush=True)  # noqa: T201 - it is waited for
    served.run()
