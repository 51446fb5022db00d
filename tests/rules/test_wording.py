"""Values as explanations and messages write them."""

from __future__ import annotations

from datetime import datetime

import pytest

from pytest_wandb_automations.rules import MISSING
from pytest_wandb_automations.rules.wording import (
    all_of,
    cut_middle,
    nearest,
    one_line,
    one_of,
    shown,
    shown_exactly,
    shown_number,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1 + 0.2, "0.3"),
        (1 / 3, "0.3333"),
        (12345.678, "12346"),
        (123456789.0, "123456789"),
        (1e20, "1e+20"),
        (-0.00012345, "-0.0001234"),
        (1e-12, "1e-12"),
        (0.0, "0"),
        (2.50, "2.5"),
        (7, "7"),
        (123456789012345, "123456789012345"),
        (10**20, "1e+20"),
        (10**400, "an integer of 1329 bits"),
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
    ],
)
def test_numbers_are_short_without_losing_their_size(value: float, text: str) -> None:
    assert shown_number(value) == text
    assert shown(value) == text


def test_more_digits_can_be_asked_for() -> None:
    assert shown(1 / 3, digits=12) == "0.333333333333"
    assert shown([1 / 3], digits=6) == "[0.333333]"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (MISSING, "nothing"),
        (None, "null"),
        (True, "true"),
        (False, "false"),
        ("prod", "'prod'"),
        ("x" * 100, "'" + "x" * 58 + "…"),
        ([1, "a", None], "[1, 'a', null]"),
        ((1,), "[1]"),
        (list(range(8)), "[0, 1, 2, 3, 4, … 3 more]"),
        ({"a": 1, "b": [0.5]}, "{a: 1, b: [0.5]}"),
        ({}, "{}"),
        ([[[[1]]]], "[[[[…]]]]"),
        ({"a": {"a": {"a": {"a": 1}}}}, "{a: {a: {a: {…}}}}"),
    ],
)
def test_values_are_written_as_json_reads(value: object, text: str) -> None:
    assert shown(value) == text


def test_alternatives_read_as_in_a_sentence() -> None:
    assert one_of(["a"]) == "a"
    assert one_of(["a", "b", "c"]) == "a, b or c"
    assert all_of(["a"]) == "a"
    assert all_of(["a", "b", "c"]) == "a, b and c"


def test_near_misses_are_pointed_out() -> None:
    assert nearest("$regexp", ["$regex", "$eq"]) == "; did you mean '$regex'?"
    assert nearest("zzz", ["$regex"]) == ""


def test_the_middle_of_long_text_is_left_out() -> None:
    assert cut_middle("train/loss", 10) == "train/loss"
    assert cut_middle("train/very/long/loss", 10) == "train…loss"


def test_a_float_can_be_shown_as_one() -> None:
    assert (shown_exactly(1.0), shown_exactly(1), shown_exactly("1")) == ("1.0", "1", "'1'")


def test_what_would_break_a_line_is_escaped() -> None:
    assert one_line("a\nb\tc ✓ ä") == "a\\nb\\tc ✓ ä"


def test_a_time_is_shown_to_the_second() -> None:
    assert shown(datetime(2026, 1, 2, 3, 4, 5, 678)) == "2026-01-02 03:04:05"
