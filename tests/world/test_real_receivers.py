"""What real receivers do wrong becomes a failed execution that says so."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from pytest_wandb_automations.automations import OnAddArtifactAlias, SendWebhook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_wandb_automations import Backend
    from pytest_wandb_automations.world.collections import Collection
    from pytest_wandb_automations.world.executions import Execution


TLS_HANDSHAKE = b"\x16"


@contextmanager
def receiver(answer: bytes | None) -> Iterator[int]:
    """Answer one request; with `None` hold the connection until the end."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                read = b""
                # To the end of its body: closing with something unread resets the connection.
                while answer and not read.endswith(b"{}") and not read.startswith(TLS_HANDSHAKE):
                    read += connection.recv(65536)
                if answer is None:
                    over.wait(20)
                else:
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        over.set()
        thread.join()


@pytest.fixture
def deliver(backend: Backend, weights: Collection) -> Callable[[int], Execution]:
    """Deliver to a port, and return the execution."""

    def send(port: int, scheme: str = "http") -> Any:
        url = f"{scheme}://127.0.0.1:{port}/hook"
        hook = backend.webhook_integration("acme", name="deploy", url_endpoint=url)
        backend.webhooks.route(url).pass_through()
        rule = OnAddArtifactAlias(scope=weights) >> SendWebhook.from_integration(hook)
        backend.create_automation(rule, name="rule")
        weights.log_version()
        return backend.executions.last

    return send


@pytest.mark.parametrize(
    ("answer", "state", "error"),
    [
        (b"HTTP/1.0 204 No Content\r\n\r\n", "FINISHED", None),
        (
            b"HTTP/1.0 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n",
            "FAILED",
            "webhook 'deploy': answered 302 Found",
        ),
        (
            b"HTTP/1.0 500 Internal Server Error\r\n\r\n",
            "FAILED",
            "webhook 'deploy': answered 500 Internal Server Error",
        ),
    ],
)
def test_the_status_decides_and_redirects_are_not_followed(
    deliver: Any, answer: bytes, state: str, error: str | None
) -> None:
    with receiver(answer) as port:
        execution = deliver(port)

    assert (execution.state, execution.error) == (state, error)


def test_a_receiver_that_never_answers(backend: Backend, deliver: Any) -> None:
    backend.semantics = {"webhook_timeout": 0.05}
    with receiver(None) as port:
        execution = deliver(port)

    assert execution.error == "webhook 'deploy': ReadTimeout: timed out"


def test_a_closed_port(deliver: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    execution = deliver(port)

    assert execution.error.startswith("webhook 'deploy': ConnectError: ")
    assert "refused" in execution.error


def test_a_port_that_does_not_speak_tls(deliver: Any) -> None:
    with receiver(b"HTTP/1.0 400 Bad Request\r\n\r\n") as port:
        execution = deliver(port, "https")

    assert execution.error.startswith("webhook 'deploy': ConnectError: [SSL")
