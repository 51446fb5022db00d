"""What SDKs ask that are older than the newest one, and what that one no longer asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_wandb_automations.graphql.artifacts import version_named
from pytest_wandb_automations.graphql.collections import type_collection
from pytest_wandb_automations.graphql.resolvers import Info, resolver

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_wandb_automations.graphql.context import Context
    from pytest_wandb_automations.world.artifacts import Artifact, ArtifactType, Tag
    from pytest_wandb_automations.world.collections import Collection


@resolver("ArtifactType.artifactSequence")
def type_sequence(type_: ArtifactType, info: Info, *, name: str) -> Collection | None:
    found = type_collection(type_, info, name=name)
    return None if found is None or found.is_portfolio else found


@resolver("ArtifactType.artifact")
def type_artifact(type_: ArtifactType, _info: Info, *, name: str) -> Artifact | None:
    version = version_named(type_.project, name)
    return version.artifact if version is not None and version.collection.type is type_ else None


@resolver("Tag.tagCategoryName")
def tag_category_name(_tag: Tag, _info: Info) -> None:
    return None


@resolver("Mutation.createArtifactType")
def create_artifact_type(
    _source: None,
    info: Info,
    *,
    entity_name: str,
    project_name: str,
    name: str,
    description: str | None = None,
) -> Mapping[str, Any]:
    context: Context = info.context
    project = context.the_project(entity_name, project_name)
    context.user.check_may_write(project)
    found = project.artifact_type(name)
    found.description = description or found.description
    return {"artifact_type": found}
