"""Receivers that are ASGI or WSGI apps, called in process.

Each request to an ASGI app has a thread and an event loop of its own, as with Starlette's test
client. So it does not matter whether the caller has an event loop, and an app that blocks its loop
by calling the API back still gets its answer: what that fires runs in another one.

A WSGI app is called in the thread that the delivery runs in, as by Flask's own test client: what
belongs to a thread, a database connection for example, is the test's own.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote_to_bytes

import httpx

from pytest_wandb_automations.delivery.threads import AFTERWARDS, in_a_thread
from pytest_wandb_automations.errors import InvalidInput

if TYPE_CHECKING:
    from concurrent.futures import Future

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["APP_ERROR", "AppReceiver"]

APP_ERROR = "app_error"
"""Under this name a response's extensions hold the exception that an app raised."""

_ASGI_ARGUMENTS = 3  # scope, receive, send
_WSGI_ARGUMENTS = 2  # environ, start_response

_AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]


@dataclass
class _Said:
    """What an app answered.

    One that crashes is answered for by its server, with 500. What it raised is kept beside that,
    for whoever reads why the delivery failed.
    """

    status: int = 500
    headers: list[tuple[bytes, bytes]] | None = None
    body: bytes = b""
    error: Exception | None = None


_Ask = Callable[[httpx.Request, float], _Said]


class AppReceiver:
    """Gives a request to an app, within the timeout that the request has in its extensions."""

    def __init__(self, app: Any) -> None:
        self._ask: _Ask = partial(_ask_asgi if _is_asgi(app) else _ask_wsgi, app)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Return what the app answers; this is what a respx route calls."""
        timeout: float = request.extensions["timeout"]["read"]
        try:
            said = self._ask(request, timeout)
        except TimeoutError:
            raise httpx.ReadTimeout("timed out", request=request) from None
        return httpx.Response(
            said.status,
            headers=said.headers,
            content=said.body,
            request=request,
            extensions={APP_ERROR: said.error} if said.error else {},
        )


def _is_asgi(app: Any) -> bool:
    # A class is no app but makes them.
    if callable(app) and not isinstance(app, type):
        if any(map(inspect.iscoroutinefunction, (app, type(app).__call__))):
            return True
        arguments = _arguments(cast("Callable[..., Any]", app))
        if arguments in (_ASGI_ARGUMENTS, _WSGI_ARGUMENTS):
            return arguments == _ASGI_ARGUMENTS
    raise InvalidInput(
        "app: expected an ASGI app, called with (scope, receive, send), or a WSGI app, called with "
        f"(environ, start_response); got {app!r}"
    )


def _arguments(app: Callable[..., Any]) -> int:
    """Return how many positional arguments a function needs."""
    required = inspect.Parameter.empty
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(app).parameters.values()
    return sum(p.kind in positional and p.default is required for p in parameters)


def _broken_off(request: httpx.Request, error: Exception | None) -> httpx.RemoteProtocolError:
    """Return what the client of an app meets that began to answer and did not end it.

    Its server closes the connection: there is no taking back the status.
    """
    why = f"{type(error).__name__}: {error}" if error else "it returned before its end"
    return httpx.RemoteProtocolError(f"the app broke its answer off: {why}", request=request)


# ASGI


def _ask_asgi(app: _AsgiApp, request: httpx.Request, timeout: float) -> _Said:
    def serve(answer: Future[_Said]) -> None:
        asyncio.run(_serve(app, request, timeout, answer))

    return in_a_thread(serve, timeout=timeout)


async def _serve(
    app: _AsgiApp, request: httpx.Request, timeout: float, answer: Future[_Said]
) -> None:
    loop = asyncio.get_running_loop()
    exchange = _Exchange(request, answer, loop.create_future())
    call = loop.create_task(exchange.run(app))
    await asyncio.wait(
        {call, exchange.answered}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED
    )
    if not (call.done() or answer.done()):
        raise TimeoutError
    # "Accepted", and a task that does the work: the loop ends here, so it is waited for.
    deadline = loop.time() + AFTERWARDS
    while others := asyncio.all_tasks() - {asyncio.current_task(loop)}:
        if (left := deadline - loop.time()) <= 0:
            break
        await asyncio.wait(others, timeout=left)
    if call.done():
        call.result()  # raises what is no `Exception`, such as `pytest.fail`


class _Exchange:
    """One request to an ASGI app, and the messages that it answers with."""

    def __init__(
        self, request: httpx.Request, answer: Future[_Said], answered: asyncio.Future[None]
    ) -> None:
        self.answered = answered
        self._request = request
        self._answer = answer
        self._said = _Said()
        self._asked = False

    async def run(self, app: _AsgiApp) -> None:
        """Call the app, and answer for it where it does not."""
        error: Exception | None = None
        try:
            await app(self._scope(), self._receive, self._send)
        except Exception as raised:  # noqa: BLE001, it may raise anything
            error = raised
        self._said.error = error
        if self.answered.done():
            return
        if self._said.headers is None:
            self._settle()
        else:
            self._answer.set_exception(_broken_off(self._request, error))

    def _scope(self) -> dict[str, Any]:
        url = self._request.url
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": self._request.method,
            "headers": [(name.lower(), value) for name, value in self._request.headers.raw],
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.partition(b"?")[0],
            "query_string": url.query,
            "server": (url.host, url.port),
            "client": ("127.0.0.1", 123),
            "root_path": "",
        }

    async def _receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": self._request.content, "more_body": False}
        await asyncio.shield(self.answered)
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._said.status = message["status"]
            self._said.headers = list(message.get("headers", ()))
        elif message["type"] == "http.response.body" and not self.answered.done():
            self._said.body += message.get("body", b"")
            if not message.get("more_body", False):
                self._settle()

    def _settle(self) -> None:
        self._answer.set_result(self._said)
        self.answered.set_result(None)


# WSGI


def _ask_wsgi(app: WSGIApplication, request: httpx.Request, timeout: float) -> _Said:
    if _in_an_event_loop():
        # Synchronous code may not wait there: Django refuses to, and so does `asyncio.run`.
        return in_a_thread(
            lambda answer: answer.set_result(_call_wsgi(app, request)), timeout=timeout
        )
    begun = time.monotonic()
    said = _call_wsgi(app, request)
    if time.monotonic() - begun > timeout:
        raise TimeoutError
    return said


def _in_an_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _call_wsgi(app: WSGIApplication, request: httpx.Request) -> _Said:
    # httpx's transport takes headers for ASCII, and paths for text. A token may be any text, and
    # WSGI says Latin-1, of bytes. What an app writes or raised before its answer it leaves out.
    odd = [(name, value) for name, value in request.headers.raw if not value.isascii()]
    said = _Said()
    written: list[bytes] = []

    def as_wsgi_says(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        def start(
            status: str, headers: list[tuple[str, str]], exc_info: Any = None
        ) -> Callable[[bytes], object]:
            said.headers = [(name.encode(), value.encode("latin-1")) for name, value in headers]
            said.error = exc_info[1] if exc_info else None
            start_response(status, [], exc_info)
            return written.append

        path = unquote_to_bytes(request.url.raw_path.partition(b"?")[0])
        environ["PATH_INFO"] = path.decode("latin-1")
        for name, value in odd:
            key = name.decode("ascii").upper().replace("-", "_")
            environ[f"HTTP_{key}"] = value.decode("latin-1")
        return app(environ, start)

    plain = httpx.Request(
        request.method,
        request.url,
        headers=[header for header in request.headers.raw if header not in odd],
        content=request.content,
    )
    transport = httpx.WSGITransport(as_wsgi_says, raise_app_exceptions=False)
    try:
        response = transport.handle_request(plain)
    except Exception as error:  # noqa: BLE001, it may raise anything
        return _Said(error=error)
    try:
        said.body = b"".join([*written, *response.iter_raw()])
    except Exception as error:
        raise _broken_off(request, error) from error
    said.status = response.status_code
    return said
