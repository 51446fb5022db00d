"""Where deliveries leave the world: a respx router that answers them in process.

Nothing leaves the machine. A request that no route takes is answered with 200; a route that passes
through reaches a receiver on loopback, and only there.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

import httpx
import respx
from respx.models import PassThrough

from pytest_wandb_automations.delivery.masking import shown_url
from pytest_wandb_automations.errors import InvalidInput

__all__ = ["Answer", "Postbox"]


@dataclass(frozen=True)
class Answer:
    """What a delivery met: a response, or the error in its place."""

    response: httpx.Response | None = None
    error: Exception | None = None

    @property
    def problem(self) -> str | None:
        """Why it counts as a failure: an error, or a status other than 2xx."""
        if self.response is None:
            return f"{type(self.error).__name__}: {self.error}".removesuffix(": ")
        if self.response.is_success:
            return None
        return f"answered {self.response.status_code} {self.response.reason_phrase}".rstrip()


class Postbox:
    """Routes and sends requests; `router` is an ordinary respx router that patches nothing."""

    def __init__(self) -> None:
        self.router = respx.Router(assert_all_called=False, assert_all_mocked=False)
        self._client: httpx.Client | None = None

    def send(self, request: httpx.Request, *, timeout: float) -> Answer:
        """Return what a request met. Whatever a receiver raises is an answer, not an exception.

        For a receiver that crashes fails the delivery, never the call that caused it.
        """
        try:
            return Answer(self._response(request, timeout))
        except Exception as error:  # noqa: BLE001, a receiver may raise anything
            return Answer(error=error)

    def _response(self, request: httpx.Request, timeout: float) -> httpx.Response:
        try:
            response = self.router.handler(request)
        except PassThrough:
            response = self._send_to_loopback(request, timeout)
        response.read()
        return response

    def _send_to_loopback(self, request: httpx.Request, timeout: float) -> httpx.Response:
        if not _is_loopback(request.url.host):
            raise InvalidInput(
                f"{shown_url(request.url)} is not on loopback: "
                "deliveries pass through to this machine only"
            )
        if self._client is None:
            # One client for all: making its TLS context takes longer than many deliveries. It keeps
            # no connection, so that nothing is left open when the backend is forgotten.
            limits = httpx.Limits(max_keepalive_connections=0)
            self._client = httpx.Client(trust_env=False, limits=limits)
        request.extensions["timeout"] = httpx.Timeout(timeout).as_dict()
        return self._client.send(request)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
