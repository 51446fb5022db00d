"""Integrations: where a team's notifications and webhooks go."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from .base import GraphqlId, ResultModel, adopt

__all__ = ["Integration", "SlackIntegration", "WebhookIntegration"]


class SlackIntegration(ResultModel):
    """A Slack channel that a team has connected."""

    typename__: Annotated[Literal["SlackIntegration"], Field(alias="__typename")] = (
        "SlackIntegration"
    )
    id: GraphqlId

    team_name: str
    """Name of the Slack workspace, not of the W&B team."""

    channel_name: str
    """Name of the channel."""


class WebhookIntegration(ResultModel):
    """A webhook that a team has configured."""

    typename__: Annotated[Literal["GenericWebhookIntegration"], Field(alias="__typename")] = (
        "GenericWebhookIntegration"
    )
    id: GraphqlId

    name: str
    """Name of the webhook."""

    url_endpoint: str
    """URL that it posts to."""


Integration = Annotated[
    SlackIntegration | WebhookIntegration,
    Field(discriminator="typename__"),
    BeforeValidator(adopt),
]
"""Any integration."""
