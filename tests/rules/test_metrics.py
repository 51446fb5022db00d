"""Metric conditions: read from the wire, and evaluated value by value as numpy would."""

from __future__ import annotations

import json
import math
import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_wandb_automations.errors import InvalidFilter
from pytest_wandb_automations.rules import (
    MISSING,
    MetricCondition,
    MetricWindow,
    compile_metric,
    flatten_metrics,
)
from pytest_wandb_automations.semantics import Semantics

deterministic = settings(derandomize=True, deadline=None, max_examples=100)

AGGREGATES = {"MAX": np.max, "MIN": np.min, "AVERAGE": np.mean}
histories = st.lists(st.integers(-40, 40).map(lambda value: value / 8), min_size=1, max_size=40)
sizes = st.integers(1, 6)
directions = st.sampled_from(["INCREASE", "DECREASE", "ANY"])


def threshold(cmp: str = "$gt", value: float = 3, **members: Any) -> MetricCondition:
    filter_ = {"name": "loss", "cmp_op": cmp, "threshold": value, **members}
    return compile_metric({"threshold_filter": filter_})


def change(direction: str = "ANY", amount: float = 2, **members: Any) -> MetricCondition:
    filter_ = {
        "name": "loss",
        "change_type": "ABSOLUTE",
        "change_dir": direction,
        "change_amount": amount,
        **members,
    }
    return compile_metric({"change_filter": filter_})


def started(condition: MetricCondition, **semantics: Any) -> MetricWindow:
    return condition.start(Semantics(**semantics))


def observations(window: MetricWindow, *values: object) -> list[bool]:
    return [window.observe(value) for value in values]


def moves(direction: str, size: float, amount: float) -> bool:
    up, down = size >= amount, size <= -amount
    return {"INCREASE": up, "DECREASE": down, "ANY": up or down}[direction]


# What a condition needs to know


@pytest.mark.parametrize(
    ("condition", "reach"),
    [
        (threshold(window_size=9), 1),
        (threshold(agg_op="MAX", window_size=9), 9),
        (change(current_window_size=9), 2),
        (change(agg_op="MIN", current_window_size=9, prior_window_size=4), 13),
        (compile_metric({"zscore_filter": {"name": "loss", "window_size": 9}}), 10),
    ],
    ids=lambda value: value.describe() if isinstance(value, MetricCondition) else "",
)
def test_a_condition_knows_how_many_values_decide(condition: MetricCondition, reach: int) -> None:
    assert condition.reach == reach


@deterministic
@given(
    st.sampled_from(
        [
            threshold(window_size=4),
            threshold(agg_op="AVERAGE", window_size=4),
            change(agg_op="AVERAGE", current_window_size=2, prior_window_size=3),
            compile_metric({"zscore_filter": {"name": "l", "window_size": 3, "threshold": 1}}),
        ]
    ),
    st.lists(st.integers(-4, 4), min_size=12, max_size=12),
    st.booleans(),
)
def test_no_earlier_value_matters(
    condition: MetricCondition, history: list[int], partial: bool
) -> None:
    whole = started(condition, partial_window=partial)
    late = started(condition, partial_window=partial)
    *_, expected = observations(whole, *history)

    assert observations(late, *history[-condition.reach :])[-1] is expected
    assert late.current == pytest.approx(whole.current, abs=1e-12)


# Thresholds


@pytest.mark.parametrize(
    ("cmp", "held"),
    [
        ("$gt", [False, False, True]),
        ("$gte", [False, True, True]),
        ("$lt", [True, False, False]),
        ("$lte", [True, True, False]),
        ("$eq", [False, True, False]),
        ("$ne", [True, False, True]),
    ],
)
def test_a_single_value_is_compared_with_the_threshold(cmp: str, held: list[bool]) -> None:
    # "ignored if `agg` is None", says the SDK of the window.
    assert observations(started(threshold(cmp, window_size=9)), 2, 3, 4) == held


@deterministic
@given(histories, sizes, st.sampled_from(sorted(AGGREGATES)), st.booleans())
def test_aggregates_are_compared_as_numpy_computes_them(
    history: list[float], size: int, agg: str, partial: bool
) -> None:
    window = started(threshold(value=1, agg_op=agg, window_size=size), partial_window=partial)

    for end, value in enumerate(history, 1):
        values = history[max(0, end - size) : end]
        expected = AGGREGATES[agg](values)
        # Eighths in windows of 3, 5 and 6 have means whose last digit depends on the algorithm.
        if not math.isclose(expected, 1):
            full = partial or end >= size
            assert window.observe(value) is bool(expected > 1 and full)
        else:
            window.observe(value)
        assert window.current == pytest.approx(expected, rel=1e-9, abs=1e-12)
        assert window.values == tuple(values)


def test_an_explanation_shows_the_numbers_that_decided() -> None:
    window = started(threshold(agg_op="AVERAGE", window_size=5))

    window.observe(2)
    window.observe(6)
    window.observe(1)
    clause = window.explain()

    assert (clause.path, clause.asked) == ("metric", "avg(loss, 5) > 3")
    assert (clause.found, clause.held) == (3.0, False)
    assert clause.note == "window holds 3 of 5 values"
    assert (window.held, window.current, window.values) == (False, 3.0, (2.0, 6.0, 1.0))
    observations(window, 9, 9)
    assert window.explain().note == ""
    assert window.explain().held


def test_a_full_window_can_be_demanded() -> None:
    condition = threshold(agg_op="MAX", window_size=3)

    assert observations(started(condition), 5, 5, 5, 5) == [True] * 4
    assert observations(started(condition, partial_window=False), 5, 5, 5, 5) == [
        False,
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("value", "note"),
    [
        (float("nan"), "NaN is ignored"),
        (np.float32("nan"), "NaN is ignored"),
        (float("inf"), "ignored: not finite"),
        (10**400, "ignored: too large"),
        (True, "ignored: bool is no number"),
        (None, "ignored: NoneType is no number"),
        ("5", "ignored: str is no number"),
        ([5], "ignored: list is no number"),
        ({"_type": "image"}, "ignored: dict is no number"),
    ],
)
def test_what_is_not_a_finite_number_is_ignored_and_says_so(value: object, note: str) -> None:
    window = started(threshold(agg_op="MAX", window_size=2))
    window.observe(5)

    assert window.observe(value) is False

    clause = window.explain()
    assert (clause.held, clause.note) == (False, note)
    assert clause.found is value
    assert (window.values_seen, window.values, window.held) == (1, (5.0,), False)
    assert window.observe(1) is True
    assert window.explain().found == 5.0


@pytest.mark.parametrize("value", [5, 5.0, np.float64(5), np.float32(5), np.int64(5), Fraction(5)])
def test_every_kind_of_finite_number_counts(value: object) -> None:
    window = started(threshold())

    assert window.observe(value)
    assert window.values == (5.0,)


def test_before_the_first_value_nothing_was_asked() -> None:
    window = started(threshold())
    clause = window.explain()

    assert (clause.held, clause.found, clause.note) == (None, MISSING, "no value yet")
    assert (window.values_seen, window.values, window.current) == (0, (), None)


def test_edges_fire_only_when_the_condition_begins_to_hold() -> None:
    window = started(threshold(), metric_trigger="edge")

    assert observations(window, 5, 6, float("nan"), 7) == [True, False, False, False]
    note = "it held before, and fires only when it begins to hold"
    assert window.explain().note == note
    assert observations(window, 1, 5) == [False, True]


def test_remarks_on_windows_and_edges_are_joined() -> None:
    window = started(threshold(agg_op="MAX", window_size=3), metric_trigger="edge")
    observations(window, 5, 5)

    assert window.explain().note == (
        "window holds 2 of 3 values; it held before, and fires only when it begins to hold"
    )


# Changes


@deterministic
@given(histories, sizes, sizes, st.sampled_from(sorted(AGGREGATES)), directions, st.booleans())
def test_changes_are_between_windows_as_numpy_sees_them(
    history: list[float], size: int, prior: int, agg: str, direction: str, relative: bool
) -> None:
    window = started(
        change(
            direction,
            0.3,
            agg_op=agg,
            current_window_size=size,
            prior_window_size=prior,
            change_type="RELATIVE" if relative else "ABSOLUTE",
        )
    )

    for end, value in enumerate(history, 1):
        held = window.observe(value)
        now = history[max(0, end - size) : end]
        before = history[max(0, end - size - prior) : max(0, end - size)]
        assert window.values == (*before, *now)
        expected = None
        if before:
            base = AGGREGATES[agg](before)
            expected = AGGREGATES[agg](now) - base
            if relative:
                expected = expected / abs(base) if base else None
        if expected is None:
            assert (held, window.current) == (False, None)
        else:
            assert window.current == pytest.approx(expected, rel=1e-9, abs=1e-12)
            if not math.isclose(abs(expected), 0.3):
                assert held is bool(moves(direction, expected, 0.3))


def test_without_an_aggregate_a_value_is_compared_with_the_one_before() -> None:
    window = started(change("INCREASE", 2, current_window_size=5, prior_window_size=7))

    assert observations(window, 1, 2, 4, 3) == [False, False, True, False]
    assert window.values == (4.0, 3.0)


def test_changes_are_inclusive_and_have_a_direction() -> None:
    assert observations(started(change("INCREASE")), 0, 2, 0) == [False, True, False]
    assert observations(started(change("DECREASE")), 0, 2, 0) == [False, False, True]
    assert observations(started(change("ANY")), 0, 2, 0) == [False, True, True]


def test_a_change_explains_both_windows() -> None:
    window = started(change(agg_op="MAX", current_window_size=2))

    window.observe(1)
    assert window.explain().found is MISSING
    assert window.explain().note == "window holds 1 of 2 values, the prior window none"
    window.observe(1)
    assert window.explain().note == "window holds 2 values, the prior window none"
    window.observe(4.5)
    clause = window.explain()
    assert (clause.asked, clause.found) == ("max(loss, 2 after 2) changes by at least 2", 3.5)
    assert (clause.held, clause.note) == (True, "4.5 now, 1 before")


def test_relative_changes_from_zero_never_hold() -> None:
    window = started(change("ANY", 0.1, change_type="RELATIVE"))

    assert observations(window, 0, 5, 6) == [False, False, True]
    assert observations(window, 0, -1) == [True, False]
    assert window.explain().found is MISSING
    assert window.explain().note == "-1 now, 0 before: nothing is relative to 0"


def test_relative_changes_from_zero_can_be_infinite() -> None:
    window = started(
        change("DECREASE", 0.1, change_type="RELATIVE"), relative_change_from_zero="fires"
    )

    assert observations(window, 0, 0, -1) == [False, False, True]
    assert window.current == -math.inf
    assert observations(window, 0, 1) == [False, False]


def test_relative_changes_are_fractions_of_the_prior_size() -> None:
    window = started(change("INCREASE", 0.5, change_type="RELATIVE"))

    assert observations(window, -4, -2) == [False, True]
    assert window.current == 0.5


# Reading and writing


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (
            {"threshold_filter": {"name": "loss", "cmp_op": "$gt", "threshold": 3}},
            "loss > 3",
        ),
        (
            {
                "threshold_filter": {
                    "name": "val.loss",
                    "agg_op": "AVERAGE",
                    "window_size": 5,
                    "cmp_op": "$lte",
                    "threshold": 0.1 + 0.2,
                }
            },
            "avg(val.loss, 5) <= 0.3",
        ),
        (
            {
                "threshold_filter": {
                    "name": "loss",
                    "agg_op": None,
                    "window_size": 1,
                    "cmp_op": "$ne",
                    "threshold": -1.5,
                }
            },
            "loss ≠ -1.5",
        ),
        (
            {
                "change_filter": {
                    "name": "loss",
                    "agg_op": "MIN",
                    "current_window_size": 3,
                    "change_amount": 0.1,
                    "prior_window_size": 50,
                    "change_type": "RELATIVE",
                    "change_dir": "DECREASE",
                }
            },
            "min(loss, 3 after 50) decreases by at least 10%",
        ),
        (
            {
                "change_filter": {
                    "name": "loss",
                    "change_amount": 2,
                    "prior_window_size": 50,
                    "change_type": "ABSOLUTE",
                    "change_dir": "INCREASE",
                }
            },
            "loss increases by at least 2",
        ),
        ({"zscore_filter": {"name": "loss"}}, "abs(zscore(loss, 30)) >= 3"),
        (
            {"zscore_filter": {"name": "a", "window_size": 9, "change_dir": "INCREASE"}},
            "zscore(a, 9) >= 3",
        ),
        (
            {
                "zscore_filter": {"name": "a", "threshold": 2.5, "change_dir": "DECREASE"},
                "change_filter": None,
            },
            "zscore(a, 30) <= -2.5",
        ),
    ],
)
def test_conditions_read_as_sentences(source: dict[str, Any], sentence: str) -> None:
    condition = compile_metric(json.loads(json.dumps(source)))

    assert condition.describe() == sentence
    assert condition.name in sentence


@pytest.mark.parametrize(
    ("source", "path", "problem"),
    [
        ([], "", "expected an object, got []"),
        ({}, "", "expected one of threshold_filter, change_filter or zscore_filter, got none"),
        ({"treshold_filter": {}}, "treshold_filter", "did you mean 'threshold_filter'?"),
        (
            {"threshold_filter": {"name": "a"}, "zscore_filter": {"name": "a"}},
            "",
            "got threshold_filter and zscore_filter",
        ),
        ({"threshold_filter": 5}, "threshold_filter", "expected an object, got 5"),
    ],
)
def test_what_is_no_condition_is_refused(source: Any, path: str, problem: str) -> None:
    with pytest.raises(InvalidFilter) as caught:
        compile_metric(source)

    assert caught.value.path == path
    assert problem in caught.value.problem


@pytest.mark.parametrize(
    ("member", "value", "problem"),
    [
        ("name", None, "missing"),
        ("name", "", "expected a string that is not empty, got ''"),
        ("name", 5, "expected a string that is not empty, got 5"),
        ("agg_op", "SUM", "expected MAX, MIN or AVERAGE, got 'SUM'"),
        ("agg_op", "AVERAG", "; did you mean 'AVERAGE'?"),
        ("window_size", 0, "expected a whole number from 1 to 2147483647, got 0"),
        ("window_size", 1.5, "got 1.5"),
        ("window_size", True, "got true"),
        ("window_size", 2**31, "got 2147483648"),
        ("cmp_op", ">", "expected $gt, $gte, $lt, $lte, $eq or $ne, got '>'"),
        ("cmp_op", ["$gt"], "got ['$gt']"),
        ("threshold", None, "missing"),
        ("threshold", "3", "expected a number, got '3'"),
        ("threshold", False, "expected a number, got false"),
        ("threshold", float("nan"), "expected a number, got NaN"),
        ("window", 5, "unknown member; did you mean 'window_size'? (known: name, agg_op, "),
    ],
)
def test_members_that_do_not_fit_are_refused_with_their_path(
    member: str, value: object, problem: str
) -> None:
    source = {"name": "loss", "cmp_op": "$gt", "threshold": 3, member: value}

    with pytest.raises(InvalidFilter) as caught:
        compile_metric({"threshold_filter": source}, where="run_metric_filter")

    assert caught.value.path == f"run_metric_filter.threshold_filter.{member}"
    assert problem in caught.value.problem


@pytest.mark.parametrize("amount", [0, -1, 0.0])
def test_amounts_of_change_are_positive(amount: float) -> None:
    with pytest.raises(InvalidFilter, match="expected a number above 0, got"):
        change(amount=amount)


@pytest.mark.parametrize(
    ("row", "metrics"),
    [
        ({}, []),
        (
            {"loss": 1, "val": {"loss": 2, "deep": {"er": 3}}},
            [("loss", 1), ("val.loss", 2), ("val.deep.er", 3)],
        ),
        ({"empty": {}, "list": [{"a": 1}], "val.loss": 1}, [("list", [{"a": 1}]), ("val.loss", 1)]),
    ],
)
def test_nested_metrics_get_dotted_names(row: Any, metrics: Any) -> None:
    assert list(flatten_metrics(row)) == metrics


def test_windows_survive_pickling() -> None:
    for condition in (
        threshold(agg_op="MAX", window_size=3),
        change(agg_op="AVERAGE", current_window_size=2),
        compile_metric({"zscore_filter": {"name": "loss", "window_size": 2}}),
    ):
        window = started(condition)
        observations(window, 1, 2, 3)
        twin = pickle.loads(pickle.dumps(window))
        assert observations(twin, 4, "x") == observations(window, 4, "x")
        assert twin.explain() == window.explain()


def test_a_change_can_be_made_to_wait_for_full_windows():
    source = {
        "change_filter": {
            "name": "loss",
            "agg_op": "AVERAGE",
            "current_window_size": 2,
            "prior_window_size": 2,
            "change_amount": 1,
            "change_type": "ABSOLUTE",
            "change_dir": "INCREASE",
        }
    }
    values = (1, 1, 9, 9, 9)

    condition = compile_metric(source)
    early, late = started(condition), started(condition, partial_window=False)

    assert observations(early, *values) == [False, False, True, True, True]
    assert observations(late, *values[:3]) == [False, False, False]
    assert late.explain().note == "prior window holds 1 of 2 values"
    assert observations(late, *values[3:]) == [True, True]


# Numbers at the ends of the scale


def test_a_relative_change_does_not_overflow_with_the_difference() -> None:
    condition = change("INCREASE", 3, change_type="RELATIVE")
    window = started(condition)

    assert observations(window, -1.7e308, 1.7e308) == [False, False]
    assert window.current == 2


@pytest.mark.parametrize("change_type", ["never", "fires"])
def test_from_zero_to_zero_is_no_change(change_type: str) -> None:
    condition = change("ANY", 0.1, change_type="RELATIVE")

    assert not observations(started(condition, relative_change_from_zero=change_type), 0, 0)[-1]


def test_both_sides_of_a_comparison_are_rounded_alike() -> None:
    assert observations(started(threshold("$eq", 2**53 + 1)), 2**53 + 1) == [True]


@pytest.mark.parametrize("number", [10**309, -(10**309)])
def test_a_number_that_no_float_reaches_is_refused(number: int) -> None:
    with pytest.raises(InvalidFilter, match="expected a number that a float can hold"):
        threshold(value=number)


def test_a_fraction_is_told_from_a_whole_number() -> None:
    with pytest.raises(InvalidFilter, match=r"window_size: .*, got 1\.0$"):
        threshold(window_size=1.0)


def test_what_was_noted_down_reads_the_same_when_newer_values_have_come() -> None:
    windows = [
        started(threshold(agg_op="AVERAGE", window_size=3)),
        started(change(agg_op="AVERAGE", current_window_size=1, prior_window_size=2)),
        started(compile_metric({"zscore_filter": {"name": "loss", "window_size": 2}})),
        started(threshold(), metric_trigger="edge"),
    ]
    for window in windows:
        kept = []
        for value in (5, 6, "x", 9, 1):
            window.observe(value)
            kept.append((window.explain(), window.keep()))
        assert all(explain() == then for then, explain in kept)
