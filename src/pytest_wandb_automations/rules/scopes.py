"""Which events can be watched in which scope, and which cannot be watched at all.

The pairs that are not possible are those of W&B's own tests (`invalid_events_and_scopes`).
"""

from __future__ import annotations

from typing import Final

from pytest_wandb_automations.automations import EventType, ScopeType
from pytest_wandb_automations.errors import InvalidInput
from pytest_wandb_automations.rules.wording import one_of

__all__ = ["UNASSIGNABLE", "check_assignable", "check_scope", "possible_scopes"]

_RUN_SCOPES: Final = (ScopeType.PROJECT, ScopeType.ENTITY)

_POSSIBLE: Final = {
    EventType.CREATE_ARTIFACT: (ScopeType.ARTIFACT_COLLECTION,),
    EventType.RUN_METRIC_THRESHOLD: _RUN_SCOPES,
    EventType.RUN_METRIC_CHANGE: _RUN_SCOPES,
    EventType.RUN_METRIC_ZSCORE: _RUN_SCOPES,
    EventType.RUN_STATE: _RUN_SCOPES,
}

UNASSIGNABLE: Final = {
    EventType.UPDATE_ARTIFACT_ALIAS: "it is a legacy event; use ADD_ARTIFACT_ALIAS",
    EventType.WEAVE_METRIC_THRESHOLD: "such automations are made in Weave's web pages",
}
"""Events of automations that can be read but not made, and why."""


def possible_scopes(event_type: EventType) -> tuple[ScopeType, ...]:
    """Return the scopes in which an event can be watched."""
    return _POSSIBLE.get(event_type, tuple(ScopeType))


def check_scope(event_type: EventType, scope_type: ScopeType) -> None:
    """Raise `InvalidInput` if an event cannot be watched in a scope."""
    possible = possible_scopes(event_type)
    if scope_type not in possible:
        names = one_of(scope.value for scope in possible)
        raise InvalidInput(
            f"{event_type.value} cannot be watched in the scope {scope_type.value}: use {names}"
        )


def check_assignable(event_type: EventType) -> None:
    """Raise `InvalidInput` if an automation with this event cannot be created or changed."""
    reason = UNASSIGNABLE.get(event_type)
    if reason is not None:
        raise InvalidInput(f"{event_type.value} cannot be assigned to an automation: {reason}")
