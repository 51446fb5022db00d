"""Automations: created, edited, deleted, and listed by what they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_wandb_automations.graphql.connections import Connection, connect, order_by
from pytest_wandb_automations.graphql.filtering import apply_filters
from pytest_wandb_automations.graphql.resolvers import Info, resolver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pytest_wandb_automations.graphql.context import Context
    from pytest_wandb_automations.world.accounts import Entity, Organization, User
    from pytest_wandb_automations.world.automations import Trigger
    from pytest_wandb_automations.world.collections import Collection
    from pytest_wandb_automations.world.projects import Project

_FIELDS: dict[str, Callable[[Trigger], object]] = {
    "id": lambda t: t.id,
    "name": lambda t: t.name,
    "description": lambda t: t.description,
    "enabled": lambda t: t.enabled,
    "created_at": lambda t: t.created_at.isoformat(),
    "updated_at": lambda t: (t.updated_at or t.created_at).isoformat(),
}


@resolver("Mutation.createFilterTrigger")
def create_filter_trigger(_source: None, info: Info, **values: Any) -> Mapping[str, Any]:
    context: Context = info.context
    automations = context.world.automations
    return {"trigger": automations.create(values, context.user, legacy=context.legacy)}


@resolver("Mutation.updateFilterTrigger")
def update_filter_trigger(_source: None, info: Info, *, id_: str, **values: Any) -> Any:
    context: Context = info.context
    return {"trigger": context.world.automations.update(id_, values, context.user)}


@resolver("Mutation.deleteTrigger")
def delete_trigger(_source: None, info: Info, *, trigger_id: str) -> Mapping[str, Any]:
    context: Context = info.context
    context.world.automations.delete(trigger_id, context.user)
    return {"success": True}


@resolver("Query.triggers")
def triggers(_source: None, info: Info, **page: Any) -> Connection[Trigger]:
    return page_of_triggers(_of_viewer(info.context), **page)


@resolver("User.triggers")
def user_triggers(user: User, info: Info, **page: Any) -> Connection[Trigger]:
    created = [t for t in _of_viewer(info.context) if t.created_by is user]
    return page_of_triggers(created, **page)


@resolver("Entity.triggers")
def entity_triggers(entity: Entity, info: Info, **page: Any) -> Connection[Trigger]:
    return page_of_triggers(triggers_of_entity(info.context, entity), **page)


@resolver("Organization.triggers")
def organization_triggers(
    organization: Organization, info: Info, **page: Any
) -> Connection[Trigger]:
    context: Context = info.context
    found = triggers_of_entity(context, organization.org_entity)
    for team in context.visible(organization.teams):
        found += triggers_of_entity(context, team)
    return page_of_triggers(found, **page)


@resolver("ArtifactCollection.triggers")
def collection_triggers(collection: Collection, info: Info, **page: Any) -> Connection[Trigger]:
    context: Context = info.context
    return page_of_triggers(context.world.automations.in_scope(collection), **page)


@resolver("Project.triggers")
def project_triggers(project: Project, info: Info) -> list[Trigger]:
    context: Context = info.context
    return triggers_of_project(context, project)


def triggers_of_project(context: Context, project: Project) -> list[Trigger]:
    """Return the automations of a project and its collections, not those of its entity.

    W&B's system tests say so of `Project.triggers`.
    """
    automations = context.world.automations
    found = automations.in_scope(project)
    for collection in project.collections.values():
        found += automations.in_scope(collection)
    return found


def triggers_of_entity(context: Context, entity: Entity) -> list[Trigger]:
    """Return the automations of an entity and of its projects."""
    found = context.world.automations.in_scope(entity)
    for project in context.world.projects.of(entity):
        found += triggers_of_project(context, project)
    return found


def page_of_triggers(
    found: Iterable[Trigger],
    *,
    first: int | None = None,
    after: str | None = None,
    order: str | None = None,
    filters: str | None = None,
) -> Connection[Trigger]:
    """Cut one page out of automations, oldest first unless `order` says otherwise."""
    return connect(
        apply_filters(found, filters, _FIELDS),
        key=lambda t: (t.created_at, t.id),
        order=order_by(order, _FIELDS),
        first=first,
        after=after,
    )


def _of_viewer(context: Context) -> list[Trigger]:
    found: list[Trigger] = []
    for entity in context.visible(context.world.directory.entities.values()):
        found += triggers_of_entity(context, entity)
    return found
