"""Which events can be watched in which scope, and which cannot be watched at all.

The pairs that are not possible are those of W&B's own tests (`invalid_events_and_scopes`).
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from pytest_wandb_automations.automations import EventType, ScopeType
from pytest_wandb_automations.errors import InvalidInput
from pytest_wandb_automations.rules.wording import one_of

__all__ = [
    "UNASSIGNABLE",
    "ScopeFact",
    "check_assignable",
    "check_scope",
    "possible_scopes",
    "scope_fact",
]

_RUN_SCOPES: Final = (ScopeType.PROJECT, ScopeType.ENTITY)

_RUN_EVENTS: Final = (
    EventType.RUN_METRIC_THRESHOLD,
    EventType.RUN_METRIC_CHANGE,
    EventType.RUN_METRIC_ZSCORE,
    EventType.RUN_STATE,
)

_POSSIBLE: Final = {
    EventType.CREATE_ARTIFACT: (ScopeType.ARTIFACT_COLLECTION,),
    **dict.fromkeys(_RUN_EVENTS, _RUN_SCOPES),
}

UNASSIGNABLE: Final = {
    EventType.UPDATE_ARTIFACT_ALIAS: "it is a legacy event; use ADD_ARTIFACT_ALIAS",
    EventType.WEAVE_METRIC_THRESHOLD: "such automations are made in Weave's web pages",
}
"""Events of automations that can be read but not made, and why."""


def possible_scopes(event_type: EventType) -> tuple[ScopeType, ...]:
    """Return the scopes in which an event can be watched."""
    return _POSSIBLE.get(event_type, tuple(ScopeType))


class ScopeFact(NamedTuple):
    """Whether an event can be watched in a scope, and how that is known."""

    possible: bool

    source: Literal["SDK", "documentation", "captured", "chosen by the kit"]

    remark: str = ""
    """What else is known, for the docs."""


_REMARKS: Final = {
    (EventType.CREATE_ARTIFACT, ScopeType.PROJECT): (
        "W&B's pages offer it for projects (D); the SDK and its tests refuse it"
    ),
    (EventType.CREATE_ARTIFACT, ScopeType.ENTITY): (
        "W&B's pages list it for teams and organizations (D); the SDK and its tests refuse it"
    ),
    **dict.fromkeys(
        [(event, ScopeType.PROJECT) for event in _RUN_EVENTS],
        "A registry has no runs. The SDK takes projects only; the kit saves it, and nothing ever "
        "happens (K)",
    ),
    **dict.fromkeys(
        [(event, ScopeType.ENTITY) for event in _RUN_EVENTS],
        "The SDK makes them, W&B's pages do not (D). That an organization's fire for runs of its "
        "teams follows from how scopes contain each other (K)",
    ),
}


def scope_fact(event_type: EventType, scope_type: ScopeType) -> ScopeFact:
    """Return whether an event can be watched in a scope, with its source.

    All of it is from the SDK: what its event classes take, and what its tests against a real server
    save or list as invalid.
    """
    possible = scope_type in possible_scopes(event_type)
    return ScopeFact(possible, "SDK", _REMARKS.get((event_type, scope_type), ""))


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
