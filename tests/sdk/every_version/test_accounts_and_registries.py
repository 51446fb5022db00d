"""Users, teams, projects and registries, as each version of the SDK reads and makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_wandb_automations import Backend

ORGANIZATION = "acme-corp"


def test_the_viewer_and_their_team_are_known(wandb_backend: Backend, api: Any) -> None:
    assert (api.viewer.username, api.default_entity) == ("tester", "acme")
    assert [member.username for member in api.team("acme").members] == ["tester"]
    assert api.user("tester").username == "tester"


def test_a_created_project_is_found(wandb_backend: Backend, api: Any) -> None:
    api.create_project("llm", entity="acme")

    assert [project.name for project in api.projects("acme")] == ["llm"]
    assert api.project("llm", entity="acme").entity == "acme"


@pytest.mark.needs("wandb.Api.organization")
def test_an_organization_is_fetched(wandb_backend: Backend, api: Any) -> None:
    assert api.organization(ORGANIZATION).name == ORGANIZATION


@pytest.mark.needs("wandb.Api.create_registry")
def test_a_registry_is_created_edited_and_deleted(wandb_backend: Backend, api: Any) -> None:
    made = api.create_registry(
        "models", "organization", organization=ORGANIZATION, artifact_types=["model"]
    )
    made.description = "what is released"
    made.artifact_types.append("dataset")
    made.save()

    found = api.registry("models", organization=ORGANIZATION)
    assert (found.name, found.description) == ("models", "what is released")
    assert sorted(found.artifact_types) == ["dataset", "model"]
    found.delete()
    assert list(api.registries(ORGANIZATION)) == []


@pytest.mark.needs("wandb.Api.registry", "wandb.Api.registries")
def test_a_registry_shows_its_collections_and_versions(wandb_backend: Backend, api: Any) -> None:
    released = wandb_backend.registry("model").collection("prod-models")
    wandb_backend.registry("model").collection("empty")
    version = wandb_backend.collection("acme/llm/weights", type="model").log_version()
    version.link(released).add_alias("prod")

    registry = api.registry("model", organization=ORGANIZATION)
    assert {collection.name for collection in registry.collections()} == {"prod-models", "empty"}
    assert [v.source_name for v in registry.versions()] == ["weights:v0"]

    every = api.registries(ORGANIZATION, filter={"name": {"$regex": "mod"}})
    # The first versions list registries under the names of their projects.
    assert [found.name.removeprefix("wandb-registry-") for found in every] == ["model"]
    some = every.collections(filter={"name": "prod-models"}).versions(filter={"alias": "prod"})
    assert [v.qualified_name for v in some] == ["acme-corp/wandb-registry-model/prod-models:v0"]


@pytest.mark.needs("wandb.apis.public.registries.registry.Registry.members")
def test_a_registrys_members_are_listed(wandb_backend: Backend, api: Any) -> None:
    wandb_backend.registry("model")
    wandb_backend.team("acme").add_member(wandb_backend.user("ada"))
    registry = api.registry("model", organization=ORGANIZATION)

    registry.add_members(api.user("ada"))

    assert [member.user.username for member in registry.user_members()] == ["ada"]
