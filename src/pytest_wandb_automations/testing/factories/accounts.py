"""Factories of organizations, teams and users, and of the secrets of teams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import TypeVar

from pytest_wandb_automations.testing.factories.drafts import (
    OrganizationDraft,
    SecretDraft,
    TeamDraft,
    UserDraft,
)
from pytest_wandb_automations.testing.factories.nouns import Fields, NounFactory, lazy
from pytest_wandb_automations.world.accounts import Entity, Organization, User
from pytest_wandb_automations.world.integrations import Secret

if TYPE_CHECKING:
    from pytest_wandb_automations.backend import Backend

__all__ = ["OrganizationFactory", "SecretFactory", "TeamFactory", "UserFactory", "name_of"]

OrganizationT = TypeVar("OrganizationT", default=Organization)
TeamT = TypeVar("TeamT", default=Entity)
UserT = TypeVar("UserT", default=User)
SecretT = TypeVar("SecretT", default=Secret)


class OrganizationFactory(NounFactory[OrganizationT]):
    """Makes organizations, of which the default user is an admin."""

    noun = "organization"
    positional = ("name",)

    name: Any = lazy(lambda this: this.factory.numbered(this.fake.wandb_organization()))

    def draft(self, this: Fields) -> OrganizationDraft:
        """Make the object only."""
        return OrganizationDraft(id=self.factory.id("Entity"), name=this.name)

    def save(self, draft: OrganizationDraft, _: Fields) -> Organization:
        """Put it into the backend."""
        return self.factory.backend.organization(draft.name)


class TeamFactory(NounFactory[TeamT]):
    """Makes teams, of which the default user is an admin."""

    noun = "team"
    positional = ("name",)
    nullable = frozenset({"organization"})

    name: Any = lazy(lambda this: this.factory.numbered(this.fake.wandb_team()))
    organization: Any = None
    """An organization or its name; the default one if `None`."""

    def draft(self, this: Fields) -> TeamDraft:
        """Make the object only."""
        return TeamDraft(
            id=self.factory.id("Entity"), name=this.name, organization=name_of(this.organization)
        )

    def save(self, draft: TeamDraft, _: Fields) -> Entity:
        """Put it into the backend."""
        return self.factory.backend.team(draft.name, organization=draft.organization)


class UserFactory(NounFactory[UserT]):
    """Makes users, each with an API key of 40 digits."""

    noun = "user"
    positional = ("username",)
    nullable = frozenset({"team"})

    username: Any = lazy(lambda this: this.factory.numbered(this.fake.wandb_user()))
    email: Any = lazy(lambda this: f"{this.username}@example.com")
    api_key: Any = lazy(lambda this: this.fake.commit_hash())
    admin: Any = False
    team: Any = None
    """A team that they belong to, or its name."""
    role: Any = "member"
    """Their role in that team."""

    def draft(self, this: Fields) -> UserDraft:
        """Make the object only."""
        return UserDraft(
            username=this.username,
            email=this.email,
            api_key=this.api_key,
            admin=this.admin,
            team=name_of(this.team),
            role=this.role,
        )

    def save(self, draft: UserDraft, _: Fields) -> User:
        """Put them into the backend."""
        backend = self.factory.backend
        user = backend.user(
            draft.username, api_key=draft.api_key, email=draft.email, admin=draft.admin
        )
        if draft.team is not None:
            backend.team(draft.team).add_member(user, role=draft.role)
        return user


class SecretFactory(NounFactory[SecretT]):
    """Makes secrets of teams, to which webhooks refer by name."""

    noun = "secret"
    positional = ("name",)

    team: Any = lazy(lambda this: this.factory.backend.entity)
    name: Any = lazy(lambda this: f"TOKEN_{this.factory.count('TOKEN')}")
    value: Any = lazy(lambda this: this.fake.commit_hash())

    def draft(self, this: Fields) -> SecretDraft:
        """Make the object only."""
        return SecretDraft(team=str(name_of(this.team)), name=this.name, value=this.value)

    def save(self, draft: SecretDraft, _: Fields) -> Secret:
        """Put it into the backend."""
        backend: Backend = self.factory.backend
        return backend.secret(draft.team, draft.name, draft.value)


def name_of(account: Any) -> str | None:
    """Return the name of an account, given as the object or by name."""
    return account if account is None or isinstance(account, str) else account.name
