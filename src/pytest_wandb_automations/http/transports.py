"""The API for httpx clients in a test that also uses pytest-httpx.

Its `httpx_mock` stands above respx, in httpx's transports, and refuses what it does not expect. So
where it is in use the kit stands above it; what is not for W&B goes on to it. The fixture
`wandb_backend` sees to it that `httpx_mock` comes first.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import httpx
from anyio import to_thread

from pytest_wandb_automations.http.in_process import from_httpx, to_httpx

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_wandb_automations.http.messages import Request, Response

__all__ = ["Transports"]


class Transports:
    """Answers requests to W&B in httpx's own transports between `open` and `close`."""

    def __init__(
        self, is_wandb: Callable[[httpx.URL], bool], answer: Callable[[Request], Response]
    ) -> None:
        self._is_wandb = is_wandb
        self._answer = answer
        self._undo: Callable[[], None] | None = None

    def open(self) -> None:
        """Begin, if pytest-httpx is loaded; without it nothing stands above respx."""
        if "pytest_httpx" in sys.modules:
            self._undo = self._patch()

    def close(self) -> None:
        """End."""
        if self._undo is not None:
            self._undo()
            self._undo = None

    def _patch(self) -> Callable[[], None]:
        is_wandb, answer = self._is_wandb, self._answer
        handle = httpx.HTTPTransport.handle_request
        handle_async = httpx.AsyncHTTPTransport.handle_async_request

        def ours(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
            if not is_wandb(request.url):
                return handle(self, request)
            request.read()
            return to_httpx(answer(from_httpx(request)))

        async def ours_async(
            self: httpx.AsyncHTTPTransport, request: httpx.Request
        ) -> httpx.Response:
            if not is_wandb(request.url):
                return await handle_async(self, request)
            await request.aread()
            return to_httpx(await to_thread.run_sync(answer, from_httpx(request)))

        def undo() -> None:
            httpx.HTTPTransport.handle_request = handle
            httpx.AsyncHTTPTransport.handle_async_request = handle_async

        httpx.HTTPTransport.handle_request = ours
        httpx.AsyncHTTPTransport.handle_async_request = ours_async
        return undo
