# region test
from pytest_wandb_automations.automations import OnLinkArtifact, SendWebhook


def test_the_automations_of_a_registry(wandb_backend):
    production = wandb_backend.registry("model").collection("production")
    hook = wandb_backend.webhook_integration(
        "acme", name="deploy", url_endpoint="https://deploy.test/hook"
    )
    rule = OnLinkArtifact(scope=production) >> SendWebhook.from_integration(hook)
    api = wandb_backend.api

    api.create_automation(rule, name="deploy-linked")
    wandb_backend.collection("acme/llm/weights", type="model").log_version().link(
        production
    )

    assert [automation.name for automation in api.automations()] == [
        "deploy-linked"
    ]
    wandb_backend.assert_fired("deploy-linked", times=1)


# endregion
