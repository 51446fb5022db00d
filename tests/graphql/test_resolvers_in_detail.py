"""Fields and refusals that neither the SDK's queries nor the client's reach."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_wandb_automations import Backend
from pytest_wandb_automations.graphql.context import Context
from pytest_wandb_automations.graphql.execution import execute


@pytest.fixture
def backend() -> Backend:
    return Backend()


def ask(backend: Backend, query: str, user: str = "tester", **variables: Any) -> Any:
    world = backend.world
    return execute(query, variables, None, Context(world, world.directory.user(user)))


def data(backend: Backend, query: str, **variables: Any) -> Any:
    result = ask(backend, query, **variables)
    assert result.errors == []
    return result.data


def refusal(backend: Backend, query: str, **variables: Any) -> tuple[int, str]:
    result = ask(backend, query, **variables)
    return result.status, result.errors[0]["message"]


def test_an_organization_has_no_id_of_coreweave(backend):
    found = data(backend, '{organization(name: "acme-corp") {name coreWeaveOrganizationId}}')

    assert found == {"organization": {"name": "acme-corp", "coreWeaveOrganizationId": None}}


def test_a_key_of_somebody_else_cannot_be_deleted(backend):
    key = backend.user("ada", api_key="a" * 40).api_keys["a" * 40]

    status, message = refusal(
        backend,
        "mutation ($id: String!) {deleteApiKey(input: {id: $id}) {success}}",
        id=key.id,
    )

    assert status == 404
    assert "user 'tester' has no API key" in message
    assert backend.world.directory.user_of_key("a" * 40) is not None


def test_an_artifact_is_found_by_the_name_of_its_version(backend):
    version = backend.collection("acme/llm/weights").log_version()

    found = data(
        backend,
        '{project(name: "llm", entityName: "acme") {artifact(name: "weights:v0") {id labels}}}',
    )

    assert found["project"]["artifact"] == {"id": version.artifact.id, "labels": "{}"}


def test_a_sequence_tells_its_newest_version_and_the_alias_of_any(backend):
    weights = backend.collection("acme/llm/weights")
    query = """
    query ($id: ID!) {
      artifactCollection(id: $id) {
        artifactMembership(aliasName: "latest") { versionIndex }
        ... on ArtifactSequence { digestAlgorithm latestArtifact { versionIndex } }
      }
    }
    """
    empty = data(backend, query, id=weights.id)["artifactCollection"]
    weights.log_version()
    weights.log_version()
    full = data(backend, query, id=weights.id)["artifactCollection"]

    assert (empty["artifactMembership"], empty["latestArtifact"]) == (None, None)
    assert full["artifactMembership"] == full["latestArtifact"] == {"versionIndex": 1}
    assert full["digestAlgorithm"] == "MANIFEST_MD5"


def test_aliases_are_for_collections_that_hold_the_artifact(backend):
    version = backend.collection("acme/llm/weights").log_version()
    backend.collection("acme/llm/other")
    aliases = [
        {
            "entityName": "acme",
            "projectName": "llm",
            "artifactCollectionName": "other",
            "alias": "prod",
        }
    ]

    status, message = refusal(
        backend,
        "mutation ($input: AddAliasesInput!) {addAliases(input: $input) {success}}",
        input={"artifactID": version.artifact.id, "aliases": aliases},
    )

    assert status == 404
    assert "acme/llm/weights:v0 is not in acme/llm/other" in message


@pytest.mark.parametrize(
    ("project", "collection", "told"),
    [
        ("nowhere", "weights", "no project 'nowhere' of entity 'acme'"),
        ("llm", "nothing", "no collection 'nothing' in acme/llm"),
    ],
)
def test_what_tags_are_for_must_exist(backend, project, collection, told):
    backend.collection("acme/llm/weights")
    values = {"entityName": "acme", "projectName": project, "artifactCollectionName": collection}

    status, message = refusal(
        backend,
        "mutation ($input: CreateArtifactCollectionTagAssignmentsInput!) "
        "{createArtifactCollectionTagAssignments(input: $input) {tags {name}}}",
        input={**values, "tags": [{"tagName": "eu"}]},
    )

    assert status == 404
    assert told in message


def test_at_most_twenty_tags_come_at_a_time(backend):
    weights = backend.collection("acme/llm/weights")
    tags = [{"tagName": f"t{number}"} for number in range(21)]
    values = {"entityName": "acme", "projectName": "llm", "artifactCollectionName": "weights"}

    status, message = refusal(
        backend,
        "mutation ($input: CreateArtifactCollectionTagAssignmentsInput!) "
        "{createArtifactCollectionTagAssignments(input: $input) {tags {name}}}",
        input={**values, "tags": tags},
    )

    assert (status, weights.tags) == (400, [])
    assert "at most 20 at a time, got 21" in message


@pytest.mark.parametrize("metadata", ["{", "[1]", '"text"'])
def test_metadata_is_a_json_object(backend, metadata):
    version = backend.collection("acme/llm/weights").log_version(metadata={"a": 1})

    status, message = refusal(
        backend,
        "mutation ($input: UpdateArtifactInput!) {updateArtifact(input: $input) {artifact {id}}}",
        input={"artifactID": version.artifact.id, "metadata": metadata},
    )

    assert (status, version.metadata) == (400, {"a": 1})
    assert "metadata" in message
    assert json.dumps(metadata)[1:-1] in message or metadata in message


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        ("[" * 100_000 + "]" * 100_000, "metadata is nested too deeply"),
        ('{"a": NaN}', "NaN is not a JSON value"),
        ('{"a": -Infinity}', "-Infinity is not a JSON value"),
    ],
    ids=["nested", "NaN", "infinity"],
)
def test_metadata_that_is_no_json_is_400(backend: Backend, metadata: str, told: str) -> None:
    version = backend.collection("acme/llm/weights", type="model").log_version()
    document = (
        "mutation($i: UpdateArtifactInput!) { updateArtifact(input: $i) { artifact { id } } }"
    )
    values = {"artifactID": version.artifact.id, "metadata": metadata}
    result = ask(backend, document, i=values)
    assert result.status == 400
    assert told in result.errors[0]["message"]


def test_what_somebody_may_not_see_is_not_there_for_their_mutations(backend):
    version = backend.collection("acme/llm/weights").log_version()
    world = backend.world
    query = "mutation ($id: ID!) {updateArtifact(input: {artifactID: $id}) {artifact {id}}}"

    result = ask(backend, query, user="loner", id=version.artifact.id)

    assert result.status == 404
    assert f"no Artifact with id {version.artifact.id!r}" in result.errors[0]["message"]
    assert not world.directory.user("loner").may_see(backend.team("acme"))
