"""Towards a server that lacks a feature, each version of the SDK behaves as it was made to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_wandb_automations import Backend

SINCE_0_29 = "wandb.automations.OnUnlinkArtifact"
"""A name that came with the checks of events, scopes and actions as they are now."""


@pytest.fixture
def project(wandb_backend: Backend, api: Any) -> Any:
    wandb_backend.project("acme/llm")
    return api.project("llm", entity="acme")


@pytest.fixture
def refusal(has: Callable[[str], bool]) -> type[Exception] | tuple[type[Exception], ...]:
    """Return how this version says that the server cannot do something."""
    from wandb.errors import CommError, UnsupportedError

    # 0.19 says ValueError, which its successors wrap.
    return UnsupportedError if has(SINCE_0_29) else (ValueError, CommError)


@pytest.mark.needs(SINCE_0_29)
def test_an_event_that_the_server_does_not_know_is_refused(
    wandb_backend: Backend, api: Any, sdk: Any, project: Any, refusal: Any
) -> None:
    wandb_backend.features["AUTOMATION_EVENT_RUN_METRIC_ZSCORE"] = False
    event = sdk.OnRunMetric(scope=project, filter=sdk.RunEvent.metric("loss").zscore(30).gt(2))

    with pytest.raises(refusal, match="not supported on this wandb server version"):
        api.create_automation(event >> sdk.DoNothing(), name="rule")
    assert wandb_backend.automations() == []


def test_versions_before_0_29_ask_for_metrics_and_later_ones_take_them_for_granted(
    wandb_backend: Backend,
    api: Any,
    sdk: Any,
    project: Any,
    has: Callable[[str], bool],
    refusal: Any,
) -> None:
    wandb_backend.features["AUTOMATION_EVENT_RUN_METRIC"] = False
    event = sdk.OnRunMetric(scope=project, filter=sdk.RunEvent.metric("loss").gt(2))

    if has(SINCE_0_29):
        api.create_automation(event >> sdk.DoNothing(), name="rule")
        assert len(wandb_backend.automations()) == 1
    else:
        with pytest.raises(refusal, match="not supported on this wandb server version"):
            api.create_automation(event >> sdk.DoNothing(), name="rule")


def test_automations_of_an_older_server_are_found_by_walking_projects(
    wandb_backend: Backend, api: Any, sdk: Any, project: Any
) -> None:
    for feature in ("QUERY_AUTOMATIONS_ON_ENTITY", "AUTOMATION_SCOPE_ENTITY"):
        wandb_backend.features[feature] = False
    event = sdk.OnRunMetric(scope=project, filter=sdk.RunEvent.metric("loss").gt(2))
    wandb_backend.project("acme/empty")
    api.create_automation(event >> sdk.DoNothing(), name="rule")

    assert [rule.name for rule in api.automations(entity="acme", per_page=1)] == ["rule"]
    assert [rule.name for rule in api.automations(per_page=1)] == ["rule"]
    assert api.automation(name="rule", entity="acme").event.event_type == event.event_type


def test_a_server_without_registries_makes_the_sdk_refuse_them(
    wandb_backend: Backend, api: Any
) -> None:
    wandb_backend.features["ARTIFACT_REGISTRY_SEARCH"] = False
    wandb_backend.registry("model")

    with pytest.raises(RuntimeError, match="not enabled on this wandb server version"):
        list(api.registries("acme-corp"))
    with pytest.raises(RuntimeError, match="not enabled on this wandb server version"):
        api.registry("model", organization="acme-corp")
