"""Real receivers on loopback, and the ways in which they fail."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING

import httpx
import pytest
import trustme

from pytest_wandb_automations.delivery import loopback
from pytest_wandb_automations.delivery.postbox import Answer, Postbox
from pytest_wandb_automations.delivery.webhooks import webhook_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@contextmanager
def receiver(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serve one connection in a thread, and give the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening, ExitStack() as stack:

        def accept() -> None:
            connection, _ = listening.accept()
            with connection:
                serve(connection)

        thread = threading.Thread(target=accept)
        thread.start()
        stack.callback(thread.join)
        yield listening.getsockname()[1]


def send(url: str, *, timeout: float = 20) -> Answer:
    postbox = Postbox()
    postbox.router.post(url).pass_through()
    request = webhook_request(url, "{}", access_token=None, secret=None)
    return postbox.send(request, timeout=timeout)


def read_request(connection: socket.socket) -> None:
    # To its end, the body `{}`: closing a socket with something unread resets the connection.
    read = b""
    while not read.endswith(b"{}"):
        read += connection.recv(65536)


def answering(*parts: bytes) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        read_request(connection)
        for part in parts:
            connection.sendall(part)

    return serve


@pytest.mark.parametrize(
    "parts",
    [
        (b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n", b"ok"),
        (b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n", b"2\r\nok\r\n0\r\n\r\n"),
        (b"HTTP/1.0 202 Accepted\r\n\r\n", b"o", b"k"),
    ],
    ids=["length", "chunked", "until closed"],
)
def test_an_answer_of_any_form_is_read_whole(parts: tuple[bytes, ...]) -> None:
    with receiver(answering(*parts)) as port:
        answer = send(f"http://127.0.0.1:{port}/")

    assert answer.response is not None
    assert (answer.response.status_code, answer.response.text) == (202, "ok")


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ((b"SSH-2.0-x\r\n",), "RemoteProtocolError: SSH-2.0-x"),
        ((), "ReadError: Remote end closed connection without response"),
        (
            (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"cut"),
            "RemoteProtocolError: IncompleteRead(3 bytes read, 6 more expected)",
        ),
    ],
    ids=["no HTTP", "nothing", "cut short"],
)
def test_an_answer_that_is_no_answer_is_an_error(parts: tuple[bytes, ...], problem: str) -> None:
    with receiver(answering(*parts)) as port:
        assert str(send(f"http://127.0.0.1:{port}/").problem).strip() == problem


@pytest.mark.parametrize(
    "begun",
    [b"HTTP/1.0 200 OK\r\n\r\no", b"HTTP/1.0 200 OK\r\nX-A: 1\r\n"],
    ids=["body", "head"],
)
def test_a_receiver_that_answers_bit_by_bit_gets_no_more_time(
    begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 1.0, 21.0])  # when it begins, when it waits for a first part, for a second
    monkeypatch.setattr(loopback, "time", SimpleNamespace(monotonic=lambda: next(clock)))

    def serve(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(begun)
        connection.recv(1)  # until the sender has gone

    with receiver(serve) as port:
        assert send(f"http://127.0.0.1:{port}/", timeout=20).problem == "ReadTimeout: timed out"
    assert list(clock) == []


def test_a_long_answer_is_read_whole() -> None:
    body = b"x" * 30_000_000
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()

    with receiver(answering(head, body)) as port:
        answer = send(f"http://127.0.0.1:{port}/")

    assert answer.response is not None
    assert answer.response.content == body


def test_headers_may_hold_what_is_not_ascii() -> None:
    head = "HTTP/1.1 200 OK\r\nX-Name: Zoë\r\nContent-Length: 0\r\n\r\n".encode("latin-1")

    with receiver(answering(head)) as port:
        answer = send(f"http://127.0.0.1:{port}/")

    assert answer.response is not None
    assert answer.response.headers["X-Name"] == "Zoë"


def test_a_certificate_that_nobody_vouches_for_is_an_error_and_a_trusted_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    answer = answering(b"HTTP/1.0 200 OK\r\n\r\n")

    def serve(connection: socket.socket) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as secure:
                answer(secure)
        except OSError:
            pass  # the sender has refused the certificate

    with receiver(serve) as port:
        refused = send(f"https://localhost:{port}/")
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    with receiver(serve) as port:
        taken = send(f"https://localhost:{port}/")

    assert isinstance(refused.error, httpx.ConnectError)
    assert "CERTIFICATE_VERIFY_FAILED" in str(refused.problem)
    assert taken.problem is None
