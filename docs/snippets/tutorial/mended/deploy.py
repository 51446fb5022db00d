"""Promotes models, and has each promoted model deployed."""

import wandb
from wandb.automations import ArtifactEvent, OnAddArtifactAlias, SendWebhook

CLASSIFIER = "acme/churn/classifier"


def register():
    """Ask W&B to call the webhook `deploy` whenever a classifier is promoted."""
    api = wandb.Api()
    deploy = next(
        hook for hook in api.webhook_integrations("acme") if hook.name == "deploy"
    )
    promoted = OnAddArtifactAlias(
        scope=api.artifact_collection("model", CLASSIFIER),
        # region filter
        filter=ArtifactEvent.alias.eq("prod"),
        # endregion
    )
    call = SendWebhook.from_integration(
        deploy, payload={"model": "${artifact_version_string}"}
    )
    api.create_automation(promoted >> call, name="deploy-promoted")


def promote(version):
    """Give a version, `v3` for example, the alias of the one to use."""
    artifact = wandb.Api().artifact(f"{CLASSIFIER}:{version}")
    artifact.aliases.append("prod")
    artifact.save()
