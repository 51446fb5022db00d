"""What `Backend.explain` says, word for word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_wandb_automations import Backend, events
from pytest_wandb_automations.automations import (
    ArtifactEvent,
    OnAddArtifactAlias,
    OnCreateArtifact,
    OnRunState,
    RunEvent,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_wandb_automations.world.artifacts import Collection

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
        "  ✓ scope          asked: in acme/llm/weights    found: 'acme/llm/weights'",
        "  ✗ alias          asked: = 'prod'               found: 'latest'",
        "",
        "prod fired for alias 'prod' added to acme/llm/weights:v0",
        "  ✓ enabled",
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
        "  ✓ scope          asked: in acme/llm                     found: 'acme/llm/r1'",
        "  ✓ no conditions",
        "  ✓ state          asked: FAILED                          found: 'crashed'"
        "  (counts as FAILED)",
        "  ✓ changed        asked: to another state than before    found: 'running'",
        "",
        "failures did not fire for run acme/llm/r1 became failed (was crashed)",
        "  ✓ enabled",
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
        "  ✓ scope          asked: in acme/llm    found: 'acme/llm'",
        "  ✓ no conditions",
        "  ✓ metric         asked: loss > 5       found: 6",
        "  ✓ cooldown       not fired for this run in 24 h",
        "",
        "spike did not fire for loss = 7 at step 1 of run acme/llm/r1",
        "  ✓ enabled",
        "  ✓ scope          asked: in acme/llm                       found: 'acme/llm'",
        "  ✓ no conditions",
        "  ✓ metric         asked: loss > 5                          found: 7",
        "  ✗ cooldown       asked: not fired for this run in 24 h    found: '2026-01-01 00:00:00'",
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
            "the same event elsewhere: version acme/llm/other:v0 created",
            id="elsewhere",
        ),
        pytest.param(
            lambda backend: backend.collection("acme/llm/weights").add_tag("eu"),
            "another event in its scope: tag 'eu' added to acme/llm/weights",
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

    assert backend.explain("rule") == text(
        "rule: CREATE_ARTIFACT in acme/llm/weights fired 0 times",
        "no event reached it",
        "  the same event before it was saved like this: version acme/llm/weights:v1 created",
        "  the same event elsewhere: version acme/llm/other:v1 created",
        "  another event in its scope: alias 'latest' added to acme/llm/weights:v1",
    )


def test_what_is_gone_is_elsewhere(
    backend: Backend, weights: Collection, watch: Callable[..., Any]
) -> None:
    other = backend.collection("acme/llm/other")
    other.log_version()
    other.project.delete_collection(other)
    watch("rule", OnCreateArtifact, weights)

    assert backend.explain("rule").splitlines()[2:] == [
        "  the same event elsewhere: version acme/llm/other:v0 created"
    ]


def test_an_event_of_a_run_is_found_by_its_project(
    backend: Backend, watch: Callable[..., Any]
) -> None:
    backend.run("acme/llm", run_id="r1")
    place = backend.project("acme/llm")
    watch("rule", OnAddArtifactAlias, place)

    assert backend.explain("rule").splitlines()[2:] == [
        "  another event in its scope: run acme/llm/r1 became running (was pending)"
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
