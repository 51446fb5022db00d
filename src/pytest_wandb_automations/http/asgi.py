"""The API as an ASGI app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.requests import Request as StarletteRequest
from starlette.responses import Response as StarletteResponse

from pytest_wandb_automations.errors import TooLarge
from pytest_wandb_automations.http.api import refuse
from pytest_wandb_automations.http.messages import MAX_BODY, Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["DROP", "asgi_app"]

DROP = "wandb_automations.drop"
"""Name in the scope's `state` of the function that closes the connection without an answer."""


def asgi_app(answer: Callable[[Request], Response]) -> ASGIApp:
    """Make an app of a function that answers requests of every method and path.

    The function runs in a thread: it may wait for receivers of webhooks, which may call back.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"this app speaks http, not {scope['type']}")
        incoming = StarletteRequest(scope, receive)
        try:
            body = await _read(incoming)
        except ClientDisconnect:
            return
        if body is None:
            response = refuse(TooLarge(f"the body has more than {MAX_BODY} bytes"))
        else:
            # Not `incoming.url`: that is put together from the Host header, which may be anything.
            path, query = scope["path"], scope["query_string"].decode("latin-1")
            request = Request(incoming.method, path, incoming.headers, body, query)
            response = await run_in_threadpool(answer, request)
        if response.lost:
            await _drop(scope, receive)
            return
        outgoing = StarletteResponse(response.body, response.status, dict(response.headers))
        await outgoing(scope, receive, send)

    return app


async def _drop(scope: Scope, receive: Receive) -> None:
    # ASGI has no word for it; the kit's listener has one. Elsewhere it is an error of the app.
    drop = scope.get("state", {}).get(DROP)
    if drop is None:
        raise ConnectionError("a fault drops this connection, which this server cannot")
    drop()
    await receive()  # the body is read, so what comes next is that the connection is lost


async def _read(incoming: StarletteRequest) -> bytes | None:
    # Read by hand, to stop at the limit instead of holding whatever is sent.
    chunks: list[bytes] = []
    size = 0
    async for chunk in incoming.stream():
        size += len(chunk)
        if size > MAX_BODY:
            return None
        chunks.append(chunk)
    return b"".join(chunks)
