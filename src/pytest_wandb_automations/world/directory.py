"""The directory: every user, team, organization and API key, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_wandb_automations.errors import Conflict, InvalidInput, NotFound
from pytest_wandb_automations.world.accounts import ApiKey, Entity, Member, Organization, User

if TYPE_CHECKING:
    from pytest_wandb_automations.world.world import World

__all__ = ["Directory"]

MIN_API_KEY_LENGTH = 40
"""What the SDK accepts as a key; it refuses shorter ones before it sends anything."""


class Directory:
    """Accounts of a world. Users, teams and organizations share one space of names, as in W&B."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.organizations: dict[str, Organization] = {}
        self.entities: dict[str, Entity] = {}
        self.users: dict[str, User] = {}
        self._users_by_key: dict[str, User] = {}

    def add_organization(self, name: str) -> Organization:
        """Make an organization and its entity, which has the same name."""
        with self._world.change():
            self._check_name(name)
            organization = Organization(self._world, name)
            self.organizations[name] = organization
            self.entities[name] = organization.org_entity
        return organization

    def add_team(self, name: str, organization: Organization | None) -> Entity:
        """Make a team, usually of an organization."""
        with self._world.change():
            self._check_name(name)
            team = Entity(self._world, name, "team", organization)
            self.entities[name] = team
        return team

    def add_user(
        self,
        username: str,
        *,
        api_key: str | None = None,
        email: str | None = None,
        admin: bool = False,
    ) -> User:
        """Make a user with one API key and a personal entity of the same name."""
        with self._world.change():
            self._check_name(username)
            secret = api_key or self._world.ids.api_key()
            self._check_api_key(secret)
            entity = Entity(self._world, username, "user")
            user = User(
                self._world, username, entity, email=email or f"{username}@example.com", admin=admin
            )
            entity.members[username] = Member(user, "admin")
            self.users[username] = user
            self.entities[username] = entity
            self.add_api_key(user, secret)
        return user

    def add_api_key(self, user: User, secret: str, description: str = "") -> ApiKey:
        """Give a user one more API key."""
        with self._world.change():
            self._check_api_key(secret)
            key = ApiKey(self._world, secret, description)
            user.api_keys[secret] = key
            self._users_by_key[secret] = user
            self._world.secrets.add(secret)
        return key

    def delete_api_key(self, key: ApiKey) -> None:
        """Take a key away; requests signed with it are refused from then on."""
        with self._world.change():
            user = self._users_by_key[key.secret]
            del user.api_keys[key.secret], self._users_by_key[key.secret]
            self._world.forget(key.id)

    def user_of_key(self, secret: str) -> User | None:
        """Return the user whose API key this is."""
        return self._users_by_key.get(secret)

    def user(self, user: User | str) -> User:
        """Return a user by name, or the user given; `NotFound` tells the names that there are."""
        if isinstance(user, User):
            return user
        if user not in self.users:
            raise NotFound(f"no user {user!r}; there are: {', '.join(self.users)}")
        return self.users[user]

    def entity(self, name: str) -> Entity:
        """Return a team, organization entity or personal entity by name."""
        if name not in self.entities:
            raise NotFound(f"no entity {name!r}; there are: {', '.join(self.entities)}")
        return self.entities[name]

    def _check_name(self, name: str) -> None:
        if not name or "/" in name:
            raise InvalidInput(f"{name!r} cannot be the name of a user, team or organization")
        if name in self.entities:
            raise Conflict(f"the name {name!r} is taken by {self.entities[name]!r}")

    def _check_api_key(self, secret: str) -> None:
        if len(secret) < MIN_API_KEY_LENGTH:
            raise InvalidInput(
                f"an API key has at least {MIN_API_KEY_LENGTH} characters, got {len(secret)}"
            )
        if secret in self._users_by_key:
            raise Conflict("this API key belongs to a user already")
