"""The courier carries out an execution's action: one function for each kind of action."""

from __future__ import annotations

from functools import singledispatchmethod
from typing import TYPE_CHECKING

import httpx

from pytest_wandb_automations.delivery.outcomes import Outcome
from pytest_wandb_automations.delivery.postbox import Postbox
from pytest_wandb_automations.delivery.slack import SlackInbox, SlackMessage
from pytest_wandb_automations.delivery.templates import render_payload, render_text
from pytest_wandb_automations.delivery.variables import Variables, variables_of
from pytest_wandb_automations.delivery.webhooks import WebhookInbox, webhook_request
from pytest_wandb_automations.errors import WandbAutomationsError
from pytest_wandb_automations.events import RunMetricLogged, RunStateChanged, VersionEvent
from pytest_wandb_automations.world.actions import (
    MAX_ARIA_PROMPT_BYTES,
    Action,
    AriaAction,
    NotificationAction,
    WebhookAction,
)

if TYPE_CHECKING:
    from pytest_wandb_automations.world.accounts import Entity
    from pytest_wandb_automations.world.executions import Execution
    from pytest_wandb_automations.world.world import World

__all__ = ["Courier"]


class Courier:
    """Sends what automations send, and keeps the inboxes that tests look into."""

    def __init__(self) -> None:
        self.postbox = Postbox()
        self.webhooks = WebhookInbox(self.postbox)
        self.slack = SlackInbox(self.postbox)

    def carry_out(self, world: World, execution: Execution) -> Outcome:
        """Do what the execution's automation does; a failure is an outcome, not an exception."""
        try:
            return self._do(execution.action, world, execution)
        except (httpx.HTTPError, httpx.InvalidURL, WandbAutomationsError) as error:
            return Outcome(error=f"{type(error).__name__}: {error}")

    def clear(self) -> None:
        """Empty the inboxes, and forget the routes."""
        self.webhooks.clear()
        self.slack.clear()
        self.postbox.router.clear()

    @singledispatchmethod
    def _do(self, action: Action, world: World, execution: Execution) -> Outcome:
        # No-op, Launch and push notifications: recorded, and nothing else.
        del action, world, execution
        return Outcome()

    @_do.register(WebhookAction)
    def _(self, action: WebhookAction, world: World, execution: Execution) -> Outcome:
        hook, semantics = action.integration, world.semantics
        rendered = render_payload(
            action.request_payload,
            _variables(world, execution),
            unknown=semantics.unknown_variable,
        )
        request = webhook_request(
            hook.url_endpoint,
            rendered.text,
            access_token=_secret(world, hook.entity, hook.access_token_ref),
            secret=_secret(world, hook.entity, hook.secret_ref),
        )
        response = self.webhooks.send(
            request, automation=execution.automation_name, timeout=semantics.webhook_timeout
        )
        error = None if response.is_success else f"the receiver answered {_status(response)}"
        return Outcome(
            error=error,
            status_code=response.status_code,
            body=response.text,
            sent=rendered.text,
            unknown_variables=rendered.unknown,
        )

    @_do.register(NotificationAction)
    def _(self, action: NotificationAction, world: World, execution: Execution) -> Outcome:
        message = SlackMessage(
            automation=execution.automation_name,
            team=action.integration.team_name,
            channel=action.integration.channel_name,
            title=action.title or "",
            text=action.message or "",
            severity=action.severity or "INFO",
            title_url=_url(execution),
        )
        response = self.slack.send(message, timeout=world.semantics.webhook_timeout)
        error = None if response.is_success else f"Slack answered {_status(response)}"
        return Outcome(
            error=error, status_code=response.status_code, body=response.text, sent=message
        )

    @_do.register(AriaAction)
    def _(self, action: AriaAction, world: World, execution: Execution) -> Outcome:
        rendered = render_text(
            action.prompt,
            _variables(world, execution),
            unknown=world.semantics.unknown_variable,
        )
        size = len(rendered.text.encode())
        error = None
        if size > MAX_ARIA_PROMPT_BYTES:
            error = f"the prompt has {size} bytes after substitution; {MAX_ARIA_PROMPT_BYTES} fit"
        return Outcome(error=error, sent=rendered.text, unknown_variables=rendered.unknown)


def _variables(world: World, execution: Execution) -> Variables:
    event = execution.event
    run_name = ""
    if isinstance(event, (RunMetricLogged, RunStateChanged)):
        run_name = world.projects.find_run(event.run).display_name
    return variables_of(
        event,
        event_type=execution.event_type,
        automation_name=execution.automation_name,
        run_name=run_name,
        metric=execution.metric,
    )


def _secret(world: World, entity: Entity, name: str | None) -> str | None:
    return None if name is None else world.integrations.secret(entity, name).value


def _status(response: httpx.Response) -> str:
    return f"{response.status_code} {response.reason_phrase}".strip()


def _url(execution: Execution) -> str:
    """Return the page in W&B's app that a message links to, as its URLs are built."""
    event = execution.event
    if isinstance(event, (RunMetricLogged, RunStateChanged)):
        entity, project, run_id = event.run.split("/")
        return f"https://wandb.ai/{entity}/{project}/runs/{run_id}"
    entity, project, collection = event.collection.split("/")
    base = f"https://wandb.ai/{entity}/{project}/artifacts/{collection}"
    return f"{base}/v{event.version}" if isinstance(event, VersionEvent) else base
