"""What `Backend.explain` says, word for word."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from pytest_wandb_automations import Backend, events
from pytest_wandb_automations.automations import (
    ArtifactEvent,
    OnAddArtifactAlias,
    OnCreateArtifact,
    OnRunMetric,
    OnRunState,
    RunEvent,
    SendPromptToAria,
    SendWebhook,
)
from pytest_wandb_automations.semantics import Semantics

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_wandb_automations.world.collections import Collection
    from pytest_wandb_automations.world.integrations import WebhookIntegration

LOSS = RunEvent.metric("loss")


def text(*lines: str) -> str:
    return "\n".join(lines)


def test_each_event_has_a_verdict_with_its_clauses(
    backend: Backend, weights: Collection, watch: Callable[..., Any]
) -> None:
    watch("prod", OnAddArtifactAlias, weights, filter=ArtifactEvent.alias.eq("prod"))

    weights.log_version(aliases=["prod"])

    assert backend.explain("prod") == text(
        "prod: ADD_ARTIFACT_ALIAS where alias = 'prod' in acme/llm/weights fired 1 time",
        "",
        "prod did not fire for alias 'latest' added to acme/llm/weights:v0",
        "  ✓ enabled",
        "  ✓ event          ADD_ARTIFACT_ALIAS",
        "  ✓ scope          asked: in acme/llm/weights    found: 'acme/llm/weights'",
        "  ✗ alias          asked: = 'prod'               found: 'latest'",
        "",
        "prod fired for alias 'prod' added to acme/llm/weights:v0",
        "  ✓ enabled",
        "  ✓ event          ADD_ARTIFACT_ALIAS",
        "  ✓ scope          asked: in acme/llm/weights    found: 'acme/llm/weights'",
        "  ✓ alias          asked: = 'prod'               found: 'prod'",
    )


def test_a_run_state_is_explained_with_the_state_before(
    backend: Backend, watch: Callable[..., Any]
) -> None:
    run = backend.run("acme/llm", run_id="r1")
    watch("failures", OnRunState, run.project, filter=RunEvent.state.eq("failed"))
    run.set_state("crashed")
    run.set_state("failed")

    assert backend.explain("failures") == text(
        "failures: RUN_STATE: FAILED in acme/llm fired 1 time",
        "",
        "failures fired for run acme/llm/r1 became crashed (was running)",
        "  ✓ enabled",
        "  ✓ event          RUN_STATE",
        "  ✓ scope          asked: in acme/llm                     found: 'acme/llm/r1'",
        "  ✓ no conditions",
        "  ✓ state          asked: FAILED                          found: 'crashed'"
        "  (counts as FAILED)",
        "  ✓ changed        asked: to another state than before    found: 'running'",
        "",
        "failures did not fire for run acme/llm/r1 became failed (was crashed)",
        "  ✓ enabled",
        "  ✓ event          RUN_STATE",
        "  ✓ scope          asked: in acme/llm                     found: 'acme/llm/r1'",
        "  ✓ no conditions",
        "  ✓ state          asked: FAILED                          found: 'failed'",
        "  ✗ changed        asked: to another state than before    found: 'crashed'",
    )


def test_a_state_without_one_before_is_explained(
    backend: Backend, watch: Callable[..., Any]
) -> None:
    run = backend.run("acme/llm", run_id="r1")
    watch("failures", OnRunState, run.project, filter=RunEvent.state.eq("failed"))

    backend.inject(events.RunStateChanged(run=run, state="failed"))

    assert backend.explain("failures").splitlines()[-1] == (
        "  ✓ changed        asked: to another state than before    found: nothing"
    )


def test_a_change_between_states_that_automations_do_not_see_is_one(
    backend: Backend, watch: Callable[..., Any]
) -> None:
    run = backend.run("acme/llm", run_id="r1")
    watch("failures", OnRunState, run.project, filter=RunEvent.state.eq("failed"))

    backend.inject(events.RunStateChanged(run=run, state="killed", previous="pending"))

    assert [line[:10] for line in backend.explain("failures").splitlines()[-2:]] == [
        "  ✗ state ",
        "  ✓ change",
    ]


def test_a_value_that_did_not_fire_is_explained_while_it_is_the_newest(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    watch_metric(LOSS.avg(2).gt(5) & RunEvent.name.eq("train"), name="spike")
    run = backend.run("acme/llm", run_id="r1", display_name="train")
    run.log({"loss": 1})

    assert backend.explain("spike") == text(
        "spike: RUN_METRIC: avg(loss, 2) > 5 where display_name = 'train' in acme/llm "
        "fired 0 times",
        "",
        "spike did not fire for loss = 1 at step 0 of run acme/llm/r1",
        "  ✓ enabled",
        "  ✓ event          RUN_METRIC",
        "  ✓ scope          asked: in acme/llm         found: 'acme/llm'",
        "  ✓ display_name   asked: = 'train'           found: 'train'",
        "  ✗ metric         asked: avg(loss, 2) > 5    found: 1  (window holds 1 of 2 values)",
        "  ✓ cooldown       not fired for this run in 24 h",
    )


def test_a_value_within_the_cooldown_is_explained_with_the_last_firing(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    watch_metric(LOSS.gt(5), name="spike")
    run = backend.run("acme/llm", run_id="r1")
    run.log({"loss": 6})
    backend.clock.advance(hours=1)
    run.log({"loss": 7})

    assert backend.explain("spike") == text(
        "spike: RUN_METRIC: loss > 5 in acme/llm fired 1 time",
        "",
        "spike fired for loss = 6 at step 0 of run acme/llm/r1",
        "  ✓ enabled",
        "  ✓ event          RUN_METRIC",
        "  ✓ scope          asked: in acme/llm    found: 'acme/llm'",
        "  ✓ no conditions",
        "  ✓ metric         asked: loss > 5       found: 6",
        "  ✓ cooldown       not fired for this run in 24 h",
        "",
        "spike did not fire for loss = 7 at step 1 of run acme/llm/r1",
        "  ✓ enabled",
        "  ✓ event          RUN_METRIC",
        "  ✓ scope          asked: in acme/llm                       found: 'acme/llm'",
        "  ✓ no conditions",
        "  ✓ metric         asked: loss > 5                          found: 7",
        "  ✗ cooldown       asked: not fired for this run in 24 h    found: 2026-01-01 00:00:00"
        "  (1 h before)",
    )


def test_only_the_newest_verdicts_are_shown(
    backend: Backend, weights: Collection, watch: Callable[..., Any]
) -> None:
    watch("any", OnAddArtifactAlias, weights)
    weights.log_version(aliases=[f"a{number}" for number in range(11)])

    head, left_out, *shown = backend.explain("any").split("\n\n")

    assert head == "any: ADD_ARTIFACT_ALIAS in acme/llm/weights fired 12 times"
    assert left_out == "(2 earlier verdicts left out)"
    assert [verdict.splitlines()[0] for verdict in shown] == [
        f"any fired for alias 'a{number}' added to acme/llm/weights:v0" for number in range(1, 11)
    ]


@pytest.mark.parametrize(
    ("happen", "nearest"),
    [
        pytest.param(lambda backend: None, "nothing like it happened anywhere", id="nothing"),
        pytest.param(
            lambda backend: backend.collection("acme/llm/other").log_version(),
            text(
                "the same event elsewhere:",
                "    rule did not fire for version acme/llm/other:v0 created",
                "      ✓ enabled",
                "      ✓ event          CREATE_ARTIFACT",
                "      ✗ scope          asked: in acme/llm/weights    found: 'acme/llm/other'",
            ),
            id="elsewhere",
        ),
        pytest.param(
            lambda backend: backend.collection("acme/llm/weights").add_tag("eu"),
            text(
                "another event in its scope:",
                "    rule did not fire for tag 'eu' added to acme/llm/weights",
                "      ✓ enabled",
                "      ✗ event          asked: CREATE_ARTIFACT        found: 'ADD_COLLECTION_TAG'",
                "      ✓ scope          asked: in acme/llm/weights    found: 'acme/llm/weights'",
            ),
            id="another event",
        ),
        pytest.param(
            lambda backend: backend.run("acme/llm", run_id="r1").finish(),
            "nothing like it happened anywhere",
            id="another event elsewhere",
        ),
    ],
)
def test_without_a_verdict_the_nearest_event_is_named(
    backend: Backend, weights: Collection, watch: Callable[..., Any], happen: Any, nearest: str
) -> None:
    watch("rule", OnCreateArtifact, weights)
    happen(backend)

    assert backend.explain("rule") == text(
        "rule: CREATE_ARTIFACT in acme/llm/weights fired 0 times",
        "no event reached it",
        f"  {nearest}",
    )


def test_an_event_that_came_too_early_is_named_first_and_the_newest_of_each_kind(
    backend: Backend, weights: Collection, watch: Callable[..., Any]
) -> None:
    other = backend.collection("acme/llm/other")
    for collection in (weights, other, weights, other):
        collection.log_version()
    watch("rule", OnCreateArtifact, weights)

    lines = backend.explain("rule").splitlines()
    assert [line for line in lines if "✓" not in line and "✗" not in line] == [
        "rule: CREATE_ARTIFACT in acme/llm/weights fired 0 times",
        "no event reached it",
        "  the same event before it was saved like this: version acme/llm/weights:v1 created",
        "  the same event elsewhere:",
        "    rule did not fire for version acme/llm/other:v1 created",
        "  another event in its scope:",
        "    rule did not fire for alias 'latest' added to acme/llm/weights:v1",
    ]


def test_what_is_gone_is_elsewhere(
    backend: Backend, weights: Collection, watch: Callable[..., Any]
) -> None:
    other = backend.collection("acme/llm/other")
    other.log_version()
    other.project.delete_collection(other)
    watch("rule", OnCreateArtifact, weights)

    assert backend.explain("rule").splitlines()[2:4] == [
        "  the same event elsewhere:",
        "    rule did not fire for version acme/llm/other:v0 created",
    ]


def test_an_event_of_a_run_is_found_by_its_project(
    backend: Backend, watch: Callable[..., Any]
) -> None:
    backend.run("acme/llm", run_id="r1")
    place = backend.project("acme/llm")
    watch("rule", OnAddArtifactAlias, place)

    assert backend.explain("rule").splitlines()[2:4] == [
        "  another event in its scope:",
        "    rule did not fire for run acme/llm/r1 became running (was pending)",
    ]


@pytest.mark.parametrize(
    ("logged", "nearest"),
    [
        ({}, None),
        ({"acc": 1}, "runs in its scope logged 'acc'"),
        ({"los": 1, "acc": 1}, "runs in its scope logged 'los', 'acc'; did you mean 'los'?"),
        ({"loss": 1}, "'loss' was logged before it was saved like this, by acme/llm/r1"),
    ],
    ids=str,
)
def test_the_nearest_metric_in_its_scope_is_named(
    backend: Backend, watch_metric: Callable[..., Any], logged: dict[str, int], nearest: str | None
) -> None:
    run = backend.run("acme/llm", run_id="r1")
    backend.world.recent_events.clear()
    if logged:
        run.log(logged)
    watch_metric(LOSS.gt(5), name="spike")

    assert backend.explain("spike") == text(
        "spike: RUN_METRIC: loss > 5 in acme/llm fired 0 times",
        "no event reached it",
        f"  {nearest or 'nothing like it happened anywhere'}",
    )


def test_the_metric_elsewhere_is_named(backend: Backend, watch_metric: Callable[..., Any]) -> None:
    watch_metric(LOSS.gt(5), name="spike")
    backend.run("acme/other", run_id="r1").log({"acc": 1})
    backend.run("acme/other", run_id="r2").log({"loss": 1})
    backend.world.recent_events.clear()

    assert backend.explain("spike").splitlines()[2:] == [
        "  'loss' was logged elsewhere, by acme/other/r2"
    ]


def headlines(backend: Backend, name: str) -> list[str]:
    return [block.splitlines()[0] for block in backend.explain(name).split("\n\n")[1:]]


def test_an_event_in_its_scope_is_found_after_any_number_elsewhere_and_a_rename(
    backend: Backend, weights: Collection, watch: Callable[..., Any]
) -> None:
    weights.log_version()
    other = backend.collection("acme/llm/other")
    for number in range(1100):
        other.add_tag(f"t{number}")
    backend.world.projects.rename(weights.project, "llm2")
    watch("rule", OnCreateArtifact, weights)

    assert backend.explain("rule").splitlines()[2] == (
        "  the same event before it was saved like this: version acme/llm/weights:v0 created"
    )


def test_a_misspelt_metric_in_its_scope_is_named_before_the_right_one_elsewhere(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    backend.run("acme/elsewhere", run_id="r2").log({"loss": 1})
    backend.run("acme/llm", run_id="r1").log({"los": 1})
    backend.world.recent_events.clear()
    watch_metric(LOSS.gt(5), name="spike")

    assert backend.explain("spike").splitlines()[2:] == [
        "  runs in its scope logged 'los'; did you mean 'los'?",
        "  'loss' was logged elsewhere, by acme/elsewhere/r2",
    ]


def test_the_metric_in_its_scope_wins_over_elsewhere(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    backend.run("acme/elsewhere", run_id="r2").log({"loss": 1})
    backend.run("acme/llm", run_id="r1").log({"loss": 1})
    backend.world.recent_events.clear()
    watch_metric(LOSS.gt(5), name="spike")

    assert backend.explain("spike").splitlines()[2:] == [
        "  'loss' was logged before it was saved like this, by acme/llm/r1"
    ]


def test_verdicts_of_values_stand_in_the_order_in_which_they_were_logged(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    watch_metric(LOSS.gt(5), name="spike")
    backend.run("acme/llm", run_id="low").log({"loss": 1})
    backend.run("acme/llm", run_id="high").log({"loss": 9})

    assert headlines(backend, "spike") == [
        "spike did not fire for loss = 1 at step 0 of run acme/llm/low",
        "spike fired for loss = 9 at step 0 of run acme/llm/high",
    ]


def test_the_last_firing_is_shown_however_many_came_after(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    watch_metric(LOSS.gt(5), name="spike")
    backend.run("acme/llm", run_id="high").log({"loss": 9})
    for number in range(12):
        backend.run("acme/llm", run_id=f"low{number}").log({"loss": 1})

    assert headlines(backend, "spike")[:3] == [
        "(3 earlier verdicts left out)",
        "spike fired for loss = 9 at step 0 of run acme/llm/high",
        "spike did not fire for loss = 1 at step 0 of run acme/llm/low3",
    ]


def test_the_last_firing_and_the_number_left_out_outlive_what_is_remembered(
    backend: Backend, weights: Collection, watch: Callable[..., Any]
) -> None:
    watch("prod", OnAddArtifactAlias, weights, filter=ArtifactEvent.alias.eq("prod"))
    version = weights.log_version(aliases=["prod"])
    version.add_alias(*(f"a{number}" for number in range(150)))

    assert headlines(backend, "prod")[:3] == [
        "(142 earlier verdicts left out)",
        "prod fired for alias 'prod' added to acme/llm/weights:v0",
        "prod did not fire for alias 'a141' added to acme/llm/weights:v0",
    ]


def test_a_value_is_judged_by_what_was_so_when_it_was_logged(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    rule = watch_metric(LOSS.gt(5) & RunEvent.name.eq("train"), name="spike")
    run = backend.run("acme/llm", run_id="r1", display_name="train")
    run.log({"loss": 1})

    rule.enabled = False
    backend.update_automation(rule)
    run.display_name = "renamed"

    lines = backend.explain("spike").splitlines()[3:]
    assert [line.split()[:2] for line in lines] == [
        ["✓", "enabled"],
        ["✓", "event"],
        ["✓", "scope"],
        ["✓", "display_name"],
        ["✗", "metric"],
        ["✓", "cooldown"],
    ]
    assert lines[3].endswith("found: 'train'")


def test_what_is_not_kept_of_a_run_is_marked_as_of_now(
    backend: Backend, fields: Callable[..., dict[str, Any]]
) -> None:
    run = backend.run("acme/llm", run_id="r1", group="a")
    text_of_filter = (
        '{"run_filter": "{\\"$and\\": [{\\"group\\": {\\"$eq\\": \\"a\\"}}]}",'
        ' "run_metric_filter": {"threshold_filter":'
        ' {"name": "loss", "cmp_op": "$gt", "threshold": 5}}}'
    )
    values = fields(run.project, triggering_event_type="RUN_METRIC", event_filter=text_of_filter)
    backend.world.automations.create(values, backend.world.default_user)
    run.log({"loss": 1})
    run.group = "b"

    (line,) = [line for line in backend.explain("rule").splitlines() if "group" in line[:10]]
    assert line.startswith("  · group")
    assert line.endswith("found: 'b'  (as of now)")


def test_verdicts_of_a_rule_that_was_edited_are_gone_but_counted(
    backend: Backend, weights: Collection, watch: Callable[..., Any]
) -> None:
    rule = watch("prod", OnAddArtifactAlias, weights, filter=ArtifactEvent.alias.eq("prod"))
    weights.log_version(aliases=["prod"])
    event = OnAddArtifactAlias(scope=weights, filter=ArtifactEvent.alias.eq("best"))
    backend.update_automation(rule, event=event)
    weights.log_version()

    assert headlines(backend, "prod") == [
        "(2 verdicts from before it was edited left out)",
        "prod did not fire for alias 'latest' added to acme/llm/weights:v1",
    ]


def test_of_values_that_are_held_back_the_newest_is_shown_with_their_number(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    watch_metric(LOSS.gt(5), name="spike")
    run = backend.run("acme/llm", run_id="r1")
    for loss in (6, 7, 8, 9, 1):
        run.log({"loss": loss})

    blocks = backend.explain("spike").split("\n\n")[1:]

    assert [block.splitlines()[0] for block in blocks] == [
        "spike fired for loss = 6 at step 0 of run acme/llm/r1",
        "spike did not fire for loss = 9 at step 3 of run acme/llm/r1",
        "spike did not fire for loss = 1 at step 4 of run acme/llm/r1",
    ]
    assert "  ✓ metric         asked: loss > 5                          found: 9" in blocks[1]
    assert blocks[1].endswith("\n  and 2 values before it for the same reason")


def test_values_that_a_filter_holds_back_are_counted(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    watch_metric(LOSS.gt(5) & RunEvent.name.eq("train"), name="spike")
    run = backend.run("acme/llm", run_id="r1")
    run.log({"loss": 6})
    run.log({"loss": 7})

    (block,) = backend.explain("spike").split("\n\n")[1:]

    assert block.startswith("spike did not fire for loss = 7 at step 1")
    assert block.endswith("\n  and 1 value before it for the same reason")


def test_a_held_back_value_keeps_the_firing_that_held_it_back(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    watch_metric(LOSS.gt(5), name="spike")
    run = backend.run("acme/llm", run_id="r1")
    for loss in (6, 7, 8):
        run.log({"loss": loss})
    backend.clock.advance(hours=25)
    run.log({"loss": 9})

    held_back = backend.explain("spike").split("\n\n")[2]

    assert held_back.startswith("spike did not fire for loss = 8")
    assert "found: 2026-01-01 00:00:00  (0.001 s before)" in held_back


def test_values_that_are_still_held_back_are_shown_after_any_number_of_others(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    watch_metric(LOSS.gt(5), name="spike")
    run = backend.run("acme/llm", run_id="r1")
    run.log({"loss": 6})
    run.log({"loss": 7})
    for number in range(101):
        backend.run("acme/llm", run_id=f"other{number}").log({"loss": 9})
    run.log({"loss": 8})

    shown = headlines(backend, "spike")
    assert shown[0] == "(93 earlier verdicts left out)"
    assert shown[-1] == "spike did not fire for loss = 8 at step 2 of run acme/llm/r1"


# What came of a firing


@pytest.fixture
def deploy(backend: Backend, weights: Collection, hook: WebhookIntegration) -> None:
    event = OnAddArtifactAlias(scope=weights)
    backend.create_automation(event >> SendWebhook.from_integration(hook), name="deploy")


@pytest.mark.usefixtures("deploy")
def test_a_firing_that_failed_says_why_and_what_ordered_it(
    backend: Backend, weights: Collection, hook: WebhookIntegration
) -> None:
    backend.webhooks.route(hook.url_endpoint).respond(503)
    backend.faults.delivery(hook, status=500)
    version = weights.log_version()
    version.add_alias("prod")

    told = [line for line in backend.explain("deploy").splitlines() if line.startswith("  →")]

    assert told == [
        "  → FAILED: webhook 'deploy': answered 500 Internal Server Error "
        "(ordered by backend.faults.delivery('https://deploy.test/hook', status=500))",
        "  → FAILED: webhook 'deploy': answered 503 Service Unavailable "
        "(ordered by the route of https://deploy.test/hook)",
    ]


@pytest.mark.usefixtures("deploy")
def test_a_firing_that_failed_by_itself_says_that_alone(
    backend: Backend, weights: Collection, hook: WebhookIntegration
) -> None:
    backend.world.integrations.delete(hook)
    weights.log_version()

    assert backend.explain("deploy").splitlines()[-1] == (
        "  → FAILED: NotFound: <WebhookIntegration acme/deploy → https://deploy.test/hook> "
        "was deleted; the automation still uses it"
    )


@pytest.mark.usefixtures("deploy")
def test_what_a_receiver_fails_with_is_told_in_a_line(
    backend: Backend, weights: Collection, hook: WebhookIntegration
) -> None:
    error = httpx.ConnectError("2 errors\n" + "line\n" * 99)
    backend.webhooks.route(hook.url_endpoint).mock(side_effect=error)
    weights.log_version()

    assert backend.explain("deploy").splitlines()[-1] == (
        r"  → FAILED: webhook 'deploy': ConnectError: 2 errors\n" + r"line\n" * 26 + r"l… "
        "(ordered by the route of https://deploy.test/hook)"
    )


def test_a_firing_that_was_skipped_says_why(backend: Backend, weights: Collection) -> None:
    event = OnAddArtifactAlias(scope=weights)
    backend.create_automation(event >> SendPromptToAria(prompt="Why?"), name="ask")

    for _ in range(4):
        backend.inject(events.ArtifactAliasAdded(collection=weights, alias="prod"))

    assert backend.explain("ask").count("→") == 1
    assert backend.explain("ask").splitlines()[-1] == (
        "  → SKIPPED: it prompted ARIA 3 times within a minute"
    )


def test_a_metric_that_fired_in_vain_says_so(backend: Backend, hook: WebhookIntegration) -> None:
    event = OnRunMetric(scope=backend.project("acme/llm"), filter=LOSS.gt(1))
    backend.create_automation(event >> SendWebhook.from_integration(hook), name="spike")
    backend.webhooks.route(hook.url_endpoint).respond(503)

    backend.run("acme/llm").log({"loss": 2})

    assert "\n  → FAILED: webhook 'deploy': answered 503" in backend.explain("spike")


# Values that are held back, one by one


def block_of(backend: Backend, name: str, headline: str) -> list[str]:
    blocks = backend.explain(name).split("\n\n")[1:]
    (lines,) = [block.splitlines() for block in blocks if headline in block.splitlines()[0]]
    return lines


def test_a_held_back_change_is_told_with_its_numbers(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    watch_metric(LOSS.increases_by(frac=0.1), name="doubles")
    run = backend.run("acme/llm", run_id="r1")
    for loss in (1, 2, 4, 8):
        run.log({"loss": loss})

    assert block_of(backend, "doubles", "loss = 8")[5] == (
        "  ✓ metric         asked: loss increases by at least 10%    found: 100%  (8 now, 4 before)"
    )


def test_a_held_back_value_near_the_limit_is_not_rounded_to_it(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    watch_metric(LOSS.gt(3), name="spike")
    run = backend.run("acme/llm")
    for loss in (4, 5, 3.0000001):
        run.log({"loss": loss})

    metric = block_of(backend, "spike", "at step 2")[5]
    assert metric.split("found: ")[1] == "3.0000001"


def watch_runs(backend: Backend, fields: Callable[..., Any], run_filter: Any, above: float) -> Any:
    """Save a metric automation whose run filter no object of the SDK can build."""
    threshold = {"name": "loss", "cmp_op": "$gt", "threshold": above}
    event_filter = {
        "run_filter": json.dumps(run_filter),
        "run_metric_filter": {"threshold_filter": threshold},
    }
    values = fields(
        backend.project("acme/llm"),
        triggering_event_type="RUN_METRIC",
        event_filter=json.dumps(event_filter),
    )
    return backend.world.automations.create(values, backend.world.default_user)


def test_what_is_not_kept_of_a_run_is_shown_near_its_limit_too(
    backend: Backend, fields: Callable[..., dict[str, Any]]
) -> None:
    watch_runs(backend, fields, {"config.lr": {"$gt": 0.3}}, 3)
    backend.run("acme/llm", config={"lr": 0.3000001}).log({"loss": 1})

    assert block_of(backend, "rule", "loss = 1")[4] == (
        "  · config.lr      asked: > 0.3          found: 0.3000001  (as of now)"
    )


def test_a_held_back_value_keeps_what_its_filter_found(
    backend: Backend, fields: Callable[..., dict[str, Any]]
) -> None:
    watch_runs(backend, fields, {"summary_metrics.acc": {"$lt": 1}}, 1)
    run = backend.run("acme/llm")
    run.log({"acc": 0.5, "loss": 5})
    run.log({"loss": 5})
    run.log({"loss": 6})
    run.log({"acc": 2})

    lines = block_of(backend, "rule", "loss = 6")
    assert [line.split()[:2] for line in lines if "✗" in line] == [["✗", "cooldown"]]
    assert lines[4].startswith("  ✓ summary_metrics.acc")
    assert lines[4].endswith("found: 0.5")


def test_a_value_is_recalled_with_the_state_of_its_run_then(
    backend: Backend, fields: Callable[..., dict[str, Any]]
) -> None:
    watch_runs(backend, fields, {"state": "running"}, 3)
    run = backend.run("acme/llm")
    run.log({"loss": 1})
    run.finish()

    assert block_of(backend, "rule", "loss = 1")[4].startswith("  ✓ state")


def test_values_at_which_the_condition_does_not_hold_are_counted(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    run, other = backend.run("acme/llm", run_id="r1"), backend.run("acme/llm", run_id="r2")
    run.log({"loss": 9})  # from before the automation was saved
    watch_metric(LOSS.avg(2).gt(6), name="spike")
    for loss in (1, float("nan"), 2, "x", 20, 1):
        run.log({"loss": loss})

    head = (
        "(its condition did not hold at {} values, 2 of which were ignored; "
        "a run's newest is shown)"
    )
    assert headlines(backend, "spike")[0] == head.format(4)

    other.log({"loss": 3})
    assert headlines(backend, "spike")[0] == head.format(5)


def test_one_ignored_value_is_one(backend: Backend, watch_metric: Callable[..., Any]) -> None:
    watch_metric(LOSS.gt(6), name="spike")
    run = backend.run("acme/llm", run_id="r1")
    for loss in ("x", 1):
        run.log({"loss": loss})

    assert headlines(backend, "spike")[0] == (
        "(its condition did not hold at 2 values, 1 of which was ignored; a run's newest is shown)"
    )


def test_a_single_value_is_one(backend: Backend, watch_metric: Callable[..., Any]) -> None:
    watch_metric(LOSS.gt(6), name="spike")
    run = backend.run("acme/llm", run_id="r1")
    for loss in (1, 9):
        run.log({"loss": loss})

    assert headlines(backend, "spike")[0] == (
        "(its condition did not hold at 1 value; a run's newest is shown)"
    )


def test_a_value_is_recalled_with_the_cooldown_then(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    watch_metric(RunEvent.metric("cpu").gt(90), name="hot")
    run = backend.run("acme/llm", run_id="r1")
    run.log({"cpu": 5})
    backend.clock.advance(hours=2)
    run.log_system({"cpu": 95})

    assert block_of(backend, "hot", "cpu = 5")[-1] == (
        "  ✓ cooldown       not fired for this run in 24 h"
    )


def test_values_ignored_before_the_automation_was_saved_are_not_counted(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    run = backend.run("acme/llm", run_id="r1")
    for loss in (1, float("nan"), "x"):
        run.log({"loss": loss})
    watch_metric(LOSS.gt(6), name="spike")
    run.log({"loss": 1})
    run.log({"loss": 2})

    assert headlines(backend, "spike")[0] == (
        "(its condition did not hold at 2 values; a run's newest is shown)"
    )


def test_values_from_before_the_semantics_changed_stay_counted(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    watch_metric(LOSS.gt(6), name="spike")
    run = backend.run("acme/llm", run_id="r1")
    for loss in (9, 1, float("nan")):
        run.log({"loss": loss})
    for hours in (48, 72):
        backend.semantics = Semantics(metric_cooldown_hours=hours)
        run.log({"loss": 2})

    assert headlines(backend, "spike")[0] == (
        "(its condition did not hold at 4 values, 1 of which was ignored; a run's newest is shown)"
    )


# Edits, long rules, and automations that nothing can reach


def test_verdicts_of_two_edits_are_counted_together(
    backend: Backend, weights: Collection, watch: Callable[..., Any]
) -> None:
    rule = watch("prod", OnAddArtifactAlias, weights, filter=ArtifactEvent.alias.eq("a"))
    version = weights.log_version()
    for number, alias in enumerate(("b", "c")):
        event = OnAddArtifactAlias(scope=weights, filter=ArtifactEvent.alias.eq(alias))
        rule = backend.update_automation(rule, event=event)
        version.add_alias(str(number))

    assert headlines(backend, "prod")[0] == "(2 verdicts from before it was edited left out)"


def test_an_edit_of_long_watched_automations_begins_a_new_count(
    backend: Backend, weights: Collection, watch: Callable[..., Any]
) -> None:
    rule = watch("prod", OnAddArtifactAlias, weights, filter=ArtifactEvent.alias.eq("a"))
    version = weights.log_version()
    version.add_alias(*(f"x{number}" for number in range(150)))
    event = OnAddArtifactAlias(scope=weights, filter=ArtifactEvent.alias.eq("b"))
    backend.update_automation(rule, event=event)
    version.add_alias("y")

    assert headlines(backend, "prod") == [
        "(151 verdicts from before it was edited left out)",
        "prod did not fire for alias 'y' added to acme/llm/weights:v0",
    ]


def test_a_long_rule_is_cut_in_the_headline(
    backend: Backend, weights: Collection, watch: Callable[..., Any]
) -> None:
    anyone = ArtifactEvent.alias.in_([f"alias-number-{number}" for number in range(40)])
    both = ArtifactEvent.alias.contains("a" * 80) & anyone
    watch("rule", OnAddArtifactAlias, weights, filter=both)

    (headline, *_) = backend.explain("rule").splitlines()
    assert "… in acme/llm/weights fired 0 times" in headline
    assert len(headline) < 150


def test_an_automation_of_versions_logged_to_a_registry_is_never_reached(
    backend: Backend, prod_models: Collection, watch: Callable[..., Any]
) -> None:
    watch("rule", OnCreateArtifact, prod_models)
    backend.collection("acme/llm/weights").log_version().link(prod_models)

    assert backend.explain("rule").splitlines()[1:] == [
        "no event reached it",
        f"  nor will one: versions are linked to {prod_models.path}, not logged; "
        "LINK_MODEL tells of that",
    ]


def test_an_automation_of_runs_in_a_registry_is_never_reached(
    backend: Backend, fields: Callable[..., dict[str, Any]]
) -> None:
    registry = backend.registry("model")
    event_filter = '{"run_filter": "{}", "run_state_filter": {"states": ["FAILED"]}}'
    values = fields(registry, triggering_event_type="RUN_STATE", event_filter=event_filter)
    backend.world.automations.create(values, backend.world.default_user)

    assert backend.explain("rule").splitlines()[2] == (
        f"  nor will one: {registry.path} is a registry and has no runs"
    )


def test_a_legacy_automation_is_never_reached(
    backend: Backend, fields: Callable[..., dict[str, Any]]
) -> None:
    values = fields(backend.project("acme/llm"), triggering_event_type="UPDATE_ARTIFACT_ALIAS")
    backend.world.automations.create(values, backend.world.default_user, legacy=True)

    assert backend.explain("rule").splitlines()[2] == (
        "  nor will one: UPDATE_ARTIFACT_ALIAS never happens here, it is a legacy event; "
        "use ADD_ARTIFACT_ALIAS"
    )
