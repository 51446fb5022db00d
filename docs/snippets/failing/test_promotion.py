from pytest_wandb_automations.automations import (
    ArtifactEvent,
    OnAddArtifactAlias,
    SendWebhook,
)


def test_a_promoted_model_is_deployed(wandb_backend):
    weights = wandb_backend.collection("acme/llm/weights", type="model")
    hook = wandb_backend.webhook_integration(
        "acme", name="deploy", url_endpoint="https://deploy.test/hook"
    )
    event = OnAddArtifactAlias(scope=weights, filter=ArtifactEvent.alias.eq("prod"))
    wandb_backend.create_automation(
        event >> SendWebhook.from_integration(hook), name="deploy-prod"
    )

    weights.log_version().add_alias("Prod")

    wandb_backend.assert_fired("deploy-prod", times=1)
