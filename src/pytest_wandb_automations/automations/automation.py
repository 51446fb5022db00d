"""Automations: new ones, and those that W&B has saved."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from .base import GraphqlId, InputModel, ResultModel, adopt
from .events import InputEvent, SavedEvent
from .saved_actions import InputAction, SavedAction
from .scopes import AutomationScope

__all__ = ["Automation", "NewAutomation"]


class Automation(ResultModel, frozen=False):
    """A saved automation; edit its attributes and save it with `update_automation`.

    Parses GraphQL's `Trigger` with `triggeringCondition` as `event` and `triggeredAction` as
    `action`, the aliases that the SDK's queries give them.
    """

    typename__: Annotated[Literal["Trigger"], Field(alias="__typename")] = "Trigger"
    id: GraphqlId

    created_at: Annotated[datetime, Field(repr=False, frozen=True)]
    """When it was created."""

    updated_at: Annotated[datetime | None, Field(repr=False, frozen=True)] = None
    """When it was last updated."""

    name: str
    """Its name."""

    description: str | None
    """Its description."""

    enabled: bool
    """Whether it fires."""

    scope: AutomationScope
    """Where it watches."""

    event: Annotated[SavedEvent, BeforeValidator(adopt)]
    """What it listens for."""

    action: SavedAction
    """What it does."""


class NewAutomation(InputModel, extra="forbid", validate_default=False):
    """An automation that is not saved yet; save it with `create_automation`."""

    name: str | None = None
    """Its name."""

    description: str | None = None
    """Its description."""

    enabled: bool | None = None
    """Whether it fires; it does unless told otherwise."""

    event: InputEvent | None = None
    """What it listens for."""

    action: InputAction | None = None
    """What it does."""

    @property
    def scope(self) -> Any:
        """Where it watches: the scope of its event."""
        return self.event.scope if self.event else None

    @scope.setter
    def scope(self, value: Any) -> None:
        if self.event is None:
            raise ValueError("an automation without an `event` has no `scope` to set")
        self.event.scope = value
