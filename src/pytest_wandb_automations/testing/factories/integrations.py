"""Factories of integrations: webhooks and Slack channels of teams.

What `build_` makes is the integration as a client reads it, with an id that no backend knows.
"""

from __future__ import annotations

from typing import Any

from typing_extensions import TypeVar

from pytest_wandb_automations.automations import SlackIntegration as SlackModel
from pytest_wandb_automations.automations import WebhookIntegration as WebhookModel
from pytest_wandb_automations.testing.factories.accounts import name_of
from pytest_wandb_automations.testing.factories.nouns import Fields, NounFactory, lazy
from pytest_wandb_automations.world.integrations import SlackIntegration, WebhookIntegration

__all__ = ["SlackIntegrationFactory", "WebhookIntegrationFactory"]

SlackT = TypeVar("SlackT", default=SlackIntegration)
WebhookT = TypeVar("WebhookT", default=WebhookIntegration)


class WebhookIntegrationFactory(NounFactory[WebhookT]):
    """Connects webhooks, by default to the default team."""

    noun = "webhook_integration"
    positional = ("name",)
    nullable = frozenset({"access_token", "secret"})

    team: Any = lazy(lambda this: this.factory.backend.entity)
    """A team or its name."""
    name: Any = lazy(lambda this: this.factory.numbered(this.fake.wandb_alias()))
    url_endpoint: Any = lazy(
        lambda this: f"https://{this.name.replace(' ', '-').lower()}.example.com/hook"
    )
    access_token: Any = None
    """Value of the bearer token; none if `None`."""
    secret: Any = None
    """Value of the secret that signs requests; they are not signed if `None`."""

    def draft(self, this: Fields) -> WebhookModel:
        """Make the object only."""
        id_ = self.factory.id("Integration")
        return WebhookModel(id=id_, name=this.name, url_endpoint=this.url_endpoint)

    def save(self, draft: WebhookModel, this: Fields) -> WebhookIntegration:
        """Connect it to its team."""
        __tracebackhide__ = True  # values of secrets are none of a report's business
        return self.factory.backend.webhook_integration(
            str(name_of(this.team)),
            name=draft.name,
            url_endpoint=draft.url_endpoint,
            access_token=this.access_token,
            secret=this.secret,
        )

    def signed(self, secret: str | None = None, **fields: Any) -> WebhookT:
        """Connect a webhook whose requests are signed; the secret is made up if not given."""
        return self(**{"secret": secret or self.factory.fake.commit_hash(), **fields})


class SlackIntegrationFactory(NounFactory[SlackT]):
    """Connects Slack channels, by default to the default team."""

    noun = "slack_integration"
    positional = ("channel_name",)

    team: Any = lazy(lambda this: this.factory.backend.entity)
    """A team of W&B or its name."""
    team_name: Any = lazy(lambda this: this.fake.slack_workspace())
    """Name of the Slack workspace."""
    channel_name: Any = lazy(lambda this: this.fake.slack_channel())

    def draft(self, this: Fields) -> SlackModel:
        """Make the object only."""
        return SlackModel(
            id=self.factory.id("Integration"),
            team_name=this.team_name,
            channel_name=this.channel_name,
        )

    def save(self, draft: SlackModel, this: Fields) -> SlackIntegration:
        """Connect it to its team."""
        return self.factory.backend.slack_integration(
            str(name_of(this.team)), team_name=draft.team_name, channel_name=draft.channel_name
        )
