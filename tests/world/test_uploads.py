"""Artifacts from their announcement to their commit: what is refused, shared, merged, told."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_wandb_automations.errors import InvalidInput, NotFound
from pytest_wandb_automations.events import ArtifactAliasAdded, ArtifactCreated, ArtifactTagAdded

if TYPE_CHECKING:
    from pytest_wandb_automations import Backend
    from pytest_wandb_automations.events import Event
    from pytest_wandb_automations.world.artifacts import Artifact
    from pytest_wandb_automations.world.collections import Collection
    from pytest_wandb_automations.world.uploads import Uploads

ONE, TWO = b"one", b"two"


@pytest.fixture
def uploads(backend: Backend) -> Uploads:
    return backend.world.uploads


def md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def manifest_of(files: dict[str, bytes]) -> bytes:
    entries = {path: {"digest": md5(file), "size": len(file)} for path, file in files.items()}
    return json.dumps({"version": 1, "contents": entries}).encode()


def upload(
    uploads: Uploads, artifact: Artifact, files: dict[str, bytes], *, type_: Any = "FULL", **of: Any
) -> None:
    """Do what the SDK does: announce a manifest, upload the files, then the manifest."""
    found = uploads.of(artifact)
    manifest = found.add_manifest("m.json", type=type_, digest="", base=of.get("base"))
    for path, content in files.items():
        found.add_file(path, md5(content), md5=md5(content), mimetype=None).receive(
            io.BytesIO(content)
        )
        manifest.has_files = True
    manifest.file.receive(io.BytesIO(manifest_of(files)))


def kinds(emitted: list[Event]) -> list[type[Event]]:
    return [type(event) for event in emitted]


def test_nothing_happens_before_the_commit_and_all_of_it_then(
    uploads: Uploads, weights: Collection, emitted: list[Event]
) -> None:
    artifact = uploads.announce(weights, digest="d", aliases=["latest"], tags=["small"])
    upload(uploads, artifact, {"a": ONE})

    assert (artifact.state, weights.versions, emitted) == ("PENDING", [], [])
    uploads.commit(artifact)

    assert artifact.state == "COMMITTED"
    assert kinds(emitted) == [ArtifactCreated, ArtifactAliasAdded, ArtifactTagAdded]
    assert (artifact.size, artifact.file_count) == (3, 1)


def test_a_commit_that_is_sent_again_changes_nothing(
    uploads: Uploads, weights: Collection, emitted: list[Event]
) -> None:
    artifact = uploads.announce(weights, digest="d")
    upload(uploads, artifact, {"a": ONE})
    uploads.commit(artifact)
    emitted.clear()

    uploads.commit(artifact)

    assert (len(weights.versions), emitted) == (1, [])


def test_an_artifact_that_is_announced_again_is_the_same(
    uploads: Uploads, weights: Collection
) -> None:
    first = uploads.announce(weights, digest="d", client_id="c1", sequence_client_id="s1")

    assert uploads.announce(weights, digest="d", client_id="c1") is first
    assert uploads.named("s1") is weights
    assert uploads.artifact_named("s1") is None
    first.delete()
    assert uploads.announce(weights, digest="d", client_id="c1") is not first


@pytest.mark.parametrize("wanted", [True, False])
def test_only_who_wants_that_gets_a_version_of_the_same_digest(
    uploads: Uploads, weights: Collection, emitted: list[Event], *, wanted: bool
) -> None:
    first = weights.log_version(digest="d").artifact
    emitted.clear()

    again = uploads.announce(weights, digest="d", aliases=["again"], tags=["t"], deduplicate=wanted)

    assert (again is first) == wanted
    assert kinds(emitted) == ([ArtifactAliasAdded, ArtifactTagAdded] if wanted else [])


def test_a_version_that_was_logged_before_may_fire_again(
    backend: Backend, uploads: Uploads, weights: Collection, emitted: list[Event]
) -> None:
    weights.log_version(digest="d")
    backend.semantics = backend.semantics.model_copy(update={"deduplicated_log_fires": True})
    emitted.clear()

    uploads.announce(weights, digest="d", deduplicate=True)

    assert kinds(emitted) == [ArtifactCreated]


def test_every_run_that_logged_it_knows_it(backend: Backend, uploads: Uploads) -> None:
    runs = [backend.run("acme/llm", run_id=name) for name in ("r1", "r2")]
    weights = backend.collection("acme/llm/weights")
    first = weights.log_version(digest="d", run=runs[0]).artifact

    uploads.announce(weights, digest="d", run=runs[1], deduplicate=True)

    assert [list(run.logged_artifacts.values()) for run in runs] == [[first], [first]]
    runs[1].used_artifacts[first.id] = first
    first.delete()
    assert [(run.logged_artifacts, run.used_artifacts) for run in runs] == [({}, {}), ({}, {})]


def test_content_that_a_version_has_is_not_asked_for_again(
    uploads: Uploads, weights: Collection
) -> None:
    first = uploads.announce(weights, digest="1")
    upload(uploads, first, {"a": ONE})
    uploads.commit(first)
    second = uploads.announce(weights, digest="2")

    file = uploads.of(second).add_file("moved", md5(ONE), md5=md5(ONE), mimetype=None)

    assert file.content is first.files["a"].content
    assert file.content is not None
    assert file.content.birth is first


def test_content_goes_with_the_last_version_that_has_it(
    uploads: Uploads, weights: Collection
) -> None:
    artifact = uploads.announce(weights, digest="1")
    upload(uploads, artifact, {"a": ONE})
    uploads.commit(artifact)
    assert len(weights.contents) == 1

    artifact.delete()

    assert len(weights.contents) == 0


def test_a_file_that_is_announced_again_is_the_same(uploads: Uploads, weights: Collection) -> None:
    found = uploads.of(uploads.announce(weights, digest="1"))
    files = [found.add_file("a", md5(ONE), md5=md5(ONE), mimetype=None) for _ in range(2)]

    assert files[0] is files[1]


def test_two_files_of_the_same_content_need_it_once(uploads: Uploads, weights: Collection) -> None:
    artifact = uploads.announce(weights, digest="1")
    upload(uploads, artifact, {"a": ONE})
    manifest = uploads.of(artifact).manifests[0]
    manifest.file.receive(io.BytesIO(manifest_of({"a": ONE, "b": ONE})))

    uploads.commit(artifact)

    assert artifact.files["a"].content is artifact.files["b"].content


def test_what_is_missing_is_named(
    uploads: Uploads, weights: Collection, emitted: list[Event]
) -> None:
    artifact = uploads.announce(weights, digest="1")
    with pytest.raises(InvalidInput, match=r"not uploaded: the manifest$"):
        uploads.commit(artifact)

    upload(uploads, artifact, {})
    manifest = uploads.of(artifact).manifests[0]
    lost = {f"f{number}": ONE for number in range(7)}
    uploads.of(artifact).add_file("f0", md5(ONE), md5=md5(ONE), mimetype=None)
    manifest.file.receive(io.BytesIO(manifest_of(lost)))
    with pytest.raises(InvalidInput, match=r"not uploaded: f0, f1, f2, f3, f4 and 2 more$"):
        uploads.commit(artifact)

    assert (artifact.state, weights.versions, emitted) == ("PENDING", [], [])


def test_a_manifest_that_was_announced_must_come(uploads: Uploads, weights: Collection) -> None:
    artifact = uploads.announce(weights, digest="1")
    manifest = uploads.of(artifact).add_manifest("m.json", type="FULL", digest=md5(ONE), base=None)
    assert manifest.digest == md5(ONE)

    with pytest.raises(InvalidInput, match=r"not uploaded: m\.json$"):
        uploads.commit(artifact)


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        "{}",
        '{"contents": []}',
        '{"contents": {"a": 1}}',
        '{"contents": {"a": {"digest": 1}}}',
        '{"contents": {"a": {"digest": "d", "size": "large"}}}',
        '{"contents": {"a": {"digest": "d", "ref": []}}}',
    ],
)
def test_what_is_no_manifest_is_refused(uploads: Uploads, weights: Collection, text: str) -> None:
    artifact = uploads.announce(weights, digest="1")
    manifest = uploads.of(artifact).add_manifest("m.json", type="FULL", digest="", base=None)
    manifest.file.receive(io.BytesIO(text.encode()))

    with pytest.raises(InvalidInput, match=r"m\.json is no manifest of W&B"):
        uploads.commit(artifact)


def test_patches_add_up_and_wait_for_those_that_have_files(
    uploads: Uploads, weights: Collection
) -> None:
    artifact = uploads.announce(weights, digest="1", aliases=["a1"], distributed_id="x")
    assert uploads.announce(weights, digest="2", aliases=["a2"], distributed_id="x") is artifact
    assert uploads.announce(weights, digest="2", distributed_id="y") is not artifact
    upload(uploads, artifact, {"a": ONE, "both": ONE}, type_="PATCH")
    upload(uploads, artifact, {"b": TWO, "both": TWO}, type_="PATCH")
    asked_again = uploads.of(artifact).add_manifest("p.json", type="PATCH", digest="", base=None)

    asked_again.has_files = True
    with pytest.raises(InvalidInput, match=r"not uploaded: p\.json$"):
        uploads.commit(artifact)
    asked_again.has_files = False
    uploads.commit(artifact)

    assert {name: file.size for name, file in artifact.files.items()} == {"a": 3, "both": 3, "b": 3}
    assert artifact.files["both"].digest == md5(TWO)
    assert weights.versions[0].aliases == ["a1", "a2"]


def test_what_comes_on_top_of_nothing_is_all(uploads: Uploads, weights: Collection) -> None:
    without_files = weights.log_version().artifact
    artifact = uploads.announce(weights, digest="1")
    upload(uploads, artifact, {"a": ONE}, type_="INCREMENTAL", base=without_files)
    uploads.commit(artifact)

    assert list(artifact.files) == ["a"]


def test_a_committed_artifact_cannot_change(uploads: Uploads, weights: Collection) -> None:
    committed = weights.log_version().artifact

    with pytest.raises(InvalidInput, match="was committed; what it holds cannot change"):
        uploads.of(committed)


def test_an_artifact_of_a_deleted_collection_is_no_version(
    uploads: Uploads, weights: Collection
) -> None:
    artifact = uploads.announce(weights, digest="1")
    upload(uploads, artifact, {"a": ONE})
    weights.project.delete_collection(weights)

    with pytest.raises(NotFound, match="weights was deleted"):
        uploads.commit(artifact)


def test_a_pending_artifact_is_no_version(
    uploads: Uploads, weights: Collection, prod_models: Collection
) -> None:
    artifact = uploads.announce(weights, digest="1")

    with pytest.raises(InvalidInput, match="is PENDING; no version is made of it"):
        prod_models.add_link(artifact)
    artifact.delete()
    with pytest.raises(InvalidInput, match="is DELETED"):
        artifact.update(tags_to_add=["a"])


def test_bad_tags_are_refused_before_anything_happens(
    uploads: Uploads, weights: Collection
) -> None:
    with pytest.raises(InvalidInput, match="tag 'a/b'"):
        uploads.announce(weights, digest="1", tags=["a/b"])
