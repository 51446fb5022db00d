"""Where a team's automations send to: webhooks and Slack channels, and the secrets they use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx

from pytest_wandb_automations.delivery.masking import shown_url
from pytest_wandb_automations.errors import Conflict, InvalidInput, NotFound
from pytest_wandb_automations.world.sending import try_out

if TYPE_CHECKING:
    from datetime import datetime

    from pytest_wandb_automations.delivery.postbox import Answer
    from pytest_wandb_automations.world.accounts import Entity
    from pytest_wandb_automations.world.world import World

__all__ = [
    "Integration",
    "Integrations",
    "Secret",
    "SlackIntegration",
    "WebhookIntegration",
    "check_connected",
    "check_url",
]

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
        self.deleted = False
        self._world = world

    def try_out(self, payload: str) -> Answer:
        """Send a payload, given as JSON text, to where the webhook goes; see `sending.try_out`."""
        check_connected(self)
        token, secret = self.credentials()
        return try_out(
            self._world,
            self.url_endpoint,
            payload,
            access_token=token and token.value,
            secret=secret and secret.value,
        )

    def credentials(self) -> tuple[Secret | None, Secret | None]:
        """Return the access token and the secret that its references name, `None` without one.

        `NotFound` when a reference leads nowhere; W&B documents nothing about that.
        """
        find = self._world.integrations.secret
        token = find(self.entity, self.access_token_ref) if self.access_token_ref else None
        secret = find(self.entity, self.secret_ref) if self.secret_ref else None
        return token, secret

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
        self.deleted = False

    def __repr__(self) -> str:
        return f"<SlackIntegration {self.entity.name}: {self.team_name} {self.channel_name}>"


Integration = WebhookIntegration | SlackIntegration


def check_connected(integration: Integration) -> None:
    """Raise `NotFound` if an integration was deleted."""
    if integration.deleted:
        raise NotFound(f"{integration!r} was deleted")


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
        check_url(url_endpoint)
        with self._world.change():
            self._check_free(entity, name)
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

    def update_webhook(
        self,
        hook: WebhookIntegration,
        *,
        name: str | None = None,
        url_endpoint: str | None = None,
        **references: str | None,
    ) -> None:
        """Change what is given; deliveries from now on go by it, also those of old automations.

        `references`, `access_token_ref` and `secret_ref`, are removed by `None`.
        """
        if name is not None:
            _check_name(name)
        if url_endpoint is not None:
            check_url(url_endpoint)
        with self._world.change():
            if name is not None and name != hook.name:
                self._check_free(hook.entity, name)
            hook.name = name or hook.name
            hook.url_endpoint = url_endpoint or hook.url_endpoint
            hook.access_token_ref = references.get("access_token_ref", hook.access_token_ref)
            hook.secret_ref = references.get("secret_ref", hook.secret_ref)

    def delete(self, integration: Integration) -> None:
        """Delete an integration, also one in use: W&B documents nothing about that.

        Automations that use it stay, and still name it. Their executions fail from then on, with
        an error that says so, as do those that were still to be delivered.
        """
        with self._world.change():
            integration.deleted = True
            self._by_entity[integration.entity.id].remove(integration)
            self._world.forget(integration.id)

    def put_secret(self, entity: Entity, name: str, value: str) -> Secret:
        """Save a secret, or replace the value that the name had."""
        __tracebackhide__ = True  # pytest shows what the last frame was called with
        if not _SECRET_NAME.fullmatch(name):
            raise InvalidInput(
                f"secret name {name!r}: W&B allows letters, digits and underscores only"
            )
        try:
            value.encode()
        except UnicodeEncodeError:
            # Half a surrogate pair, as JSON can carry it. The value stays out of the message.
            raise InvalidInput(f"secret {name!r}: its value cannot be written as UTF-8") from None
        with self._world.change():
            secret = Secret(entity, name, value, self._world.clock.stamp())
            self._secrets.setdefault(entity.id, {})[name] = secret
            self._world.secrets.add(value)
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

    def _check_free(self, entity: Entity, name: str) -> None:
        for other in self.of(entity):
            if isinstance(other, WebhookIntegration) and other.name == name:
                raise Conflict(f"team {entity.name!r} already has a webhook named {name!r}")


def _check_name(name: str) -> None:
    if len(name) > _MAX_NAME or not _NAME.fullmatch(name):
        raise InvalidInput(
            f"webhook name {name!r}: expected at most {_MAX_NAME} letters, digits, '-' and '_', "
            "with spaces between words only"
        )


def check_url(url: str) -> None:
    """Refuse what is no address of a webhook."""
    try:
        parts = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError):
        # Which parts of it may be secret cannot be told.
        raise InvalidInput(
            "urlEndpoint (malformed, so not shown) is no http or https URL"
        ) from None
    if parts.scheme not in ("http", "https") or not parts.host:
        raise InvalidInput(f"urlEndpoint {shown_url(parts)!r} is no http or https URL")
