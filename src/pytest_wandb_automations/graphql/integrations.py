"""Integrations and team secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_wandb_automations.delivery.masking import masked
from pytest_wandb_automations.delivery.templates import json_text
from pytest_wandb_automations.errors import InvalidInput, NotFound
from pytest_wandb_automations.graphql.connections import Connection, connect
from pytest_wandb_automations.graphql.resolvers import Info, resolver
from pytest_wandb_automations.world.integrations import WebhookIntegration, check_url
from pytest_wandb_automations.world.sending import try_out

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
    found = context.world.integrations.of(entity)
    if not found:
        context.note_missed("integrations of", entity.name)
    return connect(
        found,
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


@resolver("Mutation.updateGenericWebhookIntegration")
def update_webhook(
    _source: None,
    info: Info,
    *,
    id_: str,
    name: str | None = None,
    url_endpoint: str | None = None,
    **references: str | None,
) -> Mapping[str, Any]:
    context: Context = info.context
    hook = _connected(context, id_)
    if not isinstance(hook, WebhookIntegration):
        raise InvalidInput(f"id: {hook!r} is no webhook")
    # What is left are the references: given as null, they are removed.
    context.world.integrations.update_webhook(
        hook, name=name, url_endpoint=url_endpoint, **references
    )
    return {"integration": hook}


@resolver("Mutation.testGenericWebhookIntegration")
def try_webhook(
    _source: None,
    info: Info,
    *,
    entity_name: str,
    url_endpoint: str,
    request_payload: str | None = None,
    access_token_ref: str | None = None,
    secret_ref: str | None = None,
) -> Mapping[str, Any]:
    context: Context = info.context
    entity, world = _administered(context, entity_name), context.world
    token, secret = (
        name and world.integrations.secret(entity, name).value
        for name in (access_token_ref, secret_ref)
    )
    check_url(url_endpoint)
    with world.let_go():
        answer = try_out(
            world, url_endpoint, request_payload or "{}", access_token=token, secret=secret
        )
    problem = answer.failure(world.semantics.webhook_success)
    if answer.response is None:
        told = masked(problem or "", filter(None, (token, secret)))
        return {"ok": False, "response": json_text({"error": told})}
    response = {"statusCode": answer.response.status_code, "body": answer.text}
    return {"ok": problem is None, "response": json_text(response)}


@resolver("Mutation.deleteIntegration")
def delete_integration(_source: None, info: Info, *, id_: str) -> Mapping[str, Any]:
    context: Context = info.context
    context.world.integrations.delete(_connected(context, id_))
    return {"success": True}


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


def _connected(context: Context, id_: str) -> Integration:
    found = context.world.integrations.get(id_)
    if not context.sees(found.entity):
        raise NotFound(f"id: no Integration with id {id_!r}")
    context.user.check_may_administer(found.entity)
    return found


def _administered(context: Context, entity_name: str) -> Entity:
    entity = context.the_entity(entity_name, "entityName")
    context.user.check_may_administer(entity)
    return entity
