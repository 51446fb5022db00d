"""Hypothesis strategies: filters, events, payloads, metric histories and automations.

All that they draw is valid: filters and automations can be saved, events injected, payloads filled
in. Examples shrink to small ones: to one condition, one value, few steps. They need Hypothesis:
`pip install "pytest-wandb-automations[hypothesis]"`.

    @given(automations("RUN_STATE", "NO_OP", backend=(backend := Backend())))
    def test_every_automation_can_be_read_again(new):
        saved = backend.create_automation(new)
        assert list(backend.api.automations(name=saved.name)) == [saved]
"""

try:
    import hypothesis as _  # noqa: F401  # asks only whether it is there
except ModuleNotFoundError as error:
    if error.name != "hypothesis":
        raise
    raise ImportError(
        "pytest_wandb_automations.strategies needs Hypothesis; get it with: "
        'pip install "pytest-wandb-automations[hypothesis]"'
    ) from None

from pytest_wandb_automations.strategies.automations import automations
from pytest_wandb_automations.strategies.events import events
from pytest_wandb_automations.strategies.filters import filters
from pytest_wandb_automations.strategies.histories import histories
from pytest_wandb_automations.strategies.payloads import payloads

__all__ = ["automations", "events", "filters", "histories", "payloads"]
