"""Projects and registries, their members and roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_wandb_automations.errors import InvalidInput, NotFound
from pytest_wandb_automations.graphql.automations import triggers_of_project
from pytest_wandb_automations.graphql.connections import Connection, connect, order_by
from pytest_wandb_automations.graphql.filtering import apply_filters
from pytest_wandb_automations.graphql.resolvers import Info, resolver
from pytest_wandb_automations.world.accounts import Entity, User
from pytest_wandb_automations.world.ids import decode_id
from pytest_wandb_automations.world.projects import Project, ProjectMember

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pytest_wandb_automations.graphql.context import Context

_REGISTRY_ROLES = ("admin", "member", "viewer", "restricted_viewer", "owner")

PROJECT_FIELDS: dict[str, Callable[[Project], object]] = {
    # Registry filters name projects by the number in their internal id.
    "id": lambda p: decode_id(p.internal_id)[1],
    "name": lambda p: p.name,
    "entity_id": lambda p: decode_id(p.entity.id)[1],
    "description": lambda p: p.description,
    "created_at": lambda p: p.created_at.isoformat(),
    "updated_at": lambda p: (p.updated_at or p.created_at).isoformat(),
}


@resolver("Query.project", "Query.model")
def project(
    _source: None, info: Info, *, name: str | None = None, entity_name: str | None = None
) -> Project | None:
    context: Context = info.context
    return context.asked_project(entity_name, name)


@resolver("Query.models")
def models(
    _source: None, info: Info, *, entity_name: str | None = None, **page: Any
) -> Connection[Project] | None:
    context: Context = info.context
    found = context.asked_entity(entity_name)
    return None if found is None else _page(context, context.world.projects.of(found), **page)


@resolver("User.projects")
def user_projects(user: User, info: Info, **page: Any) -> Connection[Project]:
    context: Context = info.context
    entities = {user.personal_entity.id, *(team.id for team in user.teams)}
    entities |= {organization.org_entity.id for organization in user.organizations}
    found = context.visible(p for p in context.world.projects if p.entity.id in entities)
    return _page(context, found, **page)


@resolver("Entity.projects")
def entity_projects(entity: Entity, info: Info, **page: Any) -> Connection[Project]:
    context: Context = info.context
    return _page(context, context.world.projects.of(entity), **page)


@resolver("Entity.project")
def entity_project(entity: Entity, info: Info, *, name: str | None = None) -> Project | None:
    context: Context = info.context
    return context.asked_project(entity.name, name)


def _page(
    context: Context,
    found: Iterable[Project],
    *,
    first: int | None = None,
    after: str | None = None,
    order: str | None = None,
    filters: str | None = None,
) -> Connection[Project]:
    # The SDK walks projects for automations and stops at the first page that holds none, so those
    # that hold some come first.
    return connect(
        apply_filters(found, filters, PROJECT_FIELDS),
        key=lambda p: (not triggers_of_project(context, p), p.created_at, p.id),
        order=order_by(order, PROJECT_FIELDS),
        first=first,
        after=after,
    )


@resolver("Project.readOnly")
def read_only(project: Project, info: Info) -> bool:
    context: Context = info.context
    member = project.entity.members.get(context.user.username)
    return not context.user.admin and (member is None or member.role == "viewer")


@resolver("Project.allowAllArtifactTypesInRegistry")
def allow_all_artifact_types(project: Project, _info: Info) -> bool:
    return project.allow_all_artifact_types


@resolver("Project.members")
def project_members(project: Project, _info: Info) -> list[dict[str, Any]]:
    return [
        {
            "id": member.subject.id,
            "name": member.subject.name,
            "username": member.subject.username,
            "email": member.subject.email,
            "role": {"name": member.role},
        }
        for member in project.members.values()
        if isinstance(member.subject, User)
    ]


@resolver("Project.teamMembers")
def project_team_members(project: Project, _info: Info) -> list[dict[str, Any]]:
    return [
        {"team": member.subject, "role": {"name": member.role}}
        for member in project.members.values()
        if isinstance(member.subject, Entity)
    ]


@resolver("Mutation.upsertModel")
def upsert_model(
    _source: None,
    info: Info,
    *,
    id_: str | None = None,
    name: str | None = None,
    entity_name: str | None = None,
    description: str | None = None,
    access: str | None = None,
    views: str | None = None,
    is_benchmark: bool | None = None,
    artifact_types: list[dict[str, Any]] | None = None,
    allow_all_artifact_types_in_registry: bool | None = None,
    **_unused: Any,
) -> Mapping[str, Any]:
    context: Context = info.context
    if id_ is None and name is None:
        raise InvalidInput("upsertModel.input: needs an id or a name")
    if id_ is not None:
        found = context.node("Project", Project, id_, "id")
        entity = found.entity
    else:
        entity = context.the_entity(entity_name, "entityName")
        found = context.project(entity.name, name)
    context.user.check_may_write(entity)
    inserted = found is None
    if found is None:
        found = context.world.projects.add(entity, name or "", user=context.user)
    changes = {
        "description": description,
        "access": access,
        "views": views,
        "is_benchmark": is_benchmark,
        "allow_all_artifact_types": allow_all_artifact_types_in_registry,
    }
    for attribute, value in changes.items():
        if value is not None:
            setattr(found, attribute, value)
    for type_ in artifact_types or ():
        found.artifact_type(type_["name"]).description = type_.get("description")
    if not inserted:
        found.updated_at = context.world.clock.stamp()
    return {"project": found, "model": found, "inserted": inserted}


@resolver("Mutation.renameProject")
def rename_project(
    _source: None,
    info: Info,
    *,
    entity_name: str,
    old_project_name: str,
    new_project_name: str,
) -> Mapping[str, Any]:
    context: Context = info.context
    found = context.the_project(entity_name, old_project_name)
    context.user.check_may_write(found)
    context.world.projects.rename(found, new_project_name)
    return {"project": found, "inserted": False}


@resolver("Mutation.deleteModel")
def delete_model(_source: None, info: Info, *, id_: str) -> Mapping[str, Any]:
    context: Context = info.context
    found = context.node("Project", Project, id_, "id")
    context.user.check_may_write(found)
    context.world.projects.delete(found)
    return {"success": True}


@resolver("Mutation.createProjectMembers")
def create_project_members(
    _source: None,
    info: Info,
    *,
    project_id: str,
    user_ids: list[str] | None = None,
    team_ids: list[str] | None = None,
) -> Mapping[str, Any]:
    found = _administered(info.context, project_id)
    for subject in _subjects(info.context, user_ids, team_ids):
        found.members.setdefault(subject.id, ProjectMember(subject, "member"))
    return {"success": True}


@resolver("Mutation.deleteProjectMembers")
def delete_project_members(
    _source: None,
    info: Info,
    *,
    project_id: str,
    user_ids: list[str] | None = None,
    team_ids: list[str] | None = None,
) -> Mapping[str, Any]:
    found = _administered(info.context, project_id)
    for subject in _subjects(info.context, user_ids, team_ids):
        found.members.pop(subject.id, None)
    return {"success": True}


@resolver("Mutation.updateProjectMember")
def update_project_member(
    _source: None, info: Info, *, project_id: str, user_id: str, user_project_role: str
) -> Mapping[str, Any]:
    return _set_role(info.context, project_id, user_id, user_project_role, field="userId")


@resolver("Mutation.updateProjectTeamMember")
def update_project_team_member(
    _source: None, info: Info, *, project_id: str, team_id: str, team_project_role: str
) -> Mapping[str, Any]:
    return _set_role(info.context, project_id, team_id, team_project_role, field="teamId")


def _set_role(
    context: Context, project_id: str, subject_id: str, role: str, *, field: str
) -> Mapping[str, Any]:
    found = _administered(context, project_id)
    if role not in _REGISTRY_ROLES:
        raise InvalidInput(f"unknown role {role!r}; known are {', '.join(_REGISTRY_ROLES)}")
    if subject_id not in found.members:
        raise NotFound(f"{field}: {subject_id!r} is no member of {found.path}")
    found.members[subject_id].role = role
    return {"success": True}


def _administered(context: Context, project_id: str) -> Project:
    found = context.node("Project", Project, project_id, "projectId")
    context.user.check_may_administer(found.entity)
    return found


def _subjects(
    context: Context, user_ids: list[str] | None, team_ids: list[str] | None
) -> list[User | Entity]:
    found: list[User | Entity] = []
    for id_ in user_ids or ():
        user = context.world.find("User", id_, field="userIds")
        assert isinstance(user, User)
        found.append(user)
    found += [context.node("Entity", Entity, id_, "teamIds") for id_ in team_ids or ()]
    return found
