"""From automations to the variables of the GraphQL mutations that save them."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, WrapValidator, model_validator
from typing_extensions import Self

from pytest_wandb_automations.errors import InvalidInput

from .automation import Automation, NewAutomation
from .base import GraphqlId, InputModel, adopt, to_json
from .enums import ActionType, EventType
from .events import InputEvent, SavedEvent, WrappedSavedEventFilter
from .saved_actions import InputAction, SavedAction, parse_input_action
from .scopes import AutomationScope

__all__ = ["prepare_to_create", "prepare_to_update"]

_READ_ONLY_EVENTS = (EventType.UPDATE_ARTIFACT_ALIAS, EventType.WEAVE_METRIC_THRESHOLD)
_READ_ONLY_ACTIONS = (ActionType.QUEUE_JOB, ActionType.PUSH_NOTIFICATION)

_MAX_NAME_LENGTH = 255


class _WriteInput(InputModel):
    event: Any
    action: Any

    @model_validator(mode="after")
    def _refuse_what_is_read_only(self) -> Self:
        if (event_type := self.event.event_type) in _READ_ONLY_EVENTS:
            raise ValueError(f"{event_type!r} events cannot be assigned to automations")
        if (action_type := self.action.action_type) in _READ_ONLY_ACTIONS:
            raise ValueError(f"{action_type!r} actions cannot be assigned to automations")
        return self

    def variables(self, scope: Any) -> dict[str, Any]:
        """Return what both mutations have in common."""
        event_filter = self.event.filter
        # Saved filters of artifact events stand in an object of their own, those to save do not.
        if isinstance(event_filter, WrappedSavedEventFilter):
            event_filter = event_filter.filter
        return {
            "scopeType": scope.scope_type.value,
            "scopeID": scope.id,
            "triggeringEventType": self.event.event_type.value,
            "eventFilter": to_json(event_filter),
            "triggeredActionType": self.action.action_type.value,
            "triggeredActionConfig": parse_input_action(self.action).config(),
        }


class _CreateInput(_WriteInput, extra="forbid"):
    name: Annotated[str, Field(max_length=_MAX_NAME_LENGTH)]
    description: str | None = None
    enabled: bool = True
    event: InputEvent
    action: InputAction


def _read_saved_event(value: Any, parse: Any) -> Any:
    # It has no scope, so it can be none of the `InputEvent`s: that takes long to find out.
    return SavedEvent.model_validate(value) if isinstance(value, SavedEvent) else parse(value)


class _UpdateInput(_WriteInput, extra="ignore"):
    id: GraphqlId
    name: Annotated[str, Field(max_length=_MAX_NAME_LENGTH)] | None = None
    description: str | None = None
    enabled: bool | None = None
    event: Annotated[
        InputEvent | SavedEvent,
        Field(union_mode="left_to_right"),
        WrapValidator(_read_saved_event),
    ]
    action: Annotated[InputAction | SavedAction, Field(union_mode="left_to_right")]
    scope: AutomationScope


def prepare_to_create(obj: NewAutomation | Any = None, /, **kwargs: Any) -> dict[str, Any]:
    """Return the `CreateFilterTriggerInput` of a new automation, ready for JSON.

    Takes an automation of this package or of the SDK, and `name`, `description`, `enabled`,
    `event`, `action`, which win over those of the automation. As with the SDK there is no `scope`
    here: it belongs to the event. A `ValueError` if something is missing, malformed, or cannot be
    assigned.
    """
    _check_model(obj, "create_automation: expected a new automation, `event >> action`")
    for name in kwargs:
        if name not in _CreateInput.model_fields:
            raise InvalidInput(
                f"create_automation: unknown keyword {name!r}; "
                f"known are {', '.join(_CreateInput.model_fields)}"
            )
    given: dict[str, Any] = {} if obj is None else obj.model_dump()
    parsed = _CreateInput.model_validate({**given, **kwargs})
    variables = {"name": parsed.name, "enabled": parsed.enabled, "description": parsed.description}
    return _without_none({**variables, **parsed.variables(parsed.event.scope)})


def prepare_to_update(obj: Automation | Any = None, /, **kwargs: Any) -> dict[str, Any]:
    """Return the `UpdateFilterTriggerInput` of an edited automation, ready for JSON.

    Takes a saved automation of this package or of the SDK, and `name`, `description`, `enabled`,
    `scope`, `event`, `action`, which win over those of the automation. The scope is the
    automation's, whatever scope a new `event` has: that is what the SDK sends. A `ValueError` if
    something is missing, malformed, or cannot be assigned.
    """
    _check_model(obj, "update_automation: expected a saved automation")
    given: dict[str, Any] = {} if obj is None else dict(adopt(obj))
    parsed = _UpdateInput.model_validate({**given, **kwargs})
    variables = {
        "id": parsed.id,
        "name": parsed.name,
        "description": parsed.description,
        "enabled": parsed.enabled,
    }
    return _without_none({**variables, **parsed.variables(parsed.scope)})


def _check_model(obj: Any, expected: str) -> None:
    if obj is not None and not isinstance(obj, BaseModel):
        raise InvalidInput(f"{expected}, got {obj!r}")


def _without_none(variables: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in variables.items() if value is not None}
