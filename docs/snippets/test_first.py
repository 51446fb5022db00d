import wandb
from wandb.automations import ArtifactEvent, OnAddArtifactAlias, SendWebhook


def register():  # your code, unchanged
    api = wandb.Api()
    hook = next(api.webhook_integrations("acme"))
    weights = api.artifact_collection("model", "acme/llm/weights")
    event = OnAddArtifactAlias(scope=weights, filter=ArtifactEvent.alias.eq("prod"))
    action = SendWebhook.from_integration(
        hook, payload={"model": "${artifact_version_string}"}
    )
    api.create_automation(event >> action, name="deploy-prod")


def test_the_alias_prod_deploys(wandb_backend):
    weights = wandb_backend.collection("acme/llm/weights", type="model")
    wandb_backend.webhook_integration(
        "acme",
        name="deploy",
        url_endpoint="https://deploy.test/hook",
        secret="s3cret",
    )
    register()

    version = weights.log_version(metadata={"accuracy": 0.93})
    version.add_alias("staging")
    wandb_backend.assert_not_fired("deploy-prod")

    version.add_alias("prod")
    delivery = wandb_backend.webhooks.last
    assert delivery.json == {"model": "acme/llm/weights:prod"}
    assert delivery.verify_signature("s3cret")
