# region one-line
def test_a_model_is_deployed_once(wandb_backend, wandb_factory):
    collection = wandb_factory.collection()
    wandb_factory.automation.deploy_on_alias("prod", scope=collection)

    wandb_factory.artifact(collection, aliases=["prod"])

    wandb_backend.assert_fired("deploy-prod", times=1)


def test_only_a_spike_is_told(wandb_backend, wandb_factory):
    project = wandb_factory.project()
    rule = wandb_factory.automation.loss_spike(scope=project)

    wandb_factory.run.with_history("plateau", project=project)
    wandb_backend.assert_not_fired(rule)

    wandb_factory.run.with_history("spike", project=project)
    wandb_backend.assert_fired(rule, times=1)


# endregion


# region build
def test_a_script_saves_what_it_is_given(wandb_backend, wandb_factory):
    new = wandb_factory.build_automation("RUN_STATE", "NOTIFICATION", name="mine")

    wandb_backend.api.create_automation(new)

    assert wandb_backend.automation("mine").enabled


def test_a_receiver_gets_a_payload(wandb_factory):
    assert (
        wandb_factory.payload("LINK_MODEL")["event"]["event_type"]
        == "LINK_ARTIFACT"
    )


# endregion
