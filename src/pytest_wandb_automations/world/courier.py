"""The courier carries out an execution's action: one function for each kind of action."""

from __future__ import annotations

from functools import singledispatchmethod
from typing import TYPE_CHECKING
from urllib.parse import quote

from pytest_wandb_automations.delivery.masking import masked
from pytest_wandb_automations.delivery.outcomes import Outcome
from pytest_wandb_automations.delivery.postbox import Postbox
from pytest_wandb_automations.delivery.slack import SlackInbox, SlackMessage, slack_problem
from pytest_wandb_automations.delivery.templates import render_payload, render_text
from pytest_wandb_automations.delivery.variables import Variables, variables_of
from pytest_wandb_automations.delivery.webhooks import Delivery, WebhookInbox, webhook_request
from pytest_wandb_automations.errors import WandbAutomationsError
from pytest_wandb_automations.events import VersionEvent
from pytest_wandb_automations.world.actions import (
    MAX_ARIA_PROMPT_BYTES,
    Action,
    AriaAction,
    NotificationAction,
    WebhookAction,
)
from pytest_wandb_automations.world.runs import Run

if TYPE_CHECKING:
    import httpx

    from pytest_wandb_automations.delivery.postbox import Answer
    from pytest_wandb_automations.world.accounts import Entity
    from pytest_wandb_automations.world.executions import Execution
    from pytest_wandb_automations.world.integrations import Secret
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
        except WandbAutomationsError as error:
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
        token = _secret(world, hook.entity, hook.access_token_ref)
        secret = _secret(world, hook.entity, hook.secret_ref)
        secrets = [each.value for each in (token, secret) if each]
        variables = _variables(execution)
        if semantics.secrets_in_payload:
            variables = variables.with_secrets(
                access_token=token and token.value,
                secrets={each.name: each.value for each in (token, secret) if each},
            )
        rendered = render_payload(
            action.request_payload, variables, unknown=semantics.unknown_variable
        )
        request = webhook_request(
            hook.url_endpoint,
            rendered.text,
            access_token=token and token.value,
            secret=secret and secret.value,
        )
        answer = self._try(request, world, execution, secrets)
        for _again in range(semantics.webhook_attempts - 1):
            if answer.problem:
                answer = self._try(request, world, execution, secrets)
        response, problem = answer.response, answer.problem
        return Outcome(
            error=problem and f"webhook {hook.name!r}: {masked(problem, secrets)}",
            status_code=response.status_code if response else None,
            body=response.text if response else None,
            sent=rendered.text,
            unknown_variables=rendered.unknown,
        )

    def _try(
        self, request: httpx.Request, world: World, execution: Execution, secrets: list[str]
    ) -> Answer:
        delivery = Delivery(
            request,
            automation=execution.automation_name,
            automation_id=execution.trigger_id,
            secrets=secrets,
        )
        return self.webhooks.send(delivery, timeout=world.semantics.webhook_timeout)

    @_do.register(NotificationAction)
    def _(self, action: NotificationAction, world: World, execution: Execution) -> Outcome:
        message = SlackMessage(
            automation=execution.automation_name,
            automation_id=execution.trigger_id,
            team=action.integration.team_name,
            channel=action.integration.channel_name,
            title=action.title or "",
            text=action.message or "",
            severity=action.severity or "INFO",
            title_url=_url(execution),
        )
        answer = self.slack.send(message, timeout=world.semantics.webhook_timeout)
        response, problem = answer.response, slack_problem(answer)
        return Outcome(
            error=problem and f"Slack {message.channel!r}: {problem}",
            status_code=response.status_code if response else None,
            body=response.text if response else None,
            sent=message,
        )

    @_do.register(AriaAction)
    def _(self, action: AriaAction, world: World, execution: Execution) -> Outcome:
        rendered = render_text(
            action.prompt, _variables(execution), unknown=world.semantics.unknown_variable
        )
        size = len(rendered.text.encode())
        error = None
        if size > MAX_ARIA_PROMPT_BYTES:
            error = f"the prompt has {size} bytes after substitution; {MAX_ARIA_PROMPT_BYTES} fit"
        return Outcome(error=error, sent=rendered.text, unknown_variables=rendered.unknown)


def _variables(execution: Execution) -> Variables:
    place = execution.place
    return variables_of(
        execution.event,
        event_type=execution.event_type,
        automation_name=execution.automation_name,
        run_name=place.display_name if isinstance(place, Run) else "",
        metric=execution.metric,
    )


def _secret(world: World, entity: Entity, name: str | None) -> Secret | None:
    return None if name is None else world.integrations.secret(entity, name)


def _url(execution: Execution) -> str:
    """Return the page in W&B's app that a message links to, as its URLs are built."""
    place, event = execution.place, execution.event
    if isinstance(place, Run):
        parts = [place.project.path, "runs", place.name]
    else:
        parts = [place.project.path, "artifacts", place.type.name, place.name]
        if isinstance(event, VersionEvent):
            parts.append(f"v{event.version}")
    return "https://wandb.ai/" + quote("/".join(parts))
