"""Integrations and team secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_wandb_automations.errors import InvalidInput
from pytest_wandb_automations.graphql.connections import Connection, connect
from pytest_wandb_automations.graphql.resolvers import Info, resolver

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_wandb_automations.graphql.context import Context
    from pytest_wandb_automations.world.accounts import Entity
    from pytest_wandb_automations.world.integrations import Integration, Secret


@resolver("Entity.integrations")
def integrations(
    entity: Entity, info: Info, *, first: int | None = None, after: str | None = None
) -> Connection[Integration]:
    context: Context = info.context
    return connect(
        context.world.integrations.of(entity),
        key=lambda i: (i.created_at, i.id),
        first=first,
        after=after,
    )


@resolver("Entity.secrets")
def secrets(entity: Entity, info: Info) -> list[Secret]:
    context: Context = info.context
    return context.world.integrations.secrets_of(entity)


@resolver("Mutation.createGenericWebhookIntegration")
def create_webhook(
    _source: None,
    info: Info,
    *,
    entity_name: str,
    name: str,
    url_endpoint: str,
    access_token_ref: str | None = None,
    secret_ref: str | None = None,
) -> Mapping[str, Any]:
    context: Context = info.context
    entity = _administered(context, entity_name)
    hook = context.world.integrations.add_webhook(
        entity,
        name=name,
        url_endpoint=url_endpoint,
        access_token_ref=access_token_ref,
        secret_ref=secret_ref,
    )
    return {"integration": hook}


@resolver("Mutation.createSlackIntegration")
def create_slack(_source: None, info: Info, **_values: str) -> Mapping[str, Any]:
    del info
    raise InvalidInput(
        "createSlackIntegration exchanges a code of Slack's consent page, which is not to be had "
        "offline; use Backend.slack_integration(team, team_name=…, channel_name=…)"
    )


@resolver("Mutation.insertSecret")
def insert_secret(
    _source: None, info: Info, *, entity_name: str, secret_name: str, secret_value: str
) -> Mapping[str, Any]:
    context: Context = info.context
    entity = _administered(context, entity_name)
    context.world.integrations.put_secret(entity, secret_name, secret_value)
    return {"success": True}


@resolver("Mutation.deleteSecret")
def delete_secret(
    _source: None, info: Info, *, entity_name: str, secret_name: str
) -> Mapping[str, Any]:
    context: Context = info.context
    entity = _administered(context, entity_name)
    context.world.integrations.delete_secret(entity, secret_name)
    return {"success": True}


def _administered(context: Context, entity_name: str) -> Entity:
    entity = context.the_entity(entity_name, "entityName")
    context.user.check_may_administer(entity)
    return entity
