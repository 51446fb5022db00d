"""Requests are answered in process; loopback is as far as they go."""

from __future__ import annotations

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import fastapi
import flask
import httpx
import pytest

from pytest_wandb_automations.delivery.apps import AppReceiver
from pytest_wandb_automations.delivery.postbox import Answer, Postbox
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


# Who ordered it

URL = "https://deploy.test/hook"


def routed(postbox: Postbox, **mock: Any) -> Answer:
    postbox.route(URL).mock(**mock)
    return postbox.send(request(f"{URL}?token=t"), timeout=20)


def raising(error: Exception) -> Any:
    def receive(_request: httpx.Request) -> httpx.Response:
        raise error

    return receive


async def late(_request: httpx.Request) -> httpx.Response:
    await asyncio.sleep(0)
    return httpx.Response(503, text="later")


async def refused(_request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


async def crashing(_request: httpx.Request) -> httpx.Response:
    raise RuntimeError("crash")


@pytest.mark.parametrize(
    "mock",
    [
        {"return_value": httpx.Response(503)},
        {"side_effect": [httpx.Response(503)]},
        {"side_effect": httpx.ConnectError("refused")},
        {"side_effect": httpx.ConnectError},
        {"side_effect": [ValueError("odd")]},
        {"side_effect": lambda _request: httpx.Response(401)},
        {"side_effect": raising(httpx.ReadTimeout("slow"))},
        {"side_effect": late},
        {"side_effect": refused},
    ],
)
def test_what_a_route_says_itself_is_ordered(postbox: Postbox, mock: Any) -> None:
    answer = routed(postbox, **mock)

    assert answer.problem is not None
    assert answer.ordered_by == "the route of https://deploy.test/hook?…"


@pytest.mark.parametrize("side_effect", [raising(RuntimeError("crash")), crashing])
def test_a_function_that_crashes_was_not_ordered_to(postbox: Postbox, side_effect: Any) -> None:
    answer = routed(postbox, side_effect=side_effect)

    assert (answer.problem, answer.ordered_by) == ("RuntimeError: crash", None)


def test_what_an_app_answers_is_not_ordered(postbox: Postbox) -> None:
    for app in (flask.Flask("404 for everything"), fastapi.FastAPI()):
        answer = routed(postbox, side_effect=AppReceiver(app))
        assert (answer.problem, answer.ordered_by) == ("answered 404 Not Found", None)

    async def never(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    postbox.route(URL).mock(side_effect=AppReceiver(never))
    answer = postbox.send(request(URL), timeout=0.05)
    assert (answer.problem, answer.ordered_by) == ("ReadTimeout: timed out", None)


def test_what_no_route_takes_and_what_passes_through_is_not_ordered(
    postbox: Postbox, receiver: ThreadingHTTPServer
) -> None:
    url = f"http://127.0.0.1:{receiver.server_port}/500"
    postbox.route(url).pass_through()

    failed = postbox.send(request(url), timeout=20)

    assert (failed.problem, failed.ordered_by) == ("answered 500 Internal Server Error", None)
    assert postbox.send(request(URL), timeout=1).ordered_by is None


# Routes


def test_a_route_is_the_same_the_second_time_and_keeps_what_it_says(postbox: Postbox) -> None:
    route = postbox.route(URL).respond(503)

    assert postbox.route(URL) is route
    assert postbox.route(URL).called is False
    assert postbox.send(request(URL), timeout=1).problem == "answered 503 Service Unavailable"
    assert postbox.route(URL).respond(200) is route
    assert postbox.send(request(URL), timeout=1).problem is None


def test_a_side_effect_may_be_a_coroutine_function(postbox: Postbox) -> None:
    answer = routed(postbox, side_effect=late)

    assert answer.response is not None
    assert (answer.response.text, answer.problem) == ("later", "answered 503 Service Unavailable")
    assert str(answer.response.request.url) == f"{URL}?token=t"


def test_a_coroutine_function_may_take_no_more_time_than_a_receiver(postbox: Postbox) -> None:
    async def never(_request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    postbox.route(URL).mock(side_effect=never)

    assert postbox.send(request(URL), timeout=0.05).problem == "ReadTimeout: timed out"


def test_a_coroutine_function_may_leave_it_to_the_next_route(postbox: Postbox) -> None:
    async def decline(_request: httpx.Request) -> None:
        return None

    assert routed(postbox, side_effect=decline).problem is None


def test_a_route_is_unmet_until_a_delivery_meets_it(postbox: Postbox) -> None:
    postbox.route(URL).mock(side_effect=httpx.ConnectError)
    postbox.route("https://me:pw@other.test/hook?token=t0ken").respond(503)
    assert postbox.unmet == [URL, "https://other.test/hook?…"]

    postbox.send(httpx.Request("POST", URL), timeout=1)
    assert postbox.unmet == ["https://other.test/hook?…"]


def test_a_route_that_has_said_all_it_had_to_say_says_so(postbox: Postbox) -> None:
    postbox.route(URL).mock(side_effect=[httpx.Response(200)])
    postbox.send(request(URL), timeout=1)

    answer = postbox.send(request(URL), timeout=1)

    assert answer.problem == (
        "InvalidInput: the route of https://deploy.test/hook has no answer left: all were given"
    )
    assert answer.ordered_by is None


def test_what_is_cleared_remembers_neither_routes_nor_calls(postbox: Postbox) -> None:
    routed(postbox, return_value=httpx.Response(503))

    postbox.clear()

    assert (list(postbox.router.routes), list(postbox.router.calls)) == ([], [])


# Texts


@pytest.mark.parametrize(
    ("charset", "text"),
    [("latin-1", "Ã¼"), *((name, "ü") for name in ("hex", "idna", "undefined", "none", "utf-8"))],
)
def test_a_body_is_text_whatever_its_charset(postbox: Postbox, charset: str, text: str) -> None:
    headers = {"Content-Type": f"text/plain; charset={charset}"}

    answer = routed(
        postbox, return_value=httpx.Response(200, headers=headers, content="ü".encode())
    )

    assert answer.text == text
    assert Answer(error=ValueError()).text is None
