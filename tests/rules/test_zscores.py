"""Z-scores, with the choices that W&B's documents leave open."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_wandb_automations.rules import MISSING, MetricWindow, Peers, compile_metric
from pytest_wandb_automations.rules.rolling import Moments
from pytest_wandb_automations.semantics import Semantics

deterministic = settings(derandomize=True, deadline=None, max_examples=100)


def started(
    size: int = 3,
    threshold: float = 2,
    direction: str = "ANY",
    *,
    peers: Peers | None = None,
    **semantics: Any,
) -> MetricWindow:
    source = {
        "name": "loss",
        "window_size": size,
        "threshold": threshold,
        "change_dir": direction,
    }
    return compile_metric({"zscore_filter": source}).start(Semantics(**semantics), peers=peers)


def observations(window: MetricWindow, *values: object) -> list[bool]:
    return [window.observe(value) for value in values]


@deterministic
@given(
    st.lists(st.integers(-40, 40).map(lambda value: value / 8), min_size=1, max_size=30),
    st.integers(1, 6),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["INCREASE", "DECREASE", "ANY"]),
)
def test_scores_are_numpys(
    history: list[float], size: int, sample: bool, includes: bool, direction: str
) -> None:
    window = started(
        size,
        1.5,
        direction,
        zscore_deviation="sample" if sample else "population",
        zscore_includes_newest=includes,
    )

    for end, value in enumerate(history, 1):
        held = window.observe(value)
        stop = end if includes else end - 1
        values = history[max(0, stop - size) : stop]
        scores = len(values) == size and size > sample and len(set(values)) > 1
        if not scores:
            assert (held, window.current) == (False, None)
            continue
        expected = (value - np.mean(values)) / np.std(values, ddof=int(sample))
        assert window.current == pytest.approx(expected, rel=1e-9, abs=1e-9)
        if not math.isclose(abs(expected), 1.5):
            up, down = expected >= 1.5, expected <= -1.5
            assert held is bool({"INCREASE": up, "DECREASE": down, "ANY": up or down}[direction])


def test_a_score_explains_mean_and_deviation() -> None:
    window = started()

    window.observe(1)
    assert window.explain().found is MISSING
    assert window.explain().note == "window holds 0 of 3 values"
    observations(window, 2, 3, 10)

    clause = window.explain()
    assert clause.held
    assert clause.found == pytest.approx(8 / math.sqrt(2 / 3))
    assert clause.asked == "abs(zscore(loss, 3)) >= 2"
    assert clause.note == "value 10, mean 2, deviation 0.8165 of 3 values"
    assert window.values == (2.0, 3.0, 10.0)


def test_without_a_deviation_nothing_is_far_away() -> None:
    window = started()

    assert observations(window, 0.1, 0.1, 0.1, 1e9) == [False] * 4
    assert window.explain().found is MISSING
    assert window.explain().note == "value 1000000000, mean 0.1, deviation 0 of 3 values"


def test_values_can_be_measured_against_other_runs() -> None:
    newest = {"run-4": 4.0, "run-3": float("nan"), "run-2": 2, "run-1": 3.0, "run-0": 999.0}
    window = started(peers=lambda: newest.values(), zscore_source="project")

    assert window.observe(5)

    assert window.values == (3.0, 2.0, 4.0)
    assert window.current == pytest.approx((5 - 3) / math.sqrt(2 / 3))
    newest.clear()
    assert not window.observe(5)
    assert window.explain().note == "window holds 0 of 3 values"


def test_the_newest_value_can_count_among_the_other_runs() -> None:
    window = started(
        threshold=1,
        peers=lambda: [1.0, 2.0, 999.0],
        zscore_source="project",
        zscore_includes_newest=True,
        zscore_deviation="sample",
    )

    assert window.observe(3)
    assert window.values == (2.0, 1.0, 3.0)
    assert window.current == pytest.approx(1.0)


def test_other_runs_must_be_given_when_they_are_asked() -> None:
    with pytest.raises(TypeError, match="give `peers`"):
        started(zscore_source="project")


def test_other_runs_are_not_asked_when_the_run_itself_is() -> None:
    def fail() -> list[float]:
        raise AssertionError

    assert started(peers=fail).observe(1) is False


def exact_score(value: float, window: list[float]) -> float:
    mean = sum(map(Fraction, window)) / len(window)
    variance = sum((Fraction(item) - mean) ** 2 for item in window) / len(window)
    # The square root of a fraction, to far more digits than a float has.
    deviation = Fraction(math.isqrt(int(variance * 10**80)), 10**40)
    return float((Fraction(value) - mean) / deviation)


@pytest.mark.parametrize("source", ["run", "project"])
@pytest.mark.parametrize("level", [0.0, 1e9, -1e9, 1_763_936_273.25, 1e15, 1e-3])
def test_scores_far_from_zero_are_exact(level: float, source: Any) -> None:
    shuffled = random.Random(0)
    values = [level + shuffled.choice([-1, 1]) + shuffled.gauss(0, 0.1) for _ in range(200)]
    before: list[float] = []
    peers = (lambda: before[::-1]) if source == "project" else None
    window = started(10, peers=peers, zscore_source=source)

    for value in values:
        window.observe(value)
        if len(before) >= 10:
            expected = exact_score(value, before[-10:])
            assert window.current == pytest.approx(expected, rel=1e-9, abs=1e-9)
        before.append(value)


@pytest.mark.parametrize(
    "values",
    [
        [1.7e308, -1.7e308, 1.7e308, -1.7e308],
        [1.7e308, 1.6e308, 1.7e308, 1.5e308],
        [-1.7e308, -1.7e308, -1.6e308, 1.7e308],
        [1.7976931348623157e308, 1.7976931348623155e308, 1.7976931348623157e308, -1.7e308],
        [1e308, -0.7e308, -0.75e308, -1.7e308],
    ],
)
def test_scores_of_the_largest_floats_are_exact(values: list[float]) -> None:
    window = started(3, 1e300)

    assert observations(window, *values) == [False] * 4
    assert window.current == pytest.approx(exact_score(values[3], values[:3]), rel=1e-9)


def test_a_value_that_is_farther_from_the_pivot_than_floats_reach_has_a_score() -> None:
    moments = Moments(-1.7e308, 1.0, 1e150)

    assert moments.score(1.7e308) == pytest.approx(3.4e158)
