"""A request and a response as data, so that the API can be spoken to without any I/O."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pytest_wandb_automations.errors import InvalidInput, TooLarge

if TYPE_CHECKING:
    from collections.abc import Mapping

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


@dataclass(frozen=True)
class Response:
    """An HTTP response."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    lost: Literal["dropped", "late"] | None = None
    """Why the client is not to get it: the connection is dropped, or the client has given up."""


def json_response(value: Any, status: int = 200) -> Response:
    """Return a response whose body is JSON."""
    body = json.dumps(value, separators=(",", ":")).encode()
    return Response(status, body, {"content-type": "application/json"})
