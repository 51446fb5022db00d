def test_a_spike_is_told(wandb_backend, wandb_factory):
    project = wandb_factory.project("llm")
    rule = wandb_factory.automation.loss_spike(scope=project)

    wandb_factory.run.with_history("spike", project=project)

    wandb_backend.assert_fired(rule, times=1)
