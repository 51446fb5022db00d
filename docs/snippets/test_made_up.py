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
    assert wandb_factory.payload("LINK_MODEL")["event"]["event_type"] == "LINK_ARTIFACT"


# endregion


# region extend
from pytest_wandb_automations.factories import RunFactory, lazy  # noqa: E402


class NightlyRuns(RunFactory):
    tags = ("nightly",)
    display_name = lazy(lambda this: f"nightly-{this.fake.commit_hash()[:7]}")


def test_nightly_runs(wandb_factory):
    assert NightlyRuns(wandb_factory)().tags == ["nightly"]

    wandb_factory.register(NightlyRuns)
    runs = wandb_factory.run.batch(5)
    assert all(run.display_name.startswith("nightly-") for run in runs)


# endregion


# region strategies
from hypothesis import given, settings  # noqa: E402

from pytest_wandb_automations import Backend  # noqa: E402
from pytest_wandb_automations.strategies import automations, histories  # noqa: E402

BACKEND = Backend()


@settings(max_examples=20, deadline=None)
@given(automations("RUN_METRIC", "NO_OP", backend=BACKEND))
def test_what_was_saved_is_listed(new):
    saved = BACKEND.create_automation(new)

    assert saved in BACKEND.api.automations(name=new.name)


@settings(max_examples=20, deadline=None)
@given(histories("spike", min_steps=10))
def test_my_smoothing_keeps_spikes(values):
    smoothed = [max(values[max(0, i - 2) : i + 1]) for i in range(len(values))]

    assert max(smoothed) > 4


# endregion
