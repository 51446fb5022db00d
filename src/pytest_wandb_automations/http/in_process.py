"""The API behind an httpx client, without a socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from pytest_wandb_automations.http.messages import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["from_httpx", "in_process_client", "to_httpx"]


def in_process_client(answer: Callable[[Request], Response]) -> httpx.Client:
    """Return a client all of whose requests are answered by a function."""
    transport = httpx.MockTransport(lambda request: to_httpx(answer(from_httpx(request))))
    return httpx.Client(transport=transport, base_url="https://api.wandb.ai")


def from_httpx(request: httpx.Request) -> Request:
    """Turn httpx's request, its body read, into a plain one."""
    timeout: dict[str, float | None] = request.extensions.get("timeout", {})
    return Request(
        request.method,
        request.url.path,
        {name.lower(): value for name, value in request.headers.items()},
        request.content,
        request.url.query.decode(),
        timeout.get("read"),
        f"{request.url.scheme}://{request.url.netloc.decode()}",
    )


def to_httpx(response: Response) -> httpx.Response:
    """Turn a plain response into one of httpx, or raise what httpx raises when there is none."""
    if response.lost == "dropped":
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
    if response.lost == "late":
        raise httpx.ReadTimeout("timed out")
    body = b"".join(response.chunks) or response.body
    return httpx.Response(response.status, headers=response.headers, content=body)
