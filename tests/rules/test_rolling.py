"""Rolling aggregates agree with numpy, and neither drift nor lose digits."""

from __future__ import annotations

import math
import random
import statistics
from collections import deque
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_wandb_automations.rules.rolling import (
    Moments,
    Newest,
    RollingExtreme,
    RollingMean,
    RollingMoments,
    moments_of,
)

deterministic = settings(derandomize=True, deadline=None, max_examples=150)

finite = st.floats(allow_nan=False, allow_infinity=False)
# numpy's squares of smaller differences vanish; `test_deviations_of_any_floats_are_exact` has them.
moderate = st.floats(-1e6, 1e6).map(lambda value: round(value, 6))
histories = st.lists(moderate, min_size=1, max_size=60)
any_histories = st.lists(finite, min_size=1, max_size=30)
sizes = st.integers(1, 12)


def windows(history: list[float], size: int) -> list[list[float]]:
    return [history[max(0, end - size) : end] for end in range(1, len(history) + 1)]


def pair(moments: Moments) -> tuple[float, float]:
    return moments.mean, moments.deviation


def exact_mean(values: list[float]) -> float:
    return float(sum(map(Fraction, values)) / len(values))


@deterministic
@given(histories, sizes)
def test_means_are_numpys(history: list[float], size: int) -> None:
    rolling = RollingMean(size)

    for value, window in zip(history, windows(history, size), strict=True):
        tolerance = 1e-9 * max(map(abs, window))
        assert rolling.push(value) == pytest.approx(np.mean(window), rel=1e-9, abs=tolerance)
        assert list(rolling.values) == window


@deterministic
@given(histories, sizes)
def test_extremes_are_numpys(history: list[float], size: int) -> None:
    largest, smallest = RollingExtreme(size, max), RollingExtreme(size, min)

    for value, window in zip(history, windows(history, size), strict=True):
        assert largest.push(value) == np.max(window)
        assert smallest.push(value) == np.min(window)
        assert list(largest.values) == window


@deterministic
@given(histories, sizes, st.booleans())
def test_deviations_are_numpys(history: list[float], size: int, sample: bool) -> None:
    rolling = RollingMoments(size, sample=sample)

    for value, window in zip(history, windows(history, size), strict=True):
        rolling.push(value)
        mean, deviation = pair(rolling.moments())
        tolerance = 1e-9 * max(map(abs, window))
        assert mean == pytest.approx(np.mean(window), rel=1e-9, abs=tolerance)
        if sample and len(window) == 1:
            assert deviation == 0
        else:
            expected = np.std(window, ddof=int(sample))
            # numpy's own mean is rounded, so it sees a spread where constant values have none.
            assert deviation == pytest.approx(expected, rel=1e-9, abs=1e-15 * max(map(abs, window)))


@deterministic
@given(any_histories, sizes)
def test_means_of_any_floats_are_exact_to_the_size_of_the_window(
    history: list[float], size: int
) -> None:
    rolling = RollingMean(size)

    for value, window in zip(history, windows(history, size), strict=True):
        exact, magnitude = exact_mean(window), max(map(abs, window))
        assert math.isclose(rolling.push(value), exact, abs_tol=1e-14 * magnitude, rel_tol=1e-14)


@deterministic
@given(any_histories, sizes)
def test_deviations_of_any_floats_are_exact(history: list[float], size: int) -> None:
    rolling = RollingMoments(size)

    for value, window in zip(history, windows(history, size), strict=True):
        rolling.push(value)
        _, deviation = pair(rolling.moments())
        mean = sum(map(Fraction, window)) / len(window)
        variance = sum((Fraction(value) - mean) ** 2 for value in window) / len(window)
        assert abs(Fraction(deviation) ** 2 - variance) <= variance / 10**9


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_nothing_remains_of_values_that_left_the_window(size: int) -> None:
    rolling, moments = RollingMean(size), RollingMoments(size)

    for value in [1e16, 1.0, -1e16, 1e300, 3.0, -1e300] * 3 + [0.1, 0.25] * size:
        mean = rolling.push(value)
        moments.push(value)

    window = list(rolling.values)
    assert mean == pytest.approx(exact_mean(window), rel=1e-15)
    assert pair(moments.moments()) == pytest.approx(
        (exact_mean(window), statistics.pstdev(window)), rel=1e-12
    )


def test_a_million_values_leave_no_drift() -> None:
    shuffled = random.Random(0)
    size = 1000
    rolling, moments = RollingMean(size), RollingMoments(size)
    values = [shuffled.choice([1e16, 1.0, -1e16, 1e-3, shuffled.gauss(0, 1)]) for _ in range(1000)]
    history = [*values * 999, *(shuffled.gauss(5, 0.1) for _ in range(size))]

    for value in history:
        moments.push(value)
        mean = rolling.push(value)

    assert len(history) == 1_000_000
    window = history[-size:]
    assert mean == pytest.approx(exact_mean(window), rel=1e-14)
    assert moments.moments().deviation == pytest.approx(statistics.pstdev(window), rel=1e-12)


def test_small_deviations_of_large_values_do_not_cancel() -> None:
    shuffled = random.Random(1)
    size = 50
    moments = RollingMoments(size)
    window: deque[float] = deque(maxlen=size)

    for step in range(1000):
        # The level jumps, so that a fixed reference point would soon be far from all values.
        value = 10.0 ** (step // 100) + shuffled.gauss(0, 1e-3)
        moments.push(value)
        window.append(value)
        mean, deviation = pair(moments.moments())
        assert mean == pytest.approx(exact_mean(list(window)), rel=1e-14)
        assert deviation == pytest.approx(statistics.pstdev(map(Fraction, window)), rel=1e-12)


def test_a_constant_metric_is_its_own_mean_and_has_no_deviation() -> None:
    rolling, moments = RollingMean(7), RollingMoments(7)

    for _ in range(100):
        assert rolling.push(0.1) == 0.1
        moments.push(0.1)
        assert pair(moments.moments()) == (0.1, 0.0)
    assert pair(moments_of([0.1] * 7)) == (0.1, 0.0)


def test_values_near_the_largest_float_do_not_overflow() -> None:
    rolling, moments = RollingMean(3), RollingMoments(3)
    huge = 1.7e308

    for value in (huge, -huge, huge):
        mean = rolling.push(value)
        moments.push(value)

    assert mean == pytest.approx(huge / 3)
    assert pair(moments.moments()) == pytest.approx((huge / 3, huge * math.sqrt(8 / 9)))


def test_values_near_the_smallest_float_keep_their_deviation() -> None:
    moments = RollingMoments(3)

    for value in (1e-200, 2e-200, 6e-200):
        moments.push(value)

    assert pair(moments.moments()) == pytest.approx(
        (3e-200, statistics.pstdev([1.0, 2.0, 6.0]) * 1e-200), rel=1e-12, abs=0
    )


@deterministic
@given(histories.filter(lambda values: len(values) > 1), st.booleans())
def test_two_passes_agree_with_numpy(values: list[float], sample: bool) -> None:
    mean, deviation = pair(moments_of(values, sample=sample))

    tolerance = 1e-12 * max(map(abs, values))
    assert mean == pytest.approx(np.mean(values), rel=1e-9, abs=tolerance)
    expected = np.std(values, ddof=int(sample))
    assert deviation == pytest.approx(expected, rel=1e-9, abs=tolerance)


def test_one_value_has_no_sample_deviation() -> None:
    assert pair(moments_of([3.0], sample=True)) == (3.0, 0.0)
    assert pair(moments_of([0.0, 0.0])) == (0.0, 0.0)


def test_a_window_of_one_is_the_newest_value() -> None:
    newest = Newest()

    assert [newest.push(value) for value in (1.0, 2.0)] == [1.0, 2.0]
    assert list(newest.values) == [2.0]
