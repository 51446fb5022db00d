"""Receivers call back, by every way there is, and a loop of automations is cut."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import fastapi
import flask
import httpx
import pytest

from pytest_wandb_automations.automations import OnAddArtifactAlias, SendWebhook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_wandb_automations import Backend
    from pytest_wandb_automations.world.collections import Collection
    from pytest_wandb_automations.world.integrations import WebhookIntegration

URL = "https://deploy.test/hook"
LOOP = "cascade of more than 3 automations: deploy → deploy → deploy → deploy"

ADD_ALIAS = """
mutation AddAliases($input: AddAliasesInput!) { addAliases(input: $input) { success } }
"""


@pytest.fixture(params=["inline", "background"])
def mode(request: pytest.FixtureRequest, backend: Backend) -> str:
    backend.semantics = {"delivery": request.param, "cascade_limit": 3}
    return request.param


@pytest.fixture
def rule(backend: Backend, weights: Collection, hook: WebhookIntegration) -> Any:
    """Save an automation for every alias, so that a receiver that adds one makes a loop."""
    event = OnAddArtifactAlias(scope=weights)
    return backend.create_automation(event >> SendWebhook.from_integration(hook), name="deploy")


class Aliases:
    """Adds an alias that is not there yet, in process or over HTTP."""

    def __init__(self, weights: Collection) -> None:
        self.version = weights.log_version()
        self._lock = threading.Lock()
        self._number = 0

    def _next(self) -> str:
        with self._lock:
            self._number += 1
            return f"n{self._number}"

    def add(self) -> None:
        self.version.add_alias(self._next())

    def body(self) -> dict[str, Any]:
        alias = {
            "entityName": "acme",
            "projectName": "llm",
            "artifactCollectionName": "weights",
            "alias": self._next(),
        }
        return {
            "query": ADD_ALIAS,
            "variables": {"input": {"artifactID": self.version.artifact.id, "aliases": [alias]}},
        }


@pytest.fixture
def aliases(weights: Collection) -> Aliases:
    return Aliases(weights)


@contextmanager
def real_receiver(act: Callable[[], None]) -> Iterator[str]:
    """Listen on loopback, and act on every delivery before it is answered."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            act()
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/hook"
        finally:
            server.shutdown()
            thread.join()


def assert_cut(backend: Backend) -> None:
    backend.settle()
    assert [execution.error for execution in backend.executions.failed] == [LOOP]
    assert len(backend.webhooks) == 3


def loop_through(
    backend: Backend, hook: WebhookIntegration, aliases: Aliases, act: Callable[[], None]
) -> None:
    with real_receiver(act) as url:
        hook.url_endpoint = url
        backend.webhooks.route(url).pass_through()
        aliases.add()
        assert_cut(backend)


def test_a_real_receiver_that_calls_the_listener_back(
    backend: Backend, hook: WebhookIntegration, aliases: Aliases, rule: Any, mode: str
) -> None:
    with backend.serve() as server, httpx.Client(auth=("api", server.api_key)) as client:

        def act() -> None:
            answer = client.post(f"{server.url}/graphql", json=aliases.body(), timeout=20)
            assert "errors" not in answer.json()

        loop_through(backend, hook, aliases, act)


def test_a_real_receiver_that_calls_objects_of_the_backend(
    backend: Backend, hook: WebhookIntegration, aliases: Aliases, rule: Any, mode: str
) -> None:
    loop_through(backend, hook, aliases, aliases.add)


def test_a_receiver_that_waits_for_a_thread_of_its_own(
    backend: Backend, aliases: Aliases, rule: Any, mode: str
) -> None:
    def receive(request: httpx.Request) -> httpx.Response:
        thread = threading.Thread(target=aliases.add)
        thread.start()
        thread.join()
        return httpx.Response(200)

    backend.webhooks.route(URL).mock(side_effect=receive)
    aliases.add()

    assert_cut(backend)


@pytest.fixture(params=["FastAPI", "FastAPI, blocking its loop", "FastAPI, in a task", "Flask"])
def app(request: pytest.FixtureRequest, aliases: Aliases, backend: Backend) -> Any:
    """Return an app that adds an alias: in a thread, in its own event loop, or afterwards."""
    if request.param == "Flask":
        receiver = flask.Flask("receiver")
        receiver.post("/hook")(lambda: aliases.add() or "done")
        return receiver

    async def block() -> None:
        answer = backend.api._client.post("/graphql", json=aliases.body())
        assert "errors" not in answer.json()

    async def later(tasks: fastapi.BackgroundTasks) -> None:
        async def work() -> None:
            await asyncio.sleep(0)
            aliases.add()

        tasks.add_task(work)

    handlers = {
        "FastAPI": aliases.add,
        "FastAPI, blocking its loop": block,
        "FastAPI, in a task": later,
    }
    receiver = fastapi.FastAPI()
    receiver.post("/hook")(handlers[request.param])
    return receiver


def test_an_app_that_is_forwarded_to(
    backend: Backend, aliases: Aliases, rule: Any, mode: str, app: Any
) -> None:
    backend.webhooks.forward(URL, app=app)

    aliases.add()

    assert_cut(backend)


def test_an_app_may_settle_the_backend(
    backend: Backend, aliases: Aliases, rule: Any, mode: str
) -> None:
    app = flask.Flask("receiver")
    app.post("/hook")(lambda: backend.settle() or "done")
    backend.webhooks.forward(URL, app=app)

    aliases.add()
    backend.settle()

    assert len(backend.executions.finished) == 1


# What is no cascade


def test_what_the_test_does_while_deliveries_are_under_way_is_no_cascade(
    backend: Backend, aliases: Aliases, rule: Any
) -> None:
    backend.semantics = {"delivery": "background", "cascade_limit": 3}
    received, may_answer = threading.Semaphore(0), threading.Semaphore(0)

    def receive(request: httpx.Request) -> httpx.Response:
        received.release()
        assert may_answer.acquire(timeout=20)
        return httpx.Response(200)

    backend.webhooks.route(URL).mock(side_effect=receive)
    aliases.add()
    for _ in range(10):
        assert received.acquire(timeout=20)
        aliases.add()
        may_answer.release()
    may_answer.release()
    backend.settle()

    assert len(backend.executions.finished) == 11


def test_threads_that_deliver_one_after_the_other_are_no_cascade(
    backend: Backend, aliases: Aliases, rule: Any
) -> None:
    backend.semantics = {"cascade_limit": 3}
    with ThreadPoolExecutor(2) as pool, ExitStack() as last:
        answers: list[threading.Event] = []
        received = threading.Semaphore(0)

        def receive(request: httpx.Request) -> httpx.Response:
            may_answer = threading.Event()
            answers.append(may_answer)
            received.release()
            assert may_answer.wait(20)
            return httpx.Response(200)

        backend.webhooks.route(URL).mock(side_effect=receive)
        calls = [pool.submit(aliases.add)]
        assert received.acquire(timeout=20)
        for number in range(10):  # each begins before the one before it is over
            calls.append(pool.submit(aliases.add))
            assert received.acquire(timeout=20)
            answers[number].set()
            calls[number].result(20)
        last.callback(answers[-1].set)

    assert len(backend.executions.finished) == 11


def test_threads_whose_deliveries_nobody_can_call_back_from_are_no_cascade(
    backend: Backend, aliases: Aliases, rule: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend.semantics = {"cascade_limit": 1}
    together = threading.Barrier(8)
    render = backend.webhooks.send

    def send(*args: Any, **kwargs: Any) -> Any:
        together.wait(20)
        return render(*args, **kwargs)

    monkeypatch.setattr(backend.webhooks, "send", send)
    with ThreadPoolExecutor(8) as pool:
        for call in [pool.submit(aliases.add) for _ in range(8)]:
            call.result(20)

    assert len(backend.executions.finished) == 8
