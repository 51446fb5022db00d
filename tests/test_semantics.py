"""Every switch says what it decides, and on what ground."""

from __future__ import annotations

import re

import pytest
from pydantic import ValidationError

from pytest_wandb_automations.semantics import Semantics


@pytest.mark.parametrize("name", Semantics.model_fields)
def test_a_switch_names_its_question_its_source_and_its_default(name: str) -> None:
    text = " ".join((Semantics.model_fields[name].description or "").split())

    assert re.fullmatch(r"[A-Z].*\?.* Source: .+\. Default: .+\.", text)


@pytest.mark.parametrize("bounds", [(299, 200), (99, 200), (200, 600)])
def test_the_range_of_success_is_one_of_statuses(bounds: tuple[int, int]) -> None:
    with pytest.raises(ValidationError, match="webhook_success"):
        Semantics(webhook_success=bounds)
