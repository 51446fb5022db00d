"""Where deliveries leave the world: a respx router that answers them in process.

Nothing leaves the machine. A request that no route takes is answered with 200; a route that passes
through reaches a receiver on loopback, and only there.
"""

from __future__ import annotations

from dataclasses import dataclass

import httpx
import respx
from respx.models import PassThrough

from pytest_wandb_automations.delivery.apps import APP_ERROR
from pytest_wandb_automations.delivery.loopback import send_to_loopback

__all__ = ["Answer", "Postbox"]


@dataclass(frozen=True)
class Answer:
    """What a delivery met: a response, or the error in its place.

    An app that crashes gives both: a server answers for it with 500.
    """

    response: httpx.Response | None = None
    error: Exception | None = None
    ordered_by: str | None = None
    """The call of `backend.faults` that put it in the place of the receiver's answer."""

    @property
    def problem(self) -> str | None:
        """Why it counts as a failure: an error, or a status other than 2xx."""
        error = f"{type(self.error).__name__}: {self.error}".removesuffix(": ")
        if self.response is None:
            return error
        if self.response.is_success:
            return None
        answered = f"answered {self.response.status_code} {self.response.reason_phrase}".rstrip()
        return f"{answered} ({error})" if self.error else answered


class Postbox:
    """Routes and sends requests; `router` is an ordinary respx router that patches nothing."""

    def __init__(self) -> None:
        self.router = respx.Router(assert_all_called=False, assert_all_mocked=False)

    def has_receivers(self) -> bool:
        """Tell whether any route is set, so that a request may reach code of the user's."""
        return bool(self.router.routes)

    def send(self, request: httpx.Request, *, timeout: float) -> Answer:
        """Return what a request met. Whatever a receiver raises is an answer, not an exception.

        For a receiver that crashes fails the delivery, never the call that caused it.
        """
        request.extensions["timeout"] = httpx.Timeout(timeout).as_dict()
        try:
            response = self._response(request, timeout)
            return Answer(response, response.extensions.get(APP_ERROR))
        except Exception as error:  # noqa: BLE001, a receiver may raise anything
            return Answer(error=error)

    def _response(self, request: httpx.Request, timeout: float) -> httpx.Response:
        try:
            response = self.router.handler(request)
        except PassThrough:
            response = send_to_loopback(request, timeout=timeout)
        response.read()
        return response
