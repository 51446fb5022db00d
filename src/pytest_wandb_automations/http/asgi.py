"""The API as an ASGI app."""

from __future__ import annotations

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as StarletteRequest
from starlette.responses import Response as StarletteResponse
from starlette.routing import Route

from pytest_wandb_automations.errors import TooLarge
from pytest_wandb_automations.http.api import refuse
from pytest_wandb_automations.http.messages import MAX_BODY, Request, Response

__all__ = ["asgi_app"]

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


def asgi_app(answer: Callable[[Request], Response]) -> Starlette:
    """Make an app of a function that answers requests.

    The function runs in a thread: it may wait for receivers of webhooks, which may call back.
    """

    async def endpoint(incoming: StarletteRequest) -> StarletteResponse:
        body = await _read(incoming)
        if body is None:
            response = refuse(TooLarge(f"the body has more than {MAX_BODY} bytes"))
        else:
            request = Request(
                incoming.method, incoming.url.path, incoming.headers, body, incoming.url.query
            )
            response = await run_in_threadpool(answer, request)
        return StarletteResponse(response.body, response.status, dict(response.headers))

    return Starlette(routes=[Route("/{path:path}", endpoint, methods=_METHODS)])


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
