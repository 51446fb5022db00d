"""Receivers that are ASGI or WSGI apps, called in process.

Each request runs in a thread, and an ASGI app in an event loop, of its own, as with Starlette's
test client. So it does not matter whether the caller has an event loop, and an app that blocks its
loop by calling the API back still gets its answer: what that fires runs in another one.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, wait
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, cast

import httpx

from pytest_wandb_automations.errors import InvalidInput

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["APP_ERROR", "AppReceiver"]

APP_ERROR = "app_error"
"""Under this name a response's extensions hold the exception that an app raised."""

_ASGI_ARGUMENTS = 3  # scope, receive, send
_WSGI_ARGUMENTS = 2  # environ, start_response

_AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]


class AppReceiver:
    """Gives a request to an app, within the timeout that the request has in its extensions."""

    def __init__(self, app: Any) -> None:
        self._ask = _asking(app)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Return what the app answers; this is what a respx route calls."""
        timeout: float = request.extensions["timeout"]["read"]
        answer: Future[httpx.Response] = Future()
        # The app's calls belong to this delivery, so it gets the context.
        context = copy_context()
        threading.Thread(
            target=context.run,
            args=(_settle, answer, self._ask, request, timeout),
            name="wandb-automations-receiver",
            daemon=True,
        ).start()
        if not wait([answer], timeout).done:
            raise httpx.ReadTimeout("timed out", request=request)
        return answer.result()


_Ask = Callable[[httpx.Request, float], httpx.Response]


def _settle(
    answer: Future[httpx.Response], ask: _Ask, request: httpx.Request, timeout: float
) -> None:
    try:
        answer.set_result(ask(request, timeout))
    except BaseException as error:  # noqa: BLE001, `pytest.fail` in an app; raised by `result`
        answer.set_exception(error)


def _asking(app: Any) -> _Ask:
    arguments = _arguments(app)
    if arguments == _ASGI_ARGUMENTS:
        return lambda request, timeout: asyncio.run(_ask_asgi(app, request, timeout))
    if arguments == _WSGI_ARGUMENTS:
        return lambda request, _timeout: _ask_wsgi(app, request)
    raise InvalidInput(
        "app: expected an ASGI app, called with (scope, receive, send), or a WSGI app, called with "
        f"(environ, start_response); got {app!r}"
    )


def _arguments(app: Any) -> int | None:
    """Return how many positional arguments an app needs; a class is no app but makes them."""
    if not callable(app) or isinstance(app, type):
        return None
    required = inspect.Parameter.empty
    parameters = inspect.signature(cast("Callable[..., Any]", app)).parameters.values()
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in positional and p.default is required for p in parameters)


# An app that crashes is answered for by its server, with 500. What it raised is kept beside that,
# for whoever reads why the delivery failed.


def _crashed(error: Exception, request: httpx.Request) -> httpx.Response:
    return httpx.Response(500, request=request, extensions={APP_ERROR: error})


async def _ask_asgi(app: _AsgiApp, request: httpx.Request, timeout: float) -> httpx.Response:
    raised: list[Exception] = []

    async def watched(scope: Any, receive: Any, send: Any) -> None:
        try:
            await app(scope, receive, send)
        except Exception as error:
            raised.append(error)
            raise

    async def ask() -> httpx.Response:
        others = asyncio.all_tasks()
        transport = httpx.ASGITransport(watched, raise_app_exceptions=False)
        response = await transport.handle_async_request(request)
        body = b"".join([part async for part in response.aiter_raw()])
        # "Accepted", and a task that does the work: its loop ends here, so it is waited for.
        await asyncio.gather(*(asyncio.all_tasks() - others), return_exceptions=True)
        return _response(response, body, request, raised)

    try:
        return await asyncio.wait_for(ask(), timeout)
    except asyncio.TimeoutError:
        raise httpx.ReadTimeout("timed out", request=request) from None
    except Exception as error:  # noqa: BLE001, it may raise anything
        return _crashed(error, request)


def _ask_wsgi(app: WSGIApplication, request: httpx.Request) -> httpx.Response:
    # httpx's transport reads headers as ASCII. A token may be any text, and WSGI says Latin-1.
    odd = [(name, value) for name, value in request.headers.raw if not value.isascii()]

    def with_odd_headers(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        for name, value in odd:
            key = name.decode("ascii").upper().replace("-", "_")
            environ[f"HTTP_{key}"] = value.decode("latin-1")
        return app(environ, start_response)

    plain = httpx.Request(
        request.method,
        request.url,
        headers=[header for header in request.headers.raw if header not in odd],
        content=request.content,
    )
    try:
        response = httpx.WSGITransport(with_odd_headers).handle_request(plain)
        body = b"".join(response.iter_raw())
    except Exception as error:  # noqa: BLE001, it may raise anything
        return _crashed(error, request)
    return _response(response, body, request, [])


def _response(
    response: httpx.Response, body: bytes, request: httpx.Request, raised: list[Exception]
) -> httpx.Response:
    return httpx.Response(
        response.status_code,
        headers=response.headers.raw,
        content=body,
        request=request,
        extensions={APP_ERROR: raised[0]} if raised else {},
    )
