from pytest_wandb_automations.automations import (
    ArtifactEvent,
    DoNothing,
    OnAddArtifactAlias,
)


def test_the_alias_deploys(wandb_backend):
    weights = wandb_backend.collection("acme/llm/weights", type="model")
    event = OnAddArtifactAlias(scope=weights, filter=ArtifactEvent.alias.eq("prod"))
    wandb_backend.create_automation(event >> DoNothing(), name="deploy-prod")

    weights.log_version().add_alias("Prod")

    print(wandb_backend.explain("deploy-prod"))
