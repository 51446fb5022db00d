"""What holds back an automation that would fire: cooldowns, and limits of broad scopes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pytest_wandb_automations.automations import (
    ArtifactEvent,
    OnAddArtifactAlias,
    RunEvent,
)
from pytest_wandb_automations.world.pacing import run_cooldown

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_wandb_automations import Backend
    from pytest_wandb_automations.world.artifacts import Collection

LOSS = RunEvent.metric("loss")


def with_semantics(backend: Backend, **changes: Any) -> None:
    backend.semantics = backend.semantics.model_copy(update=changes)


def aliases_fired_for(backend: Backend, name: str) -> list[str]:
    return [execution.event.alias for execution in backend.executions.of(name)]


def reasons(backend: Backend, rule: Any) -> list[list[str]]:
    considered = backend.world.automations.get(rule.id).considered
    return [[clause.path for clause in verdict.clauses if not clause] for verdict in considered]


# The limit of metric automations


@pytest.mark.parametrize("held_back", [0, 1, 2])
@pytest.mark.parametrize(("early", "fires"), [(0, True), (1, False)])
def test_the_cooldown_is_over_after_exactly_its_hours(
    backend: Backend, watch_metric: Callable[..., Any], early: int, fires: bool, held_back: int
) -> None:
    rule = watch_metric(LOSS.gt(1))
    run = backend.run("acme/llm")
    for _ in range(1 + held_back):
        run.log({"loss": 2})
    fired = backend.world.automations.get(rule.id).last_fired[run.id]
    due = fired + timedelta(hours=24) - timedelta(microseconds=early)
    backend.clock.advance(seconds=(due - backend.clock.now()).total_seconds())
    assert backend.clock.now() == due

    run.log({"loss": 3})

    assert (len(backend.executions) == 2) is fires


@pytest.mark.parametrize("resets", [False, True])
def test_semantics_decide_whether_an_update_ends_the_cooldown(
    backend: Backend, watch_metric: Callable[..., Any], resets: bool
) -> None:
    with_semantics(backend, update_resets_cooldown=resets)
    rule = watch_metric(LOSS.gt(1))
    run = backend.run("acme/llm")
    run.log({"loss": 2})

    backend.update_automation(rule, description="edited")
    run.log({"loss": 3})

    assert len(backend.executions) == (2 if resets else 1)


@pytest.mark.parametrize(
    ("hours", "minutes", "seconds", "text"),
    [
        (23, 59, 59, "23 h 59 min before"),
        (2, 0, 5, "2 h before"),
        (0, 3, 5, "3 min 5 s before"),
        (0, 3, 0.5, "3 min before"),
        (0, 0, 1.5, "1.5 s before"),
    ],
)
def test_the_time_since_is_told(
    backend: Backend, hours: float, minutes: float, seconds: float, text: str
) -> None:
    fired = backend.clock.now()
    now = backend.clock.advance(hours=hours, minutes=minutes, seconds=seconds)

    assert run_cooldown(backend.semantics, fired, now).note == text


# Limits of teams and organizations


@pytest.mark.parametrize("scope", ["team", "organization"])
def test_a_cooldown_of_broad_scopes_skips_and_is_a_reason(
    backend: Backend, weights: Collection, watch: Callable[..., Any], scope: str
) -> None:
    with_semantics(backend, entity_scope_cooldown=60)
    place = backend.team("acme") if scope == "team" else backend.organization("acme-corp")
    rule = watch("broad", OnAddArtifactAlias, place)
    version = weights.log_version()  # `latest` fires
    backend.clock.advance(seconds=59)
    version.add_alias("a")
    backend.clock.advance(seconds=1)
    version.add_alias("b")

    assert aliases_fired_for(backend, "broad") == ["latest", "b"]
    assert reasons(backend, rule) == [[], ["scope cooldown"], []]
    assert (
        "  ✗ scope cooldown  asked: not fired in 60 s    found: 2026-01-01 00:00:00  (59 s before)"
        in backend.explain("broad").splitlines()
    )


def test_a_rate_limit_of_broad_scopes_counts_firings_and_is_a_reason(
    backend: Backend, weights: Collection, watch: Callable[..., Any]
) -> None:
    with_semantics(backend, entity_scope_limit=(2, 60))
    rule = watch("broad", OnAddArtifactAlias, backend.team("acme"))
    version = weights.log_version()
    for alias in ("a", "b", "c"):
        backend.clock.advance(seconds=25)
        version.add_alias(alias)

    # At `b` there were two within 50 s; at `c` `latest` is 75 s ago.
    assert aliases_fired_for(backend, "broad") == ["latest", "a", "c"]
    assert reasons(backend, rule) == [[], [], ["rate limit"], []]
    assert "  ✗ rate limit     asked: fired fewer than 2 times in 60 s    found: 2" in (
        line.rstrip() for line in backend.explain("broad").splitlines()
    )


def test_a_firing_leaves_the_limit_after_exactly_its_seconds(
    backend: Backend, weights: Collection, watch: Callable[..., Any]
) -> None:
    with_semantics(backend, entity_scope_limit=(1, 60))
    watch("broad", OnAddArtifactAlias, backend.team("acme"))
    version = weights.log_version()

    backend.clock.advance(seconds=60)
    version.add_alias("a")

    assert aliases_fired_for(backend, "broad") == ["latest", "a"]


def test_what_does_not_match_takes_nothing_from_the_limit(
    backend: Backend, weights: Collection, watch: Callable[..., Any]
) -> None:
    with_semantics(backend, entity_scope_limit=(1, 60))
    watch("broad", OnAddArtifactAlias, backend.team("acme"), filter=ArtifactEvent.alias.eq("prod"))

    weights.log_version(aliases=["a", "prod"])

    assert aliases_fired_for(backend, "broad") == ["prod"]


def test_narrow_scopes_have_no_such_limits(
    backend: Backend, weights: Collection, watch: Callable[..., Any]
) -> None:
    with_semantics(backend, entity_scope_cooldown=60, entity_scope_limit=(1, 60))
    for name, scope in (("collection", weights), ("project", weights.project)):
        watch(name, OnAddArtifactAlias, scope)

    weights.log_version(aliases=["a", "b"])

    assert len(backend.executions) == 6


def test_metric_automations_of_broad_scopes_are_limited_over_all_runs(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    with_semantics(backend, entity_scope_cooldown=3600)
    rule = watch_metric(LOSS.gt(1), scope=backend.team("acme"))
    first, second = backend.run("acme/llm"), backend.run("acme/other")
    first.log({"loss": 2})
    for loss in (3, 4, 5):
        second.log({"loss": loss})

    assert [execution.event.run for execution in backend.executions] == [first.path]
    assert reasons(backend, rule) == [[], ["scope cooldown"]]

    backend.clock.advance(hours=1)
    second.log({"loss": 6})
    assert [execution.event.value for execution in backend.executions] == [2, 6]


def test_a_verdict_counts_only_what_fired_before_it(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    with_semantics(backend, entity_scope_limit=(1, 3600), metric_cooldown_hours=0)
    watch_metric(LOSS.gt(1), scope=backend.team("acme"), name="broad")
    early, late = backend.run("acme/llm", run_id="early"), backend.run("acme/llm", run_id="late")
    early.log({"loss": 0})
    late.log({"loss": 2})

    not_held, fired = backend.explain("broad").split("\n\n")[1:]

    assert "run acme/llm/early" in not_held
    assert "✓ rate limit     asked: fired fewer than 1 times in 3600 s    found: 0" in not_held
    assert "✓ rate limit     asked: fired fewer than 1 times in 3600 s    found: 0" in fired


def test_an_automation_that_comes_to_a_broad_scope_is_limited_from_its_next_event_on(
    backend: Backend, watch_metric: Callable[..., Any]
) -> None:
    with_semantics(backend, entity_scope_cooldown=60, metric_cooldown_hours=0)
    rule = watch_metric(LOSS.gt(1))
    run = backend.run("acme/llm")
    run.log({"loss": 2})
    run.log({"loss": 3})

    backend.update_automation(rule, scope=backend.team("acme"))
    run.log({"loss": 4})

    assert [execution.event.value for execution in backend.executions] == [2, 3]
