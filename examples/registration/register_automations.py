"""Registers a team's automations with Weights & Biases. Nothing in here knows of tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import wandb
from wandb.automations import (
    ArtifactEvent,
    Automation,
    NewAutomation,
    OnAddArtifactAlias,
    OnLinkArtifact,
    OnRunMetric,
    RunEvent,
    SendNotification,
    SendWebhook,
)


def register(entity: str, project: str, *, model: str, payload: dict[str, Any]) -> list[Automation]:
    """Create the automations of a project, or fetch those that exist."""
    api = wandb.Api()
    deploy = next(h for h in api.webhook_integrations(entity) if h.name == "deploy")
    alerts = next(api.slack_integrations(entity=entity))
    collection = api.artifact_collection("model", f"{entity}/{project}/{model}")
    wanted: dict[str, NewAutomation] = {
        "deploy-prod": OnAddArtifactAlias(
            scope=collection, filter=ArtifactEvent.alias.matches_regex("^prod(-eu)?$")
        )
        >> SendWebhook.from_integration(deploy, payload=payload),
        "loss-spike": OnRunMetric(
            scope=api.project(project, entity=entity),
            filter=RunEvent.metric("loss").avg(3).gt(5),
        )
        >> SendNotification.from_integration(
            alerts, title="Loss is spiking", text="Average of 3 above 5", level="WARN"
        ),
        "model-linked": OnLinkArtifact(scope=api.organization())
        >> SendNotification.from_integration(alerts, title="A model is in the registry"),
    }
    return [
        api.create_automation(automation, name=name, fetch_existing=True)
        for name, automation in wanted.items()
    ]


if __name__ == "__main__":
    here = Path(__file__).parent
    template = json.loads((here / "../../fixtures/payloads/deploy.json").read_text())
    for saved in register("acme", "llm", model="weights", payload=template):
        print(saved.id, saved.name)
