"""What only older SDKs ask; tests/sdk/every_version drives those themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_wandb_automations import Backend
from pytest_wandb_automations.graphql.context import Context
from pytest_wandb_automations.graphql.execution import Result, execute

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def backend() -> Backend:
    return Backend(seed=1)


@pytest.fixture
def send(backend: Backend) -> Callable[..., Result]:
    def send(query: str, *, user: str = "tester", **variables: Any) -> Result:
        who = backend.world.directory.user(user)
        with backend.world.acting(who):
            return execute(query, variables, None, Context(backend.world, who))

    return send


@pytest.fixture
def project(send: Callable[..., Result]) -> Callable[[str], Any]:
    """Ask something of the project acme/llm."""

    def ask(selection: str) -> Any:
        result = send(f'{{ project(entityName: "acme", name: "llm") {{ {selection} }} }}')
        assert result.errors == []
        return result.data["project"]

    return ask


def test_a_sequence_is_told_from_a_portfolio(backend: Backend, project: Any) -> None:
    backend.collection("acme/llm/weights", type="model").log_version().link(
        backend.project("acme/llm").add_collection("best", type="model", portfolio=True)
    )

    found = project(
        """artifactType(name: "model") {
          weights: artifactSequence(name: "weights") { __typename name }
          best: artifactSequence(name: "best") { name }
          none: artifactSequence(name: "none") { name }
        }"""
    )

    assert found["artifactType"] == {
        "weights": {"__typename": "ArtifactSequence", "name": "weights"},
        "best": None,
        "none": None,
    }


def test_a_version_is_found_through_its_type_alone(backend: Backend, project: Any) -> None:
    backend.collection("acme/llm/weights", type="model").log_version(aliases=["best"])
    backend.collection("acme/llm/data", type="dataset").log_version()

    found = project(
        """artifactType(name: "model") {
          best: artifact(name: "weights:best") { versionIndex }
          none: artifact(name: "weights:v7") { versionIndex }
          other: artifact(name: "data:latest") { versionIndex }
        }"""
    )

    assert found["artifactType"] == {"best": {"versionIndex": 0}, "none": None, "other": None}


def test_a_read_may_say_whether_it_counts_as_a_use(backend: Backend, project: Any) -> None:
    backend.collection("acme/llm/weights", type="model").log_version()

    found = project('artifact(name: "weights:v0", enableTracking: true) { versionIndex }')

    assert found["artifact"] == {"versionIndex": 0}


def test_tags_have_no_category(backend: Backend, project: Any) -> None:
    backend.collection("acme/llm/weights", type="model").add_tag("eu")

    found = project(
        'artifactCollection(name: "weights") { tags { edges { node { name tagCategoryName } } } }'
    )

    (edge,) = found["artifactCollection"]["tags"]["edges"]
    assert edge["node"] == {"name": "eu", "tagCategoryName": None}


def test_runs_are_also_called_buckets(backend: Backend, project: Any) -> None:
    backend.run("acme/llm", display_name="train-1")

    found = project("buckets(first: 10) { edges { node { displayName } } }")

    assert found["buckets"]["edges"] == [{"node": {"displayName": "train-1"}}]


def test_an_unlinked_version_is_named(backend: Backend, send: Any) -> None:
    portfolio = backend.registry("model").collection("prod-models")
    version = backend.collection("acme/llm/weights", type="model").log_version()
    version.link(portfolio)

    result = send(
        """mutation Unlink($artifact: ID!, $portfolio: ID!) {
          unlinkArtifact(input: {artifactID: $artifact, artifactPortfolioID: $portfolio}) {
            artifactID success
          }
        }""",
        artifact=version.artifact.id,
        portfolio=portfolio.id,
    )

    assert result.data == {"unlinkArtifact": {"artifactID": version.artifact.id, "success": True}}


CREATE_TYPE = """
mutation Create($description: String) {
  createArtifactType(
    input: {entityName: "acme", projectName: "llm", name: "model", description: $description}
  ) { artifactType { id name description } }
}
"""


def test_a_type_is_created_once(backend: Backend, send: Any) -> None:
    backend.project("acme/llm")

    first, second = [
        send(CREATE_TYPE, description=text).data["createArtifactType"]["artifactType"]
        for text in ("weights", None)
    ]

    assert first == second
    assert first["description"] == "weights"


def test_who_may_not_write_creates_no_type(backend: Backend, send: Any) -> None:
    made = backend.project("acme/llm")
    backend.team("acme").add_member(backend.user("ada"), role="viewer")

    result = send(CREATE_TYPE, user="ada")

    assert result.errors != []
    assert "ada" in result.errors[0]["message"]
    assert dict(made.artifact_types) == {}
