"""Files of artifacts under the addresses that the SDK makes up by itself."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from typing import Any

import pytest

from pytest_wandb_automations import Backend
from pytest_wandb_automations.http.api import answer
from pytest_wandb_automations.http.messages import Request, Response

DIGEST = hashlib.md5(b"one", usedforsecurity=False)
HEX = DIGEST.hexdigest()
PLACE = "default/acme/llm/weights"


@pytest.fixture
def backend() -> Backend:
    backend = Backend(seed=1)
    uploads = backend.world.uploads
    artifact = uploads.announce(backend.collection("acme/llm/weights"), digest="d")
    md5 = base64.b64encode(DIGEST.digest()).decode()
    upload = uploads.of(artifact)
    upload.add_file("a.txt", md5, md5=md5, mimetype=None).receive(io.BytesIO(b"one"))
    manifest = upload.add_manifest("m", type="FULL", digest="", base=None)
    text = json.dumps({"contents": {"a.txt": {"digest": md5, "size": 3}}})
    manifest.file.receive(io.BytesIO(text.encode()))
    uploads.commit(artifact)
    backend.registry("model").collection("prod").add_link(artifact)
    return backend


def ask(backend: Backend, path: str, *, method: str = "GET", **given: Any) -> Response:
    key = given.pop("key", backend.api_key)
    headers = {"authorization": f"Bearer {key}", **given}
    return answer(backend.world, Request(method, path, headers))


@pytest.mark.parametrize(
    "path",
    [
        f"/artifactsV2/{PLACE}/artifact/birth/{HEX}/a.txt",
        f"/artifactsV2/{PLACE}/artifact//{HEX}/a.txt",
        f"/artifactsV2/{PLACE}//{HEX}/a.txt",
        f"/artifactsV2/default/acme-corp/wandb-registry-model/prod/birth/{HEX}/a.txt",
        f"/artifacts/acme/{HEX}",
    ],
)
def test_a_file_is_got_by_place_and_digest(backend: Backend, path: str) -> None:
    response = ask(backend, path)

    assert (response.status, b"".join(response.chunks)) == (200, b"one")
    assert b"".join(ask(backend, path, range="bytes=1-1").chunks) == b"n"
    assert ask(backend, path, method="HEAD").headers["content-length"] == "3"


@pytest.mark.parametrize(
    "path",
    [
        f"/artifactsV2/{PLACE}/birth/{'0' * 32}/a.txt",
        f"/artifactsV2/{PLACE}/birth/nothex/a.txt",
        f"/artifactsV2/default/acme/llm/other/birth/{HEX}/a.txt",
        f"/artifactsV2/default/acme/other/weights/birth/{HEX}/a.txt",
        f"/artifactsV2/default/acme/{HEX}",
        f"/artifacts/other/{HEX}",
        f"/artifacts/acme/llm/{HEX}",
        "/artifactsV2/../../../../etc/passwd/passwd",
    ],
)
def test_what_is_not_there_is_not_found(backend: Backend, path: str) -> None:
    assert ask(backend, path).status == 404


def test_it_needs_the_key_of_somebody_who_may_see_it(backend: Backend) -> None:
    eve = backend.user("eve", api_key="e" * 40)
    path = f"/artifactsV2/{PLACE}/artifact/birth/{HEX}/a.txt"

    assert ask(backend, path, key="nobody").status == 401
    assert ask(backend, path, key=eve.api_key).status == 404
    assert ask(backend, path, method="PUT").status == 400
