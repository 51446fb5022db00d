"""Uploads and downloads: `PUT` and `GET` of a file under an address that carries its key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_wandb_automations.errors import InvalidInput, NotFound
from pytest_wandb_automations.http.messages import Response
from pytest_wandb_automations.world.storage import STORAGE

if TYPE_CHECKING:
    from pytest_wandb_automations.http.messages import Request
    from pytest_wandb_automations.world.storage import Content, File
    from pytest_wandb_automations.world.world import World

__all__ = ["answer_storage", "serve_content"]

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


def answer_storage(world: World, request: Request) -> Response:
    """Answer a request below `/storage/`: `/storage/<key>/<name>`, whose name is for people."""
    key = request.path.removeprefix(STORAGE).partition("/")[0]
    if request.method == "PUT":
        world.storage.file(key, "put").receive(request.stream())
        return Response(200)
    if request.method in ("GET", "HEAD"):
        return serve_content(world.storage.file(key, "get"), request)
    raise InvalidInput(f"{request.method} {STORAGE}: files are put with PUT and got with GET")


def serve_content(file: File, request: Request) -> Response:
    """Answer with a file's content, or with the one range of bytes that is asked for."""
    content = file.content
    if content is None:
        raise NotFound(f"file {file.name!r} was announced and not uploaded")
    kind = {"content-type": file.mimetype or "application/octet-stream"}
    asked = _RANGE.fullmatch(request.headers.get("range", ""))
    if asked is None:
        return _serve(content, 0, content.size, 200, kind, request)
    start = int(asked[1])
    stop = min(int(asked[2]) + 1, content.size) if asked[2] else content.size
    if start >= stop:
        return Response(416, headers={"content-range": f"bytes */{content.size}"})
    kind["content-range"] = f"bytes {start}-{stop - 1}/{content.size}"
    return _serve(content, start, stop, 206, kind, request)


def _serve(
    content: Content, start: int, stop: int, status: int, headers: dict[str, str], request: Request
) -> Response:
    headers = {**headers, "content-length": str(stop - start), "accept-ranges": "bytes"}
    chunks = () if request.method == "HEAD" else content.chunks(start, stop)
    return Response(status, chunks=chunks, headers=headers)
