"""The API as an ASGI app."""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.requests import Request as StarletteRequest
from starlette.responses import Response as StarletteResponse
from starlette.responses import StreamingResponse

from pytest_wandb_automations.errors import TooLarge
from pytest_wandb_automations.http.api import refuse
from pytest_wandb_automations.http.messages import MAX_BODY, Request, Response
from pytest_wandb_automations.world.storage import STORAGE

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["CONNECTED", "DROP", "asgi_app"]

CONNECTED = "wandb_automations.connected"
"""Name in the scope's `state` of the function that tells whether the connection is open."""

DROP = "wandb_automations.drop"
"""Name in the scope's `state` of the function that closes the connection without an answer."""

_SPOOLED = 1024 * 1024
"""Bytes of an upload that are held in memory on the way; more go through a temporary file."""


def asgi_app(answer: Callable[[Request], Response]) -> ASGIApp:
    """Make an app of a function that answers requests of every method and path.

    The function runs in a thread: it may wait for receivers of webhooks, which may call back.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"this app speaks http, not {scope['type']}")
        incoming = StarletteRequest(scope, receive)
        with SpooledTemporaryFile(_SPOOLED) as upload:
            try:
                request = await _read(incoming, upload)
            except ClientDisconnect:
                return
            if request is None:
                response = refuse(TooLarge(f"the body has more than {MAX_BODY} bytes"))
            else:
                response = await run_in_threadpool(answer, request)
        if response.lost:
            await _drop(scope, receive)
            return
        await _outgoing(response)(scope, receive, send)

    return app


async def _drop(scope: Scope, receive: Receive) -> None:
    # ASGI has no word for it; the kit's listener has one. Elsewhere it is an error of the app.
    drop = scope.get("state", {}).get(DROP)
    if drop is None:
        raise ConnectionError("a fault drops this connection, which this server cannot")
    drop()
    await receive()  # the body is read, so what comes next is that the connection is lost


async def _read(incoming: StarletteRequest, upload: SpooledTemporaryFile[bytes]) -> Request | None:
    """Return the request with its body, or `None` if that is too large and no upload."""
    scope = incoming.scope
    is_upload = incoming.method == "PUT" and scope["path"].startswith(STORAGE)
    async for chunk in incoming.stream():
        upload.write(chunk)
        if upload.tell() > MAX_BODY and not is_upload:
            return None
    upload.seek(0)
    given: dict[str, Any] = {"upload": upload} if is_upload else {"body": upload.read()}
    # Not `incoming.url`: that is put together from the Host header, which may be anything.
    host, port = scope.get("server") or ("", None)
    if port is not None:
        given["base_url"] = f"{scope['scheme']}://{host}:{port}"
    if CONNECTED in (state := scope.get("state", {})):
        given["is_connected"] = state[CONNECTED]
    query = scope["query_string"].decode("latin-1")
    return Request(incoming.method, scope["path"], incoming.headers, query=query, **given)


def _outgoing(response: Response) -> StarletteResponse:
    headers = dict(response.headers)
    if response.chunks:
        return StreamingResponse(response.chunks, response.status, headers)
    return StarletteResponse(response.body, response.status, headers)
