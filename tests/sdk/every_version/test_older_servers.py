"""Towards a server that lacks a feature, each version of the SDK behaves as it was made to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_wandb_automations import Backend

SINCE_0_29 = "wandb.automations.OnUnlinkArtifact"
"""A name that came with the checks of events, scopes and actions as they are now."""


@pytest.fixture
def sdk() -> Any:
    import wandb.automations

    return wandb.automations


@pytest.fixture
def project(wandb_backend: Backend, api: Any) -> Any:
    wandb_backend.project("acme/llm")
    return api.project("llm", entity="acme")


def refusal() -> type[Exception]:
    import wandb

    if tuple(map(int, wandb.__version__.split(".")[:2])) < (0, 29):
        return ValueError
    return wandb.errors.UnsupportedError


@pytest.mark.needs("wandb.automations.MetricZScoreFilter")
def test_an_event_that_the_server_does_not_know_is_refused(
    wandb_backend: Backend, api: Any, sdk: Any, project: Any
) -> None:
    wandb_backend.features["AUTOMATION_EVENT_RUN_METRIC_ZSCORE"] = False
    event = sdk.OnRunMetric(scope=project, filter=sdk.RunEvent.metric("loss").zscore(30).gt(2))

    with pytest.raises(refusal(), match="not supported on this wandb server version"):
        api.create_automation(event >> sdk.DoNothing(), name="rule")
    assert wandb_backend.automations() == []
