"""Why an automation did not fire, in one line."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_wandb_automations.automations import EventType
from pytest_wandb_automations.events import ArtifactAliasAdded
from pytest_wandb_automations.rules.clauses import Clause
from pytest_wandb_automations.rules.reasons import in_short, reason
from pytest_wandb_automations.rules.rule import compile_rule
from pytest_wandb_automations.rules.verdict import Verdict

EVENT = ArtifactAliasAdded(collection="acme/llm/weights", version=0, alias="staging")


def asked(filter_: dict[str, Any]) -> Clause:
    rule = compile_rule(EventType.ADD_ARTIFACT_ALIAS, filter_)
    return rule.explain({"alias": "staging"}.get)


@pytest.mark.parametrize(
    ("filter_", "told"),
    [
        ({"alias": "prod"}, "alias: asked = 'prod', found 'staging'"),
        ({"$and": [{"alias": "staging"}, {"alias": "b"}]}, "alias: asked = 'b', found 'staging'"),
        ({"$or": [{"alias": "a"}]}, "alias: asked = 'a', found 'staging'"),
        (
            {"$or": [{"alias": "a"}, {"alias": "b"}, {"alias": "c"}]},
            "alias: asked = 'a', found 'staging', nor 2 more",
        ),
        ({"$nor": [{"alias": "staging"}]}, "asked none of (alias = 'staging')"),
    ],
)
def test_it_is_the_clause_that_decided(filter_: dict[str, Any], told: str) -> None:
    verdict = Verdict("deploy", EVENT, (Clause("enabled"), asked(filter_)))
    assert reason(verdict) == told


def test_what_fired_has_none() -> None:
    assert reason(Verdict("deploy", EVENT, (Clause("enabled"),))) == ""


def test_a_disabled_automation_says_so() -> None:
    assert reason(Verdict("deploy", EVENT, (Clause("enabled", held=False),))) == "it was disabled"


def test_a_clause_without_a_value_says_what_was_asked() -> None:
    assert in_short(Clause("cooldown", "not fired", held=False, note="why")) == (
        "cooldown: asked not fired (why)"
    )


def test_it_is_one_line_of_moderate_length() -> None:
    told = in_short(Clause("alias", "= '\n'", "x" * 500, held=False))
    assert told.startswith("alias: asked = '\\n', found 'xxx")
    assert len(in_short(Clause("alias", "y" * 500, 1, held=False))) <= 160
