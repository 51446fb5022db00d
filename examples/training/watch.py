"""Registers what is to happen when a training of the moons goes well, badly, or not at all."""

from __future__ import annotations

import wandb
from wandb.automations import (
    ArtifactEvent,
    OnAddArtifactAlias,
    OnRunMetric,
    OnRunState,
    RunEvent,
    SendNotification,
    SendWebhook,
)

PAYLOAD = {
    "action": "deploy",
    "model": "${artifact_version_string}",
    "accuracy": "${artifact_metadata.accuracy}",
    "author": "${event_author}",
}


def watch(entity: str, *, registry: str) -> None:
    api = wandb.Api()
    project = api.project("moons", entity=entity)
    alerts = next(api.slack_integrations(entity=entity))
    deploy = next(api.webhook_integrations(entity=entity))

    spike = OnRunMetric(scope=project, filter=RunEvent.metric("loss").avg(5).increases_by(frac=1.0))
    api.create_automation(
        spike >> SendNotification.from_integration(alerts, title="Loss has doubled", level="WARN"),
        name="loss-spike",
    )
    failed = OnRunState(scope=project, filter=RunEvent.state.in_(["failed"]))
    api.create_automation(
        failed >> SendNotification.from_integration(alerts, title="Training failed", level="ERROR"),
        name="training-failed",
    )
    released = OnAddArtifactAlias(
        scope=api.registry(registry), filter=ArtifactEvent.alias.eq("prod")
    )
    api.create_automation(
        released >> SendWebhook.from_integration(deploy, payload=PAYLOAD), name="deploy-prod"
    )
