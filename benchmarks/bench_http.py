"""What the loopback listener costs; run with `python benchmarks/bench_http.py`.

Medians in milliseconds, and ratios to Python's own http.server from the same run: on a busy machine
only the ratios mean something. Imports are not in the figures; they happen once a session.
"""

from __future__ import annotations

import http.client
import http.server
import statistics
import threading
import time
from typing import TYPE_CHECKING

from pytest_wandb_automations.http.listener import Listener
from pytest_wandb_automations.http.messages import Response

if TYPE_CHECKING:
    from collections.abc import Callable

BODY = b"x" * 1000


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # else headers and body are two packets, and every answer takes 44 ms

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *_: object) -> None:
        pass


class HttpServer:
    """http.server with the face of a `Listener`."""

    def __init__(self) -> None:
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        poll = {"poll_interval": 0.001}
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs=poll)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def listener() -> Listener:
    return Listener(lambda request: Response(200, BODY))


def medians(calls: list[Callable[[], object]], rounds: int) -> list[float]:
    spent: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):  # in turns, so that a slow moment hits them alike
        for call, times in zip(calls, spent, strict=True):
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
    return [statistics.median(times[1:]) * 1e3 for times in spent]


def show(what: str, budget: str, ours: float, theirs: float) -> None:
    print(f"{what:<44} {ours:7.2f} ms   {ours / theirs:5.2f} x http.server   budget {budget}")


def bench_start_and_stop() -> None:
    ours, theirs = medians([lambda: listener().close(), lambda: HttpServer().close()], 50)
    show("listener, start and stop together", "50 ms", ours, theirs)


def bench_requests() -> None:
    servers = [listener(), HttpServer()]
    connections = [
        http.client.HTTPConnection(server.url.removeprefix("http://")) for server in servers
    ]

    def ask(connection: http.client.HTTPConnection) -> None:
        connection.request("POST", "/", BODY)
        connection.getresponse().read()

    ours, theirs = medians([lambda c=c: ask(c) for c in connections], 500)
    show("request and answer on a kept connection", "- (40 ms is TCP's delay)", ours, theirs)
    for connection, server in zip(connections, servers, strict=True):
        connection.close()
        server.close()


if __name__ == "__main__":
    bench_start_and_stop()
    bench_requests()
