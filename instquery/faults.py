"""Requests to the double: noted, ended in faults, and in strict mode checked for their names."""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from instquery.apis.envelope import new_request_id
from instquery.apis.operation import Operation
from instquery.apis.served import Served
from instquery.apis.spelling import undeclared
from instquery.asgi.app import read_body
from instquery.asgi.refusals import Wrong, refused, reply_headers
from instquery.asgi.routes import Routes
from instquery.asgi.system import SYSTEM_PARAMETERS
from instquery.asgi.wire import Pairs, is_form, mounted_path, origin_path, read_pairs

__all__ = ["Fault", "Recorded", "Recorder", "tables_with"]


class Recorded(NamedTuple):
    """A request that was received: its parameters, those of the path too; headers in lower case."""

    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]


class Fault(NamedTuple):
    """What happens to a request in the place of an answer, or before it.

    Without a status it has the one that the error table of the operation gives its code.
    """

    code: str | None
    status: int | None
    message: str
    delay: float


class Recorder:
    """Notes each request that the application answers, and lets faults happen to it."""

    def __init__(
        self,
        app: ASGIApp,
        requests: list[Recorded],
        faults: deque[Fault],
        served: Sequence[Served],
        *,
        strict: bool,
    ) -> None:
        self._app, self._requests, self._faults = app, requests, faults
        self._routes = Routes(served)
        self._operations = [one.operation for one in served]
        self._is_strict = strict

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or end it as is wanted."""
        with suppress(ClientDisconnect):  # nobody waits for an answer
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or origin_path(scope["path"]) in ("/healthz", "/openapi.json"):
            await self._app(scope, receive, send)
            return
        body: list[bytes] = []
        fault = self._faults.popleft() if self._faults else None

        async def listen() -> Message:
            message = await receive()
            body.append(message.get("body", b""))
            return message

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._requests.append(self._noted(scope, b"".join(body)))
            await send(message)

        if fault is not None:
            await asyncio.sleep(fault.delay)
        if not self._is_strict and (fault is None or fault.code is None):
            await self._app(scope, listen, answer)
            return

        wrong: Wrong | None = None
        try:
            await read_body(scope, listen)
        except Wrong as error:
            wrong = error
        is_fault = fault is not None and fault.code is not None
        if is_fault or wrong is None:
            wrong = self._wrong(scope, _recorded(scope, b"".join(body)), fault)
        if wrong is not None:
            operation = self._operation(scope, _recorded(scope, b"".join(body)))
            await _refuse(answer, wrong, operation)
            return
        await self._app(scope, _again(body, receive), answer)

    def _noted(self, scope: Scope, body: bytes) -> Recorded:
        """Return a request as it is noted: with the parameters that its path gives."""
        request = _recorded(scope, body)
        with suppress(Wrong):  # which the application says
            path = mounted_path(scope)
            found = self._routes.find(scope["method"], path, request.params, request.headers)
            return request._replace(params={**request.params, **found.given})
        return request

    def _operation(self, scope: Scope, request: Recorded) -> Operation | None:
        """Return the operation that a request means, `None` where it means none."""
        path = mounted_path(scope)
        with suppress(Wrong):  # which the application says
            found = self._routes.find(scope["method"], path, request.params, request.headers)
            return found.served.operation
        return self._routes.at(path)

    def _wrong(self, scope: Scope, request: Recorded, fault: Fault | None) -> Wrong | None:
        """Return what a request ends in; `None` where the application answers it."""
        path = mounted_path(scope)
        operation: Operation | None = None
        with suppress(Wrong):  # which the application says
            found = self._routes.find(scope["method"], path, request.params, request.headers)
            operation = found.served.operation

        if fault is not None and fault.code is not None:
            status = fault.status or self._status(fault.code, operation)
            return Wrong(status, fault.code, fault.message)
        if operation is None or not self._is_strict:
            return None
        unknown = undeclared(operation, request.params, known=SYSTEM_PARAMETERS)
        return None if unknown is None else Wrong(400, operation.invalid, unknown)

    def _status(self, code: str, operation: Operation | None) -> int:
        """Return the status of a code: by the operation's table, else by the first that has it."""
        if operation is not None and code in operation.errors:
            return operation.errors[code].status
        return tables_with(code, self._operations)[0].errors[code].status


def tables_with(code: str, operations: Iterable[Operation]) -> list[Operation]:
    """Return the operations that have a code in their error table."""
    return [operation for operation in operations if code in operation.errors]


def _again(body: list[bytes], receive: Receive) -> Receive:
    """Return what hands out a body that has been read, and then listens on."""
    read = [b"".join(body)]

    async def replay() -> Message:
        if read:
            return {"type": "http.request", "body": read.pop(), "more_body": False}
        return await receive()

    return replay


def _recorded(scope: Scope, body: bytes) -> Recorded:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    params = dict(_read(scope["query_string"]) + (_read(body) if is_form(headers) else ()))
    return Recorded(scope["method"], origin_path(scope["path"]), params, headers)


def _read(text: bytes) -> Pairs:
    """Read parameters as the application does, which refuses what cannot be read."""
    try:
        return read_pairs(text)
    except Wrong:
        return ()


async def _refuse(send: Send, wrong: Wrong, operation: Operation | None) -> None:
    """Answer with a refusal, as those of the operation look."""
    reply = refused(operation, wrong, new_request_id())
    headers = reply_headers(reply)
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.octets})
