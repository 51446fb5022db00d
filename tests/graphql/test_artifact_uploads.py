"""What clients of another kind, or with other wishes than the SDK's, send about artifacts."""

from __future__ import annotations

import io
from typing import Any

import pytest

from pytest_wandb_automations import Backend
from pytest_wandb_automations.graphql.context import Context
from pytest_wandb_automations.graphql.execution import Result, execute

CREATE = (
    "mutation ($input: CreateArtifactInput!)"
    "{createArtifact(input: $input) {artifact {id state versionIndex createdBy {__typename}"
    " currentManifest {id} ttlDurationSeconds historyStep}}}"
)
PLACE = {"entityName": "acme", "projectName": "llm"}
ARTIFACT = {**PLACE, "artifactTypeName": "model", "digest": "d1"}
FILES = (
    "mutation ($artifactFiles: [CreateArtifactFileSpecInput!]!,"
    " $storageLayout: ArtifactStorageLayout!)"
    "{createArtifactFiles(input: {artifactFiles: $artifactFiles, storageLayout: $storageLayout})"
    " {files {edges {node {name uploadUrl artifact {id}}}}}}"
)


@pytest.fixture
def backend() -> Backend:
    backend = Backend(seed=1)
    backend.project("acme/llm")
    return backend


def send(backend: Backend, query: str, *, user: str = "tester", **variables: Any) -> Result:
    who = backend.world.directory.user(user)
    with backend.world.acting(who):
        return execute(query, variables, None, Context(backend.world, who))


def data(backend: Backend, query: str, **variables: Any) -> Any:
    result = send(backend, query, **variables)
    assert result.errors == []
    return result.data


def refused(backend: Backend, query: str, **variables: Any) -> tuple[int, str]:
    result = send(backend, query, **variables)
    return result.status, result.errors[0]["message"]


def create(backend: Backend, **changes: Any) -> Any:
    given = {**ARTIFACT, "artifactCollectionName": "weights", **changes}
    return data(backend, CREATE, input=given)["createArtifact"]["artifact"]


def manifest(backend: Backend, artifact_id: str, **changes: Any) -> Any:
    given = {**PLACE, "runName": "", "name": "m", "digest": "", "artifactID": artifact_id}
    found = data(
        backend,
        "mutation ($i: CreateArtifactManifestInput!)"
        "{createArtifactManifest(input: $i) {artifactManifest {id type digest}}}",
        i={**given, **changes},
    )
    return found["createArtifactManifest"]["artifactManifest"]


def test_without_a_run_a_user_makes_it(backend: Backend) -> None:
    found = create(
        backend,
        artifactCollectionName=None,
        artifactCollectionNames=["weights"],
        ttlDurationSeconds=60,
        historyStep=7,
    )

    assert (found["state"], found["versionIndex"]) == ("PENDING", None)
    assert found["createdBy"] == {"__typename": "User"}
    assert found["currentManifest"] is None
    assert (found["ttlDurationSeconds"], found["historyStep"]) == (60, 7)


@pytest.mark.parametrize("names", [None, [], ["a", "b"]])
def test_an_artifact_goes_to_one_collection(backend: Backend, names: list[str] | None) -> None:
    status, message = refused(backend, CREATE, input={**ARTIFACT, "artifactCollectionNames": names})

    assert status == 400
    assert message.endswith(f"artifactCollectionName: expected one name, got {names}")


def test_older_clients_announce_files_with_variables_of_their_own(backend: Backend) -> None:
    id_ = create(backend)["id"]
    specs = [{"artifactID": id_, "name": name, "md5": "AAAA"} for name in ("z", "a", "m")]

    edges = data(backend, FILES, artifactFiles=specs, storageLayout="V2")["createArtifactFiles"][
        "files"
    ]["edges"]

    assert [edge["node"]["name"] for edge in edges] == ["z", "a", "m"]
    assert all(edge["node"]["artifact"] == {"id": id_} for edge in edges)
    assert len({edge["node"]["uploadUrl"] for edge in edges}) == 3


def test_files_of_runs_belong_to_no_artifact(backend: Backend) -> None:
    run = backend.run("acme/llm", run_id="r1")
    file = run.file("a.txt")
    file.receive(io.BytesIO(b"one"))

    found = data(
        backend,
        '{project(name: "llm", entityName: "acme") {run(name: "r1")'
        " {files {edges {node {artifact {id} uploadUrl digest}}}}}}",
    )

    (edge,) = found["project"]["run"]["files"]["edges"]
    assert edge["node"]["artifact"] is None
    assert edge["node"]["uploadUrl"] is not None


def test_a_manifest_is_updated_with_its_digest_and_base(backend: Backend) -> None:
    base = backend.collection("acme/llm/weights").log_version().artifact
    made = manifest(backend, create(backend)["id"], type="INCREMENTAL", baseArtifactID=base.id)
    query = (
        "mutation ($i: UpdateArtifactManifestInput!)"
        "{updateArtifactManifest(input: $i) {artifactManifest {digest type}}}"
    )

    unchanged = data(backend, query, i={"artifactManifestID": made["id"]})
    updated = data(
        backend,
        query,
        i={"artifactManifestID": made["id"], "digest": "AAAA", "baseArtifactID": base.id},
    )

    assert unchanged["updateArtifactManifest"]["artifactManifest"]["digest"] == ""
    assert updated["updateArtifactManifest"]["artifactManifest"] == {
        "digest": "AAAA",
        "type": "INCREMENTAL",
    }


def test_clients_learn_the_ids_of_what_they_named(backend: Backend) -> None:
    id_ = create(backend, clientID="c1", sequenceClientID="s1")["id"]
    query = "query ($id: ID!) {clientIDMapping(clientID: $id) {serverID}}"

    assert data(backend, query, id="c1")["clientIDMapping"] == {"serverID": id_}
    sequence = backend.collection("acme/llm/weights")
    assert data(backend, query, id="s1")["clientIDMapping"] == {"serverID": sequence.id}
    assert data(backend, query, id="c2")["clientIDMapping"] is None


LINK = (
    "mutation ($clientID: ID) {linkArtifact(input: {clientID: $clientID, entityName: "
    '"acme-corp", projectName: "wandb-registry-model", artifactPortfolioName: "prod"})'
    " {versionIndex}}"
)


def test_an_artifact_is_linked_by_the_id_that_its_client_gave_it(backend: Backend) -> None:
    backend.registry("model")
    version = backend.collection("acme/llm/weights").log_version(digest="d1")
    create(backend, clientID="c1", enableDigestDeduplication=True)

    assert data(backend, LINK, clientID="c1")["linkArtifact"] == {"versionIndex": 0}
    assert len(version.artifact.versions) == 2
    assert refused(backend, LINK, clientID="c2")[0] == 404
    assert "needs an artifactID or a clientID" in refused(backend, LINK)[1]


def test_what_a_user_may_not_see_is_not_there(backend: Backend) -> None:
    backend.user("eve")
    id_ = create(backend, clientID="c1")["id"]
    made = manifest(backend, id_)
    mapping = "query ($id: ID!) {clientIDMapping(clientID: $id) {serverID}}"
    update = (
        "mutation ($id: ID!) {updateArtifactManifest(input: {artifactManifestID: $id})"
        " {artifactManifest {id}}}"
    )
    commit = "mutation ($id: ID!) {commitArtifact(input: {artifactID: $id}) {artifact {id}}}"

    assert data(backend, mapping, user="eve", id="c1")["clientIDMapping"] is None
    assert refused(backend, update, user="eve", id=made["id"])[0] == 404
    assert refused(backend, commit, user="eve", id=id_)[0] == 404
    assert refused(backend, LINK, user="eve", clientID="c1")[0] == 404


def test_files_are_found_by_entries_of_a_manifest(backend: Backend) -> None:
    version = backend.collection("acme/llm/weights").log_version()

    found = data(
        backend,
        "query ($id: ID!, $e: [ArtifactManifestEntryInput!]) {artifact(id: $id)"
        ' {filesByManifestEntries(entries: $e, storageLayout: "V2", manifestVersion: "1")'
        " {totalCount} files {totalCount}}}",
        id=version.artifact.id,
        e=[{"name": "a.txt", "digest": "AAAA"}],
    )

    assert found["artifact"]["filesByManifestEntries"] == {"totalCount": 0}
    assert found["artifact"]["files"] == {"totalCount": 0}
