"""The courier carries out an execution's action: one function for each kind of action."""

from __future__ import annotations

import threading
import uuid
from collections import deque
from datetime import timedelta
from functools import partial, singledispatchmethod
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pytest_wandb_automations.delivery.masking import masked
from pytest_wandb_automations.delivery.outcomes import Outcome
from pytest_wandb_automations.delivery.postbox import Postbox
from pytest_wandb_automations.delivery.slack import (
    SlackInbox,
    SlackMessage,
    slack_problem,
    slack_request,
)
from pytest_wandb_automations.delivery.templates import (
    Rendered,
    json_text,
    render_payload,
    render_text,
)
from pytest_wandb_automations.delivery.variables import Variables, variables_of
from pytest_wandb_automations.delivery.webhooks import Delivery, WebhookInbox, webhook_request
from pytest_wandb_automations.errors import NotFound, WandbAutomationsError
from pytest_wandb_automations.events import VersionEvent
from pytest_wandb_automations.world.actions import (
    MAX_ARIA_PROMPT_BYTES,
    Action,
    AriaAction,
    NotificationAction,
    PushNotificationAction,
    QueueJobAction,
    WebhookAction,
)
from pytest_wandb_automations.world.integrations import check_connected
from pytest_wandb_automations.world.runs import Run
from pytest_wandb_automations.world.sending import send_past_faults

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import httpx

    from pytest_wandb_automations.delivery.postbox import Answer
    from pytest_wandb_automations.semantics import Semantics
    from pytest_wandb_automations.world.executions import Execution
    from pytest_wandb_automations.world.integrations import Integration
    from pytest_wandb_automations.world.world import World

__all__ = ["ARIA_PER_MINUTE", "Courier"]

ARIA_PER_MINUTE = 3
"""How often an automation prompts ARIA in a minute. W&B's page says so, and skips what is more."""


class Courier:
    """Sends what automations send, and keeps the inboxes that tests look into."""

    def __init__(self) -> None:
        self.postbox = Postbox()
        self.webhooks = WebhookInbox(self.postbox)
        self.slack = SlackInbox(self.postbox)
        self._prompts: dict[str, deque[datetime]] = {}
        """When each automation prompted ARIA, by id: as often as it may in a minute."""
        self._lock = threading.Lock()

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
        self.postbox.clear()
        self._prompts.clear()

    @singledispatchmethod
    def _do(self, action: Action, world: World, execution: Execution) -> Outcome:
        # A no-op: recorded, and nothing else.
        del action, world, execution
        return Outcome()

    @_do.register(QueueJobAction)
    def _(self, action: QueueJobAction, world: World, execution: Execution) -> Outcome:
        # Launch is no part of the kit: the job is recorded as it is stored.
        del world, execution
        return Outcome(sent=action.template)

    @_do.register(PushNotificationAction)
    def _(self, action: PushNotificationAction, world: World, execution: Execution) -> Outcome:
        # There is no device to notify.
        del world, execution
        return Outcome(sent=action)

    @_do.register(WebhookAction)
    def _(self, action: WebhookAction, world: World, execution: Execution) -> Outcome:
        hook, semantics = action.integration, world.semantics
        _check_connected(hook)
        token, secret = hook.credentials()
        secrets = [each.value for each in (token, secret) if each]
        variables = _variables(execution, semantics)
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
            if answer.failure(semantics.webhook_success):
                answer = self._try(request, world, execution, secrets)
        problem = answer.failure(semantics.webhook_success)
        return _outcome(
            answer,
            problem and f"webhook {hook.name!r}: {problem}",
            secrets,
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
        send = partial(self.webhooks.send, delivery)
        return send_past_faults(world, request, send, execution=execution)

    @_do.register(NotificationAction)
    def _(self, action: NotificationAction, world: World, execution: Execution) -> Outcome:
        _check_connected(action.integration)
        title, text = _slack_texts(action, execution, world.semantics)
        message = SlackMessage(
            automation=execution.automation_name,
            automation_id=execution.trigger_id,
            team=action.integration.team_name,
            channel=action.integration.channel_name,
            title=title.text,
            text=text.text,
            severity=action.severity or "INFO",
            title_url=_url(execution),
        )
        send = partial(self.slack.send, message)
        answer = send_past_faults(world, slack_request(message), send, execution=execution)
        problem = slack_problem(answer)
        return _outcome(
            answer,
            problem and f"Slack {message.channel!r}: {problem}",
            (),
            sent=message,
            unknown_variables=tuple(dict.fromkeys((*title.unknown, *text.unknown))),
        )

    @_do.register(AriaAction)
    def _(self, action: AriaAction, world: World, execution: Execution) -> Outcome:
        if not self._may_prompt(execution):
            return Outcome(skipped=f"it prompted ARIA {ARIA_PER_MINUTE} times within a minute")
        # W&B's page: every execution fails once the creator has lost write access to the project.
        execution.creator.check_may_write(execution.place.project)
        rendered = render_text(
            action.prompt,
            _variables(execution, world.semantics),
            unknown=world.semantics.unknown_variable,
        )
        size = len(rendered.text.encode())
        error, body = None, None
        if not 1 <= size <= MAX_ARIA_PROMPT_BYTES:
            fit = f"1 to {MAX_ARIA_PROMPT_BYTES} fit"
            error = f"the prompt has {size} bytes after substitution; {fit}"
        else:
            # W&B's page shows a response body with a `thread_id`; nothing else of it is known.
            thread_id = uuid.uuid5(uuid.NAMESPACE_OID, execution.id)
            body = json_text({"thread_id": str(thread_id)})
        return Outcome(
            error=error, body=body, sent=rendered.text, unknown_variables=rendered.unknown
        )

    def _may_prompt(self, execution: Execution) -> bool:
        now = execution.created_at
        with self._lock:
            earlier = self._prompts.setdefault(execution.trigger_id, deque(maxlen=ARIA_PER_MINUTE))
            if len(earlier) == ARIA_PER_MINUTE and now - earlier[0] < timedelta(minutes=1):
                return False
            earlier.append(now)
            return True


def _outcome(
    answer: Answer,
    error: str | None,
    secrets: Sequence[str],
    *,
    sent: Any,
    unknown_variables: tuple[str, ...] = (),
) -> Outcome:
    ordered_by = answer.ordered_by if error else None
    return Outcome(
        error=error and masked(error, secrets),
        status_code=None if answer.response is None else answer.response.status_code,
        body=answer.text,
        sent=sent,
        unknown_variables=unknown_variables,
        ordered_by=ordered_by and masked(ordered_by, secrets),
    )


def _slack_texts(
    action: NotificationAction, execution: Execution, semantics: Semantics
) -> tuple[Rendered, Rendered]:
    """Return title and text of a message; those of `Semantics` where the automation has none."""
    variables = _variables(execution, semantics)

    def rendered(own: str | None, default: str) -> Rendered:
        if own and not semantics.slack_variables:
            return Rendered(own, ())
        return render_text(own or default, variables, unknown=semantics.unknown_variable)

    title = rendered(action.title, semantics.slack_title)
    return title, rendered(action.message, semantics.slack_text)


def _variables(execution: Execution, semantics: Semantics) -> Variables:
    place = execution.place
    return variables_of(
        execution.event,
        event_type=execution.event_type,
        automation_name=execution.automation_name,
        run_name=place.display_name if isinstance(place, Run) else "",
        metric=execution.metric,
        nonstring_metadata=semantics.nonstring_metadata,
    )


def _check_connected(integration: Integration) -> None:
    try:
        check_connected(integration)
    except NotFound as error:
        raise NotFound(f"{error}; the automation still uses it") from None


def _url(execution: Execution) -> str:
    """Return the page in W&B's app that a message links to, as its URLs are built."""
    place, event = execution.place, execution.event
    if isinstance(place, Run):
        parts = [place.project.path, "runs", place.name]
    else:
        parts = [place.project.path, "artifacts", place.type.name, place.name]
        if isinstance(event, VersionEvent):
            parts.append(f"v{event.version}")
    return "https://wandb.ai/" + quote("/".join(parts), errors="replace")
