"""`automations`: every event with every action, ready to be saved."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import strategies as st

from pytest_wandb_automations.automations import (
    ActionType,
    AlertSeverity,
    DoNothing,
    EventType,
    NewAutomation,
    OrgScope,
    ProjectScope,
    RegistryScope,
    ScopeType,
    SendNotification,
    SendPromptToAria,
    SendWebhook,
    SlackIntegration,
    TeamScope,
    WebhookIntegration,
)
from pytest_wandb_automations.automations.scopes import (
    ArtifactPortfolioScope,
    ArtifactSequenceScope,
)
from pytest_wandb_automations.rules.scopes import possible_scopes
from pytest_wandb_automations.strategies.filters import filters
from pytest_wandb_automations.strategies.payloads import payloads
from pytest_wandb_automations.strategies.words import texts
from pytest_wandb_automations.testing.factories.conditions import (
    ASSIGNABLE_ACTIONS,
    EVENT_MODELS,
    RUN_EVENTS,
    assignable_action,
    assignable_event,
)
from pytest_wandb_automations.world.ids import FIRST_DRAFT, encode_id

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    from pytest_wandb_automations.backend import Backend

__all__ = ["automations"]


def automations(
    event_type: EventType | str | None = None,
    action_type: ActionType | str | None = None,
    *,
    backend: Backend | None = None,
    max_leaves: int = 5,
) -> SearchStrategy[NewAutomation]:
    """Draw automations that are not saved yet.

    `event_type` and `action_type` are of the vocabulary, or names; any if left out. Scopes are of
    every kind in which the event can be watched. With a `backend`, scope and integration are made
    there, and names are unused there: each automation can be saved in it. Without, they have ids
    that no backend knows. `max_leaves` is as of `filters`.
    """
    events = [*EVENT_MODELS] if event_type is None else [assignable_event(event_type)]
    actions = [*ASSIGNABLE_ACTIONS] if action_type is None else [assignable_action(action_type)]
    # Simple ones first: examples shrink towards them.
    actions.sort(key=lambda action: action is not ActionType.NO_OP)
    conditions = {each: filters(each, max_leaves=max_leaves) for each in events}
    return _automations(backend, conditions, actions)


@st.composite
def _automations(
    draw: DrawFn,
    backend: Backend | None,
    conditions: dict[EventType, SearchStrategy[Any]],
    actions: list[ActionType],
) -> NewAutomation:
    # Made while it is drawn, and not earlier: the backend may have been reset in between.
    places = _DRAFTS if backend is None else _places(backend)
    event_type = draw(st.sampled_from([*conditions]))
    event: dict[str, Any] = {"scope": _scope(draw, places, event_type)}
    if event_type in RUN_EVENTS or draw(st.booleans()):
        event["filter"] = draw(conditions[event_type])
    action_type = draw(st.sampled_from(actions))
    return NewAutomation(
        name=_unused(backend, draw(texts(min_size=1))),
        description=draw(st.one_of(st.none(), texts())),
        enabled=draw(st.sampled_from([None, True, False])),
        event=EVENT_MODELS[event_type](**event),
        action=_action(draw, places, action_type, event_type),
    )


class _Places(NamedTuple):
    """Where automations watch, and what they send to."""

    project: Any
    registry: Any
    sequence: Any
    portfolio: Any
    team: Any
    organization: Any
    webhook: Any
    slack: Any


def _places(backend: Backend) -> _Places:
    team = backend.team(backend.entity)
    project = backend.project(f"{team.name}/llm")
    registry = backend.registry("model")
    return _Places(
        project,
        registry,
        project.collection("weights"),
        registry.collection("prod"),
        team,
        backend.world.default_organization,
        backend.webhook_integration(team, name="drawn", url_endpoint="https://drawn.test/hook"),
        backend.slack_integration(team, team_name="Drawn", channel_name="#drawn"),
    )


def _id(kind: str) -> str:
    return encode_id(kind, FIRST_DRAFT)


_DRAFTS = _Places(
    ProjectScope(id=_id("Project"), name="llm"),
    RegistryScope.model_validate({"id": _id("Project"), "full_name": "wandb-registry-model"}),
    ArtifactSequenceScope(id=_id("ArtifactCollection"), name="weights"),
    ArtifactPortfolioScope(id=_id("ArtifactCollection"), name="prod"),
    TeamScope(id=_id("Entity"), name="acme"),
    OrgScope(id=_id("Entity"), name="acme-corp"),
    WebhookIntegration(id=_id("Integration"), name="drawn", url_endpoint="https://drawn.test/hook"),
    SlackIntegration(id=_id("Integration"), team_name="Drawn", channel_name="#drawn"),
)


def _scope(draw: DrawFn, places: _Places, event_type: EventType) -> Any:
    # Registries have no runs, and the classes of run events refuse them.
    projects = [places.project] if event_type in RUN_EVENTS else [places.project, places.registry]
    scopes = {
        ScopeType.PROJECT: projects,
        ScopeType.ARTIFACT_COLLECTION: [places.sequence, places.portfolio],
        ScopeType.ENTITY: [places.team, places.organization],
    }
    choices = [scope for kind in possible_scopes(event_type) for scope in scopes[kind]]
    return draw(st.sampled_from(choices))


def _action(draw: DrawFn, places: _Places, action_type: ActionType, event_type: EventType) -> Any:
    match action_type:
        case ActionType.GENERIC_WEBHOOK:
            payload = draw(st.one_of(st.none(), payloads(event_type)))
            return SendWebhook.from_integration(places.webhook, payload=payload)
        case ActionType.NOTIFICATION:
            return SendNotification.from_integration(
                places.slack,
                title=draw(texts()),
                text=draw(texts()),
                level=draw(st.sampled_from([*AlertSeverity])),
            )
        case ActionType.ARIA:
            return SendPromptToAria(prompt=f"{draw(texts())}?")
        case _:
            return DoNothing()


def _unused(backend: Backend | None, name: str) -> str:
    taken = {each.name for each in backend.world.automations} if backend else set[str]()
    names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    return next(each for each in names if each not in taken)
