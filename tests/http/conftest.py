"""Every way to the API behind one function, so that one test body runs over all of them."""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import httpx2
import pytest

from pytest_wandb_automations import Backend
from pytest_wandb_automations.http.api import answer
from pytest_wandb_automations.http.asgi import asgi_app
from pytest_wandb_automations.http.in_process import in_process_client
from pytest_wandb_automations.http.interception import Interception
from pytest_wandb_automations.http.listener import Listener
from pytest_wandb_automations.http.messages import Request

WANDB = "https://api.wandb.ai"


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body, parse_constant=pytest.fail)

    @property
    def message(self) -> str:
        return self.json["errors"][0]["message"]


@contextmanager
def as_function(api):
    def send(method, path, headers, body):
        headers = {name.lower(): value for name, value in headers.items()}
        response = api(Request(method, path, headers, body))
        return Answer(response.status, response.body)

    yield send


@contextmanager
def in_process(api):
    with in_process_client(api) as client:
        yield _sender(client)


@contextmanager
def as_asgi_app(api):
    def client():
        transport = httpx.ASGITransport(asgi_app(api))
        return httpx.AsyncClient(transport=transport, base_url=WANDB)

    yield _async_sender(client)


@contextmanager
def over_loopback(api):
    listener = Listener(api)
    connection = http.client.HTTPConnection(listener.url.removeprefix("http://"), timeout=10)

    def send(method, path, headers, body):
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return Answer(response.status, response.read())

    try:
        yield send
    finally:
        connection.close()
        listener.close()


@contextmanager
def _intercepted(api):
    interception = Interception("http://127.0.0.1:9", api)
    interception.open()
    try:
        yield
    finally:
        interception.close()


@contextmanager
def httpx_intercepted(api):
    with _intercepted(api), httpx.Client(base_url=WANDB) as client:
        yield _sender(client)


@contextmanager
def httpx_async_intercepted(api):
    with _intercepted(api):
        yield _async_sender(lambda: httpx.AsyncClient(base_url=WANDB))


@contextmanager
def httpx2_intercepted(api):
    with _intercepted(api), httpx2.Client(base_url=WANDB) as client:
        yield _sender(client)


@contextmanager
def httpx2_async_intercepted(api):
    with _intercepted(api):
        yield _async_sender(lambda: httpx2.AsyncClient(base_url=WANDB))


def _sender(client):
    def send(method, path, headers, body):
        response = client.request(method, path, headers=headers, content=body)
        return Answer(response.status_code, response.content)

    return send


def _async_sender(make_client):
    async def exchange(method, path, headers, body):
        async with make_client() as client:
            response = await client.request(method, path, headers=headers, content=body)
            return Answer(response.status_code, response.content)

    return lambda *request: asyncio.run(exchange(*request))


ADAPTERS = [
    as_function,
    in_process,
    as_asgi_app,
    over_loopback,
    httpx_intercepted,
    httpx_async_intercepted,
    httpx2_intercepted,
    httpx2_async_intercepted,
]


def basic(key: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"api:{key}".encode()).decode()}


class Api:
    """Asks a backend through one of the adapters, as the default user unless told otherwise."""

    def __init__(self, backend: Backend, send: Any) -> None:
        self.backend = backend
        self._send = send

    def send(
        self,
        body: bytes,
        *,
        method: str = "POST",
        path: str = "/graphql",
        headers: dict[str, str] | None = None,
        **more: str,
    ) -> Answer:
        headers = basic(self.backend.api_key) if headers is None else headers
        return self._send(method, path, {**headers, **more}, body)

    def ask(self, query: Any, variables: Any = None, **fields: Any) -> Answer:
        body = {"query": query, "variables": variables, **fields}
        return self.send(json.dumps(body).encode())


@pytest.fixture(scope="module")
def backend() -> Backend:
    backend = Backend(seed=7)
    backend.project("acme/llm")
    return backend


@pytest.fixture(params=ADAPTERS, ids=lambda adapter: adapter.__name__)
def api(request, backend):
    with request.param(lambda incoming: answer(backend.world, incoming)) as send:
        yield Api(backend, send)


@pytest.fixture(scope="module")
def function_api(backend):
    with as_function(lambda incoming: answer(backend.world, incoming)) as send:
        yield Api(backend, send)
