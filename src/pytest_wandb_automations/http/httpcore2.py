"""respx's patching for httpx2, which stands on httpcore2; imported only where that is installed."""

from __future__ import annotations

from typing import Any

import httpcore2
import httpx
from respx.mocks import HTTPCoreMocker

__all__ = ["HTTPCore2Mocker"]


class HTTPCore2Mocker(HTTPCoreMocker):
    """respx's mocker for httpcore, aimed at httpcore2: the same classes in another package."""

    name = "httpcore2"
    targets = [target.replace("httpcore.", "httpcore2.", 1) for target in HTTPCoreMocker.targets]

    @classmethod
    def from_sync_httpx_response(
        cls, httpx_response: httpx.Response, target: Any, **kwargs: Any
    ) -> httpcore2.Response:
        """Turn an httpx response into one of httpcore2, for its synchronous pool."""
        del target, kwargs
        return _response(httpx_response)

    @classmethod
    async def from_async_httpx_response(
        cls, httpx_response: httpx.Response, target: Any, **kwargs: Any
    ) -> httpcore2.Response:
        """Turn an httpx response into one of httpcore2, for its asynchronous pool."""
        del target, kwargs
        return _response(httpx_response)


def _response(response: httpx.Response) -> httpcore2.Response:
    return httpcore2.Response(
        status=response.status_code,
        headers=response.headers.raw,
        content=response.stream,
        extensions=response.extensions,
    )
