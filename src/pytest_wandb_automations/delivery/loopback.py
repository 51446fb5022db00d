"""Requests to real receivers on this machine, over a socket.

By the standard library's client, not httpx: a test's own `respx_mock` or `httpx_mock` takes every
request of httpx for one of the code under test, and would refuse or answer the kit's.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import ssl
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import httpx

from pytest_wandb_automations.delivery.masking import shown_url
from pytest_wandb_automations.errors import InvalidInput

if TYPE_CHECKING:
    import socket
    from collections.abc import Generator

__all__ = ["send_to_loopback"]


def send_to_loopback(request: httpx.Request, *, timeout: float) -> httpx.Response:
    """Return a receiver's response; what is in its place is raised as one of httpx's errors.

    Redirects are not followed. `timeout` is that of the whole exchange: a receiver that answers
    byte by byte does not get more. Whom TLS trusts is up to the environment, `SSL_CERT_FILE`.
    """
    url = request.url
    if not _is_loopback(url.host):
        raise InvalidInput(
            f"{shown_url(url)} is not on loopback: deliveries pass through to this machine only"
        )
    deadline = time.monotonic() + timeout
    with closing(_connection(url, timeout)) as connection:
        with _as_httpx(httpx.ConnectTimeout, httpx.ConnectError, request):
            connection.connect()
        with _as_httpx(httpx.ReadTimeout, httpx.ReadError, request):
            return _exchange(connection, request, deadline)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _connection(url: httpx.URL, timeout: float) -> http.client.HTTPConnection:
    if url.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(url.host, url.port, timeout=timeout, context=context)
    return http.client.HTTPConnection(url.host, url.port, timeout=timeout)


def _exchange(
    connection: http.client.HTTPConnection, request: httpx.Request, deadline: float
) -> httpx.Response:
    path = request.url.raw_path.decode("ascii")
    connection.putrequest(request.method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in request.headers.raw:
        connection.putheader(name.decode("ascii"), value)
    connection.endheaders(request.content)
    with _PunctualResponse(connection.sock, deadline, method=request.method) as response:
        response.begin()
        body = response.read()
        # As bytes: the library reads headers as Latin-1, httpx refuses text that is not ASCII.
        headers = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in response.getheaders()
        ]
        return httpx.Response(response.status, headers=headers, content=body, request=request)


class _PunctualResponse(http.client.HTTPResponse):
    """A response each part of which must come before a deadline, be it of its head or body."""

    def __init__(self, sock: socket.socket, deadline: float, *, method: str) -> None:
        super().__init__(sock, method=method)
        self.fp.close()
        self.fp = io.BufferedReader(_Punctual(sock, deadline))


class _Punctual(io.RawIOBase):
    """Reads from a socket until a deadline."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left)
        return self._sock.recv_into(buffer)


@contextmanager
def _as_httpx(
    timed_out: type[httpx.TimeoutException],
    failed: type[httpx.NetworkError],
    request: httpx.Request,
) -> Generator[None]:
    try:
        yield
    except TimeoutError as error:
        raise timed_out("timed out", request=request) from error
    except OSError as error:
        raise failed(str(error), request=request) from error
    except http.client.HTTPException as error:
        raise httpx.RemoteProtocolError(str(error), request=request) from error
