"""Run states as automations see them, and the scopes in which events can be watched."""

from __future__ import annotations

import itertools

import pytest

from pytest_wandb_automations.automations import EventType, ScopeType
from pytest_wandb_automations.errors import InvalidInput
from pytest_wandb_automations.rules import (
    check_assignable,
    check_scope,
    coarse_state,
    possible_scopes,
)
from pytest_wandb_automations.rules.scopes import scope_fact

IMPOSSIBLE = {
    (EventType.CREATE_ARTIFACT, ScopeType.ENTITY),
    (EventType.CREATE_ARTIFACT, ScopeType.PROJECT),
    (EventType.RUN_METRIC_THRESHOLD, ScopeType.ARTIFACT_COLLECTION),
    (EventType.RUN_METRIC_CHANGE, ScopeType.ARTIFACT_COLLECTION),
    (EventType.RUN_METRIC_ZSCORE, ScopeType.ARTIFACT_COLLECTION),
    (EventType.RUN_STATE, ScopeType.ARTIFACT_COLLECTION),
}


@pytest.mark.parametrize(
    ("state", "coarse"),
    [
        ("running", "RUNNING"),
        ("finished", "FINISHED"),
        ("failed", "FAILED"),
        ("crashed", "FAILED"),
        ("CRASHED", "FAILED"),
        ("killed", None),
        ("pending", None),
        ("preempting", None),
        ("preempted", None),
    ],
)
def test_automations_see_three_states(state: str, coarse: str | None) -> None:
    assert coarse_state(state) == coarse


@pytest.mark.parametrize(("event", "scope"), list(itertools.product(EventType, ScopeType)))
def test_exactly_the_pairs_of_wandbs_own_tests_are_impossible(
    event: EventType, scope: ScopeType
) -> None:
    if (event, scope) in IMPOSSIBLE:
        with pytest.raises(InvalidInput, match=f"{event.value} cannot be watched in"):
            check_scope(event, scope)
    else:
        check_scope(event, scope)
    assert (scope in possible_scopes(event)) is ((event, scope) not in IMPOSSIBLE)


def test_the_possible_scopes_are_named() -> None:
    with pytest.raises(InvalidInput) as caught:
        check_scope(EventType.RUN_STATE, ScopeType.ARTIFACT_COLLECTION)

    assert str(caught.value) == (
        "RUN_STATE cannot be watched in the scope ARTIFACT_COLLECTION: use PROJECT or ENTITY"
    )


@pytest.mark.parametrize("event", EventType)
def test_legacy_and_weave_events_cannot_be_assigned(event: EventType) -> None:
    if event in {EventType.UPDATE_ARTIFACT_ALIAS, EventType.WEAVE_METRIC_THRESHOLD}:
        with pytest.raises(InvalidInput, match=f"{event.value} cannot be assigned"):
            check_assignable(event)
    else:
        check_assignable(event)


@pytest.mark.parametrize(("event", "scope"), list(itertools.product(EventType, ScopeType)))
def test_every_pair_has_a_source(event: EventType, scope: ScopeType) -> None:
    fact = scope_fact(event, scope)

    assert (fact.possible, fact.source) == ((event, scope) not in IMPOSSIBLE, "SDK")
