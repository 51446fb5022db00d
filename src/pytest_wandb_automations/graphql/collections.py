"""Artifact types and collections, their tags and aliases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_wandb_automations.errors import InvalidInput, NotFound
from pytest_wandb_automations.graphql.connections import Connection, connect, order_by
from pytest_wandb_automations.graphql.filtering import apply_filters
from pytest_wandb_automations.graphql.projects import PROJECT_FIELDS
from pytest_wandb_automations.graphql.resolvers import Info, resolver
from pytest_wandb_automations.world.collections import Collection
from pytest_wandb_automations.world.ids import decode_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pytest_wandb_automations.graphql.context import Context
    from pytest_wandb_automations.world.accounts import Entity
    from pytest_wandb_automations.world.artifacts import ArtifactAlias, ArtifactType, Tag, Version
    from pytest_wandb_automations.world.projects import Project

COLLECTION_FIELDS: dict[str, Callable[[Collection], object]] = {
    "id": lambda c: decode_id(c.id)[1],
    "artifact_collection_id": lambda c: decode_id(c.id)[1],
    "name": lambda c: c.name,
    "tag": lambda c: c.tags,
    "description": lambda c: c.description,
    "state": lambda c: c.state,
    "created_at": lambda c: c.created_at.isoformat(),
    "updated_at": lambda c: (c.updated_at or c.created_at).isoformat(),
}
_ORDERS: dict[str, Callable[[Collection], object]] = {
    **{name: COLLECTION_FIELDS[name] for name in ("id", "name", "created_at", "updated_at")},
    "createdAt": COLLECTION_FIELDS["created_at"],
    "updatedAt": COLLECTION_FIELDS["updated_at"],
}


@resolver("Query.artifactCollection")
def artifact_collection(_source: None, info: Info, *, id_: str) -> Collection | None:
    context: Context = info.context
    try:
        return context.node("ArtifactCollection", Collection, id_, "id")
    except NotFound:
        return None


@resolver("Project.artifactType")
def artifact_type(project: Project, _info: Info, *, name: str) -> ArtifactType | None:
    return project.artifact_types.get(name)


@resolver("Project.artifactTypes")
def artifact_types(
    project: Project,
    _info: Info,
    *,
    first: int | None = None,
    after: str | None = None,
    include_all: bool | None = False,
) -> Connection[ArtifactType]:
    in_use = {collection.type.name for collection in project.collections.values()}
    found = [t for t in project.artifact_types.values() if include_all or t.name in in_use]
    return connect(found, key=lambda t: (t.created_at, t.id), first=first, after=after)


@resolver("Project.artifactCollection")
def project_collection(project: Project, _info: Info, *, name: str) -> Collection | None:
    return project.collections.get(name)


@resolver("Project.artifactCollections")
def project_collections(project: Project, _info: Info, **page: Any) -> Connection[Collection]:
    return _page(project.collections.values(), **page)


@resolver("ArtifactType.artifactCollection")
def type_collection(type_: ArtifactType, _info: Info, *, name: str) -> Collection | None:
    found = type_.project.collections.get(name)
    return found if found is not None and found.type is type_ else None


@resolver("ArtifactType.artifactCollections")
def type_collections(type_: ArtifactType, _info: Info, **page: Any) -> Connection[Collection]:
    found = [c for c in type_.project.collections.values() if c.type is type_]
    return _page(found, **page)


@resolver("Entity.artifactCollections")
def entity_collections(
    entity: Entity,
    info: Info,
    *,
    project_filters: str | None = None,
    collection_types: list[str] | None = None,
    **page: Any,
) -> Connection[Collection]:
    context: Context = info.context
    projects = apply_filters(
        context.world.projects.of(entity), project_filters, PROJECT_FIELDS, "projectFilters"
    )
    found = [
        collection
        for project in projects
        for collection in project.collections.values()
        if collection_types is None or _kind(collection) in collection_types
    ]
    return _page(found, **page)


def _kind(collection: Collection) -> str:
    return "PORTFOLIO" if collection.is_portfolio else "SEQUENCE"


def _page(
    found: Iterable[Collection],
    *,
    first: int | None = None,
    after: str | None = None,
    order: str | None = None,
    filters: str | None = None,
) -> Connection[Collection]:
    return connect(
        apply_filters(found, filters, COLLECTION_FIELDS),
        key=lambda c: (c.created_at, c.id),
        # The SDK documents newest first as the order of `artifact_collections()`.
        order=order_by(order, _ORDERS, "-id"),
        first=first,
        after=after,
    )


@resolver("ArtifactCollection.defaultArtifactType")
def default_artifact_type(collection: Collection, _info: Info) -> ArtifactType:
    return collection.type


@resolver("ArtifactCollection.tags")
def collection_tags(
    collection: Collection, _info: Info, *, first: int | None = None, after: str | None = None
) -> Connection[Tag]:
    tags = list(collection.tag_records.values())
    return connect(tags, key=lambda t: (decode_id(t.id)[1],), first=first, after=after)


@resolver("ArtifactCollection.aliases")
def collection_aliases(
    collection: Collection, _info: Info, *, first: int | None = None, after: str | None = None
) -> Connection[ArtifactAlias]:
    found = [alias for v in collection.versions for alias in v.alias_records.values()]
    return connect(found, key=lambda a: (decode_id(a.id)[1],), first=first, after=after)


@resolver("ArtifactCollection.artifactMembership")
def collection_membership(
    collection: Collection, _info: Info, *, alias_name: str
) -> Version | None:
    return collection.version(alias_name)


@resolver("ArtifactSequence.latestArtifact")
def latest_artifact(collection: Collection, _info: Info) -> Any:
    return collection.latest and collection.latest.artifact


@resolver("ArtifactSequence.digestAlgorithm")
def digest_algorithm(collection: Collection, _info: Info) -> str | None:
    return collection.latest and collection.latest.artifact.digest_algorithm


@resolver("Mutation.updateArtifactSequence")
def update_sequence(
    _source: None, info: Info, *, artifact_sequence_id: str, **changes: Any
) -> Mapping[str, Any]:
    return _update(info.context, artifact_sequence_id, "artifactSequenceID", **changes)


@resolver("Mutation.updateArtifactPortfolio")
def update_portfolio(
    _source: None, info: Info, *, artifact_portfolio_id: str, **changes: Any
) -> Mapping[str, Any]:
    return _update(info.context, artifact_portfolio_id, "artifactPortfolioID", **changes)


def _update(
    context: Context,
    id_: str,
    field: str,
    *,
    name: str | None = None,
    description: str | None = None,
) -> Mapping[str, Any]:
    collection = _writable(context, id_, field)
    if name is not None and name != collection.name:
        collection.project.rename_collection(collection, name)
    if description is not None:
        collection.description = description
    collection.updated_at = context.world.clock.stamp()
    return {"artifact_collection": collection}


@resolver("Mutation.moveArtifactSequence")
def move_sequence(
    _source: None,
    info: Info,
    *,
    artifact_sequence_id: str,
    destination_artifact_type_name: str,
) -> Mapping[str, Any]:
    collection = _writable(info.context, artifact_sequence_id, "artifactSequenceID")
    collection.type = collection.project.artifact_type(destination_artifact_type_name)
    return {"artifact_collection": collection}


@resolver("Mutation.deleteArtifactSequence")
def delete_sequence(_source: None, info: Info, *, artifact_sequence_id: str) -> Mapping[str, Any]:
    return _delete(info.context, artifact_sequence_id, "artifactSequenceID")


@resolver("Mutation.deleteArtifactPortfolio")
def delete_portfolio(_source: None, info: Info, *, artifact_portfolio_id: str) -> Mapping[str, Any]:
    return _delete(info.context, artifact_portfolio_id, "artifactPortfolioID")


def _delete(context: Context, id_: str, field: str) -> Mapping[str, Any]:
    collection = _writable(context, id_, field)
    collection.project.delete_collection(collection)
    return {"artifact_collection": collection}


@resolver("Mutation.createArtifactCollectionTagAssignments")
def add_tags(
    _source: None,
    info: Info,
    *,
    entity_name: str,
    project_name: str,
    artifact_collection_name: str,
    tags: list[dict[str, Any]],
) -> Mapping[str, Any]:
    context: Context = info.context
    collection = context.the_collection(entity_name, project_name, artifact_collection_name)
    context.user.check_may_write(collection.project)
    names = tag_names(tags)
    collection.add_tag(*names)
    return {"tags": [collection.tag_records[name] for name in names]}


@resolver("Mutation.deleteArtifactCollectionTagAssignments")
def delete_tags(
    _source: None,
    info: Info,
    *,
    entity_name: str,
    project_name: str,
    artifact_collection_name: str,
    tags: list[dict[str, Any]],
) -> Mapping[str, Any]:
    context: Context = info.context
    collection = context.the_collection(entity_name, project_name, artifact_collection_name)
    context.user.check_may_write(collection.project)
    collection.remove_tag(*tag_names(tags))
    return {"success": True}


def tag_names(tags: list[dict[str, Any]]) -> list[str]:
    """Return the names of a mutation's tags; W&B takes 20 at a time."""
    if len(tags) > 20:
        raise InvalidInput(f"tags: at most 20 at a time, got {len(tags)}")
    return [tag["tag_name"] for tag in tags]


def _writable(context: Context, id_: str, field: str) -> Collection:
    collection = context.node("ArtifactCollection", Collection, id_, field)
    context.user.check_may_write(collection.project)
    return collection
