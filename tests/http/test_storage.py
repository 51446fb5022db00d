"""Uploads and downloads: an address is good for one file and one direction, and for no path."""

from __future__ import annotations

import base64
import gc
import hashlib
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_wandb_automations import Backend
from pytest_wandb_automations.http.api import answer
from pytest_wandb_automations.http.messages import Request, Response
from pytest_wandb_automations.world.storage import STORAGE, File, Storage

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_wandb_automations.world.runs import Run

CONTENT = b"0123456789"


@pytest.fixture(params=["memory", "disk"])
def backend(request: pytest.FixtureRequest) -> Backend:
    backend = Backend()
    if request.param == "disk":
        backend.world.storage = Storage(in_memory=0)
    return backend


@pytest.fixture
def run(backend: Backend) -> Run:
    return backend.run("acme/llm", run_id="r1")


@pytest.fixture
def file(run: Run) -> File:
    """Announce a file and upload it."""
    file = run.file("a/notes.txt")
    file.receive(io.BytesIO(CONTENT))
    return file


def ask(
    backend: Backend, path: str, method: str = "GET", body: bytes = b"", **headers: str
) -> Response:
    return answer(backend.world, Request(method, path, headers, body))


def body(response: Response) -> bytes:
    return b"".join(response.chunks)


def message(response: Response) -> str:
    return json.loads(response.body)["errors"][0]["message"]


def stored(backend: Backend) -> list[Path]:
    """Return what the storage has on disk."""
    folder = backend.world.storage._folder
    return [] if folder is None else [*folder.rglob("*")]


# To and fro


def test_what_is_put_is_got(backend: Backend, run: Run) -> None:
    file = run.file("notes.txt")

    assert ask(backend, file.path_to_put, "PUT", CONTENT).status == 200
    response = ask(backend, file.path_to_get)

    assert (response.status, body(response)) == (200, CONTENT)
    assert response.headers["content-type"] == "text/plain"
    assert response.headers["content-length"] == "10"
    md5 = base64.b64encode(hashlib.md5(CONTENT, usedforsecurity=False).digest()).decode()
    assert file.content is not None
    assert (file.size, file.content.md5, file.content.read()) == (10, md5, CONTENT)
    assert repr(file) == f"<File notes.txt, <Content 10 bytes, md5 {md5}>>"


def test_an_empty_file_is_a_file(backend: Backend, run: Run) -> None:
    file = run.file("empty.bin")
    ask(backend, file.path_to_put, "PUT")

    response = ask(backend, file.path_to_get)

    assert (response.status, body(response), file.size) == (200, b"", 0)
    assert response.headers["content-length"] == "0"


def test_the_head_is_the_same_without_the_body(backend: Backend, file: File) -> None:
    whole, head = (ask(backend, file.path_to_get, method) for method in ("GET", "HEAD"))

    assert head.headers == whole.headers
    assert (body(whole), body(head)) == (CONTENT, b"")


def test_another_upload_replaces_the_content_and_leaves_nothing_of_it(
    backend: Backend, file: File
) -> None:
    ask(backend, file.path_to_put, "PUT", b"other")

    assert body(ask(backend, file.path_to_get)) == b"other"
    gc.collect()
    assert len(stored(backend)) <= 1


def test_a_download_under_way_goes_on_when_the_file_is_deleted(backend: Backend, run: Run) -> None:
    file = run.file("notes.txt")
    file.receive(io.BytesIO(CONTENT))
    response = ask(backend, file.path_to_get)
    run.delete_file(file)
    del file

    assert body(response) == CONTENT
    del response
    gc.collect()
    assert stored(backend) == []


# Ranges


@pytest.mark.parametrize(
    "asked", ["bytes=0-0", "bytes=2-5", "bytes=9-9", "bytes=3-", "bytes=0-", "bytes=7-99"]
)
def test_a_range_of_bytes_is_got_alone(backend: Backend, file: File, asked: str) -> None:
    first, last = asked.removeprefix("bytes=").split("-")
    expected = CONTENT[int(first) : int(last or 9) + 1]

    response = ask(backend, file.path_to_get, range=asked)

    assert (response.status, body(response)) == (206, expected)
    end = int(first) + len(expected) - 1
    assert response.headers["content-range"] == f"bytes {first}-{end}/10"
    assert response.headers["content-length"] == str(len(expected))


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=99-100", f"bytes={'9' * 18}-"])
def test_a_range_beyond_the_end_is_416(backend: Backend, file: File, asked: str) -> None:
    response = ask(backend, file.path_to_get, range=asked)

    assert (response.status, body(response)) == (416, b"")
    assert response.headers["content-range"] == "bytes */10"


@pytest.mark.parametrize(
    "asked",
    ["bytes=-5", "bytes=0-1,3-4", "lines=0-1", "bytes=5-2", "bytes=a-b", f"bytes={'9' * 5000}-"],
)
def test_what_is_no_single_range_gets_the_whole_file(
    backend: Backend, file: File, asked: str
) -> None:
    response = ask(backend, file.path_to_get, range=asked)

    assert (response.status, body(response)) == (200, CONTENT)


# Keys and paths


def test_a_key_is_good_for_one_direction(backend: Backend, file: File) -> None:
    got = ask(backend, file.path_to_put)
    put = ask(backend, file.path_to_get, "PUT", b"other")

    assert (got.status, put.status) == (404, 404)
    assert message(got) == "no file to get under this address; it may have been deleted"
    assert body(ask(backend, file.path_to_get)) == CONTENT


@pytest.mark.parametrize("key", ["", "x", "../../etc/passwd", "..%2f..%2fetc%2fpasswd"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
def test_a_key_of_nothing_is_404(backend: Backend, file: File, key: str, method: str) -> None:
    # An API key does not help: it is no key of a file.
    headers = {"authorization": f"Bearer {backend.api_key}"}

    assert ask(backend, f"{STORAGE}{key}", method, CONTENT, **headers).status == 404
    assert ask(backend, f"{STORAGE}{key}/notes.txt", method, CONTENT, **headers).status == 404


def test_the_name_after_the_key_is_for_people(backend: Backend, file: File) -> None:
    key = file.path_to_get.removeprefix(STORAGE).partition("/")[0]

    for name in ("", "/", "/other.txt", "/../../../../etc/passwd"):
        assert body(ask(backend, f"{STORAGE}{key}{name}")) == CONTENT


def test_the_keys_of_a_deleted_file_are_good_for_nothing(
    backend: Backend, run: Run, file: File
) -> None:
    run.delete_file(file)

    assert ask(backend, file.path_to_get).status == 404
    assert ask(backend, file.path_to_put, "PUT", CONTENT).status == 404


def test_two_files_never_share_a_key(run: Run) -> None:
    files = [run.file(f"{number}.txt") for number in range(9)]
    paths = {path for file in files for path in (file.path_to_get, file.path_to_put)}

    assert len({path.split("/")[2] for path in paths}) == 18


@pytest.mark.parametrize("method", ["POST", "DELETE", "PATCH"])
def test_files_are_put_and_got_and_nothing_else(backend: Backend, file: File, method: str) -> None:
    response = ask(backend, file.path_to_get, method)

    assert response.status == 400
    assert message(response) == f"{method} {STORAGE}: files are put with PUT and got with GET"


NAMES = ["../escape", "a/../../escape", "/etc/passwd", "", "a//b", "./a", "..", "a/"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_leads_out_of_the_folder_is_refused(
    backend: Backend, run: Run, name: str
) -> None:
    query = """mutation ($files: [String!]!) {
        createRunFiles(input: {
            entityName: "acme", projectName: "llm", runName: "r1", files: $files
        }) { runID }
    }"""
    asked = {"query": query, "variables": {"files": ["good.txt", name]}}
    headers = {"authorization": f"Bearer {backend.api_key}"}

    response = ask(backend, "/graphql", "POST", json.dumps(asked).encode(), **headers)

    assert response.status == 400
    assert f"file name {name!r}: expected a relative path without empty parts" in message(response)
    assert run.files == {}


@pytest.mark.parametrize("name", ["a b.txt", "ä/ö.txt", "100%?#.txt", "..a/b..", "media/x:y.png"])
def test_a_name_may_be_unusual_and_its_address_is_plain(
    backend: Backend, run: Run, name: str
) -> None:
    file = run.file(name)

    assert file.path_to_put.isascii()
    assert not {*file.path_to_put} & {*" ?#"}
    ask(backend, file.path_to_put, "PUT", CONTENT)
    assert body(ask(backend, file.path_to_get)) == CONTENT


# Nothing half-written


def test_a_file_that_was_only_announced_is_404(backend: Backend, run: Run) -> None:
    response = ask(backend, run.file("notes.txt").path_to_get)

    assert response.status == 404
    assert message(response) == "file 'notes.txt' was not uploaded"
    assert repr(run.file("notes.txt")) == "<File notes.txt, no content>"


def test_content_that_is_not_what_was_announced_is_refused_and_not_kept(
    backend: Backend, run: Run
) -> None:
    file = File(backend.world, run, "weights.bin", md5="somethingelse")

    response = ask(backend, file.path_to_put, "PUT", CONTENT)

    assert response.status == 400
    assert message(response).startswith(
        "file 'weights.bin': its md5 was announced as somethingelse, and "
    )
    assert message(response).endswith("(10 bytes) was uploaded")
    assert (file.content, file.size, file.updated_at) == (None, 0, None)
    gc.collect()
    assert stored(backend) == []


def test_large_files_go_to_disk_and_come_back_whole() -> None:
    backend = Backend()
    backend.world.storage = Storage(in_memory=1000)
    run = backend.run("acme/llm", run_id="r1")
    contents: dict[str, Any] = {"small": b"s" * 1000, "large": bytes(range(256)) * 10_000}
    for name, content in contents.items():
        ask(backend, run.file(name).path_to_put, "PUT", content)

    assert len(stored(backend)) == 1
    for name, content in contents.items():
        assert body(ask(backend, run.file(name).path_to_get)) == content
    part = ask(backend, run.file("large").path_to_get, range="bytes=1048570-2097160")
    assert body(part) == contents["large"][1048570:2097161]


def test_what_is_on_disk_goes_with_its_backend() -> None:
    backend = Backend()
    backend.world.storage = Storage(in_memory=0)
    backend.run("acme/llm", run_id="r1").file("a").receive(io.BytesIO(CONTENT))
    (path,) = stored(backend)

    backend.world.storage = Storage()
    gc.collect()

    assert not path.parent.exists()
