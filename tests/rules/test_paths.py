"""Names with dots in configurations and summaries."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_wandb_automations.rules.paths import nested


@pytest.mark.parametrize(
    ("values", "view"),
    [
        ({"lr": 1, "opt": {"lr": 2}}, {"lr": 1, "opt": {"lr": 2}}),
        ({"opt.lr": 1, "opt.name": "sgd"}, {"opt": {"lr": 1, "name": "sgd"}}),
        ({"opt": {"lr": 1}, "opt.name": "sgd"}, {"opt": {"lr": 1, "name": "sgd"}}),
        ({"opt": 3, "opt.lr": 1}, {"opt": {"lr": 1}}),
        ({"a.b.c": 1, "a.b.d": 2}, {"a": {"b": {"c": 1, "d": 2}}}),
    ],
)
def test_a_dotted_name_is_a_nested_one(values: dict[str, Any], view: dict[str, Any]) -> None:
    before = repr(values)

    assert nested(values) == view
    assert repr(values) == before
