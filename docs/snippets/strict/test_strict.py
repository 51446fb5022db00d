from pytest_wandb_automations.automations import OnCreateArtifact, SendWebhook


def test_a_new_version_is_announced(wandb_backend):
    weights = wandb_backend.collection("acme/llm/weights", type="model")
    hook = wandb_backend.webhook_integration(
        "acme", name="announce", url_endpoint="https://announce.test/hook"
    )
    call = SendWebhook.from_integration(
        hook, payload={"model": "${artifact_verison_string}"}
    )
    wandb_backend.create_automation(
        OnCreateArtifact(scope=weights) >> call, name="announce"
    )

    weights.log_version()

    assert len(wandb_backend.webhooks) == 1
