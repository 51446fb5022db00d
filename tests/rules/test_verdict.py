"""Verdicts, as people read them."""

from __future__ import annotations

import math
import textwrap
from typing import Any

import pytest

from pytest_wandb_automations.automations import EventType
from pytest_wandb_automations.events import (
    ArtifactAliasAdded,
    ArtifactCreated,
    ArtifactLinked,
    ArtifactTagAdded,
    ArtifactTagRemoved,
    ArtifactUnlinked,
    CollectionTagAdded,
    CollectionTagRemoved,
    RunMetricLogged,
    RunStateChanged,
)
from pytest_wandb_automations.rules import (
    Clause,
    Verdict,
    compile_filter,
    compile_rule,
    describe_event,
    format_verdict,
)
from pytest_wandb_automations.semantics import Semantics

COLLECTION = "acme/llm/weights"
RUN = "acme/llm/abc"
ALIAS_ADDED = ArtifactAliasAdded(collection=COLLECTION, version=3, alias="staging")
LOGGED = RunMetricLogged(run=RUN, metric="loss", value=0.1 + 0.2, step=7)


def verdict(*clauses: Clause, event: Any = ALIAS_ADDED) -> Verdict:
    return Verdict("deploy-prod", event, clauses)


def text(block: str) -> str:
    return textwrap.dedent(block).strip("\n")


def test_a_verdict_fired_when_every_clause_held() -> None:
    assert verdict(Clause("enabled"), Clause("scope")).fired
    assert not verdict(Clause("enabled"), Clause("scope", held=False)).fired
    assert not verdict(Clause("enabled"), Clause("scope", held=None)).fired


def test_a_verdict_reads_as_a_table() -> None:
    alias = compile_filter({"$or": [{"$and": [{"alias": "prod"}]}]}, fields=None)

    formatted = format_verdict(
        verdict(
            Clause("enabled"),
            Clause("scope", f"collection {COLLECTION}"),
            alias.explain({"alias": "staging"}),
        )
    )

    assert formatted == text(
        """
        deploy-prod did not fire for alias 'staging' added to acme/llm/weights:v3
          ✓ enabled
          ✓ scope          collection acme/llm/weights
          ✗ alias          asked: = 'prod'    found: 'staging'
        """
    )


def test_groups_are_indented_and_columns_are_aligned() -> None:
    source = {"$or": [{"alias": {"$regex": "^production$"}}, {"config.optimizer.lr": {"$gt": 1}}]}
    clause = compile_filter(source, fields=None).explain({"alias": "production"})

    assert str(verdict(clause, Clause("cooldown", held=None, note="not looked at"))) == text(
        """
        deploy-prod did not fire for alias 'staging' added to acme/llm/weights:v3
          ✓ any of
          ✓   alias                asked: matches /^production$/    found: 'production'
          ✗   config.optimizer.lr  asked: > 1                       found: nothing
          · cooldown               (not looked at)
        """
    )


def test_a_metric_shows_its_numbers_and_its_window() -> None:
    source = {
        "run_metric_filter": {
            "threshold_filter": {
                "name": "loss",
                "agg_op": "AVERAGE",
                "window_size": 5,
                "cmp_op": "$gt",
                "threshold": 0.1,
            }
        }
    }
    rule = compile_rule(EventType.RUN_METRIC_THRESHOLD, source)
    assert rule.metric
    window = rule.metric.start(Semantics())
    window.observe(0.3)
    window.observe(0.1 + 0.2)

    assert str(verdict(rule.explain({}), window.explain(), event=LOGGED)) == text(
        """
        deploy-prod fired for loss = 0.3 at step 7 of run acme/llm/abc
          ✓ run_filter     no conditions
          ✓ metric         asked: avg(loss, 5) > 0.1    found: 0.3  (window holds 2 of 5 values)
        """
    )


@pytest.mark.parametrize(
    ("asked", "found", "shows"),
    [
        ("avg(loss, 5) > 0.3", 0.30000000000000004, "0.30000000000000004"),
        ("avg(loss, 5) > 0.3", 0.3, "0.3"),
        ("loss changes by at least 0.1", 0.09999999999999998, "0.09999999999999998"),
        ("loss > 0.33333", 0.33334, "0.33334"),
        ("loss > 1e-07", 1.00001e-07, "1.00001e-07"),
        ("zscore(loss, 30) <= -2", -1.99999, "-1.99999"),
        ("loss > 3", 1 / 3, "0.3333"),
        ("= 'a'", 1 / 3, "0.3333"),
        ("loss increases by at least 10%", 0.09999, "9.999%"),
        ("loss increases by at least 10%", 0.0999999, "9.99999%"),
        ("loss decreases by at least 10%", -math.inf, "-Infinity%"),
        ("= '1.2.3'", 1 / 3, "0.3333"),
    ],
)
def test_rounding_never_moves_a_number_across_its_limit(
    asked: str, found: float, shows: str
) -> None:
    line = str(verdict(Clause("metric", asked, found, False))).splitlines()[1]

    assert line.endswith(f"found: {shows}")


def test_long_values_are_cut() -> None:
    clause = Clause("alias", f"= '{'x' * 200}'", "y" * 200, False)

    line = str(verdict(clause)).splitlines()[1]

    assert "x" * 50 in line
    assert "y" * 50 in line
    assert len(line) < 170


def test_clauses_without_a_question_show_what_they_found() -> None:
    assert "✗ event          found: 'RUN_STATE'" in str(
        verdict(Clause("event", found="RUN_STATE", held=False))
    )


@pytest.mark.parametrize(
    ("event", "phrase"),
    [
        (ArtifactCreated(collection=COLLECTION, version=2), f"version {COLLECTION}:v2 created"),
        (ArtifactLinked(collection=COLLECTION), f"version {COLLECTION}:v0 linked"),
        (ArtifactUnlinked(collection=COLLECTION), f"version {COLLECTION}:v0 unlinked"),
        (ALIAS_ADDED, f"alias 'staging' added to {COLLECTION}:v3"),
        (ArtifactTagAdded(collection=COLLECTION, tag="eu"), f"tag 'eu' added to {COLLECTION}:v0"),
        (
            ArtifactTagRemoved(collection=COLLECTION, tag="eu"),
            f"tag 'eu' removed from {COLLECTION}:v0",
        ),
        (CollectionTagAdded(collection=COLLECTION, tag="eu"), f"tag 'eu' added to {COLLECTION}"),
        (
            CollectionTagRemoved(collection=COLLECTION, tag="eu"),
            f"tag 'eu' removed from {COLLECTION}",
        ),
        (LOGGED, f"loss = 0.3 at step 7 of run {RUN}"),
        (RunMetricLogged(run=RUN, metric="cpu", value=90), f"cpu = 90 of run {RUN}"),
        (RunStateChanged(run=RUN, state="running"), f"run {RUN} became running"),
        (
            RunStateChanged(run=RUN, state="crashed", previous="running"),
            f"run {RUN} became crashed (was running)",
        ),
    ],
)
def test_events_read_as_phrases(event: Any, phrase: str) -> None:
    assert describe_event(event) == phrase
