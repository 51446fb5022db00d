"""Routes: where a test says what answers deliveries to a URL. They are respx's, and a little more.

What a route says in place of a receiver, the test ordered. What it does not say itself, but passes
on (an app that is forwarded to, a real receiver), nobody ordered.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

import httpx
import respx
from respx.models import SideEffectError

from pytest_wandb_automations.delivery.apps import AppReceiver
from pytest_wandb_automations.delivery.masking import shown_url
from pytest_wandb_automations.delivery.threads import in_a_thread

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from concurrent.futures import Future

__all__ = ["DeliveryRoute", "is_ordered"]


class DeliveryRoute(respx.Route):
    """A respx route whose side effect may be a coroutine function, although deliveries wait."""

    def __init__(self, url: str) -> None:
        super().__init__(method="POST", url=url)
        self.shown = shown_url(url)
        """The URL as reports may show it."""

    def match(self, request: httpx.Request) -> Any:
        """Return what answers, or `None` where the route is not meant."""
        found: Any = super().match(request)
        if not inspect.isawaitable(found):
            return found
        timeout: float = request.extensions["timeout"]["read"]

        def wait(answer: Future[Any]) -> None:
            asyncio.run(_awaited(found, answer))

        try:
            answer = in_a_thread(wait, timeout=timeout)
        except TimeoutError:
            late = httpx.ReadTimeout("timed out", request=request)
            raise SideEffectError(self, origin=late) from late
        except Exception as error:
            raise SideEffectError(self, origin=error) from error
        if isinstance(answer, httpx.Response):
            answer.request = request
        return answer


async def _awaited(found: Awaitable[Any], answer: Future[Any]) -> None:
    answer.set_result(await found)


def is_ordered(route: Any, error: Exception | None = None) -> bool:
    """Tell whether the test itself said what a route answered, or what it raised in its place.

    A response, an exception that was given as such, and what a function of the test's returns are
    said. So are errors of httpx's transport that a function raises, for it imitates them. Any other
    that it raises is one of its own.
    """
    if route is None or isinstance(route.side_effect, AppReceiver):
        return False
    if error is None or isinstance(error, httpx.TransportError):
        return True
    # respx wraps what a function raised around its cause, and a given exception around none.
    wrapper = error.__cause__
    return isinstance(wrapper, SideEffectError) and wrapper.__cause__ is None
