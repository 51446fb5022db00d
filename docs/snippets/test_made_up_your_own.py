from pytest_wandb_automations.factories import RunFactory, lazy


class NightlyRuns(RunFactory):
    tags = ("nightly",)
    display_name = lazy(lambda this: f"nightly-{this.fake.commit_hash()[:7]}")


def test_nightly_runs(wandb_factory):
    assert NightlyRuns(wandb_factory)().tags == ["nightly"]

    wandb_factory.register(NightlyRuns)
    runs = wandb_factory.run.batch(5)
    assert all(run.display_name.startswith("nightly-") for run in runs)
