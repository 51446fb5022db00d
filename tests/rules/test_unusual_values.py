"""NaN, infinities, texts and booleans in windows, as `Semantics` has it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_wandb_automations.rules import MetricWindow, compile_metric
from pytest_wandb_automations.rules.windows import number_reader
from pytest_wandb_automations.semantics import Semantics

deterministic = settings(derandomize=True, deadline=None, max_examples=200)

NAN, INF = math.nan, math.inf
AGGREGATES = {"MAX": np.max, "MIN": np.min, "AVERAGE": np.mean}
COMPARE = Semantics(nonfinite_values="compare")
CONVERT = Semantics(nonnumeric_values="convert")
BOTH = Semantics(nonfinite_values="compare", nonnumeric_values="convert")


def threshold(semantics: Semantics, agg: str | None = None, size: int = 1) -> MetricWindow:
    filter_ = {
        "name": "loss",
        "agg_op": agg,
        "window_size": size,
        "cmp_op": "$gt",
        "threshold": 3,
    }
    return compile_metric({"threshold_filter": filter_}).start(semantics)


@pytest.mark.parametrize(
    ("value", "ignored", "compared", "converted"),
    [
        (2, 2, 2, 2),
        (NAN, None, NAN, None),
        (INF, None, INF, None),
        (-INF, None, -INF, None),
        ("NaN", None, NAN, None),
        ("-Infinity", None, -INF, None),
        ("nan", None, None, None),
        ("0.5", None, None, 0.5),
        ("half", None, None, None),
        (True, None, None, 1),
        (None, None, None, None),
        ([1], None, None, None),
        (np.array(2.0), 2, 2, 2),
        (np.float32(0.5), 0.5, 0.5, 0.5),
        (np.array([2.0]), None, None, None),
        (np.array(True), None, None, None),
        (10**400, None, None, None),
    ],
    ids=repr,
)
def test_a_value_is_read_as_the_number_that_semantics_see_in_it(
    value: object, ignored: float | None, compared: float | None, converted: float | None
) -> None:
    found = [number_reader(semantics)(value) for semantics in (Semantics(), COMPARE, CONVERT)]

    assert repr(found) == repr(
        [n if n is None else float(n) for n in (ignored, compared, converted)]
    )


def test_a_converted_text_may_be_no_finite_number() -> None:
    assert number_reader(CONVERT)("inf") is None
    assert number_reader(BOTH)("inf") == INF


@deterministic
@given(
    st.lists(st.sampled_from([1.0, 2.0, -3.0, 9.0, NAN, INF, -INF]), max_size=20),
    st.integers(1, 5),
    st.sampled_from(sorted(AGGREGATES)),
)
@example([INF, -INF, 1.0], 2, "AVERAGE")
@example([NAN, 1.0, 2.0], 2, "MAX")
@example([1.0, NAN, 2.0], 2, "MIN")
def test_aggregates_of_any_floats_are_numpys(history: list[float], size: int, agg: str) -> None:
    window = threshold(COMPARE, agg, size)

    for end, value in enumerate(history, 1):
        held = window.observe(value)
        with np.errstate(invalid="ignore"):
            expected = AGGREGATES[agg](history[max(0, end - size) : end])
        assert window.current == pytest.approx(expected, rel=1e-9, nan_ok=True)
        assert held is (window.current is not None and window.current > 3)


def test_infinity_is_above_any_threshold_and_nan_above_none() -> None:
    window = threshold(COMPARE)

    assert [window.observe(value) for value in (INF, NAN, "Infinity", -INF)] == [
        True,
        False,
        True,
        False,
    ]
    assert window.values_ignored == 0


def test_a_zscore_is_measured_of_infinity_but_not_against_it() -> None:
    filter_ = {"name": "loss", "window_size": 2, "threshold": 2}
    window = compile_metric({"zscore_filter": filter_}).start(COMPARE)

    assert [window.observe(value) for value in (1, 2, INF, 1, 1, 2, 1, NAN)] == [
        False,
        False,
        True,  # against 1 and 2
        False,  # against 2 and infinity
        False,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("history", "held"),
    [([1, INF], True), ([INF, 1], True), ([INF, INF], False), ([NAN, 1], False)],
)
@pytest.mark.parametrize("kind", ["ABSOLUTE", "RELATIVE"])
def test_a_change_to_infinity_is_one(kind: str, history: list[float], held: bool) -> None:
    filter_ = {"name": "loss", "change_type": kind, "change_dir": "ANY", "change_amount": 2}
    window = compile_metric({"change_filter": filter_}).start(COMPARE)

    window.observe(history[0])

    # Relative to infinity nothing is: the ratio is not a number.
    assert window.observe(history[1]) is (held and not (kind == "RELATIVE" and history[0] == INF))


def test_texts_and_booleans_enter_windows_when_converted() -> None:
    window = threshold(CONVERT, "AVERAGE", 2)

    assert [window.observe(value) for value in ("7", True, "x", "1e1")] == [True, True, False, True]
    assert window.values == (1.0, 10.0)
    assert window.values_ignored == 1


def test_an_ignored_value_says_so_however_much_is_converted() -> None:
    window = threshold(BOTH)
    window.observe("x")

    assert window.explain().note == "ignored: str is no number"


def test_other_runs_values_are_read_alike() -> None:
    filter_: dict[str, Any] = {"name": "loss", "window_size": 2, "threshold": 2}
    semantics = BOTH.model_copy(update={"zscore_source": "project"})
    window = compile_metric({"zscore_filter": filter_}).start(semantics, peers=lambda: ["3", True])

    assert window.observe(9)
    assert window.values == (1.0, 3.0)
