"""The API on a loopback socket: uvicorn in a thread."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable

import uvicorn

from pytest_wandb_automations.http.asgi import asgi_app
from pytest_wandb_automations.http.messages import Request, Response

__all__ = ["Listener"]


_GRACE = 1.0
"""Seconds that requests under way get to finish when the listener stops."""


class _Server(uvicorn.Server):
    """uvicorn that starts and stops at once: its own loop and shutdown sleep 0.1 s at a time."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._told_to_stop: asyncio.Event

    def stop(self) -> None:
        """Tell the server's thread to end."""
        self._loop.call_soon_threadsafe(self._told_to_stop.set)

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._told_to_stop = asyncio.Event()
        self.ready.set()
        await self._told_to_stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=_GRACE)
        for listening in sockets or ():
            listening.close()


class Listener:
    """Listens on 127.0.0.1, at a free port, until `close`."""

    def __init__(self, answer: Callable[[Request], Response]) -> None:
        # uvicorn sets TCP_NODELAY on sockets whose protocol says TCP. Without, every answer on a
        # kept connection waits 40 ms for an acknowledgement.
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.bind(("127.0.0.1", 0))
        self.url = "http://{}:{}".format(*listening.getsockname())
        """The base URL, without a slash at the end."""
        config = uvicorn.Config(
            asgi_app(answer),
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            ws="none",
            loop="asyncio",
            http="h11",
        )
        self._server = _Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([listening],), name="wandb-automations", daemon=True
        )
        self._thread.start()
        self._server.ready.wait()

    def close(self) -> None:
        """Stop listening and wait for the thread to end."""
        self._server.stop()
        self._thread.join()
