"""Verdicts, as people read them."""

from __future__ import annotations

import math
import textwrap
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    compile_metric,
    compile_rule,
    describe_event,
    format_verdict,
)
from pytest_wandb_automations.rules.limits import Limit
from pytest_wandb_automations.rules.verdict import unheld_clauses
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
          ✓ no conditions
          ✓ metric         asked: avg(loss, 5) > 0.1    found: 0.3  (window holds 2 of 5 values)
        """
    )


def threshold(cmp: str, limit: float, **members: Any) -> dict[str, Any]:
    return {"threshold_filter": {"name": "loss", "cmp_op": cmp, "threshold": limit, **members}}


def change(direction: str, amount: float, kind: str = "ABSOLUTE") -> dict[str, Any]:
    return {
        "change_filter": {
            "name": "loss",
            "change_type": kind,
            "change_dir": direction,
            "change_amount": amount,
        }
    }


def zscore(direction: str, limit: float, size: int) -> dict[str, Any]:
    members = {"name": "loss", "window_size": size, "threshold": limit, "change_dir": direction}
    return {"zscore_filter": members}


def metric_line(condition: Any, *values: object) -> str:
    window = compile_metric(condition).start(Semantics())
    for value in values:
        window.observe(value)
    return str(verdict(window.explain())).splitlines()[1].removeprefix("  ")


@pytest.mark.parametrize(
    ("condition", "values", "line"),
    [
        (
            change("DECREASE", 1),
            [1.0, 1e-8],
            "✗ metric         asked: loss decreases by at least 1    found: -0.99999999"
            "  (1e-08 now, 1 before)",
        ),
        (
            change("DECREASE", 1),
            [3, 1],
            "✓ metric         asked: loss decreases by at least 1    found: -2  (1 now, 3 before)",
        ),
        (
            change("ANY", 0.1),
            [0.4, 0.30000000000000004],
            "✗ metric         asked: loss changes by at least 0.1    found: -0.09999999999999998"
            "  (0.3 now, 0.4 before)",
        ),
        (
            change("INCREASE", 0.29, "RELATIVE"),
            [100, 129],
            "✓ metric         asked: loss increases by at least 29%    found: 29%"
            "  (129 now, 100 before)",
        ),
        (
            change("INCREASE", 0.07, "RELATIVE"),
            [100, 107],
            "✓ metric         asked: loss increases by at least 7%    found: 7%"
            "  (107 now, 100 before)",
        ),
        (
            change("INCREASE", 0.1, "RELATIVE"),
            [1e7, 1.0999999e7],
            "✗ metric         asked: loss increases by at least 10%    found: 9.99999%"
            "  (10999999 now, 10000000 before)",
        ),
        (
            change("DECREASE", 0.1, "RELATIVE"),
            [10, 9.5, float("nan")],
            "✗ metric         asked: loss decreases by at least 10%    found: NaN"
            "  (NaN is ignored)",
        ),
        (
            threshold("$gte", 0.1 + 0.2),
            [0.3],
            "✗ metric         asked: loss >= 0.30000000000000004    found: 0.3",
        ),
        (
            threshold("$gt", 0.3),
            [0.1 + 0.2],
            "✓ metric         asked: loss > 0.3    found: 0.30000000000000004",
        ),
        (threshold("$gt", 3), [1 / 3], "✗ metric         asked: loss > 3    found: 0.3333"),
        (
            threshold("$lt", 1e-7),
            [1.00001e-7],
            "✗ metric         asked: loss < 1e-07    found: 1.00001e-07",
        ),
        (
            threshold("$gt", 10**16 + 2),
            [10**16],
            "✗ metric         asked: loss > 10000000000000002    found: 1e+16",
        ),
        (
            threshold("$gt", 3),
            [10**400],
            "✗ metric         asked: loss > 3    found: an integer of 1329 bits"
            "  (ignored: too large)",
        ),
    ],
)
def test_the_numbers_shown_agree_with_the_mark(
    condition: Any, values: list[object], line: str
) -> None:
    assert metric_line(condition, *values) == line


def test_a_z_score_just_short_of_its_limit_shows_so() -> None:
    clause = compile_metric(zscore("ANY", 2, 4)).limit
    line = str(verdict(Clause("metric", clause.asked(), -1.9999999, False, limit=clause)))

    assert line.endswith("✗ metric         asked: abs(zscore(loss, 4)) >= 2    found: -1.9999999")


@pytest.mark.parametrize(
    ("source", "found", "line"),
    [
        (
            {"config.lr": 0.3},
            0.1 + 0.2,
            "✗ config.lr      asked: = 0.3    found: 0.30000000000000004",
        ),
        ({"config.lr": {"$ne": 0.3}}, 0.3, "✗ config.lr      asked: ≠ 0.3    found: 0.3"),
        (
            {"config.lr": {"$gte": 0.1 + 0.2}},
            0.3,
            "✗ config.lr      asked: >= 0.30000000000000004    found: 0.3",
        ),
        ({"config.lr": {"$lt": 3}}, True, "✗ config.lr      asked: < 3    found: true"),
        ({"config.lr": {"$lt": 3}}, math.inf, "✗ config.lr      asked: < 3    found: Infinity"),
        (
            {"config.lr": {"$gt": 10**17 + 2}},
            10**17 + 1,
            "✗ config.lr      asked: > 100000000000000002    found: 100000000000000001",
        ),
    ],
)
def test_numbers_of_filters_agree_with_the_mark(source: Any, found: object, line: str) -> None:
    clause = compile_filter(source, fields=None).explain({"config": {"lr": found}})

    assert str(verdict(clause)).splitlines()[1] == f"  {line}"


@given(
    st.floats(1e-300, 1e300),
    st.integers(-3, 3),
    st.sampled_from(["value", "drop", "size"]),
    st.booleans(),
    st.booleans(),
)
@settings(derandomize=True, deadline=None, max_examples=300)
def test_any_two_numbers_compare_as_they_are_written(
    number: float, steps: int, measure: Any, percent: bool, below_zero: bool
) -> None:
    found = number
    for _ in range(abs(steps)):
        found = math.nextafter(found, math.inf if steps > 0 else 0)
    found = -found if below_zero else found

    asked, shown = Limit(number, measure=measure, percent=percent).beside(found)

    measured = {"value": lambda x: x, "drop": lambda x: -x, "size": abs}[measure]
    limit, text = Fraction(asked.removesuffix("%")), measured(Fraction(shown.removesuffix("%")))
    assert (text > limit, text < limit) == (measured(found) > number, measured(found) < number)


def test_a_long_name_of_a_metric_leaves_room_for_the_threshold() -> None:
    name = "train/" + "very_" * 20 + "long/loss"

    assert metric_line(threshold("$gt", 0.25, name=name, agg_op="AVERAGE", window_size=5), 1) == (
        "✓ metric         asked: avg(train/very_very_very_v…ry_very_very_long/loss, 5) > 0.25"
        "    found: 1  (window holds 1 of 5 values)"
    )


def test_what_must_not_hold_has_a_neutral_mark() -> None:
    source = {"$nor": [{"alias": "prod"}, {"$and": [{"tag": "eu"}, {"tag": "us"}]}]}
    clause = compile_filter(source, fields=None).explain({"alias": "staging", "tag": "eu"})

    assert str(verdict(clause)) == text(
        """
        deploy-prod fired for alias 'staging' added to acme/llm/weights:v3
          ✓ none of
          -   alias        asked: = 'prod'    found: 'staging'  (does not hold)
          -   all of       (does not hold)
          -     tag        asked: = 'eu'      found: 'eu'  (holds)
          -     tag        asked: = 'us'      found: 'eu'  (does not hold)
        """
    )


def test_what_must_not_hold_and_does_says_so() -> None:
    clause = compile_filter({"alias": {"$not": {"$eq": "prod"}}}, fields=None)

    assert str(verdict(clause.explain({"alias": "prod"}))) == text(
        """
        deploy-prod did not fire for alias 'staging' added to acme/llm/weights:v3
          ✗ not
          -   alias        asked: = 'prod'    found: 'prod'  (holds)
        """
    )


def test_long_values_are_cut() -> None:
    clause = Clause("alias", f"= '{'x' * 200}'", "y" * 200, False)

    line = str(verdict(clause)).splitlines()[1]

    assert "x" * 50 in line
    assert "y" * 50 in line
    assert len(line) < 170


def test_a_long_field_leaves_the_columns_near_each_other() -> None:
    clause = Clause(f"config.{'a' * 200}.lr", "> 1", 0, False)

    assert str(verdict(clause)).splitlines()[1] == (
        f"  ✗ config.{'a' * 17}…{'a' * 20}.lr  asked: > 1    found: 0"
    )


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


def aliases(count: int) -> list[dict[str, str]]:
    return [{"alias": f"a{number}"} for number in range(count)]


@pytest.mark.parametrize(
    ("source", "found", "lines"),
    [
        ({"$or": aliases(40)}, "b", [*(f"✗ a{n}" for n in range(7)), "… 33 more"]),
        ({"$or": aliases(40)}, "a30", ["✓ a30", "… 39 more"]),
        ({"$and": aliases(40)}, "a1", [*(f"✗ a{n}" for n in (0, *range(2, 8))), "… 33 more"]),
        ({"$nor": aliases(40)}, "a30", ["- a30", "… 39 more"]),
        ({"$nor": aliases(40)}, "b", [*(f"- a{n}" for n in range(7)), "… 33 more"]),
        ({"$or": aliases(8)}, "b", [f"✗ a{n}" for n in range(8)]),
    ],
    ids=["any of failed", "any of", "all of failed", "none of failed", "none of", "few"],
)
def test_a_long_group_shows_first_what_decided(source: Any, found: str, lines: list[str]) -> None:
    clause = compile_filter(source, fields=None).explain({"alias": found})

    _, _, *shown = format_verdict(verdict(clause)).splitlines()

    assert [
        line.strip() if "…" in line else f"{line.split()[0]} {line.split()[4].strip(chr(39))}"
        for line in shown
    ] == lines


def test_names_with_line_feeds_stay_on_their_line() -> None:
    event = LOGGED.model_copy(update={"metric": "lo\nss"})
    clause = compile_metric(
        {"threshold_filter": {"name": "lo\nss", "cmp_op": "$gt", "threshold": 1}}
    ).start(Semantics())
    clause.observe(2)

    lines = format_verdict(Verdict("na\nme", event, (clause.explain(),))).split("\n")

    assert lines == [
        "na\\nme fired for lo\\nss = 0.3 at step 7 of run acme/llm/abc",
        "  ✓ metric         asked: lo\\nss > 1    found: 2",
    ]


def test_a_long_metric_is_cut_in_the_middle() -> None:
    event = RunMetricLogged(run="acme/llm/r1", metric=f"train/{'a' * 200}/loss", value=1)

    assert describe_event(event) == (f"train/{'a' * 24}…{'a' * 24}/loss = 1 of run acme/llm/r1")


def test_a_system_metric_says_so() -> None:
    event = RunMetricLogged(run=RUN, metric="cpu", value=90, stream="system")

    assert describe_event(event) == "system metric cpu = 90 of run acme/llm/abc"


def test_of_groups_that_ask_for_all_only_the_clauses_that_failed_are_told() -> None:
    asked = compile_filter(
        {"$and": [{"alias": "prod"}, {"tag": "eu"}, {"$and": [{"tag": "us"}, {"tag": "in"}]}]},
        fields=None,
    )
    found = asked.explain({"alias": "prod", "tag": "us"}.get)
    event = ArtifactAliasAdded(collection=COLLECTION, alias="prod", version=0)

    failed = unheld_clauses(Verdict("rule", event, (Clause("enabled"), found)))

    assert [(clause.path, clause.asked) for clause in failed] == [
        ("$and[1].tag", "= 'eu'"),
        ("$and[2].$and[1].tag", "= 'in'"),
    ]
