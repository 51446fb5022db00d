"""Axes."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_wandb_automations.testing.page.scales import Scale, scale_over, ticks

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(NUMBERS), st.floats(0, 0.5))
def test_every_number_lies_on_the_paper_in_its_order(numbers: list[float], margin: float) -> None:
    scale = scale_over(numbers, 50, 450, margin=margin)
    places = [scale(number) for number in sorted(numbers)]
    assert places == sorted(places)
    assert all(50 <= place <= 450 for place in places)


@given(st.lists(NUMBERS), st.integers(3, 9))
def test_ticks_are_few_round_numbers_within_it(numbers: list[float], about: int) -> None:
    scale = scale_over(numbers, 0, 100)
    found = ticks(scale, about)
    assert len(found) <= about + 1
    assert found == sorted(set(found))
    assert all(scale.low <= tick <= scale.high for tick in found)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 100, [0, 20, 40, 60, 80, 100]),
        (0.13, 0.42, [0.2, 0.3, 0.4]),
        (-3, 9, [0, 5]),
        (1e-7, 5e-7, [1e-7, 2e-7, 3e-7, 4e-7, 5e-7]),
    ],
)
def test_known_ticks(low: float, high: float, expected: list[float]) -> None:
    assert ticks(Scale(low, high, 0, 1), 5) == pytest.approx(expected)


def test_one_number_lies_in_the_middle() -> None:
    assert scale_over([7.0], 0, 100)(7.0) == 50
    assert scale_over([0.0], 0, 100)(0.0) == 50
    assert scale_over([], 0, 100)(0.0) == 50


def test_it_knows_what_it_holds() -> None:
    scale = scale_over([1.0, 2.0], 0, 100)
    assert 1.5 in scale
    assert 3.0 not in scale
    assert math.nan not in scale
