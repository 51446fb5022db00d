"""The nouns of a backend: each is made when a test first names it, and found when it does again."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

from pytest_wandb_automations.delivery.masking import shown_url
from pytest_wandb_automations.errors import InvalidInput, NotFound
from pytest_wandb_automations.world.collections import Collection
from pytest_wandb_automations.world.integrations import (
    Secret,
    SlackIntegration,
    WebhookIntegration,
)
from pytest_wandb_automations.world.projects import REGISTRY_PREFIX, Project

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_wandb_automations.world.accounts import Entity, Organization, User
    from pytest_wandb_automations.world.runs import Run
    from pytest_wandb_automations.world.world import World

__all__ = ["Nouns"]


class Nouns:
    """Accounts, projects, collections, runs and integrations of a world, by their names.

    What is named along with a noun must be what a known one has: `InvalidInput` tells what differs.
    """

    def __init__(self, world: World) -> None:
        self.world = world

    def user(
        self,
        username: str,
        *,
        api_key: str | None = None,
        email: str | None = None,
        admin: bool = False,
    ) -> User:
        """Return a user, made when new. An API key has at least 40 characters.

        A key that a known user does not have is one more key. `admin` is an admin of all of W&B,
        who sees and may change everything.
        """
        directory = self.world.directory
        if username not in directory.users:
            return directory.add_user(username, api_key=api_key, email=email, admin=admin)
        user = directory.users[username]
        if email not in (None, user.email):
            raise InvalidInput(f"user {username!r} has the email {user.email!r}, not {email!r}")
        if admin and not user.admin:
            raise InvalidInput(f"user {username!r} is no admin; make that known when it is made")
        if api_key is not None and api_key not in user.api_keys:
            directory.add_api_key(user, api_key)
        return user

    def organization(self, name: str) -> Organization:
        """Return an organization, made when new; the default user is its admin."""
        directory = self.world.directory
        if name in directory.organizations:
            return directory.organizations[name]
        organization = directory.add_organization(name)
        organization.add_member(self.world.default_user, role="admin")
        return organization

    def team(self, name: str, *, organization: Organization | str | None = None) -> Entity:
        """Return a team, made when new, in an organization; the default user is its admin."""
        directory = self.world.directory
        if name in directory.entities:
            found = directory.entity(name)
            _check_team(found, organization)
            return found
        organization = self._organization(organization)
        team = directory.add_team(name, organization)
        team.add_member(self.world.default_user, role="admin")
        return team

    def project(self, path: str | Project) -> Project:
        """Return a project by `entity/project`, or by name in the default entity."""
        if isinstance(path, Project):
            return path
        entity, name = self._split(path, "entity/project")
        found = self.world.projects.get(f"{entity}/{name}")
        return found or self.world.projects.add(self._entity(entity), name)

    def registry(self, name: str, *, organization: Organization | str | None = None) -> Project:
        """Return a registry by its name without the prefix `wandb-registry-`."""
        full_name = REGISTRY_PREFIX + name.removeprefix(REGISTRY_PREFIX)
        entity = self._organization(organization).org_entity
        found = self.world.projects.get(f"{entity.name}/{full_name}")
        return found or self.world.projects.add(entity, full_name)

    def collection(self, path: str | Collection, *, type: str | None = None) -> Collection:  # noqa: A002  # the contract says so
        """Return a collection by `entity/project/collection`; `type` is that of its artifacts."""
        if isinstance(path, Collection):
            return path
        project, _, name = path.rpartition("/")
        if not project or project.count("/") > 1:
            raise InvalidInput(f"expected 'entity/project/collection', got {path!r}")
        return self._project_or_registry(project).collection(name, type=type)

    def run(
        self,
        project: str | Project,
        *,
        run_id: str | None = None,
        display_name: str | None = None,
        user: User | str | None = None,
        config: Mapping[str, Any] | None = None,
        tags: Iterable[str] = (),
        group: str | None = None,
        job_type: str | None = None,
    ) -> Run:
        """Start a run in a project, or return the one with `run_id`.

        What is given must then be what that run has.
        """
        place = self.project(project)
        owner = self.user(user) if isinstance(user, str) else user
        given: dict[str, Any] = {
            "display_name": display_name,
            "config": None if config is None else dict(config),
            "tags": list(tags) or None,
            "group": group,
            "job_type": job_type,
        }
        if run_id is not None and run_id in place.runs:
            found = place.runs[run_id]
            _check_run(found, {**given, "user": owner})
            return found
        given["tags"] = given["tags"] or ()
        return place.start_run(run_id, owner or self.world.default_user, **given)

    def webhook_integration(
        self,
        team: Entity | str,
        *,
        name: str,
        url_endpoint: str,
        access_token: str | None = None,
        secret: str | None = None,
    ) -> WebhookIntegration:
        """Return a team's webhook, made when new.

        `access_token` and `secret` are values; they become team secrets, to which the webhook
        refers by name, as in W&B.
        """
        __tracebackhide__ = True  # their values are none of a report's business
        entity = self._entity(team)
        secrets = {"access_token": access_token, "secret": secret}
        for found in self.world.integrations.of(entity):
            if isinstance(found, WebhookIntegration) and found.name == name:
                self._check_webhook(found, url_endpoint, secrets)
                return found
        hook = self.world.integrations.add_webhook(entity, name=name, url_endpoint=url_endpoint)
        for kind, value in secrets.items():
            if value is not None:
                reference = self._unused_secret_name(entity, f"{name}_{kind}")
                self.secret(entity, reference, value)
                setattr(hook, f"{kind}_ref", reference)
        return hook

    def slack_integration(
        self, team: Entity | str, *, team_name: str, channel_name: str
    ) -> SlackIntegration:
        """Return a team's connection to a channel, made when new; `team_name` is the workspace."""
        entity = self._entity(team)
        for found in self.world.integrations.of(entity):
            if isinstance(found, SlackIntegration) and (found.team_name, found.channel_name) == (
                team_name,
                channel_name,
            ):
                return found
        return self.world.integrations.add_slack(
            entity, team_name=team_name, channel_name=channel_name
        )

    def secret(self, team: Entity | str, name: str, value: str) -> Secret:
        """Save a team secret."""
        __tracebackhide__ = True  # its value is none of a report's business
        return self.world.integrations.put_secret(self._entity(team), name, value)

    # Ways from names to objects

    def _entity(self, entity: Entity | str) -> Entity:
        """Return an owner of any kind; one that is not there yet becomes a team."""
        if not isinstance(entity, str):
            return entity
        return self.world.directory.entities.get(entity) or self.team(entity)

    def _organization(self, organization: Organization | str | None) -> Organization:
        if organization is None:
            return self.world.default_organization
        if not isinstance(organization, str):
            return organization
        found = self.world.directory.entities.get(organization)
        if found is not None and found.kind != "organization":
            owner = found.organization
            cure = f"; its organization is {owner.name!r}" if owner else ""
            raise InvalidInput(f"{organization!r} is a {found.kind}, no organization{cure}")
        return self.organization(organization)

    def _check_webhook(
        self, hook: WebhookIntegration, url: str, secrets: Mapping[str, str | None]
    ) -> None:
        __tracebackhide__ = True
        here = f"webhook {hook.name!r} of {hook.entity.name!r}"
        if hook.url_endpoint != url:
            raise InvalidInput(
                f"{here} goes to {shown_url(hook.url_endpoint)}, not to {shown_url(url)}"
            )
        for kind, value in secrets.items():
            name: str | None = getattr(hook, f"{kind}_ref")
            saved = name and self.world.integrations.secret(hook.entity, name).value
            if value not in (None, saved):
                cure = f"; change it with `backend.secret(team, {name!r}, …)`" if name else ""
                raise InvalidInput(f"{here} has {'another' if name else 'no'} {kind}{cure}")

    def _unused_secret_name(self, entity: Entity, wanted: str) -> str:
        # W&B allows letters, digits and underscores, so webhooks `a b` and `a-b` are alike here.
        base = re.sub(r"[^A-Za-z0-9]", "_", wanted).upper()
        taken = {secret.name for secret in self.world.integrations.secrets_of(entity)}
        names = itertools.chain([base], (f"{base}_{number}" for number in itertools.count(2)))
        return next(name for name in names if name not in taken)

    def _split(self, path: str, form: str) -> tuple[str, str]:
        entity, slash, name = path.partition("/")
        if not slash:
            return self.world.default_user.entity, entity
        if not entity or not name or "/" in name:
            raise InvalidInput(f"expected {form!r}, got {path!r}")
        return entity, name

    def _project_or_registry(self, path: str) -> Project:
        if path.startswith(REGISTRY_PREFIX):
            return self.registry(path)
        entity, name = self._split(path, "entity/project")
        if not name.startswith(REGISTRY_PREFIX):
            return self.project(path)
        if entity not in self.world.directory.organizations:
            raise NotFound(f"{path!r} is a registry, and there is no organization {entity!r}")
        return self.registry(name, organization=entity)


def _check_run(run: Run, given: Mapping[str, Any]) -> None:
    for name, value in given.items():
        known = getattr(run, name)
        if value is not None and value != known:
            raise InvalidInput(f"run {run.path} has the {name} {known!r}, not {value!r}")


def _check_team(found: Entity, organization: Organization | str | None) -> None:
    if found.kind != "team":
        raise InvalidInput(f"{found.name!r} is the name of {found!r}, which is no team")
    wanted = getattr(organization, "name", organization)
    if wanted is not None and (found.organization is None or found.organization.name != wanted):
        raise InvalidInput(f"{found!r} belongs to {found.organization!r}, not to {wanted!r}")
