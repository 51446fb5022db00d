"""Where deliveries leave the world: a respx router that answers them in process.

Nothing leaves the machine. A request that no route takes is answered with 200; a route that passes
through reaches a receiver on loopback, and only there.
"""

from __future__ import annotations

import ipaddress

import httpx
import respx
from respx.models import PassThrough

from pytest_wandb_automations.errors import InvalidInput

__all__ = ["Postbox"]


class Postbox:
    """Routes and sends requests; `router` is an ordinary respx router that patches nothing."""

    def __init__(self) -> None:
        self.router = respx.Router(assert_all_called=False, assert_all_mocked=False)
        self._client: httpx.Client | None = None

    def send(self, request: httpx.Request, *, timeout: float) -> httpx.Response:
        """Return the response of the request's route; what the route raises is raised."""
        try:
            response = self.router.handler(request)
        except PassThrough:
            response = self._send_to_loopback(request, timeout)
        return response

    def _send_to_loopback(self, request: httpx.Request, timeout: float) -> httpx.Response:
        if not _is_loopback(request.url.host):
            raise InvalidInput(
                f"{request.url} is not on loopback: deliveries pass through to this machine only"
            )
        if self._client is None:
            # One client for all: making its TLS context takes longer than many deliveries.
            self._client = httpx.Client(trust_env=False)
        request.extensions["timeout"] = httpx.Timeout(timeout).as_dict()
        return self._client.send(request)

    def close(self) -> None:
        """Close the connections to receivers."""
        if self._client is not None:
            self._client.close()
            self._client = None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
