"""Uploads and downloads: `PUT` and `GET` of a file under an address that carries its key.

The SDK makes up an address of its own when such a one was refused: it names the artifact's place
and the file's digest, and is asked with the API key.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from pytest_wandb_automations.errors import InvalidInput, NotFound
from pytest_wandb_automations.http.messages import Response
from pytest_wandb_automations.world.storage import STORAGE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_wandb_automations.graphql.context import Context
    from pytest_wandb_automations.http.messages import Request
    from pytest_wandb_automations.world.collections import Collection
    from pytest_wandb_automations.world.storage import Content, File
    from pytest_wandb_automations.world.world import World

__all__ = ["ARTIFACTS", "answer_artifacts", "answer_storage", "serve_content"]

ARTIFACTS = ("/artifactsV2/", "/artifacts/")
"""What paths begin with that name an artifact's file by its digest, in layout V2 and in V1."""

_RANGE = re.compile(r"bytes=([0-9]{1,18})-([0-9]{0,18})")
"""One range of bytes; others are answered with the whole file, as HTTP allows."""


def answer_storage(world: World, request: Request) -> Response:
    """Answer a request below `/storage/`: `/storage/<key>/<name>`, whose name is for people."""
    key = request.path.removeprefix(STORAGE).partition("/")[0]
    if request.method == "PUT":
        world.storage.file(key, "put").receive(request.stream())
        return Response(200)
    if request.method in ("GET", "HEAD"):
        return serve_content(world.storage.file(key, "get"), request)
    raise InvalidInput(f"{request.method} {STORAGE}: files are put with PUT and got with GET")


def answer_artifacts(context: Context, request: Request) -> Response:
    """Answer `/artifactsV2/<region>/<entity>/<project>/<collection>/…/<digest>/<name>`.

    In V1 it is `/artifacts/<entity>/<digest>`, for a file of any of the entity's collections. The
    digest is hexadecimal; what comes before it in V2, ids of artifacts, adds nothing to it.
    """
    if request.method not in ("GET", "HEAD"):
        raise InvalidInput(f"{request.method} {request.path}: files are got with GET")
    layout, *parts = request.path.strip("/").split("/")
    content: Content | None = None
    if layout == "artifactsV2" and len(parts) > 5:
        project = context.project(parts[1], parts[2])
        collection = project and project.collections.get(parts[3])
        content = _content_of(parts[-2], [collection] if collection else [])
    elif layout == "artifacts" and len(parts) == 2:
        entity = context.entity(parts[0])
        projects = context.world.projects.of(entity) if entity else []
        content = _content_of(parts[1], [c for p in projects for c in p.collections.values()])
    if content is None:
        raise NotFound(f"no file of an artifact at {request.path}")
    return _serve_range(content, "application/octet-stream", request)


def _content_of(hex_digest: str, collections: Iterable[Collection]) -> Content | None:
    try:
        digest = base64.b64encode(bytes.fromhex(hex_digest)).decode()
    except ValueError:
        return None
    for collection in collections:
        for version in collection.versions:
            # A portfolio has no contents of its own: they are those of the collection of origin.
            content = version.artifact.collection.contents.get(digest)
            if content is not None:
                return content
    return None


def serve_content(file: File, request: Request) -> Response:
    """Answer with a file's content, or with the one range of bytes that is asked for."""
    content = file.content
    if content is None:
        raise NotFound(f"file {file.name!r} was not uploaded")
    return _serve_range(content, file.mimetype or "application/octet-stream", request)


def _serve_range(content: Content, mimetype: str, request: Request) -> Response:
    kind = {"content-type": mimetype}
    asked = _RANGE.fullmatch(request.headers.get("range", ""))
    if asked is None or (asked[2] and int(asked[2]) < int(asked[1])):
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
