"""`histories`: the values of a metric over a run."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from pytest_wandb_automations.errors import InvalidInput
from pytest_wandb_automations.testing.histories import SHAPES, metric_history

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["histories"]


def histories(
    shape: str | None = None, *, min_steps: int = 2, max_steps: int = 100
) -> SearchStrategy[list[float]]:
    """Draw metric histories: a list of values, one for each step.

    `shape` is one of `descent`, `spike`, `plateau`, `divergence`, `noise` and `seasonal`; any of
    them if left out. Every `spike` has its peak and every `divergence` ends in NaN, however short.
    Examples shrink to `min_steps` values.
    """
    if shape is not None and shape not in SHAPES:
        raise InvalidInput(f"unknown shape {shape!r}; known are {', '.join(SHAPES)}")
    if not 2 <= min_steps <= max_steps:
        raise InvalidInput(
            f"histories: expected 2 <= min_steps <= max_steps, got {min_steps} and {max_steps}"
        )
    return st.builds(
        _history,
        st.sampled_from([*SHAPES]) if shape is None else st.just(shape),
        st.integers(min_steps, max_steps),
        st.integers(0, 2**32 - 1),
    )


def _history(shape: str, steps: int, seed: int) -> list[float]:
    return metric_history(shape, steps=steps, noise=Random(seed))
