"""Artifact versions: read by id, name or collection; aliases, tags, links."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_wandb_automations.errors import InvalidInput, NotFound
from pytest_wandb_automations.graphql.collections import COLLECTION_FIELDS, tag_names
from pytest_wandb_automations.graphql.connections import Connection, Order, connect, order_by
from pytest_wandb_automations.graphql.filtering import apply_filters
from pytest_wandb_automations.graphql.json_text import json_object
from pytest_wandb_automations.graphql.projects import PROJECT_FIELDS
from pytest_wandb_automations.graphql.resolvers import Info, resolver
from pytest_wandb_automations.graphql.runs import project_to_write
from pytest_wandb_automations.world.artifacts import (
    Artifact,
    ArtifactAlias,
    ArtifactType,
    Tag,
    Version,
)
from pytest_wandb_automations.world.collections import Collection
from pytest_wandb_automations.world.ids import decode_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pytest_wandb_automations.graphql.context import Context
    from pytest_wandb_automations.world.accounts import Entity
    from pytest_wandb_automations.world.projects import Project

_VERSION_FIELDS: dict[str, Callable[[Version], object]] = {
    "id": lambda v: decode_id(v.artifact.id)[1],
    "artifact_id": lambda v: decode_id(v.artifact.id)[1],
    "alias": lambda v: v.aliases,
    "tag": lambda v: v.tags,
    "tags": lambda v: v.tags,
    "state": lambda v: v.artifact.state,
    "digest": lambda v: v.artifact.digest,
    "description": lambda v: v.artifact.description,
    "version": lambda v: v.version_index,
    "versionIndex": lambda v: v.version_index,
    "size": lambda v: v.artifact.size,
    "artifact_size": lambda v: v.artifact.size,
    "created_at": lambda v: v.artifact.created_at.isoformat(),
    "createdAt": lambda v: v.artifact.created_at.isoformat(),
    "updated_at": lambda v: (v.artifact.updated_at or v.artifact.created_at).isoformat(),
    "linked_at": lambda v: v.created_at.isoformat(),
    "metadata.*": lambda v: v.artifact.metadata,
}
_VERSION_ORDERS = {name: read for name, read in _VERSION_FIELDS.items() if name != "metadata.*"}


@resolver("Query.artifact")
def artifact(_source: None, info: Info, *, id_: str) -> Artifact | None:
    context: Context = info.context
    try:
        return context.node("Artifact", Artifact, id_, "id")
    except NotFound:
        return None


@resolver("Project.artifact")
def project_artifact(
    project: Project, _info: Info, *, name: str, **_tracking: bool | None
) -> Artifact | None:
    version = version_named(project, name)
    return version and version.artifact


@resolver("Project.artifactCollectionMembership")
def project_membership(project: Project, _info: Info, *, name: str) -> Version | None:
    return version_named(project, name)


def version_named(project: Project, name: str) -> Version | None:
    collection_name, _, alias = name.partition(":")
    collection = project.collections.get(collection_name)
    if collection is None:
        return None
    alias = alias or "latest"
    by_digest = (v for v in collection.versions if v.artifact.digest == alias)
    return collection.version(alias) or next(by_digest, None)


@resolver("ArtifactCollection.artifacts")
def collection_artifacts(
    collection: Collection,
    _info: Info,
    *,
    first: int | None = None,
    after: str | None = None,
    order: str | None = None,
    filters: str | None = None,
) -> Connection[Version]:
    # Newest first, as W&B lists versions.
    return _page(collection.versions, "-versionIndex", first, after, order, filters)


@resolver("VersionedArtifactEdge.version")
def edge_version(edge: Any, _info: Info) -> str:
    return f"v{edge.node.version_index}"


@resolver("VersionedArtifactEdge.node")
def edge_node(edge: Any, _info: Info) -> Artifact:
    return edge.node.artifact


@resolver("Entity.artifactMemberships")
def entity_memberships(
    entity: Entity,
    info: Info,
    *,
    project_filters: str | None = None,
    collection_filters: str | None = None,
    filters: str | None = None,
    first: int | None = None,
    after: str | None = None,
    order: str | None = None,
) -> Connection[Version]:
    context: Context = info.context
    projects = apply_filters(
        context.world.projects.of(entity), project_filters, PROJECT_FIELDS, "projectFilters"
    )
    collections = apply_filters(
        [c for p in projects for c in p.collections.values() if c.is_portfolio],
        collection_filters,
        COLLECTION_FIELDS,
        "collectionFilters",
    )
    found = [version for collection in collections for version in collection.versions]
    return _page(found, "created_at", first, after, order, filters)


def _page(
    found: Iterable[Version],
    default: str,
    first: int | None,
    after: str | None,
    order: str | None,
    filters: str | None,
) -> Connection[Version]:
    return connect(
        apply_filters(found, filters, _VERSION_FIELDS),
        key=lambda v: (v.created_at, v.id),
        order=order_by(order, _VERSION_ORDERS, default),
        first=first,
        after=after,
    )


@resolver("ArtifactCollectionMembership.aliases")
def version_aliases(version: Version, _info: Info) -> list[ArtifactAlias]:
    return list(version.alias_records.values())


@resolver("ArtifactCollectionMembership.artifactCollection")
def version_collection(version: Version, _info: Info) -> Collection:
    return version.collection


@resolver("Artifact.artifactSequence")
def artifact_sequence(artifact: Artifact, _info: Info) -> Collection:
    return artifact.collection


@resolver("Artifact.versionIndex")
def version_index(artifact: Artifact, _info: Info) -> int | None:
    return artifact.source.version_index if artifact.state == "COMMITTED" else None


@resolver("Artifact.artifactType")
def type_of_artifact(artifact: Artifact, _info: Info) -> ArtifactType:
    return artifact.collection.type


@resolver("Artifact.metadata")
def metadata(artifact: Artifact, _info: Info) -> str:
    return json.dumps(artifact.metadata)


@resolver("Artifact.labels")
def labels(_artifact: Artifact, _info: Info) -> str:
    return "{}"


@resolver("Artifact.tags")
def artifact_tags(artifact: Artifact, _info: Info) -> list[Tag]:
    return list(artifact.tag_records.values())


@resolver("Artifact.aliases")
def artifact_aliases(artifact: Artifact, _info: Info) -> list[ArtifactAlias]:
    return [a for version in artifact.versions.values() for a in version.alias_records.values()]


@resolver("Artifact.artifactMemberships")
def artifact_memberships(
    artifact: Artifact, _info: Info, *, first: int | None = None, after: str | None = None
) -> Connection[Version]:
    by_time: Order[Version] = Order(lambda v: v.created_at, descending=False)
    return connect(
        list(artifact.versions.values()),
        key=lambda v: (v.id,),
        order=by_time,
        first=first,
        after=after,
    )


@resolver("Mutation.addAliases")
def add_aliases(
    _source: None, info: Info, *, artifact_id: str, aliases: list[dict[str, Any]]
) -> Mapping[str, Any]:
    for version, names in _versions_of(info.context, artifact_id, aliases).items():
        version.add_alias(*names)
    return {"success": True}


@resolver("Mutation.deleteAliases")
def delete_aliases(
    _source: None, info: Info, *, artifact_id: str, aliases: list[dict[str, Any]]
) -> Mapping[str, Any]:
    for version, names in _versions_of(info.context, artifact_id, aliases).items():
        version.remove_alias(*names)
    return {"success": True}


def _versions_of(
    context: Context, artifact_id: str, aliases: list[dict[str, Any]]
) -> dict[Version, list[str]]:
    found = context.node("Artifact", Artifact, artifact_id, "artifactID")
    versions: dict[Version, list[str]] = {}
    for given in aliases:
        collection = context.the_collection(
            given["entity_name"], given["project_name"], given["artifact_collection_name"]
        )
        context.user.check_may_write(collection.project)
        version = found.versions.get(collection.id)
        if version is None:
            raise NotFound(f"artifactID: {found.source.path} is not in {collection.path}")
        versions.setdefault(version, []).append(given["alias"])
    return versions


@resolver("Mutation.updateArtifact")
def update_artifact(
    _source: None,
    info: Info,
    *,
    artifact_id: str,
    description: str | None = None,
    metadata: str | None = None,
    ttl_duration_seconds: int | None = None,
    tags_to_add: list[dict[str, Any]] | None = None,
    tags_to_delete: list[dict[str, Any]] | None = None,
    **_unused: Any,
) -> Mapping[str, Any]:
    context: Context = info.context
    found = context.node("Artifact", Artifact, artifact_id, "artifactID")
    context.user.check_may_write(found.collection.project)
    found.update(
        metadata=json_object(metadata, "metadata"),
        description=description,
        tags_to_add=tag_names(tags_to_add or []),
        tags_to_delete=tag_names(tags_to_delete or []),
    )
    # After what may be refused, so that a refused update changes nothing.
    if ttl_duration_seconds is not None:
        found.set_ttl(ttl_duration_seconds)
    return {"artifact": found}


_MODEL_REGISTRY = "model-registry"
"""Project to which `run.link_model` links, in the run's team. No call of the SDK makes it, and its
documentation asks nobody to; so it is there, chosen by the kit, as soon as a link needs it."""


@resolver("Mutation.linkArtifact")
def link_artifact(
    _source: None,
    info: Info,
    *,
    artifact_id: str | None = None,
    client_id: str | None = None,
    artifact_portfolio_id: str | None = None,
    artifact_portfolio_name: str | None = None,
    entity_name: str | None = None,
    project_name: str | None = None,
    aliases: list[dict[str, Any]] | None = None,
) -> Mapping[str, Any]:
    context: Context = info.context
    found = _artifact_to_link(context, artifact_id, client_id)
    if artifact_portfolio_id is not None:
        collection = context.node(
            "ArtifactCollection", Collection, artifact_portfolio_id, "artifactPortfolioID"
        )
        context.user.check_may_write(collection.project)
    elif artifact_portfolio_name is not None:
        if project_name == _MODEL_REGISTRY:
            project = project_to_write(context, entity_name, project_name)
        else:
            project = context.the_project(entity_name, project_name)
            context.user.check_may_write(project)
        collection = project.collections.get(artifact_portfolio_name) or project.add_collection(
            artifact_portfolio_name, type=found.source.collection.type.name, portfolio=True
        )
    else:
        raise InvalidInput(
            "linkArtifact.input: needs an artifactPortfolioID or an artifactPortfolioName"
        )
    version = collection.add_link(found, aliases=[a["alias"] for a in aliases or ()])
    return {"version_index": version.version_index, "artifact_membership": version}


def _artifact_to_link(context: Context, artifact_id: str | None, client_id: str | None) -> Artifact:
    if artifact_id is not None:
        return context.node("Artifact", Artifact, artifact_id, "artifactID")
    if client_id is None:
        raise InvalidInput("linkArtifact.input: needs an artifactID or a clientID")
    found = context.world.uploads.artifact_named(client_id)
    if found is None or not context.sees(found):
        raise NotFound(f"clientID: no artifact {client_id!r}")
    return found


@resolver("Mutation.deleteArtifact")
def delete_artifact(
    _source: None, info: Info, *, artifact_id: str, delete_aliases: bool | None = False
) -> Mapping[str, Any]:
    context: Context = info.context
    found = context.node("Artifact", Artifact, artifact_id, "artifactID")
    context.user.check_may_write(found.collection.project)
    names = [alias for version in found.versions.values() for alias in version.aliases]
    if names and not delete_aliases:
        raise InvalidInput(
            f"artifactID: {found.source.path} has the aliases {', '.join(names)}; "
            "remove them, or let them be deleted with it (deleteAliases)"
        )
    found.delete()
    return {"artifact": found}


@resolver("Mutation.unlinkArtifact")
def unlink_artifact(
    _source: None, info: Info, *, artifact_id: str, artifact_portfolio_id: str
) -> Mapping[str, Any]:
    context: Context = info.context
    found = context.node("Artifact", Artifact, artifact_id, "artifactID")
    collection = context.node(
        "ArtifactCollection", Collection, artifact_portfolio_id, "artifactPortfolioID"
    )
    context.user.check_may_write(collection.project)
    collection.remove_link(found)
    return {"artifact_id": found.id, "success": True}
