from hypothesis import given, settings

from pytest_wandb_automations import Backend
from pytest_wandb_automations.strategies import automations, histories

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
