"""Where deliveries leave the world: a respx router that answers them in process.

Nothing leaves the machine. A request that no route takes is answered with 200; a route that passes
through reaches a receiver on loopback, and only there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import httpx
import respx
from respx.models import PassThrough, SideEffectError

from pytest_wandb_automations.delivery.apps import APP_ERROR
from pytest_wandb_automations.delivery.loopback import send_to_loopback
from pytest_wandb_automations.delivery.masking import shown_url
from pytest_wandb_automations.delivery.routes import DeliveryRoute, is_ordered
from pytest_wandb_automations.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Answer", "Postbox"]


@dataclass(frozen=True)
class Answer:
    """What a delivery met: a response, or the error in its place.

    An app that crashes gives both: a server answers for it with 500.
    """

    response: httpx.Response | None = None
    error: Exception | None = None
    fault: str | None = None
    """The call of `backend.faults` that put it in the place of the receiver's answer."""
    route: str | None = None
    """The route, in words, by which the test put it there."""

    @property
    def ordered_by(self) -> str | None:
        """What the test did to have it so; `None` for what a receiver answered by itself."""
        return self.fault or self.route

    @property
    def problem(self) -> str | None:
        """Why it counts as a failure: an error, or a status other than 2xx."""
        return self.failure((200, 299))

    def failure(self, success: tuple[int, int]) -> str | None:
        """Why it counts as a failure where statuses from `success[0]` to `success[1]` are none.

        With the fault that ordered it, so that nobody hunts for it.
        """
        error = f"{type(self.error).__name__}: {self.error}".removesuffix(": ")
        order = f" (ordered by {self.fault})" if self.fault else ""
        if self.response is None:
            return f"{error}{order}"
        if success[0] <= self.response.status_code <= success[1]:
            return None
        answered = f"answered {self.response.status_code} {self.response.reason_phrase}".rstrip()
        return f"{answered} ({error})" if self.error else f"{answered}{order}"

    @property
    def text(self) -> str | None:
        """The response's body as text, whatever charset it claims to have."""
        if self.response is None:
            return None
        content = self.response.content
        try:
            return content.decode(self.response.charset_encoding or "utf-8", "replace")
        except (LookupError, ValueError):  # unknown, or one of Python's codecs that make no text
            return content.decode("utf-8", "replace")


class Postbox:
    """Routes and sends requests; `router` is an ordinary respx router that patches nothing."""

    def __init__(self) -> None:
        self.router = respx.Router(assert_all_called=False, assert_all_mocked=False)

    def has_receivers(self) -> bool:
        """Tell whether any route is set, so that a request may reach code of the user's."""
        return bool(self.router.routes)

    def route(self, url: str) -> respx.Route:
        """Return the route of a URL, made when new. The one that is there stays as it is."""
        new = DeliveryRoute(url)
        # respx itself would let the new one, which says nothing, take the place of the other.
        known = next((route for route in self.router.routes if route == new), None)
        return self.router.add(new) if known is None else known

    @property
    def unmet(self) -> list[str]:
        """URLs whose route no delivery has met, for example because they are misspelt."""
        routes = cast("Iterable[respx.Route]", self.router.routes)
        return [
            route.shown for route in routes if isinstance(route, DeliveryRoute) and not route.called
        ]

    def clear(self) -> None:
        """Forget routes and calls."""
        self.router.clear()
        self.router.reset()

    def send(self, request: httpx.Request, *, timeout: float) -> Answer:
        """Return what a request met. Whatever a receiver raises is an answer, not an exception.

        For a receiver that crashes fails the delivery, never the call that caused it.
        """
        request.extensions["timeout"] = httpx.Timeout(timeout).as_dict()
        try:
            return self._answer(request, timeout)
        except Exception as error:  # noqa: BLE001, a receiver may raise anything
            cause = error.__cause__
            route = cause.route if isinstance(cause, SideEffectError) else None
            return Answer(error=error, route=_told(request) if is_ordered(route, error) else None)

    def _answer(self, request: httpx.Request, timeout: float) -> Answer:
        try:
            resolved = self.router.resolve(request)
        except PassThrough:
            return Answer(send_to_loopback(request, timeout=timeout))
        except StopIteration:
            raise InvalidInput(f"{_told(request)} has no answer left: all were given") from None
        response = resolved.response
        assert isinstance(response, httpx.Response)
        response.read()
        ordered = _told(request) if is_ordered(resolved.route) else None
        return Answer(response, response.extensions.get(APP_ERROR), route=ordered)


def _told(request: httpx.Request) -> str:
    return f"the route of {shown_url(request.url)}"
