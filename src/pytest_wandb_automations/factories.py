"""Factories that work without pytest: `Factory(backend, seed=7).automation.run_failed()`.

The fixture `wandb_factory` is a `Factory` of the test's backend. A subclass of a factory makes
things of one's own; see `NounFactory`.
"""

from pytest_wandb_automations.testing.factories import *  # noqa: F403  # the same names, under a path that is short
from pytest_wandb_automations.testing.factories import __all__ as __all__
