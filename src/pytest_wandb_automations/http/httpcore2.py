"""respx's patching for httpx2, which stands on httpcore2; imported only where that is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpcore2
from respx.mocks import HTTPCoreMocker

if TYPE_CHECKING:
    import httpx

__all__ = ["HTTPCore2Mocker"]


class HTTPCore2Mocker(HTTPCoreMocker):
    """respx's mocker for httpcore, aimed at httpcore2: the same classes in another package."""

    name = "httpcore2"
    targets = [  # noqa: RUF012  # as respx declares it
        target.replace("httpcore.", "httpcore2.", 1) for target in HTTPCoreMocker.targets
    ]

    @classmethod
    def from_sync_httpx_response(
        cls, httpx_response: httpx.Response, target: Any, **kwargs: Any
    ) -> Any:
        """Turn an httpx response into one of httpcore2; asynchronous pools get it too."""
        del target, kwargs
        return httpcore2.Response(
            status=httpx_response.status_code,
            headers=httpx_response.headers.raw,
            content=httpx_response.stream,
            extensions=httpx_response.extensions,
        )
