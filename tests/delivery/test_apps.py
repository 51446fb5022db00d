"""Apps get genuine requests in process, and fail there as they would in production."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import threading
from concurrent.futures import wait
from typing import TYPE_CHECKING, Any

import fastapi
import flask
import pytest

from pytest_wandb_automations.delivery import apps, threads
from pytest_wandb_automations.delivery.postbox import Postbox
from pytest_wandb_automations.delivery.webhooks import Delivery, WebhookInbox, webhook_request
from pytest_wandb_automations.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_wandb_automations.delivery.postbox import Answer

URL = "https://deploy.test:8443/hook?stage=prod"


def send(app: Any, *, timeout: float = 20) -> Answer:
    inbox = WebhookInbox(Postbox())
    route = inbox.forward(URL, app=app)
    request = webhook_request(URL, '{"a":"ü"}', access_token="tökén", secret="s")
    answer = inbox.send(Delivery(request, automation="a", automation_id="b"), timeout=timeout)
    assert route.call_count == 1
    assert (inbox.last.response, inbox.last.error) == (answer.response, answer.error)
    return answer


def fastapi_app(handle: Any) -> fastapi.FastAPI:
    app = fastapi.FastAPI()
    app.post("/hook")(handle)
    return app


def flask_app(handle: Any) -> flask.Flask:
    app = flask.Flask("receiver")
    app.post("/hook")(handle)
    return app


def seen_by_fastapi() -> Answer:
    async def receive(request: fastapi.Request) -> dict[str, Any]:
        return {
            "url": str(request.url),
            "token": request.headers["authorization"].encode("latin-1").decode(),
            "type": request.headers["content-type"],
            "body": (await request.body()).decode(),
        }

    return send(fastapi_app(receive))


def seen_by_flask() -> Answer:
    def receive() -> dict[str, Any]:
        return {
            "url": flask.request.url,
            "token": flask.request.headers["Authorization"].encode("latin-1").decode(),
            "type": flask.request.content_type,
            "body": flask.request.get_data(as_text=True),
        }

    return send(flask_app(receive))


@pytest.mark.parametrize("seen", [seen_by_fastapi, seen_by_flask])
def test_an_app_gets_the_request_as_it_would_be_sent(seen: Any) -> None:
    answer = seen()

    assert answer.problem is None
    assert answer.response.json() == {
        "url": URL,
        "token": "Bearer tökén",
        "type": "application/json",
        "body": '{"a":"ü"}',
    }


def test_an_app_works_while_an_event_loop_is_running_in_the_calling_thread() -> None:
    async def caller() -> Answer:
        return seen_by_fastapi()

    assert asyncio.run(caller()).problem is None


@pytest.mark.parametrize(
    "app",
    [
        fastapi_app(lambda: fastapi.Response("no", status_code=403)),
        flask_app(lambda: ("no", 403)),
    ],
)
def test_what_an_app_refuses_has_failed(app: Any) -> None:
    answer = send(app)

    assert answer.response is not None
    assert (answer.response.text, answer.problem) == ("no", "answered 403 Forbidden")


async def plain_asgi_that_crashes(scope: Any, receive: Any, send: Any) -> None:
    raise RuntimeError("crash")


async def plain_asgi_that_says_nothing(scope: Any, receive: Any, send: Any) -> None:
    pass


def plain_wsgi_that_crashes(environ: Any, start_response: Any) -> Any:
    raise RuntimeError("crash")


def crash() -> None:
    raise RuntimeError("crash")


@pytest.mark.parametrize(
    "app", [fastapi_app(crash), plain_asgi_that_crashes, plain_wsgi_that_crashes]
)
def test_an_app_that_crashes_has_answered_500_and_its_error_is_kept(app: Any) -> None:
    answer = send(app)

    assert answer.response is not None
    assert answer.response.status_code == 500
    assert isinstance(answer.error, RuntimeError)
    assert answer.problem == "answered 500 Internal Server Error (RuntimeError: crash)"


def test_an_app_that_catches_its_own_errors_has_answered_500() -> None:
    app = flask_app(crash)

    assert send(app).problem == "answered 500 Internal Server Error"
    app.testing = True
    assert isinstance(send(app).error, RuntimeError)


def test_an_app_that_answers_nothing_has_answered_500() -> None:
    answer = send(plain_asgi_that_says_nothing)

    assert answer.response is not None
    assert answer.response.status_code == 500


def test_an_asynchronous_app_that_takes_too_long_is_given_up_and_cancelled() -> None:
    cancelled = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    assert send(app, timeout=0.05).problem == "ReadTimeout: timed out"
    assert cancelled.wait(20)


def test_an_asynchronous_app_that_blocks_its_thread_is_given_up() -> None:
    may_answer = threading.Event()

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        may_answer.wait(20)

    problem = send(asgi, timeout=0.05).problem
    may_answer.set()

    assert problem == "ReadTimeout: timed out"


def test_a_wsgi_app_that_took_too_long_has_timed_out() -> None:
    assert send(flask_app(lambda: ""), timeout=1e-9).problem == "ReadTimeout: timed out"


def test_what_an_app_goes_on_with_after_its_answer_is_waited_for() -> None:
    done = []

    async def receive(background: fastapi.BackgroundTasks) -> None:
        async def work() -> None:
            await asyncio.sleep(0)
            done.append("task")

        tasks.append(asyncio.create_task(work()))
        background.add_task(done.append, "background")

    tasks: list[Any] = []
    assert send(fastapi_app(receive)).problem is None

    assert sorted(done) == ["background", "task"]


def test_an_interrupt_in_an_app_interrupts_the_test() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        pytest.fail("stop")

    with pytest.raises(pytest.fail.Exception, match="stop"):
        send(app)


def test_an_app_may_be_a_function_that_is_given_its_settings() -> None:
    def wsgi(environ: Any, start_response: Any, status: str = "202 Accepted") -> list[bytes]:
        start_response(status, [("Content-Type", "text/plain")])
        return [b"a", b"b"]

    answer = send(wsgi)

    assert answer.response is not None
    assert (answer.response.status_code, answer.response.text) == (202, "ab")


@pytest.mark.parametrize("app", [None, "module:app", flask.Flask, lambda scope: None])
def test_what_is_no_app_is_refused(app: Any) -> None:
    with pytest.raises(InvalidInput, match=r"app: expected an ASGI app.* or a WSGI app.*; got "):
        WebhookInbox(Postbox()).forward(URL, app=app)


@pytest.fixture
def briefly(monkeypatch: pytest.MonkeyPatch) -> float:
    """Let what goes on after an answer be given up soon."""
    for module in (apps, threads):
        monkeypatch.setattr(module, "AFTERWARDS", 0.05)
    return 0.05


def test_the_timeout_is_that_of_the_answer_and_not_of_what_goes_on_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: list[float] = []
    done = threading.Event()

    def observed(futures: Any, timeout: float) -> Any:
        waits.append(timeout)
        if len(waits) == 2:
            done.set()
        return wait(futures, timeout)

    monkeypatch.setattr(threads, "wait", observed)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 202})
        await send({"type": "http.response.body", "body": b"accepted"})
        while not done.is_set():
            await asyncio.sleep(0)

    answer = send(app)

    assert answer.response is not None
    assert (answer.response.status_code, answer.response.text) == (202, "accepted")
    assert waits == [20, threads.AFTERWARDS]


def test_what_never_ends_after_an_answer_is_cancelled(briefly: float) -> None:
    cancelled = threading.Event()

    async def consume() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async def receive() -> None:
        tasks.append(asyncio.create_task(consume()))

    tasks: list[Any] = []

    assert send(fastapi_app(receive)).problem is None
    assert cancelled.wait(20)


def test_an_app_that_never_ends_itself_is_cancelled_too(briefly: float) -> None:
    cancelled = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    assert send(app).problem is None
    assert cancelled.wait(20)


def test_an_app_that_blocks_after_its_answer_is_left_alone(briefly: float) -> None:
    over = threading.Event()

    async def receive(background: fastapi.BackgroundTasks) -> None:
        async def block() -> None:
            over.wait(20)

        background.add_task(block)

    assert send(fastapi_app(receive)).problem is None
    over.set()


def test_an_interrupt_after_the_answer_interrupts_the_test() -> None:
    async def receive(background: fastapi.BackgroundTasks) -> None:
        background.add_task(pytest.fail, "stop")

    with pytest.raises(pytest.fail.Exception, match="stop"):
        send(fastapi_app(receive))


def test_an_app_that_breaks_its_answer_off_has_given_none() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("crash")

    assert send(app).problem == (
        "RemoteProtocolError: the app broke its answer off: RuntimeError: crash"
    )


def test_an_app_that_ends_within_its_answer_has_given_none() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    assert send(app).problem == (
        "RemoteProtocolError: the app broke its answer off: it returned before its end"
    )


def test_a_wsgi_app_that_breaks_its_answer_off_has_given_none() -> None:
    def parts() -> Iterator[bytes]:
        yield b"half"
        raise RuntimeError("crash")

    assert send(flask_app(lambda: flask.Response(parts()))).problem == (
        "RemoteProtocolError: the app broke its answer off: RuntimeError: crash"
    )


def test_a_wsgi_app_may_answer_for_what_it_raised() -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        try:
            crash()
        except RuntimeError:
            start_response("503 Down", [("X-Why", "ö")], sys.exc_info())
        return [b"later"]

    answer = send(app)

    assert answer.response is not None
    assert (answer.text, answer.response.headers["x-why"]) == ("later", "ö")
    assert answer.problem == "answered 503 Service Unavailable (RuntimeError: crash)"


def test_a_wsgi_app_may_write_its_answer() -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        write = start_response("200 OK", [])
        write(b"a")
        return [b"b"]

    assert send(app).text == "ab"


def test_an_app_that_listens_on_after_its_answer_hears_that_the_client_has_gone() -> None:
    heard: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        heard.append((await receive())["type"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await send({"type": "http.response.body", "body": b"b"})
        await send({"type": "http.response.body", "body": b"too late"})
        await send({"type": "http.response.trailers", "headers": []})
        heard.append((await receive())["type"])

    answer = send(app)

    assert answer.text == "ab"
    assert heard == ["http.request", "http.disconnect"]


def test_a_wsgi_app_shares_the_thread_of_the_test_and_what_belongs_to_it() -> None:
    database = sqlite3.connect(":memory:")
    database.execute("create table seen (body)")

    def receive() -> str:
        database.execute("insert into seen values (?)", [flask.request.get_data(as_text=True)])
        return ""

    assert send(flask_app(receive)).problem is None
    assert database.execute("select body from seen").fetchall() == [('{"a":"ü"}',)]
    database.close()


def test_a_wsgi_app_is_kept_out_of_an_event_loop() -> None:
    def receive() -> str:
        return asyncio.run(asyncio.sleep(0, "done"))

    async def caller(app: Any, **options: float) -> Answer:
        return send(app, **options)

    assert asyncio.run(caller(flask_app(receive))).text == "done"

    may_answer = threading.Event()

    def blocked() -> str:
        may_answer.wait(20)
        return ""

    assert asyncio.run(caller(flask_app(blocked), timeout=0.05)).problem == (
        "ReadTimeout: timed out"
    )
    may_answer.set()


def test_a_wsgi_app_gets_a_path_of_any_text() -> None:
    app = flask.Flask("receiver")
    app.post("/hö k")(lambda: "found")
    inbox = WebhookInbox(Postbox())
    url = "https://deploy.test/hö k?a=%20b"
    inbox.forward(url, app=app)
    request = webhook_request(url, "{}", access_token=None, secret=None)

    answer = inbox.send(Delivery(request, automation="a", automation_id="b"), timeout=20)

    assert answer.text == "found"


def test_an_asgi_app_may_take_whatever_it_is_called_with() -> None:
    inner = fastapi_app(lambda: "inner")

    async def wrapper(*args: Any) -> None:
        await inner(*args)

    class Wrapper:
        async def __call__(self, *args: Any) -> None:
            await inner(*args)

    assert send(wrapper).text == send(Wrapper()).text == '"inner"'
