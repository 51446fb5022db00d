"""What a saved automation does when it fires, checked when it is saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic.alias_generators import to_camel

from pytest_wandb_automations.automations import ActionType
from pytest_wandb_automations.delivery.templates import check_payload
from pytest_wandb_automations.errors import InvalidInput, NotFound
from pytest_wandb_automations.world.integrations import (
    Integration,
    SlackIntegration,
    WebhookIntegration,
)

if TYPE_CHECKING:
    from pytest_wandb_automations.world.accounts import User
    from pytest_wandb_automations.world.integrations import Integrations

__all__ = [
    "Action",
    "AriaAction",
    "NoOpAction",
    "NotificationAction",
    "PushNotificationAction",
    "QueueJobAction",
    "WebhookAction",
    "check_assignable",
    "parse_action",
]

MAX_ARIA_PROMPT_BYTES = 4000
"""Limit of an ARIA prompt in UTF-8 bytes, stripped; from the SDK and the ARIA page."""


@dataclass(frozen=True)
class WebhookAction:
    """Send a webhook; `request_payload` is the JSON text of the template, or `None`."""

    typename__: ClassVar[str] = "GenericWebhookTriggeredAction"
    integration: WebhookIntegration
    request_payload: str | None


@dataclass(frozen=True)
class NotificationAction:
    """Send a Slack message."""

    typename__: ClassVar[str] = "NotificationTriggeredAction"
    integration: SlackIntegration
    title: str | None
    message: str | None
    severity: str | None


@dataclass(frozen=True)
class NoOpAction:
    """Do nothing, on record."""

    typename__: ClassVar[str] = "NoOpTriggeredAction"
    no_op: bool | None


@dataclass(frozen=True)
class AriaAction:
    """Prompt ARIA."""

    typename__: ClassVar[str] = "ARIATriggeredAction"
    prompt: str


@dataclass(frozen=True)
class QueueJobAction:
    """Queue a Launch job; stored automations of older teams still carry it."""

    typename__: ClassVar[str] = "QueueJobTriggeredAction"
    queue_id: str
    template: str

    @property
    def queue(self) -> dict[str, str]:
        """The run queue, known by its id only: Launch is no part of the kit."""
        return {"__typename": "RunQueue", "id": self.queue_id, "name": self.queue_id}


@dataclass(frozen=True)
class PushNotificationAction:
    """Notify a user's device."""

    typename__: ClassVar[str] = "PushNotificationTriggeredAction"
    user_id: str
    title: str | None
    body: str | None


Action = (
    WebhookAction
    | NotificationAction
    | NoOpAction
    | AriaAction
    | QueueJobAction
    | PushNotificationAction
)


_UNASSIGNABLE = {
    ActionType.QUEUE_JOB: "W&B accepts no new Launch jobs",
    ActionType.PUSH_NOTIFICATION: "such automations are made in W&B's own pages",
}


def check_assignable(action_type: ActionType) -> None:
    """Raise `InvalidInput` if an automation with this action cannot be created or changed to it."""
    reason = _UNASSIGNABLE.get(action_type)
    if reason is not None:
        raise InvalidInput(f"{action_type.value} cannot be assigned to an automation: {reason}")


def parse_action(
    action_type: ActionType, config: Mapping[str, Any], integrations: Integrations, user: User
) -> Action:
    """Turn a `TriggeredActionConfig` into the action it describes.

    `InvalidInput` when the config is not that of the action type, `NotFound` when it names an
    integration that does not exist for the user.
    """
    key, parse = _PARSERS[action_type]
    given = {name: value for name, value in config.items() if value is not None}
    if set(given) != {key}:
        raise InvalidInput(
            f"triggeredActionConfig of a {action_type.value} action needs exactly "
            f"{to_camel(key)!r}, got {', '.join(repr(to_camel(k)) for k in given) or 'nothing'}"
        )
    return parse(given[key], integrations, user)


def _integration(
    values: Mapping[str, Any], kind: type[Integration], integrations: Integrations, user: User
) -> Any:
    id_ = values["integration_id"]
    found = integrations.get(id_, field="integrationID")
    if not user.may_see(found.entity):
        raise NotFound(f"integrationID: no integration {id_!r}")
    if not isinstance(found, kind):
        raise InvalidInput(
            f"integrationID {id_!r} is {found!r}; this action needs a {kind.__name__}"
        )
    return found


def _webhook(values: Mapping[str, Any], integrations: Integrations, user: User) -> Action:
    payload = values.get("request_payload")
    if payload is not None:
        check_payload(payload)
    return WebhookAction(_integration(values, WebhookIntegration, integrations, user), payload)


def _notification(values: Mapping[str, Any], integrations: Integrations, user: User) -> Action:
    return NotificationAction(
        _integration(values, SlackIntegration, integrations, user),
        values.get("title"),
        values.get("message"),
        values.get("severity"),
    )


def _no_op(values: Mapping[str, Any], integrations: Integrations, user: User) -> Action:
    del integrations, user
    return NoOpAction(values.get("no_op"))


def _aria(values: Mapping[str, Any], integrations: Integrations, user: User) -> Action:
    del integrations, user
    prompt = str(values["prompt"]).strip()
    size = len(prompt.encode(errors="surrogatepass"))
    if not 1 <= size <= MAX_ARIA_PROMPT_BYTES:
        raise InvalidInput(
            f"ariaActionInput.prompt has {size} UTF-8 bytes; "
            f"expected 1 to {MAX_ARIA_PROMPT_BYTES} without surrounding white space"
        )
    return AriaAction(prompt)


def _queue_job(values: Mapping[str, Any], integrations: Integrations, user: User) -> Action:
    del integrations, user
    return QueueJobAction(values["queue_id"], values["template"])


def _push(values: Mapping[str, Any], integrations: Integrations, user: User) -> Action:
    del integrations, user
    return PushNotificationAction(values["user_id"], values.get("title"), values.get("body"))


_Parser = Callable[[Mapping[str, Any], "Integrations", "User"], Action]
_PARSERS: dict[ActionType, tuple[str, _Parser]] = {
    ActionType.GENERIC_WEBHOOK: ("generic_webhook_action_input", _webhook),
    ActionType.NOTIFICATION: ("notification_action_input", _notification),
    ActionType.NO_OP: ("no_op_action_input", _no_op),
    ActionType.ARIA: ("aria_action_input", _aria),
    ActionType.QUEUE_JOB: ("queue_job_action_input", _queue_job),
    ActionType.PUSH_NOTIFICATION: ("push_notification_action_input", _push),
}
