"""Who there is: users with API keys, teams, organizations, and who belongs to what in which role.

An entity owns projects. W&B has three kinds: a user's personal entity, a team, and the entity of an
organization, which owns its registries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pytest_wandb_automations.errors import Forbidden, InvalidInput, NotFound

if TYPE_CHECKING:
    from datetime import datetime

    from pytest_wandb_automations.world.projects import Project
    from pytest_wandb_automations.world.world import World

__all__ = ["ApiKey", "Entity", "EntityKind", "Member", "Organization", "User"]

EntityKind = Literal["user", "team", "organization"]
ROLES = ("admin", "member", "viewer")


class ApiKey:
    """A key that a user signs requests with; it shows no more than its first characters."""

    typename__ = "ApiKey"

    def __init__(self, world: World, secret: str, description: str) -> None:
        self.id = world.register("ApiKey", self)
        self.secret = secret
        self.name = f"{secret[:4]}…"
        self.description = description
        self.created_at = world.clock.stamp()

    def __repr__(self) -> str:
        return f"<ApiKey {self.secret[:4]}…>"


class _KeysBySecret(dict[str, ApiKey]):
    def __repr__(self) -> str:
        return repr(list(self.values()))


class User:
    """A person or service account; `entity` is the default entity of their requests."""

    typename__ = "User"

    def __init__(
        self, world: World, username: str, personal_entity: Entity, *, email: str, admin: bool
    ) -> None:
        self._world = world
        self.id = world.register("User", self)
        self.username = username
        self.name = username
        self.email = email
        self.admin = admin
        self.api_keys: dict[str, ApiKey] = _KeysBySecret()
        self.personal_entity = personal_entity
        self.default_entity = personal_entity
        self.account_type = "MEMBER"
        self.created_at = world.clock.stamp()
        self.deleted_at: datetime | None = None

    def __repr__(self) -> str:
        return f"<User {self.username}>"

    @property
    def api_key(self) -> str:
        """The first of the user's API keys."""
        if not self.api_keys:
            raise NotFound(f"user {self.username!r} has no API key")
        return next(iter(self.api_keys))

    @property
    def entity(self) -> str:
        """Name of the default entity: what `wandb.Api().default_entity` answers."""
        return self.default_entity.name

    @property
    def teams(self) -> list[Entity]:
        """The teams that the user is a member of, oldest first."""
        return [
            entity
            for entity in self._world.directory.entities.values()
            if entity.kind == "team" and self.username in entity.members
        ]

    @property
    def organizations(self) -> list[Organization]:
        """The organizations that the user is a member of, oldest first."""
        return [
            organization
            for organization in self._world.directory.organizations.values()
            if self.username in organization.org_entity.members
        ]

    def may_see(self, entity: Entity) -> bool:
        """Whether the entity and what it owns exist for this user at all."""
        return self.admin or self.username in entity.members

    def check_may_write(self, place: Entity | Project) -> None:
        """Refuse with `Forbidden` unless the user may change what an entity or project owns.

        A role in a registry counts for more than the one in the organization.
        """
        role = place.role_of(self)
        if not self.admin and role in (None, "viewer", "restricted_viewer"):
            told = f"only a {role}" if role else "not a member"
            raise Forbidden(f"user {self.username!r} may not change {place!r}: {told} there")

    def check_may_administer(self, entity: Entity) -> None:
        """Refuse with `Forbidden` unless the user is an admin of the entity."""
        member = entity.members.get(self.username)
        if not self.admin and (member is None or member.role != "admin"):
            raise Forbidden(
                f"user {self.username!r} is no admin of {entity.kind} {entity.name!r}; "
                "W&B lets team admins manage integrations, secrets and members"
            )


class Member:
    """A user's place in an entity."""

    typename__ = "Member"

    def __init__(self, user: User, role: str, *, pending: bool = False) -> None:
        self.user = user
        self.role = role
        self.pending = pending


class Entity:
    """An owner of projects: a team, an organization's entity, or a user's personal one."""

    typename__ = "Entity"

    def __init__(
        self, world: World, name: str, kind: EntityKind, organization: Organization | None = None
    ) -> None:
        self._world = world
        self.id = world.register("Entity", self)
        self.name = name
        self.kind: EntityKind = kind
        self.organization = organization
        self.members: dict[str, Member] = {}
        self.created_at = world.clock.stamp()

    def __repr__(self) -> str:
        return f"<{self.kind.capitalize()} {self.name}>"

    @property
    def entity_type(self) -> EntityKind:
        """`team`, `organization` or `user`: what the SDK's scopes tell apart."""
        return self.kind

    @property
    def path(self) -> str:
        """The entity's name, which starts the path of all that it owns."""
        return self.name

    def role_of(self, user: User) -> str | None:
        """Return a user's role; `None` for one who is no member."""
        member = self.members.get(user.username)
        return member.role if member else None

    @property
    def owner(self) -> User | None:
        """The user whose personal entity this is."""
        if self.kind != "user":
            return None
        return next(iter(self.members.values())).user

    @property
    def scope_ids(self) -> tuple[str, ...]:
        """Ids of the automation scopes that contain this entity: itself, then its organization."""
        if self.organization is None or self.kind == "organization":
            return (self.id,)
        return (self.id, self.organization.org_entity.id)

    def add_member(self, user: User | str, *, role: str = "member") -> None:
        """Add a user, by name or object, or change their role: admin, member or viewer.

        Who joins a team joins its organization, as a member.
        """
        if role not in ROLES:
            raise InvalidInput(f"unknown role {role!r}; known are {', '.join(ROLES)}")
        if self.kind == "user":
            raise InvalidInput(f"{self.name!r} is a personal entity; only teams have members")
        found = self._world.directory.user(user)
        with self._world.change():
            self.members[found.username] = Member(found, role)
            if self.kind != "team":
                return
            if found.default_entity is found.personal_entity:
                found.default_entity = self
            if self.organization is not None:
                member = Member(found, "member")
                self.organization.org_entity.members.setdefault(found.username, member)

    def remove_member(self, user: User | str) -> None:
        """Remove a user from the team or organization."""
        found = self._world.directory.user(user)
        with self._world.change():
            if self.members.pop(found.username, None) is None:
                raise InvalidInput(f"{found.username!r} is no member of {self.name!r}")
            if found.default_entity is self:
                found.default_entity = next(iter(found.teams), found.personal_entity)


class Organization:
    """A company's account: its teams, and its entity, which owns the registries."""

    typename__ = "Organization"

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        self.id = world.register("Organization", self)
        self.name = name
        self.org_entity = Entity(world, name, "organization", self)
        self.feature_flags: dict[str, bool] = {"automation_entity_scope": True}

    def __repr__(self) -> str:
        return f"<Organization {self.name}>"

    @property
    def teams(self) -> list[Entity]:
        """The organization's teams, oldest first."""
        return [
            entity
            for entity in self._world.directory.entities.values()
            if entity.kind == "team" and entity.organization is self
        ]

    def add_member(self, user: User | str, *, role: str = "member") -> None:
        """Add a user to the organization: admin, member or viewer."""
        self.org_entity.add_member(user, role=role)

    def remove_member(self, user: User | str) -> None:
        """Remove a user from the organization."""
        self.org_entity.remove_member(user)
