"""What a client of the API sees of a fault, whichever way it asks."""

from __future__ import annotations

import base64
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import httpx
import httpx2
import pytest
from starlette.testclient import TestClient

from pytest_wandb_automations import Backend
from pytest_wandb_automations.http.api import answer
from pytest_wandb_automations.http.asgi import asgi_app
from pytest_wandb_automations.http.interception import Interception

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DOCUMENT = {"query": "query Whoami { viewer { username } }"}
GOOD = {"data": {"viewer": {"username": "tester"}}}
SOON = 0.05
LATE = 3600.0
"""Seconds that no test lives to see: who waited for them would hang."""


@pytest.fixture
def backend() -> Backend:
    return Backend()


@pytest.fixture(params=["in process", "intercepted", "httpx2", "loopback"])
def ask(request: Any, backend: Backend) -> Iterator[Callable[..., Any]]:
    """Post a document; what a library raises is told apart by the name of its class."""
    library: Any = httpx2 if request.param == "httpx2" else httpx
    url = "https://api.wandb.ai/graphql"
    credentials = base64.b64encode(f"api:{backend.api_key}".encode()).decode()
    with ExitStack() as stack:
        if request.param == "loopback":
            url = stack.enter_context(backend.serve()).url + "/graphql"
        elif request.param != "in process":
            way = Interception("http://127.0.0.1:9", lambda r: answer(backend.world, r))
            way.open()
            stack.callback(way.close)
        client = backend.api._client if request.param == "in process" else library.Client()
        stack.enter_context(client)

        def post(**options: Any) -> Any:
            headers = {"Authorization": f"Basic {credentials}"}
            try:
                return client.post(url, json=DOCUMENT, headers=headers, **options)
            except library.TransportError as error:
                return type(error).__name__

        yield post


def test_a_status_is_answered_with_an_error_that_names_the_order(
    backend: Backend, ask: Any
) -> None:
    backend.faults.graphql("Whoami", status=403)

    refused, good = ask(), ask()

    assert refused.status_code == 403
    assert refused.json() == {
        "errors": [{"message": "Whoami: ordered by backend.faults.graphql('Whoami', status=403)"}],
        "data": None,
    }
    assert good.json() == GOOD


def test_errors_are_answered_with_200(backend: Backend, ask: Any) -> None:
    backend.faults.graphql("Whoami", errors=["one", {"message": "two", "path": ["viewer"]}])

    answered = ask()

    assert answered.status_code == 200
    assert answered.json() == {
        "errors": [{"message": "one"}, {"message": "two", "path": ["viewer"]}],
        "data": None,
    }


def test_a_dropped_connection_has_no_answer(backend: Backend, ask: Any) -> None:
    backend.faults.graphql("Whoami", drop=True, times=2)

    assert [ask(), ask()] == ["RemoteProtocolError"] * 2
    assert ask().json() == GOOD


@pytest.mark.parametrize("order", [{}, {"status": 503}, {"drop": True}])
def test_a_client_gives_up_on_an_answer_that_is_late(
    backend: Backend, ask: Any, order: dict[str, Any]
) -> None:
    backend.faults.graphql("Whoami", delay=LATE, **order)

    assert ask(timeout=SOON) == "ReadTimeout"
    assert ask().json() == GOOD


def test_who_has_the_patience_gets_the_answer(
    backend: Backend, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(backend.faults, "wait", waited.append)
    backend.faults.graphql("Whoami", delay=2.5, times=2)

    assert ask().json() == ask(timeout=None).json() == GOOD
    assert waited == [2.5, 2.5]


def test_a_request_that_is_given_up_is_executed_all_the_same(backend: Backend) -> None:
    backend.faults.graphql("Insert", delay=LATE)
    mutation = """mutation Insert {
      insertSecret(input: {entityName: "acme", secretName: "A", secretValue: "x"}) { success }
    }"""

    with pytest.raises(httpx.ReadTimeout):
        backend.api._client.post("/graphql", json={"query": mutation}, timeout=SOON)

    (secret,) = backend.world.integrations.secrets_of(backend.team("acme"))
    assert secret.name == "A"


def test_a_client_without_any_patience_is_late_at_once(backend: Backend) -> None:
    backend.faults.graphql("Whoami", delay=LATE)

    with pytest.raises(httpx.ReadTimeout):
        backend.api._client.post("/graphql", json=DOCUMENT, timeout=0)


def test_a_fault_without_a_delay_is_no_affair_of_time_outs(backend: Backend) -> None:
    backend.faults.graphql("Whoami", status=403)

    assert backend.api._client.post("/graphql", json=DOCUMENT, timeout=5).status_code == 403


def test_a_name_given_beside_the_document_counts(backend: Backend) -> None:
    backend.faults.graphql("B", status=403, times=None)
    query = "query A { viewer { username } } query B { viewer { id } }"

    def status(name: str | None, text: Any = query) -> int:
        body = {"query": text, "operationName": name}
        return backend.api._client.post("/graphql", json=body).status_code

    assert status("A") == 200
    assert status("B") == 403
    # Without a name there is nothing to know it by, and a mistake stays the mistake that it is.
    assert status(None) == 400
    assert status(None, 3) == 400
    assert status(None, "{ viewer { username } }") == 200


def test_an_unknown_key_is_refused_before_any_fault(backend: Backend) -> None:
    backend.faults.graphql("Whoami", status=403)

    answered = backend.api._client.post("/graphql", json=DOCUMENT, auth=("api", "x" * 40))

    assert answered.status_code == 401
    assert backend.faults.hits == []


def test_a_server_that_cannot_drop_connections_says_so(backend: Backend) -> None:
    backend.faults.graphql("Whoami", drop=True)
    client = TestClient(asgi_app(lambda request: answer(backend.world, request)))

    with pytest.raises(ConnectionError, match="which this server cannot"):
        client.post("/graphql", json=DOCUMENT, auth=("api", backend.api_key))
