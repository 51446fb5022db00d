"""Actions as W&B returns them with a saved automation, and the way between both forms."""

from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field

from .actions import DoNothing, SendNotification, SendPromptToAria, SendWebhook
from .base import GraphqlId, JsonEncoded, Model, ResultModel, adopt, default_if_none
from .enums import ActionType, AlertSeverity

__all__ = [
    "ACTION_MODELS",
    "InputAction",
    "SavedAction",
    "SavedAriaAction",
    "SavedLaunchJobAction",
    "SavedNoOpAction",
    "SavedNotificationAction",
    "SavedPushNotificationAction",
    "SavedWebhookAction",
    "parse_input_action",
]


class _SlackIntegrationStub(Model):
    """The part of an integration that an edited action knows."""

    typename__: Annotated[
        Literal["SlackIntegration"], Field(alias="__typename", frozen=True, repr=False)
    ] = "SlackIntegration"
    id: GraphqlId


class _WebhookIntegrationStub(Model):
    """The part of an integration that an edited action knows."""

    typename__: Annotated[
        Literal["GenericWebhookIntegration"], Field(alias="__typename", frozen=True, repr=False)
    ] = "GenericWebhookIntegration"
    id: GraphqlId


class SavedNotificationAction(ResultModel, frozen=False):
    """A saved `SendNotification`."""

    typename__: Annotated[Literal["NotificationTriggeredAction"], Field(alias="__typename")] = (
        "NotificationTriggeredAction"
    )
    action_type: Literal[ActionType.NOTIFICATION] = ActionType.NOTIFICATION
    integration: _SlackIntegrationStub
    title: str | None
    message: str | None
    severity: AlertSeverity | None


class SavedWebhookAction(ResultModel, frozen=False):
    """A saved `SendWebhook`."""

    typename__: Annotated[Literal["GenericWebhookTriggeredAction"], Field(alias="__typename")] = (
        "GenericWebhookTriggeredAction"
    )
    action_type: Literal[ActionType.GENERIC_WEBHOOK] = ActionType.GENERIC_WEBHOOK
    integration: _WebhookIntegrationStub
    request_payload: JsonEncoded[dict[str, Any]] | None = None


class SavedNoOpAction(ResultModel, frozen=False):
    """A saved `DoNothing`."""

    typename__: Annotated[Literal["NoOpTriggeredAction"], Field(alias="__typename")] = (
        "NoOpTriggeredAction"
    )
    action_type: Literal[ActionType.NO_OP] = ActionType.NO_OP
    no_op: Annotated[bool, BeforeValidator(default_if_none), Field(repr=False, frozen=True)] = True


class SavedAriaAction(ResultModel, frozen=False):
    """A saved `SendPromptToAria`."""

    typename__: Annotated[Literal["ARIATriggeredAction"], Field(alias="__typename")] = (
        "ARIATriggeredAction"
    )
    action_type: Literal[ActionType.ARIA] = ActionType.ARIA
    prompt: str


class _Queue(ResultModel):
    id: GraphqlId
    name: str


class SavedLaunchJobAction(ResultModel):
    """A saved Launch job: can be read, cannot be assigned."""

    typename__: Annotated[Literal["QueueJobTriggeredAction"], Field(alias="__typename")] = (
        "QueueJobTriggeredAction"
    )
    action_type: Literal[ActionType.QUEUE_JOB] = ActionType.QUEUE_JOB
    queue: _Queue | None
    template: str


class SavedPushNotificationAction(ResultModel):
    """A saved push notification: can be read, cannot be assigned.

    The SDK cannot even read it, and selects nothing but its `__typename`.
    """

    typename__: Annotated[Literal["PushNotificationTriggeredAction"], Field(alias="__typename")] = (
        "PushNotificationTriggeredAction"
    )
    action_type: Literal[ActionType.PUSH_NOTIFICATION] = ActionType.PUSH_NOTIFICATION
    title: str | None = None
    body: str | None = None


def _parse_saved_action(value: Any) -> Any:
    match action := adopt(value):
        case SendNotification():
            return SavedNotificationAction(
                integration=_SlackIntegrationStub(id=action.integration_id),
                title=action.title,
                message=action.message,
                severity=action.severity,
            )
        case SendWebhook():
            return SavedWebhookAction(
                integration=_WebhookIntegrationStub(id=action.integration_id),
                request_payload=action.request_payload,
            )
        case DoNothing():
            return SavedNoOpAction(no_op=action.no_op)
        case SendPromptToAria():
            return SavedAriaAction(prompt=action.prompt)
        case _:
            return action


def parse_input_action(value: Any) -> Any:
    """Turn a saved action into what saves it again; leave anything else as it is."""
    match action := adopt(value):
        case SavedNotificationAction():
            return SendNotification.model_validate(
                {
                    "integration_id": action.integration.id,
                    "title": action.title,
                    "message": action.message,
                    "severity": action.severity,
                }
            )
        case SavedWebhookAction():
            return SendWebhook(
                integration_id=action.integration.id, request_payload=action.request_payload
            )
        case SavedNoOpAction():
            return DoNothing(no_op=action.no_op)
        case SavedAriaAction():
            return SendPromptToAria(prompt=action.prompt)
        case _:
            return action


_SavedActions = (
    SavedLaunchJobAction
    | SavedNotificationAction
    | SavedWebhookAction
    | SavedNoOpAction
    | SavedAriaAction
    | SavedPushNotificationAction
)
_InputActions = SendNotification | SendWebhook | DoNothing | SendPromptToAria

ACTION_MODELS: tuple[type, ...] = (*get_args(_InputActions), *get_args(_SavedActions))
"""Models that `event >> action` takes."""

# As with events, the discriminators come before the validators, or all actions would be tried.
SavedAction = Annotated[
    _SavedActions, Field(discriminator="typename__"), BeforeValidator(_parse_saved_action)
]
"""An action of a saved automation; one that is to be saved is converted."""

InputAction = Annotated[
    _InputActions, Field(discriminator="action_type"), BeforeValidator(parse_input_action)
]
"""An action that can be assigned; a saved one is converted."""
