"""A request and a response as data, so that the API can be spoken to without any I/O."""

from __future__ import annotations

import base64
import binascii
import io
import json
import reprlib
import zlib
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Literal, NoReturn, cast

from pytest_wandb_automations.errors import InvalidInput, TooLarge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["MAX_BODY", "Request", "Response", "json_response"]

MAX_BODY = 64 * 1024 * 1024
"""Bytes of a body, as sent and unpacked; more is refused with 413."""

_GZIP = 31  # zlib's wbits for a gzip header


@dataclass(frozen=True)
class Request:
    """An HTTP request; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    query: str = ""
    timeout: float | None = None
    """Seconds until a client that is answered in process gives up; `None` on a socket."""
    base_url: str = "https://api.wandb.ai"
    """Where the client reached the API, without a slash at the end."""
    upload: IO[bytes] | None = field(default=None, repr=False)
    """The body in place of `body`, where it may be too large to be held in memory."""
    is_connected: Callable[[], bool] = field(default=lambda: True, repr=False)
    """Tells, also later, whether the connection that the request came by is still open."""

    @property
    def api_key(self) -> str | None:
        """The API key: the password of HTTP Basic, as the SDK sends it, or a bearer token."""
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return value.strip() or None
        if scheme.lower() != "basic":
            return None
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2] or None
        except (binascii.Error, ValueError):
            return None

    def stream(self) -> IO[bytes]:
        """Return the body, as it was sent, to be read once."""
        return io.BytesIO(self.body) if self.upload is None else self.upload

    def content(self) -> bytes:
        """Return the body, unpacked if it was sent with gzip."""
        if len(self.body) > MAX_BODY:
            raise TooLarge(f"the body has {len(self.body)} bytes; {MAX_BODY} are the limit")
        encoding = self.headers.get("content-encoding", "identity").lower()
        if encoding == "identity":
            return self.body
        if encoding != "gzip":
            raise InvalidInput(f"Content-Encoding {encoding!r} is not supported; use gzip")
        unpacker = zlib.decompressobj(_GZIP)
        try:
            content = unpacker.decompress(self.body, MAX_BODY + 1)
        except zlib.error as error:
            raise InvalidInput(f"the body is no gzip: {error}") from None
        if len(content) > MAX_BODY:
            raise TooLarge(f"the body unpacks to more than {MAX_BODY} bytes")
        if not unpacker.eof:
            raise InvalidInput("the body is no gzip: it ends too early")
        if unpacker.unused_data:
            # Refused rather than dropped; no client of W&B's sends a gzip of several members.
            raise InvalidInput(f"{len(unpacker.unused_data)} bytes follow the end of the gzip")
        return content

    def json_object(self) -> dict[str, Any]:
        """Return the body as a JSON object; `InvalidInput` if it is none."""
        try:
            body = json.loads(self.content(), parse_constant=_no_number)
        except ValueError as error:
            raise InvalidInput(f"the body is no JSON: {error}") from None
        if not isinstance(body, dict):
            raise InvalidInput(f"the body: expected a JSON object, got {reprlib.repr(body)}")
        return cast("dict[str, Any]", body)


@dataclass(frozen=True)
class Response:
    """An HTTP response."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    chunks: Iterable[bytes] = ()
    """The body in place of `body`, where it may be too large to be held in memory."""
    lost: Literal["dropped", "late"] | None = None
    """Why the client is not to get it: the connection is dropped, or the client has given up."""


def json_response(value: Any, status: int = 200) -> Response:
    """Return a response whose body is JSON."""
    body = json.dumps(value, separators=(",", ":")).encode()
    return Response(status, body, {"content-type": "application/json"})


def _no_number(name: str) -> NoReturn:
    # Python reads these, JSON does not have them, and in an answer they would break other clients.
    raise ValueError(f"{name} is no number in JSON")
