"""The API for httpx and httpx2 clients of this process, by way of respx.

While an `Interception` is open, requests to W&B's own hosts and to the backend's address are
answered in process. All others go where they would have gone: to routes of the user's own respx
routers, or out. Clients of other libraries reach the backend through its loopback address.
"""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, cast

import httpx
from anyio import to_thread
from respx import Route, Router
from respx.mocks import HTTPCoreMocker, Mocker
from respx.models import AllMockedAssertionError, PassThrough

from pytest_wandb_automations.http.in_process import from_httpx, to_httpx
from pytest_wandb_automations.http.patching import start
from pytest_wandb_automations.http.transports import Transports

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from pytest_wandb_automations.http.messages import Request, Response

__all__ = ["WANDB_HOSTS", "Interception"]

WANDB_HOSTS = frozenset({"api.wandb.ai", "api.forge.coreweave.com"})
"""W&B's public API: the host of its documentation, and the SDK's default since 0.31."""


class Interception:
    """Answers requests to W&B in process between `open` and `close`."""

    def __init__(self, url: str, answer: Callable[[Request], Response]) -> None:
        self._mockers = _mockers()
        is_wandb = _asking_for_wandb(httpx.URL(url))
        self._routers = [_WandbRouter(mocker, is_wandb, answer) for mocker in self._mockers]
        self._transports = Transports(is_wandb, answer)

    def open(self) -> None:
        """Begin; respx patches its targets if no router of the user's has made it do so."""
        for mocker, router in zip(self._mockers, self._routers, strict=True):
            # In front of the user's routers: one that answers whatever it gets would hide W&B.
            mocker.routers.insert(0, router)
            start(mocker)
        self._transports.open()

    def close(self) -> None:
        """End; respx undoes its patches when no router is left."""
        self._transports.close()
        for mocker, router in zip(self._mockers, self._routers, strict=True):
            mocker.unregister(router)
            mocker.stop()


class _WandbRouter(Router):
    """A router of one rule: requests to W&B are answered, others are for whoever comes next."""

    def __init__(
        self,
        mocker: type[HTTPCoreMocker],
        is_wandb: Callable[[httpx.URL], bool],
        answer: Callable[[Request], Response],
    ) -> None:
        super().__init__(assert_all_called=False)
        self._mocker = mocker
        self._is_wandb = is_wandb
        self._elsewhere = Route()
        self._answer = answer

    def handler(self, request: httpx.Request) -> httpx.Response:
        self._check(request)
        answer = self._answer(from_httpx(request))
        with self._errors_of_the_library():
            return to_httpx(answer)

    async def async_handler(self, request: httpx.Request) -> httpx.Response:
        self._check(request)
        # In a thread: answering may wait for receivers that run on this very event loop.
        answer = await to_thread.run_sync(self._answer, from_httpx(request))
        with self._errors_of_the_library():
            return to_httpx(answer)

    @contextmanager
    def _errors_of_the_library(self) -> Generator[None]:
        # httpx2 knows the errors of httpcore2, and none of httpx.
        try:
            yield
        except httpx.TransportError as error:
            library = import_module(self._mocker.name)
            raise getattr(library, type(error).__name__)(str(error)) from None

    def _check(self, request: httpx.Request) -> None:
        if self._is_wandb(request.url):
            return
        if len(self._mocker.routers) > 1:
            # respx takes this for "ask the next router".
            raise AllMockedAssertionError(f"{request!r} is not for W&B")
        raise PassThrough(f"{request!r} is not for W&B", request=request, origin=self._elsewhere)


def _asking_for_wandb(backend: httpx.URL) -> Callable[[httpx.URL], bool]:
    address = (backend.host, backend.port)
    return lambda url: url.host in WANDB_HOSTS or (url.host, url.port) == address


def _mockers() -> list[type[HTTPCoreMocker]]:
    mockers: list[type[HTTPCoreMocker]] = [HTTPCoreMocker]
    # A respx that covers httpx2 by itself has a mocker of that name, and allows no second.
    theirs = Mocker.registry.get("httpcore2")
    if theirs is not None:
        mockers.append(cast("type[HTTPCoreMocker]", theirs))
    elif find_spec("httpcore2") is not None:
        from pytest_wandb_automations.http.httpcore2 import HTTPCore2Mocker

        mockers.append(HTTPCore2Mocker)
    return mockers
