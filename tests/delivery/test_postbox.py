"""Requests are answered in process; loopback is as far as they go."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import httpx
import pytest

from pytest_wandb_automations.delivery.postbox import Postbox
from pytest_wandb_automations.delivery.webhooks import webhook_request

if TYPE_CHECKING:
    from collections.abc import Iterator


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/slow":
            self.server.may_answer.wait(20)  # type: ignore[attr-defined]
        self.server.seen.append((self.path, dict(self.headers), body))  # type: ignore[attr-defined]
        status = int(self.path.strip("/") or 200) if self.path.strip("/").isdigit() else 200
        self.send_response(status)
        self.send_header("Location", "https://elsewhere.test/")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.seen, server.may_answer = [], threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.may_answer.set()  # type: ignore[attr-defined]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


def request(url: str) -> httpx.Request:
    return webhook_request(url, '{"a":"ü"}', access_token="tökén", secret="s")


def test_what_no_route_takes_is_answered_with_200(postbox: Postbox) -> None:
    answer = postbox.send(request("https://deploy.test/"), timeout=1)

    assert answer.response is not None
    assert (answer.response.status_code, answer.error, answer.problem) == (200, None, None)


def test_a_route_answers(postbox: Postbox) -> None:
    route = postbox.router.post("https://deploy.test/").respond(503, text="later")

    answer = postbox.send(request("https://deploy.test/"), timeout=1)

    assert answer.response is not None
    assert (answer.response.text, route.call_count) == ("later", 1)
    assert answer.problem == "answered 503 Service Unavailable"


def test_an_answer_in_pieces_is_read(postbox: Postbox) -> None:
    pieces = iter([b"a", b"b"])
    postbox.router.post("https://deploy.test/").mock(
        return_value=httpx.Response(200, content=pieces)
    )

    answer = postbox.send(request("https://deploy.test/"), timeout=1)

    assert answer.response is not None
    assert answer.response.text == "ab"


def test_what_a_receiver_raises_is_an_answer(postbox: Postbox) -> None:
    error = RuntimeError("crash")
    postbox.router.post("https://deploy.test/").mock(side_effect=error)

    answer = postbox.send(request("https://deploy.test/"), timeout=1)

    assert (answer.response, answer.error) == (None, error)
    assert answer.problem == "RuntimeError: crash"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_route_that_passes_through_reaches_a_receiver_on_loopback(
    postbox: Postbox, receiver: ThreadingHTTPServer, host: str
) -> None:
    url = f"http://{host}:{receiver.server_port}/hook"
    postbox.router.post(url).pass_through()

    answers = [postbox.send(request(url), timeout=20) for _ in range(2)]

    assert [a.response and a.response.text for a in answers] == ["ok", "ok"]
    ((path, headers, body), _) = receiver.seen  # type: ignore[attr-defined]
    assert (path, body) == ("/hook", '{"a":"ü"}'.encode())
    assert headers["Content-Type"] == "application/json"
    assert headers["Authorization"].encode("latin-1").decode() == "Bearer tökén"


def test_redirects_are_not_followed(postbox: Postbox, receiver: ThreadingHTTPServer) -> None:
    url = f"http://127.0.0.1:{receiver.server_port}/302"
    postbox.router.post(url).pass_through()

    answer = postbox.send(request(url), timeout=20)

    assert answer.problem == "answered 302 Found"


def test_a_receiver_that_takes_too_long_is_given_up(
    postbox: Postbox, receiver: ThreadingHTTPServer
) -> None:
    url = f"http://127.0.0.1:{receiver.server_port}/slow"
    postbox.router.post(url).pass_through()

    answer = postbox.send(request(url), timeout=0.05)

    assert answer.problem == "ReadTimeout: timed out"


def test_a_receiver_that_is_not_there_is_an_error(
    postbox: Postbox, receiver: ThreadingHTTPServer
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as gone:
        url = f"http://127.0.0.1:{gone.server_port}/"
    postbox.router.post(url).pass_through()

    answer = postbox.send(request(url), timeout=20)

    assert isinstance(answer.error, httpx.ConnectError)


@pytest.mark.parametrize("host", ["deploy.test", "192.0.2.1", "127.0.0.1.nip.io", "[2001:db8::1]"])
def test_nothing_passes_through_to_other_machines(postbox: Postbox, host: str) -> None:
    url = f"https://me:pw@{host}/hook?token=t"
    postbox.router.post(url).pass_through()

    answer = postbox.send(request(url), timeout=20)

    assert answer.problem == (
        f"InvalidInput: https://{host}/hook?… is not on loopback: "
        "deliveries pass through to this machine only"
    )
