"""Where a team's automations send to: webhooks and Slack channels, and the secrets they use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx

from pytest_wandb_automations.delivery.masking import shown_url
from pytest_wandb_automations.errors import Conflict, InvalidInput, NotFound

if TYPE_CHECKING:
    from datetime import datetime

    from pytest_wandb_automations.world.accounts import Entity
    from pytest_wandb_automations.world.world import World

__all__ = ["Integration", "Integrations", "Secret", "SlackIntegration", "WebhookIntegration"]

# Length and pattern as the SDK's CreateGenericWebhookIntegrationInput carries them.
_MAX_NAME = 64
_NAME = re.compile(r"[-\w]+([ ]+[-\w]+)*")
_SECRET_NAME = re.compile(r"[A-Za-z0-9_]+")


class Secret:
    """A team secret: referred to by name, its value never shown again once saved."""

    typename__ = "Secret"

    def __init__(self, entity: Entity, name: str, value: str, created_at: datetime) -> None:
        self.entity_id = entity.id
        self.name = name
        self.value = value
        self.created_at = created_at

    def __repr__(self) -> str:
        return f"<Secret {self.name}>"


class WebhookIntegration:
    """A webhook of a team: a URL, and the names of the secrets that sign its requests."""

    typename__ = "GenericWebhookIntegration"

    def __init__(
        self,
        world: World,
        entity: Entity,
        name: str,
        url_endpoint: str,
        access_token_ref: str | None,
        secret_ref: str | None,
    ) -> None:
        self.id = world.register("Integration", self)
        self.entity = entity
        self.name = name
        self.url_endpoint = url_endpoint
        self.access_token_ref = access_token_ref
        self.secret_ref = secret_ref
        self.created_at = world.clock.stamp()

    def __repr__(self) -> str:
        url = shown_url(self.url_endpoint)
        return f"<WebhookIntegration {self.entity.name}/{self.name} → {url}>"


class SlackIntegration:
    """A Slack channel that a team connected; `team_name` is the Slack workspace."""

    typename__ = "SlackIntegration"

    def __init__(self, world: World, entity: Entity, team_name: str, channel_name: str) -> None:
        self.id = world.register("Integration", self)
        self.entity = entity
        self.team_name = team_name
        self.channel_name = channel_name
        self.created_at = world.clock.stamp()

    def __repr__(self) -> str:
        return f"<SlackIntegration {self.entity.name}: {self.team_name} {self.channel_name}>"


Integration = WebhookIntegration | SlackIntegration


class Integrations:
    """Integrations and secrets of every entity, each in the order of creation."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_entity: dict[str, list[Integration]] = {}
        self._secrets: dict[str, dict[str, Secret]] = {}

    def of(self, entity: Entity) -> list[Integration]:
        """Return an entity's integrations, oldest first; all kinds share one list."""
        return list(self._by_entity.get(entity.id, ()))

    def get(self, id_: str, *, field: str = "id") -> Integration:
        """Return an integration by id, or raise `NotFound`, which names the field of the id."""
        found = self._world.find("Integration", id_, field=field)
        assert isinstance(found, Integration)
        return found

    def add_webhook(
        self,
        entity: Entity,
        *,
        name: str,
        url_endpoint: str,
        access_token_ref: str | None = None,
        secret_ref: str | None = None,
    ) -> WebhookIntegration:
        """Save a webhook; `Conflict` when the team has one of that name."""
        _check_name(name)
        _check_url(url_endpoint)
        with self._world.change():
            for other in self.of(entity):
                if isinstance(other, WebhookIntegration) and other.name == name:
                    raise Conflict(f"team {entity.name!r} already has a webhook named {name!r}")
            hook = WebhookIntegration(
                self._world, entity, name, url_endpoint, access_token_ref, secret_ref
            )
            self._by_entity.setdefault(entity.id, []).append(hook)
        return hook

    def add_slack(self, entity: Entity, *, team_name: str, channel_name: str) -> SlackIntegration:
        """Save a Slack channel, as connecting it in the team's settings would."""
        with self._world.change():
            slack = SlackIntegration(self._world, entity, team_name, channel_name)
            self._by_entity.setdefault(entity.id, []).append(slack)
        return slack

    def put_secret(self, entity: Entity, name: str, value: str) -> Secret:
        """Save a secret, or replace the value that the name had."""
        if not _SECRET_NAME.fullmatch(name):
            raise InvalidInput(
                f"secret name {name!r}: W&B allows letters, digits and underscores only"
            )
        with self._world.change():
            secret = Secret(entity, name, value, self._world.clock.stamp())
            self._secrets.setdefault(entity.id, {})[name] = secret
        return secret

    def secret(self, entity: Entity, name: str) -> Secret:
        """Return a secret by name, or raise `NotFound` with the names that there are."""
        secrets = self._secrets.get(entity.id, {})
        if name not in secrets:
            known = ", ".join(secrets) or "none"
            raise NotFound(f"team {entity.name!r} has no secret named {name!r}; it has: {known}")
        return secrets[name]

    def secrets_of(self, entity: Entity) -> list[Secret]:
        """Return an entity's secrets, oldest first."""
        return list(self._secrets.get(entity.id, {}).values())

    def delete_secret(self, entity: Entity, name: str) -> None:
        """Delete a secret; executions that refer to it fail from then on."""
        with self._world.change():
            self.secret(entity, name)
            del self._secrets[entity.id][name]


def _check_name(name: str) -> None:
    if len(name) > _MAX_NAME or not _NAME.fullmatch(name):
        raise InvalidInput(
            f"webhook name {name!r}: expected at most {_MAX_NAME} letters, digits, '-' and '_', "
            "with spaces between words only"
        )


def _check_url(url: str) -> None:
    try:
        parts = httpx.URL(url)
        fits = parts.scheme in ("http", "https") and bool(parts.host)
    except httpx.InvalidURL:
        fits = False
    if not fits:
        raise InvalidInput(f"urlEndpoint {url!r} is no http or https URL")
