"""Actions: what an automation does, as it is given to W&B."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field
from typing_extensions import Self

from .base import GraphqlId, InputModel, JsonEncoded, default_if_none, to_json
from .enums import ActionType, AlertSeverity
from .integrations import SlackIntegration, WebhookIntegration

__all__ = ["DoNothing", "InputActionModel", "SendNotification", "SendPromptToAria", "SendWebhook"]

_ARIA_PROMPT_BYTES = 4000


class InputActionModel(InputModel):
    """What actions have in common: the `config()` that goes over the wire."""

    config_key: ClassVar[str]
    """Where the action stands in GraphQL's `TriggeredActionConfig`."""


def _upper_if_str(value: Any) -> Any:
    return value.strip().upper() if isinstance(value, str) else value


class SendNotification(InputActionModel):
    """Posts a message to a Slack channel."""

    config_key = "notificationActionInput"

    integration_id: GraphqlId
    """Id of the Slack integration."""

    title: Annotated[str, BeforeValidator(default_if_none)] = ""
    """Title of the message."""

    message: Annotated[str, BeforeValidator(default_if_none), Field(validation_alias="text")] = ""
    """Text of the message; `text` is taken as well."""

    severity: Annotated[
        AlertSeverity,
        BeforeValidator(default_if_none),
        BeforeValidator(_upper_if_str),
        Field(validation_alias="level"),
    ] = AlertSeverity.INFO
    """`INFO`, `WARN` or `ERROR`, in any case; `level` is taken as well."""

    action_type: Literal[ActionType.NOTIFICATION] = ActionType.NOTIFICATION

    @classmethod
    def from_integration(
        cls,
        integration: SlackIntegration,
        *,
        title: str = "",
        text: str = "",
        level: AlertSeverity = AlertSeverity.INFO,
    ) -> Self:
        """Define a notification to the channel of this integration."""
        return cls.model_validate(
            {"integration_id": integration.id, "title": title, "text": text, "level": level}
        )

    def config(self) -> dict[str, Any]:
        """Return the `TriggeredActionConfig` of the action."""
        fields = {"title": self.title, "message": self.message, "severity": self.severity.value}
        return {self.config_key: {"integrationID": self.integration_id, **fields}}


class SendWebhook(InputActionModel):
    """Posts JSON to a webhook."""

    config_key = "genericWebhookActionInput"

    integration_id: GraphqlId
    """Id of the webhook integration."""

    request_payload: Annotated[
        JsonEncoded[dict[str, Any]] | None, Field(alias="requestPayload")
    ] = None
    """Template of the payload, possibly with `${variables}`."""

    action_type: Literal[ActionType.GENERIC_WEBHOOK] = ActionType.GENERIC_WEBHOOK

    @classmethod
    def from_integration(
        cls, integration: WebhookIntegration, *, payload: dict[str, Any] | str | None = None
    ) -> Self:
        """Define a request to this webhook; `payload` is a dict or its JSON text."""
        return cls.model_validate({"integration_id": integration.id, "request_payload": payload})

    def config(self) -> dict[str, Any]:
        """Return the `TriggeredActionConfig` of the action."""
        config = {"integrationID": self.integration_id}
        if self.request_payload is not None:
            config["requestPayload"] = to_json(self.request_payload)
        return {self.config_key: config}


class DoNothing(InputActionModel):
    """Does nothing, on purpose; W&B records that it ran."""

    model_config = ConfigDict(frozen=True)

    config_key = "noOpActionInput"

    no_op: Annotated[bool, BeforeValidator(default_if_none)] = True
    """Only there because W&B's schema asks for a field."""

    action_type: Literal[ActionType.NO_OP] = ActionType.NO_OP

    def config(self) -> dict[str, Any]:
        """Return the `TriggeredActionConfig` of the action."""
        return {self.config_key: {"noOp": self.no_op}}


def _checked_prompt(value: str) -> str:
    prompt = value.strip()
    if not prompt:
        raise ValueError("a prompt to ARIA cannot be empty")
    if (size := len(prompt.encode())) > _ARIA_PROMPT_BYTES:
        raise ValueError(f"a prompt to ARIA can have {_ARIA_PROMPT_BYTES} bytes, this has {size}")
    return prompt


class SendPromptToAria(InputActionModel):
    """Sends a prompt to ARIA, W&B's agent."""

    config_key = "ariaActionInput"

    prompt: Annotated[str, AfterValidator(_checked_prompt)]
    """The prompt: 1 to 4000 bytes in UTF-8, without the space around it."""

    action_type: Literal[ActionType.ARIA] = ActionType.ARIA

    def config(self) -> dict[str, Any]:
        """Return the `TriggeredActionConfig` of the action."""
        return {self.config_key: {"prompt": self.prompt}}
