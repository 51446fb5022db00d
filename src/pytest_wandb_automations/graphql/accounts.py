"""Accounts: the viewer, users, teams, organizations, members and API keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_wandb_automations.errors import Conflict, Forbidden, InvalidInput, NotFound
from pytest_wandb_automations.graphql.connections import Connection, connect
from pytest_wandb_automations.graphql.resolvers import Info, resolver
from pytest_wandb_automations.world.accounts import ApiKey, Entity, Member, Organization, User

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_wandb_automations.graphql.context import Context


@resolver("Query.viewer")
def viewer(_source: None, info: Info) -> User:
    return info.context.user


@resolver("Query.entity")
def entity(_source: None, info: Info, *, name: str | None = None) -> Entity | None:
    context: Context = info.context
    return context.asked_entity(name)


@resolver("Query.organization")
def organization(_source: None, info: Info, *, name: str) -> Organization | None:
    context: Context = info.context
    found = context.world.directory.organizations.get(name)
    return found if found is not None and context.sees(found.org_entity) else None


@resolver("Query.users")
def users(_source: None, info: Info, *, query: str | None = None) -> Connection[User]:
    context: Context = info.context
    found = [
        user
        for user in context.world.directory.users.values()
        if query is None or user.username.startswith(query) or user.email.startswith(query)
    ]
    # The SDK's `Api.user` takes the first one, so whoever is called exactly that comes first.
    return connect(found, key=lambda u: (query not in (u.username, u.email), u.created_at, u.id))


@resolver("User.flags")
def user_flags(_user: User, _info: Info) -> str:
    return "{}"


@resolver("User.photoUrl", "Entity.photoUrl")
def photo_url(_owner: User | Entity, _info: Info) -> str | None:
    return None


@resolver("User.apiKeys")
def user_api_keys(user: User, _info: Info) -> Connection[ApiKey]:
    return connect(list(user.api_keys.values()), key=lambda k: (k.id,))


@resolver("User.teams")
def user_teams(
    user: User, info: Info, *, first: int | None = None, after: str | None = None
) -> Connection[Entity]:
    context: Context = info.context
    teams = context.visible(user.teams)
    return connect(teams, key=lambda t: (t.created_at, t.id), first=first, after=after)


@resolver("User.organizations")
def user_organizations(user: User, info: Info) -> list[Organization]:
    context: Context = info.context
    return [found for found in user.organizations if context.sees(found.org_entity)]


@resolver("Entity.user")
def entity_user(entity: Entity, _info: Info) -> User | None:
    return entity.owner


@resolver("Entity.isTeam")
def is_team(entity: Entity, _info: Info) -> bool:
    return entity.kind == "team"


@resolver(
    "Entity.available",
    "Entity.isPaid",
    "Entity.codeSavingEnabled",
    "Entity.xxhashDigestsEnabled",
)
def always_true(_entity: Entity, _info: Info) -> bool:
    return True


@resolver("Entity.readOnly", "Entity.readOnlyAdmin", "Entity.privateOnly")
def always_false(_entity: Entity, _info: Info) -> bool:
    return False


@resolver("Entity.storageBytes")
def storage_bytes(_entity: Entity, _info: Info) -> int:
    return 0


@resolver("Entity.defaultAccess")
def default_access(_entity: Entity, _info: Info) -> str:
    return "PRIVATE"


@resolver("Entity.limits")
def limits(_entity: Entity, _info: Info) -> str:
    return "{}"


@resolver("Entity.members")
def members(entity: Entity, info: Info) -> list[dict[str, Any]]:
    context: Context = info.context
    shows_keys = context.user.admin or _is_admin(context.user, entity)
    return [_member(m, shows_keys=shows_keys) for m in entity.members.values()]


def _is_admin(user: User, entity: Entity) -> bool:
    member = entity.members.get(user.username)
    return member is not None and member.role == "admin"


def _member(member: Member, *, shows_keys: bool) -> dict[str, Any]:
    user = member.user
    # W&B tells a team's admins the keys of its service accounts; people's keys it never shows.
    shows_key = shows_keys and user.account_type == "SERVICE"
    return {
        "id": user.id,
        "name": user.name,
        "username": user.username,
        "email": user.email,
        "role": member.role,
        "admin": member.role == "admin",
        "pending": member.pending,
        "photo_url": None,
        "account_type": user.account_type,
        "api_key": user.api_key if shows_key else None,
    }


@resolver("Organization.coreWeaveOrganizationId")
def core_weave_organization_id(_organization: Organization, _info: Info) -> None:
    return None


@resolver("Organization.advancedRegistryFeatures")
def advanced_registry_features(_organization: Organization, _info: Info) -> dict[str, bool]:
    return {"advanced_search": False}


@resolver("Organization.featureFlags")
def feature_flags(
    organization: Organization, _info: Info, *, ramp_id_type: str
) -> list[dict[str, Any]]:
    del ramp_id_type
    return [
        {"ramp_key": key, "is_enabled": enabled}
        for key, enabled in organization.feature_flags.items()
    ]


@resolver("Mutation.createTeam")
def create_team(
    _source: None, info: Info, *, team_name: str, team_admin_user_name: str | None = None
) -> Mapping[str, Any]:
    context: Context = info.context
    directory = context.world.directory
    organizations = context.user.organizations
    if not organizations:
        raise InvalidInput(
            f"teamName: user {context.user.username!r} belongs to no organization, "
            "and a team belongs to one"
        )
    admin = directory.user(team_admin_user_name or context.user)
    team = directory.add_team(team_name, organizations[0])
    team.add_member(admin, role="admin")
    return {"entity": team}


@resolver("Mutation.createInvite")
def create_invite(
    _source: None,
    info: Info,
    *,
    entity_name: str,
    email: str | None = None,
    username: str | None = None,
    admin: bool | None = None,
) -> Mapping[str, Any]:
    context: Context = info.context
    team = context.the_entity(entity_name, "entityName")
    context.user.check_may_administer(team)
    found = [
        user
        for user in context.world.directory.users.values()
        if user.username == username or user.email == email
    ]
    if not found:
        raise NotFound(f"no user {username or email!r} to invite to {team.name!r}")
    if found[0].username in team.members:
        raise Conflict(f"user {found[0].username!r} is a member of {team.name!r} already")
    # Invitations are accepted at once: offline there is nobody who would click.
    team.add_member(found[0], role="admin" if admin else "member")
    return {
        "invite": {
            "id": found[0].id,
            "name": found[0].name,
            "email": found[0].email,
            "created_at": context.world.clock.stamp(),
            "to_user": found[0],
        }
    }


@resolver("Mutation.deleteInvite")
def delete_invite(
    _source: None, info: Info, *, id_: str | None = None, entity_name: str | None = None
) -> Mapping[str, Any]:
    context: Context = info.context
    team = context.the_entity(entity_name, "entityName")
    context.user.check_may_administer(team)
    user = context.world.find("User", id_ or "")
    assert isinstance(user, User)
    team.remove_member(user)
    return {"success": True}


@resolver("Mutation.createServiceAccount")
def create_service_account(
    _source: None, info: Info, *, entity_name: str, description: str
) -> Mapping[str, Any]:
    context: Context = info.context
    team = context.the_entity(entity_name, "entityName")
    context.user.check_may_administer(team)
    directory = context.world.directory
    number = sum(user.account_type == "SERVICE" for user in directory.users.values()) + 1
    account = directory.add_user(f"service-{team.name}-{number}")
    account.account_type = "SERVICE"
    account.name = description
    team.add_member(account)
    return {"user": account}


@resolver("Mutation.createUser")
def create_user(
    _source: None, info: Info, *, email: str, admin: bool | None = None
) -> Mapping[str, Any]:
    context: Context = info.context
    if not context.user.admin:
        raise Forbidden(f"user {context.user.username!r} is no admin of this server")
    username = email.partition("@")[0]
    user = context.world.directory.add_user(username, email=email, admin=bool(admin))
    return {"user": user}


@resolver("Mutation.generateApiKey")
def generate_api_key(
    _source: None, info: Info, *, description: str | None = None
) -> Mapping[str, Any]:
    context: Context = info.context
    secret = context.world.ids.api_key()
    key = context.world.directory.add_api_key(context.user, secret, description or "")
    # The only time that the whole key is told is when it is made.
    return {"api_key": {"id": key.id, "name": secret, "description": key.description}}


@resolver("Mutation.deleteApiKey")
def delete_api_key(_source: None, info: Info, *, id_: str) -> Mapping[str, Any]:
    context: Context = info.context
    key = context.world.find("ApiKey", id_)
    assert isinstance(key, ApiKey)
    if key.secret not in context.user.api_keys:
        raise NotFound(f"id: user {context.user.username!r} has no API key {id_!r}")
    context.world.directory.delete_api_key(key)
    return {"success": True}
