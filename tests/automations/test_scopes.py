"""Scopes, and the handles of a backend that can stand for them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from pytest_wandb_automations.automations import (
    OnCreateArtifact,
    OnLinkArtifact,
    OnRunState,
    OrgScope,
    ProjectScope,
    RegistryScope,
    RunEvent,
    ScopeType,
    TeamScope,
)


def handle(typename: str | None = None, name: str = "n", **attributes: Any) -> SimpleNamespace:
    if typename:
        attributes["typename__"] = typename
    return SimpleNamespace(id="i", name=name, **attributes)


organization = handle("Entity", entity_type="organization")


@pytest.mark.parametrize(
    ("thing", "scope"),
    [
        (handle("Project"), ProjectScope(id="i", name="n")),
        (
            handle("Project", "wandb-registry-m", full_name="acme/wandb-registry-m"),
            RegistryScope(id="i", name="wandb-registry-m"),
        ),
        (handle("Entity", entity_type="team"), TeamScope(id="i", name="n")),
        (organization, OrgScope(id="i", name="n")),
        (handle(org_entity=organization), OrgScope(id="i", name="n")),
    ],
)
def test_a_handle_becomes_the_scope_that_it_stands_for(thing: object, scope: object):
    assert OnLinkArtifact(scope=thing).scope == scope


@pytest.mark.parametrize("typename", ["ArtifactSequence", "ArtifactPortfolio"])
def test_a_handle_of_a_collection_becomes_a_collection_scope(typename: str):
    scope = OnCreateArtifact(scope=handle(typename)).scope
    assert (scope.typename__, scope.id, scope.name) == (typename, "i", "n")
    assert scope.scope_type is ScopeType.ARTIFACT_COLLECTION


@pytest.mark.parametrize(
    "thing",
    [
        handle("Entity", entity_type="user"),
        handle("Entity"),
        handle("Run"),
        handle(),
        handle(org_entity=None),
        SimpleNamespace(typename__="Project"),
        "acme/llm",
    ],
)
def test_what_is_no_scope_is_refused(thing: object):
    with pytest.raises(ValidationError):
        OnLinkArtifact(scope=thing)


@pytest.mark.parametrize(
    "thing", [handle("ArtifactSequence"), handle("Project", "wandb-registry-m")]
)
def test_runs_cannot_be_watched_in_a_collection_or_registry(thing: object):
    with pytest.raises(ValidationError):
        OnRunState(scope=thing, filter=RunEvent.state == "failed")


def test_new_versions_cannot_be_watched_for_in_a_project():
    with pytest.raises(ValidationError):
        OnCreateArtifact(scope=handle("Project"))
