"""The API on a loopback socket: uvicorn in a thread."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from pytest_wandb_automations.http.asgi import CONNECTED, DROP, asgi_app

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from starlette.types import ASGIApp, Receive, Scope, Send

    from pytest_wandb_automations.http.messages import Request, Response

__all__ = ["Listener"]

_GRACE = 1.0
"""Seconds that requests under way get to finish when the listener stops."""

_KEEP_ALIVE = 3600
"""Seconds that an idle connection is kept. With uvicorn's 5, one who debugs a client loses it."""


class Listener:
    """Listens on 127.0.0.1, at a free port, until `close`."""

    def __init__(self, answer: Callable[[Request], Response]) -> None:
        # uvicorn sets TCP_NODELAY on sockets whose protocol says TCP. Without, every answer on a
        # kept connection waits 40 ms for an acknowledgement.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self.url = "http://{}:{}".format(*self._socket.getsockname())
        """The base URL, without a slash at the end."""
        self._server = _Server(_config(asgi_app(answer)))
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="wandb-automations", daemon=True)
        self._thread.start()
        self._server.ready.wait()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        # The same kind of loop on every platform: Windows has another one by default.
        loop = asyncio.SelectorEventLoop()
        try:
            loop.run_until_complete(self._server.serve([self._socket]))
        except BaseException as error:  # noqa: BLE001  # raised by whoever waits for the thread
            self._failure = error
        finally:
            loop.close()
            self._socket.close()
            self._server.ready.set()

    def close(self) -> None:
        """Stop listening and wait for the thread to end; requests under way get a second."""
        self._server.stop()
        self._thread.join()


class _Server(uvicorn.Server):
    """uvicorn that starts and stops at once: its own loop and shutdown sleep 0.1 s at a time.

    Nor does it take over signals, or log that it came and went, as uvicorn's own `serve` does.
    """

    _loop: asyncio.AbstractEventLoop
    _told_to_stop: asyncio.Event

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    def stop(self) -> None:
        """Tell the server's thread to end."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: it has ended
            self._loop.call_soon_threadsafe(self._told_to_stop.set)

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._told_to_stop = asyncio.Event()
        self.config.load()
        self.lifespan = self.config.lifespan_class(self.config)
        await self.startup(sockets)
        self.ready.set()
        await self._told_to_stop.wait()
        await self._end(sockets or [])

    async def _end(self, sockets: list[socket.socket]) -> None:
        for listening in sockets:
            self._loop.remove_reader(listening)
        # asyncio loses a connection that is being accepted while its server is closed.
        await _wait(asyncio.all_tasks() - {asyncio.current_task()} - self.server_state.tasks)
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await _wait(self.server_state.tasks)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        for task in self.server_state.tasks:
            task.cancel()
        await _wait(self.server_state.tasks)
        await asyncio.sleep(0)  # for connections to learn that they are lost


async def _wait(tasks: Collection[asyncio.Task[Any]]) -> None:
    if tasks:
        await asyncio.wait(list(tasks), timeout=_GRACE)


def _config(app: ASGIApp) -> uvicorn.Config:
    async def quiet(scope: Scope, receive: Receive, send: Send) -> None:
        # What is still waiting at the end is cancelled; uvicorn would log a traceback.
        with contextlib.suppress(asyncio.CancelledError):
            await app(scope, receive, send)

    return uvicorn.Config(
        quiet,
        lifespan="off",
        log_config=None,
        ws="none",
        loop="asyncio",
        http=_Connection,
        timeout_keep_alive=_KEEP_ALIVE,
    )


class _Connection(H11Protocol):
    """A connection that does not log its requests, and that the app can look at and close.

    uvicorn's own options for that change its loggers for the whole process, in which the user's own
    uvicorn may be under test.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.access_log = False
        self.app_state = {**self.app_state, DROP: self._drop, CONNECTED: self._is_open}

    def _drop(self) -> None:
        self.transport.close()

    def _is_open(self) -> bool:
        """Ask the socket itself: the loop may not have heard of its end yet."""
        try:
            number: int = self.transport.get_extra_info("socket").fileno()
            with socket.fromfd(number, socket.AF_INET, socket.SOCK_STREAM) as peer:
                peer.setblocking(False)
                return bool(peer.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return True
        except OSError:
            return False
